//! `complete`: what may come next on a command line, as Helm asks a plugin's `plugin.complete`.

use std::ffi::OsString;
use std::fmt::Write as _;

use clap::{Args, CommandFactory as _};

use super::{Cli, Exit, Global};
use crate::output;

/// Print what may come next, and how a shell should take it
#[derive(Debug, Args)]
pub(super) struct Complete {
    /// The words of the command line; the last one is being typed
    #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
    words: Vec<OsString>,
}

/// The shell shall offer files (cobra's directives, which Helm takes).
const FILES: u8 = 0;
/// The shell shall not offer files beside what is printed.
const NO_FILES: u8 = 4;
/// The word goes on: no space behind it.
const NO_SPACE: u8 = 2;

impl Complete {
    /// Runs the command.
    pub(super) fn run(&self, global: &Global) -> anyhow::Result<Exit> {
        let mut command = Cli::command();
        let mut words = vec![OsString::from("helm-connect-migrate")];
        words.extend(self.words.iter().cloned());
        if words.len() == 1 {
            words.push(OsString::new());
        }
        let last = words.len() - 1;
        let folder = std::env::current_dir().ok();
        let found = clap_complete::engine::complete(&mut command, words, last, folder.as_deref());
        let mut candidates: Vec<(String, String)> = found
            .unwrap_or_default()
            .into_iter()
            .filter(|candidate| !candidate.is_hide_set())
            .map(|candidate| {
                let help = candidate.get_help().map(ToString::to_string);
                let value = candidate.get_value().to_string_lossy().into_owned();
                (value, help.unwrap_or_default())
            })
            .collect();
        if self.asks_for_a_release() {
            candidates = releases(global);
        }
        let mut text = String::new();
        // Where nothing is known of the word, it may well be a file.
        let mut directive = if candidates.is_empty() {
            FILES
        } else {
            NO_FILES
        };
        for (value, help) in candidates {
            if value.ends_with('/') {
                directive |= NO_SPACE;
            }
            let help = help.lines().next().unwrap_or_default();
            writeln!(text, "{value}\t{help}")?;
        }
        writeln!(text, ":{directive}")?;
        output::data(text.as_bytes())?;
        Ok(Exit::Done)
    }

    /// Whether the word that is being typed is the first after a command that takes a release.
    fn asks_for_a_release(&self) -> bool {
        let [command, typed] = self.words.as_slice() else {
            return false;
        };
        ["status", "revert", "upgrade"]
            .iter()
            .any(|name| command == name)
            && !typed.to_string_lossy().starts_with('-')
    }
}

/// The releases of the namespace. Where Helm cannot say, there is nothing to offer.
fn releases(global: &Global) -> Vec<(String, String)> {
    let listed = global.helm().call("list").arg("--short").capture();
    let listed = listed.map(|printed| printed.output).unwrap_or_default();
    let names = listed.lines().map(str::trim).filter(|name| {
        // Names as Kubernetes allows them, and nothing that a shell or terminal would act on.
        !name.is_empty()
            && name
                .chars()
                .all(|c| c.is_ascii_alphanumeric() || ".-".contains(c))
    });
    names
        .map(|name| (name.to_owned(), "release".to_owned()))
        .collect()
}
