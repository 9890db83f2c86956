//! What the administrator decides about the conversion.

use std::path::PathBuf;

use serde::Serialize;

use crate::connect::{Server, Version};
use crate::gcfg::SettingName;
use crate::images::Suggestion;

use super::substitution::Substitution;

/// Which backend is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, clap::ValueEnum)]
pub enum BackendChoice {
    /// Connect's own Kubernetes runner where chart and Connect version have it, else the Launcher.
    #[default]
    Auto,
    /// Connect's own Kubernetes runner (`backends.kubernetes`), Connect 2026.04 and later.
    Kubernetes,
    /// The Launcher (`launcher`), for older Connect and chart versions.
    Launcher,
}

/// How Connect runs content on Kubernetes. The chart allows one of the two.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "lowercase")]
pub enum Backend {
    /// Connect's own Kubernetes runner (`backends.kubernetes`), Connect 2026.04 and later.
    Kubernetes,
    /// The Launcher (`launcher`), for older Connect and chart versions.
    Launcher,
}

impl Backend {
    /// The values key that switches it on.
    #[must_use]
    pub const fn enabled_key(self) -> &'static str {
        match self {
            Self::Kubernetes => "backends.kubernetes.enabled",
            Self::Launcher => "launcher.enabled",
        }
    }
}

/// What to do about configuration that the chart adds by default.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, clap::ValueEnum)]
pub enum ChartDefaults {
    /// Take away what would change the server's behaviour.
    #[default]
    Remove,
    /// Leave all of it.
    Keep,
}

/// Where the data directory lies on the cluster.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Storage {
    /// A claim that exists.
    Claim(String),
    /// A claim that the chart makes.
    Create {
        /// The storage class; it must offer ReadWriteMany.
        class: String,
        /// Size such as `100Gi`; the chart's default when absent.
        size: Option<String>,
    },
}

/// What becomes of credentials.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Secrets {
    /// They move into the Kubernetes Secret of this name, and the values only refer to it.
    Reference(SecretName),
    /// They stay in `config`, for those who encrypt the whole values file.
    Inline,
}

impl Secrets {
    pub(crate) fn of(stay_inline: bool, name: &SecretName) -> Self {
        if stay_inline {
            Self::Inline
        } else {
            Self::Reference(name.clone())
        }
    }
}

/// The name of a Kubernetes Secret.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SecretName(String);

impl SecretName {
    /// The name used when none is given.
    pub const DEFAULT: &'static str = "rstudio-connect-secrets";

    /// The name used for a trial when none is given.
    pub const OF_TRIAL: &'static str = "rstudio-connect-trial-secrets";

    /// Takes a name that Kubernetes accepts.
    ///
    /// # Errors
    /// The name is no DNS subdomain, with the reason.
    pub fn parse(name: &str) -> Result<Self, String> {
        let label = |part: &str| {
            !part.is_empty()
                && part
                    .bytes()
                    .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
                && !part.starts_with('-')
                && !part.ends_with('-')
        };
        if name.len() <= 253 && name.split('.').all(label) {
            Ok(Self(name.to_owned()))
        } else {
            Err("a Kubernetes name has lower-case letters, digits, '-' and '.', and begins and ends with a letter or digit".to_owned())
        }
    }

    /// The name.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl Default for SecretName {
    fn default() -> Self {
        Self(Self::DEFAULT.to_owned())
    }
}

/// Everything the administrator decides.
#[derive(Debug, Clone)]
pub struct Options {
    /// The off-host backend.
    pub backend: BackendChoice,
    /// The chart's additions.
    pub chart_defaults: ChartDefaults,
    /// The data directory's storage, if it was said.
    pub storage: Option<Storage>,
    /// An existing Secret with the license file under `license.lic`.
    pub license_secret: Option<SecretName>,
    /// Credentials.
    pub secrets: Secrets,
    /// Whether credentials that no environment variable carries go into a configuration file in the
    /// Secret.
    pub secret_file: bool,
    /// Credentials that the administrator says are encrypted, so that they may stay in `config`.
    pub encrypted: Vec<SettingName>,
    /// Where the Secret's manifest is written to, if anywhere.
    pub secret_manifest: Option<PathBuf>,
    /// The server's public URL after the move, if it was said.
    pub address: Option<String>,
    /// The Connect version to deploy, if it was said.
    pub connect_version: Option<String>,
    /// Images for the content, if its inventory was given.
    pub(crate) images: Option<Suggestion>,
    /// What is said instead of the input.
    pub(crate) substitution: Substitution,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            backend: BackendChoice::default(),
            chart_defaults: ChartDefaults::default(),
            storage: None,
            license_secret: None,
            secrets: Secrets::Reference(SecretName::default()),
            secret_file: false,
            encrypted: Vec::new(),
            secret_manifest: None,
            address: None,
            connect_version: None,
            images: None,
            substitution: Substitution::default(),
        }
    }
}

/// The address that users will have, as Connect takes it.
pub(crate) fn address(text: &str) -> Result<String, String> {
    match text.parse::<Server>() {
        Ok(_) if text.contains(['?', '#']) => Err("give it without a query or fragment".to_owned()),
        // A URL is read leniently, and it is the text itself that users will see.
        Ok(_) if !is_plain_address(text) => {
            Err("write it as https://connect.example.com, with a name of letters, digits, dots and hyphens".to_owned())
        }
        Ok(_) => Ok(text.to_owned()),
        Err(error) => Err(error.to_string()),
    }
}

fn is_plain_address(text: &str) -> bool {
    let odd = |c: char| {
        c.is_whitespace() || matches!(c, '\0'..=' ' | '\u{7f}'..='\u{9f}' | '\\' | '<' | '>' | '"')
    };
    let Some((_, rest)) = text.split_once("://") else {
        return false;
    };
    let authority = rest.split('/').next().unwrap_or_default();
    let (host, port) = match authority.rsplit_once(':') {
        Some((host, port)) if !port.ends_with(']') => (host, Some(port)),
        _ => (authority, None),
    };
    let is_label = |label: &str| {
        !label.is_empty()
            && label
                .chars()
                .all(|c| c.is_alphanumeric() || matches!(c, '-' | '_'))
    };
    let is_name = host
        .strip_suffix('.')
        .unwrap_or(host)
        .split('.')
        .all(is_label);
    !text.contains(odd)
        && (is_name || host.starts_with('[') && host.ends_with(']'))
        && port.is_none_or(|port| !port.is_empty())
}

/// A version as image tags have it.
pub(crate) fn connect_version(text: &str) -> Result<String, String> {
    let text = text.strip_prefix('v').unwrap_or(text);
    let known = text.starts_with(|c: char| c.is_ascii_digit()) && !text.contains(' ');
    match text.parse::<Version>() {
        Ok(_) if known => Ok(text.to_owned()),
        _ => Err("write it as the old server says it, such as 2026.08.0".to_owned()),
    }
}

/// An amount as Kubernetes writes it.
pub(crate) fn quantity(text: &str) -> Result<String, String> {
    let number = text.trim_end_matches(|c: char| c.is_ascii_alphabetic());
    let unit = &text[number.len()..];
    let known = ["", "k", "M", "G", "T", "P", "Ki", "Mi", "Gi", "Ti", "Pi"].contains(&unit);
    if known && number.parse::<f64>().is_ok_and(|number| number > 0.0) {
        Ok(text.to_owned())
    } else {
        Err("write a number and a unit, such as 100Gi".to_owned())
    }
}
