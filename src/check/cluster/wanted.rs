//! What some values expect of the cluster.

use std::collections::BTreeMap;

use serde_json::{Value as Json, json};

use super::named_in_values::{made_secrets, secrets};
use super::parts::{self, Part};
use super::references::{self, Named, Reference, Referent};
use crate::chart::Release;
use crate::rebuild::PodRequest;
use crate::release::quantity;
use crate::yaml::{Map, Value};

/// What a release is expected to consist of.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Expected {
    /// Nothing renders it: the objects that matter, as far as values tell.
    Assumed {
        parts: Vec<Part>,
        /// Why no more is known, and what would tell.
        why: String,
    },
    Manifest {
        objects: Vec<Json>,
        /// Whose it is, in a word or two.
        of: String,
    },
}

impl Default for Expected {
    fn default() -> Self {
        Self::Assumed {
            parts: Vec::new(),
            why: String::new(),
        }
    }
}

/// What some values expect.
#[derive(Debug, Clone, PartialEq, Default)]
pub(crate) struct Wanted {
    /// The claim that holds the data directory.
    pub claim: Option<String>,
    /// Whether the chart makes it.
    pub creates_claim: bool,
    /// Whether the claim that the chart makes can be shared.
    pub shares_claim: bool,
    /// The storage class to make it from.
    pub class: Option<String>,
    pub references: Vec<Reference>,
    /// What the release brings along itself, with the keys; `None` where those are not known.
    pub made: BTreeMap<Named, Option<Vec<String>>>,
    /// Whether content runs through the Kubernetes backend, which wants a label.
    pub labels_accounts: bool,
    /// The release's own service account and Deployment, by the chart's naming.
    pub own: String,
    /// Whether the release is known by name; else its Deployment cannot be told from others.
    pub names_release: bool,
    /// Whether there are values to go by.
    pub is_known: bool,
    pub replicas: i64,
    /// Annotations of the server's pods.
    pub annotations: Vec<(String, String)>,
    /// What the values say of how many pods may go at once.
    pub budget: Option<Json>,
    /// What a pod of a build asks for by `config.Scheduler`.
    pub build: PodRequest,
    pub expected: Expected,
}

impl Wanted {
    #[must_use]
    pub(crate) fn of(values: &Map, release: &Release) -> Self {
        let root = Value::Map(values.clone());
        let text = |path: &[&str]| text_at(&root, path);
        let on = |path: &[&str]| root.at(path).is_some_and(Value::is_truthy);
        let own = release.fullname(values).unwrap_or_default();
        let creates_claim = on(&["sharedStorage", "create"]);
        let claim = (creates_claim || on(&["sharedStorage", "mount"])).then(|| {
            text(&["sharedStorage", "name"]).unwrap_or_else(|| format!("{own}-shared-storage"))
        });
        let class = text(&["sharedStorage", "storageClassName"]).filter(|_| creates_claim);
        let modes = root
            .at(&["sharedStorage", "accessModes"])
            .and_then(Value::as_list);
        let shares_claim = modes.is_none_or(|modes| {
            modes
                .iter()
                .any(|mode| mode.as_str() == Some("ReadWriteMany"))
        });
        let made = made_secrets(&root);
        Self {
            claim,
            creates_claim,
            shares_claim,
            class,
            references: secrets(&root),
            made: made
                .into_iter()
                .map(|name| ((Referent::Secret, name), None))
                .collect(),
            labels_accounts: on(&["backends", "kubernetes", "enabled"]),
            expected: Expected::Assumed {
                parts: assumed(&root, &own),
                why: String::new(),
            },
            own,
            names_release: false,
            is_known: true,
            replicas: text(&["replicas"])
                .and_then(|n| n.parse().ok())
                .unwrap_or(1),
            annotations: annotations(&root),
            budget: budget(&root),
            build: PodRequest {
                cpu: scheduled(&root, "CPURequest"),
                memory: scheduled(&root, "MemoryRequest"),
            },
        }
    }

