//! Flags that every command takes.
//!
//! Under `helm connect-migrate`, Helm keeps the first four to itself and passes them on in the
//! environment; called directly, the binary reads either.

use clap::{Args, ValueEnum};

use crate::helm::{Helm, Settings};
use crate::output;

/// Flags that every command takes.
#[derive(Debug, Clone, Args)]
pub struct Global {
    /// Namespace of the release
    #[arg(
        short,
        long,
        global = true,
        env = "HELM_NAMESPACE",
        hide_env_values = true,
        value_name = "NAME",
        help_heading = "Global options"
    )]
    pub namespace: Option<String>,

    /// Context of the kubeconfig to use
    #[arg(
        long,
        global = true,
        env = "HELM_KUBECONTEXT",
        hide_env_values = true,
        value_name = "NAME",
        help_heading = "Global options"
    )]
    pub kube_context: Option<String>,

    /// Path of the kubeconfig file
    #[arg(
        long,
        global = true,
        env = "KUBECONFIG",
        hide_env_values = true,
        value_name = "FILE",
        help_heading = "Global options"
    )]
    pub kubeconfig: Option<String>,

    /// Registry logins that Helm uses
    #[arg(
        long,
        global = true,
        env = "HELM_REGISTRY_CONFIG",
        hide_env_values = true,
        hide_short_help = true,
        value_name = "FILE",
        help_heading = "Global options"
    )]
    pub registry_config: Option<String>,

    /// Names and URLs of the chart repositories that Helm knows
    #[arg(
        long,
        global = true,
        env = "HELM_REPOSITORY_CONFIG",
        hide_env_values = true,
        hide_short_help = true,
        value_name = "FILE",
        help_heading = "Global options"
    )]
    pub repository_config: Option<String>,

    /// Folder with Helm's copies of the repositories' indexes
    #[arg(
        long,
        global = true,
        env = "HELM_REPOSITORY_CACHE",
        hide_env_values = true,
        hide_short_help = true,
        value_name = "DIR",
        help_heading = "Global options"
    )]
    pub repository_cache: Option<String>,

    /// Say more about what is done
    #[arg(long, global = true, help_heading = "Global options")]
    pub debug: bool,

    /// When to use colour (NO_COLOR turns it off too)
    #[arg(long, global = true, value_enum, default_value_t = Colour::Auto, value_name = "WHEN", help_heading = "Global options")]
    pub color: Colour,
}

/// When to use colour.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Colour {
    /// On a terminal, unless NO_COLOR is set.
    Auto,
    /// Always.
    Always,
    /// Never.
    Never,
}

impl Global {
    /// Decides about colour, once for the whole run.
    pub fn apply(&self) {
        match self.color {
            Colour::Auto => {}
            Colour::Always => output::force_colour(true),
            Colour::Never => output::force_colour(false),
        }
    }

    /// How to reach the cluster.
    #[must_use]
    pub fn access(&self) -> crate::release::Access {
        crate::release::Access {
            kubeconfig: self.kubeconfig.clone(),
            context: self.kube_context.clone(),
            namespace: self.namespace.clone(),
        }
    }

    /// Whether to say more: `--debug`, or Helm's `HELM_DEBUG`.
    #[must_use]
    pub fn debugging(&self) -> bool {
        self.debug
            || std::env::var("HELM_DEBUG").is_ok_and(|value| matches!(value.as_str(), "true" | "1"))
    }

    /// The Helm to run, told where to work.
    #[must_use]
    pub(crate) fn helm(&self) -> Helm {
        Helm::find(Settings {
            namespace: self.namespace.clone(),
            kube_context: self.kube_context.clone(),
            kubeconfig: self.kubeconfig.clone(),
            registry_config: self.registry_config.clone(),
            repository_config: self.repository_config.clone(),
            repository_cache: self.repository_cache.clone(),
            debug: self.debug,
        })
    }
}
