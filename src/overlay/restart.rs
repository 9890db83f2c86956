//! Restarting what runs with a configuration, in a way that Helm's record shows.

use crate::manifests::{Edited, ObjectName};

use super::find::workloads;
use super::marks::{Mapping, POD_ANNOTATIONS};
use super::refusal::Refusal;
use super::workspace::Workspace;

/// The annotation of pods that says when they were last restarted for their configuration.
const RESTARTED: &str = "connect-migrate/restarted-at";

/// A stream in which the pods of every workload that mounts one of these configurations have a new
/// annotation, so that they restart once it is applied.
///
/// # Errors
/// A document cannot be read or edited.
pub(crate) fn restarted<'a>(
    bytes: &'a [u8],
    configs: &[String],
    now: jiff::Timestamp,
) -> Result<Edited<'a>, Refusal> {
    let mut workspace = Workspace::new(bytes);
    let now = now.strftime("%Y-%m-%dT%H:%M:%SZ").to_string();
    for name in configs {
        let config = ObjectName {
            namespace: None,
            name: name.clone(),
        };
        for workload in workloads(&workspace, &config)? {
            let mapping = Mapping {
                object: &workload.path,
                chain: POD_ANNOTATIONS,
                name: &workload.name,
            };
            let body = workspace.text(workload.document, name)?;
            let body = mapping.put(body, &[(RESTARTED, &now)])?;
            workspace.set(workload.document, body);
        }
    }
    Ok(workspace.finish())
}
