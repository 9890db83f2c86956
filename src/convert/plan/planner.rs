//! From settings and verdicts to the plan.

use std::collections::HashMap;
use std::sync::Arc;

use super::{
    ConfigValue, Expectation, Plan, PlannedFileSetting, PlannedItem, PlannedSecret, PlannedSection,
    PlannedValue,
};
use crate::chart::Chart;
use crate::convert::account::{Action, Addition, Blocker, Decision};
use crate::convert::comments::Comments;
use crate::convert::config_values::ConfigValues;
use crate::convert::input::{self, InputSection, InputSetting, Settled, Superseded};
use crate::convert::names::Names;
use crate::convert::options::Options;
use crate::convert::rules::{self, Context};
use crate::convert::substitution::Substitute;
use crate::convert::verdict::{Effect, Verdict};
use crate::convert::{backend, defaults, missing, reason};
use crate::diagnostic::{InvalidInput, Place};
use crate::gcfg::{Document, Section, SectionKey, SettingName};
use crate::yaml::Map;

/// Plans the conversion of some documents, read one after another.
///
/// # Errors
/// Lines that Connect itself would not start with.
pub(in crate::convert) fn plan(
    documents: &[Document],
    options: &Options,
    chart: &Chart,
    chart_config: &ConfigValues,
    base: &Map,
) -> Result<Plan, InvalidInput> {
    let names = Names::new(chart_config);
    let comments = Comments::of(documents, &options.substitution);
    let sections = input::gather(documents, &names);
    let settled = settle(&sections)?;
    let base_config = ConfigValues::of(base);
    let (chosen, blocker) = backend::choose(options, chart, base);
    let context = Context {
        options,
        backend: chosen.backend,
        deployed: chart,
        chart: chart_config,
        base: &base_config,
        settings: &settled,
    };
    let mut planner = Planner {
        plan: Plan {
            config: Vec::new(),
            values: Vec::new(),
            secrets: Vec::new(),
            secret_file: Vec::new(),
            decisions: Vec::new(),
            added: Vec::new(),
            chart_defaults: Vec::new(),
            tasks: Vec::new(),
            blockers: blocker.into_iter().collect(),
            backend: chosen.clone(),
            expectations: Vec::new(),
            images: None,
            last_comments: comments.last().to_vec(),
            positions: HashMap::new(),
        },
        comments: &comments,
        sections: HashMap::new(),
    };
    let mut remaining = settled.iter();
    for section in &sections {
        planner.section(section);
        for (setting, settled) in remaining.by_ref().take(section.settings.len()) {
            let verdict = rules::judge(&context, setting, settled);
            if verdict.code != reason::SUBSTITUTED && verdict.takes_one_of(settled.values.len()) {
                planner.setting(setting, &settled.last_alone(), verdict);
            } else {
                planner.setting(setting, settled, verdict);
            }
        }
    }
    for substitute in &options.substitution.settings {
        if context.setting(&substitute.name).is_none() {
            planner.add(substitute);
        }
    }
    let mut plan = planner.finish(documents);
    missing::complete(&mut plan, &context, chart, base);
    defaults::settle(&mut plan, options, chart_config);
    Ok(plan)
}

fn settle<'a>(
    sections: &'a [InputSection<'a>],
) -> Result<Vec<(&'a InputSetting<'a>, Settled)>, InvalidInput> {
    let mut settled = Vec::new();
    let mut errors = Vec::new();
    for setting in sections.iter().flat_map(|section| &section.settings) {
        match setting.settle() {
            Ok(result) => settled.push((setting, result)),
            Err(error) => errors.push(error),
        }
    }
    if errors.is_empty() {
        Ok(settled)
    } else {
        Err(InvalidInput(errors))
    }
}

struct Planner<'a> {
    plan: Plan,
    comments: &'a Comments,
    /// Where each section stands in the plan.
    sections: HashMap<SectionKey, usize>,
}

/// What stands around a setting in `config`.
struct Put<'a> {
    above: &'a [String],
    beside: &'a str,
    place: Option<Place>,
}

