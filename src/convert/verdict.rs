//! What a rule says about a setting, before it is written down.

use super::account::{Action, ReasonCode, Task};
use crate::gcfg::SettingName;

/// A rule's word on one setting.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Verdict {
    pub action: Action,
    /// Why, as a code.
    pub code: ReasonCode,
    /// Why, and what to do.
    pub reason: String,
    /// Where it goes, when that is not its own place in `config`.
    pub target: Option<String>,
    /// What it does to the values.
    pub effects: Vec<Effect>,
    /// What the rendered configuration must say about it.
    pub expect: Expect,
    /// What is left to do for the administrator.
    pub tasks: Vec<Task>,
    /// Whether the migration must not go on, although the setting itself has a place to go.
    pub blocks: bool,
}

/// A change to the values.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Effect {
    /// The setting stands in `config` with these gcfg values; one makes a scalar, several a list.
    Config(Vec<String>),
    /// The setting stands in `config` as a native boolean, since the chart's templates test it.
    ConfigBool(bool),
    /// The values stand in `config` under another setting's name.
    Renamed(SettingName, Vec<String>),
    /// A key of the chart.
    Value(&'static str, ChartValue),
    /// A credential goes into the Secret under this variable, which is also its key there.
    Secret {
        variable: String,
        /// `None` where the administrator alone knows it.
        value: Option<crate::secret::Secret>,
    },
    /// A credential goes into the configuration file in the Secret.
    SecretFile(Vec<crate::secret::Secret>),
}

/// A value for a key of the chart.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum ChartValue {
    Text(String),
    /// A boolean that templates test.
    Bool(bool),
    /// A number that Kubernetes wants as one, such as a port.
    Number(u32),
}

/// What the rendered configuration must say about a setting.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Expect {
    /// These values under its own name.
    Values(Vec<String>),
    /// These values, in the configuration file in the Secret and nowhere else.
    SecretFile(Vec<String>),
    /// These values under another setting's name.
    Elsewhere(SettingName, Vec<String>),
    Absent,
    /// Whatever the chart writes or leaves out.
    Chart,
}

impl Verdict {
    /// A verdict without effect: the setting is not in `config` any more.
    #[must_use]
    pub(super) fn new(
        action: Action,
        code: impl Into<ReasonCode>,
        reason: impl Into<String>,
    ) -> Self {
        Self {
            action,
            code: code.into(),
            reason: reason.into(),
            target: None,
            effects: Vec::new(),
            expect: Expect::Absent,
            tasks: Vec::new(),
            blocks: action == Action::Block,
        }
    }

    /// Whether of so many values that the input says one alone went on.
    #[must_use]
    pub(super) fn takes_one_of(&self, said: usize) -> bool {
        let all = |effect: &Effect| match effect {
            Effect::Config(values) | Effect::Renamed(_, values) => values.len() == said,
            Effect::SecretFile(values) => values.len() == said,
            Effect::ConfigBool(_) | Effect::Value(..) | Effect::Secret { .. } => false,
        };
        said > 1 && !self.effects.is_empty() && !self.effects.iter().any(all)
    }

    /// Lets the setting stand in `config` with some values.
    #[must_use]
    pub(super) fn keeping(mut self, values: Vec<String>) -> Self {
        self.expect = Expect::Values(values.clone());
        self.effects.push(Effect::Config(values));
        self
    }

    /// Says where it goes.
    #[must_use]
    pub(super) fn to(mut self, target: impl Into<String>) -> Self {
        self.target = Some(target.into());
        self
    }

    /// Sets a key of the chart, which is also the target unless there is one already.
    #[must_use]
    pub(super) fn setting(mut self, path: &'static str, value: ChartValue) -> Self {
        self.target.get_or_insert_with(|| path.to_owned());
        self.effects.push(Effect::Value(path, value));
        self
    }

    /// Leaves what the configuration says to the chart.
    #[must_use]
    pub(super) fn left_to_chart(mut self) -> Self {
        self.expect = Expect::Chart;
        self
    }

    /// Adds something to do.
    #[must_use]
    pub(super) fn task(mut self, task: Task) -> Self {
        self.tasks.push(task);
        self
    }
}
