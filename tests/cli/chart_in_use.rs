//! CHART: the chart that is deployed says its defaults and judges the values, whatever its age.
//!
//! The generations in testdata are small charts of our own that differ where it matters. Real ones
//! stand in for them where `CONNECT_CHARTS` names a folder with one folder for each.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value as Json;

use crate::support::chart::chart_dir;
use crate::support::connect_migrate;
use crate::support::form::json;
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

/// Every sample, and the two files of a pair, of which the first is given.
fn samples() -> Vec<PathBuf> {
    let mut samples: Vec<_> = fs::read_dir("testdata/gcfg")
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .map(|path| match path.is_dir() {
            true => path.join("rstudio-connect.gcfg"),
            false => path,
        })
        .collect();
    samples.sort();
    assert!(samples.len() >= 54);
    samples
}

/// Each chart with a Helm of its own, in turns; all with all where real charts are given.
fn turns() -> Vec<(PathBuf, Helm)> {
    let helms = helms();
    let all = std::env::var_os("CONNECT_CHARTS").is_some();
    let mut turns = Vec::new();
    for (turn, chart) in generations().into_iter().enumerate() {
        let chosen = helms
            .iter()
            .enumerate()
            .filter(|(number, _)| all || *number == turn % helms.len());
        turns.extend(chosen.map(|(_, helm)| (chart.clone(), helm.clone())));
    }
    turns
}

/// Every check that was printed.
fn codes(report: &Json) -> Vec<String> {
    let checks = report["checks"].as_array().unwrap();
    checks
        .iter()
        .map(|check| check["code"].to_string())
        .collect()
}

#[test]
fn every_sample_is_proved_by_charts_of_every_age() {
    let folder = tempfile::tempdir().unwrap();
    for (chart, helm) in turns() {
        let chart = absolute(&chart);
        for path in samples() {
            let sample = absolute(&path);
            let args = ["values", &chart, "--pvc", "data", "--from", &sample];
            let (code, values, said) = run(&helm, folder.path(), &args);
            assert!(matches!(code, 0 | 4), "{chart} {sample}: {said}");
            let proved = format!("rendered by Helm v{}", helm.version);
            assert!(values.contains(&proved) && said.contains(&proved), "{said}");
            let values_file = folder.path().join("values.yaml");
            fs::write(&values_file, &values).unwrap();
            let rendered = Command::new(&helm.path)
                .args(["template", "connect", &chart, "-f"])
                .arg(&values_file)
                .output()
                .unwrap();
            let complaint = String::from_utf8_lossy(&rendered.stderr).into_owned();
            assert!(rendered.status.success(), "{chart} {sample}: {complaint}");
        }
    }
}

/// The inventory's images are in what the chart makes for the server, and check finds them there.
#[test]
fn images_for_content_are_written_as_the_chart_takes_them() {
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &str| fs::write(folder.path().join(name), text).unwrap();
    write("c.gcfg", GOOD);
    write(
        "inventory.yaml",
        "content:\n  - {guid: 11111111-1111-4111-8111-111111111111, r: 4.2.3}\n  - {guid: 22222222-2222-4222-8222-222222222222, r: 4.4.0, python: 3.12.3}\n",
    );
    let charts = generations().into_iter().chain([chart_dir()]);
    for (turn, chart) in charts.enumerate() {
        let helms = helms();
        let Some(helm) = helms.get(turn % helms.len().max(1)) else {
            return;
        };
        let chart = absolute(&chart);
        let inventory = ["--inventory", "inventory.yaml"];
        let mut args = vec!["values", &chart, "--from", "c.gcfg", "--pvc", "d"];
        args.extend(inventory);
        let (code, values, said) = run(helm, folder.path(), &args);
        assert_eq!(code, 0, "{chart}: {said}");
        assert!(said.contains("content-images"), "{said}");
        write("values.yaml", &values);
        let rendered = Command::new(&helm.path)
            .args(["template", "connect", &chart, "-f", "values.yaml"])
            .current_dir(folder.path())
            .output()
            .unwrap();
        let manifest = String::from_utf8_lossy(&rendered.stdout).into_owned();
        let complaint = String::from_utf8_lossy(&rendered.stderr).into_owned();
        assert!(rendered.status.success(), "{chart}: {complaint}");
        for image in [
            "content-base:r4.2.3-py3.11.9",
            "content-base:r4.4.0-py3.12.3",
        ] {
            assert!(manifest.contains(image), "{chart}: {manifest}");
        }
        assert!(!manifest.contains("- []"), "{chart}: {manifest}");
        let mut args = vec!["check", &chart, "-f", "values.yaml", "--output", "json"];
        args.extend(inventory);
        let (_, report, _) = run(helm, folder.path(), &args);
        let report: Json = json("check", &report);
        for code in ["runtimes-r", "runtimes-python", "runtimes-together"] {
            assert_eq!(check(&report, code)["status"], "pass", "{chart}: {report}");
        }
        let mut args = vec!["check", &chart, "--suggest"];
        args.extend(inventory);
        let (_, suggested, said) = run(helm, folder.path(), &args);
        let old = values.contains("customRuntimeYaml:");
        let key = if old {
            "customRuntimeYaml:"
        } else {
            "executionEnvironments:"
        };
        assert!(suggested.contains(key), "{chart}: {suggested} {said}");
        // What the values say already stays.
        let mut args = vec![
            "values",
            &chart,
            "--from",
            "c.gcfg",
            "--base",
            "values.yaml",
        ];
        args.extend(inventory);
        let (code, again, said) = run(helm, folder.path(), &args);
        assert!(code == 0 && !again.contains(key), "{again} {said}");
    }
}

