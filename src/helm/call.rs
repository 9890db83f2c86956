//! One run of Helm.

use std::ffi::{OsStr, OsString};
use std::io::{self, Write as _};
use std::process::{Command, ExitStatus, Stdio};

use super::hidden::Hidden;
use super::{Helm, HelmError};

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Printed {
    pub output: String,
    /// Its warnings, one a line, without the values that it was given.
    pub warnings: String,
}

/// A Helm command that is being put together.
#[derive(Debug)]
pub(crate) struct Call<'a> {
    helm: &'a Helm,
    command: Command,
    /// The subcommand, for messages.
    name: String,
    input: Option<String>,
}

/// Variables that no Helm of ours needs to see. The first two say which plugin runs, and Helm 3
/// would hand ours on to post-renderers; the others hold keys to servers and databases.
fn is_private(name: &str) -> bool {
    matches!(name, "HELM_PLUGIN_NAME" | "HELM_PLUGIN_DIR")
        || name.starts_with("CONNECT_")
            && ["KEY", "PASSWORD", "SECRET", "TOKEN"]
                .iter()
                .any(|word| name.contains(word))
}

impl Helm {
    /// Begins a command, such as `upgrade`.
    pub(crate) fn call(&self, subcommand: &str) -> Call<'_> {
        let mut command = Command::new(&self.program);
        command.arg(subcommand);
        for (name, _) in std::env::vars_os() {
            if is_private(&name.to_string_lossy()) {
                command.env_remove(name);
            }
        }
        for (name, value) in &self.environment {
            command.env(name, value);
        }
        Call {
            helm: self,
            command,
            name: subcommand.to_owned(),
            input: None,
        }
    }
}

impl Call<'_> {
    pub(crate) fn arg(mut self, arg: impl AsRef<OsStr>) -> Self {
        self.command.arg(arg);
        self
    }

    pub(crate) fn args<S: AsRef<OsStr>>(mut self, args: impl IntoIterator<Item = S>) -> Self {
        self.command.args(args);
        self
    }

    pub(crate) fn env(mut self, name: &str, value: impl Into<OsString>) -> Self {
        self.command.env(name, value.into());
        self
    }

    /// What Helm reads where a file is called `-`. Text on this way is on no disk and in no list of
    /// processes.
    pub(crate) fn input(mut self, text: String) -> Self {
        self.input = Some(text);
        self
    }

    /// Runs it and waits for what it prints. Of its complaints, values are left out.
    ///
    /// # Errors
    /// Helm is not there, or it fails.
    pub(crate) fn capture(mut self) -> Result<Printed, HelmError> {
        self.command
            .stdin(match &self.input {
                Some(_) => Stdio::piped(),
                None => Stdio::inherit(),
            })
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        let mut child = self
            .command
            .spawn()
            .map_err(|error| self.helm.not_run(error))?;
        let hidden = Hidden::of(self.command.get_args(), self.input.as_deref());
        let writer = self.input.take().zip(child.stdin.take());
        // Beside the reading: each side would wait for the other once a pipe is full. A Helm that
        // stops reading says by itself why.
        let writing = writer.map(|(text, mut pipe)| {
            std::thread::spawn(move || drop(pipe.write_all(text.as_bytes())))
        });
        let output = child
            .wait_with_output()
            .map_err(|error| self.helm.not_run(error))?;
        if let Some(writing) = writing {
            drop(writing.join());
        }
        let said = String::from_utf8_lossy(&output.stderr);
        let command = self.name;
        if !output.status.success() {
            let message = match complaint(&said) {
                "" => output.status.to_string(),
                message => hidden.mask(message),
            };
            return Err(HelmError::Failed { command, message });
        }
        match String::from_utf8(output.stdout) {
            Ok(output) => Ok(Printed {
                output,
                warnings: match said.trim_end() {
                    "" => String::new(),
                    warnings => hidden.mask(warnings),
                },
            }),
            Err(_) => Err(HelmError::NotText { command }),
        }
    }

    /// Runs it on our own terminal, to its end. An interrupt goes to Helm too, which has things to
    /// put in order: we stay until it is done.
    ///
    /// # Errors
    /// Helm is not there. How it ended is in the status.
    pub(crate) async fn foreground(self) -> Result<ExitStatus, HelmError> {
        let helm = self.helm;
        let mut child = tokio::process::Command::from(self.command)
            .spawn()
            .map_err(|error| helm.not_run(error))?;
        loop {
            tokio::select! {
                status = child.wait() => return status.map_err(|error| helm.not_run(error)),
                interrupted = tokio::signal::ctrl_c() => {
                    interrupted.map_err(|error| helm.not_run(error))?;
                }
            }
        }
    }
}

/// What Helm complains about, without the warnings before it.
fn complaint(said: &str) -> &str {
    let said = said.trim();
    let start = said
        .match_indices("Error: ")
        .find(|(at, _)| *at == 0 || said[..*at].ends_with('\n'))
        .map_or(0, |(at, word)| at + word.len());
    &said[start..]
}

impl Helm {
    fn not_run(&self, source: io::Error) -> HelmError {
        let program = self.program.clone();
        match source.kind() {
            io::ErrorKind::NotFound if self.named => HelmError::NamedMissing { program },
            io::ErrorKind::NotFound => HelmError::Missing { program },
            _ => HelmError::Unusable { program, source },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_stay_with_us() {
        for name in [
            "CONNECT_API_KEY",
            "CONNECT_NEW_API_KEY",
            "CONNECT_POSTGRES_PASSWORD",
            "HELM_PLUGIN_DIR",
        ] {
            assert!(is_private(name), "{name}");
        }
        for name in [
            "CONNECT_SERVER",
            "HELM_NAMESPACE",
            "CONNECT_MIGRATE_PROGRAM",
            "PATH",
        ] {
            assert!(!is_private(name), "{name}");
        }
    }

    #[test]
    fn warnings_are_no_part_of_the_complaint() {
        assert_eq!(complaint("W\nError: a\nb\n"), "a\nb");
        assert_eq!(complaint("an Error: x"), "an Error: x");
    }

    #[cfg(unix)]
    #[test]
    fn a_large_input_and_a_large_output_do_not_wait_for_each_other() {
        let helm = Helm::at("sh".into(), super::super::Settings::default());
        let text = "x".repeat(1 << 20);
        let printed = helm
            .call("-c")
            .arg("cat; cat >&2 </dev/null")
            .input(text.clone())
            .capture();
        assert_eq!(printed.unwrap().output, text);
        // A Helm that reads nothing ends all the same.
        let printed = helm.call("-c").arg("exit 0").input(text).capture();
        assert_eq!(printed.unwrap().output, "");
    }
}
