//! A copy of the journal in ConfigMaps, for a run in a pod whose disk goes with it.
//!
//! What the journal relies upon is in the copy before it counts, so a pod that is lost with its disk
//! loses nothing: the next one goes on from the copy.

mod part;
mod read;
mod store;

use std::io::{self, Write as _};
use std::path::Path;
use std::time::Duration;

use anyhow::{Context as _, bail};
use serde_json::Value;
use tokio::runtime::Handle;

use super::journal::Journal;
use super::writer::{FileSink, Sink};
use crate::output;
use crate::release::{AccessError, Cluster};
use crate::state;

pub(super) use part::{LIMIT, names, split};
pub(super) use read::{ReadError, Reader};
use store::Store;

/// How often a write is tried that the API server does not take, a second and more apart.
const ATTEMPTS: u32 = 8;

/// The ConfigMaps with a copy of a journal, as their one writer has them.
pub(crate) struct Mirror<S = Cluster> {
    store: S,
    /// Those that are not full, the one that is written first.
    names: Vec<String>,
    /// That one, as it was read or written last. Its version sees to it that there is one writer.
    object: Value,
    /// Where in the journal it begins.
    begins: usize,
    /// How much of the journal is in the copy.
    copied: usize,
    /// The journal itself is on a disk that stays, so the copy may fall behind it.
    may_fall_behind: bool,
    /// It has outgrown the ConfigMaps.
    has_fallen_behind: bool,
}

impl<S: Store> Mirror<S> {
    /// The copy in ConfigMaps that are there, and what it holds.
    ///
    /// # Errors
    /// It is not to be had, or holds something else.
    pub(crate) async fn open(
        store: S,
        name: &str,
        may_fall_behind: bool,
    ) -> anyhow::Result<(Self, Vec<u8>)> {
        let mut names = names(name);
        let mut object = store.get(&names.remove(0)).await?;
        let mut bytes = Vec::new();
        let mut begins = 0;
        loop {
            bytes.extend(part::bytes(&object)?);
            if !part::is_full(&object) || names.is_empty() {
                break;
            }
            begins = bytes.len();
            object = store.get(&names.remove(0)).await?;
        }
        // A torn last line is cut off and written again, but not in a part that is done with.
        if memchr::memrchr(b'\n', &bytes).map_or(0, |at| at + 1) < begins {
            bail!(
                "the copy of the journal breaks off within a line, where the ConfigMap {} should go on; \
                 somebody else has changed it",
                object["metadata"]["name"].as_str().unwrap_or_default()
            );
        }
        let mirror = Self {
            store,
            names,
            object,
            begins,
            copied: bytes.len(),
            may_fall_behind,
            has_fallen_behind: false,
        };
        Ok((mirror, bytes))
    }

    async fn put(&mut self, journal: &[u8]) -> io::Result<()> {
        if self.has_fallen_behind {
            return Ok(());
        }
        if self.copied - self.begins >= part::PART && !self.names.is_empty() {
            self.turn(journal).await?;
        }
        let fields = part::fields(&journal[self.begins..], false)?;
        if part::size(&fields) > part::LIMIT {
            if !self.may_fall_behind {
                return Err(io::Error::other(
                    "the journal has outgrown its ConfigMaps; keep it on a claim (--claim), or rebuild \
                     the rest from a machine",
                ));
            }
            self.has_fallen_behind = true;
            output::message(
                "The journal has outgrown its ConfigMaps: from here on it is on the claim alone, and who \
                 follows sees no more of it.",
            );
            return Ok(());
        }
        self.write(fields).await?;
        self.copied = journal.len();
        Ok(())
    }

