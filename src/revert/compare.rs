//! How two manifests differ, object by object.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use crate::gcfg;
use crate::overlay::temporary;
use crate::yaml;

/// How much of a value is shown.
const SHOWN: usize = 60;

/// Whose text is shown where it differs.
const SHOWN_WORDS: [&str; 7] = [
    "image",
    "imagePullPolicy",
    "serviceAccountName",
    "storageClassName",
    "claimName",
    "mountPath",
    "type",
];

/// Kinds of these groups go by their name alone.
const OWN_GROUPS: [&str; 6] = [
    "",
    "apps",
    "batch",
    "policy",
    "rbac.authorization.k8s.io",
    "networking.k8s.io",
];

/// What stands in one manifest and not in the other, in lines for people. Values that may be secret
/// are not shown.
///
/// # Errors
/// One of them is not YAML.
pub(crate) fn differences(before: &str, after: &str) -> anyhow::Result<Vec<String>> {
    let (before, after) = (objects(before)?, objects(after)?);
    let mut lines = Vec::new();
    for (name, object) in &before {
        match after.get(name) {
            None => lines.push(format!("{name}: would be deleted")),
            Some(other) => compare(name, "", object, other, &mut lines),
        }
    }
    let added = after.keys().filter(|name| !before.contains_key(*name));
    lines.extend(added.map(|name| format!("{name}: would be made")));
    Ok(lines)
}

fn objects(manifest: &str) -> anyhow::Result<BTreeMap<String, Value>> {
    let mut objects = BTreeMap::new();
    for document in yaml::documents(manifest)? {
        add(document, &mut objects);
    }
    Ok(objects)
}

/// An object, or what a List holds. The group is a part of its name: kinds of two groups may share theirs.
fn add(object: Value, objects: &mut BTreeMap<String, Value>) {
    let text = |pointer: &str| object.pointer(pointer).and_then(Value::as_str);
    let kind = text("/kind").unwrap_or("object");
    if kind.ends_with("List")
        && let Some(Value::Array(items)) = object.get("items")
    {
        items.iter().for_each(|item| add(item.clone(), objects));
        return;
    }
    let name = text("/metadata/name").unwrap_or("without a name");
    let namespace = text("/metadata/namespace").map_or(String::new(), |n| format!("{n}/"));
    let group = text("/apiVersion").and_then(|version| version.split_once('/'));
    let is_known = OWN_GROUPS.contains(&group.map_or("", |(group, _)| group));
    let group = group.filter(|_| !is_known);
    let group = group.map_or(String::new(), |(group, _)| format!(".{group}"));
    let name = format!("{kind}{group} {namespace}{name}");
    // Helm would refuse the second of the same name; here it is told, and not taken for the first.
    let mut free = name.clone();
    let mut count = 1;
    while objects.contains_key(&free) {
        count += 1;
        free = format!("{name} ({count})");
    }
    objects.insert(free, object);
}

/// Whether a value may be shown: numbers, switches and a few words in objects that hold no data. Any other
/// text may be a password, also where nobody would look for one: a command, a probe's header, an annotation.
fn may_be_shown(name: &str, path: &str, value: &Value) -> bool {
    let is_private = name.starts_with("Secret ") || name.starts_with("ConfigMap ");
    let key = path.rsplit('.').next().unwrap_or(path);
    match value {
        Value::Null => true,
        Value::Bool(_) | Value::Number(_) => !is_private,
        Value::String(_) => !is_private && SHOWN_WORDS.contains(&key),
        Value::Array(_) | Value::Object(_) => false,
    }
}

fn compare(name: &str, path: &str, before: &Value, after: &Value, lines: &mut Vec<String>) {
    if before == after {
        return;
    }
    let null = Value::Null;
    let below = |key: &str| match path {
        "" => key.to_owned(),
        _ => format!("{path}.{key}"),
    };
    // The chart's checksum follows the configuration, which is compared itself.
    if path.ends_with(".annotations.checksum/config") {
        return;
    }
    if let ("data.rstudio-connect.gcfg", Some(a), Some(b)) = (path, before.as_str(), after.as_str())
        && let Some(settings) = changed_settings(a, b)
    {
        let changed = settings.iter();
        lines.extend(changed.map(|setting| format!("{name}: {setting} would change")));
        return;
    }
    match (before, after) {
        (Value::Object(a), Value::Object(b)) => {
            let keys = a.keys().chain(b.keys().filter(|key| !a.contains_key(*key)));
            for key in keys {
                let (a, b) = (a.get(key).unwrap_or(&null), b.get(key).unwrap_or(&null));
                compare(name, &below(key), a, b, lines);
            }
        }
        (Value::Array(a), Value::Array(b)) => {
            for index in 0..a.len().max(b.len()) {
                let (a, b) = (a.get(index).unwrap_or(&null), b.get(index).unwrap_or(&null));
                let path = format!("{path}[{index}]");
                compare(name, &path, a, b, lines);
            }
        }
        _ if may_be_shown(name, path, before) && may_be_shown(name, path, after) => {
            let (before, after) = (shown(before), shown(after));
            lines.push(format!("{name}: {path}: {before} -> {after}"));
        }
        (Value::Null, _) => lines.push(format!("{name}: {path} would be added")),
        (_, Value::Null) => lines.push(format!("{name}: {path} would be taken out")),
        _ => lines.push(format!("{name}: {path} would change")),
    }
}

