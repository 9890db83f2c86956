//! A rendered manifest: which ConfigMap holds the configuration, and which container reads it.
//!
//! Names and labels depend on the release and on aliases of the chart, so the objects are known by
//! what they do: a ConfigMap with the key `rstudio-connect.gcfg`, and a pod that mounts it there.

use std::collections::HashMap;

use base64::Engine as _;

use super::Reference;
use crate::chart::{Variable, VariableValue, second_file, variable};
use crate::secret::Secret;
use crate::yaml::{self, ResolveError, Value, YamlError};

/// The configuration's key in its ConfigMap, which is its file's name too.
const FILE: &str = "rstudio-connect.gcfg";
const PATH: &str = "/etc/rstudio-connect/rstudio-connect.gcfg";

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

/// Values of Kubernetes Secrets.
#[derive(Debug, Default)]
pub(crate) struct Secrets {
    values: HashMap<(String, String), Secret>,
}

impl Secrets {
    /// A Secret's value behind a key.
    #[must_use]
    fn get(&self, name: &str, key: &str) -> Option<&Secret> {
        self.values.get(&(name.to_owned(), key.to_owned()))
    }

    /// What a reference stands for, where it is to a Secret that is at hand.
    #[must_use]
    pub(crate) fn text(&self, reference: &Reference) -> Option<&str> {
        match reference {
            Reference::Secret { name, key } => self.get(name, key).map(Secret::expose),
            Reference::ConfigMap { .. } | Reference::Cluster => None,
        }
    }

    /// Takes the Secrets of a manifest.
    ///
    /// # Errors
    /// The text is not YAML.
    pub(crate) fn add_manifest(&mut self, text: &str) -> Result<(), ManifestError> {
        self.add(&objects(text)?);
        Ok(())
    }

    fn add(&mut self, objects: &[Value]) {
        for object in objects.iter().filter(|object| is_kind(object, "Secret")) {
            let name = name(object);
            let entries = |field: &str| {
                let map = object.get(field).and_then(Value::as_map);
                map.into_iter().flatten()
            };
            // As in the API server, plain text goes over encoded text.
            for (key, value) in entries("data") {
                if let Some(text) = value.as_str().and_then(decoded) {
                    self.insert(&name, key, text);
                }
            }
            for (key, value) in entries("stringData") {
                self.insert(&name, key, value.printed());
            }
        }
    }

    fn insert(&mut self, name: &str, key: &str, text: String) {
        let at = (name.to_owned(), key.to_owned());
        self.values.insert(at, Secret::new(text));
    }
}

/// Finds the configuration in a manifest. `config_map` names its ConfigMap, where there are several.
///
/// # Errors
/// There is none, or more than one and no name.
pub(crate) fn deployed(text: &str, config_map: Option<&str>) -> Result<Deployed, ManifestError> {
    let objects = objects(text)?;
    let candidates: Vec<(&Value, &str)> = objects
        .iter()
        .filter(|object| is_kind(object, "ConfigMap"))
        .filter(|object| config_map.is_none_or(|wanted| name(object) == wanted))
        .filter_map(|object| Some((object, object.at(&["data", FILE])?.as_str()?)))
        .collect();
    let (object, gcfg) = match candidates.as_slice() {
        [] => return Err(ManifestError::NoConfiguration),
        [one] => *one,
        several => {
            let names = several.iter().map(|(object, _)| name(object)).collect();
            return Err(ManifestError::Ambiguous(names));
        }
    };
    let config_map = name(object);
    let (variables, second_file) = objects
        .iter()
        .filter(|workload| {
            // Objects without a namespace are in the release's.
            let namespaces = [object, workload].map(|o| o.at(&["metadata", "namespace"]));
            matches!(namespaces, [None, _] | [_, None]) || namespaces[0] == namespaces[1]
        })
        .find_map(|workload| environment(workload, &config_map))
        .unwrap_or_default();
    let mut secrets = Secrets::default();
    secrets.add(&objects);
    Ok(Deployed {
        second_file,
        config_map,
        gcfg: gcfg.to_owned(),
        variables,
        secrets,
        warnings: String::new(),
    })
}

/// The environment and the second file of the container that mounts the file from this ConfigMap.
fn environment(
    workload: &Value,
    config_map: &str,
) -> Option<(Vec<Variable>, Option<VariableValue>)> {
    let pod = workload.at(&["spec", "template", "spec"])?;
    let list = |value: &'_ Value, key: &str| -> Vec<Value> {
        let items = value.get(key).and_then(Value::as_list);
        items.unwrap_or_default().to_vec()
    };
    let volumes: Vec<Value> = list(pod, "volumes")
        .into_iter()
        .filter(|volume| {
            volume.at(&["configMap", "name"]).and_then(Value::as_str) == Some(config_map)
        })
        .collect();
    let text = |value: &Value, key: &str| value.get(key).map(Value::printed);
    let container = list(pod, "containers").into_iter().find(|container| {
        list(container, "volumeMounts").iter().any(|mount| {
            volumes
                .iter()
                .any(|volume| text(volume, "name") == text(mount, "name"))
                && (text(mount, "subPath").as_deref() == Some(FILE)
                    || text(mount, "mountPath").as_deref() == Some(PATH))
        })
    })?;
    let variables = list(&container, "env");
    Some((
        variables.iter().filter_map(variable).collect(),
        second_file(pod.get("volumes"), container.get("volumeMounts")),
    ))
}

fn objects(text: &str) -> Result<Vec<Value>, ManifestError> {
    let documents = yaml::load(text).map_err(|YamlError { message, offset }| {
        let line = text.get(..offset).unwrap_or(text).matches('\n').count() + 1;
        ManifestError::Unreadable(format!("line {line}: {message}"))
    })?;
    documents
        .iter()
        .map(yaml::resolve)
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
        assert_eq!(deployed.secrets.get("s", "k").unwrap().expose(), "hi");
        assert_eq!(deployed.secrets.get("s", "l").unwrap().expose(), "plain");
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
