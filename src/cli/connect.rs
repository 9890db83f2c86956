//! Flags of every command that talks to a Connect server.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use clap::Args;
use clap::builder::FalseyValueParser;

use super::duration;
use crate::connect::{
    self, ApiKey, Connect, ConnectOptions, KeyError, Notice, Patience, Server, Trust,
    readable_by_others,
};
use crate::output;

/// The variable that holds the key. No flag does: arguments can be read by everyone on a machine.
const KEY: &str = "CONNECT_API_KEY";

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

    /// How long the server may take for an answer
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
        key(self.api_key_file.as_deref(), KEY, || {
            KeyError::Missing.to_string()
        })
    }

    /// A connection to it.
    ///
    /// # Errors
    /// Something is not given, or the server does not answer.
    pub(super) async fn open(&self) -> anyhow::Result<Connect> {
        let server = self.address()?.clone();
        Ok(open(server, self.key()?, &self.options()?).await?)
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

/// A server besides the one that [`ConnectArgs`] names: the old one or the new one.
pub(super) struct OtherServer<'a> {
    /// `old` or `new`.
    pub which: &'static str,
    pub key_file: Option<&'a Path>,
    /// The variable that holds its key.
    pub variable: &'static str,
}

impl OtherServer<'_> {
    /// The key to it.
    ///
    /// # Errors
    /// None is given, or it cannot be read.
    pub(super) fn key(&self) -> anyhow::Result<ApiKey> {
        let Self {
            which, variable, ..
        } = self;
        key(self.key_file, variable, || {
            format!(
                "no API key for the {which} server; set {variable} or use --{which}-api-key-file FILE"
            )
        })
    }
}

/// A key from a file, else from a variable.
fn key(
    file: Option<&Path>,
    variable: &str,
    missing: impl FnOnce() -> String,
) -> anyhow::Result<ApiKey> {
    if let Some(path) = file {
        if readable_by_others(path) {
            output::message(format!(
                "warning: others can read the API key in {0}; `chmod 600 {0}` keeps it to yourself",
                path.display()
            ));
        }
        return Ok(ApiKey::from_file(path)?);
    }
    match std::env::var(variable) {
        Ok(key) if !key.is_empty() => Ok(ApiKey::new(&key, variable)?),
        _ => Err(Missing(missing()).into()),
    }
}

/// A connection that tells the user when the server goes away for a while, and is back.
///
/// # Errors
/// The server does not answer, or refuses the key.
pub(super) async fn open(
    server: Server,
    key: ApiKey,
    options: &ConnectOptions,
) -> Result<Connect, connect::Error> {
    let tell = |notice: Notice| output::message(notice.to_string());
    Connect::open(server, key, options, Arc::new(tell)).await
}
