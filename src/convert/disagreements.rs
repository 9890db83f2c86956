//! Where the administrator's own values and ours say different things.

use super::account::Disagreement;
use super::config_values::ConfigValues;
use crate::chart::ValuesFile;
use crate::diagnostic::{Code, Diagnostic, InvalidInput};
use crate::gcfg::{Section, SettingName};
use crate::settings::Catalogue;
use crate::yaml::{Map, Value};

/// Compares each file with ours, which Helm reads after them.
#[must_use]
pub(super) fn find(files: &[ValuesFile], ours: &Map) -> Vec<Disagreement> {
    let mut found = Vec::new();
    for file in files {
        maps(file, &mut Vec::new(), &file.values, ours, &mut found);
    }
    found
}

fn maps(
    file: &ValuesFile,
    path: &mut Vec<String>,
    base: &Map,
    ours: &Map,
    found: &mut Vec<Disagreement>,
) {
    for (key, base) in base {
        if let Some(ours) = ours.get(key) {
            path.push(key.clone());
            compare(file, path, base, ours, found);
            path.pop();
        }
    }
}

fn compare(
    file: &ValuesFile,
    path: &mut Vec<String>,
    base: &Value,
    ours: &Value,
    found: &mut Vec<Disagreement>,
) {
    if let (Value::Map(base), Value::Map(ours)) = (base, ours) {
        maps(file, path, base, ours, found);
        return;
    }
    // Ours repeats the entries of the base's lists, so nothing is lost there.
    let same = base == ours || base.printed() == ours.printed() && !matches!(ours, Value::Null);
    let joined = ["pod.env", "pod.volumes", "pod.volumeMounts"];
    if same || joined.contains(&path.join(".").as_str()) {
        return;
    }
    found.push(Disagreement {
        path: path.join("."),
        file: file.source.name().to_owned(),
        base: shown(path, base),
        ours: shown(path, ours),
        note: match ours {
            Value::Null => "ours takes it away, since it is read last".to_owned(),
            _ => "ours is in force, since it is read last".to_owned(),
        },
    });
}

/// Settings that ours leaves out of `config` on purpose and the base puts back: a credential there
/// ends in a ConfigMap and hides its environment variable.
pub(super) fn put_back(
    files: &[ValuesFile],
    left_out: &[&SettingName],
    found: &mut Vec<Disagreement>,
) {
    for file in files {
        let base = ConfigValues::of(&file.values);
        for name in left_out {
            if let Some(setting) = base.find(&name.key()) {
                found.push(Disagreement {
                    path: format!("config.{}", setting.name),
                    file: file.source.name().to_owned(),
                    base: masked(&setting.name, &setting.written.join(", ")),
                    ours: "left out".to_owned(),
                    note:
                        "yours is in force, although this setting was moved or dropped: take it out"
                            .to_owned(),
                });
            }
        }
    }
}

/// Settings that are one to Connect and two to Helm: both would be written, and the one that sorts
/// last would win.
///
/// # Errors
/// Each such setting, with its place in the administrator's file.
pub(super) fn check_spelling(files: &[ValuesFile], ours: &Map) -> Result<(), InvalidInput> {
    let ours = ConfigValues::of(ours);
    let mut errors = Vec::new();
    for file in files {
        let theirs = ConfigValues::of(&file.values);
        for section in theirs.sections() {
            for setting in &section.settings {
                let key = setting.name.key();
                let twin = ours.section_key(&key).zip(ours.find(&key));
                if let Some((twin_section, twin)) = twin.map(|(at, twin)| (at, &twin.name.property))
                    && (twin_section != section.key || *twin != setting.name.property)
                {
                    let span = file.place(&["config", &section.key, &setting.name.property]);
                    errors.push(
                        Diagnostic::error(
                            Code::ValuesSpelling,
                            format!(
                                "config.{}.{} and config.{twin_section}.{twin} are one setting to Connect and two to Helm",
                                section.key, setting.name.property
                            ),
                        )
                        .at(&file.source, span)
                        .help(format!("spell it config.{twin_section}.{twin}, or take it out")),
                    );
                }
            }
        }
    }
    if errors.is_empty() {
        Ok(())
    } else {
        Err(InvalidInput(errors))
    }
}

/// A value as it may be shown.
fn shown(path: &[String], value: &Value) -> String {
    let text = match value {
        Value::Null => "null".to_owned(),
        Value::Map(_) => return "(a mapping)".to_owned(),
        Value::List(_) => return "(a list)".to_owned(),
        other => other.printed(),
    };
    let [section, property] = match path {
        [.., section, property] => [section.as_str(), property],
        _ => ["", path.first().map_or("", String::as_str)],
    };
    let section = section.parse().unwrap_or_else(|_| Section::plain(section));
    masked(&SettingName::new(section, property), &text)
}

fn masked(name: &SettingName, text: &str) -> String {
    match Catalogue::builtin().exposure(name, text) {
        None => text.to_owned(),
        Some(_) => "***".to_owned(),
    }
}
