//! `rebuild status`: where the work stands.

use clap::Args;

use super::place::ReaderArgs;
use crate::cli::Exit;
use crate::output::{self, Format};
use crate::rebuild::status::Overview;

/// Show where the rebuild stands
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  helm connect-migrate rebuild status\n  helm connect-migrate rebuild status --all --output json"
)]
pub(super) struct StatusCommand {
    /// Show every item, not only those that failed or are under way
    #[arg(long)]
    all: bool,

    #[command(flatten)]
    reader: ReaderArgs,

    /// Form of the output
    #[arg(short, long, value_enum, default_value_t)]
    output: Format,
}

impl StatusCommand {
    /// Runs the command.
    pub(super) fn run(&self) -> anyhow::Result<Exit> {
        let (folder, story) = self.reader.story()?;
        let status = Overview::of(&folder, &story, self.all)?;
        output::result(self.output, &status, |_| status.drawn())?;
        Ok(Exit::Done)
    }
}
