//! `overlay`: the temporary settings outside of an upgrade.

mod command;
mod log;
mod remove;
mod show;
mod values;

use clap::{Args, Subcommand};

use super::Exit;

/// Look at the temporary settings, or keep them in a values file
#[derive(Debug, Args)]
pub struct Overlay {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    Show(show::Show),
    Values(values::Values),
    Remove(remove::Remove),
    Command(command::CommandFlags),
    Log(log::Log),
}

impl Overlay {
    /// Runs the command.
    pub fn run(&self) -> anyhow::Result<Exit> {
        match &self.command {
            Command::Show(command) => command.run(),
            Command::Values(command) => command.run(),
            Command::Remove(command) => command.run(),
            Command::Command(command) => command.run(),
            Command::Log(command) => command.run(),
        }
    }
}

/// Reads a file, or standard input for `-`.
fn read(path: &str) -> anyhow::Result<Vec<u8>> {
    use anyhow::Context as _;
    use std::io::Read as _;
    if path == "-" {
        let mut bytes = Vec::new();
        std::io::stdin().lock().read_to_end(&mut bytes)?;
        return Ok(bytes);
    }
    std::fs::read(path).with_context(|| format!("cannot read {path}"))
}
