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
mod encrypted;
mod files;
mod input;
mod missing;
mod names;
pub mod options;
mod plan;
mod proof;
pub mod reason;
mod rules;
mod substitution;
pub(crate) mod table;
mod verdict;

use anyhow::Context as _;

pub(crate) use backend::KUBERNETES_SINCE;
pub(crate) use files::{Material, Sources, Targets};
pub(crate) use missing::lies_in;
pub use options::Options;
pub(crate) use substitution::{Says, Substitute, Substitution, mentions};

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
/// cannot carry; [`crate::diagnostic::WrongUsage`] for options that cannot be meant; anything else is a defect of ours, found by the proof.
pub fn convert(inputs: &Inputs<'_>) -> anyhow::Result<Conversion> {
    encrypted::are_set(&inputs.options.encrypted, inputs.documents)?;
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
        added: plan.added.clone(),
        chart_defaults: plan.chart_defaults.clone(),
        disagreements: Vec::new(),
        tasks: plan
            .tasks
            .iter()
            .cloned()
            .chain(base::cut(inputs.base))
            .chain(options.substitution.tasks.iter().cloned())
            .collect(),
        blockers: plan.blockers.clone(),
    };
    let theirs = crate::chart::coalesce(chart.defaults(), base.clone());
    let values = emit::values_file(&plan, options, &theirs, &account)?;
    let secret_file = emit::secret_file(&plan)
        .context("internal error: what gcfg said has a written form")?
        .map(Secret::new);

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
    let second = proof::Second {
        text: secret_file.as_ref().map(Secret::expose),
        mounted: rendered.second_file.clone(),
    };
    let computed = proof::prove(&plan, inputs, &base_config, &rendered.gcfg, &second)?;
    account.chart_defaults.extend(computed);

    let secret = match &options.secrets {
        Secrets::Reference(name) if plan.knows_secrets() => {
            Some(Secret::new(emit::secret_manifest(
                name.as_str(),
                &plan.secrets,
                secret_file.as_ref().map(Secret::expose),
            )))
        }
        _ => None,
    };
    Ok(Conversion {
        values,
        secret,
        account,
        warnings: rendered.warnings,
    })
}

#[cfg(unix)]
#[cfg(test)]
mod tests {
    use std::time::Duration;

    use rustix::time::{ClockId, clock_gettime};

    use super::*;
    use crate::gcfg::parse_text;

    /// What this thread has used of a processor, whatever else the machine does.
    fn used() -> Duration {
        Duration::try_from(clock_gettime(ClockId::ThreadCPUTime)).unwrap()
    }

    /// How long a configuration with so many settings takes that nobody knows; the best of some.
    fn time(settings: usize) -> Duration {
        let mut text = "[Database]\nProvider = postgres\n[Nowhere]\n".to_owned();
        for number in 0..settings {
            text.push_str(&format!("Unknown{number} = x{number}\n"));
        }
        let documents = [parse_text("f", &text).unwrap()];
        let chart = Chart::built_in().unwrap();
        let best = (0..3).map(|_| {
            let start = used();
            let conversion = convert(&Inputs {
                documents: &documents,
                base: &[],
                chart: &chart,
                options: &Options::default(),
            });
            assert_eq!(conversion.unwrap().account.summary.settings, settings + 1);
            used() - start
        });
        best.min().unwrap()
    }

    #[test]
    fn time_grows_with_the_number_of_settings_and_no_faster() {
        // Eight times the work; what is quadratic would take 64 times as long.
        let (few, many) = (time(250), time(2000));
        assert!(many < few * 28, "{few:?} for 250, {many:?} for 2000");
    }
}
