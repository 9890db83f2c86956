//! The second configuration file of a server.
//!
//! Behind its configuration file Connect reads another, named like the first with `-migration`
//! behind it, and what it says adds up with the first. A Secret mounted there carries credentials
//! that no environment variable can.

use super::VariableValue;
use crate::yaml::Value;

/// Name of the second file; also its key in the Secret.
pub const SECOND_FILE: &str = "rstudio-connect-migration.gcfg";
/// Where the server looks for it.
pub const SECOND_PATH: &str = "/etc/rstudio-connect/rstudio-connect-migration.gcfg";

/// What is mounted as the second file, by the volumes of a pod and the mounts of its container.
#[must_use]
pub fn second_file(volumes: Option<&Value>, mounts: Option<&Value>) -> Option<VariableValue> {
    let list = |value: Option<&'_ Value>| {
        let items = value.and_then(Value::as_list).unwrap_or_default();
        items.to_vec()
    };
    let text = |value: &Value, path: &[&str]| value.at(path).map(Value::printed);
    let mount = list(mounts)
        .into_iter()
        .find(|mount| text(mount, &["mountPath"]).as_deref() == Some(SECOND_PATH))?;
    let volume = list(volumes)
        .into_iter()
        .find(|volume| text(volume, &["name"]) == text(&mount, &["name"]))?;
    let path = text(&mount, &["subPath"])?;
    let key = |source: &str| {
        let items = list(volume.at(&[source, "items"]));
        if items.is_empty() {
            return Some(path.clone());
        }
        let item = items
            .iter()
            .find(|item| text(item, &["path"]).as_ref() == Some(&path))?;
        text(item, &["key"])
    };
    if let Some(name) = text(&volume, &["secret", "secretName"]) {
        return Some(VariableValue::Secret {
            name,
            key: key("secret")?,
        });
    }
    Some(VariableValue::ConfigMap {
        name: text(&volume, &["configMap", "name"])?,
        key: key("configMap")?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::yaml::read_values;

    fn found(yaml: &str) -> Option<VariableValue> {
        let values = read_values(yaml).unwrap();
        second_file(values.get("volumes"), values.get("volumeMounts"))
    }

    #[test]
    fn the_file_is_found_by_where_it_is_mounted() {
        let mount = format!(
            "volumeMounts: [{{name: o, mountPath: /x}}, {{name: v, mountPath: {SECOND_PATH}, subPath: p}}]\n"
        );
        let secret = |key: &str| VariableValue::Secret {
            name: "s".to_owned(),
            key: key.to_owned(),
        };
        let whole = format!("{mount}volumes: [{{name: v, secret: {{secretName: s}}}}]\n");
        assert_eq!(found(&whole), Some(secret("p")));
        let items = "items: [{key: k, path: p}]";
        let one = format!("{mount}volumes: [{{name: v, secret: {{secretName: s, {items}}}}}]\n");
        assert_eq!(found(&one), Some(secret("k")));
        let map = format!("{mount}volumes: [{{name: v, configMap: {{name: c}}}}]\n");
        assert!(matches!(found(&map), Some(VariableValue::ConfigMap { .. })));
        assert_eq!(
            found("volumes: [{name: v, secret: {secretName: s}}]\n"),
            None
        );
    }
}
