//! A comparison as data and as a table.

use comfy_table::{ContentArrangement, Table, presets};
use serde::Serialize;

use super::{Comparison, Note, Row, Side, Status};

/// A comparison as it is printed for programs.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Report {
    schema: u32,
    before: Vec<String>,
    after: String,
    settings: Vec<ReportRow>,
    summary: Summary,
}

#[derive(Debug, Serialize)]
struct ReportRow {
    setting: String,
    section: String,
    subsection: Option<String>,
    property: String,
    status: &'static str,
    before: Option<ReportSide>,
    after: Option<ReportSide>,
    note: Option<String>,
}

#[derive(Debug, Serialize)]
struct ReportSide {
    values: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    from: Option<String>,
    masked: bool,
    origin: String,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Summary {
    same: usize,
    changed: usize,
    only_before: usize,
    only_after: usize,
    not_compared: usize,
    differs: bool,
}

impl Report {
    /// Puts the report together; `before` and `after` say where the two configurations come from.
    #[must_use]
    pub(crate) fn new(comparison: &Comparison, before: Vec<String>, after: String) -> Self {
        Self {
            schema: 1,
            before,
            after,
            settings: comparison.rows.iter().map(ReportRow::new).collect(),
            summary: Summary {
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
            status: row.status.as_str(),
            before: side(&row.before),
            after: side(&row.after),
            note: row.note.as_ref().map(ToString::to_string),
        }
    }
}

/// A comparison as a table for people; `all` shows what is the same too. `None` when there is
/// nothing to show.
#[must_use]
pub(crate) fn table(comparison: &Comparison, all: bool) -> Option<String> {
    let mut table = Table::new();
    table
        .load_style(presets::NOTHING)
        .set_content_arrangement(ContentArrangement::Disabled)
        .set_header(["SETTING", "STATUS", "BEFORE", "AFTER"]);
    let mut empty = true;
    for row in &comparison.rows {
        let hides = matches!(row.note, Some(Note::Hides(_)));
        if row.status == Status::Same && !hides && !all {
            continue;
        }
        empty = false;
        let mut after = row.after.as_ref().map(shown).unwrap_or_default();
        if let Some(note) = &row.note {
            after = format!("{after} ({note})").trim_start().to_owned();
        }
        table.add_row([
            row.name.to_string(),
            row.status.to_string(),
            row.before.as_ref().map(shown).unwrap_or_default(),
            after,
        ]);
    }
    if empty {
        return None;
    }
    let text: String = table
        .lines()
        .map(|line| line.trim().to_owned() + "\n")
        .collect();
    Some(text)
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
            "" => "\"\"".to_owned(),
            value => value.chars().flat_map(visible).collect(),
        })
        .collect::<Vec<String>>()
        .join(", ");
    match &side.reference {
        None if side.values.is_empty() => "(empty list)".to_owned(),
        None => values,
        Some(reference) if values.is_empty() => format!("from {reference}"),
        Some(reference) => format!("{values} from {reference}"),
    }
}

/// A character as it can be shown in a table's cell.
fn visible(c: char) -> impl Iterator<Item = char> {
    let (escaped, plain) = if c.is_control() {
        (Some(c.escape_default()), None)
    } else {
        (None, Some(c))
    };
    escaped.into_iter().flatten().chain(plain)
}
