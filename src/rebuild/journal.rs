//! The journal's file: reading it, however it ended, and going on with it.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail};
use jiff::Timestamp;
use tokio::runtime::Handle;

use super::ledger::Ledger;
use super::mirror::{Copied, Mirror};
use super::record::{JournalEntry, Record, SCHEMA};
use super::writer::{FileSink, WriteError, Writer};
use crate::state;

/// The journal's name in its folder.
pub(super) const FILE: &str = "rebuild.jsonl";

/// A journal that is being written.
pub(crate) struct Journal {
    writer: Writer,
}

/// What a journal's file says.
#[derive(Debug, Default, PartialEq)]
pub(crate) struct Story {
    /// The entries, in order.
    pub entries: Vec<JournalEntry>,
    /// How many bytes from the start are whole lines.
    pub good: u64,
    /// Whole lines that cannot be read.
    pub unreadable: usize,
    /// The format that a first line names which says the rest in another way.
    foreign: Option<u32>,
}

/// What every format's first line has.
#[derive(serde::Deserialize)]
struct AnyHeader {
    event: String,
    schema: u32,
}

impl Story {
    /// Reads a journal's bytes. What stands behind the last line feed was cut off while it was
    /// written, so nobody was told that it had happened: it counts as not there.
    #[must_use]
    pub(crate) fn parse(bytes: &[u8]) -> Self {
        let good = memchr::memrchr(b'\n', bytes).map_or(0, |at| at + 1);
        let mut story = Self {
            good: good as u64,
            ..Self::default()
        };
        for line in bytes[..good].split(|byte| *byte == b'\n') {
            if line.is_empty() {
                continue;
            }
            match serde_json::from_slice(line) {
                Ok(entry) => story.entries.push(entry),
                Err(_) => {
                    story.unreadable += 1;
                    let header = serde_json::from_slice::<AnyHeader>(line).ok();
                    let header = header.filter(|header| header.event == "header");
                    story.foreign = story.foreign.or(header.map(|header| header.schema));
                }
            }
        }
        story
    }

    /// Reads the journal in a folder; `None` when there is none yet.
    ///
    /// # Errors
    /// It cannot be read, or was written by a later version of the tool.
    pub(crate) fn read(folder: &Path) -> anyhow::Result<Option<Self>> {
        Self::read_file(&folder.join(FILE))
    }

    /// Reads a journal.
    ///
    /// # Errors
    /// As [`Story::read`].
    pub(crate) fn read_file(path: &Path) -> anyhow::Result<Option<Self>> {
        let known = |bytes: Vec<u8>| Self::known(&bytes, &path.display().to_string());
        state::read(path)?.map(known).transpose()
    }

    /// Reads the bytes of the journal of this name.
    ///
    /// # Errors
    /// They were written by a later version of the tool.
    pub(crate) fn known(bytes: &[u8], name: &str) -> anyhow::Result<Self> {
        let story = Self::parse(bytes);
        if let Some(schema) = story.schema().filter(|schema| *schema > SCHEMA) {
            bail!(
                "{name} was written by a later version of connect-migrate (format {schema}, this one \
                 knows {SCHEMA}); use that version"
            );
        }
        Ok(story)
    }

    /// Says that lines of the journal of this name cannot be read, where there are any.
    pub(crate) fn speak_of_unreadable(&self, name: &str) {
        if let Some(lines) = unreadable_lines(self.unreadable, &format!("the journal {name}")) {
            crate::output::message(format!("warning: {lines}"));
        }
    }

    /// The server that the journal is about.
    #[must_use]
    pub(crate) fn server(&self) -> Option<&str> {
        self.entries.iter().find_map(|entry| match &entry.record {
            Record::Header { server, .. } => Some(server.as_str()),
            _ => None,
        })
    }

    /// Where the work stands.
    #[must_use]
    pub(crate) fn ledger(&self) -> Ledger {
        Ledger::replay(&self.entries)
    }

    fn schema(&self) -> Option<u32> {
        let known = self.entries.iter().find_map(|entry| match entry.record {
            Record::Header { schema, .. } => Some(schema),
            _ => None,
        });
        known.or(self.foreign)
    }
}

