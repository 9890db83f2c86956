//! Where the journal is.

use std::path::PathBuf;

use clap::Args;

use crate::cli::connect::Missing;
use crate::connect::Server;
use crate::helm::release_name;
use crate::rebuild::journal::Story;
use crate::state;

/// Which migration it is about.
#[derive(Debug, Clone, Args)]
pub(super) struct PlaceArgs {
    /// Helm release that the server belongs to: keeps its journal apart from others of that server
    #[arg(long, value_name = "NAME", value_parser = release_name, help_heading = "Journal")]
    pub release: Option<String>,

    /// Folder of the journal, instead of one per server and release below $XDG_STATE_HOME
    #[arg(long, value_name = "DIR", help_heading = "Journal")]
    pub journal: Option<PathBuf>,
}

impl PlaceArgs {
    /// The release, where one must be named.
    ///
    /// # Errors
    /// None is.
    pub(super) fn release(&self) -> Result<&str, Missing> {
        let release = self.release.as_deref();
        release.ok_or_else(|| Missing("which release? Use --release NAME".to_owned()))
    }

    /// The state folder.
    ///
    /// # Errors
    /// Neither a folder nor a server is given, or there is no home.
    pub(super) fn folder(&self, server: Option<&Server>) -> anyhow::Result<PathBuf> {
        if let Some(folder) = &self.journal {
            return Ok(folder.clone());
        }
        let server = server.ok_or_else(|| {
            Missing(
                "which journal? Set CONNECT_SERVER, or use --server URL or --journal DIR"
                    .to_owned(),
            )
        })?;
        state::folder(&server.slug(), self.release.as_deref())
    }
}

/// The same, for commands that only read the journal.
#[derive(Debug, Clone, Args)]
pub(super) struct ReaderArgs {
    /// URL of the server that the journal is about
    #[arg(
        long,
        env = "CONNECT_SERVER",
        value_name = "URL",
        help_heading = "Journal"
    )]
    server: Option<Server>,

    #[command(flatten)]
    place: PlaceArgs,
}

impl ReaderArgs {
    /// The release, where one must be named.
    ///
    /// # Errors
    /// None is.
    pub(super) fn release(&self) -> Result<&str, Missing> {
        self.place.release()
    }

    /// The state folder.
    ///
    /// # Errors
    /// As [`PlaceArgs::folder`].
    pub(super) fn folder(&self) -> anyhow::Result<PathBuf> {
        self.place.folder(self.server.as_ref())
    }

    /// The state folder and its journal.
    ///
    /// # Errors
    /// There is none, or it cannot be read.
    pub(super) fn story(&self) -> anyhow::Result<(PathBuf, Story)> {
        let folder = self.folder()?;
        match Story::read(&folder)? {
            Some(story) => {
                story.speak_of_unreadable(&folder.display().to_string());
                Ok((folder, story))
            }
            None => anyhow::bail!(
                "no rebuild has been run yet: there is no journal in {}; 'helm connect-migrate rebuild' begins \
                 one (look with the same --server and --release)",
                folder.display()
            ),
        }
    }
}
