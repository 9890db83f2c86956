//! One setting of the catalogue.

use std::fmt;

use serde::Deserialize;

use super::values::same_meaning;
use crate::gcfg::{Section, SettingName};

/// What a value is to Connect.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ValueType {
    String,
    Bool,
    Int,
    Float,
    /// A length of time, such as `500ms` or `3m`.
    Duration,
    /// A number of bytes, such as `5 MB` or `5 KiB`.
    Bytes,
}

impl fmt::Display for ValueType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::String => "text",
            Self::Bool => "boolean",
            Self::Int => "integer",
            Self::Float => "number",
            Self::Duration => "duration",
            Self::Bytes => "size in bytes",
        })
    }
}

/// Whether a setting's value must not be shown.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Secrecy {
    /// The value is no secret by itself. Like every value, it may still be a URL with a password.
    #[default]
    No,
    /// The value is a credential.
    Value,
    /// The value is a URL, or a database's connection string, that may hold a password.
    Url,
    /// The value is a public address, in whose path an identity provider names its tenant or
    /// application: what is as long and mixed as a key there is none.
    Address,
    /// The value is a header of HTTP, whatever its name.
    Header,
}

/// What becomes of a setting on Kubernetes.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Fate {
    #[default]
    Keep,
    /// It carries over, but a person must look at it.
    Review,
    /// It has no place on Kubernetes.
    Drop,
    /// The chart has values of its own for it.
    Chart,
    /// The migration cannot go on with it.
    Block,
}

/// How much is known about `CONNECT_<SECTION>_<PROPERTY>` for a setting.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Environment {
    /// Published configurations use the variable.
    Confirmed,
    /// The variable's name follows the documented pattern.
    #[default]
    Pattern,
    /// No variable can stand for the setting.
    None,
}

/// What we know about a setting.
#[derive(Debug, Clone, PartialEq)]
pub struct Entry {
    /// The section's canonical spelling.
    pub section: String,
    /// Whether the section is written with a name of its own, as in `[LDAP "corp"]`.
    pub named: bool,
    /// The property's canonical spelling.
    pub property: String,
    /// What a value is.
    pub value_type: ValueType,
    /// Whether several values gather in a list; otherwise the last one holds.
    pub repeatable: bool,
    /// The documented default, as a gcfg file would spell it; `None` when it is not known.
    pub default: Option<String>,
    /// Whether the value must not be shown.
    pub secrecy: Secrecy,
    /// What becomes of it, unless its value is one of `keep_when`.
    pub fate: Fate,
    /// Values with which it carries over, whatever `fate` says.
    pub keep_when: Vec<String>,
    /// Which kind of story this is, in kebab-case and stable.
    pub code: String,
    /// Why, and what to do, in one or two sentences for an administrator.
    pub reason: String,
    /// `Section.Property`, or a property of the same section, that took its place.
    pub renamed_to: Option<String>,
    /// Whether an environment variable can stand for it.
    pub environment: Environment,
    /// What holds for values in `keep_when`.
    pub(super) carries_over: (String, String),
}

/// A fate with its reason.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Decision<'a> {
    /// What becomes of the setting.
    pub fate: Fate,
    /// Which kind of story this is.
    pub code: &'a str,
    /// Why, and what to do.
    pub reason: &'a str,
}

impl Entry {
    /// The setting's name in canonical spelling. The subsection counts only in named sections.
    #[must_use]
    pub fn canonical_name(&self, subsection: Option<&str>) -> SettingName {
        let section = match subsection {
            Some(subsection) if self.named => Section::named(&self.section, subsection),
            _ => Section::plain(&self.section),
        };
        SettingName::new(section, &self.property)
    }

    /// What becomes of the setting with this value; `None` is a key without an equals sign, which
    /// means `true`.
    #[must_use]
    pub fn decide(&self, value: Option<&str>) -> Decision<'_> {
        let value = value.unwrap_or("true");
        let carries_over = self.keep_when.iter().any(|kept| {
            same_meaning(self.value_type, kept, value)
                || (self.value_type == ValueType::String && kept.eq_ignore_ascii_case(value))
        });
        if carries_over {
            let (code, reason) = &self.carries_over;
            return Decision {
                fate: Fate::Keep,
                code,
                reason,
            };
        }
        Decision {
            fate: self.fate,
            code: &self.code,
            reason: &self.reason,
        }
    }

    /// Whether values ask for nothing but what happens without the setting.
    #[must_use]
    pub fn says_nothing(&self, values: &[String]) -> bool {
        values.iter().all(|value| {
            value.is_empty()
                || self
                    .default
                    .as_ref()
                    .is_some_and(|default| same_meaning(self.value_type, default, value))
        })
    }

    /// The setting that took this one's place, in canonical spelling.
    #[must_use]
    pub fn successor(&self, subsection: Option<&str>) -> Option<SettingName> {
        let successor = self.renamed_to.as_deref()?;
        Some(match successor.split_once('.') {
            Some((section, property)) => SettingName::new(Section::plain(section), property),
            None => {
                let section = self.canonical_name(subsection).section;
                SettingName::new(section, successor)
            }
        })
    }
}