impl Journal {
    /// Goes on with the journal of a folder, or begins one. `good` is [`Story::good`], 0 for a new
    /// one. Whoever calls this holds the folder's lock.
    ///
    /// # Errors
    /// The file cannot be written.
    pub(crate) fn open(folder: &Path, good: u64, mirror: Option<Mirror>) -> anyhow::Result<Self> {
        let path = folder.join(FILE);
        let context = || format!("cannot write the journal {}", path.display());
        let fresh = !path.exists();
        let file = state::append_private(&path).with_context(context)?;
        let sink = FileSink::new(file, good).with_context(context)?;
        if fresh {
            sync_folder(folder).with_context(context)?;
        }
        let writer = match mirror {
            None => Writer::start(sink),
            Some(mirror) => {
                let mut bytes = state::read(&path)?.unwrap_or_default();
                bytes.truncate(usize::try_from(good).unwrap_or(usize::MAX));
                Writer::start(Copied::new(sink, bytes, mirror, Handle::current()))
            }
        };
        Ok(Self { writer })
    }

    /// Puts the journal of a folder aside, so that the next one begins afresh.
    ///
    /// # Errors
    /// The system refuses.
    pub(crate) fn put_aside(folder: &Path) -> anyhow::Result<Option<PathBuf>> {
        let path = folder.join(FILE);
        if !path.exists() {
            return Ok(None);
        }
        let stamp = Timestamp::now().strftime("%Y%m%dT%H%M%S");
        let aside = (0..)
            .map(|n| match n {
                0 => folder.join(format!("rebuild-{stamp}.jsonl")),
                n => folder.join(format!("rebuild-{stamp}-{n}.jsonl")),
            })
            .find(|path| !path.exists())
            .unwrap_or_else(|| folder.join("rebuild-old.jsonl"));
        fs::rename(&path, &aside)
            .with_context(|| format!("cannot put {} aside", path.display()))?;
        Ok(Some(aside))
    }

    /// The journals that were put aside, oldest first.
    ///
    /// # Errors
    /// The folder cannot be read.
    pub(crate) fn aside(folder: &Path) -> io::Result<Vec<PathBuf>> {
        let mut found = Vec::new();
        for file in fs::read_dir(folder)? {
            let path = file?.path();
            let name = path.file_name().unwrap_or_default().to_string_lossy();
            if name.starts_with("rebuild-") && name.ends_with(".jsonl") {
                found.push(path);
            }
        }
        found.sort();
        Ok(found)
    }

    /// Writes a record; returns when it is on the disk.
    ///
    /// # Errors
    /// It is not.
    pub(crate) async fn append(&self, record: Record) -> Result<(), WriteError> {
        self.writer.append(line(record)?).await
    }

    /// Writes a record without waiting for the disk. Only for what can be found out again.
    pub(crate) fn note(&self, record: Record) {
        if let Ok(line) = line(record) {
            self.writer.note(line);
        }
    }

    /// Waits until everything is on the disk.
    ///
    /// # Errors
    /// Something is not.
    pub(crate) async fn close(&self) -> Result<(), WriteError> {
        self.writer.close().await
    }
}

/// What is to be said of this many lines that cannot be read, if there are any.
pub(crate) fn unreadable_lines(lines: usize, journal: &str) -> Option<String> {
    let (lines, do_not) = match lines {
        0 => return None,
        1 => ("1 line".to_owned(), "does not"),
        lines => (format!("{lines} lines"), "do not"),
    };
    Some(format!(
        "{lines} of {journal} cannot be read and {do_not} count"
    ))
}

/// What a journal begins with. The server is named as it was given: that is what the folder is named
/// after, wherever it redirects to.
pub(super) fn header(server: String, release: Option<String>) -> Record {
    Record::Header {
        schema: SCHEMA,
        server,
        release,
        made_by: env!("CARGO_PKG_VERSION").to_owned(),
    }
}

pub(super) fn line(record: Record) -> Result<Vec<u8>, WriteError> {
    let mut line = serde_json::to_vec(&JournalEntry::now(record))
        .map_err(|error| WriteError(std::sync::Arc::new(io::Error::other(error))))?;
    line.push(b'\n');
    Ok(line)
}

/// Brings a new file's name onto the disk.
#[cfg(unix)]
fn sync_folder(folder: &Path) -> io::Result<()> {
    fs::File::open(folder)?.sync_all()
}

/// Elsewhere the system sees to it.
#[cfg(not(unix))]
fn sync_folder(_folder: &Path) -> io::Result<()> {
    Ok(())
}
