//! The `config` mapping of a values tree, read as the settings that the chart will write from it.

use std::collections::HashMap;
use std::sync::Arc;

use crate::gcfg::{Section, SettingKey, SettingName};
use crate::yaml::{Map, Value};

/// The sections of a `config` mapping, in its order.
#[derive(Debug, Clone, Default)]
pub(super) struct ConfigValues {
    sections: Vec<ConfigSection>,
    /// Section and setting of each, the first where spellings differ.
    index: HashMap<SettingKey, (usize, usize)>,
}

/// One section of a `config` mapping.
#[derive(Debug, Clone)]
pub(super) struct ConfigSection {
    pub section: Arc<Section>,
    /// Its key in the mapping, as written.
    pub key: String,
    /// Its settings, in order.
    pub settings: Vec<ConfigSetting>,
}

/// One setting of a `config` mapping.
#[derive(Debug, Clone)]
pub(super) struct ConfigSetting {
    pub name: SettingName,
    /// What the chart writes behind its equals sign, once for each line.
    pub written: Vec<String>,
}

impl ConfigValues {
    /// Reads the `config` of a values tree. Keys that are no section names are passed over: the
    /// chart would write a header that nobody can read, which the final proof finds.
    #[must_use]
    pub(super) fn of(values: &Map) -> Self {
        let sections: Vec<ConfigSection> = values
            .get("config")
            .and_then(Value::as_map)
            .into_iter()
            .flatten()
            .filter_map(|(key, value)| Some((key, Arc::new(key.parse::<Section>().ok()?), value)))
            .map(|(key, section, value)| {
                let settings = value
                    .as_map()
                    .into_iter()
                    .flatten()
                    .map(|(property, value)| ConfigSetting {
                        name: SettingName::new(Arc::clone(&section), property.clone()),
                        written: written(value),
                    })
                    .collect();
                ConfigSection {
                    section,
                    key: key.clone(),
                    settings,
                }
            })
            .collect();
        let mut index = HashMap::new();
        for (at, section) in sections.iter().enumerate() {
            for (setting, it) in section.settings.iter().enumerate() {
                index.entry(it.name.key()).or_insert((at, setting));
            }
        }
        Self { sections, index }
    }

    /// The sections, in order.
    #[must_use]
    pub(super) fn sections(&self) -> &[ConfigSection] {
        &self.sections
    }

    /// The key of the section that holds a setting.
    #[must_use]
    pub(super) fn section_key(&self, key: &SettingKey) -> Option<&str> {
        let &(section, _) = self.index.get(key)?;
        self.sections
            .get(section)
            .map(|section| section.key.as_str())
    }

    /// The setting that is the same to Connect, whatever its spelling.
    #[must_use]
    pub(super) fn find(&self, key: &SettingKey) -> Option<&ConfigSetting> {
        let &(section, setting) = self.index.get(key)?;
        self.sections.get(section)?.settings.get(setting)
    }
}

fn written(value: &Value) -> Vec<String> {
    match value {
        Value::List(items) => items.iter().map(Value::printed).collect(),
        other => vec![other.printed()],
    }
}
