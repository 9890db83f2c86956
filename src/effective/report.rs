//! A comparison as data and as a table.

use serde::Serialize;

use super::{Comparison, Note, Row, Side, Status};
use crate::output::{Page, Table};

/// A comparison as it is printed for programs.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub(crate) struct ComparisonReport {
    schema: u32,
    before: Vec<String>,
    after: String,
    settings: Vec<ReportRow>,
    summary: Counts,
}

#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
struct ReportRow {
    setting: String,
    section: String,
    subsection: Option<String>,
    property: String,
    status: Status,
    before: Option<ReportSide>,
    after: Option<ReportSide>,
    note: Option<String>,
}

#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
struct ReportSide {
    values: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    from: Option<String>,
    masked: bool,
    origin: String,
}

#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
struct Counts {
    same: usize,
    changed: usize,
    only_before: usize,
    only_after: usize,
    not_compared: usize,
    differs: bool,
}

impl ComparisonReport {
    /// Puts the report together; `before` and `after` say where the two configurations come from.
    #[must_use]
    pub(crate) fn new(comparison: &Comparison, before: Vec<String>, after: String) -> Self {
        Self {
            schema: 1,
            before,
            after,
            settings: comparison.rows.iter().map(ReportRow::new).collect(),
            summary: Counts {
                same: comparison.count(Status::Same),
                changed: comparison.count(Status::Changed),
                only_before: comparison.count(Status::OnlyBefore),
                only_after: comparison.count(Status::OnlyAfter),
                not_compared: comparison.count(Status::NotCompared),
                differs: comparison.differs(),
            },
        }
    }
}

impl ReportRow {
    fn new(row: &Row) -> Self {
        let side = |side: &Option<Side>| {
            side.as_ref().map(|side| ReportSide {
                values: side.values.clone(),
                from: side.reference.clone(),
                masked: side.masked,
                origin: side.origin.clone(),
            })
        };
        Self {
            setting: row.name.to_string(),
            section: row.name.section.name.clone(),
            subsection: row.name.section.subsection.clone(),
            property: row.name.property.clone(),
            status: row.status,
            before: side(&row.before),
            after: side(&row.after),
            note: row.note.as_ref().map(ToString::to_string),
        }
    }
}

/// A comparison as a table for people; `all` shows what is the same too. `None` when there is
/// nothing to show.
#[must_use]
pub(crate) fn table(comparison: &Comparison, all: bool) -> Option<Page> {
    let mut table = Table::new(["SETTING", "STATUS", "BEFORE", "AFTER"]);
    for row in &comparison.rows {
        let hides = matches!(row.note, Some(Note::Hides(_)));
        if row.status == Status::Same && !hides && !all {
            continue;
        }
        let mut after = row.after.as_ref().map(shown).unwrap_or_default();
        if let Some(note) = &row.note {
            after = format!("{after} ({note})").trim_start().to_owned();
        }
        table.row([
            row.name.to_string(),
            row.status.to_string(),
            row.before.as_ref().map(shown).unwrap_or_default(),
            after,
        ]);
    }
    if table.is_empty() {
        return None;
    }
    let mut page = Page::new();
    page.table(0, &table);
    Some(page)
}

/// The counts, e.g. `2 changed, 1 only-after, 40 same`.
#[must_use]
pub(crate) fn counts(comparison: &Comparison) -> String {
    let counts: Vec<String> = Status::ALL
        .into_iter()
        .map(|status| (status, comparison.count(status)))
        .filter(|(_, count)| *count > 0)
        .map(|(status, count)| format!("{count} {status}"))
        .collect();
    if counts.is_empty() {
        "no settings".to_owned()
    } else {
        counts.join(", ")
    }
}

fn shown(side: &Side) -> String {
    let values = side
        .values
        .iter()
        .map(|value| match value.as_str() {
            "" => "\"\"",
            value => value,
        })
        .collect::<Vec<_>>()
        .join(", ");
    match &side.reference {
        None if side.values.is_empty() => "(empty list)".to_owned(),
        None => values,
        Some(reference) if values.is_empty() => format!("from {reference}"),
        Some(reference) => format!("{values} from {reference}"),
    }
}
