//! The effective configuration: what a server gets from its files and its environment, and how two
//! of them differ.

mod compare;
mod environment;
mod manifest;
mod meaning;
mod rendered;
pub(crate) mod report;
mod sides;

use std::sync::Arc;

use indexmap::IndexMap;

pub(crate) use compare::{Comparison, Note, Row, Side, Status};
pub(crate) use manifest::{Deployed, ManifestError, Secrets, deployed};
pub(crate) use meaning::{is_secret, same_meaning};
pub(crate) use rendered::render;
pub(crate) use sides::Sides;

use crate::chart::VariableValue;
use crate::gcfg::{Configuration, Document, SettingKey, SettingName};
use crate::settings::{Catalogue, ValueType};
use crate::source::SourceFile;

/// Every setting that a server gets, in the order in which they were first said.
#[derive(Debug, Clone, Default)]
pub(crate) struct Effective {
    settings: IndexMap<SettingKey, Setting>,
}

/// A setting and what it is set to.
#[derive(Debug, Clone)]
pub(crate) struct Setting {
    /// Its name, in canonical spelling where that is known.
    pub name: SettingName,
    /// What it is set to.
    pub content: Content,
    /// Where it was said.
    pub origin: Origin,
    /// An environment variable for it that Connect does not see, since the file has the key.
    pub hides: Option<String>,
}

/// What a setting is set to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Content {
    /// One value, or those of a list.
    Values(Vec<String>),
    /// Something that a reference stands for.
    Reference {
        /// Where the value is kept.
        to: Reference,
        /// The value, when what keeps it was at hand.
        value: Option<String>,
    },
}

/// Where a value is kept that does not stand in the configuration.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) enum Reference {
    /// A key of a Kubernetes Secret.
    Secret {
        /// Name of the Secret.
        name: String,
        key: String,
    },
    /// A key of a ConfigMap.
    ConfigMap {
        /// Name of the ConfigMap.
        name: String,
        key: String,
    },
    /// The cluster makes it up.
    Cluster,
}

/// Where a setting was said.
#[derive(Debug, Clone)]
pub(crate) enum Origin {
    /// In a file; the last place, for a list.
    File {
        source: Arc<SourceFile>,
        /// The line, from 1.
        line: usize,
    },
    /// In an environment variable.
    Environment { variable: String },
}

impl Effective {
    /// What documents say that are read one after another.
    ///
    /// A repeated setting gathers its values where the catalogue knows it for a list, or does not
    /// know it at all; otherwise the last value holds. A key alone empties a list and means `true`
    /// elsewhere.
    #[must_use]
    pub(crate) fn of_documents<'a>(documents: impl IntoIterator<Item = &'a Document>) -> Self {
        let catalogue = Catalogue::builtin();
        let documents: Vec<&Document> = documents.into_iter().collect();
        let mut effective = Self::default();
        for setting in Configuration::of(&documents).settings() {
            let last = setting.last();
            let places = match catalogue.lookup(&last.item.name) {
                Some(entry) if entry.repeatable => setting.list(),
                Some(_) => std::slice::from_ref(&last),
                None => setting.occurrences(),
            };
            let values = places
                .iter()
                .map(|place| place.item.text().unwrap_or("true").to_owned());
            let entry = Setting {
                name: catalogue.canonical_name(&last.item.name),
                content: Content::Values(values.collect()),
                origin: Origin::File {
                    source: Arc::clone(documents[last.document].source()),
                    line: last.item.line,
                },
                hides: None,
            };
            effective.settings.insert(setting.key().clone(), entry);
        }
        effective
    }

    pub(crate) fn settings(&self) -> impl Iterator<Item = &Setting> {
        self.settings.values()
    }

    #[must_use]
    pub(crate) fn get(&self, key: &SettingKey) -> Option<&Setting> {
        self.settings.get(key)
    }
}

impl Content {
    /// The values, if they are known.
    #[must_use]
    pub(crate) fn values(&self) -> Option<&[String]> {
        match self {
            Self::Values(values) => Some(values),
            Self::Reference { value, .. } => value.as_ref().map(std::slice::from_ref),
        }
    }
}

impl From<VariableValue> for Reference {
    fn from(value: VariableValue) -> Self {
        match value {
            VariableValue::Secret { name, key } => Self::Secret { name, key },
            VariableValue::ConfigMap { name, key } => Self::ConfigMap { name, key },
            VariableValue::Text(_) | VariableValue::Cluster => Self::Cluster,
        }
    }
}

impl Reference {
    /// Name of the object that keeps it.
    #[must_use]
    pub(crate) fn object(&self) -> Option<&str> {
        match self {
            Self::Secret { name, .. } | Self::ConfigMap { name, .. } => Some(name),
            Self::Cluster => None,
        }
    }

    /// `Secret NAME, key KEY`
    #[must_use]
    pub(crate) fn describe(&self) -> String {
        match self {
            Self::Secret { name, key } => format!("Secret {name} key {key}"),
            Self::ConfigMap { name, key } => format!("ConfigMap {name} key {key}"),
            Self::Cluster => "the cluster".to_owned(),
        }
    }
}

/// The type of a setting; text when the catalogue does not know it.
fn value_type(name: &SettingName) -> ValueType {
    Catalogue::builtin()
        .lookup(name)
        .map_or(ValueType::String, |entry| entry.value_type)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::gcfg::parse_text;

    #[test]
    fn of_repeated_settings_the_last_holds_unless_they_are_lists() {
        let document = parse_text(
            "f",
            "[http]\nlisten = :1\nListen = :2\n[Python]\nExecutable = /a\nexecutable = /b\n\
             [New]\nThing = 1\nThing = 2\nOther\n",
        )
        .unwrap();
        let effective = Effective::of_documents([&document]);
        let shown: Vec<String> = effective
            .settings()
            .map(|s| format!("{} {:?}", s.name, s.content.values().unwrap()))
            .collect();
        assert_eq!(
            shown,
            [
                r#"HTTP.Listen [":2"]"#,
                r#"Python.Executable ["/a", "/b"]"#,
                r#"New.Thing ["1", "2"]"#,
                r#"New.Other ["true"]"#,
            ]
        );
    }

    #[test]
    fn a_key_alone_empties_a_list() {
        let document = parse_text("f", "[R]\nExecutable = /a\nExecutable\nExecutable = /b\n");
        let effective = Effective::of_documents([&document.unwrap()]);
        let setting = effective.settings().next().unwrap();
        assert_eq!(setting.content.values(), Some(&["/b".to_owned()][..]));
    }
}
