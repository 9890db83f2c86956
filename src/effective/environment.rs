//! What environment variables set.

use std::collections::HashMap;

use super::{Content, Effective, Origin, Reference, Secrets, Setting};
use crate::chart::{Variable, VariableValue};
use crate::gcfg::{Section, SettingName};
use crate::settings::Catalogue;

const PREFIX: &str = "CONNECT_";

impl Effective {
    /// Adds what `CONNECT_<SECTION>_<PROPERTY>` variables set.
    ///
    /// A key in the file hides its variable, except in `[Logging]`, where Connect's documentation
    /// lets the variable win. Values are looked up in `secrets` where they are kept there.
    pub(crate) fn apply(&mut self, variables: &[Variable], secrets: &Secrets) {
        let names = Names::new(self);
        for variable in variables {
            let Some(name) = names.setting(&variable.name) else {
                continue;
            };
            let content = content(&variable.value, secrets);
            let origin = Origin::Environment {
                variable: variable.name.clone(),
            };
            match self.settings.get_mut(&name.key()) {
                Some(setting)
                    if matches!(setting.origin, Origin::File { .. })
                        && name.section.key().name() != "logging" =>
                {
                    setting.hides = Some(variable.name.clone());
                }
                // Of two variables with one name, Kubernetes takes the last.
                Some(setting) => {
                    setting.content = content;
                    setting.origin = origin;
                }
                None => {
                    let setting = Setting {
                        name: name.clone(),
                        content,
                        origin,
                        hides: None,
                    };
                    self.settings.insert(name.key(), setting);
                }
            }
        }
    }
}

fn content(value: &VariableValue, secrets: &Secrets) -> Content {
    match value {
        VariableValue::Text(text) => Content::Values(vec![text.clone()]),
        kept => {
            let to = Reference::from(kept.clone());
            Content::Reference {
                value: secrets.text(&to).map(str::to_owned),
                to,
            }
        }
    }
}

/// From the names of variables to those of settings.
struct Names {
    known: HashMap<String, SettingName>,
}

impl Names {
    fn new(effective: &Effective) -> Self {
        let catalogue = Catalogue::builtin();
        let mut known = HashMap::new();
        for entry in catalogue.entries() {
            let name = entry.canonical_name(None);
            if let Some(variable) = catalogue.environment_variable(&name) {
                known.insert(variable, name);
            }
        }
        for setting in effective.settings() {
            if let Some(variable) = catalogue.environment_variable(&setting.name) {
                known
                    .entry(variable)
                    .or_insert_with(|| setting.name.clone());
            }
        }
        Self { known }
    }

    /// The setting that a variable is for. One that nobody knows goes by the variable's spelling:
    /// no name of gcfg has an underscore, so the first one ends the section.
    fn setting(&self, variable: &str) -> Option<SettingName> {
        if let Some(name) = self.known.get(variable) {
            return Some(name.clone());
        }
        let (section, property) = variable.strip_prefix(PREFIX)?.split_once('_')?;
        let plain = |text: &str| {
            text.starts_with(|c: char| c.is_ascii_alphabetic())
                && text.bytes().all(|b| b.is_ascii_alphanumeric())
        };
        if !plain(section) || !plain(property) {
            return None;
        }
        let name = SettingName::new(Section::plain(section), property);
        Some(Catalogue::builtin().canonical_name(&name))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::gcfg::parse_text;

    fn text(name: &str, value: &str) -> Variable {
        Variable {
            name: name.to_owned(),
            value: VariableValue::Text(value.to_owned()),
        }
    }

    #[test]
    fn variables_add_to_the_file_but_only_logging_overrules_it() {
        let document = parse_text("f", "[HTTP]\nListen = :1\n[Logging]\nAccessLog = /a\n").unwrap();
        let mut effective = Effective::of_documents([&document]);
        effective.apply(
            &[
                text("CONNECT_HTTP_LISTEN", ":2"),
                text("CONNECT_LOGGING_ACCESSLOG", "STDOUT"),
                text("CONNECT_NEW_THING", "x"),
                text("CONNECT_ODD", "x"),
                text("RSTUDIO_CONNECT_HASTE", "enabled"),
                Variable {
                    name: "CONNECT_POSTGRES_PASSWORD".to_owned(),
                    value: VariableValue::Secret {
                        name: "s".to_owned(),
                        key: "k".to_owned(),
                    },
                },
            ],
            &Secrets::default(),
        );
        let shown: Vec<String> = effective
            .settings()
            .map(|s| match &s.content {
                Content::Values(values) => format!("{} {values:?} {:?}", s.name, s.hides),
                Content::Reference { to, .. } => format!("{} from {}", s.name, to.describe()),
            })
            .collect();
        assert_eq!(
            shown,
            [
                r#"HTTP.Listen [":1"] Some("CONNECT_HTTP_LISTEN")"#,
                r#"Logging.AccessLog ["STDOUT"] None"#,
                r#"NEW.THING ["x"] None"#,
                "Postgres.Password from Secret s key k",
            ]
        );
    }
}
