//! `check`: what an administrator sees before the migration.

use std::fs;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

use serde_json::Value as Json;

use crate::support::connect_migrate;

/// A configuration that nothing keeps from migrating.
const GOOD: &str = "[Server]\nAddress = https://c.example.com\n[Database]\nProvider = postgres\n\
    [Postgres]\nURL = postgres://connect@db.example.com/connect\n\
    InstrumentationURL = postgres://connect@db.example.com/usage\n";

fn write(folder: &Path, name: &str, text: &str) -> PathBuf {
    let path = folder.join(name);
    fs::write(&path, text).unwrap();
    path
}

/// Runs `check --output json` in an empty folder, without a helm; the exit code and the report.
fn check(folder: &Path, args: &[&str]) -> (i32, Json) {
    let output = connect_migrate()
        .current_dir(folder)
        .env("PATH", folder)
        .arg("check")
        .args(args)
        .args(["--output", "json"])
        .output()
        .unwrap();
    let stderr = String::from_utf8_lossy(&output.stderr);
    let report =
        serde_json::from_slice(&output.stdout).unwrap_or_else(|error| panic!("{error}: {stderr}"));
    (output.status.code().unwrap(), report)
}

fn one<'a>(report: &'a Json, code: &str) -> &'a Json {
    report["checks"]
        .as_array()
        .unwrap()
        .iter()
        .find(|check| check["code"] == code)
        .unwrap_or_else(|| panic!("no {code}"))
}

fn status<'a>(report: &'a Json, code: &str) -> &'a str {
    one(report, code)["status"].as_str().unwrap()
}

#[test]
fn asked_nothing_it_says_what_would_let_it() {
    let folder = tempfile::tempdir().unwrap();
    let (code, report) = check(folder.path(), &[]);
    assert_eq!(code, 0);
    assert_eq!(report["schema"], 1);
    for check in report["checks"].as_array().unwrap() {
        let status = check["status"].as_str().unwrap();
        assert!(matches!(status, "not-asked" | "pass"), "{check}");
    }
    for (code, flag) in [
        ("database-provider", "--from"),
        ("values-render", "-f"),
        ("connect-version", "--connect-version"),
        ("data-owners", "--data-dir"),
    ] {
        let check = one(&report, code);
        assert_eq!(check["status"], "not-asked");
        assert!(
            check["evidence"].as_str().unwrap().contains(flag),
            "{check}"
        );
    }
}

#[test]
fn a_server_without_postgresql_is_blocked() {
    let folder = tempfile::tempdir().unwrap();
    write(folder.path(), "c.gcfg", "[Database]\nProvider = sqlite\n");
    let (code, report) = check(folder.path(), &["--from", "c.gcfg"]);
    assert_eq!(code, 4);
    assert_eq!(status(&report, "database-provider"), "fail");
    assert_eq!(status(&report, "configuration-blockers"), "pass");
}

#[test]
fn a_good_configuration_passes() {
    let folder = tempfile::tempdir().unwrap();
    write(folder.path(), "c.gcfg", GOOD);
    let (code, report) = check(folder.path(), &["--from", "c.gcfg"]);
    assert_eq!(code, 0, "{report:#}");
    for code in [
        "database-provider",
        "database-instrumentation",
        "encrypted-settings",
        "https-termination",
        "host-accounts",
        "mounted-files",
        "configuration-blockers",
    ] {
        assert_eq!(status(&report, code), "pass", "{code}");
    }
}

#[test]
fn what_belongs_to_the_old_host_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let text = format!(
        "{GOOD}[Authentication]\nProvider = pam\n[PAM]\nService = x\n[HTTPS]\nListen = :443\n\
         Certificate = /etc/ssl/c.pem\n[Applications]\nRunAs = publisher\n[SMTP]\nPassword = {}\n",
        "qL5nGZP2nqEJCAWnhwVkXhGq0d0V1mPb6JmWbkJ8v2nB1m6Y0kq7sT3eR9wXzA=="
    );
    write(folder.path(), "c.gcfg", &text);
    let (_, report) = check(folder.path(), &["--from", "c.gcfg"]);
    for (code, setting) in [
        ("host-accounts", "PAM.Service"),
        ("https-termination", "HTTPS.Listen"),
        ("encrypted-settings", "SMTP.Password"),
    ] {
        let check = one(&report, code);
        assert_eq!(check["status"], "warn", "{code}");
        let details = check["details"].to_string();
        assert!(details.contains(setting), "{details}");
        assert!(check["remedy"].is_string());
    }
    assert!(
        !report.to_string().contains("qL5nGZP2"),
        "a secret is shown"
    );
}

