//! What opens a server: its address, a key to it, and how to talk to it.

use std::path::Path;
use std::sync::Arc;

use super::address::Server;
use super::client::Connect;
use super::error::Error;
use super::key::{ApiKey, KeyError, readable_by_others};
use super::outage::Notice;
use super::transport::ConnectOptions;
use crate::diagnostic::WrongUsage;
use crate::output;

/// Whose key is looked for. No flag takes a key: arguments can be read by everyone on a machine.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum KeyTo {
    /// The one server that a command is about.
    Server,
    /// The old one beside the new.
    OldServer,
    /// The new one beside the old.
    NewServer,
}

impl KeyTo {
    /// The variable that holds it.
    const fn variable(self) -> &'static str {
        match self {
            Self::Server => "CONNECT_API_KEY",
            Self::OldServer => "CONNECT_OLD_API_KEY",
            Self::NewServer => "CONNECT_NEW_API_KEY",
        }
    }

    fn missing(self) -> String {
        let which = match self {
            Self::Server => return KeyError::Missing.to_string(),
            Self::OldServer => "old",
            Self::NewServer => "new",
        };
        format!(
            "no API key for the {which} server; set {} or use --{which}-api-key-file FILE",
            self.variable()
        )
    }

    /// The key, from a file, else from the variable.
    ///
    /// # Errors
    /// None is given, or it cannot be read.
    pub(crate) fn find(self, file: Option<&Path>) -> anyhow::Result<ApiKey> {
        if let Some(path) = file {
            if readable_by_others(path) {
                output::message(format!(
                    "warning: others can read the API key in {0}; `chmod 600 {0}` keeps it to yourself",
                    path.display()
                ));
            }
            return Ok(ApiKey::from_file(path)?);
        }
        match std::env::var(self.variable()) {
            Ok(key) if !key.is_empty() => Ok(ApiKey::new(&key, self.variable())?),
            _ => Err(WrongUsage(self.missing()).into()),
        }
    }
}

/// What opens a server.
#[derive(Debug, Clone)]
pub(crate) struct Login {
    pub server: Server,
    pub key: ApiKey,
    pub options: ConnectOptions,
}

impl Login {
    /// A connection that tells the user when the server goes away for a while, and is back.
    ///
    /// # Errors
    /// The server does not answer, or refuses the key.
    pub(crate) async fn open(self) -> Result<Connect, Error> {
        let tell = |notice: Notice| output::message(notice.to_string());
        Connect::open(self.server, self.key, &self.options, Arc::new(tell)).await
    }
}
