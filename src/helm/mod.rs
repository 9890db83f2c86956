//! Running Helm. This is the one place that does.
//!
//! Under `helm connect-migrate`, the Helm that called us is named by `HELM_BIN`, as it was typed:
//! a path, or a name to be looked for in `PATH`. Called directly, we take `helm` from `PATH`.
//!
//! Commands get their Helm from `Global::helm`, which knows every flag that Helm takes everywhere.
//! Those flags go to Helm in its environment, where a plugin's Helm has them already, so that no
//! call can forget one. What the child must not see is taken out of the environment in the same
//! place ([`Helm::call`]), so that nothing secret reaches a chart's or another's post-renderer.
//!
//! Questions whose answer we read have a method with a typed result: [`Helm::version`],
//! [`Helm::show_chart`], [`Helm::show_values`], [`Helm::template`], [`Helm::chart_versions`],
//! [`Helm::installed_chart`]. Everything else is a [`Call`]: [`Call::capture`] for what Helm prints,
//! [`Call::foreground`] for a Helm that talks to the terminal itself, such as `upgrade`.

mod call;
mod chart;
mod hidden;
mod version;

use std::ffi::OsString;
use std::io;
use std::path::PathBuf;

pub(crate) use call::{Call, Printed};
pub(crate) use chart::{ChartSource, ChartVersion, Layer, Metadata, Template};
pub(crate) use version::{HelmVersion, Major};

/// A release's name as Helm takes it. It becomes the name of a folder, too.
///
/// # Errors
/// Helm would not take it.
pub(crate) fn release_name(text: &str) -> Result<String, &'static str> {
    let fits = text.len() <= 53
        && text
            .bytes()
            .all(|byte| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.'))
        && text.bytes().any(|byte| byte.is_ascii_alphanumeric());
    if fits {
        Ok(text.to_owned())
    } else {
        Err("a release's name has lower-case letters, digits, dots and hyphens, 53 at the most")
    }
}

/// Why Helm did not do what it was asked for.
#[derive(Debug, thiserror::Error)]
pub(crate) enum HelmError {
    #[error(
        "cannot find Helm as {}: put it into PATH, or name it in HELM_BIN",
        program.display()
    )]
    Missing { program: PathBuf },
    /// Somebody named a Helm, and it is not there: another one must not take its place.
    #[error(
        "HELM_BIN names {}, which is not there: correct it, or unset it to take helm from PATH",
        program.display()
    )]
    NamedMissing { program: PathBuf },
    /// The system would not run it.
    #[error("cannot run {}", program.display())]
    Unusable { program: PathBuf, source: io::Error },
    /// It ended with an error.
    #[error("helm {command} failed: {message}")]
    Failed { command: String, message: String },
    #[error("helm {command} printed something that is not UTF-8")]
    NotText { command: String },
    /// It printed something else than it does in the versions that we know.
    #[error("cannot make sense of what helm {command} printed: {problem}")]
    Unexpected { command: String, problem: String },
}

/// The flags that Helm takes before every command.
#[derive(Debug, Clone, Default)]
pub(crate) struct Settings {
    /// `None`: Helm chooses.
    pub namespace: Option<String>,
    pub kube_context: Option<String>,
    /// As in the variable, it may be a list of files.
    pub kubeconfig: Option<String>,
    pub registry_config: Option<String>,
    pub repository_config: Option<String>,
    pub repository_cache: Option<String>,
    pub debug: bool,
}

impl Settings {
    /// The variables that mean the same to Helm as the flags.
    fn environment(self) -> Vec<(&'static str, OsString)> {
        [
            ("HELM_NAMESPACE", self.namespace),
            ("HELM_KUBECONTEXT", self.kube_context),
            ("KUBECONFIG", self.kubeconfig),
            ("HELM_REGISTRY_CONFIG", self.registry_config),
            ("HELM_REPOSITORY_CONFIG", self.repository_config),
            ("HELM_REPOSITORY_CACHE", self.repository_cache),
            ("HELM_DEBUG", self.debug.then(|| "true".to_owned())),
        ]
        .into_iter()
        .filter_map(|(name, value)| {
            let value = value.filter(|value| !value.is_empty())?;
            Some((name, value.into()))
        })
        .collect()
    }
}

/// A Helm to run.
#[derive(Debug, Clone)]
pub(crate) struct Helm {
    program: PathBuf,
    /// Whether `HELM_BIN` says so.
    named: bool,
    environment: Vec<(&'static str, OsString)>,
}

impl Helm {
    /// The Helm that called us, else the one in `PATH`.
    #[must_use]
    pub(crate) fn find(settings: Settings) -> Self {
        let program = std::env::var_os("HELM_BIN").filter(|name| !name.is_empty());
        let named = program.is_some();
        let program = program.map_or_else(|| "helm".into(), PathBuf::from);
        Self {
            named,
            ..Self::at(program, settings)
        }
    }

    /// The Helm of a path, or of a name in `PATH`.
    #[must_use]
    pub(crate) fn at(program: PathBuf, settings: Settings) -> Self {
        Self {
            program,
            named: false,
            environment: settings.environment(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_helm_that_is_not_there_is_called_missing() {
        let helm = Helm::at("/nowhere/helm".into(), Settings::default());
        let error = helm.version().unwrap_err();
        assert!(matches!(error, HelmError::Missing { .. }), "{error}");
        assert!(error.to_string().contains("/nowhere/helm"));
    }

    #[cfg(unix)]
    #[test]
    fn where_to_work_goes_into_the_environment() {
        let helm = Helm::at(
            "sh".into(),
            Settings {
                namespace: Some("ns".to_owned()),
                kubeconfig: Some("a:b".to_owned()),
                kube_context: Some(String::new()),
                ..Settings::default()
            },
        );
        let printed = helm
            .call("-c")
            .arg("echo $HELM_NAMESPACE $KUBECONFIG; echo w >&2")
            .capture()
            .unwrap();
        assert_eq!(printed.output, "ns a:b\n");
        assert_eq!(printed.warnings, "w");
        let failed = helm
            .call("-c")
            .arg("echo look >&2; echo Error: no >&2; exit 3")
            .capture()
            .unwrap_err();
        assert_eq!(failed.to_string(), "helm -c failed: no");
    }
}