#[test]
fn the_overlay_is_proved_by_the_chart_too() {
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &str| fs::write(folder.path().join(name), text).unwrap();
    write("v.yaml", "config: {Scheduler: {MinProcessesLimit: 4}}\n");
    write(
        "umbrella.yaml",
        "connect: {config: {Scheduler: {MinProcessesLimit: 4}}}\n",
    );
    write(
        "release.yaml",
        "apiVersion: helm.toolkit.fluxcd.io/v2\nkind: HelmRelease\nspec: {values: {config: {Scheduler: {MinProcessesLimit: 4}}}}\n",
    );
    for (chart, helm) in turns() {
        let chart = absolute(&chart);
        for more in [
            &["-f", "v.yaml"][..],
            &["-f", "umbrella.yaml", "--under", "connect"],
            &["-f", "release.yaml"],
        ] {
            let args = [&["overlay", "values", &chart], more].concat();
            let (code, text, said) = run(&helm, folder.path(), &args);
            assert_eq!(code, 0, "{said}");
            assert!(text.contains("was written as 4"), "{text}");
            assert!(said.contains("rendered by Helm v"), "{said}");
        }
        let args = ["overlay", "values", "-f", "umbrella.yaml"];
        let (code, _, said) = run(&helm, folder.path(), &args);
        assert!(code == 3 && said.contains("--under connect"), "{said}");
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
        let account: Json = json("values", &account);
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
    let storage = "sharedStorage: {create: true, mount: true}\n";
    let launcher = format!("{storage}launcher: {{enabled: true}}\n");
    let values = folder.path().join("v.yaml");
    fs::write(&values, &launcher).unwrap();
    let without = [
        "check", "--from", "c.gcfg", "-f", "v.yaml", "--output", "json",
    ];
    for helm in helms() {
        let (_, report, _) = run(&helm, folder.path(), &without);
        let report: Json = json("check", &report);
        let all = codes(&report);
        for chart in generations() {
            // Later charts switch the Kubernetes backend on, and then take no Launcher.
            let defaults = fs::read_to_string(chart.join("values.yaml")).unwrap();
            let has_backends = defaults.lines().any(|line| line.starts_with("backends:"));
            fs::write(&values, if has_backends { storage } else { &launcher }).unwrap();
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
            let (_, report, _) = run(&helm, folder.path(), &args);
            let report: Json = json("check", &report);
            assert_eq!(
                check(&report, "values-render")["status"],
                "pass",
                "{report}"
            );
            assert_eq!(check(&report, "chart-version")["status"], "pass");
            assert_eq!(codes(&report), all, "{}", chart.display());
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

#[test]
fn a_value_that_a_comment_sign_cuts_is_named_on_the_way_back() {
    let folder = tempfile::tempdir().unwrap();
    let values = "config:\n  Server: {PublicWarning: 'at 6; or 7'}\n  'LDAP \"x\"': {BindPassword: 'S3cr3t#1'}\n";
    fs::write(folder.path().join("v.yaml"), values).unwrap();
    let output = connect_migrate()
        .current_dir(folder.path())
        .args(["gcfg", "-f", "v.yaml"])
        .output()
        .unwrap();
    let said = String::from_utf8(output.stderr).unwrap();
    for cut in [
        "config.Server.PublicWarning: (v.yaml:2:27) is cut by a comment sign",
        "config.LDAP \"x\".BindPassword: (v.yaml:3:30) is cut by a comment sign: Connect reads \"***\"",
    ] {
        assert!(said.contains(cut), "{said}");
    }
    assert!(!said.contains("S3cr3t"), "{said}");
}

#[test]
fn an_old_manifest_of_a_secret_is_not_passed_over() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("c.gcfg"), GOOD).unwrap();
    fs::write(folder.path().join("secret.yaml"), "old").unwrap();
    let output = connect_migrate()
        .current_dir(folder.path())
        .args(["values", "--from", "c.gcfg", "--out", "v.yaml", "--force"])
        .args(["--secret-out", "secret.yaml"])
        .output()
        .unwrap();
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(
        said.contains("secret.yaml is left as it was, from another time"),
        "{said}"
    );
    assert_eq!(fs::read(folder.path().join("secret.yaml")).unwrap(), b"old");
}

#[test]
fn what_is_no_configuration_at_all_is_said_in_few_words() {
    let folder = tempfile::tempdir().unwrap();
    let mut state = 1_u32;
    let noise: String = (0..200_000)
        .map(|_| {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            let c = char::from(32 + u8::try_from((state >> 16) % 95).unwrap());
            if (state >> 24).is_multiple_of(40) {
                '\n'
            } else {
                c
            }
        })
        .collect();
    fs::write(folder.path().join("noise"), noise).unwrap();
    for args in [
        &["values", "--from", "noise"][..],
        &["gcfg", "-f", "noise"],
        &["check", "--from", "noise"],
    ] {
        let output = connect_migrate()
            .current_dir(folder.path())
            .args(args)
            .output()
            .unwrap();
        let said = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(3), "{said}");
        assert!(said.lines().count() < 200, "{} lines", said.lines().count());
    }
}
