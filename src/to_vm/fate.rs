//! What becomes of a setting on the way back.

use super::{Decided, Group, SettingSource, ValuesRow};
use crate::chart::{SECOND_FILE, Variable, VariableValue, second_file};
use crate::effective::{Content, Reference, Setting};
use crate::gcfg::{Section, SettingName, fold, write};
use crate::to_vm::Action;
use crate::yaml::{Map, Value};

/// Whether a section is only about running content elsewhere.
pub(super) fn is_off_host(section: &Section) -> bool {
    matches!(
        fold(&section.name).as_str(),
        "kubernetes" | "launcher" | "executionenvironments"
    )
}

pub(super) fn decide(
    setting: &Setting,
    said: SettingSource,
    values: &Map,
) -> (Action, Option<String>) {
    let drop = |reason: &str| (Action::Drop, Some(reason.to_owned()));
    if is_off_host(&setting.name.section) {
        return drop("it is about content in pods; here content runs on the server's machine");
    }
    if let Content::Reference { to, .. } = &setting.content {
        return match to {
            Reference::Cluster => drop("its value comes from the cluster"),
            kept => (
                Action::Restore,
                Some(format!("put it back from {}", kept.describe())),
            ),
        };
    }
    if let Some(reason) = texts_error(setting) {
        return (Action::Drop, Some(reason));
    }
    let section = fold(&setting.name.section.name);
    let property = fold(&setting.name.property);
    let texts = setting.content.values().unwrap_or_default();
    match (section.as_str(), property.as_str()) {
        ("logging", _)
            if texts
                .iter()
                .any(|text| matches!(text.to_ascii_uppercase().as_str(), "STDOUT" | "STDERR")) =>
        {
            drop("a pod logs to its output; without the setting Connect logs to files")
        }
        ("python" | "quarto" | "tensorflow" | "r", "executable")
            if said != SettingSource::Values =>
        {
            drop("it names a program of the container image; name those of this machine")
        }
        ("metrics", "prometheuslisten") if said == SettingSource::Template => {
            drop("the chart opens this port for the cluster's Prometheus")
        }
        _ => match texts.iter().find_map(|text| mount(text, values)) {
            Some(mount) => (
                Action::Review,
                Some(format!(
                    "the path lies on the pod's volume {mount}; copy the file or name another"
                )),
            ),
            None => (Action::Keep, None),
        },
    }
}

/// Why no gcfg file can hold a value. Only that of an environment variable can be so.
fn texts_error(setting: &Setting) -> Option<String> {
    let texts = setting.content.values().unwrap_or_default();
    let error = texts.iter().find_map(|text| write::value(text).err());
    error.map(|error| error.to_string())
}

/// The volume of `pod.volumeMounts` that a path lies on.
fn mount(text: &str, values: &Map) -> Option<String> {
    let mounts = values.get("pod")?.get("volumeMounts")?.as_list()?;
    mounts.iter().find_map(|mount| {
        let path = mount.get("mountPath")?.as_str()?.trim_end_matches('/');
        let rest = text.strip_prefix(path).filter(|_| !path.is_empty())?;
        (rest.is_empty() || rest.starts_with('/'))
            .then(|| mount.get("name").map(Value::printed).unwrap_or_default())
    })
}

/// `Server.DataDir` and `sharedStorage.path` name the same folder, if all is well.
pub(super) fn data_dir(groups: &mut Vec<Group>, values: &Map) {
    const DEFAULT: &str = "/var/lib/rstudio-connect";
    let storage = values.get("sharedStorage");
    let mounted = ["create", "mount"].iter().any(|key| {
        storage
            .and_then(|storage| storage.get(key))
            .is_some_and(Value::is_truthy)
    });
    let path = storage
        .and_then(|storage| storage.get("path"))
        .and_then(Value::as_str);
    let Some(path) = path.filter(|_| mounted) else {
        return;
    };
    let name = SettingName::new(Section::plain("Server"), "DataDir");
    let server = name.section.key();
    if let Some(given) = groups
        .iter_mut()
        .flat_map(|group| &mut group.settings)
        .find(|setting| setting.name.key() == name.key())
    {
        let same = given.content.values().is_none_or(|texts| {
            texts
                .last()
                .is_some_and(|text| text.trim_end_matches('/') == path.trim_end_matches('/'))
        });
        if !same {
            given.action = Action::Review;
            given.reason = Some(format!(
                "sharedStorage.path is {path}: the data may lie there instead"
            ));
        }
        return;
    }
    if path.trim_end_matches('/') == DEFAULT {
        return;
    }
    let setting = Decided {
        content: Content::Values(vec![path.to_owned()]),
        action: Action::Review,
        reason: Some("from sharedStorage.path; config does not set it".to_owned()),
        said: SettingSource::Template,
        name: name.clone(),
    };
    match groups
        .iter_mut()
        .find(|group| group.section.key() == server)
    {
        Some(group) => group.settings.push(setting),
        None => groups.push(Group {
            section: name.section,
            settings: vec![setting],
        }),
    }
}

/// What else the values say that no configuration file can.
pub(super) fn other_values(values: &Map, variables: &[Variable]) -> Vec<ValuesRow> {
    let at = |path: &[&str]| {
        let (first, rest) = path.split_first()?;
        values.get(*first)?.at(rest)
    };
    let set = |path: &[&str]| at(path).is_some_and(Value::is_truthy);
    let mut rows = Vec::new();
    let mut row = |key: &str, reason: &str| {
        rows.push(ValuesRow {
            key: key.to_owned(),
            reason: reason.to_owned(),
        });
    };
    if set(&["sharedStorage", "create"]) || set(&["sharedStorage", "mount"]) {
        row(
            "sharedStorage",
            "bring the data of the volume into the data directory",
        );
    }
    for key in ["key", "server"] {
        if set(&["license", key]) {
            row(
                &format!("license.{key}"),
                "activate the license with license-manager on the machine",
            );
        }
    }
    for key in ["secret", "contents"] {
        if set(&["license", "file", key]) {
            row(
                &format!("license.file.{key}"),
                "activate the license file with license-manager on the machine",
            );
        }
    }
    if at(&["replicas"]).is_some_and(|count| matches!(count, Value::Number(n) if *n > 1.0)) {
        row("replicas", "one machine is one server");
    }
    if let Some(VariableValue::Secret { name, key } | VariableValue::ConfigMap { name, key }) =
        second_file(at(&["pod", "volumes"]), at(&["pod", "volumeMounts"]))
    {
        row(
            "pod.volumes",
            &format!("put {key} of {name} beside the file, under the name {SECOND_FILE}"),
        );
    }
    for (path, reason) in [
        (
            &["executionEnvironments"][..],
            "content uses the R, Python and Quarto of this machine",
        ),
        (
            &["nameservice", "enabled"],
            "the machine's own name service takes its place",
        ),
        (
            &["chronicle", "localConfig"],
            "put it into /etc/rstudio-connect/chronicle by hand",
        ),
        (
            &["initContainers"],
            "what they prepare is to be done by hand",
        ),
        (&["pod", "sidecar"], "what runs there has to run by itself"),
        (&["command"], "the server's service unit says how it starts"),
        (&["args"], "the server's service unit says how it starts"),
    ] {
        if set(path) {
            row(&path.join("."), reason);
        }
    }
    for variable in variables {
        if !variable.name.starts_with("CONNECT_") {
            row(
                &format!("pod.env {}", variable.name),
                "it is no setting; set it for the server's service if it is needed",
            );
        }
    }
    rows
}
