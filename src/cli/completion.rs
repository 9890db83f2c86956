//! `completion`: scripts for the shells.

use clap::{Args, CommandFactory as _};
use clap_complete::Shell;

use super::{Cli, Exit};
use crate::output;

/// Print a completion script for a shell
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  source <(helm-connect-migrate completion bash)
  helm-connect-migrate completion fish > ~/.config/fish/completions/helm-connect-migrate.fish")]
pub(super) struct Completion {
    /// Shell to complete in
    #[arg(value_enum)]
    shell: Shell,
}

impl Completion {
    /// Runs the command.
    pub(super) fn run(&self) -> anyhow::Result<Exit> {
        let mut script = Vec::new();
        clap_complete::generate(
            self.shell,
            &mut Cli::command(),
            "helm-connect-migrate",
            &mut script,
        );
        output::data(&script)?;
        Ok(Exit::Done)
    }
}
