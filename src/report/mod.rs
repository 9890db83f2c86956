//! The migration on one page, for those who decide and for the file afterwards: gathered from what
//! commands have left, judged in [`steps`], and drawn by templates that escape every text.

mod compared;
mod gather;
mod markdown;
mod page;
mod sources;
mod steps;
mod timeline;

use jiff::Timestamp;
use serde::Serialize;

pub(crate) use gather::{EvidenceFiles, deliver};
pub(crate) use markdown::Markdown;
pub(crate) use page::{html, markdown, meta};
pub(crate) use sources::{Account, Checks, StatusOfRelease, Validation};
pub(crate) use timeline::{End, Rebuild};

use crate::announce::Announcement;
use crate::connect::version_order;
use crate::inventory::Inventory;
use compared::Comparison;
use sources::{Check, SettingOutcome, Validated};
use steps::{Left, Step};

/// What a report is made of; what is not there is said to be missing.
#[derive(Debug, Default)]
pub(crate) struct Evidence {
    pub checks: Option<Dated<Checks>>,
    pub inventory: Option<Dated<Inventory>>,
    pub account: Option<Dated<Account>>,
    pub status: Option<Dated<StatusOfRelease>>,
    /// In the order of time.
    pub validations: Vec<Dated<Validation>>,
    pub rebuilds: Vec<Rebuild>,
    pub announcements: Vec<Announcement>,
}

/// A file's content, and when it was written.
#[derive(Debug)]
pub(crate) struct Dated<T> {
    pub file: String,
    pub at: Option<Timestamp>,
    pub content: T,
}

/// The report. Its JSON form is an interface (`schema` 1) and only grows.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub(crate) struct MigrationReport {
    pub schema: u32,
    pub made: Timestamp,
    pub made_by: &'static str,
    /// The old server.
    pub server: Option<String>,
    pub steps: Vec<Step>,
    /// What is left to do, in the order of the steps.
    pub left: Vec<Left>,
    pub settings: Vec<SettingOutcome>,
    pub checks: Vec<Check>,
    pub runtimes: Vec<Runtime>,
    pub content: Vec<ContentRow>,
    pub rebuilds: Vec<Rebuild>,
    pub validations: Vec<Validations>,
    /// The first validation against the last, where there are two.
    pub comparison: Option<Comparison>,
    pub announcements: Vec<Announcement>,
}

/// A version of a language, and the content that uses it.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct Runtime {
    pub language: &'static str,
    pub version: String,
    pub items: usize,
    pub uses: u64,
}

/// A content item, in the order of priority.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct ContentRow {
    pub guid: String,
    pub title: String,
    #[serde(rename = "type")]
    pub kind: Option<String>,
    pub uses: Option<u64>,
    pub owner: Option<String>,
    pub runtimes: String,
}

/// One validation.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct Validations {
    pub file: String,
    pub at: Option<Timestamp>,
    pub server: String,
    pub counts: Vec<Count>,
    /// Items that did not simply pass.
    pub items: Vec<Validated>,
}

/// How many of one kind.
#[derive(Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct Count {
    pub what: String,
    pub number: usize,
}

impl MigrationReport {
    /// Makes a report of what is known.
    pub(crate) fn of(evidence: Evidence, made: Timestamp) -> Self {
        let steps = steps::steps(&evidence);
        let left = steps::left(&evidence, &steps);
        let inventory = evidence.inventory.as_ref().map(|dated| &dated.content);
        let mut report = Self {
            schema: 1,
            made,
            made_by: concat!("connect-migrate ", env!("CARGO_PKG_VERSION")),
            server: inventory.map(|inventory| inventory.server.url.clone()),
            steps,
            left,
            settings: Vec::new(),
            checks: Vec::new(),
            runtimes: inventory.map(runtimes).unwrap_or_default(),
            content: inventory.map(content).unwrap_or_default(),
            rebuilds: evidence.rebuilds,
            comparison: Comparison::of(&evidence.validations),
            validations: evidence.validations.into_iter().map(validation).collect(),
            announcements: evidence.announcements,
        };
        if let Some(account) = evidence.account {
            report.settings = account.content.settings;
        }
        if let Some(checks) = evidence.checks {
            report.checks = checks.content.checks;
        }
        report
    }
}

/// Counts words in the order in which they are first met, or in the order that is given.
pub(crate) fn counts<'a>(order: &[&str], words: impl IntoIterator<Item = &'a str>) -> Vec<Count> {
    let mut counts: Vec<Count> = order
        .iter()
        .map(|word| Count {
            what: (*word).to_owned(),
            number: 0,
        })
        .collect();
    for word in words {
        match counts.iter_mut().find(|count| count.what == word) {
            Some(count) => count.number += 1,
            None => counts.push(Count {
                what: word.to_owned(),
                number: 1,
            }),
        }
    }
    counts.retain(|count| count.number > 0);
    counts
}

/// `3 fail, 2 warn`.
pub(crate) fn joined(counts: &[Count]) -> String {
    let texts: Vec<_> = counts
        .iter()
        .map(|count| format!("{} {}", count.number, count.what.replace('-', " ")))
        .collect();
    texts.join(", ")
}

const STATUSES: [&str; 4] = ["fail", "warn", "not-asked", "pass"];

fn validation(dated: Dated<Validation>) -> Validations {
    let statuses = dated.content.items.iter().map(|item| item.status.as_str());
    Validations {
        file: dated.file,
        at: dated.at,
        server: dated.content.server.clone(),
        counts: counts(&STATUSES, statuses),
        items: dated
            .content
            .items
            .into_iter()
            .filter(|item| item.status != "pass")
            .collect(),
    }
}

fn runtimes(inventory: &Inventory) -> Vec<Runtime> {
    let mut found: Vec<Runtime> = Vec::new();
    for entry in &inventory.content {
        for (language, version) in &entry.languages {
            let uses = entry.uses.unwrap_or_default();
            match found
                .iter_mut()
                .find(|row| row.language == language.name() && row.version == *version)
            {
                Some(row) => {
                    row.items += 1;
                    row.uses += uses;
                }
                None => found.push(Runtime {
                    language: language.name(),
                    version: version.clone(),
                    items: 1,
                    uses,
                }),
            }
        }
    }
    found.sort_by(|one, other| {
        (one.language, version_order(&one.version))
            .cmp(&(other.language, version_order(&other.version)))
    });
    found
}

fn content(inventory: &Inventory) -> Vec<ContentRow> {
    let items = inventory.content.iter().map(|entry| {
        let runtimes = entry.languages.iter();
        let runtimes: Vec<_> = runtimes
            .map(|(language, version)| format!("{} {version}", language.name()))
            .collect();
        ContentRow {
            guid: entry.guid.to_string(),
            title: entry.label().to_owned(),
            kind: entry.app_mode.clone(),
            uses: entry.uses,
            owner: entry.owner.clone(),
            runtimes: runtimes.join(", "),
        }
    });
    items.collect()
}

#[cfg(test)]
mod tests;
