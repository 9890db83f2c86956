//! `report`: the migration on one page.

use std::path::{Path, PathBuf};

use clap::{Args, ValueEnum};
use jiff::Timestamp;

use super::Exit;
use crate::inputs::Source;
use crate::output::{self, Format};
use crate::report::{Evidence, EvidenceFiles, MigrationReport, html, markdown};

/// Gather what the commands found into one page, for those who decide and for the file
///
/// Takes the files that commands wrote, and finds by itself what they remember on this machine: the
/// journals of rebuilds, and announcements. What was not given is said to be missing. The page is one
/// file, asks for nothing from anywhere, and holds no credentials, but titles and names of content.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  # What the files come from
  helm connect-migrate check --from rstudio-connect.gcfg --output json > check.json
  helm connect-migrate values --from rstudio-connect.gcfg --out values.yaml --report account.json
  helm connect-migrate status --output json > status.json
  helm connect-migrate validate --from inventory.yaml --output json > after.json

  helm connect-migrate report --out report.html --inventory inventory.yaml --check check.json \\
      --account account.json --status status.json --validation before.json --validation after.json

Exit codes: 0 done, 1 failed, 2 wrong usage, 3 a file is not what its flag wants.")]
pub(super) struct Report {
    #[command(flatten)]
    evidence: EvidenceArgs,

    /// Write the page to this file instead of standard output
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,

    /// Replace a file that exists
    #[arg(long)]
    force: bool,

    /// Form of the page [default: by the ending of --out, else html]
    #[arg(short, long, value_enum)]
    output: Option<Form>,
}

/// What a report and a plan are made of.
#[derive(Debug, Args)]
pub(super) struct EvidenceArgs {
    /// What inventory wrote
    #[arg(long, value_name = "FILE")]
    inventory: Option<Source>,

    /// What check --output json printed
    #[arg(long, value_name = "FILE")]
    check: Option<Source>,

    /// What values --report wrote
    #[arg(long, value_name = "FILE")]
    account: Option<Source>,

    /// What status --output json printed
    #[arg(long, value_name = "FILE")]
    status: Option<Source>,

    /// What validate --output json printed, instead of what it remembers on this machine. May repeat,
    /// the earliest first
    #[arg(long, value_name = "FILE")]
    validation: Vec<Source>,

    /// Folder of a rebuild's journal, instead of all on this machine. May repeat
    #[arg(long, value_name = "DIR")]
    journal: Vec<PathBuf>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum Form {
    /// One page that needs nothing else
    Html,
    Json,
    Markdown,
}

impl Form {
    /// By the ending of a file's name.
    pub(super) fn of(path: Option<&Path>) -> Option<Self> {
        match path?.extension()?.to_str()? {
            "html" | "htm" => Some(Self::Html),
            "json" => Some(Self::Json),
            "md" | "markdown" => Some(Self::Markdown),
            _ => None,
        }
    }
}

impl Report {
    /// Runs the command.
    pub(super) fn run(&self) -> anyhow::Result<Exit> {
        let form = self.output.or(Form::of(self.out.as_deref()));
        let report = MigrationReport::of(self.evidence.gather()?, Timestamp::now());
        let text = match form.unwrap_or(Form::Html) {
            Form::Html => html(&report)?,
            Form::Markdown => markdown(&report)?,
            Form::Json => output::structured(Format::Json, &report)?.unwrap_or_default(),
        };
        deliver(&text, self.out.as_deref(), self.force)
    }
}

/// Writes a page where it belongs.
pub(super) fn deliver(text: &str, out: Option<&Path>, force: bool) -> anyhow::Result<Exit> {
    crate::report::deliver(text, out, force)?;
    Ok(Exit::Done)
}

impl EvidenceArgs {
    pub(super) fn gather(&self) -> anyhow::Result<Evidence> {
        EvidenceFiles {
            inventory: self.inventory.as_ref(),
            check: self.check.as_ref(),
            account: self.account.as_ref(),
            status: self.status.as_ref(),
            validation: &self.validation,
            journal: &self.journal,
        }
        .gather()
    }
}
