//! `overlay log`: what the post-renderer did.

use clap::Args;

use super::super::Exit;
use crate::output::{self, Format};
use crate::overlay::log;

/// Show what the post-renderer did, run by run
///
/// Helm drops what a post-renderer says (Helm 4 also when it fails); each run leaves a record here.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  helm connect-migrate overlay log
  helm connect-migrate overlay log --last 1 --output json")]
pub(super) struct Log {
    /// How many runs to show, the newest last
    #[arg(long, value_name = "N", default_value_t = 10)]
    last: usize,

    /// Form of the output
    #[arg(short, long, value_enum, default_value_t)]
    output: Format,
}

impl Log {
    /// Runs the command.
    pub(super) fn run(&self) -> anyhow::Result<Exit> {
        let mut runs = log::read()?;
        let runs = runs.split_off(runs.len().saturating_sub(self.last));
        output::result(self.output, &runs, |_| {
            if runs.is_empty() {
                return "No runs yet.\n".to_owned();
            }
            runs.iter()
                .map(|run| {
                    let time = run.time.as_deref().unwrap_or("unknown time");
                    format!(
                        "{time}  {} documents\n{}\n",
                        run.documents,
                        run.text(crate::overlay::RunKind::Applied)
                    )
                })
                .collect()
        })?;
        Ok(Exit::Done)
    }
}
