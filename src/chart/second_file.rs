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

/// What is mounted as the second file, by the volumes of a pod and the mounts of its container: the
/// file alone, or a whole volume in the place of the folder. Such a volume need not have the file;
/// where nothing names its files, the one that may be among them is given.
#[must_use]
pub fn second_file(volumes: Option<&Value>, mounts: Option<&Value>) -> Option<VariableValue> {
    // The deeper mount hides what the other has at its place.
    let (mount, within) = items(mounts)
        .filter_map(|mount| Some((mount, within(&text(mount, &["mountPath"])?)?)))
        .min_by_key(|(_, within)| within.len())?;
    let sub_path = text(mount, &["subPath"]).unwrap_or_default();
    let path = [sub_path.trim_matches('/'), within]
        .iter()
        .filter(|part| !part.is_empty())
        .copied()
        .collect::<Vec<_>>()
        .join("/");
    let name = text(mount, &["name"])?;
    let volume = items(volumes).find(|volume| text(volume, &["name"]).as_ref() == Some(&name))?;
    if let Some(sources) = volume.at(&["projected", "sources"]) {
        let sources = || items(Some(sources));
        let named = sources().find_map(|source| object(source, "name", &path, true));
        return named.or_else(|| sources().find_map(|source| object(source, "name", &path, false)));
    }
    object(volume, "secretName", &path, false)
}

/// Where the second file is in what is mounted at a path; `None` where it is not there.
fn within(mount_path: &str) -> Option<&'static str> {
    let rest = SECOND_PATH.strip_prefix(mount_path.trim_end_matches('/'))?;
    // The folder above holds the programs of the system.
    let whole = rest.is_empty() || rest.strip_prefix('/') == Some(SECOND_FILE);
    whole.then(|| rest.trim_start_matches('/'))
}

/// The key that becomes the file at a path of a volume. Its Secret's name stands under `secret_name`.
fn object(
    volume: &Value,
    secret_name: &str,
    path: &str,
    only_named: bool,
) -> Option<VariableValue> {
    let key = |source: &str| match volume.at(&[source, "items"]).and_then(Value::as_list) {
        Some(named) if !named.is_empty() => named
            .iter()
            .find(|item| text(item, &["path"]).as_deref() == Some(path))
            .and_then(|item| text(item, &["key"])),
        // Keys are names of files, without folders.
        _ => (!only_named && !path.is_empty() && !path.contains('/')).then(|| path.to_owned()),
    };
    if let Some(name) = text(volume, &["secret", secret_name]) {
        let key = key("secret")?;
        return Some(VariableValue::Secret { name, key });
    }
    let name = text(volume, &["configMap", "name"])?;
    let key = key("configMap")?;
    Some(VariableValue::ConfigMap { name, key })
}

fn items(list: Option<&Value>) -> impl Iterator<Item = &Value> {
    list.and_then(Value::as_list).unwrap_or_default().iter()
}

fn text(value: &Value, path: &[&str]) -> Option<String> {
    value.at(path).map(Value::printed)
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

    #[test]
    fn a_volume_in_the_place_of_the_folder_may_have_the_file() {
        let secret = |key: &str| {
            Some(VariableValue::Secret {
                name: "s".to_owned(),
                key: key.to_owned(),
            })
        };
        let folder = |volume: &str| {
            let mount = "{name: v, mountPath: /etc/rstudio-connect/}";
            found(&format!(
                "volumeMounts: [{mount}]\nvolumes: [{{name: v, {volume}}}]\n"
            ))
        };
        let items = |key: &str| format!("items: [{{key: {key}, path: {SECOND_FILE}}}]");
        assert_eq!(folder("secret: {secretName: s}"), secret(SECOND_FILE));
        assert_eq!(
            folder(&format!("secret: {{secretName: s, {}}}", items("k"))),
            secret("k")
        );
        assert_eq!(
            folder("secret: {secretName: s, items: [{key: k, path: x}]}"),
            None
        );
        assert_eq!(folder("emptyDir: {}"), None);
        // What is named counts before what may be there.
        assert_eq!(
            folder(&format!(
                "projected: {{sources: [{{configMap: {{name: c}}}}, {{secret: {{name: s, {}}}}}]}}",
                items("k")
            )),
            secret("k")
        );
        // The file's own mount lies deeper.
        let both = format!(
            "volumeMounts: [{{name: f, mountPath: /etc/rstudio-connect}}, {{name: v, mountPath: {SECOND_PATH}, subPath: p}}]\n\
             volumes: [{{name: f, secret: {{secretName: other}}}}, {{name: v, secret: {{secretName: s}}}}]\n"
        );
        assert_eq!(found(&both), secret("p"));
        for elsewhere in ["/", "/etc", "/etc/rstudio", "/etc/rstudio-connect/certs"] {
            let other = format!(
                "volumeMounts: [{{name: v, mountPath: {elsewhere}}}]\nvolumes: [{{name: v, secret: {{secretName: s}}}}]\n"
            );
            assert_eq!(found(&other), None, "{elsewhere}");
        }
    }
}
