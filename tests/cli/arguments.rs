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
            .code(2)
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

/// What cannot be meant is wrong usage (2), what cannot be read is invalid input with its place (3);
/// neither says what may be a credential, nor goes on for pages.
#[test]
fn usage_and_input_are_told_apart() {
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, bytes: &[u8]| std::fs::write(folder.path().join(name), bytes).unwrap();
    write("c.gcfg", b"[LDAP \"corp\"]\nBindPassword = S3cr3t\n");
    write("broken.yaml", b"a: 1\nkind: {\n");
    write("latin.yaml", b"a: \xff\n");
    write("images.yaml", b"- name: a b\n");
    write(
        "inventory.yaml",
        b"content: [{guid: 11111111-1111-4111-8111-111111111111, r: 4.2.3}]\n",
    );
    let long = "x".repeat(100_000);
    for (args, code, words) in [
        (
            &[
                "values",
                "--from",
                "c.gcfg",
                "--encrypted",
                "LDAP \"corp\".BindPasword",
            ][..],
            2,
            "did you mean LDAP \"corp\".BindPassword?",
        ),
        (
            &["values", "--from", "c.gcfg", "--out", "c.gcfg"],
            2,
            "c.gcfg is named twice",
        ),
        (&["values", "--from", "-", "--base", "-"], 2, "only once"),
        (
            &["announce", "--from", "c.gcfg", "--message", " "],
            2,
            "the message is empty",
        ),
        (
            &["overlay", "values", "--set", "Postgres.Password=S3cr3t"],
            2,
            "invalid value 'Postgres.Password=***' for '--set <SECTION.PROPERTY=VALUE>'",
        ),
        (&["check", "--release", &long], 2, "53 at the most"),
        (&["overlay", "show", "broken.yaml"], 3, "broken.yaml:3:1"),
        (&["overlay", "show", "latin.yaml"], 3, "latin.yaml:1:4"),
        (
            &[
                "values",
                "--from",
                "c.gcfg",
                "--inventory",
                "inventory.yaml",
                "--images",
                "images.yaml",
            ],
            3,
            "images.yaml:1:9",
        ),
        (
            &["values", "--from", "c.gcfg", "--out", "absent/values.yaml"],
            1,
            "absent: No such file or directory (os error 2)\n",
        ),
    ] {
        let output = connect_migrate()
            .current_dir(folder.path())
            .args(args)
            .output()
            .unwrap();
        let said = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(code), "{said}");
        assert!(said.contains(words), "{words}: {said}");
        assert!(!said.contains("S3cr3t") && said.len() < 2000, "{said}");
        assert!(output.stdout.is_empty());
    }
}
