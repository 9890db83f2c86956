//! What the overlay leaves in annotations.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use sha2::{Digest as _, Sha256};

/// The label of an overlaid ConfigMap.
pub const LABEL: &str = "connect-migrate/overlay";
pub const OVERLAY: &str = "temporary-settings";
/// The annotation of pods: the SHA-256 of the configuration that they run with. The chart computes
/// its own before post-rendering and mounts the file by `subPath`, so that without this neither
/// setting nor taking off would restart a pod.
pub const CHECKSUM: &str = "connect-migrate/config-checksum";

const VERSION: &str = "connect-migrate/overlay-version";
const ORIGINALS: &str = "connect-migrate/originals";
const SETTINGS: &str = "connect-migrate/settings";
const UNDO: &str = "connect-migrate/undo";
const WORKLOADS: &str = "connect-migrate/undo-workloads";
const AS_WRITTEN: &str = "connect-migrate/as-written";

/// Every annotation of an overlaid ConfigMap.
pub(super) const ANNOTATION_KEYS: &[&str] =
    &[VERSION, ORIGINALS, SETTINGS, UNDO, WORKLOADS, AS_WRITTEN];

/// The form of the record; a later one that an earlier program cannot take off has another number.
const CURRENT: &str = "1";

/// What Kubernetes takes for all annotations of an object together, in bytes.
pub(super) const ANNOTATIONS_LIMIT: usize = 256 * 1024;

/// What a setting was before.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Original {
    /// It was not there. JSON `null`.
    Absent,
    /// A key alone, without an equals sign. JSON `true`, which is what Connect reads.
    Blank,
    /// A value, decoded. A JSON string.
    Value(String),
}

impl Serialize for Original {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Absent => serializer.serialize_none(),
            Self::Blank => serializer.serialize_bool(true),
            Self::Value(text) => serializer.serialize_str(text),
        }
    }
}

/// Undoing for a workload.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct WorkloadUndo {
    pub kind: String,
    /// Its name; its namespace is the ConfigMap's.
    pub name: String,
    pub undo: Vec<Value>,
}

/// Where undoing an edit does not lead to the very bytes, the bytes that were there.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AsWritten {
    /// SHA-256 of the document that undoing leads to.
    pub sha256: String,
    /// Offset in that document, in bytes.
    pub at: usize,
    /// How many bytes go.
    pub delete: usize,
    /// What comes in their place.
    pub insert: String,
}

/// What the overlay leaves in a ConfigMap's annotations.
#[derive(Debug, Clone, PartialEq)]
pub struct Record {
    /// Of the record's form.
    pub version: String,
    /// Setting to what it was: null (absent), true (a key alone) or a text.
    pub originals: Map<String, Value>,
    /// Setting to the value that was laid.
    pub settings: Map<String, Value>,
    /// RFC 6902 operations that restore the ConfigMap; see [`super::undo`] about the gcfg text.
    pub undo: Vec<Value>,
    /// Operations that restore the workloads that mount it.
    pub workloads: Vec<WorkloadUndo>,
    /// Empty for nearly all manifests.
    pub as_written: Vec<AsWritten>,
}

impl Record {
    /// A record of this version with nothing in it yet.
    pub(super) fn new() -> Self {
        Self {
            version: CURRENT.to_owned(),
            originals: Map::new(),
            settings: Map::new(),
            undo: Vec::new(),
            workloads: Vec::new(),
            as_written: Vec::new(),
        }
    }

    /// The annotations that hold it.
    pub(super) fn annotations(&self) -> serde_json::Result<Vec<(&'static str, String)>> {
        let mut annotations = vec![
            (VERSION, self.version.clone()),
            (ORIGINALS, serde_json::to_string(&self.originals)?),
            (SETTINGS, serde_json::to_string(&self.settings)?),
            (UNDO, serde_json::to_string(&self.undo)?),
            (WORKLOADS, serde_json::to_string(&self.workloads)?),
        ];
        if !self.as_written.is_empty() {
            annotations.push((AS_WRITTEN, serde_json::to_string(&self.as_written)?));
        }
        Ok(annotations)
    }

    /// Reads it back.
    ///
    /// # Errors
    /// An annotation is missing or damaged, or a later version wrote it.
    pub fn read<'a>(annotation: impl Fn(&str) -> Option<&'a str>) -> Result<Self, String> {
        fn json<T: serde::de::DeserializeOwned>(key: &str, text: &str) -> Result<T, String> {
            serde_json::from_str(text).map_err(|_| format!("its annotation {key} is damaged"))
        }
        let text = |key| annotation(key).ok_or(format!("its annotation {key} is missing"));
        let version = text(VERSION)?;
        if version != CURRENT {
            return Err(format!(
                "another version of connect-migrate recorded it (form {version}, this one knows {CURRENT})"
            ));
        }
        Ok(Self {
            version: version.to_owned(),
            originals: json(ORIGINALS, text(ORIGINALS)?)?,
            settings: json(SETTINGS, text(SETTINGS)?)?,
            undo: json(UNDO, text(UNDO)?)?,
            workloads: json(WORKLOADS, text(WORKLOADS)?)?,
            as_written: annotation(AS_WRITTEN)
                .map_or(Ok(Vec::new()), |text| json(AS_WRITTEN, text))?,
        })
    }
}

/// The SHA-256 of a text, in hexadecimal.
pub(crate) fn sha256(text: &str) -> String {
    Sha256::digest(text.as_bytes())
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect()
}
