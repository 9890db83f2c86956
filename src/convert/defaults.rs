//! What the chart adds to the configuration by itself, and whether it may.

use super::account::{ChartDefault, DefaultAction};
use super::config_values::{ConfigSection, ConfigValues};
use super::options::{ChartDefaults, Options};
use super::plan::{ConfigValue, Plan, PlannedItem, PlannedSection};
use crate::gcfg::{SettingName, fold};
use crate::settings::values::{boolean, same_meaning};
use crate::settings::{Catalogue, Entry};

/// What is to become of a default that the input says nothing about.
struct Fate {
    keep: bool,
    reason: String,
}

impl Fate {
    fn keep(reason: impl Into<String>) -> Self {
        Self {
            keep: true,
            reason: reason.into(),
        }
    }

    fn remove(reason: impl Into<String>) -> Self {
        Self {
            keep: false,
            reason: reason.into(),
        }
    }
}

/// Takes away what would change the server's behaviour, and accounts for every default.
pub(super) fn settle(plan: &mut Plan, options: &Options, chart: &ConfigValues) {
    for section in chart.sections() {
        let mut removed = Vec::new();
        let mut stays = false;
        for setting in &section.settings {
            let (action, reason) = if plan.find(&setting.name.key()).is_some() {
                stays = true;
                (
                    DefaultAction::Replaced,
                    "the old server's value takes its place".to_owned(),
                )
            } else {
                let fate = if options.chart_defaults == ChartDefaults::Keep {
                    Fate::keep("--chart-defaults keep")
                } else {
                    fate(plan, &setting.name, &setting.written)
                };
                if fate.keep {
                    stays = true;
                    (DefaultAction::Kept, fate.reason)
                } else {
                    removed.push(setting.name.property.clone());
                    (DefaultAction::Removed, fate.reason)
                }
            };
            plan.chart_defaults.push(ChartDefault {
                setting: setting.name.to_string(),
                action,
                reason,
            });
        }
        if !removed.is_empty() {
            remove(plan, section, removed, stays);
        }
    }
}

/// Decides about a default that the input does not mention.
fn fate(plan: &Plan, name: &SettingName, written: &[String]) -> Fate {
    let plain = name.section.subsection.is_none();
    let section = fold(&name.section.name);
    let property = fold(&name.property);
    match (section.as_str(), property.as_str()) {
        ("http", "listen") if plain => {
            Fate::keep("the pod, the service and the probes use this port")
        }
        ("server", "datadir") if plain => Fate::keep("where the shared volume is mounted"),
        ("logging", _) if plain => {
            Fate::keep("in a pod logs go to standard output, where the cluster collects them")
        }
        ("scheduler", "inittimeout") if plain => {
            Fate::keep("pods start more slowly than processes")
        }
        ("chronicle", "enabled") if plain => {
            Fate::keep("Chronicle stays off, as on the old server")
        }
        ("launcher" | "kubernetes", _) if plain => Fate::keep("off-host execution needs it"),
        ("server", "address") if plain => {
            Fate::remove("a placeholder: the old server does not say its address")
        }
        ("python" | "quarto" | "tensorflow", "executable") if plain => {
            let enabled = SettingName::new(
                crate::gcfg::Section::plain(name.section.name.clone()),
                "Enabled",
            );
            if switched_on(plan.find(&enabled.key())) {
                Fate::keep("the image's own interpreter; content uses those of its images")
            } else {
                Fate::remove(format!("the old server has {} off", name.section.name))
            }
        }
        _ => same_as_connect(name, written),
    }
}

fn switched_on(value: Option<&ConfigValue>) -> bool {
    match value {
        Some(ConfigValue::Bool(on)) => *on,
        Some(ConfigValue::Texts(values)) => values
            .last()
            .is_some_and(|value| boolean(value) == Some(true)),
        Some(ConfigValue::Null) | None => false,
    }
}

/// A default that says what Connect does anyway changes nothing.
fn same_as_connect(name: &SettingName, written: &[String]) -> Fate {
    let entry: Option<&Entry> = Catalogue::builtin().lookup(name);
    let default = entry.and_then(|entry| entry.default.as_deref());
    match (entry, default, written) {
        (Some(entry), Some(default), [value]) if same_meaning(entry.value_type, default, value) => {
            Fate::keep("what Connect does without it, too")
        }
        _ => Fate::remove("the old server does not have it"),
    }
}

/// Writes the nulls that take defaults away: one for the section when nothing of it stays.
fn remove(plan: &mut Plan, chart: &ConfigSection, properties: Vec<String>, stays: bool) {
    let key = chart.section.key();
    let at = plan.config.iter().position(|s| s.section.key() == key);
    let section = match at {
        Some(at) => &mut plan.config[at],
        None => {
            plan.config.push(PlannedSection {
                section: chart.section.clone(),
                header: None,
                comments: Vec::new(),
                items: Vec::new(),
                removed: false,
            });
            let last = plan.config.len() - 1;
            &mut plan.config[last]
        }
    };
    let ours = section
        .items
        .iter()
        .any(|item| matches!(item, PlannedItem::Setting { .. }));
    // A section that stood in the input exists for Connect even when it is empty.
    if !stays && !ours && at.is_none() {
        section.removed = true;
        return;
    }
    for property in properties {
        section.items.push(PlannedItem::Setting {
            property,
            value: ConfigValue::Null,
            above: Vec::new(),
            beside: "a default of the chart, taken away".to_owned(),
            place: None,
        });
    }
}
