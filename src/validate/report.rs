//! What was found, worst first.

use serde::Serialize;

use crate::check::{Check, Status, Tally};
use crate::connect::{ContentGuid, Error, SystemCheck};
use crate::output::Page;

/// A stable name for a kind of finding; docs/validate.md has an entry for each.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, strum::Display)]
#[cfg_attr(test, derive(strum::IntoStaticStr, strum::VariantArray))]
#[serde(rename_all = "kebab-case")]
#[strum(serialize_all = "kebab-case")]
pub(crate) enum FindingCode {
    /// The new server does not have it.
    Missing,
    /// The new server does not tell about it.
    NotVisible,
    /// No bundle, or another than before.
    Bundle,
    /// Another kind of content than before.
    Type,
    /// Other versions than before.
    Runtimes,
    Locked,
    /// It still has the environment of the old machine.
    NotRebuilt,
    Build,
    /// The last job of any other kind.
    Job,
    /// The page by GUID.
    Page,
    /// The page by vanity path.
    VanityPage,
}

/// Something that differs, or could not be looked at.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct Finding {
    /// How much it weighs.
    pub status: Status,
    /// What it is about.
    #[cfg_attr(test, schemars(with = "String"))]
    pub code: FindingCode,
    pub text: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct ItemFindings {
    /// Its place in the list, from 1.
    pub priority: usize,
    #[cfg_attr(test, schemars(with = "String"))]
    pub guid: ContentGuid,
    /// What to call it.
    pub title: String,
    /// The worst of its findings; `pass` without any.
    pub status: Status,
    /// What was found, the worst first.
    pub findings: Vec<Finding>,
    /// Its page, where it could not be looked at and a person should.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub open: Option<String>,
}

impl ItemFindings {
    /// Puts findings in order.
    #[must_use]
    pub(crate) fn new(
        priority: usize,
        guid: ContentGuid,
        title: impl Into<String>,
        mut findings: Vec<Finding>,
        open: Option<String>,
    ) -> Self {
        findings.sort_by_key(|finding| (finding.status, finding.code));
        Self {
            priority,
            guid,
            title: title.into(),
            status: findings
                .first()
                .map_or(Status::Pass, |finding| finding.status),
            findings,
            open,
        }
    }
}

/// How the server's own checks of itself came out.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub(crate) struct SystemFindings {
    pub passed: usize,
    /// The checks that failed, each with what the server says of it.
    pub failed: Vec<String>,
    /// Why it was not asked, or did not answer.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub not_asked: Option<String>,
}

impl SystemFindings {
    /// What to tell; `None` where the server has no such checks.
    pub(super) fn of(answer: Result<Option<Vec<SystemCheck>>, Error>) -> Option<Self> {
        let (checks, not_asked) = match answer {
            Ok(checks) => (checks?, None),
            Err(error) => (Vec::new(), Some(error.to_string())),
        };
        let (passed, others): (Vec<_>, Vec<_>) = checks
            .into_iter()
            .partition(|check| check.passed == Some(true));
        let failed = others.into_iter().map(|check| match check.said {
            Some(said) => format!("{}: {said}", check.name),
            None => check.name,
        });
        Some(Self {
            passed: passed.len(),
            failed: failed.collect(),
            not_asked,
        })
    }

    fn draw(&self, out: &mut Page) {
        if let Some(why) = &self.not_asked {
            out.line(format!("the server's own checks: not asked: {why}"));
            return;
        }
        for failed in &self.failed {
            out.line(format!("the server's own check failed: {failed}"));
        }
        out.line(format!(
            "the server's own checks: {} passed, {} failed",
            self.passed,
            self.failed.len()
        ));
    }
}

/// All items. Its JSON form is an interface (`schema` 1) and only grows.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct Validation {
    /// The version of this form.
    pub schema: u32,
    pub server: String,
    /// The items, the worst first and then by priority.
    pub items: Vec<ItemFindings>,
    pub summary: Tally,
    /// The server's own checks; none where it has no such.
    #[serde(rename = "systemChecks", skip_serializing_if = "Option::is_none")]
    pub system: Option<SystemFindings>,
    /// What only a command in the pod can tell.
    #[serde(rename = "dataDirectory")]
    pub data_directory: DataDirectory,
}

