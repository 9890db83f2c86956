//! Which content.

use std::time::Duration;

use clap::Args;

use super::in_cluster::argument;
use crate::cli::duration;
use crate::connect::ContentGuid;
use crate::inputs::{Source, one_stdin};
use crate::inventory;
use crate::rebuild::selection::{Selection, Wanted, read_list};

/// Which content to build. Lists may be combined; each item is built once.
#[derive(Debug, Clone, Args)]
pub(super) struct ChoiceArgs {
    /// Inventory with the items in order of priority (- for standard input)
    #[arg(long, value_name = "FILE", help_heading = "Content")]
    from: Vec<Source>,

    /// GUID or URL of an item
    #[arg(long, value_name = "GUID", help_heading = "Content")]
    guid: Vec<ContentGuid>,

    /// File with a GUID or URL per line, # for comments (- for standard input)
    #[arg(long, value_name = "FILE", help_heading = "Content")]
    guids_file: Vec<Source>,

    /// Everything on the server, the most used first
    #[arg(long, conflicts_with_all = ["from", "guid", "guids_file"], help_heading = "Content")]
    all: bool,

    /// Only the first N of the list; without a list, the N most used on the server
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..), help_heading = "Content")]
    top: Option<u32>,

    /// The period whose use counts
    #[arg(long, value_name = "TIME", value_parser = duration::parse, default_value = "90d", help_heading = "Content")]
    pub since: Duration,
}

impl ChoiceArgs {
    /// The choice, but for lists, as arguments.
    pub(super) fn arguments(&self) -> Vec<String> {
        let mut arguments = vec![argument("since", self.since)];
        arguments.extend(self.all.then(|| "--all".to_owned()));
        arguments.extend(self.top.map(|top| format!("--top={top}")));
        arguments
    }

    /// What was chosen; `None` when nothing was.
    ///
    /// # Errors
    /// A list cannot be read, or has something wrong in it.
    pub(super) fn selection(&self) -> anyhow::Result<Option<Selection>> {
        one_stdin(self.from.iter().chain(&self.guids_file))?;
        let mut listed = Vec::new();
        for source in &self.from {
            let inventory = inventory::open(source)?;
            listed.extend(inventory.content.into_iter().map(Wanted::of));
        }
        listed.extend(self.guid.iter().cloned().map(Wanted::new));
        for source in &self.guids_file {
            listed.extend(read_list(&source.file()?)?);
        }
        let named = !(self.from.is_empty() && self.guid.is_empty() && self.guids_file.is_empty());
        if !named && !self.all && self.top.is_none() {
            return Ok(None);
        }
        Ok(Some(Selection {
            listed: named.then_some(listed),
            all: !named,
            top: self.top.and_then(|top| usize::try_from(top).ok()),
        }))
    }
}
