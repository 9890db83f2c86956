//! `validate`: proving the new server.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use clap::Args;
use tokio::task::JoinSet;

use super::connect::ConnectArgs;
use super::inventory::{self as file, notice};
use super::runtime::block_on;
use super::sources::Source;
use super::{Exit, duration};
use crate::check::Status;
use crate::connect::{ApiKey, Connect, Error, Options, Patience, Server};
use crate::inventory::{self, Entry};
use crate::output::{self, Format, Page, Ticker};
use crate::validate::{ItemReport, Report, Seen, judge, look};

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

    #[command(flatten)]
    connect: ConnectArgs,

    /// Form of the output
    #[arg(short, long, value_enum, default_value_t)]
    output: Format,
}

impl Validate {
    /// Runs the command.
    pub(super) fn run(&self) -> anyhow::Result<Exit> {
        block_on(self.validate())
    }

    async fn validate(&self) -> anyhow::Result<Exit> {
        let options = self.connect.options()?;
        let server = self.connect.address()?.clone();
        // What is wrong with the file is told before a server is asked.
        let listed = self.listed()?;
        let connect =
            Connect::open(server, self.connect.key()?, &options, Arc::new(notice)).await?;
        let old = self.old(options).await?;
        let mut entries = match listed {
            Some(entries) => entries,
            None => everything(&connect).await?,
        };
        entries.truncate(self.top.unwrap_or(usize::MAX));
        let connect = Arc::new(connect);
        let items = self.all(entries, &connect, old.map(Arc::new)).await?;
        let report = Report::new(connect.server().to_string(), items);
        output::result(self.output, &report, |_| drawn(&report))?;
        Ok(if report.failed() {
            Exit::Blocked
        } else {
            Exit::Done
        })
    }

    fn listed(&self) -> anyhow::Result<Option<Vec<Entry>>> {
        let Some(source) = &self.from else {
            return Ok(None);
        };
        Ok(Some(file::read(source)?.content))
    }

    /// The old server, if it is named and answers.
    async fn old(&self, options: Options) -> anyhow::Result<Option<Connect>> {
        let Some(server) = &self.old_server else {
            return Ok(None);
        };
        let key = match &self.old_api_key_file {
            Some(path) => ApiKey::from_file(path)?,
            None => {
                let text = std::env::var(OLD_KEY).unwrap_or_default();
                if text.is_empty() {
                    return Err(super::connect::Missing(format!(
                        "no API key for the old server; set {OLD_KEY} or use --old-api-key-file FILE"
                    ))
                    .into());
                }
                ApiKey::new(&text, OLD_KEY)?
            }
        };
        let options = Options {
            patience: Patience {
                max_outage: Duration::ZERO,
                ..options.patience
            },
            ..options
        };
        match Connect::open(server.clone(), key, &options, Arc::new(|_| {})).await {
            Ok(connect) => Ok(Some(connect)),
            Err(error) => {
                output::talk(format!(
                    "warning: the old server is not compared with: {error}"
                ));
                Ok(None)
            }
        }
    }

    async fn all(
        &self,
        entries: Vec<Entry>,
        connect: &Arc<Connect>,
        old: Option<Arc<Connect>>,
    ) -> anyhow::Result<Vec<ItemReport>> {
        let off_host = connect
            .settings()
            .execution_type
            .as_deref()
            .is_some_and(|kind| kind != "native");
        let page_time = self.page_timeout;
        let count = entries.len();
        let mut waiting = entries.into_iter().enumerate();
        let mut under_way: JoinSet<Result<ItemReport, Error>> = JoinSet::new();
        let mut items = Vec::with_capacity(count);
        let mut ticker = Ticker::new();
        loop {
            while under_way.len() < usize::from(self.parallelism)
                && let Some((index, entry)) = waiting.next()
            {
                let (connect, old) = (Arc::clone(connect), old.clone());
                under_way.spawn(async move {
                    one(
                        index + 1,
                        &entry,
                        &connect,
                        old.as_deref(),
                        off_host,
                        page_time,
                    )
                    .await
                });
            }
            let Some(done) = under_way.join_next().await else {
                break;
            };
            items.push(done.context("internal error: an item's task ended early")??);
            ticker.at(|| format!("{} of {count} items", items.len()));
        }
        ticker.end();
        Ok(items)
    }
}

async fn one(
    priority: usize,
    entry: &Entry,
    connect: &Connect,
    old: Option<&Connect>,
    off_host: bool,
    page_time: Duration,
) -> Result<ItemReport, Error> {
    let seen = look(connect, entry, page_time).await?;
    let old = match old {
        // An old server that goes away meanwhile is no longer compared with.
        Some(old) => look(old, entry, page_time).await.ok(),
        None => None,
    };
    let findings = judge(entry, &seen, old.as_ref(), off_host);
    let title = title(entry, &seen);
    Ok(ItemReport::new(
        priority,
        entry.guid.clone(),
        title,
        findings,
    ))
}

fn title(entry: &Entry, seen: &Seen) -> String {
    match &seen.details {
        Ok(Some(details)) => details.label().to_owned(),
        _ => entry.label().to_owned(),
    }
}

async fn everything(connect: &Connect) -> anyhow::Result<Vec<Entry>> {
    let mut vanities: std::collections::HashMap<_, _> =
        connect.vanities().await?.into_iter().collect();
    let mut inventory = inventory::Inventory::default();
    connect
        .each_content(|details| {
            let vanity = vanities.remove(&details.guid);
            inventory.content.push(Entry::of(&details, None, vanity));
        })
        .await?;
    inventory.rank();
    Ok(inventory.content)
}

fn drawn(report: &Report) -> Page {
    let mut out = Page::new();
    for item in &report.items {
        if item.status == Status::Pass {
            continue;
        }
        out.line(format!(
            "{:<9} {:>5}  {}  {}",
            item.status.as_str(),
            item.priority,
            item.guid,
            item.title
        ));
        for finding in &item.findings {
            out.line(format!(
                "                 {:<9} [{}] {}",
                finding.status.as_str(),
                finding.code,
                finding.text
            ));
        }
    }
    out.line(format!(
        "{} items on {}: {}",
        report.items.len(),
        report.server,
        report.summary
    ));
    out
}
