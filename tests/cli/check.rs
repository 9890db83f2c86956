//! `check`: what an administrator sees before the migration.

use std::fs;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

use serde_json::Value as Json;

use crate::support::connect_migrate;
use crate::support::form::printed;

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
    let report = printed("check", &output);
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
    // What to do about accounts depends on who signs users in.
    let remedy = |report: &Json| one(report, "host-accounts")["remedy"].to_string();
    assert!(remedy(&report).contains("PAM reads"), "{report:#}");
    let text = format!("{GOOD}[Applications]\nRunAs = publisher\n");
    write(folder.path(), "r.gcfg", &text);
    let (_, report) = check(folder.path(), &["--from", "r.gcfg"]);
    assert!(!remedy(&report).contains("PAM"), "{report:#}");
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

/// Each trap that docs/checks.md describes, by values that fall into it and by the answer to others.
#[test]
fn each_trap_has_its_check() {
    let folder = tempfile::tempdir().unwrap();
    write(folder.path(), "c.gcfg", GOOD);
    let storage = "sharedStorage: {mount: true, name: data}\nlicense: {file: {secret: l}}\n";
    let same =
        "config:\n  Server: {Address: 'https://c.example.com'}\n  Database: {Provider: postgres}\n";
    write(folder.path(), "good.yaml", &format!("{storage}{same}"));
    let of = |values: &str| {
        write(folder.path(), "v.yaml", values);
        check(
            folder.path(),
            &["--from", "c.gcfg", "-f", "good.yaml", "-f", "v.yaml"],
        )
        .1
    };
    let good = of("");
    for (code, values, expected) in [
        ("values-read", "config: {SMTP: {User: 'CORP\\svc'}}", "fail"),
        ("values-read", "config: {SMTP: {User: 'a;b'}}", "warn"),
        (
            "values-disagree",
            "config: {Postgres: {URL: 'postgres://c@other/c'}}",
            "warn",
        ),
        (
            "values-data-directory",
            "config: {Server: {DataDir: /elsewhere}}",
            "fail",
        ),
        (
            "values-address",
            "ingress: {enabled: true, hosts: [{host: other.example.com, paths: [/]}]}",
            "warn",
        ),
        ("values-ports", "pod: {port: 81}", "fail"),
        ("values-license", "license: {key: x}", "warn"),
        (
            "values-namespaces",
            "backends: {kubernetes: {enabled: true}}\nconfig: {Kubernetes: {Namespace: theirs}}",
            "warn",
        ),
        ("values-replicas", "replicas: 2", "warn"),
        (
            "values-replicas",
            "replicas: 2\nconfig: {Database: {Provider: sqlite}}",
            "fail",
        ),
    ] {
        assert_eq!(status(&good, code), "pass", "{:#}", one(&good, code));
        let found = of(values);
        assert_eq!(status(&found, code), expected, "{:#}", one(&found, code));
    }

    // The account's tasks and what it wants looked at, with their codes.
    let odd = format!("{GOOD}[Odd]\nSetting = 1\n");
    write(folder.path(), "odd.gcfg", &odd);
    let (_, report) = check(folder.path(), &["--from", "odd.gcfg"]);
    for (code, detail) in [
        ("configuration-review", "Odd.Setting [unknown-setting]"),
        ("configuration-tasks", "[storage]"),
    ] {
        let check = one(&report, code);
        assert_eq!(check["status"], "warn", "{check:#}");
        assert!(check["details"].to_string().contains(detail), "{check:#}");
    }
}

/// A near version may do for Quarto and not for the others.
#[test]
fn each_language_is_judged_as_documented() {
    let folder = tempfile::tempdir().unwrap();
    let used = [
        ("r", "R 3.5.0", "fail"),
        ("python", "Python 3.7.0", "fail"),
        ("quarto", "Quarto 1.0.0", "warn"),
        ("nodejs", "Node.js 16.0.0", "fail"),
        ("tensorflow", "TensorFlow 2.0.0", "fail"),
    ];
    let version = |shown: &str| shown.split_once(' ').unwrap().1.to_owned();
    let mut inventory = "content:\n".to_owned();
    for (number, (key, shown, _)) in used.iter().enumerate() {
        let guid = format!("11111111-1111-4111-8111-11111111111{number}");
        inventory += &format!("  - {{guid: {guid}, {key}: {}}}\n", version(shown));
    }
    write(folder.path(), "inventory.yaml", &inventory);
    let judged = |installed: &dyn Fn(&str) -> String| {
        let languages = used.map(|(key, shown, _)| {
            let version = installed(shown);
            format!("{key}: {{installations: [{{version: {version}, path: /x}}]}}")
        });
        let languages = languages.join(", ");
        let values = format!("executionEnvironments: [{{name: x, {languages}}}]\n");
        write(folder.path(), "v.yaml", &values);
        let args = ["--inventory", "inventory.yaml", "-f", "v.yaml"];
        check(folder.path(), &args).1
    };
    let (same, others) = (judged(&version), judged(&|_| "99.0.0".to_owned()));
    for (key, shown, expected) in used {
        let code = format!("runtimes-{key}");
        assert_eq!(status(&same, &code), "pass", "{code}");
        let check = one(&others, &code);
        assert_eq!(check["status"], expected, "{check:#}");
        assert!(check["details"].to_string().contains(shown), "{check:#}");
    }
}

/// The parts of the plugin are told apart by their versions.
#[test]
fn a_manifest_of_another_version_is_warned_of() {
    let folder = tempfile::tempdir().unwrap();
    let manifest = fs::read_to_string("plugin.yaml").unwrap();
    let version = env!("CARGO_PKG_VERSION");
    assert!(manifest.contains(version));
    for (text, expected) in [
        (manifest.clone(), "pass"),
        (manifest.replace(version, "0.0.9"), "not pass"),
    ] {
        write(folder.path(), "plugin.yaml", &text);
        let output = connect_migrate()
            .current_dir(folder.path())
            .env("PATH", folder.path())
            .env("HELM_PLUGIN_DIR", folder.path())
            .args(["check", "--output", "json"])
            .output()
            .unwrap();
        let report: Json = serde_json::from_slice(&output.stdout).unwrap();
        let found = status(&report, "plugin-version");
        assert_eq!(found == "pass", expected == "pass", "{found}");
        assert_ne!(found, "not-asked");
    }
}
