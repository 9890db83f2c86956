//! `diff`: the effective configuration before and after.

use clap::Args;

use super::chart::ChartArgs;
use super::{Exit, Global};
use crate::chart::{self, Purpose};
use crate::diagnostic::{Code, Diagnostic, InvalidInput};
use crate::effective::{self, Comparison, Deployed, Effective, Reference, Secrets, report};
use crate::gcfg;
use crate::helm::release_name;
use crate::inputs::{self, Source};
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
    #[command(flatten)]
    chart: ChartArgs,

    /// Configuration file of the old server; - is standard input. May repeat, in the order Connect
    /// reads them. A rstudio-connect-migration.gcfg beside the first is found by itself
    #[arg(long, value_name = "FILE", required = true)]
    from: Vec<Source>,

    /// Values file for the chart, as for helm install. May repeat
    #[arg(short = 'f', long, value_name = "FILE")]
    values: Vec<Source>,

    /// Name of the release
    #[arg(long, value_name = "NAME", default_value = "connect", value_parser = release_name)]
    release: String,

    /// Rendered manifest to take the new configuration from; - is standard input
    #[arg(long, value_name = "FILE", conflicts_with_all = ["values", "chart"])]
    manifest: Option<Source>,

    /// ConfigMap to look into, when several hold a configuration
    #[arg(long, value_name = "NAME")]
    config_map: Option<String>,

    /// Manifest of Secrets that the values refer to, such as values --secret-out wrote. May repeat
    #[arg(long, value_name = "FILE")]
    secrets: Vec<Source>,

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
    second_file: Option<chart::VariableValue>,
    variables: Vec<chart::Variable>,
    secrets: Secrets,
}

impl Diff {
    /// Runs the command.
    pub(super) fn run(&self, global: &Global) -> anyhow::Result<Exit> {
        inputs::one_stdin(
            self.from
                .iter()
                .chain(&self.values)
                .chain(&self.manifest)
                .chain(&self.secrets),
        )?;
        let documents = inputs::documents(&self.from)?;
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
            .map(|d| d.source().name().to_owned())
            .collect();
        let structured = report::ComparisonReport::new(&comparison, names, after.name);
        match output::structured(self.output, &structured)? {
            Some(text) => output::data(text.as_bytes())?,
            None => {
                if let Some(table) = report::table(&comparison, self.all) {
                    output::print(table)?;
                }
                output::message(report::counts(&comparison));
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
        let files = inputs::values_files(&self.values)?;
        let chart = self.chart.ask(global)?;
        let release = chart.release(&self.release, global.namespace.as_deref());
        let files: Vec<_> = files.iter().collect();
        let config_map = self.config_map.as_deref();
        let deployed =
            effective::render(&chart, &release, &files, config_map, Purpose::Deployment)?;
        if !deployed.warnings.is_empty() {
            output::message(deployed.warnings.as_str());
        }
        let proof = chart.proof();
        output::message(format!("rendered by {}", proof.words));
        let by = match &proof.helm {
            Some(_) => "helm template".to_owned(),
            None => format!("our rules of chart {}", chart::VERSION),
        };
        Ok(After::of(&by, deployed))
    }

    fn read_from_manifest(&self, name: &str, text: &str) -> anyhow::Result<After> {
        let deployed = effective::deployed(text, self.config_map.as_deref())
            .map_err(|error| manifest_error(name, &error))?;
        Ok(After::of(name, deployed))
    }
}

impl After {
    fn of(name: &str, deployed: Deployed) -> Self {
        Self {
            name: format!("{name}, ConfigMap {}", deployed.config_map),
            gcfg: deployed.gcfg,
            second_file: deployed.second_file,
            variables: deployed.variables,
            secrets: deployed.secrets,
        }
    }
}

fn manifest_error(name: &str, error: &effective::ManifestError) -> InvalidInput {
    Diagnostic::error(Code::ManifestUnusable, format!("{name}: {error}"))
        .help("give a whole manifest, as helm template or helm get manifest prints it")
        .into()
}
