//! `diff`.

use std::path::PathBuf;

use predicates::prelude::PredicateBooleanExt as _;
use predicates::str::{contains, is_empty};
use serde_json::Value;

use crate::support::chart::{chart_dir, template};
use crate::support::connect_migrate;
use crate::support::form;
use crate::support::tools::helms;

const OLD: &str = "\
[http]
Listen = :3939
[Postgres]
Password = hunter2
URL = \"postgres://connect@db/connect\"
[Python]
Enabled = yes
Executable = /opt/python/3.11/bin/python
[Server]
Address = https://old.example.com
";

const VALUES: &str = "\
sharedStorage: {create: true}
config:
  HTTP: {Listen: ':3939'}
  Postgres: {URL: '\"postgres://connect@db/connect\"'}
  Server: {Address: 'https://new.example.com', DataDir: null}
  Python: {Executable: null}
pod:
  env:
    - name: CONNECT_POSTGRES_PASSWORD
      valueFrom: {secretKeyRef: {name: connect, key: pw}}
    - {name: CONNECT_SERVER_ADDRESS, value: 'https://hidden.example.com'}
";

struct Files {
    folder: tempfile::TempDir,
}

impl Files {
    fn new() -> Self {
        let files = Self {
            folder: tempfile::tempdir().unwrap(),
        };
        files.write("old.gcfg", OLD);
        files.write("values.yaml", VALUES);
        files
    }

