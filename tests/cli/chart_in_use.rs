//! CHART: the chart that is deployed says its defaults and judges the values, whatever its age.
//!
//! The generations in testdata are small charts of our own that differ where it matters. Real ones
//! stand in for them where `CONNECT_CHARTS` names a folder with one folder for each.

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value as Json;

use crate::support::chart::chart_dir;
use crate::support::connect_migrate;
use crate::support::tools::{Helm, helms};

const GOOD: &str = "[Server]\nAddress = https://c.example.com\n[Database]\nProvider = postgres\n\
    [Postgres]\nURL = postgres://connect@db.example.com/connect\n";

fn generations() -> Vec<PathBuf> {
    let folder = std::env::var_os("CONNECT_CHARTS")
        .map_or_else(|| "testdata/chart/generations".into(), PathBuf::from);
    let mut charts: Vec<_> = fs::read_dir(&folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .map(|path| match path.join("rstudio-connect") {
            inner if inner.is_dir() => inner,
            _ => path,
        })
        .collect();
    charts.sort();
    charts
}

fn run(helm: &Helm, folder: &Path, args: &[&str]) -> (i32, String, String) {
    let output = connect_migrate()
        .env("HELM_BIN", &helm.path)
        .current_dir(folder)
        .args(args)
        .output()
        .unwrap();
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    (
        output.status.code().unwrap(),
        text(&output.stdout),
        text(&output.stderr),
    )
}

fn absolute(path: &Path) -> String {
    fs::canonicalize(path).unwrap().display().to_string()
}

fn check<'a>(report: &'a Json, code: &str) -> &'a Json {
    let checks = report["checks"].as_array().unwrap();
    checks.iter().find(|check| check["code"] == code).unwrap()
}

#[test]
fn every_sample_is_proved_by_charts_of_every_age() {
    for (turn, chart) in generations().iter().enumerate() {
        let helms = helms();
        let Some(helm) = helms.get(turn % helms.len().max(1)) else {
            return;
        };
        for entry in fs::read_dir("testdata/gcfg").unwrap() {
            let path = entry.unwrap().path();
            if path.extension().is_none_or(|extension| extension != "gcfg") {
                continue;
            }
            let folder = tempfile::tempdir().unwrap();
            let args = [
                "values",
                &absolute(chart),
                "--pvc",
                "data",
                "--from",
                &absolute(&path),
            ];
            let (code, values, said) = run(helm, folder.path(), &args);
            assert!(
                matches!(code, 0 | 4),
                "{} {}: {said}",
                chart.display(),
                path.display()
            );
            let proved = format!("rendered by Helm v{}", helm.version);
            assert!(values.contains(&proved) && said.contains(&proved), "{said}");
        }
    }
}

#[test]
fn the_backend_follows_chart_and_version() {
    let helms = helms();
    let Some(helm) = helms.last() else { return };
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("c.gcfg"), GOOD).unwrap();
    let old = absolute(Path::new("testdata/chart/generations/0.8.12"));
    let new = absolute(&chart_dir());
    let of = |chart: &str, more: &[&str]| {
        let mut args = vec![
            "values", chart, "--from", "c.gcfg", "--pvc", "d", "--output", "json",
        ];
        args.extend(more);
        let (code, values, account) = run(helm, folder.path(), &args);
        let account: Json = serde_json::from_str(&account).unwrap_or_else(|_| panic!("{account}"));
        (code, values, account)
    };
    let (code, values, account) = of(&old, &[]);
    assert_eq!(
        (code, &account["backend"]["backend"]),
        (0, &Json::from("launcher"))
    );
    assert!(!values.contains("backends:"), "{values}");
    let (code, _, account) = of(&old, &["--backend", "kubernetes"]);
    assert_eq!(
        (code, &account["blockers"][0]["code"]),
        (4, &Json::from("backend"))
    );
    let (_, _, account) = of(&new, &[]);
    assert_eq!(account["backend"]["backend"], "kubernetes");
    let (code, _, account) = of(&new, &["--connect-version", "2025.09.1"]);
    assert_eq!(
        (code, &account["backend"]["backend"]),
        (0, &Json::from("launcher"))
    );
    let tasks = account["tasks"].to_string();
    assert!(
        tasks.contains("0.8.11, 0.8.12") && tasks.contains("2025.09.1-ubuntu-24.04"),
        "{tasks}"
    );
    let (code, _, account) = of(
        &new,
        &["--connect-version", "2025.09.1", "--backend", "kubernetes"],
    );
    assert_eq!(
        (code, &account["blockers"][0]["code"]),
        (4, &Json::from("backend"))
    );
}

#[test]
fn an_old_chart_is_judged_by_itself() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("c.gcfg"), GOOD).unwrap();
    fs::write(
        folder.path().join("v.yaml"),
        "sharedStorage: {create: true, mount: true}\nlauncher: {enabled: true}\n",
    )
    .unwrap();
    for helm in helms() {
        for chart in generations() {
            let args = [
                "check",
                &absolute(&chart),
                "--from",
                "c.gcfg",
                "-f",
                "v.yaml",
                "--output",
                "json",
            ];
            let (_, report, said) = run(&helm, folder.path(), &args);
            let report: Json = serde_json::from_str(&report).unwrap_or_else(|_| panic!("{said}"));
            assert_eq!(
                check(&report, "values-render")["status"],
                "pass",
                "{report}"
            );
            assert_eq!(check(&report, "chart-version")["status"], "pass");
            let args = ["gcfg", &absolute(&chart), "-f", "v.yaml"];
            let (code, gcfg, said) = run(&helm, folder.path(), &args);
            assert_eq!(code, 0, "{said}");
            assert!(gcfg.contains("[Server]"), "{gcfg}");
        }
    }
}

#[test]
fn what_is_in_the_way_of_own_values_is_said() {
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &str| fs::write(folder.path().join(name), text).unwrap();
    write("c.gcfg", GOOD);
    let of = |base: &str| {
        write("base.yaml", base);
        let output = connect_migrate()
            .current_dir(folder.path())
            .args(["values", "--from", "c.gcfg", "--base", "base.yaml"])
            .output()
            .unwrap();
        (
            output.status.code().unwrap(),
            String::from_utf8(output.stdout).unwrap(),
            String::from_utf8(output.stderr).unwrap(),
        )
    };
    for unreadable in [
        "config: {'LDAP \"x\"': {BindDN: 'CORP\\svc'}}",
        "config: {Section With Spaces: {Enabled: Always true}}",
    ] {
        let (code, _, said) = of(unreadable);
        assert_eq!(code, 3, "{said}");
        assert!(
            said.contains("values-unreadable") && said.contains("base.yaml:1:"),
            "{said}"
        );
    }
    let (code, _, said) = of("config: {Server: {PublicWarning: 'Maintenance #42'}}");
    assert!(code == 0 && said.contains("own-value-cut"), "{said}");
    // The volume goes where the data directory is.
    let (code, values, _) =
        of("sharedStorage: {mount: true, name: efs, path: /mnt/rs-connect/data}");
    assert_eq!(code, 0);
    assert!(
        values.contains("path: '/var/lib/rstudio-connect'"),
        "{values}"
    );
    let (code, _, said) = of("config: {A: {B: 'ENC[AES256_GCM,data:x]'}}");
    assert!(code == 3 && said.contains("sops --decrypt"), "{said}");
}
