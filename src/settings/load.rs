//! From the data files to entries.

use std::collections::HashMap;

use serde::Deserialize;
use serde::de::DeserializeOwned;

use super::entry::{Entry, Environment, Fate, Secrecy, ValueType};
use crate::yaml::{self, YamlError};

/// The code of settings that simply carry over.
const CARRIES_OVER: &str = "carries-over";

const CODES: &str = include_str!("catalogue/codes.yaml");

const FILES: &[&str] = &[
    include_str!("catalogue/authentication.yaml"),
    include_str!("catalogue/content.yaml"),
    include_str!("catalogue/database.yaml"),
    include_str!("catalogue/kubernetes.yaml"),
    include_str!("catalogue/languages.yaml"),
    include_str!("catalogue/observability.yaml"),
    include_str!("catalogue/server.yaml"),
];

/// A section as a file writes it.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawSection {
    pub section: String,
    #[serde(default)]
    pub named: bool,
    pub settings: Vec<RawSetting>,
}

/// A setting as a file writes it.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct RawSetting {
    pub name: String,
    #[serde(rename = "type")]
    value_type: ValueType,
    #[serde(default)]
    repeatable: bool,
    default: Option<String>,
    #[serde(default)]
    secrecy: Secrecy,
    #[serde(default)]
    fate: Fate,
    #[serde(default)]
    keep_when: Vec<String>,
    code: Option<String>,
    reason: Option<String>,
    renamed_to: Option<String>,
    #[serde(default)]
    environment: Environment,
}

/// Why the data files cannot be used.
#[derive(Debug, thiserror::Error)]
pub(super) enum LoadError {
    #[error(transparent)]
    Yaml(#[from] YamlError),
    #[error(transparent)]
    Form(#[from] serde_json::Error),
    #[error("{setting} has the code {code}, which codes.yaml does not explain")]
    UnknownCode { setting: String, code: String },
}

/// Codes with their reasons.
pub(super) type Codes = HashMap<String, String>;

/// The sections of every file, in file order.
pub(super) fn sections() -> Result<Vec<RawSection>, LoadError> {
    let mut sections = Vec::new();
    for file in FILES {
        sections.extend(read::<Vec<RawSection>>(file)?);
    }
    Ok(sections)
}

/// The one document of a file.
fn read<T: DeserializeOwned>(file: &str) -> Result<T, LoadError> {
    let document = yaml::documents(file)?.pop().unwrap_or_default();
    Ok(serde_json::from_value(document)?)
}

pub(super) fn codes() -> Result<Codes, LoadError> {
    read(CODES)
}

/// Completes a setting with what it leaves out.
pub(super) fn entry(
    section: &str,
    named: bool,
    raw: RawSetting,
    codes: &Codes,
) -> Result<Entry, LoadError> {
    let reason_of = |code: &str| {
        codes
            .get(code)
            .cloned()
            .ok_or_else(|| LoadError::UnknownCode {
                setting: format!("{section}.{}", raw.name),
                code: code.to_owned(),
            })
    };
    let code = raw.code.unwrap_or_else(|| CARRIES_OVER.to_owned());
    let general_reason = reason_of(&code)?;
    let carries_over = (CARRIES_OVER.to_owned(), reason_of(CARRIES_OVER)?);
    Ok(Entry {
        section: section.to_owned(),
        named,
        property: raw.name,
        value_type: raw.value_type,
        repeatable: raw.repeatable,
        default: raw.default,
        secrecy: raw.secrecy,
        fate: raw.fate,
        keep_when: raw.keep_when,
        code,
        reason: raw.reason.unwrap_or(general_reason),
        renamed_to: raw.renamed_to,
        environment: raw.environment,
        carries_over,
    })
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;
    use crate::gcfg::fold;

    fn assert_sorted(names: &[&str]) {
        for pair in names.windows(2) {
            assert!(
                fold(pair[0]) < fold(pair[1]),
                "{} before {}",
                pair[0],
                pair[1]
            );
        }
    }

    #[test]
    fn every_file_is_sorted_and_no_section_stands_twice() {
        let mut seen = HashSet::new();
        for file in FILES {
            let sections: Vec<RawSection> = read(file).unwrap();
            let names: Vec<&str> = sections.iter().map(|s| s.section.as_str()).collect();
            assert_sorted(&names);
            for section in &sections {
                assert!(seen.insert(fold(&section.section)), "{}", section.section);
                assert!(!section.settings.is_empty());
                let names: Vec<&str> = section.settings.iter().map(|s| s.name.as_str()).collect();
                assert_sorted(&names);
            }
        }
    }

    #[test]
    fn codes_are_sorted_and_kebab_case() {
        let codes: serde_yaml::Mapping = serde_yaml::from_str(CODES).unwrap();
        let names: Vec<&str> = codes.keys().map(|code| code.as_str().unwrap()).collect();
        assert_sorted(&names);
        for name in names {
            assert!(
                name.split('-')
                    .all(|word| !word.is_empty() && word.bytes().all(|b| b.is_ascii_lowercase())),
                "{name}"
            );
        }
    }

    #[test]
    fn a_code_without_a_reason_is_an_error() {
        let raw = serde_yaml::from_str("{name: X, type: bool, code: no-such}").unwrap();
        let error = entry("S", false, raw, &codes().unwrap()).unwrap_err();
        assert!(error.to_string().contains("no-such"), "{error}");
    }
}
