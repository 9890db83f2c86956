//! `rebuild history`: the runs so far.

use clap::Args;

use super::place::ReaderArgs;
use crate::cli::Exit;
use crate::output::{self, Format};
use crate::rebuild::history::{drawn, history};

/// List the runs so far, also of journals that were put aside
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  helm connect-migrate rebuild history --output json")]
pub(super) struct History {
    #[command(flatten)]
    reader: ReaderArgs,

    /// Form of the output
    #[arg(short, long, value_enum, default_value_t)]
    output: Format,
}

impl History {
    /// Runs the command.
    pub(super) fn run(&self) -> anyhow::Result<Exit> {
        let (folder, story) = self.reader.story()?;
        let runs = history(&folder, &story)?;
        output::result(self.output, &runs, |_| drawn(&runs))?;
        Ok(Exit::Done)
    }
}
