//! `status`: how far the migration is, and where the temporary settings are on.

use std::path::PathBuf;

use clap::Args;

use super::connect::ConnectArgs;
use super::runtime::block_on;
use super::{Exit, Global};
use crate::helm::release_name;
use crate::output::{self, Format};
use crate::survey::StatusQuery;

/// Show how far the migration is, and whether the temporary settings are on
///
/// Asks Helm's record of the release, the live objects, the running pods and the server itself, and
/// shows where they disagree. What cannot be asked is named, and why. Without --server, the server
/// is asked through a port-forward to one of its pods.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  helm connect-migrate status -n connect
  helm connect-migrate status rsc -n connect --output json

Exit codes: 0 shown, 1 there is no such release or the cluster does not answer.")]
pub(super) struct Status {
    /// Release; may be left out where only one in the namespace is Connect's
    #[arg(value_name = "RELEASE", value_parser = release_name)]
    release: Option<String>,

    #[command(flatten)]
    connect: ConnectArgs,

    /// Folder of the rebuild's journal, instead of those below $XDG_STATE_HOME
    #[arg(long, value_name = "DIR")]
    journal: Option<PathBuf>,

    /// Form of the output
    #[arg(short, long, value_enum, default_value_t)]
    output: Format,
}

impl Status {
    /// Runs the command.
    pub(super) fn run(&self, global: &Global) -> anyhow::Result<Exit> {
        let report = block_on(async {
            let inquiry = StatusQuery {
                cluster: &global.access().open().await?,
                helm: &global.helm(),
                server: &self.connect.server_access()?,
                release: self.release.as_deref(),
                journal: self.journal.as_deref(),
            };
            inquiry.report().await
        })?;
        output::result(self.output, &report, |_| report.drawn())?;
        Ok(Exit::Done)
    }
}
