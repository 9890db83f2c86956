//! What the objects of a release name and do not bring along: Secrets, ConfigMaps, claims and others.

use std::collections::BTreeMap;

use serde_json::Value;

use super::parts::{containers, label, pods};

/// A kind of object that others name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Referent {
    Secret,
    ConfigMap,
    Claim,
    ServiceAccount,
    IngressClass,
    StorageClass,
    PriorityClass,
}

impl Referent {
    pub(super) const fn as_str(self) -> &'static str {
        match self {
            Self::Secret => "Secret",
            Self::ConfigMap => "ConfigMap",
            Self::Claim => "PersistentVolumeClaim",
            Self::ServiceAccount => "ServiceAccount",
            Self::IngressClass => "IngressClass",
            Self::StorageClass => "StorageClass",
            Self::PriorityClass => "PriorityClass",
        }
    }

    /// The API that has it.
    pub(super) const fn api_version(self) -> &'static str {
        match self {
            Self::IngressClass => "networking.k8s.io/v1",
            Self::StorageClass => "storage.k8s.io/v1",
            Self::PriorityClass => "scheduling.k8s.io/v1",
            _ => "v1",
        }
    }

    fn of_kind(kind: &str) -> Option<Self> {
        [
            Self::Secret,
            Self::ConfigMap,
            Self::Claim,
            Self::ServiceAccount,
            Self::IngressClass,
            Self::StorageClass,
            Self::PriorityClass,
        ]
        .into_iter()
        .find(|referent| referent.as_str() == kind)
    }
}

/// An object by its kind and name.
pub(crate) type Named = (Referent, String);

/// Something that is named, and must be there before a pod starts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Reference {
    pub to: Referent,
    pub name: String,
    /// The key that is used; `None` for the whole object.
    pub key: Option<String>,
    /// What names it.
    pub path: String,
    /// Who makes it once the release is there.
    pub maker: Option<&'static str>,
}

/// The objects that bring along what others may name, with their keys.
pub(super) fn made(objects: &[Value]) -> BTreeMap<Named, Vec<String>> {
    let made = objects.iter().filter_map(|object| {
        let kind = Referent::of_kind(object["kind"].as_str()?)?;
        let name = object["metadata"]["name"].as_str()?;
        Some(((kind, name.to_owned()), keys(object)))
    });
    made.collect()
}

/// The keys of a Secret or ConfigMap.
pub(super) fn keys(object: &Value) -> Vec<String> {
    ["data", "stringData", "binaryData"]
        .into_iter()
        .filter_map(|part| object[part].as_object())
        .flat_map(|data| data.keys().cloned())
        .collect()
}

/// What the objects of a manifest name. What may be missing is left out.
pub(super) fn of_objects(objects: &[Value]) -> Vec<Reference> {
    let mut found = Vec::new();
    for object in objects {
        let mut namer = Namer {
            path: label(object),
            found: &mut found,
        };
        match object["kind"].as_str() {
            Some("Ingress") => namer.ingress(object),
            Some("PersistentVolumeClaim") => {
                namer.name(Referent::StorageClass, &object["spec"]["storageClassName"]);
            }
            Some("ServiceAccount") => {
                for list in ["imagePullSecrets", "secrets"] {
                    for secret in items(&object[list]) {
                        namer.name(Referent::Secret, &secret["name"]);
                    }
                }
            }
            _ => {
                if let Some((template, _)) = pods(object) {
                    namer.pod(template);
                }
            }
        }
    }
    let mut seen = Vec::new();
    for reference in found {
        if !seen.contains(&reference) {
            seen.push(reference);
        }
    }
    seen
}

fn items(value: &Value) -> impl Iterator<Item = &Value> {
    value.as_array().into_iter().flatten()
}

/// Collects what one object names.
struct Namer<'a> {
    path: String,
    found: &'a mut Vec<Reference>,
}

