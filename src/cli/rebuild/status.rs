//! `rebuild status`: where the work stands.

use clap::Args;

use super::place::ReaderArgs;
use crate::cli::runtime::block_on;
use crate::cli::{Exit, Global};
use crate::output::{self, Format};
use crate::rebuild::in_cluster;
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

    /// Of the Job in the cluster (--release, --namespace)
    #[arg(long)]
    in_cluster: bool,

    #[command(flatten)]
    reader: ReaderArgs,

    /// Form of the output
    #[arg(short, long, value_enum, default_value_t)]
    output: Format,
}

impl StatusCommand {
    /// Runs the command.
    pub(super) fn run(&self, global: &Global) -> anyhow::Result<Exit> {
        let status = if self.in_cluster {
            let release = self.reader.release()?;
            block_on(async {
                let cluster = global.access().open().await?;
                in_cluster::overview(&cluster, release, self.all).await
            })?
        } else {
            let (folder, story) = self.reader.story()?;
            Overview::of(&folder, &story, self.all)?
        };
        output::result(self.output, &status, |_| status.drawn())?;
        Ok(Exit::Done)
    }
}
