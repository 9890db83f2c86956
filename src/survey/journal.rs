//! The rebuild's journal of a release.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use serde::Serialize;

use super::Survey;
use super::steps::ServerFacts;
use crate::connect::Server;
use crate::rebuild::journal::{Story, unreadable_lines};
use crate::state::{self, Lock};

/// How far the rebuild is, by its journal on this machine.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub(crate) struct Rebuild {
    pub journal: PathBuf,
    /// The server that it is about.
    pub server: Option<String>,
    /// Whether that is this release's server, as far as can be told.
    #[serde(skip)]
    pub is_known_to_be_ours: bool,
    /// The content that it is about.
    #[serde(skip)]
    pub guids: BTreeSet<String>,
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
    /// Lines of the journal that cannot be read, and do not count.
    pub unreadable_lines: usize,
}

impl Rebuild {
    /// Learns from a server what it has: a journal about none of that is another server's, whatever
    /// name and address they share.
    pub(crate) fn meet(&mut self, facts: Option<&ServerFacts>) {
        let Some(facts) = facts.filter(|facts| !facts.guids.is_empty()) else {
            return;
        };
        if !self.guids.is_empty() {
            self.is_known_to_be_ours = !self.guids.is_disjoint(&facts.guids);
        }
    }

    /// What is to be said behind its numbers where they may be too small; else nothing.
    pub(crate) fn doubt(&self) -> String {
        unreadable_lines(self.unreadable_lines, "the journal")
            .map_or_else(String::new, |lines| format!("; {lines}"))
    }

    /// Whether there is something left to do.
    #[must_use]
    pub(crate) const fn is_unfinished(&self) -> bool {
        self.under_way || self.running > 0 || self.waiting > 0
    }
}

/// Reads the journals that may be about a release: the one in the folder that is given, else those of
/// its name and those of the server's address. Releases of one name on several clusters are told
/// apart by their servers: `slug` is of the server that was asked for, if any.
///
/// # Errors
/// One is there and cannot be read.
pub(crate) fn journals(
    given: Option<&Path>,
    slug: Option<&str>,
    survey: &Survey,
) -> anyhow::Result<Vec<Rebuild>> {
    // What the release's own configuration says that its address is.
    let own = survey.configurations.iter().filter_map(|configuration| {
        let gcfg = configuration.live_gcfg()?;
        let document = crate::gcfg::parse_text("", gcfg).ok()?;
        let address = document.settings().filter(|setting| {
            let name = setting.name.to_string();
            name.eq_ignore_ascii_case("Server.Address")
        });
        let address: Server = address.last()?.text()?.parse().ok()?;
        Some(address.slug())
    });
    let own: Vec<String> = own.chain(slug.map(str::to_owned)).collect();
    let mut folders = Vec::new();
    match (given, state::root()) {
        (Some(folder), _) => folders.push((folder.to_path_buf(), true)),
        (None, Some(root)) => {
            for server in std::fs::read_dir(&root).into_iter().flatten().flatten() {
                let name = server.file_name();
                let is_ours = own.iter().any(|own| name == own.as_str());
                // A port that was forwarded leads anywhere, and most likely here.
                let is_forward = ["localhost", "127.0.0.1"]
                    .iter()
                    .any(|loopback| name.to_string_lossy().starts_with(loopback));
                // With the server's address given, others' are others.
                if is_ours || slug.is_none() {
                    let folder = server.path().join(&survey.release);
                    folders.push((folder, is_ours || is_forward || own.is_empty()));
                }
                if is_ours {
                    folders.push((server.path().join("_"), true));
                }
            }
        }
        (None, None) => {}
    }
    // Other things that are remembered lie beside them.
    folders.retain(|(folder, _)| folder.is_dir());
    folders.sort();
    let mut found = Vec::new();
    for (folder, is_known_to_be_ours) in folders {
        if let Some(story) = Story::read(&folder)? {
            let counts = story.ledger().counts();
            found.push(Rebuild {
                server: story.server().map(str::to_owned),
                is_known_to_be_ours,
                guids: story
                    .ledger()
                    .items()
                    .map(|(guid, _)| guid.as_str().to_owned())
                    .collect(),
                under_way: Lock::holder(&folder)?.is_some(),
                built: counts.built,
                failed: counts.failed,
                running: counts.running,
                waiting: counts.waiting,
                unreadable_lines: story.unreadable,
                journal: folder,
            });
        }
    }
    Ok(found)
}
