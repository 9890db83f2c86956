//! Files that are not what they should be.

use std::fs;

use crate::support::connect_migrate;

const GCFG: &str = "[Server]\nAddress = https://c.example.com\n[Database]\nProvider = postgres\n";

/// One rule for all of them: the place, what to do, exit code 3, and nothing is written.
#[test]
fn what_is_no_text_is_invalid_input_to_every_command() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    fs::write(at("good.gcfg"), GCFG).unwrap();
    fs::write(at("good.yaml"), "sharedStorage: {mount: true}\n").unwrap();
    fs::write(at("bad"), b"[Server]\nAddress = caf\xe9\n").unwrap();
    for args in [
        &["values", "--from", "bad", "--out", "new"][..],
        &[
            "values",
            "--from",
            "good.gcfg",
            "--base",
            "bad",
            "--out",
            "new",
        ],
        &["diff", "--from", "bad", "-f", "good.yaml"],
        &["diff", "--from", "good.gcfg", "-f", "bad"],
        &["gcfg", "-f", "bad", "--out", "new"],
        &["check", "--from", "bad"],
        &["check", "--from", "good.gcfg", "-f", "bad"],
        &["overlay", "values", "-f", "bad", "--out", "new"],
    ] {
        let output = connect_migrate()
            .current_dir(folder.path())
            .args(args)
            .output()
            .unwrap();
        let said = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(3), "{args:?}: {said}");
        assert!(
            said.contains("bytes that are not UTF-8"),
            "{args:?}: {said}"
        );
        assert!(said.contains("bad:2:1"), "{args:?}: {said}");
        assert!(said.contains("iconv"), "{args:?}: {said}");
        assert!(!at("new").exists(), "{args:?}");
    }
}

#[test]
fn what_has_an_error_in_every_line_is_not_told_line_by_line() {
    let folder = tempfile::tempdir().unwrap();
    let lines = "= x\n".repeat(5000);
    fs::write(folder.path().join("bad"), format!("[A]\n{lines}")).unwrap();
    let output = connect_migrate()
        .current_dir(folder.path())
        .args(["values", "--from", "bad"])
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(3), "{said}");
    assert!(said.contains("and 4980 more"), "{said}");
    assert!(said.lines().count() < 250);
}

/// Where a command remembers, there may be what never ends.
#[test]
#[cfg(unix)]
fn a_pipe_in_the_place_of_what_is_remembered_is_named_and_not_waited_for() {
    let folder = tempfile::tempdir().unwrap();
    let state = folder.path().join("state/connect-migrate");
    let announcements = state.join("announcements");
    let journal = state.join("connect.example.com/_");
    fs::create_dir_all(&announcements).unwrap();
    fs::create_dir_all(&journal).unwrap();
    let record = announcements.join("0.json");
    let validations = state.join("connect.example.com/validations");
    fs::create_dir_all(&validations).unwrap();
    let validation = validations.join("20261122T100000.000Z.json");
    for pipe in [
        &validation,
        &journal.join("rebuild.jsonl"),
        &state.join("overlay.jsonl"),
        &record,
    ] {
        let made = std::process::Command::new("mkfifo").arg(pipe).status();
        assert!(made.unwrap().success());
    }
    let run = |args: &[&str]| {
        let mut command = connect_migrate();
        command
            .env("XDG_STATE_HOME", folder.path().join("state"))
            .args(args)
            .timeout(std::time::Duration::from_secs(60));
        let output = command.output().unwrap();
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        (output.status.code(), said)
    };
    let journal = journal.to_str().unwrap();
    for args in [
        &["rebuild", "status", "--journal", journal][..],
        &["overlay", "log"],
        &["report"],
    ] {
        let (code, said) = run(args);
        assert_eq!(code, Some(1), "{args:?}: {said}");
        assert!(said.contains(": it is no regular file"), "{said}");
    }
    fs::remove_file(&validation).unwrap();
    // What is broken in one record takes nothing from the page.
    let (code, said) = run(&["report", "--output", "json"]);
    assert_eq!(code, Some(0), "{said}");
    assert!(said.contains("0.json: it is no regular file"), "{said}");
    fs::remove_file(&record).unwrap();
    fs::write(&record, "{}").unwrap();
    let (code, said) = run(&["report", "--output", "json"]);
    assert_eq!(code, Some(0), "{said}");
    assert!(
        said.contains("0.json is no record of an announcement"),
        "{said}"
    );
}

#[cfg(unix)]
mod modes {
    use std::os::unix::fs::PermissionsExt as _;
    use std::path::Path;

    use super::*;

    fn mode(path: &Path) -> u32 {
        fs::metadata(path).unwrap().permissions().mode() & 0o777
    }

    fn values(folder: &Path, more: &[&str]) -> (Option<i32>, String) {
        let output = connect_migrate()
            .current_dir(folder)
            .args(["values", "--from", "c.gcfg", "--out", "v.yaml"])
            .args(more)
            .output()
            .unwrap();
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        (output.status.code(), said)
    }

    fn place() -> tempfile::TempDir {
        let folder = tempfile::tempdir().unwrap();
        let ldap = "[LDAP \"x\"]\nBindPassword = hunter2\n";
        fs::write(folder.path().join("c.gcfg"), format!("{GCFG}{ldap}")).unwrap();
        folder
    }

    #[test]
    fn values_with_credentials_in_them_are_private() {
        let folder = place();
        let file = folder.path().join("v.yaml");
        let (code, said) = values(folder.path(), &["--inline-secrets", "--pvc", "data"]);
        assert_eq!(code, Some(0), "{said}");
        assert!(fs::read_to_string(&file).unwrap().contains("hunter2"));
        assert_eq!(mode(&file), 0o600);
        // Also where others could read what was there.
        fs::set_permissions(&file, fs::Permissions::from_mode(0o644)).unwrap();
        let (code, said) = values(
            folder.path(),
            &["--inline-secrets", "--pvc", "data", "--force"],
        );
        assert_eq!(code, Some(0), "{said}");
        assert_eq!(mode(&file), 0o600);
    }

    #[test]
    fn what_somebody_closed_stays_closed_when_it_is_replaced() {
        let folder = place();
        let file = folder.path().join("v.yaml");
        for (before, after) in [(0o600, 0o600), (0o640, 0o640), (0o400, 0o600)] {
            fs::write(&file, "mine").unwrap();
            fs::set_permissions(&file, fs::Permissions::from_mode(before)).unwrap();
            let (_, said) = values(folder.path(), &["--secret-file", "--force"]);
            assert!(
                !fs::read_to_string(&file).unwrap().contains("mine"),
                "{said}"
            );
            assert_eq!(mode(&file), after, "{before:o}");
            fs::remove_file(&file).unwrap();
        }
    }

    #[test]
    fn a_value_that_does_not_look_encrypted_is_warned_of() {
        let folder = place();
        let encrypted = ["--encrypted", "LDAP \"x\".BindPassword", "--force"];
        let (_, said) = values(folder.path(), &encrypted);
        assert!(
            said.contains("does not look like what rscadmin prints"),
            "{said}"
        );
        assert!(!said.contains("hunter2"), "{said}");
        let cipher = "q83vEjRWeJCrze8SNFZ4kKvN7xI0VniQq83vEjRWeJCrze8SNFZ4kKvN7w==";
        let ldap = format!("{GCFG}[LDAP \"x\"]\nBindPassword = {cipher}\n");
        fs::write(folder.path().join("c.gcfg"), ldap).unwrap();
        let (_, said) = values(folder.path(), &encrypted);
        assert!(!said.contains("does not look like"), "{said}");
    }
}
