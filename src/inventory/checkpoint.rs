//! What was counted before an interruption.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::Path;

use anyhow::Context as _;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::connect::ContentGuid;
use crate::files::{self, Access, Existing};

/// The version of the file's form; another is not taken up.
const SCHEMA: u32 = 1;

/// How far counting uses has come. Its size is that of the content used, not of the uses.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Checkpoint {
    schema: u32,
    pub server: String,
    /// The beginning of the whole period.
    pub since: Timestamp,
    pub until: Timestamp,
    /// Up to when uses are counted.
    pub counted: Timestamp,
    /// Uses of each item.
    pub uses: BTreeMap<String, u64>,
}

impl Checkpoint {
    #[must_use]
    pub(crate) fn new(server: impl Into<String>, since: Timestamp, until: Timestamp) -> Self {
        Self {
            schema: SCHEMA,
            server: server.into(),
            since,
            until,
            counted: since,
            uses: BTreeMap::new(),
        }
    }

    /// Adds the uses of a stretch that ends at a moment.
    pub(crate) fn add(
        &mut self,
        uses: impl IntoIterator<Item = (ContentGuid, u64)>,
        counted: Timestamp,
    ) {
        for (guid, number) in uses {
            *self.uses.entry(guid.as_str().to_owned()).or_default() += number;
        }
        self.counted = counted;
    }

    /// Whether all is counted.
    #[must_use]
    pub(crate) fn is_complete(&self) -> bool {
        self.counted >= self.until
    }

    /// Reads one; `None` where there is none, or one of a form or a content that cannot be taken up.
    ///
    /// # Errors
    /// The file is there and cannot be read.
    pub(crate) fn read(path: &Path) -> anyhow::Result<Option<Self>> {
        let text = match fs::read(path) {
            Ok(text) => text,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => {
                return Err(error).with_context(|| format!("cannot read {}", path.display()));
            }
        };
        Ok(serde_json::from_slice(&text)
            .ok()
            .filter(|checkpoint: &Self| checkpoint.schema == SCHEMA))
    }

    /// Writes it in the place of the last.
    ///
    /// # Errors
    /// The system refuses.
    pub(crate) fn write(&self, path: &Path) -> anyhow::Result<()> {
        let text = serde_json::to_vec(self)?;
        files::write(path, &text, Access::Private, Existing::Replace)
    }
}
