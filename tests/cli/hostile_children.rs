//! What the programs that we start are given, and what of their words is passed on.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use crate::support::connect_migrate;

const GCFG: &str = "[Server]\nAddress = https://c.example.com\n[Database]\nProvider = postgres\n\
    [Postgres]\nPassword = hunter-postgres\n[SMTP]\nHost = mail\nPassword = hunter-smtp\n\
    [LDAP \"x\"]\nBindPassword = hunter-ldap\n";

const CHART: &str =
    "apiVersion: v2\nname: rstudio-connect\nversion: 0.20.0\nappVersion: 2026.01.0\n";

/// A Helm that notes its arguments and environment, and then does what a script says.
fn helm(folder: &Path, then: &str) -> PathBuf {
    let path = folder.join("fake-helm");
    let notes = folder.join("notes");
    let script = format!(
        "#!/bin/sh\n{{ printf '%s\\n' \"$0\" \"$@\"; tr '\\0' '\\n' </proc/$$/cmdline; tr '\\0' '\\n' </proc/$$/environ; env; }} >>'{}'\n{then}\n",
        notes.display()
    );
    fs::write(&path, script).unwrap();
    fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
    path
}

fn place() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("c.gcfg"), GCFG).unwrap();
    fs::write(
        folder.path().join("base.yaml"),
        "sharedStorage: {mount: true}\nconfig: {SMTP: hunter-base}\n",
    )
    .unwrap();
    folder
}

fn run(folder: &Path, helm: &Path, args: &[&str]) -> (Option<i32>, String) {
    let output = connect_migrate()
        .current_dir(folder)
        .env("HELM_BIN", helm)
        .env("XDG_STATE_HOME", folder.join("state"))
        .env("CONNECT_API_KEY", "hunter-key")
        .env("CONNECT_NEW_API_KEY", "hunter-new-key")
        .env("CONNECT_POSTGRES_PASSWORD", "hunter-env")
        .env("KUBECONFIG", folder.join("none"))
        .args(args)
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    let data = String::from_utf8_lossy(&output.stdout).into_owned();
    (output.status.code(), said + &data)
}

/// Helm is handed on to charts, plugins and post-renderers: it gets no key of ours, and no credential
/// of a file, in its arguments or its environment, which others on the machine can read.
#[test]
fn helm_gets_no_credential_in_its_arguments_or_environment() {
    let folder = place();
    let at = folder.path();
    let fake = helm(
        at,
        &format!(
            "case \"$1 $2\" in\n\"version \"*) echo v3.19.0;;\n\"show chart\") printf '{}';;\n\"show values\") echo 'config: {{}}';;\n*) echo 'Error: no' >&2; exit 1;;\nesac",
            CHART.replace('\n', "\\n")
        ),
    );
    for args in [
        &["values", "--from", "c.gcfg", "--dry-run", "./chart"][..],
        &[
            "values",
            "--from",
            "c.gcfg",
            "--dry-run",
            "--inline-secrets",
            "./chart",
        ],
        &["diff", "--from", "c.gcfg", "-f", "base.yaml", "./chart"],
        &["check", "--from", "c.gcfg", "-f", "base.yaml", "./chart"],
        &["gcfg", "-f", "base.yaml", "./chart"],
        &["upgrade", "rsc", "./chart", "-f", "base.yaml"],
        &["status", "rsc"],
        &["overlay", "command"],
    ] {
        run(at, &fake, args);
    }
    let notes = fs::read_to_string(at.join("notes")).unwrap();
    for wanted in ["template", "upgrade", "PATH="] {
        assert!(notes.contains(wanted), "{wanted} was never seen");
    }
    assert!(!notes.contains("hunter"), "{notes}");
}

/// What Helm and charts say about values quotes them.
#[test]
fn what_helm_says_is_passed_on_without_the_values() {
    let folder = place();
    let at = folder.path();
    let says = "coalesce.go:1: warning: cannot overwrite table with non table for config.SMTP (hunter-base)\nError: execution error at (c/templates/x.yaml:3:4): config.SMTP: hunter-base, hunter-smtp; cannot unmarshal !!str `hunter-...` into int";
    let fake = helm(
        at,
        &format!(
            "case \"$1 $2\" in\n\"version \"*) echo v3.19.0;;\n\"show chart\") printf '{}';;\n\"show values\") echo 'config: {{}}';;\n*) cat >/dev/null; printf '%s\\n' '{says}' >&2; exit 1;;\nesac",
            CHART.replace('\n', "\\n")
        ),
    );
    for args in [
        &[
            "values",
            "--from",
            "c.gcfg",
            "--dry-run",
            "--inline-secrets",
            "./chart",
        ][..],
        &["diff", "--from", "c.gcfg", "-f", "base.yaml", "./chart"],
        &["gcfg", "-f", "base.yaml", "./chart"],
    ] {
        let (code, said) = run(at, &fake, args);
        assert_eq!(code, Some(3), "{args:?}: {said}");
        assert!(
            said.contains("execution error at (c/templates/x.yaml:3:4)"),
            "{args:?}: {said}"
        );
        assert!(said.contains("into int"), "{args:?}: {said}");
        let told = ["hunter-base", "hunter-..."].map(|word| said.contains(word));
        let inline = args.contains(&"--inline-secrets");
        assert!(!(told[1] || told[0] && !inline), "{args:?}: {said}");
        assert!(!inline || !said.contains("hunter-smtp"), "{args:?}: {said}");
    }
}
