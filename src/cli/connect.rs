//! Flags of every command that talks to a Connect server.

use std::path::PathBuf;
use std::time::Duration;

use anyhow::Context as _;
use clap::Args;
use clap::builder::FalseyValueParser;

use super::duration;
use crate::connect::{ApiKey, ConnectOptions, KeyTo, Login, Patience, Server, Trust};
use crate::survey::ServerAccess;

/// Flags of every command that talks to a Connect server. Proxies are taken from HTTPS_PROXY,
/// HTTP_PROXY and NO_PROXY.
#[derive(Debug, Clone, Args)]
pub struct ConnectArgs {
    /// URL of the server, with its path prefix if it has one
    #[arg(
        long,
        env = "CONNECT_SERVER",
        value_name = "URL",
        help_heading = "Connect server"
    )]
    pub server: Option<Server>,

    /// File that holds the API key, instead of the variable CONNECT_API_KEY
    #[arg(long, value_name = "FILE", help_heading = "Connect server")]
    api_key_file: Option<PathBuf>,

    /// Certificates to trust besides the system's (PEM)
    #[arg(
        long,
        env = "CONNECT_CA_CERTIFICATE",
        value_name = "FILE",
        help_heading = "Connect server"
    )]
    cacert: Option<PathBuf>,

    /// Accept any certificate. Whoever is in between can read the API key
    #[arg(
        long,
        env = "CONNECT_INSECURE",
        value_parser = FalseyValueParser::new(),
        help_heading = "Connect server"
    )]
    insecure: bool,

    /// How long the server may take for an answer; for a list of all content 270s more, for one of
    /// its uses 10m
    #[arg(
        long,
        value_name = "TIME",
        value_parser = duration::parse,
        default_value = "30s",
        help_heading = "Connect server"
    )]
    request_timeout: Duration,

    /// How long to wait for a server that is away
    #[arg(
        long,
        value_name = "TIME",
        value_parser = duration::parse,
        default_value = "10m",
        help_heading = "Connect server"
    )]
    max_outage: Duration,
}

pub use crate::diagnostic::WrongUsage as Missing;

impl ConnectArgs {
    /// The server's address.
    ///
    /// # Errors
    /// None is given.
    pub fn address(&self) -> Result<&Server, Missing> {
        self.server
            .as_ref()
            .ok_or_else(|| Missing("no server; set CONNECT_SERVER or use --server URL".to_owned()))
    }

    /// The key to it.
    ///
    /// # Errors
    /// None is given, or it cannot be read.
    pub fn key(&self) -> anyhow::Result<ApiKey> {
        KeyTo::Server.find(self.api_key_file.as_deref())
    }

    /// What opens it.
    ///
    /// # Errors
    /// Something is not given, or cannot be read.
    pub(super) fn login(&self) -> anyhow::Result<Login> {
        Ok(Login {
            server: self.address()?.clone(),
            key: self.key()?,
            options: self.options()?,
        })
    }

    /// How to reach the server of a release. A key that is not there is missed once it is needed.
    ///
    /// # Errors
    /// The file of certificates cannot be used.
    pub(super) fn server_access(&self) -> anyhow::Result<ServerAccess> {
        Ok(ServerAccess {
            server: self.server.clone(),
            key: self.key().map_err(|error| format!("{error:#}")),
            options: self.options()?,
        })
    }

    /// What another process must be told to talk to it alike, beside address, key and certificates.
    pub(super) fn arguments(&self) -> Vec<String> {
        let mut arguments = vec![
            format!("--request-timeout={}ms", self.request_timeout.as_millis()),
            format!("--max-outage={}ms", self.max_outage.as_millis()),
        ];
        arguments.extend(self.insecure.then(|| "--insecure".to_owned()));
        arguments
    }

    /// The certificates to trust, as their file has them.
    ///
    /// # Errors
    /// The file cannot be used.
    pub(super) fn certificates(&self) -> anyhow::Result<Option<String>> {
        let Some(path) = &self.cacert else {
            return Ok(None);
        };
        Trust::default().with_file(path)?;
        let text = std::fs::read_to_string(path)
            .with_context(|| format!("cannot read the certificates in {}", path.display()))?;
        Ok(Some(text))
    }

    /// How to talk to it.
    ///
    /// # Errors
    /// The file of certificates cannot be used.
    pub(crate) fn options(&self) -> anyhow::Result<ConnectOptions> {
        let mut trust = Trust::default();
        if let Some(path) = &self.cacert {
            trust = trust.with_file(path)?;
        }
        if self.insecure {
            trust = trust.insecure();
        }
        Ok(ConnectOptions {
            trust,
            timeout: self.request_timeout,
            patience: Patience {
                max_outage: self.max_outage,
                ..Patience::default()
            },
        })
    }
}
