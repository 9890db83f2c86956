//! The rules: one setting in, one verdict out.
//!
//! Most settings follow their entry in the catalogue. The modules here hold those whose fate
//! depends on their value, on other settings or on what the administrator decided.

mod catalogue;
pub(super) mod database;
mod local;
pub(super) mod network;
mod off_host;
mod renamed;
mod secrets;
mod startup;
mod storage;
mod telemetry;

use super::config_values::ConfigValues;
use super::input::{InputSetting, Settled};
use super::options::{Backend, Options};
use super::verdict::Verdict;
use crate::chart::Chart;
use crate::gcfg::SettingName;

/// What a rule may look at besides its setting.
#[derive(Debug)]
pub(super) struct Context<'a> {
    pub options: &'a Options,
    pub backend: Backend,
    /// The chart, for the keys that it has.
    pub deployed: &'a Chart,
    pub chart: &'a ConfigValues,
    /// The `config` of the administrator's own values.
    pub base: &'a ConfigValues,
    /// Every setting of the input with what it says.
    pub settings: &'a [(&'a InputSetting<'a>, Settled)],
}

impl Context<'_> {
    /// What the input says about a setting, if it sets it.
    #[must_use]
    pub(super) fn setting(&self, name: &SettingName) -> Option<(&InputSetting<'_>, &Settled)> {
        let key = name.key();
        let found = self
            .settings
            .iter()
            .find(|(setting, _)| setting.name.key() == key)?;
        Some((found.0, &found.1))
    }

    /// What another setting says, when it says one thing.
    #[must_use]
    pub(super) fn value_of(&self, section: &str, property: &str) -> Option<&str> {
        let (_, settled) = self.settings.iter().find(|(setting, _)| {
            setting.name.section.subsection.is_none()
                && setting.name.section.name == section
                && setting.name.property == property
        })?;
        settled.values.last().map(String::as_str)
    }
}

/// Decides about one setting.
#[must_use]
pub(super) fn judge(
    context: &Context<'_>,
    setting: &InputSetting<'_>,
    settled: &Settled,
) -> Verdict {
    if let Some(substitute) = context.options.substitution.of(&setting.name) {
        return substitute.verdict();
    }
    if let Some(verdict) = secrets::judge(context, setting, settled) {
        return verdict;
    }
    // An emptied list has nothing to convert; it only keeps a default of the chart away.
    if settled.values.is_empty() {
        return catalogue::judge(context, setting, settled);
    }
    let section = setting.name.section.as_ref();
    let special = if section.subsection.is_some() {
        None
    } else {
        let value = settled.values.last().map_or("", String::as_str);
        let property = setting.name.property.as_str();
        match section.name.as_str() {
            "Database" => database::judge(property, value),
            "Server" => storage::judge(property, value)
                .or_else(|| network::address(context, property, value)),
            "HTTP" => network::listen(property, value),
            "Scheduler" => startup::judge(context, setting, value),
            "Licensing" => off_host::licensing(property, value),
            "Launcher" | "Kubernetes" | "ExecutionEnvironments" => {
                off_host::judge(context, &section.name, property, value)
            }
            "Logging" => telemetry::logging(property, value),
            "Metrics" | "OpenTelemetry" => {
                telemetry::judge(context, &section.name, property, value)
            }
            _ => None,
        }
    };
    let verdict = special.unwrap_or_else(|| catalogue::judge(context, setting, settled));
    local::look_again(verdict, settled)
}