impl Planner<'_> {
    fn section(&mut self, section: &InputSection<'_>) {
        let comments = self.comments.section(&section.section.key()).to_vec();
        let planned = self.in_section(&section.section);
        planned.comments.extend(comments);
        planned.header = Some(section.header.clone());
    }

    fn setting(&mut self, setting: &InputSetting<'_>, settled: &Settled, verdict: Verdict) {
        let key = setting.name.key();
        let above = self.comments.above(&key).to_vec();
        let mut beside = origin(setting, settled);
        if verdict.code == reason::SUBSTITUTED && !verdict.effects.is_empty() {
            beside = format!("{}, instead of {beside}", verdict.reason);
        }
        for comment in self.comments.beside(&key) {
            beside.push_str(" | ");
            beside.push_str(comment);
        }
        self.decide(setting, settled, &verdict);
        if verdict.blocks {
            self.plan.blockers.push(Blocker {
                setting: setting.name.to_string(),
                code: verdict.code.clone(),
                reason: verdict.reason.clone(),
            });
        }
        self.plan.tasks.extend(verdict.tasks);
        self.plan.expectations.push(Expectation {
            name: setting.name.clone(),
            expect: verdict.expect,
        });
        let origin = origin(setting, settled);
        let put = Put {
            above: &above,
            beside: &beside,
            place: setting.occurrences.last().map(|occurrence| Place {
                source: Arc::clone(occurrence.document.source()),
                span: occurrence.setting.span(),
            }),
        };
        let mut in_config = false;
        for effect in verdict.effects {
            match effect {
                Effect::Config(values) => {
                    in_config = true;
                    self.put(&setting.name, ConfigValue::Texts(values), &put);
                }
                Effect::ConfigBool(on) => {
                    in_config = true;
                    self.put(&setting.name, ConfigValue::Bool(on), &put);
                }
                Effect::Renamed(name, values) => {
                    in_config = true;
                    self.put(&name, ConfigValue::Texts(values), &put);
                }
                Effect::Value(path, value) => self.plan.values.push(PlannedValue {
                    path,
                    value,
                    origin: origin.clone(),
                }),
                Effect::SecretFile(values) => self.plan.secret_file.push(PlannedFileSetting {
                    name: setting.name.clone(),
                    values,
                }),
                Effect::Secret { variable, value } => self.plan.secrets.push(PlannedSecret {
                    variable,
                    value,
                    origin: origin.clone(),
                }),
            }
        }
        if !in_config {
            let mut lines = above.clone();
            let went = match &verdict.target {
                Some(target) => format!("went to {target}"),
                None => "left out".to_owned(),
            };
            lines.push(format!(
                "{}: {went} ({}) | {beside}",
                setting.name, verdict.code
            ));
            self.in_section(&setting.name.section)
                .items
                .push(PlannedItem::Note(lines));
        }
    }

    /// Adds what the input does not say at all.
    fn add(&mut self, substitute: &Substitute) {
        let verdict = substitute.verdict();
        if verdict.effects.is_empty() {
            return;
        }
        self.plan.added.push(Addition {
            setting: substitute.name.to_string(),
            target: verdict.target.clone(),
            reason: verdict.reason.clone(),
        });
        self.plan.expectations.push(Expectation {
            name: substitute.name.clone(),
            expect: verdict.expect,
        });
        for effect in verdict.effects {
            match effect {
                Effect::Config(values) => {
                    let put = Put {
                        above: &[],
                        beside: &substitute.why,
                        place: None,
                    };
                    self.put(&substitute.name, ConfigValue::Texts(values), &put);
                }
                Effect::Secret { variable, value } => self.plan.secrets.push(PlannedSecret {
                    variable,
                    value,
                    origin: substitute.why.clone(),
                }),
                _ => {}
            }
        }
    }

    /// Puts a setting into its section, or adds its values to those that stand there already.
    fn put(&mut self, name: &SettingName, value: ConfigValue, put: &Put<'_>) {
        let key = name.key();
        let at = self.plan.positions.get(&key).map(|&(_, item)| item);
        let index = self.section_index(&name.section);
        let section = &mut self.plan.config[index];
        if let Some(PlannedItem::Setting {
            value: ConfigValue::Texts(there),
            beside: origin,
            ..
        }) = at.and_then(|at| section.items.get_mut(at))
            && let ConfigValue::Texts(values) = value
        {
            there.extend(values);
            origin.push_str(", ");
            origin.push_str(put.beside);
            return;
        }
        let at = section.items.len();
        section.items.push(PlannedItem::Setting {
            property: name.property.clone(),
            value,
            above: put.above.to_vec(),
            beside: put.beside.to_owned(),
            place: put.place.clone(),
        });
        self.plan.positions.insert(key, (index, at));
    }

    /// The planned section of this identity, added at the end when it is not there.
    fn in_section(&mut self, section: &Arc<Section>) -> &mut PlannedSection {
        let at = self.section_index(section);
        &mut self.plan.config[at]
    }

    fn section_index(&mut self, section: &Arc<Section>) -> usize {
        let config = &mut self.plan.config;
        *self.sections.entry(section.key()).or_insert_with(|| {
            config.push(PlannedSection {
                section: Arc::clone(section),
                header: None,
                comments: Vec::new(),
                items: Vec::new(),
                removed: false,
            });
            config.len() - 1
        })
    }

    /// Accounts for every line of a setting.
    fn decide(&mut self, setting: &InputSetting<'_>, settled: &Settled, verdict: &Verdict) {
        for (occurrence, superseded) in setting.occurrences.iter().zip(&settled.superseded) {
            let line_of = |at: usize| {
                let other = &setting.occurrences[at];
                format!("{}:{}", other.document.source().name(), other.setting.line)
            };
            let spelled = occurrence.setting.name.to_string();
            let mut decision = Decision {
                spelled: (spelled != setting.name.to_string()).then_some(spelled),
                name: setting.name.clone(),
                file: occurrence.document.source().name().to_owned(),
                line: occurrence.setting.line,
                action: verdict.action,
                code: verdict.code.clone(),
                target: verdict.target.clone(),
                reason: verdict.reason.clone(),
            };
            let out_of_force = superseded.map(|superseded| match superseded {
                Superseded::Overridden(by) => (
                    reason::OVERRIDDEN,
                    format!("Connect takes the value of {}", line_of(by)),
                ),
                Superseded::Cleared(by) => (
                    reason::LIST_CLEARED,
                    format!("the key alone at {} empties the list", line_of(by)),
                ),
                Superseded::Clears => (
                    reason::LIST_CLEARED,
                    "a key alone empties the list of what came before".to_owned(),
                ),
            });
            if let Some((code, reason)) = out_of_force {
                decision.action = Action::Drop;
                decision.code = code.into();
                decision.target = None;
                decision.reason = reason;
            }
            self.plan.decisions.push(decision);
        }
    }

    fn finish(mut self, documents: &[Document]) -> Plan {
        let files: HashMap<&str, usize> = documents
            .iter()
            .enumerate()
            .map(|(index, document)| (document.source().name(), index))
            .collect();
        self.plan.decisions.sort_by_key(|decision| {
            let file = files.get(decision.file.as_str()).copied();
            (file.unwrap_or_default(), decision.line)
        });
        self.plan
    }
}

/// The places of the lines that count, e.g. `rstudio-connect.gcfg:12,14`.
fn origin(setting: &InputSetting<'_>, settled: &Settled) -> String {
    let mut out = String::new();
    let mut file = "";
    for (occurrence, superseded) in setting.occurrences.iter().zip(&settled.superseded) {
        if superseded.is_some_and(|s| s != Superseded::Clears) {
            continue;
        }
        let name = short(occurrence.document.source().name());
        if name == file {
            out.push(',');
        } else {
            if !out.is_empty() {
                out.push_str(", ");
            }
            out.push_str(name);
            out.push(':');
            file = name;
        }
        out.push_str(&occurrence.setting.line.to_string());
    }
    out
}

/// A file's name without its folders.
fn short(name: &str) -> &str {
    name.rsplit(['/', '\\']).next().unwrap_or(name)
}