    /// Marks the present ConfigMap as full and goes on with the next, where there is one.
    async fn turn(&mut self, journal: &[u8]) -> io::Result<()> {
        let next = match self.store.get(&self.names[0]).await {
            Ok(next) => next,
            // The Job was made without it.
            Err(AccessError::Missing { .. } | AccessError::Forbidden { .. }) => {
                self.names.clear();
                return Ok(());
            }
            Err(error) => return Err(io::Error::other(error)),
        };
        self.write(part::fields(&journal[self.begins..self.copied], true)?)
            .await?;
        self.names.remove(0);
        self.object = next;
        self.begins = self.copied;
        Ok(())
    }

    async fn write(&mut self, fields: serde_json::Map<String, Value>) -> io::Result<()> {
        for (key, value) in fields {
            self.object[key] = value;
        }
        let mut attempt = 0;
        loop {
            match self.store.replace(&self.object).await {
                Ok(Some(now)) => {
                    self.object["metadata"]["resourceVersion"] =
                        now["metadata"]["resourceVersion"].clone();
                    return Ok(());
                }
                Ok(None) if attempt == 0 => return Err(another()),
                // An attempt whose answer was lost has changed the version.
                Ok(None) => self.catch_up().await?,
                Err(
                    error @ (AccessError::Forbidden { .. }
                    | AccessError::Unauthorized { .. }
                    | AccessError::Missing { .. }),
                ) => return Err(io::Error::other(error)),
                Err(error) if attempt >= ATTEMPTS => return Err(io::Error::other(error)),
                Err(_) => tokio::time::sleep(Duration::from_secs(1 << attempt.min(4))).await,
            }
            attempt += 1;
        }
    }

    /// Reads the ConfigMap again; it must hold what was to be written.
    async fn catch_up(&mut self) -> io::Result<()> {
        let name = self.object["metadata"]["name"].as_str().unwrap_or_default();
        let now = self.store.get(name).await.map_err(io::Error::other)?;
        if now["binaryData"] != self.object["binaryData"] || now["data"] != self.object["data"] {
            return Err(another());
        }
        self.object["metadata"]["resourceVersion"] = now["metadata"]["resourceVersion"].clone();
        Ok(())
    }
}

fn another() -> io::Error {
    io::Error::other("another pod writes the journal's copy; this one ends")
}

/// Brings a copy to a folder whose journal is an earlier state of it, as that of a new pod is. One that
/// has gone on from the copy stays; one of other runs is put aside.
///
/// # Errors
/// The file cannot be written.
pub(super) fn restore(bytes: &[u8], folder: &Path) -> anyhow::Result<()> {
    let path = folder.join(super::journal::FILE);
    let mut there = state::read(&path)?.unwrap_or_default();
    // What stands behind the last line feed was cut off while it was written.
    let whole = memchr::memrchr(b'\n', &there).map_or(0, |at| at + 1);
    if there.starts_with(bytes) {
        return Ok(());
    }
    there.truncate(whole);
    if !bytes.starts_with(&there)
        && let Some(aside) = Journal::put_aside(folder)?
    {
        output::message(format!(
            "The journal that was in {} tells of other runs; it is now {}.",
            folder.display(),
            aside.display()
        ));
    }
    state::create_private(folder)?;
    let context = || format!("cannot write the journal {}", path.display());
    let mut file = state::append_private(&path).with_context(context)?;
    file.set_len(0).with_context(context)?;
    file.write_all(bytes).with_context(context)?;
    file.sync_all().with_context(context)
}

/// A journal's file and its copy.
pub(super) struct Copied {
    file: FileSink,
    bytes: Vec<u8>,
    mirror: Mirror,
    runtime: Handle,
}

impl Copied {
    pub(super) const fn new(
        file: FileSink,
        bytes: Vec<u8>,
        mirror: Mirror,
        runtime: Handle,
    ) -> Self {
        Self {
            file,
            bytes,
            mirror,
            runtime,
        }
    }
}

impl Sink for Copied {
    fn append(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.file.append(bytes)?;
        self.bytes.extend_from_slice(bytes);
        self.runtime.block_on(self.mirror.put(&self.bytes))
    }

    fn restore(&mut self) {
        self.file.restore();
    }
}

#[cfg(test)]
mod tests;
