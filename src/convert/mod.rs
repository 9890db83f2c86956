//! From `rstudio-connect.gcfg` to values for the chart.
//!
//! The way of the data: the documents are gathered setting by setting (`input`), each setting gets
//! its verdict (`rules`), the verdicts and what the deployment needs besides make a `plan`, the plan
//! becomes text (`emit`), and the text is proved against the plan (`proof`). All of it is pure.

pub mod account;
mod backend;
mod base;
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

pub(crate) use backend::KUBERNETES_SINCE;
pub(crate) use missing::lies_in;
pub use options::Options;

use account::{Account, Task};
use config_values::ConfigValues;
use options::Secrets;
use verdict::Expect;

use crate::chart::{Chart, Purpose, ValuesFile};
use crate::effective;
use crate::gcfg::Document;
use crate::secret::Secret;

/// Everything that a conversion starts from.
#[derive(Debug)]
pub struct Inputs<'a> {
    /// The configuration files, in the order Connect reads them.
    pub documents: &'a [Document],
    /// The administrator's own values, in the order Helm reads them, before ours.
    pub base: &'a [ValuesFile],
    pub chart: &'a Chart,
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
    /// What Helm had to say while it rendered.
    pub warnings: String,
}

/// Converts.
///
/// # Errors
/// [`crate::diagnostic::InvalidInput`] for input that Connect would not start with or that values
/// cannot carry; anything else is a defect of ours, found by the proof.
pub fn convert(inputs: &Inputs<'_>) -> anyhow::Result<Conversion> {
    base::check(inputs.base)?;
    let base = ValuesFile::merged(inputs.base);
    let (options, chart) = (inputs.options, inputs.chart);
    let chart_config = ConfigValues::of(chart.defaults());
    let plan = plan::plan(inputs.documents, options, chart, &chart_config, &base)?;
    let mut account = Account {
        schema: Account::SCHEMA,
        inputs: inputs
            .documents
            .iter()
            .map(|document| document.source().name().to_owned())
            .collect(),
        proof: chart.proof(),
        backend: plan.backend.clone(),
        summary: Account::summarise(&plan.decisions, &plan.blockers),
        settings: plan.decisions.clone(),
        chart_defaults: plan.chart_defaults.clone(),
        disagreements: Vec::new(),
        tasks: plan
            .tasks
            .iter()
            .cloned()
            .chain(base::cut(inputs.base))
            .collect(),
        blockers: plan.blockers.clone(),
    };
    let values = emit::values_file(&plan, options, &base, &account)?;

    let ours = ValuesFile::of_text("our values", &values)
        .context("internal error: our values are not YAML")?;
    disagreements::check_spelling(inputs.base, &ours.values)?;
    account.disagreements = disagreements::find(inputs.base, &ours.values);
    let left_out: Vec<_> = plan
        .expectations
        .iter()
        .filter(|expectation| expectation.expect == Expect::Absent)
        .map(|expectation| &expectation.name)
        .collect();
    disagreements::put_back(inputs.base, &left_out, &mut account.disagreements);
    let base_config = ConfigValues::of(&base);
    let files: Vec<&ValuesFile> = inputs.base.iter().chain([&ours]).collect();
    if let Some(refusal) = chart.refusal(&chart.release("connect", None), &files) {
        account.tasks.push(Task {
            code: reason::CHART_REFUSES.into(),
            what: format!(
                "chart {} would refuse these values, by our own rules of it: {refusal}. If you deploy another, name it (CHART), and it judges for itself",
                chart.version()
            ),
            command: None,
        });
    }
    // Whether there is storage is among the administrator's tasks; the proof is about the
    // configuration.
    let release = chart.release("connect", None);
    let rendered = effective::render(chart, &release, &files, None, Purpose::Configuration)?;
    let computed = proof::prove(&plan, chart, &base_config, &rendered.gcfg)?;
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
        warnings: rendered.warnings,
    })
}
