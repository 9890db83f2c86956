//! Running Helm.
//!
//! Under `helm connect-migrate`, the Helm that called us is named by `HELM_BIN`, as it was typed:
//! a path, or a name to be looked for in `PATH`. Called directly, we take `helm` from `PATH`.
//!
//! Where to work (namespace, context, kubeconfig) goes to Helm in its environment, where a plugin's
//! Helm has it already. Nothing secret is ever among the arguments.

use std::ffi::{OsStr, OsString};
use std::io;
use std::path::PathBuf;
use std::process::{Command, Stdio};

/// Why Helm did not do what it was asked for.
#[derive(Debug, thiserror::Error)]
pub enum HelmError {
    /// There is no Helm.
    #[error(
        "cannot find Helm as {}: put it into PATH, or name it in HELM_BIN",
        program.display()
    )]
    Missing {
        /// What we looked for.
        program: PathBuf,
    },
    /// The system would not run it.
    #[error("cannot run {}", program.display())]
    Unusable {
        program: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// It ended with an error.
    #[error("helm {command} failed: {message}")]
    Failed { command: String, message: String },
    /// Its output is not UTF-8.
    #[error("helm {command} printed something that is not UTF-8")]
    NotText { command: String },
}

/// A Helm to run.
#[derive(Debug, Clone)]
pub struct Helm {
    program: PathBuf,
    environment: Vec<(&'static str, OsString)>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Printed {
    pub output: String,
    /// Its warnings, one a line.
    pub warnings: String,
}

impl Helm {
    /// The Helm that called us, else the one in `PATH`.
    #[must_use]
    pub fn find() -> Self {
        let program = std::env::var_os("HELM_BIN").filter(|name| !name.is_empty());
        Self::at(program.map_or_else(|| "helm".into(), PathBuf::from))
    }

    /// The Helm of a path, or of a name in `PATH`.
    #[must_use]
    pub fn at(program: PathBuf) -> Self {
        Self {
            program,
            environment: Vec::new(),
        }
    }

    /// Works in a namespace, unless it is `None`: then Helm chooses.
    #[must_use]
    pub fn namespace(self, name: Option<&str>) -> Self {
        self.with("HELM_NAMESPACE", name)
    }

    /// Works with a context of the kubeconfig.
    #[must_use]
    pub fn kube_context(self, name: Option<&str>) -> Self {
        self.with("HELM_KUBECONTEXT", name)
    }

    /// Works with another kubeconfig. As in the variable, it may be a list of files.
    #[must_use]
    pub fn kubeconfig(self, files: Option<&str>) -> Self {
        self.with("KUBECONFIG", files)
    }

    fn with(mut self, variable: &'static str, value: Option<&str>) -> Self {
        if let Some(value) = value.filter(|value| !value.is_empty()) {
            self.environment.push((variable, value.into()));
        }
        self
    }

    /// A command to add arguments to, with standard input as we have it.
    #[must_use]
    pub fn command(&self) -> Command {
        let mut command = Command::new(&self.program);
        for (name, value) in &self.environment {
            command.env(name, value);
        }
        command.stdin(Stdio::inherit());
        command
    }

    /// Runs Helm and waits for what it prints.
    ///
    /// # Errors
    /// Helm is not there, or it fails.
    pub fn run<I, S>(&self, args: I) -> Result<Printed, HelmError>
    where
        I: IntoIterator<Item = S>,
        S: AsRef<OsStr>,
    {
        let args: Vec<S> = args.into_iter().collect();
        let command = args
            .first()
            .map(|name| name.as_ref().to_string_lossy().into_owned())
            .unwrap_or_default();
        let output = self
            .command()
            .args(&args)
            .output()
            .map_err(|source| match source.kind() {
                io::ErrorKind::NotFound => HelmError::Missing {
                    program: self.program.clone(),
                },
                _ => HelmError::Unusable {
                    program: self.program.clone(),
                    source,
                },
            })?;
        let warnings = String::from_utf8_lossy(&output.stderr)
            .trim_end()
            .to_owned();
        if !output.status.success() {
            let message = warnings.trim_start_matches("Error: ").to_owned();
            let message = if message.is_empty() {
                output.status.to_string()
            } else {
                message
            };
            return Err(HelmError::Failed { command, message });
        }
        match String::from_utf8(output.stdout) {
            Ok(output) => Ok(Printed { output, warnings }),
            Err(_) => Err(HelmError::NotText { command }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_helm_that_is_not_there_is_called_missing() {
        let helm = Helm::at("/nowhere/helm".into());
        let error = helm.run(["version"]).unwrap_err();
        assert!(matches!(error, HelmError::Missing { .. }), "{error}");
        assert!(error.to_string().contains("/nowhere/helm"));
    }

    #[cfg(unix)]
    #[test]
    fn where_to_work_goes_into_the_environment() {
        let helm = Helm::at("sh".into())
            .namespace(Some("ns"))
            .kube_context(None)
            .kubeconfig(Some("a:b"));
        let printed = helm.run(["-c", "echo $HELM_NAMESPACE $KUBECONFIG; echo w >&2"]);
        let printed = printed.unwrap();
        assert_eq!(printed.output, "ns a:b\n");
        assert_eq!(printed.warnings, "w");
        let failed = helm.run(["-c", "echo Error: no >&2; exit 3"]).unwrap_err();
        assert_eq!(failed.to_string(), "helm -c failed: no");
    }
}
