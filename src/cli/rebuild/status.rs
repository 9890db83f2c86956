//! `rebuild status`: where the work stands.

use std::path::Path;

use clap::Args;
use jiff::Timestamp;
use serde::Serialize;

use super::place::ReaderArgs;
use crate::cli::Exit;
use crate::connect::{ContentGuid, Server};
use crate::output::{self, Format, Page, Table};
use crate::rebuild::ledger::{Counts, ItemLedger, Ledger, Standing};
use crate::rebuild::log::Logs;
use crate::state::{Holder, Lock};

/// Show where the rebuild stands
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  helm connect-migrate rebuild status\n  helm connect-migrate rebuild status --all --output json"
)]
pub(super) struct Status {
    /// Show every item, not only those that failed or are under way
    #[arg(long)]
    all: bool,

    #[command(flatten)]
    reader: ReaderArgs,

    /// Form of the output
    #[arg(short, long, value_enum, default_value_t)]
    output: Format,
}

#[derive(Serialize)]
struct Report {
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
struct Row {
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

impl Status {
    /// Runs the command.
    pub(super) fn run(&self) -> anyhow::Result<Exit> {
        let (folder, story) = self.reader.story()?;
        let ledger = story.ledger();
        let report = Report {
            schema: 1,
            server: story.server().map(str::to_owned),
            journal: folder.display().to_string(),
            under_way: Lock::holder(&folder)?,
            runs: ledger.runs.len(),
            caches_done: ledger.caches_done,
            counts: ledger.counts(),
            items: self.rows(&ledger, story.server(), &folder),
        };
        output::result(self.output, &report, |_| drawn(&report))?;
        Ok(Exit::Done)
    }

    fn rows(&self, ledger: &Ledger, server: Option<&str>, folder: &Path) -> Vec<Row> {
        let server: Option<Server> = server.and_then(|text| text.parse().ok());
        let logs = Logs::new(folder);
        ledger
            .items()
            .filter(|(_, item)| {
                self.all
                    || matches!(
                        item.standing,
                        Standing::Failed { .. } | Standing::Running(_) | Standing::Intended(_)
                    )
            })
            .map(|(guid, item)| row(guid, item, server.as_ref(), &logs))
            .collect()
    }
}

fn row(guid: &ContentGuid, item: &ItemLedger, server: Option<&Server>, logs: &Logs) -> Row {
    let (state, detail) = match &item.standing {
        Standing::Waiting => ("waiting", None),
        Standing::Intended(_) => ("submitting", None),
        Standing::Running(running) => ("running", Some(format!("task {}", running.task))),
        Standing::Built { bundle, .. } => ("built", Some(format!("bundle {bundle}"))),
        Standing::Failed { error, .. } => ("failed", Some(error.clone())),
        Standing::Skipped(reason) => ("skipped", Some(reason.to_string())),
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

fn drawn(report: &Report) -> Page {
    let Counts {
        built,
        failed,
        running,
        waiting,
        skipped,
    } = report.counts;
    let run = match &report.under_way {
        Some(holder) => format!(
            "number {}, under way (process {} on {})",
            report.runs, holder.pid, holder.host
        ),
        None => format!("{} so far, none under way", report.runs),
    };
    let caches = if report.caches_done {
        "done with"
    } else {
        "not done with"
    };
    let server = report.server.as_deref().unwrap_or("unknown");
    let mut page = Page::new();
    page.line(format!("server:  {server}"))
        .line(format!("journal: {}", report.journal))
        .line(format!("run:     {run}"))
        .line(format!("caches:  {caches}"))
        .line(format!(
            "items:   {built} built, {failed} failed, {running} submitted, {waiting} waiting, \
             {skipped} skipped"
        ));
    if !report.items.is_empty() {
        let mut table = Table::new(["STATE", "GUID", "ATTEMPTS", "TITLE", "DETAIL"]);
        for row in &report.items {
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
