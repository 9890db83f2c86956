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
    /// The storage class to make it from.
    pub class: Option<String>,
    pub secrets: Vec<SecretUse>,
    /// Whether content runs through the Kubernetes backend, which wants a label.
    pub labels_accounts: bool,
    /// The release's own service account and Deployment, by the chart's naming.
    pub own: String,
}

impl Wanted {
    #[must_use]
    pub(crate) fn of(values: &Map, release: &Release) -> Self {
        let root = Value::Map(values.clone());
        let text = |path: &[&str]| {
            root.at(path)
                .and_then(Value::as_str)
                .filter(|text| !text.is_empty())
                .map(str::to_owned)
        };
        let on = |path: &[&str]| root.at(path).is_some_and(Value::is_truthy);
        let own = release.fullname(values).unwrap_or_default();
        let creates_claim = on(&["sharedStorage", "create"]);
        let claim = (creates_claim || on(&["sharedStorage", "mount"])).then(|| {
            text(&["sharedStorage", "name"]).unwrap_or_else(|| format!("{own}-shared-storage"))
        });
        let class = text(&["sharedStorage", "storageClassName"]).filter(|_| creates_claim);
        let mut secrets = Vec::new();
        let mut secret = |name: Option<String>, key: Option<String>, path: &str| {
            if let Some(name) = name {
                secrets.push(SecretUse {
                    name,
                    key,
                    path: path.to_owned(),
                });
            }
        };
        // The chart makes this Secret itself where the values bring the license.
        if !on(&["license", "file", "contents"]) {
            secret(
                text(&["license", "file", "secret"]),
                text(&["license", "file", "secretKey"]).or(Some("license.lic".to_owned())),
                "license.file.secret",
            );
        }
        let items = |path: &[&str]| root.at(path).and_then(Value::as_list).unwrap_or_default();
        let of = |value: &Value, path: &[&str]| {
            value
                .at(path)
                .and_then(Value::as_str)
                .filter(|text| !text.is_empty())
                .map(str::to_owned)
        };
        for variable in items(&["pod", "env"]) {
            let reference = ["valueFrom", "secretKeyRef"];
            if variable.at(&["valueFrom", "secretKeyRef", "optional"]) == Some(&Value::Bool(true)) {
                continue;
            }
            let at = |key| of(variable, &[reference[0], reference[1], key]);
            secret(at("name"), at("key"), "pod.env");
        }
        for volume in items(&["pod", "volumes"]) {
            let name = of(volume, &["secret", "secretName"]);
            let items = volume.at(&["secret", "items"]).and_then(Value::as_list);
            match items {
                Some(items) => items.iter().for_each(|item| {
                    secret(name.clone(), of(item, &["key"]), "pod.volumes");
                }),
                None => secret(name, None, "pod.volumes"),
            }
        }
        for pull in items(&["image", "imagePullSecrets"]) {
            let name = of(pull, &["name"]).or_else(|| pull.as_str().map(str::to_owned));
            secret(name, None, "image.imagePullSecrets");
        }
        if on(&["ingress", "enabled"]) {
            for tls in items(&["ingress", "tls"]) {
                secret(
                    of(tls, &["secretName"]),
                    Some("tls.crt".to_owned()),
                    "ingress.tls",
                );
            }
        }
        Self {
            claim,
            creates_claim,
            class,
            secrets,
            labels_accounts: on(&["backends", "kubernetes", "enabled"]),
            own,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::yaml::read_values;

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
                ("db", Some("password")),
                ("saml", None),
                ("pull", None)
            ]
        );
        let named = read_values("sharedStorage: {mount: true, name: data}").unwrap();
        let wanted = Wanted::of(&named, &Release::new("prod", "ns"));
        assert_eq!(
            (wanted.claim.as_deref(), wanted.class),
            (Some("data"), None)
        );
    }
}
