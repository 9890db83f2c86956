//! What validations found, remembered for the report: the first one of a server, and the latest.

use std::fs;
use std::path::PathBuf;

use anyhow::Context as _;
use jiff::Timestamp;

use super::report::Validation;
use crate::connect::Server;
use crate::files::{self, Access, Existing};
use crate::state;

/// The folder within that of a server.
const FOLDER: &str = "validations";

/// So many of a server's are kept, besides the first.
const LATEST: usize = 9;

impl Validation {
    /// Keeps it where a report looks. Where there is no place for state nothing is kept.
    ///
    /// # Errors
    /// The system refuses.
    pub(crate) fn remember(&self, server: &Server, at: Timestamp) -> anyhow::Result<()> {
        let Some(root) = state::root() else {
            return Ok(());
        };
        let folder = root.join(server.slug()).join(FOLDER);
        state::create_private(&folder)
            .with_context(|| format!("cannot make the folder {}", folder.display()))?;
        let path = folder.join(format!("{}.json", at.strftime("%Y%m%dT%H%M%S%.3fZ")));
        let text = serde_json::to_vec(self)?;
        files::write(&path, &text, Access::Private, Existing::Replace)?;
        let all = kept(&folder);
        for old in all
            .iter()
            .skip(1)
            .take(all.len().saturating_sub(1 + LATEST))
        {
            fs::remove_file(old).with_context(|| format!("cannot remove {}", old.display()))?;
        }
        Ok(())
    }
}

/// The files of a folder, the earliest first: that is how their names sort.
fn kept(folder: &std::path::Path) -> Vec<PathBuf> {
    let files = fs::read_dir(folder).into_iter().flatten().flatten();
    let mut found: Vec<_> = files
        .map(|file| file.path())
        .filter(|path| path.extension().is_some_and(|ending| ending == "json"))
        .collect();
    found.sort();
    found
}

/// What is remembered of all servers, the earliest first.
#[must_use]
pub(crate) fn remembered() -> Vec<PathBuf> {
    let servers = state::root().and_then(|root| fs::read_dir(root).ok());
    let mut found: Vec<_> = servers
        .into_iter()
        .flatten()
        .flatten()
        .flat_map(|server| kept(&server.path().join(FOLDER)))
        .collect();
    found.sort_by(|one, other| one.file_name().cmp(&other.file_name()));
    found
}
