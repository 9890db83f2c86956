//! Where the work of a journal stands, for those who ask.

use std::path::Path;

use jiff::Timestamp;
use serde::Serialize;

use super::journal::Story;
use super::ledger::{Counts, ItemLedger, ItemState, Ledger};
use super::log::Logs;
use crate::connect::{ContentGuid, Server};
use crate::output::{Page, Table};
use crate::state::{Holder, Lock};

/// The version of its format.
const SCHEMA: u32 = 2;

/// Where the work stands.
#[derive(Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub(crate) struct Overview {
    schema: u32,
    server: Option<String>,
    journal: String,
    under_way: Option<Holder>,
    runs: usize,
    caches_done: bool,
    counts: Counts,
    items: Vec<Row>,
}

#[derive(Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
struct Row {
    #[cfg_attr(test, schemars(with = "String"))]
    guid: ContentGuid,
    title: String,
    state: &'static str,
    since: Timestamp,
    attempts: u32,
    #[serde(skip_serializing_if = "Option::is_none")]
    detail: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    log: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    url: Option<String>,
}

impl Overview {
    /// Adds up a journal: of its items all, or those that failed or are under way.
    ///
    /// # Errors
    /// The lock of its folder cannot be asked.
    pub(crate) fn of(folder: &Path, story: &Story, all: bool) -> anyhow::Result<Self> {
        let ledger = story.ledger();
        Ok(Self {
            schema: SCHEMA,
            server: story.server().map(str::to_owned),
            journal: folder.display().to_string(),
            under_way: Lock::holder(folder)?,
            runs: ledger.runs.len(),
            caches_done: ledger.caches_done,
            counts: ledger.counts(),
            items: rows(&ledger, story.server(), folder, all),
        })
    }

    /// As [`Overview::of`], for a Job in a cluster.
    pub(crate) fn in_cluster(place: &str, story: &Story, under_way: bool, all: bool) -> Self {
        let ledger = story.ledger();
        let since = ledger
            .runs
            .last()
            .map_or(Timestamp::UNIX_EPOCH, |run| run.began);
        Self {
            schema: SCHEMA,
            server: story.server().map(str::to_owned),
            journal: place.to_owned(),
            under_way: under_way.then(|| Holder {
                pid: 0,
                host: "the cluster".to_owned(),
                since,
            }),
            runs: ledger.runs.len(),
            caches_done: ledger.caches_done,
            counts: ledger.counts(),
            // Logs stay in the pod.
            items: rows(&ledger, story.server(), Path::new("/nonexistent"), all),
        }
    }

    /// For people.
    pub(crate) fn drawn(&self) -> Page {
        let Counts {
            built,
            failed,
            running,
            waiting,
            skipped,
        } = self.counts;
        let run = match &self.under_way {
            Some(holder) if holder.pid == 0 => {
                format!("number {}, under way in {}", self.runs, holder.host)
            }
            Some(holder) => format!(
                "number {}, under way (process {} on {})",
                self.runs, holder.pid, holder.host
            ),
            None => format!("{} so far, none under way", self.runs),
        };
        let caches = if self.caches_done {
            "done with"
        } else {
            "not done with"
        };
        let server = self.server.as_deref().unwrap_or("unknown");
        let mut page = Page::new();
        page.line(format!("server:  {server}"))
            .line(format!("journal: {}", self.journal))
            .line(format!("run:     {run}"))
            .line(format!("caches:  {caches}"))
            .line(format!(
                "items:   {built} built, {failed} failed, {running} submitted, {waiting} waiting, \
             {skipped} skipped"
            ));
        if !self.items.is_empty() {
            let mut table = Table::new(["STATE", "GUID", "ATTEMPTS", "TITLE", "DETAIL"]);
            for row in &self.items {
                table.row([
                    row.state,
                    row.guid.as_str(),
                    &row.attempts.to_string(),
                    &row.title,
                    row.detail.as_deref().unwrap_or("-"),
                ]);
            }
            page.end().table(0, &table);
        }
        page
    }
}

fn rows(ledger: &Ledger, server: Option<&str>, folder: &Path, all: bool) -> Vec<Row> {
    let server: Option<Server> = server.and_then(|text| text.parse().ok());
    let logs = Logs::new(folder);
    ledger
        .items()
        .filter(|(_, item)| {
            all || matches!(
                item.standing,
                ItemState::Failed { .. } | ItemState::Running(_) | ItemState::Intended(_)
            )
        })
        .map(|(guid, item)| row(guid, item, server.as_ref(), &logs))
        .collect()
}

fn row(guid: &ContentGuid, item: &ItemLedger, server: Option<&Server>, logs: &Logs) -> Row {
    let (state, detail) = match &item.standing {
        ItemState::Waiting => ("waiting", None),
        ItemState::Intended(_) => ("submitting", None),
        ItemState::Running(running) => ("running", Some(format!("task {}", running.task))),
        ItemState::Built { bundle, .. } => ("built", Some(format!("bundle {bundle}"))),
        ItemState::Failed { error, .. } => ("failed", Some(error.clone())),
        ItemState::Skipped(reason) => ("skipped", Some(reason.to_string())),
    };
    let log = logs.path(guid);
    Row {
        guid: guid.clone(),
        title: item.title.clone(),
        state,
        since: item.since,
        attempts: item.attempts,
        detail,
        log: log.exists().then(|| log.display().to_string()),
        url: server.map(|server| server.dashboard(guid)),
    }
}
