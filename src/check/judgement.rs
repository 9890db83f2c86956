//! How a check came out, without saying which: the list of checks knows that.

use serde::Serialize;

use super::Status;

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub(crate) struct Judgement {
    pub status: Status,
    /// What was seen, in a sentence without a full stop.
    pub evidence: String,
    /// What it was seen on, one by one: settings, items, paths.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub details: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub remedy: Option<String>,
    /// A command that does it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub command: Option<String>,
}

impl Judgement {
    fn new(status: Status, evidence: impl Into<String>, remedy: Option<String>) -> Self {
        Self {
            status,
            evidence: evidence.into(),
            details: Vec::new(),
            remedy,
            command: None,
        }
    }

    pub(super) fn pass(evidence: impl Into<String>) -> Self {
        Self::new(Status::Pass, evidence, None)
    }

    /// A person should look at it.
    pub(super) fn warn(evidence: impl Into<String>, remedy: impl Into<String>) -> Self {
        Self::new(Status::Warn, evidence, Some(remedy.into()))
    }

    /// The migration would fail on it.
    pub(super) fn fail(evidence: impl Into<String>, remedy: impl Into<String>) -> Self {
        Self::new(Status::Fail, evidence, Some(remedy.into()))
    }

    /// Not asked, and which flag would let it be.
    pub(super) fn not_asked(why: impl Into<String>) -> Self {
        Self::new(Status::NotAsked, why, None)
    }

    /// Adds what it was seen on.
    pub(super) fn details(mut self, details: impl IntoIterator<Item = String>) -> Self {
        self.details.extend(details);
        self
    }

    /// Adds a command that mends it.
    pub(super) fn command(mut self, command: impl Into<String>) -> Self {
        self.command = Some(command.into());
        self
    }
}
