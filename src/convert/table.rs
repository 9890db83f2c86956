//! The account as a table for people.

use anstyle::{AnsiColor, Style};
use comfy_table::{ContentArrangement, Table, presets};

use super::account::{Account, Action, Decision, DefaultAction};

const TITLE: Style = Style::new().bold();
const FAINT: Style = Style::new().dimmed();

fn colour(action: Action) -> Style {
    let colour = match action {
        Action::Block => AnsiColor::Red,
        Action::Review => AnsiColor::Yellow,
        Action::Secret => AnsiColor::Magenta,
        Action::Chart => AnsiColor::Cyan,
        Action::Drop => AnsiColor::Blue,
        Action::Keep => AnsiColor::Green,
    };
    TITLE.fg_color(Some(colour.into()))
}

fn title(action: Action) -> &'static str {
    match action {
        Action::Block => "the migration must not go on",
        Action::Review => "kept, look at it",
        Action::Secret => "moved out of the configuration",
        Action::Chart => "moved to the chart's own keys",
        Action::Drop => "left out",
        Action::Keep => "kept",
    }
}

/// Draws the account, `width` columns wide, with colour codes.
#[must_use]
pub fn draw(account: &Account, width: u16) -> String {
    let mut out = String::new();
    for action in Action::ALL {
        let settings: Vec<_> = account
            .settings
            .iter()
            .filter(|decision| decision.action == action)
            .collect();
        if settings.is_empty() {
            continue;
        }
        let style = colour(action);
        out.push_str(&format!(
            "\n{style}{} ({}){style:#} {}\n",
            action.as_str(),
            settings.len(),
            title(action)
        ));
        for decision in settings {
            setting(account, decision, width, &mut out);
        }
    }
    defaults(account, width, &mut out);
    disagreements(account, width, &mut out);
    tasks(account, width, &mut out);
    blockers(account, width, &mut out);
    summary(account, &mut out);
    out
}

/// One line with place, name and code, and under it the reason. What is kept as it was needs none
/// in a table for people.
fn setting(account: &Account, decision: &Decision, width: u16, out: &mut String) {
    let mut line = format!(
        "  {:>5}  {}",
        place(account, &decision.file, decision.line),
        clean(&decision.name.to_string())
    );
    if let Some(spelled) = &decision.spelled {
        line.push_str(&format!(" (written {})", clean(spelled)));
    }
    if let Some(target) = &decision.target {
        line.push_str(&format!(" → {}", clean(target)));
    }
    out.push_str(&format!("{line}  {FAINT}{}{FAINT:#}\n", decision.code));
    if decision.action != Action::Keep {
        wrapped(&clean(&decision.reason), 9, width, out);
    }
}

/// The line, with its file where there are several.
fn place(account: &Account, file: &str, line: usize) -> String {
    if account.inputs.first().is_some_and(|first| first != file) {
        let short = file.rsplit(['/', '\\']).next().unwrap_or(file);
        format!("{short}:{line}")
    } else {
        line.to_string()
    }
}

/// A text in lines that begin at a column.
fn wrapped(text: &str, indent: usize, width: u16, out: &mut String) {
    let width = usize::from(width).saturating_sub(indent).max(20);
    for line in textwrap::wrap(text, width) {
        out.push_str(&" ".repeat(indent));
        out.push_str(&line);
        out.push('\n');
    }
}

fn defaults(account: &Account, width: u16, out: &mut String) {
    if account.chart_defaults.is_empty() {
        return;
    }
    out.push_str(&format!("\n{TITLE}defaults of the chart{TITLE:#}\n"));
    let mut table = table(width);
    for default in &account.chart_defaults {
        let action = match default.action {
            DefaultAction::Removed => "removed",
            DefaultAction::Replaced => "replaced",
            DefaultAction::Kept => "kept",
        };
        table.add_row([
            action.to_owned(),
            clean(&default.setting),
            clean(&default.reason),
        ]);
    }
    push(out, &table);
}

fn disagreements(account: &Account, width: u16, out: &mut String) {
    if account.disagreements.is_empty() {
        return;
    }
    out.push_str(&format!(
        "\n{TITLE}where your own values say something else{TITLE:#}\n"
    ));
    let mut table = table(width);
    for found in &account.disagreements {
        table.add_row([
            clean(&found.path),
            format!("{}: {}", clean(&found.file), clean(&found.base)),
            format!("ours: {}", clean(&found.ours)),
            clean(&found.note),
        ]);
    }
    push(out, &table);
}

fn tasks(account: &Account, width: u16, out: &mut String) {
    if account.tasks.is_empty() {
        return;
    }
    out.push_str(&format!("\n{TITLE}before you deploy{TITLE:#}\n"));
    for task in &account.tasks {
        out.push_str(&format!("  - {FAINT}{}{FAINT:#}\n", task.code));
        wrapped(&clean(&task.what), 4, width, out);
        // A command is to be copied: it stands on one line, however long.
        if let Some(command) = &task.command {
            out.push_str(&format!("      {command}\n"));
        }
    }
}

fn blockers(account: &Account, width: u16, out: &mut String) {
    if account.blockers.is_empty() {
        return;
    }
    let style = colour(Action::Block);
    out.push_str(&format!("\n{style}blocked{style:#} do not deploy\n"));
    for blocker in &account.blockers {
        out.push_str(&format!(
            "  {}  {FAINT}{}{FAINT:#}\n",
            clean(&blocker.setting),
            blocker.code
        ));
        wrapped(&clean(&blocker.reason), 4, width, out);
    }
}

fn summary(account: &Account, out: &mut String) {
    let parts: Vec<String> = Action::ALL
        .iter()
        .filter_map(|action| {
            let count = account.summary.actions.get(action.as_str()).copied()?;
            (count > 0).then(|| format!("{count} {}", action.as_str()))
        })
        .collect();
    if parts.is_empty() {
        out.push_str("\nno settings\n");
        return;
    }
    out.push_str(&format!(
        "\n{} settings: {}\n",
        account.summary.settings,
        parts.join(", ")
    ));
}

fn table(width: u16) -> Table {
    let mut table = Table::new();
    table
        .load_style(presets::NOTHING)
        .set_content_arrangement(ContentArrangement::Dynamic)
        .set_width(width);
    table
}

/// Adds a table without the blanks at its lines' ends.
fn push(out: &mut String, table: &Table) {
    for line in table.lines() {
        out.push_str("  ");
        out.push_str(line.trim_end());
        out.push('\n');
    }
}

/// Control characters would move the cursor or colour the terminal.
fn clean(text: &str) -> String {
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