/// Owners and modes of the data directory as the pod sees them. Running a command in a pod is a right that
/// nobody should need for the rest, so where it is not asked for, the command is printed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub(crate) struct DataDirectory {
    /// Why it was not looked at.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub not_asked: Option<String>,
    /// What shows it by hand.
    pub command: &'static str,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub checks: Vec<Check>,
}

impl DataDirectory {
    /// By what was found in a pod, where somebody looked.
    pub(super) fn of(looked: Option<anyhow::Result<Vec<Check>>>) -> Self {
        let (not_asked, checks) = match looked {
            Some(Ok(checks)) => (None, checks),
            Some(Err(error)) => (Some(format!("{error:#}")), Vec::new()),
            None => (
                Some(
                    "owners and modes of the data directory as the pod sees them are not looked at; --in-pod \
                     RELEASE does, with the right to run commands in pods"
                        .to_owned(),
                ),
                Vec::new(),
            ),
        };
        Self {
            not_asked,
            command: "kubectl exec -n NAMESPACE deployment/NAME -- sh -c 'id; ls -ldn \
                      /var/lib/rstudio-connect /var/lib/rstudio-connect/*'",
            checks,
        }
    }

    fn draw(&self, out: &mut Page) {
        if let Some(why) = &self.not_asked {
            out.line(format!("data directory: {why}:\n  {}", self.command));
        }
        for check in &self.checks {
            let judgement = &check.judgement;
            let status = judgement.status.as_str();
            out.line(format!("data directory: {status}: {}", judgement.evidence));
            let more = [&judgement.remedy, &judgement.command];
            for line in judgement.details.iter().chain(more.into_iter().flatten()) {
                out.line(format!("  {line}"));
            }
        }
    }
}

impl Validation {
    /// Puts items in order and counts them.
    #[must_use]
    pub(crate) fn new(
        server: impl Into<String>,
        mut items: Vec<ItemFindings>,
        system: Option<SystemFindings>,
        data_directory: DataDirectory,
    ) -> Self {
        items.sort_by_key(|item| (item.status, item.priority));
        Self {
            schema: 1,
            server: server.into(),
            summary: Tally::of(items.iter().map(|item| item.status)),
            items,
            system,
            data_directory,
        }
    }

    /// All but the items that are as they were, for people.
    #[must_use]
    pub(crate) fn drawn(&self) -> Page {
        let mut out = Page::new();
        for item in &self.items {
            if item.status == Status::Pass {
                continue;
            }
            out.line(format!(
                "{:<9} {:>5}  {}  {}",
                item.status.as_str(),
                item.priority,
                item.guid,
                item.title
            ));
            for finding in &item.findings {
                out.line(format!(
                    "                 {:<9} [{}] {}",
                    finding.status.as_str(),
                    finding.code,
                    finding.text
                ));
            }
            if let Some(page) = &item.open {
                out.line(format!(
                    "                 open {page} by hand, then: helm connect-migrate validate --done {}",
                    item.guid
                ));
            }
        }
        if let Some(system) = &self.system {
            system.draw(&mut out);
        }
        self.data_directory.draw(&mut out);
        out.line(format!(
            "{} items on {}: {}",
            self.items.len(),
            self.server,
            self.summary
        ));
        out
    }

    /// Whether something does not work.
    #[must_use]
    pub(crate) fn failed(&self) -> bool {
        let mut checks = self.data_directory.checks.iter();
        self.summary.fail > 0 || checks.any(|check| check.judgement.status == Status::Fail)
    }
}

#[cfg(test)]
mod tests {
    use strum::VariantArray as _;

    use super::*;

    /// Codes are an interface: each is documented, and nothing else is.
    #[test]
    fn every_finding_is_documented() {
        let documented: Vec<&str> = include_str!("../../docs/validate.md")
            .lines()
            .filter_map(|line| line.strip_prefix("### "))
            .collect();
        let known: Vec<String> = FindingCode::VARIANTS
            .iter()
            .map(ToString::to_string)
            .collect();
        assert_eq!(documented, known);
    }
}
