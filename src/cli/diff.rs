//! `diff`: the effective configuration before and after.

use clap::Args;

use super::chart::ChartArgs;
use super::{Exit, Global};
use crate::effective::{Sides, report};
use crate::helm::release_name;
use crate::inputs::Source;
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

    #[command(flatten)]
    chart: ChartArgs,
}

impl Diff {
    /// Runs the command.
    pub(super) fn run(&self, global: &Global) -> anyhow::Result<Exit> {
        let sides = Sides {
            helm: global.helm(),
            chart: self.chart.source(),
            release: self.release.clone(),
            namespace: global.namespace.clone(),
            configuration: self.from.clone(),
            values: self.values.clone(),
            manifest: self.manifest.clone(),
            config_map: self.config_map.clone(),
            secrets: self.secrets.clone(),
        };
        let (comparison, structured) = sides.compare()?;
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
}
