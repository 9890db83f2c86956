//! The nine steps of the migration with their evidence, and what is left to do.

use jiff::Timestamp;
use serde::Serialize;

use super::{Evidence, STATUSES, counts, joined};

#[derive(Debug, Clone, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct Step {
    pub number: u8,
    pub title: &'static str,
    pub state: State,
    pub evidence: String,
    pub at: Option<Timestamp>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub(crate) enum State {
    Done,
    ToDo,
    Unknown,
}

impl State {
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Done => "done",
            Self::ToDo => "to do",
            Self::Unknown => "not known",
        }
    }
}

/// Something that is left to do.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct Left {
    pub step: u8,
    pub what: String,
    pub command: Option<String>,
}

const TITLES: [&str; 10] = [
    "Prerequisites",
    "Find out what the content needs",
    "Choose what is rebuilt first",
    "License",
    "Settings",
    "Temporary settings",
    "Warn users, stop, deploy",
    "Rebuild the content",
    "Take the temporary settings off",
    "Validate",
];

/// What the evidence says about each step.
pub(super) fn steps(evidence: &Evidence) -> Vec<Step> {
    (0..)
        .zip(TITLES)
        .map(|(number, title)| {
            let (state, text, at) = judge(evidence, number)
                .or_else(|| by_status(evidence, number))
                .unwrap_or_else(|| (State::Unknown, without(number).to_owned(), None));
            Step {
                number,
                title,
                state,
                evidence: text,
                at,
            }
        })
        .collect()
}

type Judgement = (State, String, Option<Timestamp>);

fn judge(evidence: &Evidence, step: u8) -> Option<Judgement> {
    let done = |done: bool| if done { State::Done } else { State::ToDo };
    match step {
        0 => {
            let checks = evidence.checks.as_ref()?;
            let found = &checks.content.checks;
            let failed = found.iter().any(|check| check.status == "fail");
            let statuses = found.iter().map(|check| check.status.as_str());
            Some((
                done(!failed),
                format!("checks: {}", joined(&counts(&STATUSES, statuses))),
                checks.at,
            ))
        }
        1 => {
            let inventory = evidence.inventory.as_ref()?;
            let items = inventory.content.content.len();
            let taken = inventory.content.server.taken.as_deref();
            Some((
                State::Done,
                format!("an inventory of {items} content items"),
                taken.and_then(|at| at.parse().ok()).or(inventory.at),
            ))
        }
        2 => {
            let inventory = evidence.inventory.as_ref()?;
            let first = inventory.content.content.first()?;
            Some((
                State::Done,
                format!("the inventory's order, first {}", first.label()),
                inventory.at,
            ))
        }
        4 => {
            let account = evidence.account.as_ref()?;
            let content = &account.content;
            let actions = content.settings.iter().map(|s| s.action.as_str());
            let mut text = format!(
                "{} settings: {}",
                content.settings.len(),
                joined(&counts(&[], actions))
            );
            if !content.blockers.is_empty() {
                text += &format!("; {} block the migration", content.blockers.len());
            }
            Some((done(content.blockers.is_empty()), text, account.at))
        }
        7 => {
            let last = evidence.rebuilds.last()?;
            let unbuilt: usize = evidence.rebuilds.iter().map(|r| r.unbuilt.len()).sum();
            let built: usize = evidence.rebuilds.iter().map(|r| r.built).sum();
            let skipped: usize = evidence.rebuilds.iter().map(|r| r.skipped.len()).sum();
            Some((
                done(unbuilt == 0),
                format!("{built} built, {unbuilt} not built, {skipped} left out"),
                last.runs.last().map(|run| run.ended),
            ))
        }
        9 => {
            let validation = evidence.validations.last()?;
            let items = &validation.content.items;
            let failed = items.iter().any(|item| item.status == "fail");
            let statuses = items.iter().map(|item| item.status.as_str());
            Some((
                done(!failed),
                format!(
                    "{} items: {}",
                    items.len(),
                    joined(&counts(&STATUSES, statuses))
                ),
                validation.at,
            ))
        }
        _ => None,
    }
}

fn by_status(evidence: &Evidence, number: u8) -> Option<Judgement> {
    let status = evidence.status.as_ref()?;
    let step = status.content.steps.iter().find(|s| s.number == number)?;
    let state = match step.state.as_str() {
        "done" => State::Done,
        "to-do" => State::ToDo,
        _ => State::Unknown,
    };
    Some((state, step.evidence.clone(), status.at))
}

/// What would tell.
const fn without(step: u8) -> &'static str {
    match step {
        0 => "no answers of check were given (--check)",
        1 | 2 => "no inventory was given (--inventory)",
        4 => "no account of values was given (--account)",
        7 => "no journal of a rebuild is on this machine (--journal)",
        9 => "no validation was given (--validation)",
        _ => "no answers of status were given (--status)",
    }
}

/// What is left to do.
pub(super) fn left(evidence: &Evidence, steps: &[Step]) -> Vec<Left> {
    let mut left = Vec::new();
    let mut add = |step, what: String, command: Option<String>| {
        left.push(Left {
            step,
            what,
            command,
        });
    };
    for check in evidence.checks.iter().flat_map(|c| &c.content.checks) {
        if check.status == "fail" {
            let what = check
                .remedy
                .clone()
                .unwrap_or_else(|| check.evidence.clone());
            add(0, format!("{}: {what}", check.code), check.command.clone());
        }
    }
    if let Some(account) = &evidence.account {
        for blocker in &account.content.blockers {
            add(4, format!("{}: {}", blocker.setting, blocker.reason), None);
        }
        for task in &account.content.tasks {
            add(4, task.what.clone(), task.command.clone());
        }
    }
    if let Some(status) = &evidence.status {
        for step in &status.content.steps {
            let open = steps
                .iter()
                .any(|s| s.number == step.number && s.state == State::ToDo);
            let said = matches!(step.number, 0 | 4 | 7 | 9);
            if open && !said && !step.next.is_empty() {
                add(step.number, step.evidence.clone(), Some(step.next.clone()));
            }
        }
    }
    for item in evidence.rebuilds.iter().flat_map(|r| &r.unbuilt) {
        let why = if item.error.is_empty() {
            "not built yet".to_owned()
        } else {
            format!("could not be built: {}", item.error)
        };
        add(7, format!("{} ({}): {why}", item.title, item.guid), None);
    }
    for item in evidence
        .validations
        .last()
        .iter()
        .flat_map(|v| &v.content.items)
    {
        if item.status == "fail" {
            let findings = item.findings.iter().filter(|f| f.status == "fail");
            let texts: Vec<_> = findings.map(|f| f.text.as_str()).collect();
            let what = format!("{} ({}): {}", item.title, item.guid, texts.join("; "));
            add(9, what, None);
        }
    }
    left.sort_by_key(|left| left.step);
    left
}
