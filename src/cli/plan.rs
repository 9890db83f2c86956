//! `plan`: the runbook of this migration.

use std::path::PathBuf;
use std::time::Duration;

use clap::Args;
use jiff::Timestamp;

use super::report::{EvidenceArgs, Form, deliver};
use super::{Exit, Global, duration};
use crate::helm::release_name;
use crate::output::{self, Format};
use crate::runbook::{Choices, Runbook};

/// Write the runbook of this migration, ready for a change request
///
/// What is done days before, in the window and afterwards: each step with its command, who does it, how
/// long it takes, how to see that it worked and how to go back. Sizes and times come from the files that
/// are given; what is not known is said to be so. Nothing is asked and nothing is changed.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  helm connect-migrate plan --inventory inventory.yaml --check check.json --account account.json \\
      --release rsc -n connect --build-time 90s --out plan.md

Exit codes: 0 done, 1 failed, 2 wrong usage, 3 a file is not what its flag wants.")]
pub(super) struct Plan {
    #[command(flatten)]
    evidence: EvidenceArgs,

    /// Name that the release will have
    #[arg(long, value_name = "NAME", default_value = "connect", value_parser = release_name)]
    release: String,

    /// The chart
    #[arg(long, value_name = "CHART", default_value = "rstudio/rstudio-connect")]
    chart: String,

    /// The old server's configuration file
    #[arg(
        long,
        value_name = "FILE",
        default_value = "/etc/rstudio-connect/rstudio-connect.gcfg"
    )]
    from: String,

    /// The old server's data directory
    #[arg(long, value_name = "DIR", default_value = "/var/lib/rstudio-connect")]
    data_dir: String,

    /// How long a build takes; else the mean of a rebuild's journal
    #[arg(long, value_name = "TIME", value_parser = duration::parse)]
    build_time: Option<Duration>,

    /// Builds at once
    #[arg(long, value_name = "N", default_value_t = 4, value_parser = clap::value_parser!(u16).range(1..=128))]
    parallelism: u16,

    /// Write the runbook to this file instead of standard output
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,

    /// Replace a file that exists
    #[arg(long)]
    force: bool,

    /// Form of the runbook [default: by the ending of --out, else markdown]
    #[arg(short, long, value_enum)]
    output: Option<Form>,
}

impl Plan {
    /// Runs the command.
    pub(super) fn run(&self, global: &Global) -> anyhow::Result<Exit> {
        let choices = Choices {
            release: self.release.clone(),
            namespace: global.namespace.as_deref().unwrap_or("default").to_owned(),
            chart: self.chart.clone(),
            gcfg: self.from.clone(),
            data_dir: self.data_dir.clone(),
            build_time: self.build_time,
            parallelism: usize::from(self.parallelism),
        };
        let plan = Runbook::of(&self.evidence.gather()?, &choices, Timestamp::now());
        let form = self.output.or(Form::of(self.out.as_deref()));
        let text = match form.unwrap_or(Form::Markdown) {
            Form::Html => plan.html()?,
            Form::Markdown => plan.markdown()?,
            Form::Json => output::structured(Format::Json, &plan)?.unwrap_or_default(),
        };
        deliver(&text, self.out.as_deref(), self.force)
    }
}
