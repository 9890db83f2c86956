//! The flags that make values those of a trial.

use clap::Args;

use crate::inputs::Source;
use crate::trial::Copies;

#[derive(Debug, Args)]
#[command(next_help_heading = "Trial")]
pub(super) struct TrialArgs {
    /// Make values for a second server on copies of database and data directory, which can do no harm:
    /// without mail, schedules and license. What is production's is refused
    #[arg(long, conflicts_with = "inline_secrets")]
    trial: bool,

    /// The copy of the database, as a postgres:// URL without a password; without it, --base says it
    #[arg(long, value_name = "URL", requires = "trial")]
    trial_database: Option<String>,

    /// Values that production is, or will be, installed with: the trial shares nothing with them. May
    /// repeat
    #[arg(long, value_name = "FILE", requires = "trial")]
    pub(super) production: Vec<Source>,
}

impl TrialArgs {
    /// What the trial is made of, where one is wanted.
    pub(super) fn copies(&self) -> Option<Copies> {
        self.trial.then(|| Copies {
            database: self.trial_database.clone(),
        })
    }
}
