//! A rendered manifest: the configuration, and the environment of the container that reads it.

use std::collections::HashMap;

use base64::Engine as _;

use super::Reference;
use crate::chart::{Variable, VariableValue, second_file, variable};
use crate::manifests::{
    self, ConnectConfig, GCFG_KEY as FILE, connect_configs, runs_with, server_container,
};
use crate::secret::Secret;
use crate::yaml::{self, Node, ResolveError, Value, YamlError};

/// Why no configuration was found in a manifest.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum ManifestError {
    /// It is not YAML, or holds what JSON cannot.
    #[error("the manifest cannot be read: {0}")]
    Unreadable(String),
    /// No ConfigMap has the file.
    #[error("no ConfigMap of the manifest has the key {FILE}")]
    NoConfiguration,
    #[error("several ConfigMaps have the key {FILE}: {}; name one with --config-map", .0.join(", "))]
    Ambiguous(Vec<String>),
}

/// What a manifest gives to the server.
#[derive(Debug)]
pub(crate) struct Deployed {
    /// Name of the ConfigMap.
    pub config_map: String,
    /// The text of the configuration file.
    pub gcfg: String,
    /// What the server finds as its second configuration file.
    pub second_file: Option<VariableValue>,
    /// The server's environment. Empty when no pod of the manifest mounts the file.
    pub variables: Vec<Variable>,
    /// Secrets of the manifest.
    pub secrets: Secrets,
    /// What Helm had to say beside.
    pub warnings: String,
}

/// Values of Kubernetes Secrets, and of ConfigMaps.
#[derive(Debug, Default)]
pub(crate) struct Secrets {
    values: HashMap<Reference, Secret>,
}

impl Secrets {
    /// What a reference stands for, where it is to something at hand.
    #[must_use]
    pub(crate) fn text(&self, reference: &Reference) -> Option<&str> {
        self.values.get(reference).map(Secret::expose)
    }

    /// Takes the Secrets and ConfigMaps of a manifest.
    ///
    /// # Errors
    /// The text is not YAML.
    pub(crate) fn add_manifest(&mut self, text: &str) -> Result<(), ManifestError> {
        self.add(&resolved(&documents(text)?)?);
        Ok(())
    }

    fn add(&mut self, objects: &[Value]) {
        for object in objects {
            let name = name(object);
            let entries = |field: &str| {
                let map = object.get(field).and_then(Value::as_map);
                map.into_iter().flatten()
            };
            if is_kind(object, "ConfigMap") {
                for (key, value) in entries("data") {
                    let (name, key) = (name.clone(), key.clone());
                    let at = Reference::ConfigMap { name, key };
                    self.values.insert(at, Secret::new(value.printed()));
                }
            }
            if !is_kind(object, "Secret") {
                continue;
            }
            let secret = |key: &str| Reference::Secret {
                name: name.clone(),
                key: key.to_owned(),
            };
            // As in the API server, plain text goes over encoded text.
            for (key, value) in entries("data") {
                if let Some(text) = value.as_str().and_then(decoded) {
                    self.values.insert(secret(key), Secret::new(text));
                }
            }
            for (key, value) in entries("stringData") {
                self.values
                    .insert(secret(key), Secret::new(value.printed()));
            }
        }
    }
}

/// Finds the configuration in a manifest. `config_map` names its ConfigMap, where there are several.
///
/// # Errors
/// There is none, or more than one and no name.
pub(crate) fn deployed(text: &str, config_map: Option<&str>) -> Result<Deployed, ManifestError> {
    let documents = documents(text)?;
    let mut candidates: Vec<ConnectConfig> = documents.iter().flat_map(connect_configs).collect();
    candidates.retain(|config| config_map.is_none_or(|wanted| config.name.name == wanted));
    let config = match (candidates.len(), candidates.pop()) {
        (_, None) => return Err(ManifestError::NoConfiguration),
        (1, Some(one)) => one,
        (_, last) => {
            candidates.extend(last);
            let names = candidates.into_iter().map(|config| config.name.name);
            return Err(ManifestError::Ambiguous(names.collect()));
        }
    };
    let server = documents
        .iter()
        .flat_map(manifests::objects)
        .filter(|object| runs_with(object, &config.name))
        .find_map(|object| {
            let container = server_container(object.node, Some(&config.name.name))?;
            let volumes = object.node.at(&["spec", "template", "spec", "volumes"]);
            Some((volumes.map(yaml::resolve), yaml::resolve(container)))
        });
    let (volumes, container) = match server {
        Some((volumes, container)) => (volumes.and_then(Result::ok), container.ok()),
        None => (None, None),
    };
    let of_container = |key: &str| container.as_ref().and_then(|container| container.get(key));
    let environment = of_container("env").and_then(Value::as_list);
    let variables = environment.unwrap_or_default().iter();
    let variables = variables.filter_map(variable).collect();
    let second_file = second_file(volumes.as_ref(), of_container("volumeMounts"));
    let mut secrets = Secrets::default();
    secrets.add(&resolved(&documents)?);
    Ok(Deployed {
        second_file,
        config_map: config.name.name,
        gcfg: config.gcfg,
        variables,
        secrets,
        warnings: String::new(),
    })
}

