//! `validate`: proving the new server.

use std::path::PathBuf;
use std::time::Duration;

use clap::Args;
use jiff::Timestamp;

use super::connect::{ConnectArgs, OtherServer, open};
use super::inventory as file;
use super::runtime::block_on;
use super::{Exit, duration};
use crate::connect::{Connect, ConnectOptions, ContentGuid, Patience, Server};
use crate::inputs::Source;
use crate::inventory::Inventory;
use crate::output::{self, Format, Ticker};
use crate::validate::{self, ByHand, Servers};

/// The variable that holds the key to the old server.
const OLD_KEY: &str = "CONNECT_OLD_API_KEY";

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
    pub(super) fn run(&self) -> anyhow::Result<Exit> {
        if self.done.is_empty() {
            return block_on(self.validate());
        }
        let path = ByHand::tick(self.connect.address()?, &self.done, self.note.as_deref())?;
        output::message(format!("remembered in {}", path.display()));
        Ok(Exit::Done)
    }

    async fn validate(&self) -> anyhow::Result<Exit> {
        let options = self.connect.options()?;
        // What is wrong with the file is told before a server is asked.
        let listed = match &self.from {
            Some(source) => Some(file::read(source)?.content),
            None => None,
        };
        let connect = self.connect.open().await?;
        let old = self.old(options).await?;
        let mut entries = match listed {
            Some(entries) => entries,
            None => {
                let contents = connect.contents_in_full().await?;
                Inventory::of(&contents, connect.vanities().await?).content
            }
        };
        entries.truncate(self.top.unwrap_or(usize::MAX));
        let count = entries.len();
        let mut ticker = Ticker::new();
        let servers = Servers {
            by_hand: ByHand::read(self.connect.address()?)?,
            new: connect,
            old,
            page_time: self.page_timeout,
        };
        let validation = validate::gather(servers, entries, self.parallelism, |done| {
            ticker.at(|| format!("{done} of {count} items"));
        })
        .await;
        ticker.end();
        let validation = validation?;
        if let Err(error) = validation.remember(self.connect.address()?, Timestamp::now()) {
            output::message(format!("warning: not remembered for the report: {error:#}"));
        }
        output::result(self.output, &validation, |_| validation.drawn())?;
        Ok(if validation.failed() {
            Exit::Blocked
        } else {
            Exit::Done
        })
    }

    /// The old server, if it is named and answers.
    async fn old(&self, options: ConnectOptions) -> anyhow::Result<Option<Connect>> {
        let Some(server) = &self.old_server else {
            return Ok(None);
        };
        let old = OtherServer {
            which: "old",
            key_file: self.old_api_key_file.as_deref(),
            variable: OLD_KEY,
        };
        let options = ConnectOptions {
            patience: Patience {
                max_outage: Duration::ZERO,
                ..options.patience
            },
            ..options
        };
        match open(server.clone(), old.key()?, &options).await {
            Ok(connect) => Ok(Some(connect)),
            Err(error) => {
                output::message(format!(
                    "warning: the old server is not compared with: {error}"
                ));
                Ok(None)
            }
        }
    }
}
