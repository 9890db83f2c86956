//! What the tests share: a command in a scrubbed environment.

pub mod chart;
#[cfg(unix)]
pub mod cluster;
#[cfg(unix)]
pub mod connect_server;
pub mod form;
#[cfg(unix)]
pub mod home;
#[cfg(unix)]
pub mod kubelet;
#[cfg(unix)]
pub mod package;
#[cfg(unix)]
pub mod postgres;
#[cfg(unix)]
pub mod server;
pub mod tools;

use assert_cmd::Command;

/// The binary, in an environment without anything that would change what it does.
pub fn connect_migrate() -> Command {
    Command::from_std(scrubbed())
}

/// The same, to be started beside the test.
pub fn scrubbed() -> std::process::Command {
    let mut command =
        std::process::Command::new(assert_cmd::cargo::cargo_bin!("helm-connect-migrate"));
    for (name, _) in std::env::vars_os() {
        let text = name.to_string_lossy();
        let scrubbed = ["HELM_", "CONNECT_", "XDG_", "CLICOLOR"]
            .iter()
            .any(|prefix| text.starts_with(prefix))
            || matches!(
                &*text,
                "CI" | "NO_COLOR" | "KUBECONFIG" | "COLUMNS" | "TERM"
            );
        if scrubbed {
            command.env_remove(&name);
        }
    }
    command
}
