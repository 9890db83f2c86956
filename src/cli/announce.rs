//! `announce`: telling the users of the old server.

use std::path::PathBuf;

use clap::Args;

use super::Exit;
use crate::announce::{Banner, Place};
use crate::inputs;
use crate::output::{self, Format};

/// Tell the users of the old server that it is going to move
///
/// Puts a message into Server.PublicWarning and Server.LoggedInWarning of the configuration file, in
/// place, and prints the command that makes Connect read it: nobody is signed out, and no process
/// ends. What stood there before is recorded, and --off brings the file back to the byte. Connect
/// shows the message as HTML. For the new server see 'upgrade --announce'.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  # Days before
  sudo helm connect-migrate announce --from /etc/rstudio-connect/rstudio-connect.gcfg \\
      --message 'Connect is moving on <b>Saturday, 20:00</b>. It will be away until Sunday.'
  sudo systemctl reload rstudio-connect

  # Should it be put off
  sudo helm connect-migrate announce --from /etc/rstudio-connect/rstudio-connect.gcfg --off
  sudo systemctl reload rstudio-connect

Exit codes: 0 done, 1 failed, 2 wrong usage, 3 the file is no configuration, or was changed since the
announcement.")]
#[command(group(clap::ArgGroup::new("what").required(true).args(["message", "off"])))]
pub(super) struct Announce {
    /// The old server's configuration file, which is changed
    #[arg(long, value_name = "FILE")]
    from: PathBuf,

    /// What to tell; another message takes the place of an earlier one
    #[arg(long, value_name = "TEXT")]
    message: Option<String>,

    /// Take the message off again
    #[arg(long)]
    off: bool,

    /// Only one of the two settings; a message that the other one has stays there
    #[arg(long, value_enum, requires = "message", conflicts_with = "off")]
    only: Option<Banner>,

    /// With --off: also where the file was changed since; what others wrote stays
    #[arg(long, requires = "off")]
    force: bool,

    /// Write nothing; show what would be done
    #[arg(long)]
    dry_run: bool,

    /// Form of the output
    #[arg(short, long, value_enum, default_value_t)]
    output: Format,
}

impl Announce {
    /// Runs the command.
    pub(super) fn run(&self) -> anyhow::Result<Exit> {
        let place = Place::new(&self.from, self.dry_run)?;
        let outcome = match &self.message {
            Some(message) if message.trim().is_empty() => {
                return Err(crate::diagnostic::WrongUsage(
                    "the message is empty; --off takes an announcement off".to_owned(),
                )
                .into());
            }
            Some(message) => {
                let banners = self.only.map_or(Banner::ALL.to_vec(), |only| vec![only]);
                place.lay(message, &banners, inputs::beside(&self.from)?.as_ref())?
            }
            None => place.take_off(self.force)?,
        };
        output::result(self.output, &outcome, |_| outcome.drawn())?;
        Ok(Exit::Done)
    }
}
