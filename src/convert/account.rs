//! The account: what became of each line of the input and of each default of the chart.
//!
//! Its JSON form is an interface (`schema` 1) and only grows.

use std::borrow::Cow;
use std::collections::BTreeMap;

use serde::Serialize;
use strum::VariantArray as _;

use super::backend::ChosenBackend;
use crate::chart::Proof;
use crate::gcfg::SettingName;

/// What becomes of a setting.
#[derive(
    Debug,
    Clone,
    Copy,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Hash,
    Serialize,
    strum::IntoStaticStr,
    strum::VariantArray,
)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "lowercase")]
#[strum(serialize_all = "lowercase")]
pub enum Action {
    /// The migration must not go on.
    Block,
    /// Kept, and a person must look at it.
    Review,
    /// Moved into a Kubernetes Secret.
    Secret,
    /// Moved to a values key of the chart, or left to the chart.
    Chart,
    Drop,
    Keep,
}

impl Action {
    /// The word for it in the account.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        self.into()
    }
}

/// A stable kebab-case name for the reason behind a decision; docs/account.md has them all.
pub type ReasonCode = Cow<'static, str>;

/// What became of one line of the input.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Decision {
    /// The setting in canonical spelling.
    pub name: SettingName,
    /// The spelling of the input, where it differs.
    pub spelled: Option<String>,
    /// The file it came from.
    pub file: String,
    /// The line it came from, from 1.
    pub line: usize,
    pub action: Action,
    /// Why, as a code.
    pub code: ReasonCode,
    /// Where it went: a path in the values, or a Secret's key.
    pub target: Option<String>,
    /// Why, and what to do, in words.
    pub reason: String,
}

#[derive(Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
struct DecisionJson<'a> {
    setting: String,
    section: &'a str,
    subsection: Option<&'a str>,
    property: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    spelled: Option<&'a str>,
    file: &'a str,
    line: usize,
    action: Action,
    code: &'a str,
    target: Option<&'a str>,
    reason: &'a str,
}

impl Serialize for Decision {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        DecisionJson {
            setting: self.name.to_string(),
            section: &self.name.section.name,
            subsection: self.name.section.subsection.as_deref(),
            property: &self.name.property,
            spelled: self.spelled.as_deref(),
            file: &self.file,
            line: self.line,
            action: self.action,
            code: &self.code,
            target: self.target.as_deref(),
            reason: &self.reason,
        }
        .serialize(serializer)
    }
}

/// What becomes of something that the chart would add.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "lowercase")]
pub enum DefaultAction {
    /// Taken away, since the old server did not have it.
    Removed,
    /// The old server's own value takes its place.
    Replaced,
    /// Left as it is.
    Kept,
}

/// One default of the chart and its fate.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct ChartDefault {
    pub setting: String,
    pub action: DefaultAction,
    pub reason: String,
}

/// A setting that no line of the input says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Addition {
    pub setting: String,
    /// Where it went: a path in the values.
    pub target: Option<String>,
    pub reason: String,
}

/// A reason not to go on with the migration.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Blocker {
    /// The setting it is about.
    pub setting: String,
    /// Why, as a code.
    pub code: ReasonCode,
    /// Why, and what to do.
    pub reason: String,
}

/// Something that only the administrator knows or can do before the deployment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Task {
    /// What it is about, as a code.
    pub code: ReasonCode,
    pub what: String,
    /// A command that does it, where there is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub command: Option<String>,
}

/// A place where the administrator's own values and ours say different things.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Disagreement {
    /// The path in the values.
    pub path: String,
    /// The file of the administrator's.
    pub file: String,
    /// What the base says, `***` where it may be a credential.
    pub base: String,
    /// What our file says, `***` where it may be a credential.
    pub ours: String,
    /// Which of the two is in force, and what to do.
    pub note: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct Account {
    /// The version of this form.
    pub schema: u32,
    /// The input files in the order they were read.
    pub inputs: Vec<String>,
    /// Which chart the values are for, and who proved that they say what the input said.
    pub proof: Proof,
    /// How content will run, and why so.
    pub backend: ChosenBackend,
    /// One entry for each setting of the input, in its order.
    #[cfg_attr(test, schemars(with = "Vec<DecisionJson<'static>>"))]
    pub settings: Vec<Decision>,
    /// What a trial sets that no line of the input says.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub added: Vec<Addition>,
    /// One entry for each configuration default of the chart.
    pub chart_defaults: Vec<ChartDefault>,
    /// Where the administrator's values and ours disagree.
    pub disagreements: Vec<Disagreement>,
    /// What is left to do before the deployment.
    pub tasks: Vec<Task>,
    /// Why the migration must not go on.
    pub blockers: Vec<Blocker>,
    pub summary: Summary,
}

/// The account in numbers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Summary {
    /// Settings of the input.
    pub settings: usize,
    /// How many of them met each fate.
    #[serde(flatten)]
    pub actions: BTreeMap<&'static str, usize>,
    /// Whether the migration may go on.
    pub blocked: bool,
}

impl Account {
    /// The version of the JSON form.
    pub const SCHEMA: u32 = 1;

    /// The summary of some decisions.
    #[must_use]
    pub fn summarise(settings: &[Decision], blockers: &[Blocker]) -> Summary {
        let mut actions: BTreeMap<_, _> =
            Action::VARIANTS.iter().map(|a| (a.as_str(), 0)).collect();
        for decision in settings {
            *actions.entry(decision.action.as_str()).or_default() += 1;
        }
        Summary {
            settings: settings.len(),
            actions,
            blocked: !blockers.is_empty(),
        }
    }
}
