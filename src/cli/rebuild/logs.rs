//! `rebuild logs`: what a build said.

use anyhow::bail;
use clap::Args;

use super::place::ReaderArgs;
use crate::cli::Exit;
use crate::connect::ContentGuid;
use crate::output;
use crate::rebuild::log;
use crate::state;

/// Print what the builds of an item said
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  helm connect-migrate rebuild logs 8ce6eaca-60af-4c2f-93a0-f5f3cddf5ee5\n  less $(helm connect-migrate rebuild logs --path 8ce6eaca-60af-4c2f-93a0-f5f3cddf5ee5)"
)]
pub(super) struct Logs {
    /// GUID or URL of the item
    guid: ContentGuid,

    /// Print the path of the log instead
    #[arg(long)]
    path: bool,

    #[command(flatten)]
    reader: ReaderArgs,
}

impl Logs {
    /// Runs the command.
    pub(super) fn run(&self) -> anyhow::Result<Exit> {
        let (folder, story) = self.reader.story()?;
        let path = log::Logs::new(&folder).path(&self.guid);
        if !path.exists() {
            match story.ledger().item(&self.guid) {
                None => bail!(
                    "{} is not in the journal of {}",
                    self.guid,
                    folder.display()
                ),
                Some(_) => bail!("{} has no log: nothing was submitted yet", self.guid),
            }
        }
        if self.path {
            output::data(format!("{}\n", path.display()).as_bytes())?;
        } else {
            output::data(&state::read(&path)?.unwrap_or_default())?;
        }
        Ok(Exit::Done)
    }
}
