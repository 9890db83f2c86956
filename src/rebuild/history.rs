//! The runs of a journal, and of those that were put aside before it.

use std::path::Path;

use jiff::Timestamp;
use serde::Serialize;

use super::journal::{Journal, Story};
use super::record::Outcome;
use crate::output::{Page, Table};

#[derive(Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct Run {
    journal: String,
    run: u32,
    began: Timestamp,
    last: Timestamp,
    outcome: Option<Outcome>,
    submitted: u32,
    built: u32,
    failed: u32,
}

/// The runs so far, the oldest first.
///
/// # Errors
/// A journal cannot be read.
pub(crate) fn history(folder: &Path, story: &Story) -> anyhow::Result<Vec<Run>> {
    let mut runs = Vec::new();
    for path in Journal::aside(folder)? {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        if let Some(story) = Story::read_file(&path)? {
            story.speak_of_unreadable(&path.display().to_string());
            add(&mut runs, &name, &story);
        }
    }
    add(&mut runs, "rebuild.jsonl", story);
    Ok(runs)
}

fn add(runs: &mut Vec<Run>, journal: &str, story: &Story) {
    runs.extend(story.ledger().runs.into_iter().map(|run| Run {
        journal: journal.to_owned(),
        run: run.number,
        began: run.began,
        last: run.last,
        outcome: run.outcome,
        submitted: run.submitted,
        built: run.built,
        failed: run.failed,
    }));
}

/// For people.
#[must_use]
pub(crate) fn drawn(runs: &[Run]) -> Page {
    let mut table = Table::new([
        "JOURNAL",
        "RUN",
        "BEGAN",
        "LAST ENTRY",
        "END",
        "SUBMITTED",
        "BUILT",
        "FAILED",
    ]);
    for row in runs {
        table.row([
            row.journal.clone(),
            row.run.to_string(),
            row.began.strftime("%F %T").to_string(),
            row.last.strftime("%F %T").to_string(),
            match row.outcome {
                Some(Outcome::Done) => "all built",
                Some(Outcome::SomeFailed) => "some failed",
                Some(Outcome::Interrupted) => "interrupted",
                Some(Outcome::Failed) => "could not go on",
                Some(Outcome::Other) => "unknown",
                None => "cut off, or under way",
            }
            .to_owned(),
            row.submitted.to_string(),
            row.built.to_string(),
            row.failed.to_string(),
        ]);
    }
    let mut page = Page::new();
    page.table(0, &table);
    page
}
