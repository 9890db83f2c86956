//! What a person looked at because we could not: remembered beside the rest of a server's state.

use std::collections::BTreeMap;
use std::path::PathBuf;

use anyhow::Context as _;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::report::{Finding, FindingCode};
use crate::check::Status;
use crate::connect::{ContentGuid, Server};
use crate::files::{self, Access, Existing};
use crate::state;

const FILE: &str = "validated.json";

/// The version of the file's form.
const SCHEMA: u32 = 1;

/// The items that a person ticked off.
#[derive(Debug, Default, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct ByHand {
    schema: u32,
    items: BTreeMap<String, Tick>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct Tick {
    at: Timestamp,
    note: Option<String>,
}

impl ByHand {
    /// Reads what was ticked off of a server.
    ///
    /// # Errors
    /// The file is there, and cannot be read or is of another form.
    pub(crate) fn read(server: &Server) -> anyhow::Result<Self> {
        let Some(path) = place(server) else {
            return Ok(Self::default());
        };
        let shown = path.display();
        let Some(text) = state::read(&path)? else {
            return Ok(Self::default());
        };
        let read: Self = serde_json::from_slice(&text)
            .with_context(|| format!("{shown} is not what `validate --done` writes"))?;
        anyhow::ensure!(read.schema == SCHEMA, "{shown} has another form");
        Ok(read)
    }

    /// Ticks items off.
    ///
    /// # Errors
    /// There is no place to remember it, or the system refuses.
    pub(crate) fn tick(
        server: &Server,
        guids: &[ContentGuid],
        note: Option<&str>,
    ) -> anyhow::Result<PathBuf> {
        let path = place(server).context(
            "no place to remember it: neither XDG_STATE_HOME nor a home directory is set",
        )?;
        let mut all = Self::read(server)?;
        all.schema = SCHEMA;
        for guid in guids {
            let tick = Tick {
                at: Timestamp::now(),
                note: note.map(str::to_owned),
            };
            all.items.insert(guid.to_string(), tick);
        }
        if let Some(folder) = path.parent() {
            state::create_private(folder)
                .with_context(|| format!("cannot make the folder {}", folder.display()))?;
        }
        let text = serde_json::to_vec(&all)?;
        files::write(&path, &text, Access::Private, Existing::Replace)?;
        Ok(path)
    }

    /// The tick of an item.
    pub(super) fn of(&self, guid: &ContentGuid) -> Option<&Tick> {
        self.items.get(guid.as_str())
    }
}

impl Tick {
    /// Lets a person's word stand where a page could not be looked at; what was seen to fail stays.
    pub(super) fn settle(&self, findings: &mut [Finding]) {
        for finding in findings {
            if is_page(finding) {
                let note = self.note.as_deref().map(|note| format!(": {note}"));
                finding.status = Status::Pass;
                finding.text = format!(
                    "looked at by hand on {}{}",
                    self.at.strftime("%F"),
                    note.unwrap_or_default()
                );
            }
        }
    }
}

/// Whether a finding says that a page could not be looked at.
pub(super) fn is_page(finding: &Finding) -> bool {
    finding.status == Status::NotAsked
        && matches!(finding.code, FindingCode::Page | FindingCode::VanityPage)
}

fn place(server: &Server) -> Option<PathBuf> {
    Some(state::root()?.join(server.slug()).join(FILE))
}
