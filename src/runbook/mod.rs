//! The runbook of a migration: what is done before, in the window and after it, made of what is known.
//!
//! Numbers are taken from evidence or left out; an assumption is called one.

mod steps;

use std::time::Duration;

use askama::Template;
use jiff::Timestamp;
use serde::Serialize;

use crate::output::Page;
use crate::report::{Evidence, meta};

const STYLE: &str = include_str!("../../templates/style.css");

/// What the administrator says.
#[derive(Debug)]
pub(crate) struct Choices {
    pub release: String,
    pub namespace: String,
    pub chart: String,
    /// The old server's configuration file and data directory.
    pub gcfg: String,
    pub data_dir: String,
    /// How long a build takes, where it is said, and how many run at once.
    pub build_time: Option<Duration>,
    pub parallelism: usize,
}

/// The runbook. Its JSON form is an interface (`schema` 1) and only grows.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub(crate) struct Runbook {
    pub schema: u32,
    pub made: Timestamp,
    pub server: Option<String>,
    /// What speaks against going on.
    pub blockers: Vec<String>,
    /// What was not given, so that the runbook cannot say it.
    pub missing: Vec<&'static str>,
    pub phases: Vec<Phase>,
}

#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct Phase {
    pub title: &'static str,
    pub steps: Vec<Planned>,
}

/// One thing to do.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct Planned {
    /// Which of the nine steps it belongs to.
    pub step: u8,
    pub title: &'static str,
    pub who: &'static str,
    pub commands: Vec<String>,
    /// How long it takes, and from what that is known.
    pub takes: String,
    /// How to see that it worked.
    pub see: &'static str,
    /// How to go back from here.
    pub back: String,
}

impl Runbook {
    /// Makes a runbook of what is known.
    pub(crate) fn of(evidence: &Evidence, choices: &Choices, made: Timestamp) -> Self {
        let mut blockers = Vec::new();
        for check in evidence.checks.iter().flat_map(|c| &c.content.checks) {
            if check.status == "fail" {
                blockers.push(format!("{}: {}", check.code, check.evidence));
            }
        }
        for blocker in evidence.account.iter().flat_map(|a| &a.content.blockers) {
            blockers.push(format!("{}: {}", blocker.setting, blocker.reason));
        }
        let given = [
            (evidence.inventory.is_some(), "the inventory (--inventory)"),
            (evidence.checks.is_some(), "the answers of check (--check)"),
            (
                evidence.account.is_some(),
                "the account of values (--account)",
            ),
        ];
        let missing = given.iter().filter(|(given, _)| !given);
        let inventory = evidence.inventory.as_ref().map(|dated| &dated.content);
        Self {
            schema: 1,
            made,
            server: inventory.map(|inventory| inventory.server.url.clone()),
            blockers,
            missing: missing.map(|(_, what)| *what).collect(),
            phases: steps::phases(evidence, choices),
        }
    }

    /// # Errors
    /// None that is known: the templates write into memory.
    pub(crate) fn html(&self) -> anyhow::Result<String> {
        let html = Html {
            plan: self,
            meta: meta(STYLE, None),
            style: STYLE,
        };
        Ok(Page::from(html.render()?).plain())
    }

    /// # Errors
    /// As [`Runbook::html`].
    pub(crate) fn markdown(&self) -> anyhow::Result<String> {
        Ok(Page::from(Md { plan: self }.render()?).plain())
    }
}

#[derive(Template)]
#[template(path = "plan.html")]
struct Html<'a> {
    plan: &'a Runbook,
    meta: String,
    style: &'static str,
}

#[derive(Template)]
#[template(path = "plan.md")]
struct Md<'a> {
    plan: &'a Runbook,
}

/// A command in a fenced block of Markdown, where nothing is escaped: on one line, so that no text in
/// it can end the block.
fn one_line(command: &str) -> String {
    command.replace(['\n', '\r'], " ")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn choices() -> Choices {
        Choices {
            release: "rsc".into(),
            namespace: "it's".into(),
            chart: "rstudio/rstudio-connect".into(),
            gcfg: "/etc/rstudio-connect/rstudio-connect.gcfg".into(),
            data_dir: "/var/lib/rstudio-connect".into(),
            build_time: Some(Duration::from_secs(90)),
            parallelism: 4,
        }
    }

    #[test]
    fn every_step_says_how_to_see_and_how_to_go_back() {
        let plan = Runbook::of(&Evidence::default(), &choices(), Timestamp::UNIX_EPOCH);
        assert_eq!(plan.missing.len(), 3);
        let mut steps: Vec<u8> = Vec::new();
        for step in plan.phases.iter().flat_map(|phase| &phase.steps) {
            assert!(!step.see.is_empty() && !step.back.is_empty() && !step.who.is_empty());
            steps.push(step.step);
        }
        steps.sort_unstable();
        steps.dedup();
        assert_eq!(steps, (0..=9).collect::<Vec<u8>>());
    }

    #[test]
    fn names_are_quoted_for_the_shell() {
        let plan = Runbook::of(&Evidence::default(), &choices(), Timestamp::UNIX_EPOCH);
        let markdown = plan.markdown().unwrap();
        assert!(markdown.contains("-n \"it's\""), "{markdown}");
        assert!(plan.html().unwrap().contains("it&#39;s"));
    }
}
