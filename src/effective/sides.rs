//! Both sides of a comparison, read from files, a manifest or a chart.

use super::report::ComparisonReport;
use super::{Comparison, Deployed, Effective, ManifestError, Reference, deployed, render};
use crate::chart::{self, Chart, Purpose};
use crate::diagnostic::{Code, Diagnostic, InvalidInput};
use crate::gcfg;
use crate::helm::{ChartSource, Helm};
use crate::inputs::{self, Source};
use crate::output;

/// Where the two configurations come from.
#[derive(Debug)]
pub(crate) struct Sides {
    pub helm: Helm,
    pub chart: Option<ChartSource>,
    pub release: String,
    pub namespace: Option<String>,
    /// The old server's, in the order Connect reads them.
    pub configuration: Vec<Source>,
    /// The chart's values, in Helm's order.
    pub values: Vec<Source>,
    /// What is rendered already, instead of chart and values.
    pub manifest: Option<Source>,
    /// The ConfigMap, where several hold a configuration.
    pub config_map: Option<String>,
    /// Manifests of Secrets that the values refer to.
    pub secrets: Vec<Source>,
}

impl Sides {
    /// Reads both, and compares them.
    ///
    /// # Errors
    /// One of them cannot be read, or is no configuration.
    pub(crate) fn compare(&self) -> anyhow::Result<(Comparison, ComparisonReport)> {
        let sources = self.configuration.iter().chain(&self.values);
        inputs::one_stdin(sources.chain(&self.manifest).chain(&self.secrets))?;
        let documents = inputs::documents(&self.configuration)?;
        let before = Effective::of_documents(&documents);
        let (place, after) = self.after()?;
        let name = format!("{place}, ConfigMap {}", after.config_map);
        let document = gcfg::parse_text(&format!("{name} (rstudio-connect.gcfg)"), &after.gcfg)?;
        let mut secrets = after.secrets;
        for source in &self.secrets {
            secrets
                .add_manifest(&source.text()?)
                .map_err(|error| unusable(source.name(), &error))?;
        }
        let second = after.second_file.map(Reference::from);
        let second_document = second.as_ref().and_then(|at| secrets.text(at)).map(|text| {
            let name = second.as_ref().map(Reference::describe).unwrap_or_default();
            gcfg::parse_text(&name, text)
        });
        let second_document = second_document.transpose()?;
        let mut effective =
            Effective::of_documents(std::iter::once(&document).chain(&second_document));
        effective.apply(&after.variables, &secrets);

        let mut comparison = Comparison::new(&before, &effective);
        if let (Some(at), None) = (&second, &second_document) {
            comparison.kept_in(at);
        }
        let names = documents
            .iter()
            .map(|document| document.source().name().to_owned())
            .collect();
        let report = ComparisonReport::new(&comparison, names, name);
        Ok((comparison, report))
    }

    /// The new side, and what it comes from.
    fn after(&self) -> anyhow::Result<(String, Deployed)> {
        let config_map = self.config_map.as_deref();
        if let Some(source) = &self.manifest {
            let deployed = deployed(&source.text()?, config_map)
                .map_err(|error| unusable(source.name(), &error))?;
            return Ok((source.name().to_owned(), deployed));
        }
        let files = inputs::values_files(&self.values)?;
        let chart = Chart::ask(&self.helm, self.chart.as_ref())?;
        let release = chart.release(&self.release, self.namespace.as_deref());
        let files: Vec<_> = files.iter().collect();
        let deployed = render(&chart, &release, &files, config_map, Purpose::Deployment)?;
        if !deployed.warnings.is_empty() {
            output::message(deployed.warnings.as_str());
        }
        let proof = chart.proof();
        output::message(format!("rendered by {}", proof.words));
        let by = match &proof.helm {
            Some(_) => "helm template".to_owned(),
            None => format!("our rules of chart {}", chart::VERSION),
        };
        Ok((by, deployed))
    }
}

fn unusable(name: &str, error: &ManifestError) -> InvalidInput {
    Diagnostic::error(Code::ManifestUnusable, format!("{name}: {error}"))
        .help("give a whole manifest, as helm template or helm get manifest prints it")
        .into()
}
