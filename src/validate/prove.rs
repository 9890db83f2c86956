//! The whole proof: which items on which servers, and what is remembered of it.

use std::time::Duration;

use jiff::Timestamp;

use super::by_hand::ByHand;
use super::gather::{Servers, gather};
use super::in_pod::look;
use super::report::{DataDirectory, Validation};
use crate::check::Check;
use crate::connect::{Connect, ConnectOptions, Login, Patience};
use crate::inputs::Source;
use crate::inventory::{self, Inventory};
use crate::output::{self, Ticker};
use crate::release::Access;

/// What is proved, and by what.
#[derive(Debug)]
pub(crate) struct Proving {
    /// The inventory; without, every item of the new server is looked at.
    pub from: Option<Source>,
    /// No more than so many first items.
    pub top: Option<usize>,
    /// Items at once.
    pub parallelism: u16,
    /// How much longer than other answers a page may take.
    pub page_time: Duration,
    pub new: Login,
    /// The old server, to compare with as it is now.
    pub old: Option<Login>,
    /// The release in whose pod the data directory is looked at, and where it is.
    pub in_pod: Option<(Access, String)>,
}

impl Proving {
    /// Makes it, with progress, and remembers how it came out for the report.
    ///
    /// # Errors
    /// The inventory is none, the new server does not answer, or what no other item would fare better
    /// with.
    pub(crate) async fn make(self) -> anyhow::Result<Validation> {
        // What is wrong with the file is told before a server is asked.
        let listed = self.from.as_ref().map(inventory::open).transpose()?;
        let server = self.new.server.clone();
        let connect = self.new.open().await?;
        let old = match self.old {
            Some(login) => old(login).await,
            None => None,
        };
        let mut entries = match listed {
            Some(inventory) => inventory.content,
            None => {
                let contents = connect.contents_in_full().await?;
                Inventory::of(&contents, connect.vanities().await?).content
            }
        };
        entries.truncate(self.top.unwrap_or(usize::MAX));
        let count = entries.len();
        let looked = match &self.in_pod {
            Some((access, release)) => Some(in_pod(access, release).await),
            None => None,
        };
        let mut ticker = Ticker::new();
        let servers = Servers {
            by_hand: ByHand::read(&server)?,
            new: connect,
            old,
            page_time: self.page_time,
        };
        let validation = gather(
            servers,
            entries,
            self.parallelism,
            DataDirectory::of(looked),
            |done| {
                ticker.at(|| format!("{done} of {count} items"));
            },
        )
        .await;
        ticker.end();
        let validation = validation?;
        if let Err(error) = validation.remember(&server, Timestamp::now()) {
            output::message(format!("warning: not remembered for the report: {error:#}"));
        }
        Ok(validation)
    }
}

async fn in_pod(access: &Access, release: &str) -> anyhow::Result<Vec<Check>> {
    look(&access.open().await?, release).await
}

/// The old server, if it answers at once.
async fn old(login: Login) -> Option<Connect> {
    let patience = Patience {
        max_outage: Duration::ZERO,
        ..login.options.patience
    };
    let options = ConnectOptions {
        patience,
        ..login.options
    };
    match (Login { options, ..login }).open().await {
        Ok(connect) => Some(connect),
        Err(error) => {
            output::message(format!(
                "warning: the old server is not compared with: {error}"
            ));
            None
        }
    }
}
