//! `overlay remove`: takes the overlay out of values files.

use std::path::{Path, PathBuf};

use anyhow::Context as _;
use clap::Args;

use super::super::Exit;
use crate::diagnostic::read_text;
use crate::files::{Batch, Existing, access_of};
use crate::output;
use crate::overlay::temporary;
use crate::overlay::values::{Removed, remove};

/// Take the temporary settings out of a values file that they were merged into
///
/// Puts back what the comments behind the settings record; every other byte stays.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  helm connect-migrate overlay remove -f values.yaml
  helm connect-migrate overlay remove -f values.yaml --drop

Exit codes: 0 done, 1 failed, 4 done, but settings without a record are still there.")]
pub(super) struct Remove {
    /// Values file to change in place (repeatable)
    #[arg(short = 'f', long = "values", value_name = "FILE", required = true)]
    files: Vec<PathBuf>,

    /// Key of the chart in the values, where it is a sub-chart; dots between the parts
    #[arg(long, value_name = "KEY")]
    under: Option<String>,

    /// Also take out settings that no comment says the original of
    #[arg(long)]
    drop: bool,
}

impl Remove {
    /// Runs the command.
    pub(super) fn run(&self) -> anyhow::Result<Exit> {
        let mut batch = Batch::default();
        let mut message = Vec::new();
        let mut blocked = false;
        for path in &self.files {
            let name = path.display();
            let text = read_text(path)?;
            let removed = remove(&text, self.under.as_deref(), &temporary(), self.drop)
                .with_context(|| format!("cannot change {name}"))?;
            if removed.text != text {
                batch.add(
                    path,
                    removed.text.as_bytes(),
                    access_of(path),
                    Existing::Replace,
                )?;
            }
            blocked |= !self.drop && !removed.unrecorded.is_empty();
            message.extend(self.say(path, &removed));
        }
        batch.commit()?;
        for line in message {
            output::message(line);
        }
        Ok(if blocked { Exit::Blocked } else { Exit::Done })
    }

    fn say(&self, path: &Path, removed: &Removed) -> Vec<String> {
        let name = path.display();
        let mut lines = Vec::new();
        for (setting, was) in &removed.restored {
            lines.push(match was {
                Some(was) => format!("{name}: {setting} is {was} again"),
                None => format!("{name}: {setting} is gone"),
            });
        }
        for setting in &removed.unrecorded {
            lines.push(if self.drop {
                format!("{name}: {setting} is gone; nothing recorded what it was")
            } else {
                format!(
                    "{name}: {setting} has its temporary value, but no comment says what it was: put it right by hand, or take it out with --drop"
                )
            });
        }
        if lines.is_empty() {
            lines.push(format!("{name}: no temporary settings"));
        }
        lines
    }
}
