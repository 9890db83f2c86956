//! Why a stream is not touched.

use crate::diagnostic::InvalidInput;
use crate::manifests::{EditError, ObjectName};

use super::GCFG_KEY;

/// Why the overlay refuses a stream. The messages say what to do and hold nothing of the
/// configuration but names, as they travel through Helm and into the log.
#[derive(Debug, thiserror::Error)]
pub enum Refusal {
    /// No configuration in the stream.
    #[error(
        "no ConfigMap with the key {GCFG_KEY} in these manifests: is this the release of Posit Connect? (--allow-missing passes them through)"
    )]
    NoConfigMap,
    /// More than one, and none was picked.
    #[error(
        "{} ConfigMaps carry {GCFG_KEY}: {}; pick with --configmap NAMESPACE/NAME", .0.len(), names(.0)
    )]
    Several(Vec<ObjectName>),
    /// The one that was picked is not there.
    #[error("no ConfigMap {picked} with the key {GCFG_KEY} in these manifests; there is {}", names(.there))]
    NotPicked {
        /// As the command line has it.
        picked: String,
        there: Vec<ObjectName>,
    },
    /// One object stands in the stream twice.
    #[error("the ConfigMap {0} is in these manifests more than once")]
    Repeated(ObjectName),
    /// Nothing mounts it, so that nothing would restart.
    #[error(
        "no Deployment or StatefulSet in these manifests mounts the ConfigMap {0}, so that no pod would restart with the new settings (--allow-missing lays them all the same)"
    )]
    NoWorkload(ObjectName),
    /// A document that may be the one cannot be read.
    #[error(
        "document {document} (line {line} of the manifests) mentions {needle}, but is not YAML: {message}"
    )]
    NotYaml {
        /// Which document, from 1.
        document: usize,
        /// Line in the stream, from 1.
        line: usize,
        /// Why it was read.
        needle: String,
        /// What the parser says.
        message: String,
    },
    /// The configuration does not parse. The place is within the gcfg text.
    #[error("{GCFG_KEY} of the ConfigMap {name} does not parse: {}", first(.error))]
    Gcfg {
        name: ObjectName,
        error: InvalidInput,
    },
    /// The file that Connect reads behind it does not parse. The place is within that file.
    #[error("the second configuration file, {kept_in}, does not parse: {}", first(.error))]
    SecondFile {
        kept_in: String,
        error: InvalidInput,
    },
    /// What is laid would not count.
    #[error(
        "the second configuration file, {kept_in}, sets {setting}, and Connect reads it behind {GCFG_KEY}: take the setting out of it for the migration"
    )]
    Overruled { setting: String, kept_in: String },
    /// An original that all could read in the record.
    #[error(
        "{setting} of the ConfigMap {name} holds a credential; its original would be recorded in an annotation for all to read"
    )]
    Credential { setting: String, name: ObjectName },
    /// A document could not be edited.
    #[error("cannot edit {object}: {error}")]
    Edit { object: String, error: EditError },
    /// The marks are there, what they record is not, or does not fit.
    #[error(
        "the ConfigMap {name} is marked as overlaid, but {why}; take the settings and the connect-migrate/ annotations out by hand"
    )]
    Unrecorded {
        name: ObjectName,
        /// What does not fit.
        why: String,
    },
    /// The record would be larger than Kubernetes takes.
    #[error(
        "the record for the ConfigMap {0} would be larger than the 256 KiB that Kubernetes takes for annotations"
    )]
    TooLarge(ObjectName),
    /// A check of our own result failed.
    #[error("the result failed its own check ({0}); nothing was changed. Please report this")]
    SelfCheck(&'static str),
    /// The chained post-renderer failed or lost something.
    #[error("{0}")]
    Then(String),
}

fn names(names: &[ObjectName]) -> String {
    names
        .iter()
        .map(ToString::to_string)
        .collect::<Vec<_>>()
        .join(", ")
}

/// The place and message of the first error, without the line's text: it may hold a password.
fn first(error: &InvalidInput) -> String {
    let Some(diagnostic) = error.0.first() else {
        return String::new();
    };
    let place = diagnostic
        .place
        .as_ref()
        .map(|place| {
            let position = place.position();
            format!("line {}, column {}: ", position.line, position.column)
        })
        .unwrap_or_default();
    format!("{place}{} [{}]", diagnostic.message, diagnostic.code)
}