/// The settings in which two configurations differ, but for temporary ones that are taken out. `None`
/// where one of them is no gcfg.
fn changed_settings(before: &str, after: &str) -> Option<Vec<String>> {
    let read = |text: &str| {
        let document = gcfg::parse_text("", text).ok()?;
        let mut settings: BTreeMap<String, Vec<Option<String>>> = BTreeMap::new();
        for setting in document.settings() {
            let value = setting.text().map(str::to_owned);
            settings
                .entry(setting.name.to_string())
                .or_default()
                .push(value);
        }
        Some(settings)
    };
    let (before, after) = (read(before)?, read(after)?);
    let taken_out = |name: &String| {
        temporary().iter().any(|setting| {
            let laid = Some(setting.value.clone());
            setting.name.to_string().eq_ignore_ascii_case(name)
                && before
                    .get(name)
                    .is_some_and(|values| values.last() == Some(&laid))
        })
    };
    let names: BTreeSet<&String> = before.keys().chain(after.keys()).collect();
    let changed = names
        .into_iter()
        .filter(|name| before.get(*name) != after.get(*name) && !taken_out(name));
    Some(changed.cloned().collect())
}

fn shown(value: &Value) -> String {
    let text = match value {
        Value::Null => return "(none)".to_owned(),
        Value::String(text) => text.clone(),
        other => other.to_string(),
    };
    match text.char_indices().nth(SHOWN) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_differs_is_named_and_secrets_are_not_shown() {
        let before = "kind: Deployment\nmetadata: {name: a}\nspec: {replicas: 3, l: [1]}\n---\nkind: Secret\nmetadata: {name: s}\ndata: {k: YQ==}\n---\nkind: ConfigMap\nmetadata: {name: gone}\n";
        let after = "kind: Deployment\nmetadata: {name: a}\nspec: {replicas: 1, l: [1, 2]}\n---\nkind: Secret\nmetadata: {name: s}\ndata: {k: Yg==}\n---\nkind: Service\nmetadata: {name: new}\n";
        assert_eq!(
            differences(before, after).unwrap(),
            [
                "ConfigMap gone: would be deleted",
                "Deployment a: spec.replicas: 3 -> 1",
                "Deployment a: spec.l[1]: (none) -> 2",
                "Secret s: data.k would change",
                "Service new: would be made",
            ]
        );
        assert_eq!(differences(before, before).unwrap(), Vec::<String>::new());
    }

    #[test]
    fn what_stands_in_lists_is_compared_and_no_text_that_may_be_secret_is_shown() {
        let list = |name: &str, kind: &str, value: &str| {
            format!(
                "kind: List\nitems:\n- kind: {kind}\n  metadata: {{name: {name}}}\n  data: {{k: {value}}}\n---\n"
            )
        };
        let before = list("a", "ConfigMap", "CANARY1") + &list("b", "Secret", "CANARY2");
        let after = list("a", "ConfigMap", "CANARY3") + &list("b", "Secret", "CANARY2");
        assert_eq!(
            differences(&before, &after).unwrap(),
            ["ConfigMap a: data.k would change"]
        );
        let pod = |container: &str| {
            format!("kind: Pod\nmetadata: {{name: p}}\nspec: {{containers: [{container}]}}\n")
        };
        let all =
            pod("{image: a:1, env: [{name: A, value: CANARY}], command: [--pw=CANARY], port: 1}");
        for (one, lines) in [
            (
                "{image: a:2, command: [--pw=OTHER], port: 2}",
                &[
                    "Pod p: spec.containers[0].image: a:1 -> a:2",
                    "Pod p: spec.containers[0].env would be taken out",
                    "Pod p: spec.containers[0].command[0] would change",
                    "Pod p: spec.containers[0].port: 1 -> 2",
                ][..],
            ),
            ("", &["Pod p: spec.containers[0] would be taken out"]),
        ] {
            assert_eq!(differences(&all, &pod(one)).unwrap(), lines);
        }
        // Two objects of one name, and one kind of two groups, are two.
        let two = "kind: A\nmetadata: {name: one}\n---\nkind: A\nmetadata: {name: one}\nx: 1\n";
        let changed = two.replace("x: 1", "x: 2");
        assert_eq!(
            differences(two, &changed).unwrap(),
            ["A one (2): x: 1 -> 2"]
        );
        let groups = "apiVersion: a.example/v1\nkind: A\nmetadata: {name: one}\nx: 1\n---\napiVersion: b.example/v1\nkind: A\nmetadata: {name: one}\n";
        assert_eq!(
            differences(groups, &groups.replace("x: 1", "x: 2")).unwrap(),
            ["A.a.example one: x: 1 -> 2"]
        );
    }

    #[test]
    fn temporary_settings_may_go_and_others_are_named() {
        let manifest = |gcfg: &str| {
            format!(
                "kind: ConfigMap\nmetadata: {{name: c}}\ndata: {{rstudio-connect.gcfg: \"{gcfg}\"}}\n"
            )
        };
        let before = manifest("[Scheduler]\\nMinProcessesLimit = 0\\n[Server]\\nAddress = a\\n");
        let gone = manifest("[Scheduler]\\nMinProcessesLimit = 7\\n[Server]\\nAddress = a\\n");
        let more = manifest("[Scheduler]\\n[Server]\\nAddress = b\\n");
        assert_eq!(differences(&before, &gone).unwrap(), Vec::<String>::new());
        assert_eq!(
            differences(&before, &more).unwrap(),
            ["ConfigMap c: Server.Address would change"]
        );
        assert_eq!(
            differences(&gone, &before).unwrap(),
            ["ConfigMap c: Scheduler.MinProcessesLimit would change"]
        );
    }
}
