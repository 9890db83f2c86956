//! Whether the overlay is on.

use std::sync::Arc;

use serde::Serialize;
use serde_json::{Map, Value};

use crate::diagnostic::{Code, Diagnostic, InvalidInput};
use crate::gcfg::{self, Document};
use crate::manifests::objects;
use crate::source::{SourceFile, Span};
use crate::yaml;

use super::find::{targets, workloads};
use super::marks::POD_ANNOTATIONS;
use super::record::{CHECKSUM, OVERLAY, Original, Record, sha256};
use super::refusal::Refusal;
use super::take_off::is_marked;
use super::workspace::Workspace;
use super::{GCFG_KEY, gcfg_text, second_file, temporary, undo};

/// The version of the form of what is said.
const SCHEMA: u32 = 1;

/// What a stream of manifests, or a configuration, says about the overlay.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct Shown {
    schema: u32,
    /// `temporary-settings` where at least one configuration has the overlay on.
    pub overlay: Option<&'static str>,
    /// The originals of the first configuration that has it on: null (absent), true (a key alone)
    /// or a text.
    pub originals: Map<String, Value>,
    pub config_maps: Vec<ConfigurationState>,
}

/// What one configuration says.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct ConfigurationState {
    /// Of the ConfigMap; `None` where the manifest leaves it to Helm, and for a gcfg file.
    pub namespace: Option<String>,
    /// Of the ConfigMap; `None` for a gcfg file.
    pub name: Option<String>,
    /// Whether it carries the overlay's marks.
    pub on: bool,
    /// Whether the three temporary settings have their temporary values, however they got them.
    pub in_effect: bool,
    /// Whether the overlay can be taken off: the record is whole, and no line that it is about has
    /// changed since. `None` where it is not on.
    pub intact: Option<bool>,
    /// The form of the record.
    pub version: Option<String>,
    /// What the settings were.
    pub originals: Map<String, Value>,
    pub settings: Map<String, Value>,
    /// The three temporary settings as they are: null (absent), true (a key alone) or a text.
    pub effective: Map<String, Value>,
    /// What mounts it, and whether its pods restart with this very configuration.
    pub workloads: Vec<Mounting>,
    /// Where a second configuration file sets temporary settings: the object that holds it, and
    /// their names.
    #[serde(skip)]
    pub(crate) second_file_sets: Option<String>,
}

/// A workload that mounts a configuration.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct Mounting {
    pub kind: String,
    pub name: String,
    /// Whether the checksum on its pods is the one of the configuration; `None` without a checksum.
    pub checksum_matches: Option<bool>,
}

/// Looks into a file: manifests, or a configuration alone and the second one `beside` it.
///
/// # Errors
/// It is neither, or as [`detect`].
pub(crate) fn detect_file(
    source: &Arc<SourceFile>,
    beside: impl FnOnce() -> anyhow::Result<Option<Document>>,
) -> anyhow::Result<Shown> {
    let text = source.text();
    if is_gcfg(source) {
        let mut documents = vec![gcfg::parse_text(source.name(), text)?];
        documents.extend(beside()?);
        return Ok(detect_gcfg(&documents));
    }
    // Where no document is about Connect none is read, and what is no YAML at all has none.
    if let Err(error) = yaml::load(text) {
        let broken = Diagnostic::error(Code::ManifestUnusable, error.message)
            .at(source, Span::new(error.offset, error.offset))
            .help("give manifests as helm get manifest prints them, or a gcfg file");
        return Err(InvalidInput::from(broken).into());
    }
    Ok(detect(text.as_bytes())?)
}

/// A gcfg file has a header; manifests parse as gcfg only when they are empty.
fn is_gcfg(source: &SourceFile) -> bool {
    let text = source.text();
    let header = text.lines().any(|line| line.trim_start().starts_with('['));
    let manifest = text.contains("kind") && text.contains("metadata");
    header && (!manifest || gcfg::parse_text("", text).is_ok())
}

