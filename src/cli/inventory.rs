//! `inventory`: what there is on the old server, ranked by use.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use clap::Args;
use jiff::{SignedDuration, Timestamp};

use super::connect::ConnectArgs;
use super::runtime::block_on;
use super::sources::Source;
use super::{Exit, duration};
use crate::connect::{Connect, Notice, Server};
use crate::files::{self, Access, Existing};
use crate::inventory::{self, Ask, Checkpoint, Inventory, Stage};
use crate::output::{self, Page, Ticker};
use crate::state;

/// The checkpoint's file in the folder for state.
const CHECKPOINT: &str = "inventory.json";

/// An interrupted run of this age is still taken up: what came since is not in its period.
const FRESH: SignedDuration = SignedDuration::from_hours(12);

/// How far the server's clock may have gone back: it is told in whole seconds, and a server may have
/// several nodes.
const CLOCK: SignedDuration = SignedDuration::from_mins(1);

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
        let server = self.connect.address()?;
        let connect = Connect::open(
            server.clone(),
            self.connect.key()?,
            &self.connect.options()?,
            Arc::new(notice),
        )
        .await?;
        self.warn_of_key(&connect).await?;
        let place = place(server)?;
        let checkpoint = self.checkpoint(&place, server, connect.server_time())?;
        let mut ticker = Ticker::new();
        let taken = inventory::take(
            &connect,
            Ask { checkpoint },
            &mut |stage| told(&mut ticker, stage),
            &mut |checkpoint| checkpoint.write(&place),
        )
        .await;
        ticker.end();
        let inventory = taken?;
        self.write(&inventory)?;
        // What it was for is on the disk now.
        match std::fs::remove_file(&place) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                return Err(error).with_context(|| format!("cannot delete {}", place.display()));
            }
            _ => {}
        }
        self.summarise(&inventory);
        Ok(Exit::Done)
    }

    async fn warn_of_key(&self, connect: &Connect) -> anyhow::Result<()> {
        let user = connect.user().await?;
        if user.is_lesser() {
            output::talk(
                "warning: the API key is no administrator's, so the inventory has only the content that it can see",
            );
        }
        Ok(())
    }

    fn checkpoint(
        &self,
        place: &Path,
        server: &Server,
        now: Timestamp,
    ) -> anyhow::Result<Checkpoint> {
        let period = SignedDuration::try_from(self.since).context("--since is too long")?;
        let fresh = Checkpoint::new(
            server.to_string(),
            now.checked_sub(period).context("--since is too long")?,
            now,
        );
        if let Some(folder) = place.parent() {
            state::create_private(folder)
                .with_context(|| format!("cannot make the folder {}", folder.display()))?;
        }
        let found = Checkpoint::read(place)?.filter(|found| {
            !self.restart
                && found.server == fresh.server
                && found.until.duration_since(found.since) == period
                && (-CLOCK..FRESH).contains(&now.duration_since(found.until))
        });
        Ok(match found {
            Some(found) => {
                output::talk(format!(
                    "going on with the run of {}: uses are counted up to {} (--restart begins afresh)",
                    found.until, found.counted
                ));
                found
            }
            None => fresh,
        })
    }

    fn write(&self, inventory: &Inventory) -> anyhow::Result<()> {
        let text = inventory::write(inventory, self.top);
        match &self.out {
            None => output::data(text.as_bytes())?,
            Some(path) => {
                let existing = if self.force {
                    Existing::Replace
                } else {
                    Existing::Refuse
                };
                files::write(path, text.as_bytes(), Access::Usual, existing)?;
            }
        }
        Ok(())
    }

    /// Versions and the most used items, for a first look.
    fn summarise(&self, inventory: &Inventory) {
        const FIRST: usize = 10;
        let mut out = Page::new();
        for (language, versions) in inventory.used() {
            let mut counts: Vec<_> = versions.into_iter().collect();
            counts.sort_by(|(one, _), (other, _)| {
                inventory::version_order(one).cmp(&inventory::version_order(other))
            });
            let counts: Vec<_> = counts
                .into_iter()
                .map(|(version, count)| format!("{version} ({count})"))
                .collect();
            out.line(format!("{}: {}", language.name(), counts.join(", ")));
        }
        for entry in inventory.content.iter().take(FIRST) {
            let uses = entry
                .uses
                .map_or_else(|| "?".to_owned(), |uses| uses.to_string());
            out.line(format!("{uses:>8}  {}  {}", entry.guid, entry.label()));
        }
        if inventory.content.len() > FIRST {
            out.line(format!(
                "          … {} items in all",
                inventory.content.len()
            ));
        }
        output::talk(out);
        if let Some(path) = &self.out {
            output::talk(format!(
                "wrote {}: put what matters most on top, then take it to rebuild, validate and check",
                path.display()
            ));
        }
    }
}

fn place(server: &Server) -> anyhow::Result<PathBuf> {
    let root = state::root().context(
        "no place to note how far it has come: neither XDG_STATE_HOME nor a home directory is set",
    )?;
    Ok(root.join(server.slug()).join(CHECKPOINT))
}

fn told(ticker: &mut Ticker, stage: Stage) {
    match stage {
        Stage::Listed(items) => ticker.say(format!("{items} content items")),
        Stage::Counted { days, of, records } => {
            ticker.at(|| format!("use: {days} of {of} days, {records} records"));
        }
        Stage::Without(what) => ticker.say(format!("warning: left out: {what}")),
    }
}

/// Reads an inventory.
///
/// # Errors
/// It cannot be read, or is none.
pub(super) fn read(source: &Source) -> anyhow::Result<Inventory> {
    Ok(inventory::read(&source.file()?)?)
}

/// What to say when the server goes away for a while, and is back.
pub(super) fn notice(notice: Notice) {
    output::talk(notice.to_string());
}
