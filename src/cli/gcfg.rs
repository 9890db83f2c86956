//! `gcfg`: from values back to `rstudio-connect.gcfg`.

use std::path::PathBuf;

use clap::Args;

use super::chart::ChartArgs;
use super::{Exit, Global};
use crate::files::{Access, Batch, Existing};
use crate::helm::release_name;
use crate::inputs::{self, Source};
use crate::output::{self, Format};
use crate::to_vm::{self, Inputs};

/// Turn the chart's values back into rstudio-connect.gcfg, for a server on a machine of its own
///
/// Writes the file to standard output or --out, and what cannot go back to standard error and
/// --report. Credentials that are kept in Secrets are named, not fetched.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  helm connect-migrate gcfg -f values.yaml > rstudio-connect.gcfg

  # The values of a release, with the defaults of its own chart
  helm get values connect --output yaml > values.yaml
  helm connect-migrate gcfg -f values.yaml rstudio/rstudio-connect --chart-version 0.21.0 \\
      --out rstudio-connect.gcfg --report account.json

Exit codes: 0 done, 1 failed, 2 wrong usage, 3 the values give no configuration that Connect reads.")]
pub(super) struct Gcfg {
    /// Values file, as for helm install; - is standard input. May repeat
    #[arg(short = 'f', long, value_name = "FILE", required = true)]
    values: Vec<Source>,

    /// Name of the release
    #[arg(long, value_name = "NAME", default_value = "connect", value_parser = release_name)]
    release: String,

    /// Write the file here instead of to standard output, readable by its owner alone
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,

    /// Write the account to this file, as JSON
    #[arg(long, value_name = "FILE")]
    report: Option<PathBuf>,

    /// Replace files that exist
    #[arg(long)]
    force: bool,

    /// Form of the account on standard error
    #[arg(short, long, value_enum, default_value_t)]
    output: Format,

    #[command(flatten)]
    chart: ChartArgs,
}

impl Gcfg {
    /// Runs the command.
    pub(super) fn run(&self, global: &Global) -> anyhow::Result<Exit> {
        inputs::each_its_own(
            self.values.iter().filter_map(Source::path),
            [&self.out, &self.report],
        )?;
        inputs::one_stdin(&self.values)?;
        let files = inputs::values_files(&self.values)?;
        let chart = self.chart.ask(global)?;
        let release = chart.release(&self.release, global.namespace.as_deref());
        let local = to_vm::to_gcfg(Inputs {
            files: &files,
            chart: &chart,
            release: &release,
        })?;
        output::message(format!("read with {}", chart.proof().words));

        let existing = Existing::with_force(self.force);
        let mut batch = Batch::default();
        if let Some(path) = &self.out {
            batch.add(path, local.text.as_bytes(), Access::Private, existing)?;
        }
        if let Some(path) = &self.report {
            let report = serde_json::to_string_pretty(&local.report)? + "\n";
            batch.add(path, report.as_bytes(), Access::Usual, existing)?;
        }
        batch.commit()?;
        if self.out.is_none() {
            output::data(local.text.as_bytes())?;
        }
        match output::structured(self.output, &local.report)? {
            Some(text) => output::message(text.trim_end()),
            None => output::message(to_vm::table(&local.report)),
        }
        Ok(Exit::Done)
    }
}
