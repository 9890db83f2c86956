//! The Secrets that values name, and those that they have the chart make.

use super::references::{Reference, Referent};
use super::wanted::text_at;
use crate::yaml::Value;

/// The Secrets that values name, wherever they may.
pub(super) fn secrets(root: &Value) -> Vec<Reference> {
    let mut found = Vec::new();
    let text = |path: &[&str]| text_at(root, path);
    let on = |path: &[&str]| root.at(path).is_some_and(Value::is_truthy);
    // The chart makes this Secret itself where the values bring the license.
    if !on(&["license", "file", "contents"])
        && let Some(name) = text(&["license", "file", "secret"])
    {
        let key = text(&["license", "file", "secretKey"]).or(Some("license.lic".to_owned()));
        found.push(secret(name, key, "license.file.secret"));
    }
    let items = |path: &[&str]| root.at(path).and_then(Value::as_list).unwrap_or_default();
    for pull in items(&["image", "imagePullSecrets"]) {
        let name = text_at(pull, &["name"]).or_else(|| text_at(pull, &[]));
        found.extend(name.map(|name| secret(name, None, "image.imagePullSecrets")));
    }
    // cert-manager makes the certificates of an ingress that it is told about.
    let annotations = root.at(&["ingress", "annotations"]).and_then(Value::as_map);
    let is_issued = annotations.is_some_and(|annotations| {
        annotations
            .keys()
            .any(|key| key.starts_with("cert-manager.io/") || key == "kubernetes.io/tls-acme")
    });
    if on(&["ingress", "enabled"]) {
        for tls in items(&["ingress", "tls"]) {
            let name = text_at(tls, &["secretName"]);
            found.extend(name.map(|name| Reference {
                maker: is_issued.then_some("cert-manager"),
                ..secret(name, Some("tls.crt".to_owned()), "ingress.tls")
            }));
        }
    }
    named_by_pods(root, "", &mut found);
    found.dedup();
    found
}

fn secret(name: String, key: Option<String>, path: &str) -> Reference {
    Reference {
        to: Referent::Secret,
        name,
        key,
        path: path.to_owned(),
        maker: None,
    }
}

/// References as pods have them: in variables, in volumes and in what is projected.
fn named_by_pods(value: &Value, path: &str, found: &mut Vec<Reference>) {
    if let Some(list) = value.as_list() {
        list.iter()
            .for_each(|item| named_by_pods(item, path, found));
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
            "secret" => text_at(inner, &["secretName"]).or_else(|| {
                text_at(inner, &["name"])
                    .filter(|_| inner.get("items").is_some() || path.ends_with("sources"))
            }),
            _ => None,
        };
        let Some(name) = name.filter(|_| !is_optional) else {
            named_by_pods(inner, &inner_path, found);
            continue;
        };
        let path = path.strip_suffix(".valueFrom").unwrap_or(path);
        let mut used = |key: Option<String>| found.push(secret(name.clone(), key, path));
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
pub(super) fn made_secrets(value: &Value) -> Vec<String> {
    if let Some(list) = value.as_list() {
        return list.iter().flat_map(made_secrets).collect();
    }
    if value.get("kind").and_then(Value::as_str) == Some("Secret") {
        return text_at(value, &["metadata", "name"]).into_iter().collect();
    }
    let inner = value.as_map().into_iter().flatten();
    inner.flat_map(|(_, value)| made_secrets(value)).collect()
}
