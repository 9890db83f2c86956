//! A copy of the journal in a ConfigMap, for a run in a pod whose disk goes with it.
//!
//! What the journal relies upon is in the copy before it counts, so a pod that is lost with its disk
//! loses nothing: the next one goes on from the copy.

use std::fs;
use std::io::{self, Read as _, Write as _};
use std::path::Path;
use std::time::Duration;

use anyhow::{Context as _, bail};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use flate2::Compression;
use flate2::read::GzDecoder;
use flate2::write::GzEncoder;
use serde_json::{Value, json};
use tokio::runtime::Handle;

use super::writer::{FileSink, Sink};
use crate::output;
use crate::release::{AccessError, Cluster};
use crate::state;

/// The journal's key in the ConfigMap. Compressed, since a ConfigMap holds no more than 1 MiB: that
/// is the journal of some ten thousand items.
const KEY: &str = "rebuild.jsonl.gz";

/// The most that is put into it, base64 and the object around it included.
const LIMIT: usize = 1_000_000;

/// How often a write is tried that the API server does not take, a second and more apart.
const ATTEMPTS: u32 = 8;

/// A ConfigMap with a copy of a journal.
pub(crate) struct Mirror {
    cluster: Cluster,
    /// As it was read or written last. Its version sees to it that there is one writer.
    object: Value,
    /// The journal itself is on a disk that stays, so the copy may fall behind it.
    may_fall_behind: bool,
    /// It has outgrown the ConfigMap.
    is_full: bool,
}

impl Mirror {
    /// The copy in a ConfigMap that is there, and what it holds.
    ///
    /// # Errors
    /// It is not to be had, or holds something else.
    pub(crate) async fn open(
        cluster: Cluster,
        name: &str,
        may_fall_behind: bool,
    ) -> anyhow::Result<(Self, Vec<u8>)> {
        let object = cluster.config_map(name).await?;
        let bytes = read(&object)?;
        let mirror = Self {
            cluster,
            object,
            may_fall_behind,
            is_full: false,
        };
        Ok((mirror, bytes))
    }

    /// Brings the copy to a folder whose journal is shorter, as that of a new pod is.
    ///
    /// # Errors
    /// The file cannot be written.
    pub(crate) fn restore(bytes: &[u8], folder: &Path) -> anyhow::Result<()> {
        let path = folder.join(super::journal::FILE);
        let there = fs::metadata(&path).map_or(0, |meta| meta.len());
        if there >= bytes.len() as u64 {
            return Ok(());
        }
        state::create_private(folder)?;
        let context = || format!("cannot write the journal {}", path.display());
        let mut file = state::append_private(&path).with_context(context)?;
        file.set_len(0).with_context(context)?;
        file.write_all(bytes).with_context(context)?;
        file.sync_all().with_context(context)
    }

    async fn put(&mut self, bytes: &[u8]) -> io::Result<()> {
        if self.is_full {
            return Ok(());
        }
        let data = write(bytes)?;
        if data.len() > LIMIT && self.may_fall_behind {
            self.is_full = true;
            output::message(
                "The journal has outgrown a ConfigMap (1 MiB): from here on it is on the claim alone, \
                 and who follows sees no more of it.",
            );
            return Ok(());
        }
        if data.len() > LIMIT {
            return Err(io::Error::other(
                "the journal has outgrown a ConfigMap (1 MiB); keep it on a claim (--claim), or \
                 rebuild the rest from a machine",
            ));
        }
        self.object["binaryData"] = json!({ KEY: data });
        let mut attempt = 0;
        loop {
            match self.cluster.replace(&self.object).await {
                Ok(Some(now)) => {
                    self.object["metadata"]["resourceVersion"] =
                        now["metadata"]["resourceVersion"].clone();
                    return Ok(());
                }
                Ok(None) if attempt == 0 => {
                    return Err(io::Error::other(
                        "another pod writes the journal's copy; this one ends",
                    ));
                }
                // An attempt whose answer was lost has changed the version.
                Ok(None) => self.catch_up(&data).await?,
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

    /// Reads the copy again; it must hold what was to be written, or what was written before.
    async fn catch_up(&mut self, data: &str) -> io::Result<()> {
        let name = self.object["metadata"]["name"].as_str().unwrap_or_default();
        let now = self.cluster.config_map(name).await;
        let now = now.map_err(io::Error::other)?;
        if now["binaryData"][KEY].as_str() != Some(data) {
            return Err(io::Error::other(
                "another pod writes the journal's copy; this one ends",
            ));
        }
        self.object["metadata"]["resourceVersion"] = now["metadata"]["resourceVersion"].clone();
        Ok(())
    }
}

/// The ConfigMap's data for a journal.
pub(super) fn binary_data(bytes: &[u8]) -> io::Result<Value> {
    Ok(json!({ KEY: write(bytes)? }))
}

fn write(bytes: &[u8]) -> io::Result<String> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(bytes)?;
    Ok(STANDARD.encode(encoder.finish()?))
}

/// The journal in a ConfigMap; empty where there is none yet.
///
/// # Errors
/// There is something else in it.
pub(super) fn read(object: &Value) -> anyhow::Result<Vec<u8>> {
    let Some(text) = object["binaryData"][KEY].as_str() else {
        return Ok(Vec::new());
    };
    let name = object["metadata"]["name"].as_str().unwrap_or_default();
    let Ok(packed) = STANDARD.decode(text) else {
        bail!("the ConfigMap {name} holds no journal");
    };
    let mut bytes = Vec::new();
    GzDecoder::new(packed.as_slice())
        .read_to_end(&mut bytes)
        .with_context(|| format!("the ConfigMap {name} holds no journal"))?;
    Ok(bytes)
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
mod tests {
    use super::*;

    #[test]
    fn a_journal_survives_the_way_there_and_back() {
        let line = br#"{"at":"2026-11-22T10:00:00Z","event":"built","guid":"g","bundle":"1","seconds":2.0}"#;
        let journal = [line.as_slice(), b"\n"].concat().repeat(10_000);
        let object = json!({"binaryData": binary_data(&journal).unwrap()});
        assert_eq!(read(&object).unwrap(), journal);
        assert_eq!(read(&json!({})).unwrap(), b"");
        assert!(read(&json!({"binaryData": {KEY: "AAAA"}})).is_err());
    }

    #[test]
    fn a_longer_journal_is_kept() {
        let folder = tempfile::tempdir().unwrap();
        Mirror::restore(b"one\n", folder.path()).unwrap();
        Mirror::restore(b"one\ntwo\n", folder.path()).unwrap();
        Mirror::restore(b"one\n", folder.path()).unwrap();
        let path = folder.path().join(crate::rebuild::journal::FILE);
        assert_eq!(fs::read(path).unwrap(), b"one\ntwo\n");
    }
}
