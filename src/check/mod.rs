//! What must be known before the migration: one answer for each check, with evidence and remedy.
//!
//! Each module asks one source: the configuration, the values, the versions and so on. All of them
//! only look; nothing is changed anywhere. What needs I/O is gathered first (`examine`), so that the
//! judgement itself stays pure.

mod cluster;
mod code;
mod configuration;
mod data_directory;
pub(crate) mod database;
mod examine;
mod judgement;
mod postgres;
mod rebuild_time;
mod runtimes;
mod server;
mod table;
mod trial;
mod values;
mod versions;

use std::fmt;

use serde::Serialize;

pub(crate) use code::{CheckCode, Group};
pub(crate) use data_directory::in_pod as data_in_pod;
pub(crate) use examine::{Examination, Scope};
pub(crate) use judgement::Judgement;
pub(crate) use table::draw;

/// How a check came out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Status {
    /// The migration would fail on it.
    Fail,
    /// A person should look at it.
    Warn,
    /// What it needs was not given; the evidence says what.
    NotAsked,
    Pass,
}

impl Status {
    /// The word for it in the table.
    #[must_use]
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Fail => "fail",
            Self::Warn => "warn",
            Self::NotAsked => "not asked",
            Self::Pass => "pass",
        }
    }
}

/// A check and how it came out.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct Check {
    /// Which check; docs/checks.md has an entry for each.
    #[cfg_attr(test, schemars(with = "String"))]
    pub code: CheckCode,
    /// Where the answer comes from.
    pub group: Group,
    #[serde(flatten)]
    pub judgement: Judgement,
}

/// How many answers came out how.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub(crate) struct Tally {
    pub pass: usize,
    /// A person should look.
    pub warn: usize,
    pub fail: usize,
    /// Something was not given, or could not be looked at.
    pub not_asked: usize,
}

impl Tally {
    #[must_use]
    pub(crate) fn of(answers: impl Iterator<Item = Status>) -> Self {
        let mut tally = Self::default();
        for status in answers {
            *match status {
                Status::Pass => &mut tally.pass,
                Status::Warn => &mut tally.warn,
                Status::Fail => &mut tally.fail,
                Status::NotAsked => &mut tally.not_asked,
            } += 1;
        }
        tally
    }
}

impl fmt::Display for Tally {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{} pass, {} warn, {} fail, {} not asked",
            self.pass, self.warn, self.fail, self.not_asked
        )
    }
}

/// All answers. Its JSON form is an interface (`schema` 1) and only grows.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct Report {
    /// The version of this form.
    pub schema: u32,
    /// The answers, in the order of [`CheckCode`].
    pub checks: Vec<Check>,
    pub summary: Tally,
}

impl Report {
    /// Puts answers in order and counts them.
    #[must_use]
    pub(crate) fn new(mut checks: Vec<Check>) -> Self {
        checks.sort_by_key(|check| check.code);
        Self {
            schema: 1,
            summary: Tally::of(checks.iter().map(|check| check.judgement.status)),
            checks,
        }
    }

    /// Whether the migration would fail on something.
    #[must_use]
    pub(crate) const fn failed(&self) -> bool {
        self.summary.fail > 0
    }
}

/// At most so many details are worth a person's time in a table; JSON has them all.
pub(crate) const SHOWN: usize = 8;

/// `1 setting`, `2 settings`.
pub(crate) fn count(number: usize, what: &str) -> String {
    plural(number, what, &format!("{what}s"))
}

/// `1 value reaches`, `2 values reach`.
pub(crate) fn plural(number: usize, one: &str, several: &str) -> String {
    format!("{number} {}", if number == 1 { one } else { several })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_report_is_ordered_and_counted() {
        let report = Report::new(vec![
            CheckCode::ApiKeyValid.judged(Judgement::pass("x")),
            CheckCode::DatabaseProvider.judged(Judgement::fail("sqlite", "move")),
            CheckCode::HelmVersion.judged(Judgement::warn("old", "upgrade")),
            CheckCode::DataSize.judged(Judgement::not_asked("no --data-dir")),
        ]);
        assert_eq!(report.checks[0].code, CheckCode::DatabaseProvider);
        assert_eq!(report.checks[3].code, CheckCode::ApiKeyValid);
        assert!(report.failed());
        let json = serde_json::to_value(&report).unwrap();
        assert_eq!(json["checks"][0]["code"], "database-provider");
        assert_eq!(json["checks"][0]["group"], "configuration");
        assert_eq!(json["checks"][2]["status"], "not-asked");
        assert_eq!(
            json["summary"],
            serde_json::json!({"pass": 1, "warn": 1, "fail": 1, "notAsked": 1})
        );
        assert!(!Report::new(Vec::new()).failed());
    }
}
