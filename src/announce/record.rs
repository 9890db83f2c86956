//! What we did to a configuration file, and how it goes back.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use super::text::{Banner, Change};
use crate::files::{self, Access, Existing, read_regular};
use crate::gcfg::edit::{self, Edit};
use crate::output;
use crate::state;

const SCHEMA: u32 = 1;

/// The messages in one configuration file. Of the file itself it holds nothing but what stood in
/// place of the message, since the rest may be secret.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct AnnouncementRecord {
    schema: u32,
    pub file: String,
    /// SHA-256 of the text without a message.
    original: String,
    /// The texts with a message that the file may have: one, or for a moment two.
    pub laid: Vec<Placed>,
    /// When the message was taken off.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub off: Option<Timestamp>,
}

/// One text with a message.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Placed {
    pub at: Timestamp,
    /// SHA-256 of the text.
    pub digest: String,
    pub undo: Vec<Edit>,
    pub changes: Vec<Change>,
}

/// How a file stands to its record.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub(crate) enum FileState {
    /// It has a message, and is to the byte what we wrote.
    Placed,
    /// It has none.
    Off,
    /// It is neither: somebody changed it since.
    Changed,
}

/// A recorded message, for those who only look.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub(crate) struct Announcement {
    pub file: String,
    /// How the file stands now; `None` where it cannot be read.
    pub standing: Option<FileState>,
    pub since: Timestamp,
    pub off: Option<Timestamp>,
    pub changes: Vec<Change>,
}

/// Where records lie.
pub(super) fn folder() -> anyhow::Result<PathBuf> {
    let root = state::root().context(
        "no place to record the announcement: neither XDG_STATE_HOME nor a home directory is set",
    )?;
    Ok(root.join("announcements"))
}

/// All messages that were recorded on this machine, by this account. One broken record hides nothing of
/// the others: it is warned of.
///
/// # Errors
/// The records cannot be listed.
pub(crate) fn all() -> anyhow::Result<Vec<Announcement>> {
    let Some(folder) = state::root().map(|root| root.join("announcements")) else {
        return Ok(Vec::new());
    };
    let mut found = Vec::new();
    let entries = match fs::read_dir(&folder) {
        Ok(entries) => entries,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(found),
        Err(error) => {
            return Err(error).with_context(|| format!("cannot read {}", folder.display()));
        }
    };
    for entry in entries {
        let path = entry?.path();
        let is_record = path.extension().is_some_and(|ext| ext == "json")
            && path.file_name().is_some_and(|name| name != "holder.json");
        if !is_record {
            continue;
        }
        let record = AnnouncementRecord::read_file(&path).unwrap_or_else(|error| {
            output::message(format!("warning: {error:#}"));
            None
        });
        let Some((record, laid)) = record.and_then(|r| Some((r.clone(), r.laid.last()?.clone())))
        else {
            continue;
        };
        let messages = record.all_messages();
        found.push(Announcement {
            standing: read_regular(Path::new(&record.file))
                .ok()
                .and_then(|bytes| String::from_utf8(bytes).ok())
                .map(|text| record.standing(&text)),
            file: record.file,
            since: laid.at,
            off: record.off,
            changes: laid
                .changes
                .into_iter()
                .map(|change| change.shown(&messages))
                .collect(),
        });
    }
    found.sort_by_key(|announcement| announcement.since);
    Ok(found)
}

impl AnnouncementRecord {
    /// Begins a record of a file that has this text.
    pub(super) fn new(file: &Path, text: &str) -> anyhow::Result<Self> {
        let name = file.to_str();
        Ok(Self {
            schema: SCHEMA,
            file: name
                .with_context(|| format!("the name of {} is not UTF-8", file.display()))?
                .to_owned(),
            original: digest(text),
            laid: Vec::new(),
            off: None,
        })
    }

    pub(super) fn read(folder: &Path, file: &Path) -> anyhow::Result<Option<Self>> {
        Self::read_file(&path(folder, &file.to_string_lossy()))
    }

    fn read_file(path: &Path) -> anyhow::Result<Option<Self>> {
        let Some(bytes) = state::read(path)? else {
            return Ok(None);
        };
        let unreadable = || {
            format!(
                "{} is no record of an announcement; put it aside, and take the message off by hand",
                path.display()
            )
        };
        let record: Self = serde_json::from_slice(&bytes).with_context(unreadable)?;
        if record.schema > SCHEMA {
            bail!(
                "{} was written by a later version of connect-migrate; use that version",
                path.display()
            );
        }
        Ok(Some(record))
    }

    pub(super) fn write(&self, folder: &Path) -> anyhow::Result<()> {
        let text = serde_json::to_vec_pretty(self)?;
        files::write(
            &path(folder, &self.file),
            &text,
            Access::Private,
            Existing::Replace,
        )
    }

    /// How a text of the file stands to this record.
    pub(super) fn standing(&self, text: &str) -> FileState {
        let digest = digest(text);
        if digest == self.original {
            FileState::Off
        } else if self.laid.iter().any(|laid| laid.digest == digest) {
            FileState::Placed
        } else if self.off.is_some() {
            // What became of the file after our message was taken off is not ours to judge.
            FileState::Off
        } else {
            FileState::Changed
        }
    }

    /// The text without a message, from one with it or from itself.
    pub(super) fn original_of(&self, text: &str) -> anyhow::Result<String> {
        let now = digest(text);
        let undo: &[Edit] = match self.laid.iter().find(|laid| laid.digest == now) {
            Some(laid) => &laid.undo,
            None => &[],
        };
        let original = edit::apply(text, undo)?;
        if digest(&original) != self.original {
            bail!(
                "the record of {} does not lead back to the file as it was; take the message off by \
                 hand",
                self.file
            );
        }
        Ok(original)
    }

    /// The messages in a text of the file.
    pub(super) fn messages(&self, text: &str) -> Vec<(Banner, String)> {
        let digest = digest(text);
        let laid = self.laid.iter().find(|laid| laid.digest == digest);
        let changes = laid.into_iter().flat_map(|laid| &laid.changes);
        changes
            .filter_map(|change| Some((Banner::of(&change.setting)?, change.after.clone()?)))
            .collect()
    }

    /// Every message that we have put there.
    pub(super) fn all_messages(&self) -> Vec<String> {
        let changes = self.laid.iter().flat_map(|laid| &laid.changes);
        changes.filter_map(|change| change.after.clone()).collect()
    }

    /// What taking the message off changes.
    pub(super) fn way_back(&self) -> Vec<Change> {
        let changes = self.laid.last().map(|laid| laid.changes.as_slice());
        let back = |change: &Change| Change {
            before: change.after.clone(),
            after: change.before.clone(),
            ..change.clone()
        };
        changes.unwrap_or_default().iter().map(back).collect()
    }
}

/// SHA-256 in hexadecimal digits.
pub(super) fn digest(text: &str) -> String {
    let hash = Sha256::digest(text.as_bytes());
    hash.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn path(folder: &Path, file: &str) -> PathBuf {
    folder.join(format!("{}.json", &digest(file)[..16]))
}
