//! Taking the overlay off, from what the stream itself records.

use crate::manifests::{Edited, ObjectName, Path, objects, set_text};
use crate::yaml::Node;

use super::GCFG_KEY;
use super::marks::{ANNOTATIONS, Before, LABELS, Mapping, POD_ANNOTATIONS};
use super::record::{ANNOTATION_KEYS, AsWritten, CHECKSUM, LABEL, OVERLAY, Record, sha256};
use super::refusal::Refusal;
use super::undo::restore;
use super::workspace::Workspace;

/// The stream as it was before the overlay was laid: to the byte where it is the stream that was
/// handed out, and as objects where Helm has written it anew since. A stream without an overlay
/// comes back as it is.
///
/// # Errors
/// The marks are there, but the record is damaged, or the laid settings were changed since.
pub fn take_off(bytes: &[u8]) -> Result<Edited<'_>, Refusal> {
    let mut workspace = Workspace::new(bytes);
    take_off_in(&mut workspace)?;
    Ok(workspace.finish())
}

struct MarkedConfig {
    document: usize,
    path: Path,
    name: ObjectName,
    gcfg: String,
    record: Record,
}

/// Takes the overlay off. Says of which ConfigMaps.
pub(super) fn take_off_in(workspace: &mut Workspace<'_>) -> Result<Vec<ObjectName>, Refusal> {
    let overlaid = find(workspace)?;
    let mut as_written = Vec::new();
    for config in &overlaid {
        restore_config(workspace, config)?;
        restore_workloads(workspace, config)?;
        as_written.extend(&config.record.as_written);
    }
    restore_bytes(workspace, &as_written);
    Ok(overlaid.into_iter().map(|config| config.name).collect())
}

/// Whether an object carries a mark of ours.
pub(super) fn is_marked(object: &Node) -> bool {
    let label = object.at(LABELS).and_then(|labels| labels.get(LABEL));
    label.is_some()
        || object.at(ANNOTATIONS).is_some_and(|annotations| {
            ANNOTATION_KEYS
                .iter()
                .any(|key| annotations.get(key).is_some())
        })
}

fn find(workspace: &Workspace<'_>) -> Result<Vec<MarkedConfig>, Refusal> {
    let mut overlaid = Vec::new();
    for document in workspace.containing("connect-migrate/") {
        // Other documents may speak of us; only the configuration's must be understood.
        let bytes = workspace.bytes(document);
        if memchr::memmem::find(bytes, GCFG_KEY.as_bytes()).is_none() {
            continue;
        }
        let root = workspace.root(document, LABEL)?;
        for object in objects(&root) {
            let gcfg = object.node.at(&["data", GCFG_KEY]).and_then(Node::as_str);
            let (Some("ConfigMap"), Some(gcfg), Some(name)) = (object.kind(), gcfg, object.name())
            else {
                continue;
            };
            if !is_marked(object.node) {
                continue;
            }
            let unrecorded = |why: String| Refusal::Unrecorded {
                name: name.clone(),
                why,
            };
            let label = object.node.at(LABELS).and_then(|labels| labels.get(LABEL));
            if label.is_some_and(|label| label.as_str() != Some(OVERLAY)) {
                return Err(unrecorded(format!("its label {LABEL} is not {OVERLAY}")));
            }
            let record = Record::read(|key| object.annotation(key)).map_err(unrecorded)?;
            overlaid.push(MarkedConfig {
                document,
                path: object.path.clone(),
                gcfg: gcfg.to_owned(),
                name,
                record,
            });
        }
    }
    Ok(overlaid)
}

fn restore_config(workspace: &mut Workspace<'_>, config: &MarkedConfig) -> Result<(), Refusal> {
    let undo = &config.record.undo;
    let gcfg = restore(&config.gcfg, undo).map_err(|why| Refusal::Unrecorded {
        name: config.name.clone(),
        why,
    })?;
    let body = workspace.text(config.document, LABEL)?;
    let path = config.path.keys(&["data", GCFG_KEY]);
    let body = set_text(body, &path, &gcfg).map_err(|error| Refusal::Edit {
        object: format!("the ConfigMap {}", config.name),
        error,
    })?;
    workspace.set(config.document, body);
    for (chain, keys) in [
        (LABELS, &[LABEL] as &[&str]),
        (ANNOTATIONS, ANNOTATION_KEYS),
    ] {
        let before = Before::from_undo(undo, chain);
        let mapping = Mapping {
            object: &config.path,
            chain,
            name: &config.name,
        };
        take(workspace, config.document, &mapping, keys, before)?;
    }
    Ok(())
}

fn restore_workloads(workspace: &mut Workspace<'_>, config: &MarkedConfig) -> Result<(), Refusal> {
    for document in workspace.containing(CHECKSUM) {
        let root = workspace.root(document, CHECKSUM)?;
        for object in objects(&root) {
            let (Some(kind), Some(name)) = (object.kind(), object.name()) else {
                continue;
            };
            let namespaces = name.namespace.as_ref().zip(config.name.namespace.as_ref());
            let undo = config.record.workloads.iter().find(|undo| {
                undo.kind == kind
                    && undo.name == name.name
                    && namespaces.is_none_or(|(a, b)| a == b)
            });
            let pods = object.node.at(POD_ANNOTATIONS);
            if let (Some(undo), Some(_)) = (undo, pods.and_then(|pods| pods.get(CHECKSUM))) {
                let before = Before::from_undo(&undo.undo, POD_ANNOTATIONS);
                let mapping = Mapping {
                    object: &object.path,
                    chain: POD_ANNOTATIONS,
                    name: &name,
                };
                take(workspace, document, &mapping, &[CHECKSUM], before)?;
            }
        }
    }
    Ok(())
}

fn take(
    workspace: &mut Workspace<'_>,
    document: usize,
    mapping: &Mapping<'_>,
    keys: &[&str],
    before: Before,
) -> Result<(), Refusal> {
    let root = workspace.root(document, LABEL)?;
    if mapping.object.keys(mapping.chain).find(&root).is_none() {
        return Ok(());
    }
    let body = mapping.take(workspace.text(document, LABEL)?, &root, keys, before)?;
    workspace.set(document, body);
    Ok(())
}

/// Puts back what undoing cannot know, where the document is the one that this was recorded for.
fn restore_bytes(workspace: &mut Workspace<'_>, recorded: &[&AsWritten]) {
    if recorded.is_empty() {
        return;
    }
    for document in workspace.changed() {
        let Ok(text) = std::str::from_utf8(workspace.bytes(document)) else {
            continue;
        };
        let digest = sha256(text);
        let Some(as_written) = recorded.iter().find(|a| a.sha256 == digest) else {
            continue;
        };
        let end = as_written.at.saturating_add(as_written.delete);
        if let (Some(before), Some(after)) = (text.get(..as_written.at), text.get(end..)) {
            let text = format!("{before}{}{after}", as_written.insert);
            workspace.set(document, text);
        }
    }
}