#[test]
fn traps_in_values_are_found() {
    let folder = tempfile::tempdir().unwrap();
    write(folder.path(), "c.gcfg", GOOD);
    let values = "sharedStorage: {mount: true}\nconfig:\n  Scheduler: {MaxProcesses: 2000000}\n  http: {Listen: ':80'}\n  Server: {Address: https://other.example.com}\n";
    write(folder.path(), "v.yaml", values);
    let (code, report) = check(
        folder.path(),
        &[
            "--from",
            "c.gcfg",
            "-f",
            "v.yaml",
            "--connect-version",
            "2026.08.0",
        ],
    );
    assert_eq!(code, 4);
    assert_eq!(status(&report, "values-numbers"), "fail");
    assert_eq!(status(&report, "values-case"), "fail");
    assert_eq!(status(&report, "values-render"), "pass");
    assert_eq!(status(&report, "values-both-backends"), "pass");
    assert_eq!(status(&report, "values-chart-defaults"), "warn");
    assert_eq!(status(&report, "connect-version"), "pass");
    assert_eq!(status(&report, "backend-version"), "pass");
}

#[test]
fn the_chart_tells_the_version_that_would_run() {
    let folder = tempfile::tempdir().unwrap();
    let chart = folder.path().join("chart");
    fs::create_dir(&chart).unwrap();
    write(
        &chart,
        "Chart.yaml",
        "name: rstudio-connect\nversion: 0.9.5\nappVersion: 2026.04.1\n",
    );
    write(
        &chart,
        "values.yaml",
        "config: {}\nlauncher: {enabled: true}\n",
    );
    let (code, report) = check(
        folder.path(),
        &["./chart", "--connect-version", "2026.08.0"],
    );
    assert_eq!(code, 4);
    let versions = one(&report, "connect-version");
    assert!(versions["evidence"].as_str().unwrap().contains("2026.04.1"));
    // There is no Helm to ask the chart.
    assert_eq!(status(&report, "chart-version"), "not-asked");
}

#[test]
fn a_data_directory_is_walked() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    fs::create_dir_all(data.join("db")).unwrap();
    write(&data, "db/secret.key", "k");
    write(&data, "file", "12345");
    let (code, report) = check(folder.path(), &["--data-dir", "data"]);
    let owners = one(&report, "data-owners");
    let me = fs::metadata(&data).unwrap();
    if (me.uid(), me.gid()) == (999, 999) {
        assert_eq!((code, owners["status"].as_str()), (0, Some("pass")));
    } else {
        assert_eq!((code, owners["status"].as_str()), (4, Some("fail")));
        let evidence = owners["evidence"].as_str().unwrap();
        assert!(evidence.starts_with("4 of 4 entries"), "{evidence}");
        assert!(owners["command"].as_str().unwrap().starts_with("chown -R"));
    }
    let size = one(&report, "data-size")["evidence"].as_str().unwrap();
    assert!(size.starts_with("6 B in 2 files and 2 folders"), "{size}");
    assert_eq!(status(&report, "data-readable"), "pass");
    assert_eq!(status(&report, "data-keys"), "warn");
}

#[test]
fn a_table_is_for_people() {
    let folder = tempfile::tempdir().unwrap();
    write(folder.path(), "c.gcfg", "[Database]\nProvider = sqlite\n");
    connect_migrate()
        .current_dir(folder.path())
        .env("PATH", folder.path())
        .args(["check", "--from", "c.gcfg"])
        .assert()
        .code(4)
        .stdout(predicates::str::contains("  fail      database-provider\n"))
        .stdout(predicates::str::contains("\u{1b}").count(0));
}
