//! The second configuration file, which Connect reads behind the one that the overlay is laid over:
//! a temporary setting that it sets counts, whatever the first says.

use super::find::Workload;
use super::refusal::Refusal;
use super::workspace::Workspace;
use crate::chart::{SECOND_FILE, SECOND_PATH, second_file};
use crate::effective::{Reference, Secrets};
use crate::gcfg::{self, Document};
use crate::manifests::{ObjectName, objects, server_container};
use crate::yaml::{Node, load, resolve};

/// A second file, as far as the stream tells.
pub(super) struct SecondFile {
    /// The object that holds it, for people.
    pub kept_in: String,
    /// `None` where that object is not in the stream.
    pub document: Option<Document>,
}

/// What the pods with a configuration find as their second file.
pub(super) fn of(
    workspace: &Workspace<'_>,
    config: &ObjectName,
    workloads: &[Workload],
) -> Result<Option<SecondFile>, Refusal> {
    for workload in workloads {
        let root = workspace.root(workload.document, SECOND_PATH)?;
        let Some(object) = workload.path.find(&root) else {
            continue;
        };
        if let Some(kept) = kept_in(object, &config.name) {
            return read(workspace, &kept).map(Some);
        }
    }
    Ok(None)
}

/// Where the pods of a workload with a ConfigMap find their second file.
#[must_use]
pub(crate) fn second_file_of(workload: &str, config_map: &str) -> Option<Reference> {
    let roots = load(workload).ok()?;
    let mut objects = roots.iter().flat_map(objects);
    objects.find_map(|object| kept_in(object.node, config_map))
}

fn kept_in(workload: &Node, config_map: &str) -> Option<Reference> {
    let part = |node: Option<&_>| node.and_then(|node| resolve(node).ok());
    let container = server_container(workload, Some(config_map));
    let mounts = part(container.and_then(|container| container.get("volumeMounts")));
    let volumes = part(workload.at(&["spec", "template", "spec", "volumes"]));
    second_file(volumes.as_ref(), mounts.as_ref()).map(Reference::from)
}

fn read(workspace: &Workspace<'_>, kept: &Reference) -> Result<SecondFile, Refusal> {
    let kept_in = kept.describe();
    let mut secrets = Secrets::default();
    if let Some(name) = kept.object() {
        for document in workspace.containing(name) {
            // One that cannot be read is no object of this name that Helm would take.
            let _ = secrets.add_manifest(workspace.text(document, name)?);
        }
    }
    let document = secrets.text(kept).map(|text| {
        gcfg::parse_text(SECOND_FILE, text).map_err(|error| Refusal::SecondFile {
            kept_in: kept_in.clone(),
            error,
        })
    });
    Ok(SecondFile {
        document: document.transpose()?,
        kept_in,
    })
}