impl Namer<'_> {
    fn add(&mut self, to: Referent, name: &Value, key: Option<&str>, at: &str) {
        if let Some(name) = name.as_str().filter(|name| !name.is_empty()) {
            self.found.push(Reference {
                to,
                name: name.to_owned(),
                key: key.map(str::to_owned),
                path: format!("{}{at}", self.path),
                maker: None,
            });
        }
    }

    fn name(&mut self, to: Referent, name: &Value) {
        self.add(to, name, None, "");
    }

    fn ingress(&mut self, ingress: &Value) {
        let spec = &ingress["spec"];
        let annotations = &ingress["metadata"]["annotations"];
        self.name(Referent::IngressClass, &spec["ingressClassName"]);
        // cert-manager makes the certificates of an ingress that it is told about.
        let is_issued = annotations.as_object().is_some_and(|annotations| {
            annotations
                .keys()
                .any(|key| key.starts_with("cert-manager.io/") || key == "kubernetes.io/tls-acme")
        });
        let from = self.found.len();
        for tls in items(&spec["tls"]) {
            self.add(Referent::Secret, &tls["secretName"], Some("tls.crt"), "");
        }
        if is_issued {
            for reference in &mut self.found[from..] {
                reference.maker = Some("cert-manager");
            }
        }
    }

    fn pod(&mut self, template: &Value) {
        let spec = &template["spec"];
        for secret in items(&spec["imagePullSecrets"]) {
            self.add(
                Referent::Secret,
                &secret["name"],
                None,
                ": imagePullSecrets",
            );
        }
        // The namespace's own is made by the cluster.
        if spec["serviceAccountName"] != "default" {
            self.name(Referent::ServiceAccount, &spec["serviceAccountName"]);
        }
        if let Some(class) = spec["priorityClassName"].as_str()
            && !class.starts_with("system-")
        {
            self.name(Referent::PriorityClass, &spec["priorityClassName"]);
        }
        for volume in items(&spec["volumes"]) {
            let at = format!(": volume {}", volume["name"].as_str().unwrap_or("?"));
            let claim = &volume["persistentVolumeClaim"]["claimName"];
            self.add(Referent::Claim, claim, None, &at);
            self.source(Referent::Secret, &volume["secret"], "secretName", &at);
            self.source(Referent::ConfigMap, &volume["configMap"], "name", &at);
            for source in items(&volume["projected"]["sources"]) {
                self.source(Referent::Secret, &source["secret"], "name", &at);
                self.source(Referent::ConfigMap, &source["configMap"], "name", &at);
            }
            let driver = &volume["csi"]["nodePublishSecretRef"]["name"];
            self.add(Referent::Secret, driver, None, &at);
        }
        for (container, _) in containers(template) {
            let name = container["name"].as_str().unwrap_or("?");
            for variable in items(&container["env"]) {
                let at = format!(
                    ": container {name}, {}",
                    variable["name"].as_str().unwrap_or("?")
                );
                let from = &variable["valueFrom"];
                self.variable(Referent::Secret, &from["secretKeyRef"], &at);
                self.variable(Referent::ConfigMap, &from["configMapKeyRef"], &at);
            }
            for from in items(&container["envFrom"]) {
                let at = format!(": container {name}, envFrom");
                self.source(Referent::Secret, &from["secretRef"], "name", &at);
                self.source(Referent::ConfigMap, &from["configMapRef"], "name", &at);
            }
        }
    }

    fn variable(&mut self, to: Referent, source: &Value, at: &str) {
        if source["optional"] != true {
            self.add(to, &source["name"], source["key"].as_str(), at);
        }
    }

    /// A whole object, or those of its keys that are named.
    fn source(&mut self, to: Referent, source: &Value, name: &str, at: &str) {
        if source["optional"] == true {
            return;
        }
        let mut keys = items(&source["items"])
            .filter_map(|item| item["key"].as_str())
            .peekable();
        if keys.peek().is_none() {
            self.add(to, &source[name], None, at);
        }
        for key in keys {
            self.add(to, &source[name], Some(key), at);
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn named(object: Value) -> Vec<String> {
        let found = of_objects(&[object]);
        let line = |r: &Reference| {
            let key = r
                .key
                .as_ref()
                .map_or(String::new(), |key| format!("[{key}]"));
            format!("{} {}{key}", r.to.as_str(), r.name)
        };
        found.iter().map(line).collect()
    }

    #[test]
    fn whatever_a_pod_waits_for_is_found() {
        let pod = json!({"kind": "Pod", "metadata": {"name": "p"}, "spec": {
            "serviceAccountName": "sa", "priorityClassName": "high",
            "imagePullSecrets": [{"name": "pull"}],
            "volumes": [
                {"name": "a", "secret": {"secretName": "a", "items": [{"key": "x"}, {"key": "y"}]}},
                {"name": "b", "secret": {"secretName": "b", "optional": true}},
                {"name": "c", "projected": {"sources": [{"secret": {"name": "c"}},
                    {"configMap": {"name": "m", "optional": true}}]}},
                {"name": "d", "persistentVolumeClaim": {"claimName": "d"}},
                {"name": "e", "configMap": {"name": "e"}}],
            "initContainers": [{"name": "i", "envFrom": [{"secretRef": {"name": "i"}}]},
                {"name": "s", "restartPolicy": "Always",
                    "env": [{"name": "V", "valueFrom": {"secretKeyRef": {"name": "s", "key": "k"}}}]}],
            "containers": [{"name": "c", "env": [{"name": "W", "valueFrom": {
                "secretKeyRef": {"name": "o", "key": "k", "optional": true}}}]}]}});
        assert_eq!(
            named(pod),
            [
                "Secret pull",
                "ServiceAccount sa",
                "PriorityClass high",
                "Secret a[x]",
                "Secret a[y]",
                "Secret c",
                "PersistentVolumeClaim d",
                "ConfigMap e",
                "Secret i",
                "Secret s[k]",
            ]
        );
    }

    #[test]
    fn certificates_that_somebody_makes_are_told_apart() {
        let ingress = |annotations: Value| {
            json!({"kind": "Ingress", "metadata": {"name": "i", "annotations": annotations},
                "spec": {"ingressClassName": "nginx", "tls": [{"secretName": "t"}]}})
        };
        let issued = ingress(json!({"cert-manager.io/cluster-issuer": "x"}));
        assert_eq!(of_objects(&[issued])[1].maker, Some("cert-manager"));
        let own = ingress(json!({}));
        assert_eq!(of_objects(std::slice::from_ref(&own))[1].maker, None);
        assert_eq!(named(own), ["IngressClass nginx", "Secret t[tls.crt]"]);
    }
}
