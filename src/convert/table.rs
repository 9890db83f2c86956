//! The account as a table for people.

use anstyle::{AnsiColor, Style};
use strum::VariantArray as _;

use super::account::{Account, Action, Decision, DefaultAction};
use super::options::Backend;
use crate::output::{Page, Table};

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

/// Draws the account, `width` columns wide.
#[must_use]
pub(crate) fn draw(account: &Account, width: u16) -> Page {
    let mut out = Page::new();
    for &action in Action::VARIANTS {
        let settings: Vec<_> = account
            .settings
            .iter()
            .filter(|decision| decision.action == action)
            .collect();
        if settings.is_empty() {
            continue;
        }
        let heading = format!("{} ({})", action.as_str(), settings.len());
        out.end()
            .styled(colour(action), heading)
            .line(format!(" {}", title(action)));
        for decision in settings {
            setting(account, decision, width, &mut out);
        }
    }
    added(account, width, &mut out);
    defaults(account, width, &mut out);
    disagreements(account, width, &mut out);
    tasks(account, width, &mut out);
    blockers(account, width, &mut out);
    out.end()
        .push("content runs in the ")
        .push(match account.backend.backend {
            Backend::Kubernetes => "Kubernetes backend",
            Backend::Launcher => "Launcher",
        })
        .line(format!(": {}", account.backend.reason));
    out.paragraph(0, width, &format!("proved with {}", account.proof.words));
    summary(account, &mut out);
    out
}

/// One line with place, name and code, and under it the reason. What is kept as it was needs none
/// in a table for people.
fn setting(account: &Account, decision: &Decision, width: u16, out: &mut Page) {
    let place = place(account, &decision.file, decision.line);
    out.push(format!("  {place:>5}  {}", decision.name));
    if let Some(spelled) = &decision.spelled {
        out.push(format!(" (written {spelled})"));
    }
    if let Some(target) = &decision.target {
        out.push(format!(" → {target}"));
    }
    out.push("  ")
        .styled(FAINT, decision.code.to_string())
        .end();
    if decision.action != Action::Keep {
        out.paragraph(9, width, &decision.reason);
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

fn added(account: &Account, width: u16, out: &mut Page) {
    if account.added.is_empty() {
        return;
    }
    out.end()
        .styled(TITLE, "added, since no line says it")
        .end();
    let mut table = Table::plain().within(width);
    for added in &account.added {
        table.row([&added.setting, &added.reason]);
    }
    out.table(3, &table);
}

fn defaults(account: &Account, width: u16, out: &mut Page) {
    if account.chart_defaults.is_empty() {
        return;
    }
    out.end().styled(TITLE, "defaults of the chart").end();
    let mut table = Table::plain().within(width);
    for default in &account.chart_defaults {
        let action = match default.action {
            DefaultAction::Removed => "removed",
            DefaultAction::Replaced => "replaced",
            DefaultAction::Kept => "kept",
        };
        table.row([action, &default.setting, &default.reason]);
    }
    out.table(3, &table);
}

fn disagreements(account: &Account, width: u16, out: &mut Page) {
    if account.disagreements.is_empty() {
        return;
    }
    out.end()
        .styled(TITLE, "where your own values say something else")
        .end();
    let mut table = Table::plain().within(width);
    for found in &account.disagreements {
        table.row([
            found.path.clone(),
            format!("{}: {}", found.file, found.base),
            format!("ours: {}", found.ours),
            found.note.clone(),
        ]);
    }
    out.table(3, &table);
}

fn tasks(account: &Account, width: u16, out: &mut Page) {
    if account.tasks.is_empty() {
        return;
    }
    out.end().styled(TITLE, "before you deploy").end();
    for task in &account.tasks {
        out.push("  - ").styled(FAINT, task.code.to_string()).end();
        out.paragraph(4, width, &task.what);
        // A command is to be copied: it stands on one line, however long.
        if let Some(command) = &task.command {
            out.line(format!("      {command}"));
        }
    }
}

fn blockers(account: &Account, width: u16, out: &mut Page) {
    if account.blockers.is_empty() {
        return;
    }
    out.end()
        .styled(colour(Action::Block), "blocked")
        .line(" do not deploy");
    for blocker in &account.blockers {
        out.push(format!("  {}  ", blocker.setting))
            .styled(FAINT, blocker.code.to_string())
            .end();
        out.paragraph(4, width, &blocker.reason);
    }
}

fn summary(account: &Account, out: &mut Page) {
    let parts: Vec<String> = Action::VARIANTS
        .iter()
        .filter_map(|action| {
            let count = account.summary.actions.get(action.as_str()).copied()?;
            (count > 0).then(|| format!("{count} {}", action.as_str()))
        })
        .collect();
    if parts.is_empty() {
        out.line("no settings");
    } else {
        out.line(format!(
            "{} settings: {}",
            account.summary.settings,
            parts.join(", ")
        ));
    }
}
