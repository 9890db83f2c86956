//! `report`: the migration on one page.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use clap::{Args, ValueEnum};
use jiff::Timestamp;
use serde::de::DeserializeOwned;

use super::Exit;
use crate::diagnostic::{Code, Diagnostic, InvalidInput};
use crate::files::{self, Access, Existing};
use crate::inputs::Source;
use crate::output::{self, Format};
use crate::report::{Dated, Evidence, MigrationReport, Rebuild, html, markdown};
use crate::source::Span;
use crate::{announce, inventory, state};

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

    /// What validate --output json printed. May repeat, the earliest first
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
    match out {
        None => output::data(text.as_bytes())?,
        Some(path) => {
            let existing = if force {
                Existing::Replace
            } else {
                Existing::Refuse
            };
            files::write(path, text.as_bytes(), Access::Usual, existing)?;
            output::message(format!("wrote {}", path.display()));
        }
    }
    Ok(Exit::Done)
}

impl EvidenceArgs {
    pub(super) fn gather(&self) -> anyhow::Result<Evidence> {
        let one = [&self.inventory, &self.check, &self.account, &self.status];
        crate::inputs::one_stdin(one.into_iter().flatten().chain(&self.validation))?;
        let inventory = self.inventory.as_ref().map(|source| {
            let content = inventory::read(&source.file()?)?;
            anyhow::Ok(dated(source, content))
        });
        Ok(Evidence {
            inventory: inventory.transpose()?,
            checks: json(self.check.as_ref(), "checks", "check --output json")?,
            account: json(self.account.as_ref(), "settings", "values --report")?,
            status: json(self.status.as_ref(), "steps", "status --output json")?,
            validations: self
                .validation
                .iter()
                .filter_map(|source| {
                    json(Some(source), "items", "validate --output json").transpose()
                })
                .collect::<Result<_, _>>()?,
            rebuilds: self.rebuilds()?,
            announcements: announce::all()?,
        })
    }

    fn rebuilds(&self) -> anyhow::Result<Vec<Rebuild>> {
        let mut folders = self.journal.clone();
        if folders.is_empty()
            && let Some(root) = state::root()
        {
            for server in fs::read_dir(root).into_iter().flatten().flatten() {
                let releases = fs::read_dir(server.path()).into_iter().flatten().flatten();
                folders.extend(releases.map(|release| release.path()));
            }
            folders.retain(|folder| folder.join(JOURNAL).is_file());
            folders.sort();
        }
        let mut rebuilds = Vec::new();
        for folder in folders {
            let path = folder.join(JOURNAL);
            let bytes =
                fs::read(&path).with_context(|| format!("cannot read {}", path.display()))?;
            rebuilds.push(Rebuild::of(&bytes));
        }
        Ok(rebuilds)
    }
}

const JOURNAL: &str = "rebuild.jsonl";

fn dated<T>(source: &Source, content: T) -> Dated<T> {
    let written = source.path().and_then(|path| fs::metadata(path).ok());
    Dated {
        file: source.name().to_owned(),
        at: written
            .and_then(|file| file.modified().ok())
            .and_then(|time| Timestamp::try_from(time).ok()),
        content,
    }
}

/// Reads the JSON that a command printed. `key` is what every one of them has.
fn json<T: DeserializeOwned>(
    source: Option<&Source>,
    key: &str,
    command: &str,
) -> anyhow::Result<Option<Dated<T>>> {
    let Some(source) = source else {
        return Ok(None);
    };
    let file = source.file()?;
    let invalid = |message: String, line: usize, column: usize| {
        let span = place(file.text(), line, column);
        InvalidInput::from(
            Diagnostic::error(Code::EvidenceInvalid, message)
                .at(&file, span)
                .help(format!("give the file that '{command}' made")),
        )
    };
    let value: serde_json::Value = serde_json::from_str(file.text())
        .map_err(|error| invalid(error.to_string(), error.line(), error.column()))?;
    if !value[key].is_array() {
        return Err(invalid(format!("there is no list '{key}' in it"), 1, 1).into());
    }
    let content =
        serde_json::from_value(value).map_err(|error| invalid(error.to_string(), 1, 1))?;
    Ok(Some(dated(source, content)))
}

/// Where a line and a column, both from 1, are in a text.
fn place(text: &str, line: usize, column: usize) -> Span {
    let lines = text.split_inclusive('\n').take(line.saturating_sub(1));
    let start = lines.map(str::len).sum::<usize>() + column.saturating_sub(1);
    let mut start = start.min(text.len());
    while !text.is_char_boundary(start) {
        start -= 1;
    }
    Span::new(start, start)
}
