//! The command line: one file per subcommand, each thin.

mod announce;
mod chart;
mod check;
mod complete;
mod completion;
pub mod connect;
mod diff;
pub mod duration;
mod exit;
mod gcfg;
mod global;
mod inventory;
mod overlay;
mod plan;
mod post_render;
mod rebuild;
mod report;
mod revert;
mod runtime;
mod secrets;
mod status;
mod trial;
mod upgrade;
mod validate;
mod values;
pub(crate) mod version;

use std::ffi::{OsStr, OsString};

use clap::builder::Resettable;
use clap::error::{ContextKind, ContextValue};
use clap::{CommandFactory as _, FromArgMatches as _, Parser, Subcommand};

pub use exit::Exit;
pub use global::Global;

use crate::diagnostic::{InvalidInput, WrongUsage};
use crate::output::{self, Page, Printable};
use crate::settings::secrecy::{shown_word, without_passwords};

/// Move a Posit Connect server from a virtual machine onto Kubernetes
#[derive(Debug, Parser)]
#[command(
    name = "helm-connect-migrate",
    bin_name = "helm connect-migrate",
    version,
    propagate_version = true,
    max_term_width = 100
)]
pub struct Cli {
    #[command(flatten)]
    global: Global,

    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    Inventory(Box<inventory::InventoryCommand>),
    Check(Box<check::CheckCommand>),
    Values(Box<values::Values>),
    Diff(Box<diff::Diff>),
    Plan(Box<plan::Plan>),
    Announce(announce::Announce),
    Upgrade(upgrade::Upgrade),
    PostRender(post_render::PostRender),
    Overlay(overlay::Overlay),
    Rebuild(Box<rebuild::Rebuild>),
    Status(Box<status::Status>),
    Revert(Box<revert::Revert>),
    Validate(Box<validate::Validate>),
    Report(Box<report::Report>),
    Gcfg(gcfg::Gcfg),
    Version(version::Version),
    Completion(completion::Completion),
    #[command(hide = true)]
    Complete(complete::Complete),
}

/// Takes an empty variable for one that is not set, as Helm and the clients of Connect do.
fn unset_empty(command: clap::Command) -> clap::Command {
    let is_empty = |name: &OsStr| std::env::var_os(name).is_some_and(|value| value.is_empty());
    command
        .mut_args(|arg| match arg.get_env() {
            Some(name) if is_empty(name) => arg.env(Resettable::Reset),
            _ => arg,
        })
        .mut_subcommands(unset_empty)
}

/// How much of a typed word a message quotes.
const LONGEST: usize = 200;

/// What was typed, without what may be a credential in it.
fn without_credentials(mut error: clap::Error) -> clap::Error {
    for kind in [
        ContextKind::InvalidValue,
        ContextKind::InvalidArg,
        ContextKind::InvalidSubcommand,
    ] {
        if let Some(ContextValue::String(word)) = error.get(kind) {
            let shown = Printable::from(shown_word(word)).shortened(LONGEST);
            error.insert(kind, ContextValue::String(shown.to_string()));
        }
    }
    error
}

/// Runs a command line and says how it ended. Messages have been printed.
pub fn main(args: impl IntoIterator<Item = OsString>) -> Exit {
    let args = post_render::by_name(args.into_iter().collect());
    let args = upgrade::hand_over(args);
    let parsed = unset_empty(Cli::command())
        .try_get_matches_from(args)
        .and_then(|matches| Cli::from_arg_matches(&matches));
    let cli = match parsed {
        Ok(cli) => cli,
        Err(error) => {
            // Help and version are data; anything else quotes what was typed.
            let error = without_credentials(error);
            let page = Page::drawn(&error.render().ansi().to_string());
            return if error.use_stderr() {
                output::message(page);
                Exit::Usage
            } else {
                let _ = output::print(page);
                Exit::Done
            };
        }
    };
    cli.global.apply();
    let result = match &cli.command {
        Command::Inventory(command) => command.run(),
        Command::Check(command) => command.run(&cli.global),
        Command::Values(command) => command.run(&cli.global),
        Command::Plan(command) => command.run(&cli.global),
        Command::Announce(command) => command.run(),
        Command::PostRender(command) => command.run(),
        Command::Overlay(command) => command.run(&cli.global),
        Command::Upgrade(command) => command.run(&cli.global),
        Command::Rebuild(command) => command.run(&cli.global),
        Command::Validate(command) => command.run(&cli.global),
        Command::Report(command) => command.run(),
        Command::Status(command) => command.run(&cli.global),
        Command::Revert(command) => command.run(&cli.global),
        Command::Version(command) => command.run(),
        Command::Completion(command) => command.run(),
        Command::Complete(command) => command.run(&cli.global),
        Command::Diff(command) => command.run(&cli.global),
        Command::Gcfg(command) => command.run(&cli.global),
    };
    result.unwrap_or_else(|error| failure(&error))
}

/// Prints why a command failed.
fn failure(error: &anyhow::Error) -> Exit {
    if let Some(invalid) = error.downcast_ref::<InvalidInput>() {
        let style = if output::messages_are_coloured() {
            output::Style::Coloured
        } else {
            output::Style::Plain
        };
        let (shown, more) = invalid.shown();
        for diagnostic in shown {
            output::message(Page::drawn(&output::render(diagnostic, style)));
        }
        if more > 0 {
            output::message(format!("and {more} more"));
        }
        return Exit::InvalidInput;
    }
    if let Some(WrongUsage(message)) = error.downcast_ref() {
        output::message(format!("Error: {message}"));
        return Exit::Usage;
    }
    // A reader that went away, as in `… | head`, needs no message.
    let reader_gone = error.chain().any(|cause| {
        cause
            .downcast_ref::<std::io::Error>()
            .is_some_and(|error| error.kind() == std::io::ErrorKind::BrokenPipe)
    });
    if !reader_gone {
        output::message(without_passwords(&format!("Error: {error:#}")));
    }
    Exit::Failed
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What is said about a group of flags holds for what stands behind it, too, unless that comes first.
    #[test]
    fn no_flag_stands_under_the_heading_of_others() {
        fn look(command: &clap::Command, found: &mut usize) {
            let everywhere = [
                "values", "output", "out", "force", "yes", "dry-run", "report", "all",
            ];
            for arg in command.get_arguments() {
                let name = arg.get_long().unwrap_or_default();
                if everywhere.contains(&name) {
                    *found += 1;
                    let heading = arg.get_help_heading();
                    let of = command.get_name();
                    assert!(
                        heading.is_none_or(|heading| heading == "Content"),
                        "{of} --{name} stands under {heading:?}"
                    );
                }
            }
            for command in command.get_subcommands() {
                look(command, found);
            }
        }
        let mut found = 0;
        look(&Cli::command(), &mut found);
        assert!(found > 40, "{found}");
    }
}
