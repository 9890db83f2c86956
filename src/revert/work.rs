//! A place for a revert's files, and the right to be the only one at it on this machine.

use std::path::PathBuf;

use anyhow::{Context as _, bail};

use crate::release::Cluster;
use crate::state::{self, Lock};

/// What folders for charts are called.
const CHART: &str = "chart-";

pub(super) struct Work {
    _lock: Option<Lock>,
    folder: Option<PathBuf>,
}

impl Work {
    /// Takes the place for a release, and clears what a killed run has left there: values may be
    /// secrets.
    pub(super) fn take(cluster: &Cluster, release: &str) -> anyhow::Result<Self> {
        // Both become a folder's name.
        for name in [&cluster.namespace, release] {
            let plain = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '.';
            if name.is_empty() || name.starts_with('.') || !name.chars().all(plain) {
                bail!("{name:?} is no name of a release or namespace");
            }
        }
        let Some(root) = state::root() else {
            return Ok(Self {
                _lock: None,
                folder: None,
            });
        };
        let name = format!("{}__{release}", cluster.namespace);
        let folder = root.join("releases").join(name);
        state::create_private(&folder)?;
        let lock = match Lock::take(&folder) {
            Ok(lock) => lock,
            Err(state::Busy::Held { .. }) => bail!("another revert of {release} is under way"),
            Err(error) => return Err(error.into()),
        };
        for entry in std::fs::read_dir(&folder)?.flatten() {
            if entry.file_name().to_string_lossy().starts_with(CHART) {
                std::fs::remove_dir_all(entry.path())?;
            }
        }
        Ok(Self {
            _lock: Some(lock),
            folder: Some(folder),
        })
    }

    /// A folder of this run, only for its owner; removed when dropped.
    pub(super) fn folder(&self) -> anyhow::Result<tempfile::TempDir> {
        let mut builder = tempfile::Builder::new();
        builder.prefix(CHART);
        match &self.folder {
            Some(folder) => builder.tempdir_in(folder),
            None => builder.tempdir(),
        }
        .context("cannot make a folder for the chart")
    }
}
