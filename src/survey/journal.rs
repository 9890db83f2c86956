//! The rebuild's journal of a release.

use std::path::{Path, PathBuf};

use serde::Serialize;

use crate::rebuild::journal::Story;
use crate::state::{self, Lock};

/// How far the rebuild is, by its journal on this machine.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Rebuild {
    pub journal: PathBuf,
    /// The server that it is about.
    pub server: Option<String>,
    /// Whether a run is under way on this machine.
    pub under_way: bool,
    /// How many items are built.
    pub built: usize,
    /// How many could not be built.
    pub failed: usize,
    /// How many are submitted.
    pub running: usize,
    /// How many nothing was done for yet.
    pub waiting: usize,
}

impl Rebuild {
    /// Whether there is something left to do.
    #[must_use]
    pub(crate) const fn is_unfinished(&self) -> bool {
        self.under_way || self.running > 0 || self.waiting > 0
    }
}

/// Reads the journals that are about a release: the one in the folder that is given, else those of
/// its name and those of the server's address.
///
/// # Errors
/// One is there and cannot be read.
pub(crate) fn journals(
    given: Option<&Path>,
    slug: Option<&str>,
    release: &str,
) -> anyhow::Result<Vec<Rebuild>> {
    let mut folders = Vec::new();
    match (given, state::root()) {
        (Some(folder), _) => folders.push(folder.to_path_buf()),
        (None, Some(root)) => {
            for server in std::fs::read_dir(&root).into_iter().flatten().flatten() {
                folders.push(server.path().join(release));
                if slug.is_some_and(|slug| server.file_name() == slug) {
                    folders.push(server.path().join("_"));
                }
            }
        }
        (None, None) => {}
    }
    // Other things that are remembered lie beside them.
    folders.retain(|folder| folder.is_dir());
    folders.sort();
    let mut found = Vec::new();
    for folder in folders {
        if let Some(story) = Story::read(&folder)? {
            let counts = story.ledger().counts();
            found.push(Rebuild {
                server: story.server().map(str::to_owned),
                under_way: Lock::holder(&folder)?.is_some(),
                built: counts.built,
                failed: counts.failed,
                running: counts.running,
                waiting: counts.waiting,
                journal: folder,
            });
        }
    }
    Ok(found)
}
