//! The account of the way back.

use serde::Serialize;

use super::{Group, SettingSource};

/// What became of a setting.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Action {
    /// Written as it was.
    Keep,
    /// Written, but a person must look.
    Review,
    /// Left out for now: its value is in the cluster and must be put back.
    Restore,
    Drop,
}

impl Action {
    const fn as_str(self) -> &'static str {
        match self {
            Self::Keep => "keep",
            Self::Review => "review",
            Self::Restore => "restore",
            Self::Drop => "drop",
        }
    }
}

#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct VmReport {
    schema: u32,
    /// Every setting, in the order of the file.
    pub settings: Vec<SettingRow>,
    /// Other values that no configuration file can say.
    pub values: Vec<ValuesRow>,
    summary: Counts,
}

/// What became of one setting.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct SettingRow {
    setting: String,
    section: String,
    subsection: Option<String>,
    property: String,
    /// What became of it.
    pub action: Action,
    source: &'static str,
    reason: Option<String>,
}

/// A part of the values that has no place in the file.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct ValuesRow {
    pub key: String,
    /// What to do about it.
    pub reason: String,
}

#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
struct Counts {
    keep: usize,
    review: usize,
    restore: usize,
    drop: usize,
}

impl VmReport {
    pub(super) fn new(groups: &[Group], values: Vec<ValuesRow>) -> Self {
        let settings: Vec<SettingRow> = groups
            .iter()
            .flat_map(|group| &group.settings)
            .map(|setting| SettingRow {
                setting: setting.name.to_string(),
                section: setting.name.section.name.clone(),
                subsection: setting.name.section.subsection.clone(),
                property: setting.name.property.clone(),
                action: setting.action,
                source: match setting.said {
                    SettingSource::Values => "values",
                    SettingSource::Default => "chart-default",
                    SettingSource::Template => "chart",
                    SettingSource::Environment => "environment",
                },
                reason: setting.reason.clone(),
            })
            .collect();
        let count = |action| settings.iter().filter(|row| row.action == action).count();
        let summary = Counts {
            keep: count(Action::Keep),
            review: count(Action::Review),
            restore: count(Action::Restore),
            drop: count(Action::Drop),
        };
        Self {
            schema: 1,
            settings,
            values,
            summary,
        }
    }
}

/// The account for people: everything that is not simply kept, and the counts.
#[must_use]
pub(crate) fn table(report: &VmReport) -> String {
    let mut out = String::new();
    for action in [Action::Restore, Action::Review, Action::Drop] {
        for row in report.settings.iter().filter(|row| row.action == action) {
            let reason = row.reason.as_deref().unwrap_or_default();
            out.push_str(&format!("{:8}{}: {reason}\n", action.as_str(), row.setting));
        }
    }
    for row in &report.values {
        out.push_str(&format!("{:8}{}: {}\n", "values", row.key, row.reason));
    }
    let Counts {
        keep,
        review,
        restore,
        drop,
    } = report.summary;
    out.push_str(&format!(
        "{keep} kept, {review} to look at, {restore} to put back, {drop} left out"
    ));
    out
}
