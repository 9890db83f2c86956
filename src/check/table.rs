//! The answers as a table for people.

use anstyle::{AnsiColor, Style};
use comfy_table::{ContentArrangement, Table, presets};

use super::{Check, Report, SHOWN, Status, count};

const TITLE: Style = Style::new().bold();

const fn colour(status: Status) -> Style {
    let colour = match status {
        Status::Fail => AnsiColor::Red,
        Status::Warn => AnsiColor::Yellow,
        Status::NotAsked => AnsiColor::Blue,
        Status::Pass => AnsiColor::Green,
    };
    TITLE.fg_color(Some(anstyle::Color::Ansi(colour)))
}

/// Draws the report, `width` columns wide, with colour codes.
#[must_use]
pub(crate) fn draw(report: &Report, width: u16) -> String {
    let mut out = String::new();
    let mut group = None;
    for check in &report.checks {
        if group != Some(check.group) {
            if group.is_some() {
                out.push('\n');
            }
            group = Some(check.group);
            out.push_str(&format!("{TITLE}{}{TITLE:#}\n", check.group.title()));
        }
        one(check, width, &mut out);
    }
    let summary = report.summary;
    out.push_str(&format!(
        "\n{}: {} pass, {} warn, {} fail, {} not asked\n",
        count(report.checks.len(), "check"),
        summary.pass,
        summary.warn,
        summary.fail,
        summary.not_asked
    ));
    out
}

fn one(check: &Check, width: u16, out: &mut String) {
    let style = colour(check.status);
    out.push_str(&format!(
        "  {style}{:<9}{style:#} {}\n",
        check.status.as_str(),
        check.code
    ));
    paragraph(&check.evidence, width, out);
    for detail in check.details.iter().take(SHOWN) {
        bullet(detail, width, out);
    }
    if let Some(more) = check.details.len().checked_sub(SHOWN).filter(|&n| n > 0) {
        paragraph(
            &format!("… and {more} more; --output json has them all"),
            width,
            out,
        );
    }
    if let Some(remedy) = &check.remedy {
        paragraph(&format!("→ {remedy}"), width, out);
    }
    // A command is to be copied: it stands as it is, however long.
    if let Some(command) = &check.command {
        for line in command.lines() {
            out.push_str(&format!("                $ {}\n", clean(line)));
        }
    }
}

const INDENT: &str = "            ";

fn paragraph(text: &str, width: u16, out: &mut String) {
    lines([clean(text)], width, out);
}

fn bullet(text: &str, width: u16, out: &mut String) {
    lines(["-".to_owned(), clean(text)], width, out);
}

fn lines<const N: usize>(cells: [String; N], width: u16, out: &mut String) {
    let mut table = Table::new();
    table
        .load_style(presets::NOTHING)
        .set_content_arrangement(ContentArrangement::Dynamic)
        .set_width(width.saturating_sub(12).max(40))
        .add_row(cells);
    for line in table.lines() {
        let line = format!("{INDENT}{line}");
        out.push_str(line.trim_end());
        out.push('\n');
    }
}

/// Control characters would move the cursor or colour the terminal.
pub(crate) fn clean(text: &str) -> String {
    text.chars()
        .map(|c| {
            if c.is_control() && c != '\n' {
                '\u{FFFD}'
            } else {
                c
            }
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::CheckCode;

    #[test]
    fn shows_status_evidence_and_remedy_group_by_group() {
        let report = Report::new(vec![
            Check::pass(CheckCode::DatabaseProvider, "PostgreSQL"),
            Check::fail(
                CheckCode::DataOwners,
                "3 files are not 999:999",
                "hand them over",
            )
            .details((0..10).map(|n| format!("/d/{n}\u{1b}[2J")))
            .command("chown -R 999:999 /d"),
        ]);
        let text = anstream::adapter::strip_str(&draw(&report, 80)).to_string();
        insta::assert_snapshot!(text, @r"
        configuration
          pass      database-provider
                     PostgreSQL

        data directory
          fail      data-owners
                     3 files are not 999:999
                     -  /d/0�[2J
                     -  /d/1�[2J
                     -  /d/2�[2J
                     -  /d/3�[2J
                     -  /d/4�[2J
                     -  /d/5�[2J
                     -  /d/6�[2J
                     -  /d/7�[2J
                     … and 2 more; --output json has them all
                     → hand them over
                        $ chown -R 999:999 /d

        2 checks: 1 pass, 0 warn, 1 fail, 0 not asked
        ");
    }
}
