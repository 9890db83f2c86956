//! What is typed wrong: nothing is overwritten that was not meant, and nothing wrong is written.

use std::fs;

use predicates::str::contains;

use crate::support::connect_migrate;

const MINIMAL: &str = "[Server]\nAddress = https://c.example.com\n[Database]\nProvider = postgres\n[Postgres]\nURL = postgres://c@db.example.com/c\n";

fn place() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("old.gcfg"), MINIMAL).unwrap();
    fs::write(
        folder.path().join("values.yaml"),
        "config: {Server: {Address: https://c}}\n",
    )
    .unwrap();
    folder
}

#[test]
fn no_command_writes_over_its_own_input() {
    let folder = place();
    for args in [
        &["values", "--from", "old.gcfg", "--out", "old.gcfg"][..],
        &["gcfg", "-f", "values.yaml", "--out", "./values.yaml"],
        &["gcfg", "-f", "values.yaml", "--out", "x", "--report", "./x"],
        &[
            "overlay",
            "values",
            "-f",
            "values.yaml",
            "--out",
            "values.yaml",
        ],
    ] {
        connect_migrate()
            .current_dir(folder.path())
            .args(args)
            .arg("--force")
            .assert()
            .code(1)
            .stderr(contains("named twice"));
    }
    assert_eq!(
        fs::read_to_string(folder.path().join("old.gcfg")).unwrap(),
        MINIMAL
    );
}

#[test]
#[cfg(unix)]
fn what_is_no_file_is_not_replaced_by_one() {
    use std::os::unix::fs::FileTypeExt as _;
    let folder = place();
    let pipe = folder.path().join("pipe");
    rustix::fs::mknodat(
        rustix::fs::CWD,
        &pipe,
        rustix::fs::FileType::Fifo,
        rustix::fs::Mode::from_raw_mode(0o600),
        0,
    )
    .unwrap();
    for args in [
        &[
            "values", "--from", "old.gcfg", "--pvc", "p", "--out", "pipe", "--force",
        ][..],
        &["gcfg", "-f", "values.yaml", "--out", "pipe", "--force"],
        &["announce", "--from", "pipe", "--message", "hi"],
    ] {
        connect_migrate()
            .current_dir(folder.path())
            .env("XDG_STATE_HOME", folder.path())
            .args(args)
            .assert()
            .code(1)
            .stderr(contains("no regular file"));
    }
    assert!(fs::metadata(&pipe).unwrap().file_type().is_fifo());
}

#[test]
fn values_takes_no_value_that_cannot_be_one() {
    let folder = place();
    for (flag, value) in [
        ("--address", "connect.example.com"),
        ("--address", ""),
        ("--connect-version", "abc"),
        ("--connect-version", ""),
        ("--license-secret", ""),
        ("--license-secret", "Not a name"),
    ] {
        connect_migrate()
            .current_dir(folder.path())
            .args(["values", "--from", "old.gcfg", "--pvc", "p", flag, value])
            .assert()
            .code(2)
            .stderr(contains(flag));
    }
    connect_migrate()
        .current_dir(folder.path())
        .args(["values", "--from", "old.gcfg", "--storage-class", "x"])
        .args(["--storage-size", "abc"])
        .assert()
        .code(2)
        .stderr(contains("100Gi"));
}

#[test]
fn an_empty_variable_is_not_set() {
    let folder = place();
    let output = connect_migrate()
        .current_dir(folder.path())
        .env("CONNECT_SERVER", "")
        .env("CONNECT_CA_CERTIFICATE", "")
        .env("CONNECT_API_KEY", "k")
        .args(["inventory", "--out", "inventory.yaml"])
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(2));
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(said.contains("no server; set CONNECT_SERVER"), "{said}");
}

#[test]
fn no_credential_that_was_typed_is_quoted() {
    for server in ["http://u:hunter2@127.0.0.1:1", "u:hunter2@connect"] {
        let output = connect_migrate()
            .env("CONNECT_SERVER", server)
            .args(["inventory", "--out", "x"])
            .output()
            .unwrap();
        assert_eq!(output.status.code(), Some(2));
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(said.contains("--server"), "{said}");
        assert!(!said.contains("hunter2"), "{said}");
    }
}
