//! What a run would do, on paper.

use jiff::Timestamp;
use serde::Serialize;

use super::cache::Answered;
use super::estimate::Estimate;
use super::plan::{Action, BuildReason, Planned, Tally};
use super::prepare::Prepared;
use super::record::SkipReason;
use crate::connect::{AppMode, BundleId, ContentGuid};
use crate::output::{Page, Table};

/// The version of its format.
const SCHEMA: u32 = 2;

/// What a run would do.
#[derive(Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub(crate) struct Rehearsal {
    schema: u32,
    server: String,
    server_version: Option<String>,
    items: Vec<Row>,
    caches: Vec<Answered>,
    cache_note: Option<&'static str>,
    estimate: Option<Estimate>,
    /// What server and cluster allow, as far as they say.
    limits: Vec<String>,
    summary: Tally,
}

#[derive(Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
struct Row {
    #[cfg_attr(test, schemars(with = "String"))]
    guid: ContentGuid,
    title: String,
    #[cfg_attr(test, schemars(with = "Option<String>"))]
    app_mode: Option<AppMode>,
    #[cfg_attr(test, schemars(with = "Option<String>"))]
    bundle: Option<BundleId>,
    uses: Option<u64>,
    last_deployed: Option<Timestamp>,
    action: &'static str,
    reason: Option<String>,
}

impl Rehearsal {
    pub(super) fn new(
        prepared: &Prepared,
        caches: Vec<Answered>,
        estimate: Option<Estimate>,
        limits: Vec<String>,
    ) -> Self {
        let version = prepared.connect.version();
        Self {
            schema: SCHEMA,
            server: prepared.connect.server().to_string(),
            server_version: version.map(|version| version.to_string()),
            items: prepared.plan.items.iter().map(row).collect(),
            caches,
            cache_note: prepared.caches.note,
            estimate,
            limits,
            summary: prepared.plan.tally(),
        }
    }

    /// For people.
    pub(crate) fn drawn(&self) -> Page {
        let dash = || "-".to_owned();
        let mut table = Table::new(["#", "ACTION", "GUID", "TYPE", "BUNDLE", "USES", "TITLE"]);
        for (row, number) in self.items.iter().zip(1..) {
            let action = match &row.reason {
                Some(reason) => format!("{}: {reason}", row.action),
                None => row.action.to_owned(),
            };
            table.row([
                number.to_string(),
                action,
                row.guid.to_string(),
                row.app_mode
                    .as_ref()
                    .map_or_else(dash, |mode| mode.as_str().to_owned()),
                row.bundle.as_ref().map_or_else(dash, ToString::to_string),
                row.uses.map_or_else(dash, |uses| uses.to_string()),
                row.title.clone(),
            ]);
        }
        let mut page = Page::new();
        page.table(0, &table).end();
        for cache in &self.caches {
            page.line(format!("cache {}: {}", cache.cache, cache.answer));
        }
        if let Some(note) = self.cache_note {
            page.line(format!("caches: {note}"));
        }
        if self.summary.build > 0 {
            let time = self.estimate.as_ref().map_or_else(
                || "not known: no build of these items is on record".to_owned(),
                Estimate::text,
            );
            page.line(format!("time: {time}"));
            for limit in &self.limits {
                page.line(format!("at once: {limit}"));
            }
        }
        let Tally {
            build,
            adopt,
            finished,
            skipped,
            missing,
        } = self.summary;
        if missing > 0 {
            page.line(format!(
                "{missing} are not on the server, and count as failures (--ignore-missing leaves them \
                 out)"
            ));
        }
        page.line(format!(
            "{build} to build, {adopt} to wait for, {finished} built before, {skipped} skipped; \
         {} caches to clear. Nothing was changed.",
            self.caches.len()
        ));
        page
    }
}

fn row(item: &Planned) -> Row {
    let (action, reason) = match &item.action {
        Action::Build(BuildReason::New) => ("build", None),
        Action::Build(BuildReason::FailedBefore) => ("build", Some("failed before".to_owned())),
        Action::Build(BuildReason::OtherBundle) => {
            ("build", Some("deployed since it was built".to_owned()))
        }
        Action::Look(_) => ("adopt", Some("may have been submitted".to_owned())),
        Action::Adopt { newer: None, .. } => ("adopt", Some("submitted before".to_owned())),
        Action::Adopt { newer: Some(_), .. } => (
            "adopt",
            Some("submitted before; deployed since, so built anew after that".to_owned()),
        ),
        Action::Finished => ("finished", None),
        Action::Skip(reason) => {
            let missing = item.required && *reason == SkipReason::Unknown;
            (
                if missing { "missing" } else { "skip" },
                Some(reason.to_string()),
            )
        }
    };
    Row {
        guid: item.guid.clone(),
        title: item.title.clone(),
        app_mode: item.app_mode.clone(),
        bundle: item.bundle.clone(),
        uses: item.uses,
        last_deployed: item.last_deployed,
        action,
        reason,
    }
}
