//! The plan on paper.

use jiff::Timestamp;
use serde::Serialize;

use crate::connect::{AppMode, BundleId, Connect, ContentGuid};
use crate::output::{self, Format, Page, Table};
use crate::rebuild::cache::{CachePlan, Rehearsal};
use crate::rebuild::plan::{Action, Plan, Planned, Tally, Why};

#[derive(Serialize)]
struct Report<'a> {
    schema: u32,
    server: String,
    server_version: Option<String>,
    items: Vec<Row<'a>>,
    caches: &'a [Rehearsal],
    cache_note: Option<&'static str>,
    summary: Tally,
}

#[derive(Serialize)]
struct Row<'a> {
    guid: &'a ContentGuid,
    title: &'a str,
    app_mode: Option<&'a AppMode>,
    bundle: Option<&'a BundleId>,
    uses: Option<u64>,
    last_deployed: Option<Timestamp>,
    action: &'static str,
    reason: Option<String>,
}

/// Prints the plan.
///
/// # Errors
/// Standard output cannot be written.
pub(super) fn print(
    format: Format,
    connect: &Connect,
    plan: &Plan,
    caches: &CachePlan,
    rehearsals: &[Rehearsal],
) -> anyhow::Result<()> {
    let report = Report {
        schema: 1,
        server: connect.server().to_string(),
        server_version: connect.version().map(|version| version.to_string()),
        items: plan.items.iter().map(row).collect(),
        caches: rehearsals,
        cache_note: caches.note,
        summary: plan.tally(),
    };
    output::result(format, &report, |_| drawn(&report))
}

fn row(item: &Planned) -> Row<'_> {
    let (action, reason) = match &item.action {
        Action::Build(Why::New) => ("build", None),
        Action::Build(Why::FailedBefore) => ("build", Some("failed before".to_owned())),
        Action::Build(Why::OtherBundle) => {
            ("build", Some("deployed since it was built".to_owned()))
        }
        Action::Look(_) => ("adopt", Some("may have been submitted".to_owned())),
        Action::Adopt {
            outdated: false, ..
        } => ("adopt", Some("submitted before".to_owned())),
        Action::Adopt { outdated: true, .. } => (
            "adopt",
            Some("submitted before; deployed since, so built anew after that".to_owned()),
        ),
        Action::Finished => ("finished", None),
        Action::Skip(reason) => ("skip", Some(reason.to_string())),
    };
    Row {
        guid: &item.guid,
        title: &item.title,
        app_mode: item.app_mode.as_ref(),
        bundle: item.bundle.as_ref(),
        uses: item.uses,
        last_deployed: item.last_deployed,
        action,
        reason,
    }
}

fn drawn(report: &Report<'_>) -> Page {
    let dash = || "-".to_owned();
    let mut table = Table::new(["#", "ACTION", "GUID", "TYPE", "BUNDLE", "USES", "TITLE"]);
    for (row, number) in report.items.iter().zip(1..) {
        let action = match &row.reason {
            Some(reason) => format!("{}: {reason}", row.action),
            None => row.action.to_owned(),
        };
        table.row([
            number.to_string(),
            action,
            row.guid.to_string(),
            row.app_mode.map_or_else(dash, ToString::to_string),
            row.bundle.map_or_else(dash, ToString::to_string),
            row.uses.map_or_else(dash, |uses| uses.to_string()),
            row.title.to_owned(),
        ]);
    }
    let mut page = Page::new();
    page.table(0, &table).end();
    for rehearsal in report.caches {
        page.line(format!("cache {}: {}", rehearsal.cache, rehearsal.answer));
    }
    if let Some(note) = report.cache_note {
        page.line(format!("caches: {note}"));
    }
    let Tally {
        build,
        adopt,
        finished,
        skipped,
    } = report.summary;
    page.line(format!(
        "{build} to build, {adopt} to wait for, {finished} built before, {skipped} skipped; \
         {} caches to clear. Nothing was changed.",
        report.caches.len()
    ));
    page
}
