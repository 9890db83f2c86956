//! The answers as a table for people.

use anstyle::{AnsiColor, Style};

use super::{Check, Report, SHOWN, Status, count};
use crate::output::Page;

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

/// Draws the report, `width` columns wide.
#[must_use]
pub(crate) fn draw(report: &Report, width: u16) -> Page {
    let mut out = Page::new();
    let mut group = None;
    for check in &report.checks {
        if group != Some(check.group) {
            if group.is_some() {
                out.end();
            }
            group = Some(check.group);
            out.styled(TITLE, check.group.title()).end();
        }
        one(check, width, &mut out);
    }
    out.end().line(format!(
        "{}: {}",
        count(report.checks.len(), "check"),
        report.summary
    ));
    out
}

/// Columns left of what is said about a check.
const INDENT: usize = 13;

fn one(check: &Check, width: u16, out: &mut Page) {
    out.push("  ")
        .styled(
            colour(check.judgement.status),
            format!("{:<9}", check.judgement.status.as_str()),
        )
        .line(format!(" {}", check.code));
    out.paragraph(INDENT, width, &check.judgement.evidence);
    for detail in check.judgement.details.iter().take(SHOWN) {
        out.item(INDENT, "-  ", width, detail);
    }
    if let Some(more) = check
        .judgement
        .details
        .len()
        .checked_sub(SHOWN)
        .filter(|&n| n > 0)
    {
        let more = format!("… and {more} more; --output json has them all");
        out.paragraph(INDENT, width, &more);
    }
    if let Some(remedy) = &check.judgement.remedy {
        out.item(INDENT, "→ ", width, remedy);
    }
    // A command is to be copied: it stands as it is, however long.
    if let Some(command) = &check.judgement.command {
        for line in command.lines() {
            out.line(format!("                $ {line}"));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::{CheckCode, Judgement};

    #[test]
    fn shows_status_evidence_and_remedy_group_by_group() {
        let report = Report::new(vec![
            CheckCode::DatabaseProvider.judged(Judgement::pass("PostgreSQL")),
            CheckCode::DataOwners.judged(
                Judgement::fail("3 files are not 999:999", "hand them over")
                    .details((0..10).map(|n| format!("/d/{n}\u{1b}[2J")))
                    .command("chown -R 999:999 /d"),
            ),
        ]);
        insta::assert_snapshot!(draw(&report, 80).plain(), @r"
        configuration
          pass      database-provider
                     PostgreSQL

        data directory
          fail      data-owners
                     3 files are not 999:999
                     -  /d/0\u{1b}[2J
                     -  /d/1\u{1b}[2J
                     -  /d/2\u{1b}[2J
                     -  /d/3\u{1b}[2J
                     -  /d/4\u{1b}[2J
                     -  /d/5\u{1b}[2J
                     -  /d/6\u{1b}[2J
                     -  /d/7\u{1b}[2J
                     … and 2 more; --output json has them all
                     → hand them over
                        $ chown -R 999:999 /d

        2 checks: 1 pass, 0 warn, 1 fail, 0 not asked
        ");
    }
}
