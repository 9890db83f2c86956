//! `overlay values`: the overlay as a values file.

use std::path::PathBuf;

use anyhow::Context as _;
use clap::Args;

use super::super::Exit;
use super::super::post_render::set;
use crate::files::{Access, Existing, write};
use crate::inputs::each_its_own;
use crate::output;
use crate::overlay::values::{Given, make};
use crate::overlay::{TemporarySetting, with_temporary};

/// Write the temporary settings as a values file, for those who keep values in Git
///
/// The file says what each setting was in the given values and how to take it off again.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  helm connect-migrate overlay values -f values.yaml --out migration-overlay.yaml
  helm upgrade rsc rstudio/rstudio-connect -f values.yaml -f migration-overlay.yaml")]
pub(super) struct Values {
    /// Values file that Helm reads before the overlay (repeatable, in Helm's order)
    #[arg(short = 'f', long = "values", value_name = "FILE")]
    files: Vec<PathBuf>,

    /// Lay one more setting (repeatable); credentials are refused
    #[arg(long = "set", value_name = "SECTION.PROPERTY=VALUE", value_parser = set)]
    settings: Vec<TemporarySetting>,

    /// Key of the chart in the values, where it is a sub-chart; dots between the parts
    #[arg(long, value_name = "KEY")]
    under: Option<String>,

    /// Write to this file instead of standard output
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,

    /// Replace the file if it exists
    #[arg(long, requires = "out")]
    force: bool,
}

impl Values {
    /// Runs the command.
    pub(super) fn run(&self) -> anyhow::Result<Exit> {
        each_its_own(self.files.iter().map(PathBuf::as_path), [&self.out])?;
        let mut files = Vec::new();
        for path in &self.files {
            let text = std::fs::read_to_string(path)
                .with_context(|| format!("cannot read {}", path.display()))?;
            files.push((path.display().to_string(), text));
        }
        let given: Vec<Given<'_>> = files
            .iter()
            .map(|(name, text)| Given { name, text })
            .collect();
        let settings = with_temporary(&self.settings);
        let text = make(&given, self.under.as_deref(), &settings)?;
        match &self.out {
            None => output::data(text.as_bytes())?,
            Some(path) => {
                let existing = if self.force {
                    Existing::Replace
                } else {
                    Existing::Refuse
                };
                write(path, text.as_bytes(), Access::Usual, existing)?;
            }
        }
        Ok(Exit::Done)
    }
}
