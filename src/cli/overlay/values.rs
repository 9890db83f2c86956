//! `overlay values`: the overlay as a values file.

use std::path::PathBuf;

use clap::Args;

use super::super::chart::ChartArgs;
use super::super::post_render::set;
use super::super::{Exit, Global};
use crate::files::{Access, Existing, write};
use crate::inputs::{Source, each_its_own, one_stdin};
use crate::output;
use crate::overlay::values::on_top_of;
use crate::overlay::{TemporarySetting, with_temporary};

/// Write the temporary settings as a values file, for those who keep values in Git
///
/// The file says what each setting was in the given values and how to take it off again. With CHART
/// the chart itself renders both, and the settings are looked for in what it makes of them.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  helm connect-migrate overlay values -f values.yaml --out migration-overlay.yaml
  helm upgrade rsc rstudio/rstudio-connect -f values.yaml -f migration-overlay.yaml")]
pub(super) struct Values {
    /// Values file that Helm reads before the overlay (repeatable, in Helm's order)
    #[arg(short = 'f', long = "values", value_name = "FILE")]
    files: Vec<Source>,

    /// Lay one more setting (repeatable); credentials are refused
    #[arg(long = "set", value_name = "SECTION.PROPERTY=VALUE", value_parser = set)]
    settings: Vec<TemporarySetting>,

    /// Key of the chart in the values, where it is a sub-chart; dots between the parts. CHART is the
    /// sub-chart itself then
    #[arg(long, value_name = "KEY", value_parser = key)]
    under: Option<String>,

    /// Write to this file instead of standard output
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,

    /// Replace the file if it exists
    #[arg(long, requires = "out")]
    force: bool,

    #[command(flatten)]
    chart: ChartArgs,
}

impl Values {
    /// Runs the command.
    pub(super) fn run(&self, global: &Global) -> anyhow::Result<Exit> {
        each_its_own(self.files.iter().filter_map(Source::path), [&self.out])?;
        one_stdin(&self.files)?;
        let sources = self.files.iter().map(Source::file);
        let settings = with_temporary(&self.settings);
        let chart = self.chart.named(global)?;
        let under = self.under.as_deref();
        let text = on_top_of(
            &sources.collect::<Result<Vec<_>, _>>()?,
            under,
            &settings,
            chart.as_ref(),
        )?;
        if let Some(chart) = &chart {
            output::message(format!("proved with {}", chart.proof().words));
        }
        match &self.out {
            None => output::data(text.as_bytes())?,
            Some(path) => {
                let existing = Existing::with_force(self.force);
                write(path, text.as_bytes(), Access::Usual, existing)?;
            }
        }
        Ok(Exit::Done)
    }
}

/// Reads a `--under`.
fn key(text: &str) -> Result<String, &'static str> {
    let is_name = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_');
    let all = text
        .split('.')
        .all(|part| !part.is_empty() && part.chars().all(is_name));
    match all {
        true => Ok(text.to_owned()),
        false => Err("is no key of values: names of letters, digits, - and _, with dots between"),
    }
}
