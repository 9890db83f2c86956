//! Which content.

use std::io::Read as _;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use clap::Args;

use crate::cli::duration;
use crate::connect::ContentGuid;
use crate::rebuild::inventory;
use crate::rebuild::selection::{Selection, Wanted, read_list};
use crate::source::SourceFile;

/// Which content to build. Lists may be combined; each item is built once.
#[derive(Debug, Clone, Args)]
pub(super) struct ChoiceArgs {
    /// Inventory with the items in order of priority (- for standard input)
    #[arg(long, value_name = "FILE", help_heading = "Content")]
    from: Vec<PathBuf>,

    /// GUID or URL of an item
    #[arg(long, value_name = "GUID", help_heading = "Content")]
    guid: Vec<ContentGuid>,

    /// File with a GUID or URL per line, # for comments (- for standard input)
    #[arg(long, value_name = "FILE", help_heading = "Content")]
    guids_file: Vec<PathBuf>,

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
    /// What was chosen; `None` when nothing was.
    ///
    /// # Errors
    /// A list cannot be read, or has something wrong in it.
    pub(super) fn selection(&self) -> anyhow::Result<Option<Selection>> {
        let mut listed = Vec::new();
        for path in &self.from {
            listed.extend(inventory::read(&source(path)?)?);
        }
        listed.extend(self.guid.iter().cloned().map(Wanted::new));
        for path in &self.guids_file {
            listed.extend(read_list(&source(path)?)?);
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

fn source(path: &PathBuf) -> anyhow::Result<Arc<SourceFile>> {
    let (name, bytes) = if path.as_os_str() == "-" {
        let mut bytes = Vec::new();
        std::io::stdin()
            .read_to_end(&mut bytes)
            .context("cannot read standard input")?;
        ("standard input".to_owned(), bytes)
    } else {
        let name = path.display().to_string();
        let bytes = std::fs::read(path).with_context(|| format!("cannot read {name}"))?;
        (name, bytes)
    };
    let text = String::from_utf8(bytes).with_context(|| format!("{name} is not UTF-8"))?;
    Ok(Arc::new(SourceFile::new(name, text)))
}
