//! The whole conversion as data: what stands where in the values, and the account of it.

mod planner;

use std::collections::HashMap;
use std::sync::Arc;

pub(in crate::convert) use planner::plan;

use super::account::{Addition, Blocker, ChartDefault, Decision, Task};
use super::backend::ChosenBackend;
use super::verdict::{ChartValue, Expect};
use crate::diagnostic::Place;
use crate::gcfg::{Section, SettingKey, SettingName};
use crate::images::{Form, Suggestion};
use crate::secret::Secret;

/// What the values will hold, and why.
#[derive(Debug)]
pub(in crate::convert) struct Plan {
    /// The `config` mapping, in the order of the source.
    pub config: Vec<PlannedSection>,
    /// Keys of the chart.
    pub values: Vec<PlannedValue>,
    /// Credentials that move into the Secret.
    pub secrets: Vec<PlannedSecret>,
    /// Credentials that move into a configuration file in the Secret.
    pub secret_file: Vec<PlannedFileSetting>,
    /// What became of each line.
    pub decisions: Vec<Decision>,
    /// What was added that no line says.
    pub added: Vec<Addition>,
    /// What became of the chart's defaults.
    pub chart_defaults: Vec<ChartDefault>,
    /// What is left to do.
    pub tasks: Vec<Task>,
    /// Why not to go on.
    pub blockers: Vec<Blocker>,
    pub backend: ChosenBackend,
    /// What the rendered configuration must say.
    pub expectations: Vec<Expectation>,
    /// Images for content, and how the chart takes them.
    pub images: Option<(Suggestion, Form)>,
    /// Comments that stand behind everything.
    pub last_comments: Vec<String>,
    /// Section and item of each setting in `config`.
    positions: HashMap<SettingKey, (usize, usize)>,
}

/// A section of `config`.
#[derive(Debug)]
pub(in crate::convert) struct PlannedSection {
    /// The section in canonical spelling.
    pub section: Arc<Section>,
    /// Where the input opens it; `None` where it is the chart's alone.
    pub header: Option<Place>,
    /// Comment lines above it.
    pub comments: Vec<String>,
    /// What stands in it.
    pub items: Vec<PlannedItem>,
    /// Whether a null takes the chart's whole section away.
    pub removed: bool,
}

impl PlannedSection {
    /// Whether everything that stood in it went elsewhere. A section that was empty in the input
    /// is not meant: for Connect it exists all the same.
    #[must_use]
    pub(in crate::convert) fn is_emptied(&self) -> bool {
        !self.items.is_empty()
            && self
                .items
                .iter()
                .all(|item| matches!(item, PlannedItem::Note(_)))
    }
}

/// Something in a section of `config`.
#[derive(Debug)]
pub(in crate::convert) enum PlannedItem {
    Setting {
        property: String,
        value: ConfigValue,
        /// Comment lines above it.
        above: Vec<String>,
        /// The comment behind it.
        beside: String,
        /// Where in the input it stands; `None` for a default of the chart that is taken away.
        place: Option<Place>,
    },
    /// Comment lines in the place of a setting that went elsewhere.
    Note(Vec<String>),
}

/// The value of a setting in `config`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::convert) enum ConfigValue {
    /// Decoded gcfg values: one makes a scalar, any other number a list.
    Texts(Vec<String>),
    Bool(bool),
    /// Null, which takes a default of the chart away.
    Null,
}

/// A key of the chart.
#[derive(Debug, Clone)]
pub(in crate::convert) struct PlannedValue {
    pub path: &'static str,
    pub value: ChartValue,
    /// Where it comes from.
    pub origin: String,
}

/// A credential for the Secret.
#[derive(Debug, Clone)]
pub(in crate::convert) struct PlannedSecret {
    /// The environment variable, and its key in the Secret.
    pub variable: String,
    /// `None` where the administrator alone knows it.
    pub value: Option<Secret>,
    /// Where it comes from.
    pub origin: String,
}

/// A setting of the configuration file in the Secret.
#[derive(Debug, Clone)]
pub(in crate::convert) struct PlannedFileSetting {
    pub name: SettingName,
    pub values: Vec<Secret>,
}

/// What the rendered configuration must say about one setting of the input.
#[derive(Debug, Clone)]
pub(in crate::convert) struct Expectation {
    pub name: SettingName,
    pub expect: Expect,
}

impl Plan {
    /// Whether credentials move into the Secret.
    #[must_use]
    pub(in crate::convert) fn needs_secret(&self) -> bool {
        !self.secrets.is_empty() || !self.secret_file.is_empty()
    }

    /// Whether it is known what the Secret holds, or a part of that.
    #[must_use]
    pub(in crate::convert) fn knows_secrets(&self) -> bool {
        self.secrets.iter().any(|secret| secret.value.is_some()) || !self.secret_file.is_empty()
    }

    /// The setting in `config` that is this one to Connect.
    #[must_use]
    pub(in crate::convert) fn find(&self, key: &SettingKey) -> Option<&ConfigValue> {
        let &(section, item) = self.positions.get(key)?;
        match self.config.get(section)?.items.get(item)? {
            PlannedItem::Setting { value, .. } => Some(value),
            PlannedItem::Note(_) => None,
        }
    }
}
