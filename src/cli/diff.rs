//! `diff`: the effective configuration before and after.

use clap::Args;

use super::sources::{self, Source};
use super::{Exit, Global};
use crate::chart::{self, Release};
use crate::diagnostic::{Code, Diagnostic, InvalidInput};
use crate::effective::{self, Comparison, Deployed, Effective, Secrets, report};
use crate::gcfg;
use crate::helm::{ChartSource, Layer, Template};
use crate::output::{self, Format};

/// Compare what the server gets before and after the migration, setting by setting
///
/// The new configuration comes from helm template with CHART, from a rendered manifest, or, with
/// neither, from our own rules of the chart. What pod.env sets counts too. Credentials are never
/// shown; whether they are the same is, where their Secret is at hand.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  # As the chart renders it
  helm connect-migrate diff --from rstudio-connect.gcfg -f values.yaml rstudio/rstudio-connect

  # What runs now
  helm get manifest connect | helm connect-migrate diff --from rstudio-connect.gcfg --manifest -

  # Without a chart at hand, and in a script
  helm connect-migrate diff --from rstudio-connect.gcfg -f values.yaml --detailed-exitcode

Exit codes: 0 done, 1 failed, 2 wrong usage or, with --detailed-exitcode, there are differences,
3 the input is invalid. A value that is kept in a Secret we cannot see is no difference.")]
pub(super) struct Diff {
    /// Configuration file of the old server; - is standard input. May repeat, in the order Connect
    /// reads them. A rstudio-connect-migration.gcfg beside the first is found by itself
    #[arg(long, value_name = "FILE", required = true)]
    from: Vec<Source>,

    /// Values file for the chart, as for helm install. May repeat
    #[arg(short = 'f', long, value_name = "FILE")]
    values: Vec<Source>,

    /// Chart to render with helm template: a folder, an archive, repository/name or a URL
    #[arg(value_name = "CHART", conflicts_with = "manifest")]
    chart: Option<String>,

    /// Version of the chart
    #[arg(long, value_name = "VERSION", requires = "chart")]
    chart_version: Option<String>,

    /// Name of the release
    #[arg(long, value_name = "NAME", default_value = "connect")]
    release: String,

    /// Rendered manifest to take the new configuration from; - is standard input
    #[arg(long, value_name = "FILE", conflicts_with_all = ["values", "chart_values"])]
    manifest: Option<Source>,

    /// ConfigMap to look into, when several hold a configuration
    #[arg(long, value_name = "NAME")]
    config_map: Option<String>,

    /// Manifest of Secrets that the values refer to, such as values --secret-out wrote. May repeat
    #[arg(long, value_name = "FILE")]
    secrets: Vec<Source>,

    /// Defaults of the chart, as helm show values prints them, for our own rules
    #[arg(long, value_name = "FILE", conflicts_with = "chart")]
    chart_values: Option<Source>,

    /// Show settings that are the same, too
    #[arg(long)]
    all: bool,

    /// Exit with 2 when there are differences
    #[arg(long)]
    detailed_exitcode: bool,

    /// Form of the output
    #[arg(short, long, value_enum, default_value_t)]
    output: Format,
}

/// The new configuration, and where it comes from.
struct After {
    name: String,
    gcfg: String,
    variables: Vec<chart::Variable>,
    secrets: Secrets,
}

impl Diff {
    /// Runs the command.
    pub(super) fn run(&self, global: &Global) -> anyhow::Result<Exit> {
        sources::one_stdin(
            self.from
                .iter()
                .chain(&self.values)
                .chain(&self.manifest)
                .chain(&self.secrets)
                .chain(&self.chart_values),
        )?;
        let documents = sources::documents(&self.from)?;
        let before = Effective::of_documents(&documents);
        let after = self.after(global)?;
        let document = gcfg::parse_text(
            &format!("{} (rstudio-connect.gcfg)", after.name),
            &after.gcfg,
        )?;
        let mut secrets = after.secrets;
        for source in &self.secrets {
            secrets
                .add_manifest(&source.text()?)
                .map_err(|error| manifest_error(source.name(), &error))?;
        }
        let mut effective = Effective::of_documents([&document]);
        effective.apply(&after.variables, &secrets);

        let comparison = Comparison::new(&before, &effective);
        let names = documents
            .iter()
            .map(|d| d.source().name().to_owned())
            .collect();
        let structured = report::ComparisonReport::new(&comparison, names, after.name);
        match output::structured(self.output, &structured)? {
            Some(text) => output::data(text.as_bytes())?,
            None => {
                if let Some(table) = report::table(&comparison, self.all) {
                    output::print(table)?;
                }
                output::talk(report::counts(&comparison));
            }
        }
        Ok(if self.detailed_exitcode && comparison.differs() {
            Exit::Usage
        } else {
            Exit::Done
        })
    }

    fn after(&self, global: &Global) -> anyhow::Result<After> {
        if let Some(source) = &self.manifest {
            return self.read_from_manifest(source.name(), &source.text()?);
        }
        if let Some(chart) = &self.chart {
            return self.rendered_by_helm(chart, global);
        }
        self.rendered_by_rules(global)
    }

    fn rendered_by_helm(&self, chart: &str, global: &Global) -> anyhow::Result<After> {
        let values: Vec<_> = self
            .values
            .iter()
            .map(|source| Layer::File(source.0.clone().into()))
            .collect();
        let printed = global.helm().template(&Template {
            release: &self.release,
            chart: &ChartSource {
                reference: chart.to_owned(),
                version: self.chart_version.clone(),
                repo: None,
                flags: Vec::new(),
            },
            values: &values,
        })?;
        if !printed.warnings.is_empty() {
            output::talk(&printed.warnings);
        }
        self.read_from_manifest("helm template", &printed.output)
    }

    fn read_from_manifest(&self, name: &str, text: &str) -> anyhow::Result<After> {
        let Deployed {
            config_map,
            gcfg,
            variables,
            secrets,
        } = effective::deployed(text, self.config_map.as_deref())
            .map_err(|error| manifest_error(name, &error))?;
        Ok(After {
            name: format!("{name}, ConfigMap {config_map}"),
            gcfg,
            variables,
            secrets,
        })
    }

    fn rendered_by_rules(&self, global: &Global) -> anyhow::Result<After> {
        let user = sources::merged_values(&self.values)?;
        let defaults = sources::chart_defaults(self.chart_values.as_ref())?;
        let values = chart::coalesce(&defaults, user);
        let namespace = global.namespace.as_deref().unwrap_or("default");
        let release = Release::new(&self.release, namespace);
        let gcfg = chart::render_gcfg(&values, &release).map_err(|e| sources::refused(&e))?;
        let variables = chart::environment(&values).map_err(|e| sources::refused(&e))?;
        let name = format!("our rules of chart {}", chart::VERSION);
        output::talk(format!(
            "rendered by {name}; name a CHART to render with Helm"
        ));
        Ok(After {
            name,
            gcfg,
            variables,
            secrets: Secrets::default(),
        })
    }
}

fn manifest_error(name: &str, error: &effective::ManifestError) -> InvalidInput {
    Diagnostic::error(Code::ManifestUnusable, format!("{name}: {error}"))
        .help("give a whole manifest, as helm template or helm get manifest prints it")
        .into()
}
