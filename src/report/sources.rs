//! What commands left behind: the JSON forms that docs/ describes, read leniently, since a file may
//! be of a later version that says more.

use serde::{Deserialize, Serialize};

/// `values --report`.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Account {
    pub inputs: Vec<String>,
    pub settings: Vec<SettingOutcome>,
    pub tasks: Vec<OpenTask>,
    pub blockers: Vec<Blocker>,
}

/// What became of one setting.
#[derive(Debug, Clone, Default, Deserialize, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(default)]
pub(crate) struct SettingOutcome {
    pub setting: String,
    pub file: String,
    pub line: usize,
    pub action: String,
    pub code: String,
    pub target: Option<String>,
    pub reason: String,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub(crate) struct OpenTask {
    pub what: String,
    pub command: Option<String>,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Blocker {
    pub setting: String,
    pub reason: String,
}

/// `check --output json`.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Checks {
    pub checks: Vec<Check>,
}

#[derive(Debug, Clone, Default, Deserialize, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(default)]
pub(crate) struct Check {
    pub code: String,
    pub group: String,
    pub status: String,
    pub evidence: String,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub details: Vec<String>,
    pub remedy: Option<String>,
    pub command: Option<String>,
}

/// `validate --output json`.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Validation {
    pub server: String,
    pub items: Vec<Validated>,
}

#[derive(Debug, Clone, Default, Deserialize, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(default)]
pub(crate) struct Validated {
    pub guid: String,
    pub title: String,
    pub status: String,
    pub findings: Vec<Finding>,
}

#[derive(Debug, Clone, Default, Deserialize, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(default)]
pub(crate) struct Finding {
    pub status: String,
    pub code: String,
    pub text: String,
}

/// `status --output json`.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub(crate) struct StatusOfRelease {
    pub steps: Vec<StatusStep>,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub(crate) struct StatusStep {
    pub number: u8,
    pub state: String,
    pub evidence: String,
    pub next: String,
}

/// A line of a rebuild's journal (docs/journal.md). What a report does not show, such as cookies, is
/// not read.
#[derive(Debug, Clone, Deserialize)]
pub(crate) struct JournalLine {
    pub at: jiff::Timestamp,
    pub event: String,
    #[serde(default)]
    pub server: Option<String>,
    #[serde(default)]
    pub release: Option<String>,
    #[serde(default)]
    pub run: u32,
    #[serde(default)]
    pub guid: String,
    #[serde(default)]
    pub title: String,
    #[serde(default)]
    pub reason: String,
    #[serde(default)]
    pub error: String,
    #[serde(default)]
    pub outcome: Option<String>,
}
