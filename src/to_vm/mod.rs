//! The way back: from the chart's values to the configuration file of a server that runs content on
//! its own machine.

mod fate;
mod report;
mod write;

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

pub(crate) use report::{Action, ValuesRow, VmReport, table};

use crate::chart::{self, Chart, Purpose, Release, ValuesFile};
use crate::effective::{self, Content, Effective, Origin, Secrets};
use crate::gcfg::{self, Configuration, Document, Section, SectionKey, SettingKey, SettingName};
use crate::settings::Catalogue;
use crate::yaml::{Map, Value};

/// Values to go back from.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Inputs<'a> {
    /// The user's values, in Helm's order.
    pub files: &'a [ValuesFile],
    pub chart: &'a Chart,
    /// The release that the values are for.
    pub release: &'a Release,
}

/// What a server on a machine of its own needs.
#[derive(Debug)]
pub(crate) struct VmConfiguration {
    /// The configuration file. It may hold credentials.
    pub text: String,
    /// What became of each setting.
    pub report: VmReport,
}

/// One section to be written.
#[derive(Debug)]
struct Group {
    section: Arc<Section>,
    settings: Vec<Decided>,
}

/// A setting with its fate.
#[derive(Debug)]
struct Decided {
    name: SettingName,
    content: Content,
    action: Action,
    reason: Option<String>,
    said: SettingSource,
}

/// Who said a setting.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum SettingSource {
    Values,
    Default,
    Template,
    Environment,
}

/// Goes back.
///
/// # Errors
/// The values give no configuration that Connect could read.
pub(crate) fn to_gcfg(inputs: Inputs<'_>) -> anyhow::Result<VmConfiguration> {
    let user = ValuesFile::merged(inputs.files);
    let defaults = inputs.chart.defaults();
    let files: Vec<_> = inputs.files.iter().collect();
    // Values without a volume are no reason to keep the configuration back.
    let deployed = effective::render(
        inputs.chart,
        inputs.release,
        &files,
        None,
        Purpose::Configuration,
    )?;
    let values = chart::coalesce(defaults, user.clone());
    let document = gcfg::parse_text(
        "rstudio-connect.gcfg, as the chart renders it",
        &deployed.gcfg,
    )?;
    let mut effective = Effective::of_documents([&document]);
    let variables = deployed.variables;
    effective.apply(&variables, &Secrets::default());

    let of_user = named_settings(&user);
    let of_chart = named_settings(defaults);
    let mut groups = sections(&document);
    for setting in effective.settings() {
        let key = setting.name.key();
        let said = if matches!(setting.origin, Origin::Environment { .. }) {
            SettingSource::Environment
        } else if of_user.contains(&key) {
            SettingSource::Values
        } else if of_chart.contains(&key) {
            SettingSource::Default
        } else {
            SettingSource::Template
        };
        let (action, reason) = fate::decide(setting, said, &values);
        let decided = Decided {
            name: setting.name.clone(),
            content: setting.content.clone(),
            action,
            reason,
            said,
        };
        let key = decided.name.section.key();
        match groups.iter_mut().find(|group| group.section.key() == key) {
            Some(group) => group.settings.push(decided),
            None => groups.push(Group {
                section: Arc::clone(&decided.name.section),
                settings: vec![decided],
            }),
        }
    }
    fate::data_dir(&mut groups, &values);
    sort(&mut groups, &values);
    groups.retain(|group| !group.settings.is_empty() || !fate::is_off_host(&group.section));
    let mut others = fate::other_values(&values, &variables);
    let cut = chart::cut(inputs.files).into_iter();
    others.extend(cut.map(|(key, reason)| ValuesRow { key, reason }));
    Ok(VmConfiguration {
        text: write::text(&groups),
        report: VmReport::new(&groups, others),
    })
}

/// The sections of a document, those without settings too.
fn sections(document: &Document) -> Vec<Group> {
    let catalogue = Catalogue::builtin();
    Configuration::of(&[document])
        .sections()
        .iter()
        .map(|section| {
            let spelled = Arc::clone(&section.headers()[0].item.section);
            Group {
                section: catalogue
                    .canonical_name(&SettingName::new(spelled, ""))
                    .section,
                settings: Vec::new(),
            }
        })
        .collect()
}

/// Every setting that some values name in `config`.
fn named_settings(values: &Map) -> HashSet<SettingKey> {
    let config = values.get("config").and_then(Value::as_map);
    let mut named = HashSet::new();
    for (section, settings) in config.into_iter().flatten() {
        let Ok(section) = section.parse::<Section>().map(Arc::new) else {
            continue;
        };
        for property in settings.as_map().into_iter().flat_map(Map::keys) {
            named.insert(SettingName::new(Arc::clone(&section), property).key());
        }
    }
    named
}

/// Puts sections and settings into the order of the values; what is not in them goes to the end.
fn sort(groups: &mut [Group], values: &Map) {
    let mut sections: HashMap<SectionKey, usize> = HashMap::new();
    let mut settings: HashMap<SettingKey, usize> = HashMap::new();
    let config = values.get("config").and_then(Value::as_map);
    for (at, (name, content)) in config.into_iter().flatten().enumerate() {
        let Ok(section) = name.parse::<Section>().map(Arc::new) else {
            continue;
        };
        for (at, property) in content.as_map().into_iter().flat_map(Map::keys).enumerate() {
            let name = SettingName::new(Arc::clone(&section), property);
            settings.insert(name.key(), at);
        }
        sections.entry(section.key()).or_insert(at);
    }
    let last = usize::MAX;
    groups.sort_by_key(|group| *sections.get(&group.section.key()).unwrap_or(&last));
    for group in groups {
        group
            .settings
            .sort_by_key(|setting| *settings.get(&setting.name.key()).unwrap_or(&last));
    }
}

#[cfg(test)]
mod tests;
