//! The second half of a migration, and charts that are not as simple.

use crate::connect_stand_in::{Config, StandIn};
use crate::support::form::printed;
use predicates::str::contains;
use serde_json::Value;

use super::{Place, places};
use crate::support::chart::{chart_dir, documents, is_real};
use crate::support::tools::helms;

fn state(status: &Value, step: usize) -> &str {
    status["steps"][step - 1]["state"].as_str().unwrap()
}

#[test]
fn overlay_rebuild_and_revert() {
    for helm in helms() {
        let Some(place) = Place::new(&helm, "whole") else {
            return;
        };
        let connect = StandIn::start(Config::with_items(4).version(2026, 8, 0)).unwrap();
        place.namespace.server.stand_before(connect.url());
        let ours = |args: &[&str]| {
            let mut command = place.ours(args);
            command.env("CONNECT_API_KEY", connect.api_key());
            command.assert()
        };
        let status = || -> Value {
            let output = ours(&["status", "--output", "json"]).success();
            printed("status", output.get_output())
        };
        place.deploy("rsc", true, &[]);
        let before = status();
        assert_eq!(places(&before), ["on"; 4], "{}", helm.version);
        assert_eq!(
            [5, 6, 7, 8].map(|n| state(&before, n)),
            ["done", "done", "unknown", "to-do"]
        );
        let server = format!("http://{}", place.namespace.server.address);
        ours(&[
            "rebuild",
            "--all",
            "--yes",
            "--release",
            "rsc",
            "--server",
            &server,
        ])
        .success();
        assert_eq!(connect.control().builds().len(), 4);
        let rebuilt = status();
        assert_eq!([7, 8].map(|n| state(&rebuilt, n)), ["done", "to-do"]);
        let next = rebuilt["next"].as_str().unwrap();
        assert!(
            next.starts_with("helm connect-migrate revert rsc -n "),
            "{next}"
        );
        ours(&["revert", "rsc", "--yes"]).success();
        let after = status();
        assert_eq!(places(&after), ["off"; 4], "{}", helm.version);
        assert_eq!([5, 7, 8].map(|n| state(&after, n)), ["done"; 3]);
    }
}

/// A chart with Connect's as a sub-chart under another name, a hook, and braces that are no template.
fn umbrella(place: &Place) -> String {
    let chart = place.home.path().join("umb");
    let copied = std::process::Command::new("mkdir")
        .arg("-p")
        .arg(chart.join("charts"))
        .arg(chart.join("templates"))
        .status();
    assert!(copied.unwrap().success());
    let copied = std::process::Command::new("cp")
        .arg("-r")
        .arg(chart_dir())
        .arg(chart.join("charts/rstudio-connect"))
        .status();
    assert!(copied.unwrap().success());
    let write = |path: &str, text: &str| std::fs::write(chart.join(path), text).unwrap();
    write(
        "Chart.yaml",
        "apiVersion: v2\nname: umb\nversion: 1.2.3\nappVersion: 2026.08.0\ndependencies:\n- {name: rstudio-connect, version: '>=0.1.0', alias: pub, condition: pub.enabled}\n- {name: rstudio-connect, version: '>=0.1.0', alias: spare, condition: spare.enabled}\n",
    );
    write(
        "values.yaml",
        "pub: {enabled: true, sharedStorage: {create: true}}\nspare: {enabled: false}\nbig: 12345678\n",
    );
    write(
        "templates/two.yaml",
        "# {{ .Release.Name }}\napiVersion: v1\nkind: ConfigMap\nmetadata: {name: braces}\ndata:\n  text: '{{ \"{{ .Values.nothing }} {{- end }}\" }}'\n  big: {{ .Values.big | int | quote }}\n---\napiVersion: v1\nkind: ConfigMap\nmetadata: {name: another}\n---\n# nothing but a comment\n",
    );
    write(
        "templates/hook.yaml",
        "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: hook\n  annotations: {helm.sh/hook: post-upgrade}\ndata: {braces: '{{ \"{{\" }}'}\n",
    );
    write(
        "templates/NOTES.txt",
        "Revision of {{ .Chart.Name }}: {{ \"{{ x }}\" }}\n",
    );
    chart.to_string_lossy().into_owned()
}

#[test]
fn an_umbrella_chart_comes_back_whole() {
    if is_real() {
        return; // its own library would have to be moved into place
    }
    for helm in helms() {
        let Some(place) = Place::new(&helm, "umbrella") else {
            return;
        };
        let chart = umbrella(&place);
        place.helm(&["install", "rsc", &chart]).success();
        let all = || {
            let text = |what: &str| {
                let got = place.helm(&["get", what, "rsc"]).success();
                String::from_utf8(got.get_output().stdout.clone()).unwrap()
            };
            ["manifest", "hooks", "notes"].map(text)
        };
        let [manifest, hooks, notes] = all();
        place.ours(&["upgrade", "rsc", &chart]).assert().success();
        place.namespace.settled();
        assert_eq!(places(&place.status(&[])), ["on"; 4], "{}", helm.version);
        let run = place.ours(&["revert", "rsc", "--yes"]).assert().success();
        run.stderr(contains("ConfigMap rsc-pub-config"));
        let [manifest_now, hooks_now, notes_now] = all();
        if !helm.is_four() {
            assert_eq!(manifest_now, manifest, "{}", helm.version);
            assert_eq!(hooks_now, hooks, "{}", helm.version);
        }
        // Helm 4 drops documents of nothing but comments.
        let objects = |text: &str| {
            let mut all = documents(text);
            all.retain(|document| *document != connect_migrate::yaml::Value::Null);
            all
        };
        assert_eq!(
            objects(&manifest_now),
            objects(&manifest),
            "{}",
            helm.version
        );
        assert_eq!(objects(&hooks_now), objects(&hooks), "{}", helm.version);
        assert_eq!(notes_now, notes, "{}", helm.version);
        let listed = place.helm(&["list", "--output", "json"]).success();
        let listed: Value = serde_json::from_slice(&listed.get_output().stdout).unwrap();
        assert_eq!(listed[0]["chart"], "umb-1.2.3");
    }
}
