//! From `rstudio-connect.gcfg` to values for the chart.
//!
//! The way of the data: the documents are gathered setting by setting (`input`), each setting gets
//! its verdict (`rules`), the verdicts and what the deployment needs besides make a `plan`, the plan
//! becomes text (`emit`), and the text is proved against the plan (`proof`). All of it is pure.

pub mod account;
mod comments;
mod config_values;
mod defaults;
mod disagreements;
mod emit;
mod input;
mod missing;
mod names;
pub mod options;
mod plan;
mod proof;
pub mod reason;
mod rules;
pub(crate) mod table;
mod verdict;

use anyhow::Context as _;

pub use disagreements::BaseFile;
pub use options::Options;

use account::Account;
use config_values::ConfigValues;
use options::Secrets;
use verdict::Expect;

use crate::chart::{self, Release};
use crate::gcfg::Document;
use crate::secret::Secret;
use crate::yaml::{self, Map};

/// Everything that a conversion starts from.
#[derive(Debug)]
pub struct Inputs<'a> {
    /// The configuration files, in the order Connect reads them.
    pub documents: &'a [Document],
    /// The administrator's own values, in the order Helm reads them, before ours.
    pub base: &'a [BaseFile],
    pub chart_values: &'a Map,
    pub options: &'a Options,
}

/// What a conversion makes.
#[derive(Debug)]
pub struct Conversion {
    /// The values file. It holds credentials only if they were to stay inline.
    pub values: String,
    /// The manifest of the Secret, when credentials moved.
    pub secret: Option<Secret>,
    pub account: Account,
}

/// Converts.
///
/// # Errors
/// [`crate::diagnostic::InvalidInput`] for input that Connect would not start with or that values
/// cannot carry; anything else is a defect of ours, found by the proof.
pub fn convert(inputs: &Inputs<'_>) -> anyhow::Result<Conversion> {
    let mut base = Map::new();
    for file in inputs.base {
        chart::merge(&mut base, file.values.clone());
    }
    let options = inputs.options;
    let chart_config = ConfigValues::of(inputs.chart_values);
    let plan = plan::plan(inputs.documents, options, &chart_config, &base)?;
    let mut account = Account {
        schema: Account::SCHEMA,
        inputs: inputs
            .documents
            .iter()
            .map(|document| document.source().name().to_owned())
            .collect(),
        summary: Account::summarise(&plan.decisions, &plan.blockers),
        settings: plan.decisions.clone(),
        chart_defaults: plan.chart_defaults.clone(),
        disagreements: Vec::new(),
        tasks: plan.tasks.clone(),
        blockers: plan.blockers.clone(),
    };
    let values = emit::values_file(&plan, options, &base, &account)?;

    let ours = yaml::read_values(&values).context("internal error: our values are not YAML")?;
    disagreements::check_spelling(inputs.base, &ours)?;
    account.disagreements = disagreements::find(inputs.base, &ours);
    let left_out: Vec<_> = plan
        .expectations
        .iter()
        .filter(|expectation| expectation.expect == Expect::Absent)
        .map(|expectation| &expectation.name)
        .collect();
    disagreements::put_back(inputs.base, &left_out, &mut account.disagreements);
    let base_config = ConfigValues::of(&base);
    let mut merged = base;
    chart::merge(&mut merged, ours);
    stand_in_storage(&mut merged);
    let merged = chart::coalesce(inputs.chart_values, merged);
    let rendered = chart::render_gcfg(&merged, &Release::new("connect", "default"))
        .context("the chart would not render with these values")?;
    let computed = proof::prove(&plan, &plan.chart_defaults, &base_config, &rendered)?;
    account.chart_defaults.extend(computed);

    let secret = match &options.secrets {
        Secrets::Reference(name) if !plan.secrets.is_empty() => Some(Secret::new(
            emit::secret_manifest(name.as_str(), &plan.secrets),
        )),
        _ => None,
    };
    Ok(Conversion {
        values,
        secret,
        account,
    })
}

/// The chart refuses to render without storage. Whether there is some is among the administrator's
/// tasks; the proof is about the configuration.
fn stand_in_storage(values: &mut Map) {
    let storage = values.entry("sharedStorage".to_owned());
    let storage = storage.or_insert_with(|| yaml::Value::Map(Map::new()));
    if let yaml::Value::Map(storage) = storage {
        let named = ["create", "mount"]
            .iter()
            .any(|key| storage.get(*key).is_some_and(yaml::Value::is_truthy));
        if !named {
            storage.insert("mount".to_owned(), yaml::Value::Bool(true));
        }
    }
}
