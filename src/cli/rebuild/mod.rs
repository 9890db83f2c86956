//! `rebuild`: clear the runtime caches and build content anew.

mod choice;
mod history;
mod in_cluster;
mod logs;
mod place;
mod run;
mod status;

use clap::{Args, Subcommand};

use super::{Exit, Global};

/// Rebuild content on the new server, in order of priority
///
/// Clears the runtime caches left over from the old machine, then builds the environment of each
/// content item, several at a time. Everything is noted in a journal as it happens: the same command
/// run again goes on where the last one ended, however it ended, and builds nothing twice.
#[derive(Debug, Args)]
#[command(
    args_conflicts_with_subcommands = true,
    after_help = "Examples:
  # See what would be done
  helm connect-migrate rebuild --from inventory.yaml --dry-run

  # The 20 most important items first, then everything
  helm connect-migrate rebuild --from inventory.yaml --top 20 --yes
  helm connect-migrate rebuild --all --parallelism 8 --yes

  # Go on after an interruption, and see how it stands
  helm connect-migrate rebuild --yes
  helm connect-migrate rebuild status

  # As a Job in the release's namespace, which outlasts this terminal
  helm connect-migrate rebuild --in-cluster --release connect --namespace connect \\
    --image registry.example.com/connect-migrate:0.2.0 --from inventory.yaml
  helm connect-migrate rebuild --attach --release connect --namespace connect

Exit codes: 0 all built, 1 could not go on, 2 wrong usage, 3 invalid list of content,
5 some content could not be built, 6 interrupted."
)]
pub(super) struct Rebuild {
    #[command(subcommand)]
    command: Option<Command>,

    #[command(flatten)]
    run: run::Run,
}

#[derive(Debug, Subcommand)]
enum Command {
    Status(status::StatusCommand),
    Logs(logs::Logs),
    History(history::History),
}

impl Rebuild {
    /// Runs the command.
    pub(super) fn run(&self, global: &Global) -> anyhow::Result<Exit> {
        match &self.command {
            Some(Command::Status(command)) => command.run(global),
            Some(Command::Logs(command)) => command.run(),
            Some(Command::History(command)) => command.run(),
            None => self.run.run(global),
        }
    }
}
