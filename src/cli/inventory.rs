//! `inventory`: what there is on the old server, ranked by use.

use std::path::PathBuf;
use std::time::Duration;

use anyhow::Context as _;
use clap::Args;
use jiff::SignedDuration;

use super::connect::ConnectArgs;
use super::runtime::block_on;
use super::{Exit, duration};
use crate::files::{self, Access, Existing};
use crate::inventory::{self, Checkpoint, Inventory, Stage};
use crate::output::{self, Ticker};

/// List the content of the old server, ranked by use
///
/// Asks the server's API, and writes a list for people to edit: its order is the priority, and
/// rebuild, validate and check take it. Nothing is changed on the server. A run that was interrupted
/// is taken up by the next.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  # Days before the migration, on the server that runs
  export CONNECT_SERVER=https://connect.example.com CONNECT_API_KEY=…
  helm connect-migrate inventory --out inventory.yaml

  # Ranked by the use of a year, the 50 most used items only
  helm connect-migrate inventory --since 365d --top 50 --out inventory.yaml

Exit codes: 0 done, 1 could not go on, 2 wrong usage.")]
pub(super) struct InventoryCommand {
    /// Period whose use is counted
    #[arg(long, value_name = "TIME", value_parser = duration::parse, default_value = "90d")]
    since: Duration,

    /// Write the inventory to this file instead of standard output
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,

    /// List no more than the N most used items
    #[arg(long, value_name = "N")]
    top: Option<usize>,

    /// Replace the file if it exists
    #[arg(long)]
    force: bool,

    /// Begin afresh, whatever an interrupted run counted
    #[arg(long)]
    restart: bool,

    #[command(flatten)]
    connect: ConnectArgs,
}

impl InventoryCommand {
    /// Runs the command.
    pub(super) fn run(&self) -> anyhow::Result<Exit> {
        if let Some(path) = &self.out
            && !self.force
            && path.symlink_metadata().is_ok()
        {
            // Before minutes of asking, not after.
            anyhow::bail!("{} exists already; --force replaces it", path.display());
        }
        block_on(self.take())
    }

    async fn take(&self) -> anyhow::Result<Exit> {
        let connect = self.connect.login()?.open().await?;
        let user = connect.user().await?;
        if user.is_lesser() {
            output::message(
                "warning: the API key is no administrator's, so the inventory has only the content that it can see",
            );
        }
        let server = self.connect.address()?;
        let period = SignedDuration::try_from(self.since).context("--since is too long")?;
        let (place, checkpoint) = Checkpoint::resume(
            server,
            user.username,
            period,
            connect.server_time(),
            self.restart,
        )?;
        if checkpoint.is_begun() {
            output::message(format!(
                "going on with the run of {}: uses are counted up to {} (--restart begins afresh)",
                checkpoint.until, checkpoint.counted
            ));
        }
        let mut ticker = Ticker::new();
        let taken = inventory::take(
            &connect,
            checkpoint,
            &mut |stage| told(&mut ticker, stage),
            &mut |checkpoint| checkpoint.write(&place),
        )
        .await;
        ticker.end();
        let inventory = taken?;
        self.write(&inventory)?;
        // What it was for is on the disk now.
        Checkpoint::remove(&place)?;
        output::message(inventory::drawn(&inventory));
        if let Some(path) = &self.out {
            output::message(format!(
                "wrote {}: put what matters most on top, then take it to rebuild, validate and check",
                path.display()
            ));
        }
        Ok(Exit::Done)
    }

    fn write(&self, inventory: &Inventory) -> anyhow::Result<()> {
        let text = inventory::write(inventory, self.top);
        match &self.out {
            None => output::data(text.as_bytes())?,
            Some(path) => {
                let existing = Existing::with_force(self.force);
                files::write(path, text.as_bytes(), Access::Usual, existing)?;
            }
        }
        Ok(())
    }
}

fn told(ticker: &mut Ticker, stage: Stage) {
    match stage {
        Stage::Listed(items) => ticker.say(format!("{items} content items")),
        Stage::Counted { days, of, records } => {
            ticker.at(|| format!("use: {days} of {of} days, {records} records"));
        }
        Stage::Timed { items, of } => {
            ticker.at(|| format!("times of builds: {items} of {of} items"));
        }
        Stage::Without(what) => ticker.say(format!("warning: left out: {what}")),
    }
}
