//! What some values expect of the cluster.

use crate::chart::Release;
use crate::yaml::{Map, Value};

/// A Secret that values name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct SecretUse {
    pub name: String,
    /// The key that is used; `None` for the whole Secret.
    pub key: Option<String>,
    /// Where the values name it.
    pub path: String,
}

/// What some values expect.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Wanted {
    /// The claim that holds the data directory.
    pub claim: Option<String>,
    /// Whether the chart makes it.
    pub creates_claim: bool,
    /// Whether the claim that the chart makes can be shared.
    pub shares_claim: bool,
    /// The storage class to make it from.
    pub class: Option<String>,
    pub secrets: Vec<SecretUse>,
    /// Whether content runs through the Kubernetes backend, which wants a label.
    pub labels_accounts: bool,
    /// The release's own service account and Deployment, by the chart's naming.
    pub own: String,
    /// Whether the release is known by name; else its Deployment cannot be told from others.
    pub names_release: bool,
    /// Whether there are values to go by.
    pub is_known: bool,
    pub replicas: i64,
    /// The Service's type.
    pub service_type: String,
    /// What of `requests` and `limits` the server's container names, such as `requests.cpu`.
    pub resources: Vec<String>,
    /// Annotations of the server's pods.
    pub annotations: Vec<(String, String)>,
    /// What the values say of how many pods may go at once.
    pub budget: Option<serde_json::Value>,
    /// Kinds that the chart makes, beside those that it always does: API group and resource.
    pub makes: Vec<(&'static str, &'static str)>,
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
        let mut secrets = secrets(&root);
        // What the values themselves bring along need not be there yet.
        let made = made_secrets(&root);
        secrets.retain(|secret| !made.contains(&secret.name));
        let mut resources = Vec::new();
        for kind in ["requests", "limits"] {
            for what in ["cpu", "memory", "ephemeral-storage"] {
                if root
                    .at(&["resources", kind, what])
                    .is_some_and(|v| *v != Value::Null)
                {
                    resources.push(format!("{kind}.{what}"));
                }
            }
        }
        let mut makes = Vec::new();
        for (is_made, kind) in [
            (creates_claim, ("", "persistentvolumeclaims")),
            (
                on(&["rbac", "create"]),
                ("rbac.authorization.k8s.io", "roles"),
            ),
            (
                on(&["rbac", "create"]),
                ("rbac.authorization.k8s.io", "rolebindings"),
            ),
            (
                on(&["ingress", "enabled"]),
                ("networking.k8s.io", "ingresses"),
            ),
            (
                on(&["serviceMonitor", "enabled"]),
                ("monitoring.coreos.com", "servicemonitors"),
            ),
            (
                on(&["podDisruptionBudget"]),
                ("policy", "poddisruptionbudgets"),
            ),
        ] {
            if is_made {
                makes.push(kind);
            }
        }
        Self {
            claim,
            creates_claim,
            shares_claim,
            class,
            secrets,
            labels_accounts: on(&["backends", "kubernetes", "enabled"]),
            own,
            names_release: false,
            is_known: true,
            replicas: text(&["replicas"])
                .and_then(|n| n.parse().ok())
                .unwrap_or(1),
            service_type: text(&["service", "type"]).unwrap_or_else(|| "ClusterIP".to_owned()),
            resources,
            annotations: annotations(&root),
            budget: budget(&root),
            makes,
        }
    }
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

fn budget(root: &Value) -> Option<serde_json::Value> {
    root.at(&["podDisruptionBudget"])?;
    let of = |key: &str| text_at(root, &["podDisruptionBudget", key]);
    Some(serde_json::json!({
        "maxUnavailable": of("maxUnavailable"), "minAvailable": of("minAvailable"),
    }))
}

fn text_at(value: &Value, path: &[&str]) -> Option<String> {
    let value = value.at(path)?;
    // The chart says `false` where there is no name.
    let is_text = value.is_truthy() && !matches!(value, Value::Map(_) | Value::List(_));
    is_text.then(|| value.printed())
}

