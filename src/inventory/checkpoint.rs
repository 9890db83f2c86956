//! What was counted before an interruption.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use crate::connect::{ContentGuid, Server};
use crate::files::{self, Access, Existing};
use crate::state;

/// Its file in the folder for state.
const FILE: &str = "inventory.json";

/// An interrupted run of this age is still taken up: what came since is not in its period.
const FRESH: SignedDuration = SignedDuration::from_hours(12);

/// How far the server's clock may have gone back: it is told in whole seconds, and a server may have
/// several nodes.
const CLOCK: SignedDuration = SignedDuration::from_mins(1);

/// The version of the file's form; another is not taken up.
const SCHEMA: u32 = 1;

/// How far counting uses has come. Its size is that of the content used, not of the uses.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Checkpoint {
    schema: u32,
    server: String,
    /// Whose key it was, where the server says it: another may see other uses.
    #[serde(default)]
    user: Option<String>,
    /// The beginning of the whole period.
    pub since: Timestamp,
    pub until: Timestamp,
    /// Up to when uses are counted.
    pub counted: Timestamp,
    /// Uses of each item.
    pub uses: BTreeMap<String, u64>,
}

impl Checkpoint {
    /// What an earlier run counted of a period up to now, or nothing yet; and where it is noted.
    ///
    /// # Errors
    /// There is no place for it, or it cannot be read.
    pub(crate) fn resume(
        server: &Server,
        user: Option<String>,
        period: SignedDuration,
        now: Timestamp,
        restart: bool,
    ) -> anyhow::Result<(PathBuf, Self)> {
        let root = state::root().context(
            "no place to note how far it has come: neither XDG_STATE_HOME nor a home directory is set",
        )?;
        let folder = root.join(server.slug());
        state::create_private(&folder)
            .with_context(|| format!("cannot make the folder {}", folder.display()))?;
        let place = folder.join(FILE);
        let since = now.checked_sub(period).context("--since is too long")?;
        let fresh = Self::new(server.to_string(), user, since, now);
        let found = Self::read(&place)?.filter(|found| {
            !restart
                && found.server == fresh.server
                && found.user == fresh.user
                && found.until.duration_since(found.since) == period
                && (-CLOCK..FRESH).contains(&now.duration_since(found.until))
        });
        Ok((place, found.unwrap_or(fresh)))
    }

    /// Deletes it, once it has served.
    ///
    /// # Errors
    /// The system refuses.
    pub(crate) fn remove(place: &Path) -> anyhow::Result<()> {
        match fs::remove_file(place) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => {
                Err(error).with_context(|| format!("cannot delete {}", place.display()))
            }
            _ => Ok(()),
        }
    }

    /// Whether an earlier run counted something.
    #[must_use]
    pub(crate) fn is_begun(&self) -> bool {
        self.counted > self.since
    }

    #[must_use]
    fn new(server: String, user: Option<String>, since: Timestamp, until: Timestamp) -> Self {
        Self {
            schema: SCHEMA,
            server,
            user,
            since,
            until,
            counted: since,
            uses: BTreeMap::new(),
        }
    }

    /// Adds the uses of a stretch that ends at a moment.
    pub(crate) fn add(
        &mut self,
        uses: impl IntoIterator<Item = (ContentGuid, u64)>,
        counted: Timestamp,
    ) {
        for (guid, number) in uses {
            let uses = self.uses.entry(guid.as_str().to_owned()).or_default();
            *uses = uses.saturating_add(number);
        }
        self.counted = counted;
    }

    /// Whether all is counted.
    #[must_use]
    pub(crate) fn is_complete(&self) -> bool {
        self.counted >= self.until
    }

    /// Reads one; `None` where there is none, or one of a form or a content that cannot be taken up.
    ///
    /// # Errors
    /// The file is there and cannot be read.
    fn read(path: &Path) -> anyhow::Result<Option<Self>> {
        Ok(state::read(path)?
            .and_then(|text| serde_json::from_slice(&text).ok())
            .filter(|checkpoint: &Self| {
                checkpoint.schema == SCHEMA
                    && (checkpoint.since..=checkpoint.until).contains(&checkpoint.counted)
            }))
    }

    /// Writes it in the place of the last.
    ///
    /// # Errors
    /// The system refuses.
    pub(crate) fn write(&self, path: &Path) -> anyhow::Result<()> {
        let text = serde_json::to_vec(self)?;
        files::write(path, &text, Access::Private, Existing::Replace)
    }
}
