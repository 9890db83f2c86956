//! The objects that a release consists of.

use serde_json::Value;

/// An object that the release has or is to have.
#[derive(Debug, Clone, PartialEq, Default)]
pub(crate) struct Part {
    /// API group; empty for the core.
    pub group: String,
    /// In plural.
    pub resource: String,
    pub object: Value,
    /// The same object as it is alive.
    pub live: Option<Value>,
}

impl Part {
    /// As a person would name it.
    pub(super) fn label(&self) -> String {
        label(&self.object)
    }
}

/// Kind and name of an object.
pub(super) fn label(object: &Value) -> String {
    let text = |value: &Value| value.as_str().unwrap_or("?").to_owned();
    format!(
        "{} {}",
        text(&object["kind"]),
        text(&object["metadata"]["name"])
    )
}

/// What an object makes its pods from, and how many it makes.
pub(super) fn pods(object: &Value) -> Option<(&Value, f64)> {
    let spec = &object["spec"];
    #[allow(clippy::cast_precision_loss, reason = "nobody has as many pods")]
    let count = |key: &str| spec[key].as_i64().unwrap_or(1) as f64;
    match object["kind"].as_str()? {
        "Pod" => Some((object, 1.0)),
        "Deployment" | "StatefulSet" | "ReplicaSet" => Some((&spec["template"], count("replicas"))),
        "DaemonSet" => Some((&spec["template"], 1.0)),
        "Job" => Some((&spec["template"], count("parallelism"))),
        "CronJob" => Some((&spec["jobTemplate"]["spec"]["template"], 1.0)),
        _ => None,
    }
}

/// The containers of a pod, those that run before the others first.
pub(super) fn containers(pod: &Value) -> impl Iterator<Item = (&Value, Runs)> {
    let of = |key: &str| pod["spec"][key].as_array().into_iter().flatten();
    let first = of("initContainers").map(|container| {
        let stays = container["restartPolicy"] == "Always";
        (container, if stays { Runs::Beside } else { Runs::Before })
    });
    first.chain(of("containers").map(|container| (container, Runs::Beside)))
}

/// When a container runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Runs {
    /// By itself, before the others.
    Before,
    Beside,
}

/// The objects of a manifest that Helm applies: lists taken apart, without what only `helm test` runs.
///
/// # Errors
/// It is no YAML.
pub(super) fn of_manifest(manifest: &str) -> Result<Vec<Value>, String> {
    let mut objects = Vec::new();
    for document in crate::yaml::load(manifest).map_err(|error| error.message)? {
        let value = crate::yaml::resolve(&document).map_err(|error| error.message)?;
        flatten(json(&value), &mut objects);
    }
    Ok(objects)
}

/// A value as the API takes it: whole numbers are whole.
pub(super) fn json(value: &crate::yaml::Value) -> Value {
    use crate::yaml::Value as Yaml;
    /// Beyond it floating point has no whole numbers.
    const EXACT: f64 = 9_007_199_254_740_992.0;
    match value {
        #[allow(
            clippy::cast_possible_truncation,
            reason = "it is whole, and not too large"
        )]
        Yaml::Number(number) if number.fract() == 0.0 && number.abs() < EXACT => {
            (*number as i64).into()
        }
        Yaml::List(items) => items.iter().map(json).collect(),
        Yaml::Map(map) => map
            .iter()
            .map(|(key, value)| (key.clone(), json(value)))
            .collect(),
        other => other.to_json(),
    }
}

fn flatten(value: Value, objects: &mut Vec<Value>) {
    let is_list = value["kind"]
        .as_str()
        .is_some_and(|kind| kind.ends_with("List"));
    match value["items"].as_array() {
        Some(items) if is_list => items
            .iter()
            .cloned()
            .for_each(|item| flatten(item, objects)),
        _ => {
            let hook = value["metadata"]["annotations"]["helm.sh/hook"].as_str();
            let is_test = hook.is_some_and(|hook| hook.trim().starts_with("test"));
            if value["kind"].is_string() && !is_test {
                objects.push(value);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_are_taken_apart_and_tests_left_out() {
        let manifest = "kind: Secret\nmetadata: {name: a}\n---\n# nothing\n---\nkind: List\nitems: [{kind: Pod, metadata: {name: b}}]\n---\nkind: Pod\nmetadata: {name: c, annotations: {helm.sh/hook: test}}\n";
        let labels: Vec<_> = of_manifest(manifest).unwrap().iter().map(label).collect();
        assert_eq!(labels, ["Secret a", "Pod b"]);
        assert!(of_manifest("a: [").is_err());
        let whole = of_manifest("kind: Pod\nspec: {a: 3939, b: [1e3, 0.5]}").unwrap();
        assert_eq!(whole[0]["spec"].to_string(), r#"{"a":3939,"b":[1000,0.5]}"#);
    }
}