    /// Goes by what a chart has made of the values, where values alone would let guess.
    #[must_use]
    pub(crate) fn with_manifest(mut self, objects: Vec<Json>, of: String) -> Self {
        let made = objects.iter().find(|object| {
            object["kind"] == "PersistentVolumeClaim"
                && object["metadata"]["name"].as_str() == self.claim.as_deref()
        });
        self.creates_claim = made.is_some();
        if let Some(made) = made {
            let modes = made["spec"]["accessModes"].as_array();
            self.shares_claim =
                modes.is_some_and(|modes| modes.iter().any(|mode| mode == "ReadWriteMany"));
            self.class = made["spec"]["storageClassName"].as_str().map(str::to_owned);
        }
        // What content's pods name stands in the values alone, and so does the license's key.
        let of_content = |reference: &Reference| {
            ["launcher.", "backends.", "license."]
                .iter()
                .any(|part| reference.path.starts_with(part))
        };
        self.references.retain(of_content);
        let of_objects = references::of_objects(&objects);
        // The claim of the data directory and its class have a check of their own.
        self.references
            .extend(of_objects.into_iter().filter(|one| match one.to {
                Referent::Claim => Some(&one.name) != self.claim.as_ref(),
                Referent::StorageClass => Some(&one.name) != self.class.as_ref(),
                _ => true,
            }));
        self.made = references::made(&objects)
            .into_iter()
            .map(|(named, keys)| (named, Some(keys)))
            .collect();
        self.expected = Expected::Manifest { objects, of };
        self
    }
}

/// A quantity of Connect's scheduler; 0 where there is none.
fn scheduled(values: &Value, key: &str) -> f64 {
    let text = text_at(values, &["config", "Scheduler", key]);
    text.and_then(|text| quantity(&text)).unwrap_or_default()
}

/// The objects that the chart makes of values, as far as quotas and rights are about them.
fn assumed(root: &Value, own: &str) -> Vec<Part> {
    let on = |path: &[&str]| root.at(path).is_some_and(Value::is_truthy);
    let json_at = |path: &[&str]| root.at(path).map_or(Json::Null, parts::json);
    let named = |kind: &str, name: &str, spec: Json| json!({"kind": kind, "metadata": {"name": name}, "spec": spec});
    let part = |group: &str, resource: &str, object: Json| Part {
        group: group.to_owned(),
        resource: resource.to_owned(),
        object,
        live: None,
    };
    let replicas = text_at(root, &["replicas"]).and_then(|n| n.parse::<i64>().ok());
    let mut parts = vec![
        part("", "configmaps", named("ConfigMap", own, Json::Null)),
        part(
            "",
            "serviceaccounts",
            named("ServiceAccount", own, Json::Null),
        ),
        part(
            "",
            "services",
            named(
                "Service",
                own,
                json!({"type": json_at(&["service", "type"])}),
            ),
        ),
        part(
            "apps",
            "deployments",
            named(
                "Deployment",
                own,
                json!({
                "replicas": replicas.unwrap_or(1),
                "strategy": json_at(&["strategy"]),
                "template": {"spec": {"containers": [
                    {"name": "connect", "resources": json_at(&["resources"])}]}}}),
            ),
        ),
    ];
    if on(&["sharedStorage", "create"]) {
        let spec = json!({"storageClassName": json_at(&["sharedStorage", "storageClassName"]),
            "resources": {"requests": json_at(&["sharedStorage", "requests"])}});
        parts.push(part(
            "",
            "persistentvolumeclaims",
            named("PersistentVolumeClaim", own, spec),
        ));
    }
    for (switch, group, resources) in [
        (
            &["rbac", "create"][..],
            "rbac.authorization.k8s.io",
            &["roles", "rolebindings"][..],
        ),
        (&["ingress", "enabled"], "networking.k8s.io", &["ingresses"]),
        (
            &["serviceMonitor", "enabled"],
            "monitoring.coreos.com",
            &["servicemonitors"],
        ),
        (
            &["podDisruptionBudget"],
            "policy",
            &["poddisruptionbudgets"],
        ),
    ] {
        if on(switch) {
            let parts_of = resources
                .iter()
                .map(|resource| part(group, resource, named("", own, Json::Null)));
            parts.extend(parts_of);
        }
    }
    parts
}

fn annotations(root: &Value) -> Vec<(String, String)> {
    let Some(Value::Map(annotations)) = root.at(&["pod", "annotations"]) else {
        return Vec::new();
    };
    let texts = annotations
        .iter()
        .filter_map(|(key, value)| Some((key.clone(), value.as_str()?.to_owned())));
    texts.collect()
}