/// The Secrets that values name, wherever they may.
fn secrets(root: &Value) -> Vec<SecretUse> {
    let mut found = Vec::new();
    let text = |path: &[&str]| text_at(root, path);
    let on = |path: &[&str]| root.at(path).is_some_and(Value::is_truthy);
    // The chart makes this Secret itself where the values bring the license.
    if !on(&["license", "file", "contents"])
        && let Some(name) = text(&["license", "file", "secret"])
    {
        found.push(SecretUse {
            name,
            key: text(&["license", "file", "secretKey"]).or(Some("license.lic".to_owned())),
            path: "license.file.secret".to_owned(),
        });
    }
    let items = |path: &[&str]| root.at(path).and_then(Value::as_list).unwrap_or_default();
    for pull in items(&["image", "imagePullSecrets"]) {
        let name = text_at(pull, &["name"]).or_else(|| text_at(pull, &[]));
        found.extend(name.map(|name| SecretUse {
            name,
            key: None,
            path: "image.imagePullSecrets".to_owned(),
        }));
    }
    // cert-manager makes the certificates of an ingress that it is told about.
    let annotations = root.at(&["ingress", "annotations"]).and_then(Value::as_map);
    let is_issued = annotations.is_some_and(|annotations| {
        annotations
            .keys()
            .any(|key| key.starts_with("cert-manager.io/") || key == "kubernetes.io/tls-acme")
    });
    if on(&["ingress", "enabled"]) && !is_issued {
        for tls in items(&["ingress", "tls"]) {
            found.extend(text_at(tls, &["secretName"]).map(|name| SecretUse {
                name,
                key: Some("tls.crt".to_owned()),
                path: "ingress.tls".to_owned(),
            }));
        }
    }
    references(root, "", &mut found);
    found.dedup();
    found
}

/// References as pods have them: in variables, in volumes and in what is projected.
fn references(value: &Value, path: &str, found: &mut Vec<SecretUse>) {
    if let Some(list) = value.as_list() {
        list.iter().for_each(|item| references(item, path, found));
        return;
    }
    for (key, inner) in value.as_map().into_iter().flatten() {
        let inner_path = match path {
            "" => key.clone(),
            _ => format!("{path}.{key}"),
        };
        let is_optional = inner.get("optional").is_some_and(Value::is_truthy);
        let name = match key.as_str() {
            "secretKeyRef" | "secretRef" => text_at(inner, &["name"]),
            "secret" => text_at(inner, &["secretName"])
                .or_else(|| text_at(inner, &["name"]).filter(|_| inner.get("items").is_some())),
            _ => None,
        };
        let Some(name) = name.filter(|_| !is_optional) else {
            references(inner, &inner_path, found);
            continue;
        };
        let path = path.strip_suffix(".valueFrom").unwrap_or(path);
        let mut used = |key: Option<String>| {
            found.push(SecretUse {
                name: name.clone(),
                key,
                path: path.to_owned(),
            });
        };
        let items = inner
            .get("items")
            .and_then(Value::as_list)
            .unwrap_or_default();
        match (key.as_str(), items) {
            ("secretKeyRef", _) => used(text_at(inner, &["key"])),
            (_, []) => used(None),
            (_, items) => items.iter().for_each(|item| used(text_at(item, &["key"]))),
        }
    }
}

/// The Secrets that values have the chart make, as objects of their own.
fn made_secrets(value: &Value) -> Vec<String> {
    if let Some(list) = value.as_list() {
        return list.iter().flat_map(made_secrets).collect();
    }
    if value.get("kind").and_then(Value::as_str) == Some("Secret") {
        return text_at(value, &["metadata", "name"]).into_iter().collect();
    }
    let inner = value.as_map().into_iter().flatten();
    inner.flat_map(|(_, value)| made_secrets(value)).collect()
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
        assert!(wanted.secrets.is_empty(), "{:?}", wanted.secrets);
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
            .secrets
            .iter()
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
            .secrets
            .iter()
            .map(|secret| (secret.name.as_str(), secret.key.as_deref()))
            .collect();
        assert_eq!(secrets, [("a", Some("x")), ("c", Some("z")), ("d", None)]);
        assert!(wanted.makes.contains(&("networking.k8s.io", "ingresses")));
        assert!(!wanted.makes.contains(&("policy", "poddisruptionbudgets")));
    }
}