/// Looks into a stream of manifests.
///
/// # Errors
/// A document that may hold the configuration cannot be read, or the configuration does not parse.
pub fn detect(bytes: &[u8]) -> Result<Shown, Refusal> {
    let workspace = Workspace::new(bytes);
    let mut config_maps = Vec::new();
    for target in targets(&workspace)? {
        let root = workspace.root(target.document, GCFG_KEY)?;
        let Some(object) = objects(&root).into_iter().find(|o| o.path == target.path) else {
            continue;
        };
        let mounting = workloads(&workspace, &target.name)?;
        let second = second_file::of(&workspace, &target.name, &mounting)?;
        let (kept_in, second) = second.map_or((String::new(), None), |second| {
            (second.kept_in, second.document)
        });
        let gcfg = gcfg::parse_text(GCFG_KEY, &target.gcfg).map_err(|error| Refusal::Gcfg {
            name: target.name.clone(),
            error,
        })?;
        let mut found = read(std::iter::once(&gcfg).chain(&second));
        found.namespace.clone_from(&target.name.namespace);
        found.name = Some(target.name.name.clone());
        found.second_file_sets = second.as_ref().and_then(|second| {
            let names = temporary().into_iter().map(|setting| setting.name);
            let set =
                names.filter(|name| gcfg_text::effective(&[second], name) != Original::Absent);
            let set: Vec<String> = set.map(|name| name.to_string()).collect();
            (!set.is_empty()).then(|| format!("{kept_in} sets {}", set.join(", ")))
        });
        found.on = is_marked(object.node);
        if found.on {
            let record = Record::read(|key| object.annotation(key));
            found.intact = Some(
                record
                    .as_ref()
                    .is_ok_and(|record| undo::restore(&target.gcfg, &record.undo).is_ok()),
            );
            if let Ok(record) = record {
                found.version = Some(record.version);
                found.originals = record.originals;
                found.settings = record.settings;
            }
        }
        let checksum = sha256(&target.gcfg);
        for workload in mounting {
            let root = workspace.root(workload.document, GCFG_KEY)?;
            let pods = workload
                .path
                .find(&root)
                .and_then(|o| o.at(POD_ANNOTATIONS));
            let there = pods.and_then(|pods| pods.get(CHECKSUM)?.as_str());
            found.workloads.push(Mounting {
                kind: workload.kind,
                name: workload.name.name,
                checksum_matches: there.map(|there| there == checksum),
            });
        }
        config_maps.push(found);
    }
    let on = config_maps.iter().find(|found| found.on);
    Ok(Shown {
        schema: SCHEMA,
        overlay: on.map(|_| OVERLAY),
        originals: on.map(|found| found.originals.clone()).unwrap_or_default(),
        config_maps,
    })
}

/// Looks into configuration files alone, which are read one after another. They have no marks: the
/// overlay counts as on where all three settings have their temporary values.
#[must_use]
fn detect_gcfg(documents: &[Document]) -> Shown {
    let found = read(documents);
    Shown {
        schema: SCHEMA,
        overlay: found.in_effect.then_some(OVERLAY),
        originals: Map::new(),
        config_maps: vec![found],
    }
}

fn read<'a>(documents: impl IntoIterator<Item = &'a Document>) -> ConfigurationState {
    let documents: Vec<&Document> = documents.into_iter().collect();
    let mut effective = Map::new();
    let mut in_effect = true;
    for setting in temporary() {
        let is = gcfg_text::effective(&documents, &setting.name);
        in_effect &= is == Original::Value(setting.value);
        let is = serde_json::to_value(is).unwrap_or_default();
        effective.insert(setting.name.to_string(), is);
    }
    ConfigurationState {
        namespace: None,
        name: None,
        on: false,
        in_effect,
        intact: None,
        version: None,
        originals: Map::new(),
        settings: Map::new(),
        effective,
        workloads: Vec::new(),
        second_file_sets: None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_a_file_the_overlay_is_on_when_all_three_are() {
        let on = |text: &str| {
            let document = crate::gcfg::parse_text("c.gcfg", text).unwrap();
            detect_gcfg(&[document]).overlay.is_some()
        };
        let scheduler = "[Scheduler]\nMinProcessesLimit = 0\n";
        let one = "[Applications]\nScheduleConcurrency = 0\n";
        let both = format!("{one}PythonEnvironmentReaping = false\n");
        assert!(on(&format!("{scheduler}{both}")));
        assert!(!on(&format!("{scheduler}{one}")));
        assert!(!on(&both));
        assert!(!on(""));
    }
}