    fn write(&self, name: &str, text: &str) -> PathBuf {
        let path = self.path(name);
        std::fs::write(&path, text).unwrap();
        path
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn diff(&self) -> assert_cmd::Command {
        let mut command = connect_migrate();
        command.current_dir(self.folder.path());
        command.args(["diff", "--from", "old.gcfg"]);
        command
    }
}

/// `setting: status` of every row of a JSON report that is about the user's settings.
fn statuses(json: &[u8]) -> Vec<String> {
    let report: Value = form::json("diff", json);
    report["settings"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|row| !row["before"].is_null())
        .map(|row| {
            let text = |key: &str| row[key].as_str().unwrap().to_owned();
            format!("{}: {}", text("setting"), text("status"))
        })
        .collect()
}

const EXPECTED: [&str; 6] = [
    "HTTP.Listen: same",
    "Postgres.Password: not-compared",
    "Postgres.URL: same",
    "Python.Enabled: same",
    "Python.Executable: only-before",
    "Server.Address: changed",
];

#[test]
fn helm_a_manifest_and_our_rules_give_the_same_comparison() {
    let files = Files::new();
    let json = |command: &mut assert_cmd::Command| {
        command.args(["--output", "json"]);
        command.assert().success().get_output().stdout.clone()
    };
    let ours = json(files.diff().args(["-f", "values.yaml"]));
    assert_eq!(statuses(&ours), EXPECTED);
    let settings = |json: &[u8]| {
        let report: Value = form::json("diff", json);
        let mut settings = report["settings"].clone();
        // Where a line stands differs by name alone.
        for row in settings.as_array_mut().unwrap() {
            for side in ["before", "after"] {
                if let Some(side) = row[side].as_object_mut() {
                    side.remove("origin");
                }
            }
        }
        settings
    };
    for helm in helms() {
        let by_helm = json(
            files
                .diff()
                .env("HELM_BIN", &helm.path)
                .args(["-f", "values.yaml"])
                .arg(chart_dir()),
        );
        assert_eq!(settings(&by_helm), settings(&ours), "helm {}", helm.version);

        let chart = chart_dir();
        let values = files.path("values.yaml");
        let manifest = template(
            &helm,
            &[
                "connect",
                chart.to_str().unwrap(),
                "-f",
                values.to_str().unwrap(),
            ],
        );
        let from_manifest = json(files.diff().args(["--manifest", "-"]).write_stdin(manifest));
        assert_eq!(settings(&from_manifest), settings(&ours));
    }
}

#[test]
fn credentials_are_compared_but_never_shown() {
    let files = Files::new();
    let run = |secret: &str| {
        files.write(
            "secret.yaml",
            &format!("kind: Secret\nmetadata: {{name: connect}}\nstringData: {{pw: {secret}}}\n"),
        );
        let mut command = files.diff();
        command.args(["-f", "values.yaml", "--secrets", "secret.yaml", "--all"]);
        let assert = command
            .assert()
            .success()
            .stdout(contains("hunter").not())
            .stderr(contains("hunter").not());
        let stdout = String::from_utf8(assert.get_output().stdout.clone()).unwrap();
        let line = stdout
            .lines()
            .find(|line| line.starts_with("Postgres.Password"));
        line.unwrap()
            .split_whitespace()
            .collect::<Vec<_>>()
            .join(" ")
    };
    assert_eq!(
        run("hunter2"),
        "Postgres.Password same *** *** from Secret connect key pw"
    );
    assert_eq!(
        run("hunter3"),
        "Postgres.Password changed *** *** from Secret connect key pw"
    );
}

#[test]
fn a_variable_that_the_file_hides_is_pointed_out() {
    Files::new()
        .diff()
        .args(["-f", "values.yaml"])
        .assert()
        .success()
        .stdout(contains("the file hides CONNECT_SERVER_ADDRESS"))
        .stdout(contains("hidden.example.com").not());
}

#[test]
fn the_detailed_exit_code_tells_differences() {
    let files = Files::new();
    files
        .diff()
        .args(["-f", "values.yaml", "--detailed-exitcode"])
        .assert()
        .code(2);
    // What a manifest says against itself; Connect's own default is no difference, and neither is a
    // credential that moved out of sight.
    files.write(
        "old.gcfg",
        "[Postgres]\nPassword = x\n[Chronicle]\nEnabled = no\n",
    );
    let manifest = "\
kind: ConfigMap
metadata: {name: c}
data: {rstudio-connect.gcfg: \"[Chronicle]\\nEnabled = false\\n[Authentication]\\nProvider = password\\n\"}
---
kind: Deployment
spec:
  template:
    spec:
      containers:
        - name: connect
          env: [{name: CONNECT_POSTGRES_PASSWORD, valueFrom: {secretKeyRef: {name: s, key: k}}}]
          volumeMounts: [{name: v, mountPath: /etc/rstudio-connect/rstudio-connect.gcfg}]
      volumes: [{name: v, configMap: {name: c}}]
";
    files
        .diff()
        .args(["--manifest", "-", "--detailed-exitcode"])
        .write_stdin(manifest)
        .assert()
        .code(0)
        .stdout(contains("not-compared"));
}

#[test]
fn the_migration_file_is_read_too() {
    let files = Files::new();
    files.write(
        "rstudio-connect-migration.gcfg",
        "[New]\nFromMigration = 1\n",
    );
    files
        .diff()
        .args(["-f", "values.yaml"])
        .assert()
        .success()
        .stdout(contains("New.FromMigration"))
        .stderr(contains("rstudio-connect-migration.gcfg too"));
}

#[test]
fn bad_input_is_refused_with_its_place() {
    let files = Files::new();
    files.write("bad.yaml", "config:\n  HTTP: {Listen: .inf}\n");
    files
        .diff()
        .args(["-f", "bad.yaml"])
        .assert()
        .code(3)
        .stdout(is_empty())
        .stderr(contains("bad.yaml:2:18").and(contains("values-not-yaml")));
    files.write("none.yaml", "sharedStorage: {create: false}\n");
    files
        .diff()
        .args(["-f", "none.yaml"])
        .assert()
        .code(3)
        .stderr(contains("chart-refuses-values"));
    files
        .diff()
        .args(["--manifest", "values.yaml"])
        .assert()
        .code(3)
        .stderr(contains("manifest-unusable"));
    files
        .diff()
        .args(["-f", "values.yaml", "--manifest", "x"])
        .assert()
        .code(2);
    files.write(
        "broken.yaml",
        "sharedStorage: {create: true}\nconfig: {A_B: {K: v}}\n",
    );
    files
        .diff()
        .args(["-f", "broken.yaml"])
        .assert()
        .code(3)
        .stderr(contains("gcfg-"));
}

#[test]
fn without_a_helm_our_own_rules_serve_and_say_so() {
    let files = Files::new();
    files.write("none.yaml", "sharedStorage: {create: false}\n");
    let diff = || {
        let mut command = files.diff();
        command.env("PATH", "/nowhere");
        command
    };
    diff()
        .args(["-f", "values.yaml"])
        .arg(chart_dir())
        .assert()
        .code(0)
        .stderr(contains("our own rules of chart").and(contains("there is no Helm here")));
    // They are as strong as without CHART, whatever form it has.
    for chart in [
        chart_dir().display().to_string(),
        "rstudio/rstudio-connect".to_owned(),
    ] {
        diff()
            .args(["-f", "none.yaml", &chart])
            .assert()
            .code(3)
            .stdout(is_empty())
            .stderr(contains("chart-refuses-values").and(contains("there is no Helm here")));
    }
    diff().args(["-f", "none.yaml"]).assert().code(3);
    // What is wrong with the chart is said of its own files, not of a Helm that nobody has.
    std::fs::create_dir(files.folder.path().join("chart")).unwrap();
    let broken = |manifest: &str, defaults: &str, code: i32, place: &str| {
        files.write("chart/Chart.yaml", manifest);
        files.write("chart/values.yaml", defaults);
        diff()
            .args(["-f", "values.yaml", "chart"])
            .assert()
            .code(code)
            .stdout(is_empty())
            .stderr(contains(place).and(contains("helm show").not()));
    };
    broken("name: [\n", "", 3, "chart/Chart.yaml:2:1");
    broken(
        "name: x\n",
        "",
        1,
        "chart/Chart.yaml is no chart's: there is no version",
    );
    broken(
        "name: x\nversion: 1.0.0\n",
        "a: 1\nb: [\n",
        3,
        "chart/values.yaml:3:1",
    );
    broken(
        "name: x\nversion: 1.0.0\n",
        "a: 1\n",
        1,
        "chart x (chart) has no values",
    );
}

#[test]
fn a_helm_that_is_named_and_not_there_is_an_error() {
    let files = Files::new();
    files
        .diff()
        .env("HELM_BIN", "/nowhere/helm")
        .args(["-f", "values.yaml"])
        .arg(chart_dir())
        .assert()
        .code(1)
        .stdout(is_empty())
        .stderr(contains("HELM_BIN names /nowhere/helm"));
}

#[test]
fn what_helm_says_is_passed_on() {
    let files = Files::new();
    files.write("none.yaml", "sharedStorage: {create: false}\n");
    for helm in helms() {
        files
            .diff()
            .env("HELM_BIN", &helm.path)
            .args(["-f", "none.yaml"])
            .arg(chart_dir())
            .assert()
            .code(3)
            .stdout(is_empty())
            .stderr(contains("chart-refuses-values").and(contains("rendered by Helm v")));
    }
}

#[test]
fn helm_is_found_by_name_and_told_where_to_work() {
    let files = Files::new();
    for helm in helms() {
        let folder = helm.path.parent().unwrap();
        let name = helm.path.file_name().unwrap();
        files
            .diff()
            .env("PATH", folder)
            .env("HELM_BIN", name)
            .args(["-f", "-", "--namespace", "team", "--release", "prod"])
            .arg(chart_dir())
            .write_stdin(VALUES)
            .assert()
            .success()
            .stdout(
                contains("prod-rstudio-connect-shared-storage").and(
                    predicates::str::is_match("Kubernetes.Namespace +only-after +team").unwrap(),
                ),
            );
    }
}

#[test]
fn one_of_several_configurations_is_named() {
    let files = Files::new();
    let config = |name: &str, address: &str| {
        format!(
            "kind: ConfigMap\nmetadata: {{name: {name}}}\ndata: {{rstudio-connect.gcfg: \"[Server]\\nAddress = {address}\\n\"}}\n"
        )
    };
    let other = config("other", "https://other.example.com");
    let ours = config("ours", "https://old.example.com");
    files.write("manifest.yaml", &format!("{other}---\n{ours}"));
    files
        .diff()
        .args(["--manifest", "manifest.yaml"])
        .assert()
        .code(3)
        .stdout(is_empty())
        .stderr(contains("other, ours").and(contains("--config-map")));
    for (name, same) in [("ours", true), ("other", false)] {
        let assert = files
            .diff()
            .args(["--manifest", "manifest.yaml", "--config-map", name])
            .args(["--output", "json"])
            .assert()
            .success();
        let seen = statuses(&assert.get_output().stdout);
        let address = "Server.Address: same".to_owned();
        assert_eq!(seen.contains(&address), same, "{name}: {seen:?}");
    }
}