fn documents(text: &str) -> Result<Vec<Node>, ManifestError> {
    yaml::load(text).map_err(|YamlError { message, offset }| {
        let line = text.get(..offset).unwrap_or(text).matches('\n').count() + 1;
        ManifestError::Unreadable(format!("line {line}: {message}"))
    })
}

/// The objects of all documents, those of lists among them.
fn resolved(documents: &[Node]) -> Result<Vec<Value>, ManifestError> {
    documents
        .iter()
        .flat_map(manifests::objects)
        .map(|object| yaml::resolve(object.node))
        .collect::<Result<_, ResolveError>>()
        .map_err(|error| ManifestError::Unreadable(error.message))
}

fn is_kind(object: &Value, kind: &str) -> bool {
    object.get("kind").and_then(Value::as_str) == Some(kind)
}

fn name(object: &Value) -> String {
    let name = object.at(&["metadata", "name"]);
    name.map(Value::printed).unwrap_or_default()
}

fn decoded(text: &str) -> Option<String> {
    let bytes = base64::engine::general_purpose::STANDARD
        .decode(text)
        .ok()?;
    String::from_utf8(bytes).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    const MANIFEST: &str = "
kind: ConfigMap
metadata: {name: a-config}
data: {rstudio-connect.gcfg: \"[HTTP]\\nListen = :1\\n\"}
---
kind: Secret
metadata: {name: s}
data: {k: aGk=, l: b3RoZXI=}
stringData: {l: plain}
---
kind: Deployment
metadata: {name: connect}
spec:
  template:
    spec:
      containers:
        - name: sidecar
          env: [{name: CONNECT_A_B, value: no}]
        - name: connect
          env: [{name: CONNECT_A_B, value: 'yes'}]
          volumeMounts: [{name: v, mountPath: /x, subPath: rstudio-connect.gcfg}]
      volumes: [{name: v, configMap: {name: a-config}}]
";

    #[test]
    fn the_file_and_its_container_are_found_by_what_they_do() {
        let deployed = deployed(MANIFEST, None).unwrap();
        assert_eq!(deployed.gcfg, "[HTTP]\nListen = :1\n");
        assert_eq!(deployed.variables.len(), 1);
        assert_eq!(
            deployed.variables[0].value,
            crate::chart::VariableValue::Text("yes".to_owned())
        );
        let secret = |key: &str| Reference::Secret {
            name: "s".to_owned(),
            key: key.to_owned(),
        };
        assert_eq!(deployed.secrets.text(&secret("k")), Some("hi"));
        assert_eq!(deployed.secrets.text(&secret("l")), Some("plain"));
        let key = "rstudio-connect.gcfg".to_owned();
        let name = "a-config".to_owned();
        let map = Reference::ConfigMap { name, key };
        assert_eq!(deployed.secrets.text(&map), Some("[HTTP]\nListen = :1\n"));
    }

    #[test]
    fn a_list_is_read_as_its_items() {
        let items: String = MANIFEST
            .split("---")
            .map(|item| {
                let item = item.trim().replace('\n', "\n  ");
                format!("- {item}\n")
            })
            .collect();
        let deployed = deployed(&format!("kind: List\nitems:\n{items}"), None).unwrap();
        assert_eq!(deployed.variables.len(), 1);
        let (name, key) = ("s".to_owned(), "k".to_owned());
        let secret = Reference::Secret { name, key };
        assert_eq!(deployed.secrets.text(&secret), Some("hi"));
    }

    #[test]
    fn a_manifest_without_or_with_several_files_is_refused() {
        assert_eq!(
            deployed("kind: Service\n", None).unwrap_err(),
            ManifestError::NoConfiguration
        );
        let second = MANIFEST.replace("a-config", "b-config");
        let both = format!("{MANIFEST}---{second}");
        assert_eq!(
            deployed(&both, None).unwrap_err(),
            ManifestError::Ambiguous(vec!["a-config".to_owned(), "b-config".to_owned()])
        );
        assert_eq!(
            deployed(&both, Some("b-config")).unwrap().config_map,
            "b-config"
        );
    }
}
