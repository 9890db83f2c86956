//! The proof that the values say what the old configuration said.
//!
//! The finished values are rendered with the chart's rules, the result is read as Connect reads it
//! and compared, setting by setting, with what the plan promises. A difference is a defect of ours,
//! and nothing is written.

use std::collections::HashMap;

use super::Inputs;
use super::account::{ChartDefault, DefaultAction};
use super::config_values::ConfigValues;
use super::options::{Options, Secrets};
use super::plan::Plan;
use super::verdict::Expect;
use crate::chart::{SECOND_FILE, VariableValue};
use crate::gcfg::{self, Document, SettingKey, SettingName};

/// What a rendered configuration says against the plan.
#[derive(Debug, thiserror::Error)]
#[error("internal error: the values would not mean what the input means; nothing was written. Please report this with the names below (no values are shown)\n{}", .0.join("\n"))]
pub(super) struct Unexplained(pub Vec<String>);

/// Compares the rendered configuration with the plan. Gives back what the chart adds by itself
/// while rendering.
///
/// # Errors
/// Differences that the account does not explain.
pub(super) fn prove(
    plan: &Plan,
    inputs: &Inputs<'_>,
    base: &ConfigValues,
    rendered: &str,
    second: &Second<'_>,
) -> anyhow::Result<Vec<ChartDefault>> {
    let Inputs { options, chart, .. } = inputs;
    // The administrator's own values were looked at before, and ours are ours.
    let document = gcfg::parse_text("rstudio-connect.gcfg", rendered).map_err(|error| {
        Unexplained(vec![format!("- the rendered file does not parse: {error}")])
    })?;
    let mut left = settings(&document);
    let mut wrong = Vec::new();
    prove_second(plan, options, second, &left, &mut wrong);
    let kept: Vec<&str> = plan
        .chart_defaults
        .iter()
        .filter(|default| default.action == DefaultAction::Kept)
        .map(|default| default.setting.as_str())
        .collect();
    // Several settings of the input may end under one name: a deprecated one and its successor.
    let mut promised: HashMap<SettingKey, Vec<&str>> = HashMap::new();
    let mut anything = Vec::new();
    for expectation in &plan.expectations {
        match &expectation.expect {
            Expect::Values(values) => {
                let slot = promised.entry(expectation.name.key()).or_default();
                slot.extend(values.iter().map(String::as_str));
            }
            Expect::Elsewhere(name, values) => {
                let slot = promised.entry(name.key()).or_default();
                slot.extend(values.iter().map(String::as_str));
            }
            Expect::Chart => anything.push(expectation.name.key()),
            Expect::SecretFile(_) | Expect::Absent => {}
        }
    }
    for (key, values) in promised {
        let found = left.remove(&key);
        let found: Vec<&str> = found
            .iter()
            .flat_map(|(_, values)| values.iter().map(String::as_str))
            .collect();
        if found != values {
            let name = plan
                .expectations
                .iter()
                .find(|expectation| expectation.name.key() == key)
                .map_or_else(|| key.property().to_owned(), |e| e.name.to_string());
            wrong.push(format!(
                "- {name}: {} promised, {} rendered, not the same",
                values.len(),
                found.len()
            ));
        }
    }
    let mut computed = Vec::new();
    let mut added: Vec<(SettingKey, (SettingName, Vec<String>))> = left.into_iter().collect();
    added.sort_by(|(one, _), (other, _)| one.cmp(other));
    for (key, (name, _)) in added {
        let shown = name.to_string();
        let explained = anything.contains(&key)
            || base.find(&key).is_some()
            || kept.iter().any(|kept| *kept == shown);
        if explained {
            continue;
        }
        let by_template = chart
            .is_judged_by_helm()
            .then_some("the chart's templates write it by themselves: see whether it is meant");
        match computed_by_chart(&name).or(by_template) {
            Some(reason) => computed.push(ChartDefault {
                setting: shown,
                action: DefaultAction::Kept,
                reason: reason.to_owned(),
            }),
            None => wrong.push(format!("- {shown}: rendered, but nothing says why")),
        }
    }
    if wrong.is_empty() {
        Ok(computed)
    } else {
        wrong.sort();
        if chart.is_judged_by_helm() {
            anyhow::bail!(
                "{} makes something else of these settings than the values say; nothing was written (no values are shown)\n{}",
                chart.proof().words,
                wrong.join("\n")
            );
        }
        Err(Unexplained(wrong).into())
    }
}

/// The second configuration file: what it says, and what the values mount in its place.
pub(super) struct Second<'a> {
    pub text: Option<&'a str>,
    pub mounted: Option<VariableValue>,
}

/// Compares the file in the Secret with the plan. What stands there must stand nowhere else, and the
/// server must see it.
fn prove_second(
    plan: &Plan,
    options: &Options,
    second: &Second<'_>,
    rendered: &HashMap<SettingKey, (SettingName, Vec<String>)>,
    wrong: &mut Vec<String>,
) {
    let mut found = match gcfg::parse_text(SECOND_FILE, second.text.unwrap_or_default()) {
        Ok(document) => settings(&document),
        Err(_) => return wrong.push(format!("- {SECOND_FILE} does not parse")),
    };
    for expectation in &plan.expectations {
        let Expect::SecretFile(values) = &expectation.expect else {
            continue;
        };
        let key = expectation.name.key();
        if found.remove(&key).is_none_or(|(_, found)| found != *values) {
            wrong.push(format!(
                "- {}: not the same in {SECOND_FILE}",
                expectation.name
            ));
        }
        if rendered.contains_key(&key) {
            wrong.push(format!("- {}: in config, too", expectation.name));
        }
    }
    for (name, _) in found.values() {
        wrong.push(format!("- {name}: in {SECOND_FILE}, but nothing says why"));
    }
    let Secrets::Reference(name) = &options.secrets else {
        return;
    };
    let meant = VariableValue::Secret {
        name: name.as_str().to_owned(),
        key: SECOND_FILE.to_owned(),
    };
    if second.text.is_some() && second.mounted.as_ref() != Some(&meant) {
        wrong.push(format!("- {SECOND_FILE}: not mounted"));
    }
}

/// Every setting of a document with all its values, by identity.
fn settings(document: &Document) -> HashMap<SettingKey, (SettingName, Vec<String>)> {
    let mut settings: HashMap<SettingKey, (SettingName, Vec<String>)> = HashMap::new();
    for setting in document.settings() {
        let slot = settings
            .entry(setting.name.key())
            .or_insert_with(|| (setting.name.clone(), Vec::new()));
        slot.1.push(setting.text().unwrap_or("true").to_owned());
    }
    settings
}

/// What the chart writes from keys other than `config`.
fn computed_by_chart(name: &SettingName) -> Option<&'static str> {
    if name.section.subsection.is_some() {
        return None;
    }
    Some(match (name.section.name.as_str(), name.property.as_str()) {
        ("Kubernetes" | "Launcher", _) => "the chart writes it for off-host execution",
        ("Metrics", "PrometheusListen") => "the chart writes it from prometheus.port",
        ("Licensing", "LicenseType") => "the chart writes it from license.server",
        ("ExecutionEnvironments", "ConfigFilePath") => {
            "the chart writes it for executionEnvironments"
        }
        _ => return None,
    })
}
