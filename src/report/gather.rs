//! Gathering what a report and a runbook are made of.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use jiff::Timestamp;
use serde::de::DeserializeOwned;

use super::{Dated, Evidence, Rebuild, Validation};
use crate::convert::account::Account;
use crate::diagnostic::{Code, Diagnostic, InvalidInput};
use crate::files::{self, Access, Existing};
use crate::inputs::{Source, one_stdin};
use crate::output;
use crate::rebuild::journal::Story;
use crate::source::Span;
use crate::validate::remembered;
use crate::{announce, inventory, state};

/// The files that commands wrote.
#[derive(Debug)]
pub(crate) struct EvidenceFiles<'a> {
    pub inventory: Option<&'a Source>,
    /// `check --output json`.
    pub check: Option<&'a Source>,
    /// `values --report`.
    pub account: Option<&'a Source>,
    /// `status --output json`.
    pub status: Option<&'a Source>,
    /// `validate --output json`, the earliest first; without any, what is remembered.
    pub validation: &'a [Source],
    /// Folders of journals; without any, all on this machine.
    pub journal: &'a [PathBuf],
}

impl EvidenceFiles<'_> {
    /// Reads them, and what is remembered on this machine.
    ///
    /// # Errors
    /// A file cannot be read, or is not what it is said to be.
    pub(crate) fn gather(&self) -> anyhow::Result<Evidence> {
        let one = [self.inventory, self.check, self.account, self.status];
        one_stdin(one.into_iter().flatten().chain(self.validation))?;
        let inventory = self.inventory.map(|source| {
            let content = inventory::open(source)?;
            anyhow::Ok(dated(source, content))
        });
        Ok(Evidence {
            inventory: inventory.transpose()?,
            checks: json(self.check, &CHECK)?,
            account: json(self.account, &ACCOUNT)?,
            status: json(self.status, &STATUS)?,
            validations: self.validations()?,
            rebuilds: self.rebuilds()?,
            announcements: announce::all()?,
        })
    }

    fn validations(&self) -> anyhow::Result<Vec<Dated<Validation>>> {
        let remembered = remembered()
            .into_iter()
            .map(|path| Source(path.to_string_lossy().into_owned()));
        let (sources, printed): (Vec<Source>, _) = match self.validation.is_empty() {
            true => (remembered.collect(), &REMEMBERED),
            false => (self.validation.to_vec(), &VALIDATE),
        };
        let read = |source| json(Some(source), printed).transpose();
        sources.iter().filter_map(read).collect()
    }

    fn rebuilds(&self) -> anyhow::Result<Vec<Rebuild>> {
        let mut folders = self.journal.to_vec();
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
            let bytes = state::read(&path)?
                .with_context(|| format!("there is no journal {}", path.display()))?;
            let name = path.display().to_string();
            Story::known(&bytes, &name)?.speak_of_unreadable(&name);
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

/// What a command prints as JSON.
struct Printed {
    command: &'static str,
    /// The list that every one of them has.
    list: &'static str,
    /// The latest form that is known here.
    schema: u32,
    /// Whether nobody gave it: the command leaves it in the state folder.
    is_remembered: bool,
}

const CHECK: Printed = Printed {
    command: "check --output json",
    list: "checks",
    schema: 1,
    is_remembered: false,
};
const ACCOUNT: Printed = Printed {
    command: "values --report",
    list: "settings",
    schema: Account::SCHEMA,
    is_remembered: false,
};
const STATUS: Printed = Printed {
    command: "status --output json",
    list: "steps",
    schema: 1,
    is_remembered: false,
};
const VALIDATE: Printed = Printed {
    command: "validate --output json",
    list: "items",
    schema: 1,
    is_remembered: false,
};
/// The same, as it is found again without a flag.
const REMEMBERED: Printed = Printed {
    is_remembered: true,
    ..VALIDATE
};

/// Reads the JSON that a command printed.
fn json<T: DeserializeOwned>(
    source: Option<&Source>,
    printed: &Printed,
) -> anyhow::Result<Option<Dated<T>>> {
    let Printed {
        command,
        list,
        schema,
        is_remembered,
    } = printed;
    let help = match is_remembered {
        true => "'validate' left it here for this; remove it, and run 'validate' again".to_owned(),
        false => format!("give the file that '{command}' made"),
    };
    let Some(source) = source else {
        return Ok(None);
    };
    if let Some(path) = source.path().filter(|_| *is_remembered) {
        // Nobody named it, so what is there need not be what we left.
        files::open_regular(path).with_context(|| format!("cannot read {}", path.display()))?;
    }
    let file = source.file()?;
    let invalid = |message: String, line: usize, column: usize| {
        let span = place(file.text(), line, column);
        InvalidInput::from(
            Diagnostic::error(Code::EvidenceInvalid, message)
                .at(&file, span)
                .help(help.clone()),
        )
    };
    let value: serde_json::Value = serde_json::from_str(file.text())
        .map_err(|error| invalid(error.to_string(), error.line(), error.column()))?;
    if !value[list].is_array() {
        return Err(invalid(format!("there is no list '{list}' in it"), 1, 1).into());
    }
    let known = value["schema"]
        .as_u64()
        .is_some_and(|form| form <= u64::from(*schema));
    if !known {
        let message = format!(
            "its `schema` is {}, and this version knows {schema}",
            value["schema"]
        );
        return Err(invalid(message, 1, 1).into());
    }
    // Of the text, not of the value: only there it is known where something stands.
    let content = serde_json::from_str(file.text())
        .map_err(|error| invalid(error.to_string(), error.line(), error.column()))?;
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

/// Writes a page where it belongs.
///
/// # Errors
/// The file is there already, or the system refuses.
pub(crate) fn deliver(text: &str, out: Option<&Path>, force: bool) -> anyhow::Result<()> {
    match out {
        None => output::data(text.as_bytes())?,
        Some(path) => {
            let existing = Existing::with_force(force);
            files::write(path, text.as_bytes(), Access::Usual, existing)?;
            output::message(format!("wrote {}", path.display()));
        }
    }
    Ok(())
}
