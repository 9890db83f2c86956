//! `validate`: proving the new server.

use std::path::PathBuf;
use std::time::Duration;

use clap::Args;

use super::connect::ConnectArgs;
use super::runtime::block_on;
use super::{Exit, Global, duration};
use crate::connect::{ContentGuid, KeyTo, Login, Server};
use crate::helm::release_name;
use crate::inputs::Source;
use crate::output::{self, Format};
use crate::validate::{ByHand, Proving};

/// Prove that content on the new server is there, as it was, and answers
///
/// For each item: does it exist, is the same bundle active, with the same type and versions, did its
/// last build and job go well, and does its page answer, by GUID and by vanity path. The worst come
/// first. Nothing is changed, but a page that is looked at starts the item's process.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  # The 20 most important items, then all
  helm connect-migrate validate --from inventory.yaml --top 20
  helm connect-migrate validate --from inventory.yaml --output json > validation.json

  # While the old server still answers, compare with it as it is now
  CONNECT_OLD_API_KEY=… helm connect-migrate validate --from inventory.yaml \\
      --old-server https://old.example.com

  # A page that wants a login was opened by hand, and is well
  helm connect-migrate validate --done 8ce6eaca-60af-4c2f-93a0-f5f3cddf5ee5 --note 'seen by Ann'

Exit codes: 0 no item failed, 1 could not go on, 2 wrong usage, 3 the inventory is invalid, 4 an item
failed.")]
pub(super) struct Validate {
    /// Inventory to compare with; without, every item of the server is looked at
    #[arg(long, value_name = "FILE")]
    from: Option<Source>,

    /// No more than the N first items
    #[arg(long, value_name = "N")]
    top: Option<usize>,

    /// Items at once
    #[arg(long, value_name = "N", default_value_t = 8, value_parser = clap::value_parser!(u16).range(1..=128))]
    parallelism: u16,

    /// How much longer than other answers a page may take, since its process has to start
    #[arg(long, value_name = "TIME", value_parser = duration::parse, default_value = "2m")]
    page_timeout: Duration,

    /// Look at owners and modes of the data directory, too, as a pod of this release sees them. Runs find
    /// in it, which takes the right to run commands in pods
    #[arg(long, value_name = "RELEASE", value_parser = release_name, conflicts_with = "done")]
    in_pod: Option<String>,

    /// The old server, to compare with as it is now
    #[arg(long, value_name = "URL", help_heading = "Old server")]
    old_server: Option<Server>,

    /// File that holds the API key to the old server, instead of the variable CONNECT_OLD_API_KEY
    #[arg(
        long,
        value_name = "FILE",
        requires = "old_server",
        help_heading = "Old server"
    )]
    old_api_key_file: Option<PathBuf>,

    /// Tick off an item whose page you have looked at yourself, and look at nothing now (repeatable)
    #[arg(
        long,
        value_name = "GUID",
        conflicts_with_all = ["from", "top", "old_server"],
        help_heading = "By hand"
    )]
    done: Vec<ContentGuid>,

    /// What to remember with it
    #[arg(long, value_name = "TEXT", requires = "done", help_heading = "By hand")]
    note: Option<String>,

    #[command(flatten)]
    connect: ConnectArgs,

    /// Form of the output
    #[arg(short, long, value_enum, default_value_t)]
    output: Format,
}

impl Validate {
    /// Runs the command.
    pub(super) fn run(&self, global: &Global) -> anyhow::Result<Exit> {
        if !self.done.is_empty() {
            let path = ByHand::tick(self.connect.address()?, &self.done, self.note.as_deref())?;
            output::message(format!("remembered in {}", path.display()));
            return Ok(Exit::Done);
        }
        let validation = block_on(self.proving(global)?.make())?;
        output::result(self.output, &validation, |_| validation.drawn())?;
        Ok(if validation.failed() {
            Exit::Blocked
        } else {
            Exit::Done
        })
    }

    fn proving(&self, global: &Global) -> anyhow::Result<Proving> {
        let new = self.connect.login()?;
        let old = match self.old_server.clone() {
            Some(server) => Some(Login {
                server,
                key: KeyTo::OldServer.find(self.old_api_key_file.as_deref())?,
                options: new.options.clone(),
            }),
            None => None,
        };
        Ok(Proving {
            from: self.from.clone(),
            top: self.top,
            parallelism: self.parallelism,
            page_time: self.page_timeout,
            new,
            old,
            in_pod: self
                .in_pod
                .clone()
                .map(|release| (global.access(), release)),
        })
    }
}
