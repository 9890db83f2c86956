//! `gcfg`: the way back.

use predicates::prelude::PredicateBooleanExt as _;
use predicates::str::contains;
use serde_json::Value;

use crate::support::connect_migrate;
use crate::support::form::json;

const VALUES: &str = "\
# Mine.
sharedStorage: {create: true}
license: {file: {secret: connect-license}}
config:
  Server: {Address: 'https://connect.example.com', PublicWarning: '\"a; b\"'}
  HTTP: null
pod:
  env:
    - name: CONNECT_POSTGRES_PASSWORD
      valueFrom: {secretKeyRef: {name: connect, key: pw}}
";

#[test]
fn the_file_goes_to_standard_output_and_the_account_to_standard_error() {
    let assert = connect_migrate()
        .args(["gcfg", "-f", "-"])
        .write_stdin(VALUES)
        .assert()
        .success()
        .stderr(contains(
            "restore Postgres.Password: put it back from Secret connect key pw",
        ))
        .stderr(contains("values  license.file.secret"))
        .stderr(contains("drop    Kubernetes.Enabled"));
    let gcfg = String::from_utf8(assert.get_output().stdout.clone()).unwrap();
    assert!(gcfg.contains("\n[Server]\nAddress = https://connect.example.com\n"));
    assert!(gcfg.contains("PublicWarning = \"a; b\"\n"), "{gcfg}");
    assert!(!gcfg.contains("[HTTP]"));
    assert!(gcfg.contains("; Password =\n"));
    connect_migrate::gcfg::parse_text("out", &gcfg).unwrap();
}

#[test]
fn files_are_written_once_and_for_their_owner() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("values.yaml"), VALUES).unwrap();
    let run = |more: &[&str]| {
        let mut command = connect_migrate();
        command
            .current_dir(folder.path())
            .args(["gcfg", "-f", "values.yaml"])
            .args(["--out", "out.gcfg", "--report", "report.json"])
            .args(more);
        command.assert()
    };
    run(&[]).success().stdout("");
    run(&[]).code(1).stderr(contains("--force"));
    run(&["--force"]).success();
    let report = std::fs::read_to_string(folder.path().join("report.json")).unwrap();
    let report: Value = json("gcfg", &report);
    assert_eq!(report["schema"], 1);
    let password = report["settings"]
        .as_array()
        .unwrap()
        .iter()
        .find(|row| row["setting"] == "Postgres.Password")
        .unwrap();
    assert_eq!(password["action"], "restore");
    assert_eq!(password["source"], "environment");
    assert_eq!(report["summary"]["restore"], 1);
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        let mode = std::fs::metadata(folder.path().join("out.gcfg"));
        assert_eq!(mode.unwrap().permissions().mode() & 0o777, 0o600);
    }
}

#[test]
fn values_without_a_way_back_are_refused() {
    for (values, code) in [
        ("config: {A_B: {K: v}}\n", "gcfg-"),
        (
            "config: {A: {K: \"a\\nb = \\\"\"}}\n",
            "gcfg-string-not-terminated",
        ),
        ("config: text\n", "chart-refuses-values"),
        ("config: {A: {K: \"\\x07\"}}\n", "chart-refuses-values"),
        ("config: [\n", "values-not-yaml"),
    ] {
        connect_migrate()
            .args(["gcfg", "-f", "-"])
            .write_stdin(values)
            .assert()
            .code(3)
            .stdout("")
            .stderr(contains(code).and(contains("Error").not()));
    }
}