fn budget(root: &Value) -> Option<Json> {
    root.at(&["podDisruptionBudget"])?;
    let of = |key: &str| text_at(root, &["podDisruptionBudget", key]);
    Some(json!({
        "maxUnavailable": of("maxUnavailable"), "minAvailable": of("minAvailable"),
    }))
}

pub(super) fn text_at(value: &Value, path: &[&str]) -> Option<String> {
    let value = value.at(path)?;
    // The chart says `false` where there is no name.
    let is_text = value.is_truthy() && !matches!(value, Value::Map(_) | Value::List(_));
    is_text.then(|| value.printed())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::yaml::read_values;

    #[test]
    fn a_name_that_is_false_is_none() {
        let values =
            read_values("license: {file: {secret: false}}\nsharedStorage: {name: false}\n");
        let wanted = Wanted::of(&values.unwrap(), &Release::new("prod", "ns"));
        assert!(wanted.references.is_empty(), "{:?}", wanted.references);
        assert_ne!(wanted.claim.as_deref(), Some("false"));
    }

    #[test]
    fn values_name_claims_and_secrets() {
        let values = read_values(
            "sharedStorage: {create: true, storageClassName: efs}
license: {file: {secret: lic}}
pod:
  env:
    - {name: A, value: plain}
    - {name: CONNECT_POSTGRES_PASSWORD, valueFrom: {secretKeyRef: {name: db, key: password}}}
    - {name: B, valueFrom: {secretKeyRef: {name: maybe, key: x, optional: true}}}
  volumes: [{name: saml, secret: {secretName: saml}}]
image: {imagePullSecrets: [{name: pull}]}
ingress: {enabled: false, tls: [{secretName: unused}]}
backends: {kubernetes: {enabled: true}}
",
        )
        .unwrap();
        let wanted = Wanted::of(&values, &Release::new("prod", "ns"));
        assert_eq!(
            wanted.claim.as_deref(),
            Some("prod-rstudio-connect-shared-storage")
        );
        assert_eq!(wanted.class.as_deref(), Some("efs"));
        assert!(wanted.creates_claim && wanted.labels_accounts);
        let secrets: Vec<_> = wanted
            .references
            .iter()
            .filter(|secret| {
                secret.maker.is_none()
                    && !wanted.made.contains_key(&(secret.to, secret.name.clone()))
            })
            .map(|secret| (secret.name.as_str(), secret.key.as_deref()))
            .collect();
        assert_eq!(
            secrets,
            [
                ("lic", Some("license.lic")),
                ("pull", None),
                ("db", Some("password")),
                ("saml", None)
            ]
        );
        let named = read_values("sharedStorage: {mount: true, name: data}").unwrap();
        let wanted = Wanted::of(&named, &Release::new("prod", "ns"));
        assert_eq!(
            (wanted.claim.as_deref(), wanted.class),
            (Some("data"), None)
        );
    }

    #[test]
    fn secrets_are_found_wherever_pods_name_them() {
        let values = read_values(
            "pod:
  volumes:
    - {name: a, secret: {secretName: a, items: [{key: x, path: y}]}}
    - {name: b, secret: {secretName: b, optional: true}}
    - {name: c, projected: {sources: [{secret: {name: c, items: [{key: z, path: z}]}}]}}
initContainers:
  - {name: i, envFrom: [{secretRef: {name: d}}]}
ingress: {enabled: true, annotations: {cert-manager.io/issuer: x}, tls: [{secretName: issued}]}
extraObjects:
  - {kind: Secret, metadata: {name: e}}
  - {kind: Deployment, spec: {env: [{valueFrom: {secretKeyRef: {name: e, key: k}}}]}}
",
        )
        .unwrap();
        let wanted = Wanted::of(&values, &Release::new("prod", "ns"));
        let secrets: Vec<_> = wanted
            .references
            .iter()
            .filter(|secret| {
                secret.maker.is_none()
                    && !wanted.made.contains_key(&(secret.to, secret.name.clone()))
            })
            .map(|secret| (secret.name.as_str(), secret.key.as_deref()))
            .collect();
        assert_eq!(secrets, [("a", Some("x")), ("c", Some("z")), ("d", None)]);
        let Expected::Assumed { parts, .. } = &wanted.expected else {
            panic!("nothing was rendered");
        };
        let makes = |resource: &str| parts.iter().any(|part| part.resource == resource);
        assert!(makes("ingresses") && !makes("poddisruptionbudgets"));
    }
}
