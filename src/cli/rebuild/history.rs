//! `rebuild history`: the runs so far.

use clap::Args;
use jiff::Timestamp;
use serde::Serialize;

use super::place::ReaderArgs;
use crate::cli::Exit;
use crate::output::{self, Format, Page, Table};
use crate::rebuild::Journal;
use crate::rebuild::journal::Story;
use crate::rebuild::record::Outcome;

/// List the runs so far, also of journals that were put aside
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  helm connect-migrate rebuild history --output json")]
pub(super) struct History {
    #[command(flatten)]
    reader: ReaderArgs,

    /// Form of the output
    #[arg(short, long, value_enum, default_value_t)]
    output: Format,
}

#[derive(Serialize)]
struct Row {
    journal: String,
    run: u32,
    began: Timestamp,
    last: Timestamp,
    outcome: Option<Outcome>,
    submitted: u32,
    built: u32,
    failed: u32,
}

impl History {
    /// Runs the command.
    pub(super) fn run(&self) -> anyhow::Result<Exit> {
        let (folder, story) = self.reader.story()?;
        let mut rows = Vec::new();
        for path in Journal::aside(&folder)? {
            let name = path.file_name().unwrap_or_default().to_string_lossy();
            if let Some(story) = Story::read_file(&path)? {
                add(&mut rows, &name, &story);
            }
        }
        add(&mut rows, "rebuild.jsonl", &story);
        output::result(self.output, &rows, |_| drawn(&rows))?;
        Ok(Exit::Done)
    }
}

fn add(rows: &mut Vec<Row>, journal: &str, story: &Story) {
    rows.extend(story.ledger().runs.into_iter().map(|run| Row {
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

fn drawn(rows: &[Row]) -> Page {
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
    for row in rows {
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
