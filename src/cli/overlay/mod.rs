//! `overlay`: the temporary settings outside of an upgrade.

mod command;
mod log;
mod remove;
mod show;
mod values;

use clap::{Args, Subcommand};

use super::{Exit, Global};

/// Look at the temporary settings, or keep them in a values file
#[derive(Debug, Args)]
pub(super) struct Overlay {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    Show(show::Show),
    Values(Box<values::Values>),
    Remove(remove::Remove),
    #[command(name = "command")]
    Flags(command::CommandFlags),
    Log(log::Log),
}

impl Overlay {
    /// Runs the command.
    pub(super) fn run(&self, global: &Global) -> anyhow::Result<Exit> {
        match &self.command {
            Command::Show(command) => command.run(),
            Command::Values(command) => command.run(global),
            Command::Remove(command) => command.run(),
            Command::Flags(command) => command.run(global),
            Command::Log(command) => command.run(),
        }
    }
}
