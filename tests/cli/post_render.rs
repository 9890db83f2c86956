//! `post-render`, alone and under each real Helm.

use std::path::Path;
use std::process::{Command as Process, Stdio};

use assert_cmd::Command;
use connect_migrate::overlay::{detect, take_off};
use predicates::prelude::PredicateBooleanExt as _;
use predicates::str::contains;

use crate::support::chart::{chart_dir, documents};
use crate::support::connect_migrate;
use crate::support::form::json;
use crate::support::home::Home;
use crate::support::package::{binary, copy_of_the_plugin};
use crate::support::tools::{Helm, helms};

const HELM_3: &str = include_str!("../../testdata/manifests/helm3.yaml");
const UMBRELLA: &str = include_str!("../../testdata/manifests/umbrella.yaml");

/// `post-render` with its log in a folder of its own.
fn post_render(state: &Path) -> Command {
    let mut command = connect_migrate();
    command.env("XDG_STATE_HOME", state).arg("post-render");
    command
}

fn state() -> tempfile::TempDir {
    tempfile::tempdir().unwrap()
}

fn render(args: &[&str], input: impl Into<Vec<u8>>) -> assert_cmd::assert::Assert {
    let state = state();
    post_render(state.path())
        .args(args)
        .write_stdin(input)
        .assert()
}

fn stdout(assert: &assert_cmd::assert::Assert) -> Vec<u8> {
    assert.get_output().stdout.clone()
}

#[test]
fn the_stream_comes_out_with_the_settings_on() {
    let output = render(&[], HELM_3).success().stderr("");
    let output = stdout(&output);
    assert_eq!(take_off(&output).unwrap().to_vec(), HELM_3.as_bytes());
    assert!(detect(&output).unwrap().config_maps[0].in_effect);
}

/// A comment behind a quoted text is none of our bytes.
#[test]
fn a_comment_behind_the_configuration_stays() {
    for quoted in [
        r#""[Scheduler]\nMinProcessesLimit = 4\n""#,
        "'[Scheduler]\n\n    MinProcessesLimit = 4\n\n    '",
    ] {
        let input = format!(
            "---\nkind: ConfigMap\nmetadata:\n  name: c\ndata:\n  rstudio-connect.gcfg: {quoted} # it's ours\n---\nkind: Deployment\nmetadata:\n  name: d\nspec:\n  template:\n    spec:\n      containers: [{{volumeMounts: [{{name: v}}]}}]\n      volumes: [{{name: v, configMap: {{name: c}}}}]\n"
        );
        let output = stdout(&render(&[], input.clone()).success());
        let text = String::from_utf8(output.clone()).unwrap();
        assert!(text.contains(" # it's ours\n---\n"), "{text}");
        assert_eq!(take_off(&output).unwrap().to_vec(), input.into_bytes());
    }
}

#[test]
fn one_of_several_is_picked() {
    render(&[], UMBRELLA)
        .code(1)
        .stdout("")
        .stderr(contains("--configmap"));
    let output = stdout(&render(&["--configmap", "web/rel-int-config"], UMBRELLA).success());
    let shown = detect(&output).unwrap();
    let on: Vec<bool> = shown.config_maps.iter().map(|c| c.on).collect();
    assert_eq!(on, [false, true]);
    render(&["--configmap", "other/rel-int-config"], UMBRELLA)
        .code(1)
        .stderr(contains("no ConfigMap other/rel-int-config"));
    render(&["--configmap", "a/b/c"], UMBRELLA).code(2);
}

#[test]
fn more_settings_are_laid_and_credentials_are_not() {
    let output = render(
        &["--set", "Server.PublicWarning=We're moving; soon"],
        HELM_3,
    );
    let output = String::from_utf8(stdout(&output.success())).unwrap();
    assert!(output.contains("    PublicWarning = \"We're moving; soon\"\n"));
    render(&["--set", "Postgres.Password=hunter2"], HELM_3)
        .code(2)
        .stdout("")
        .stderr(contains("looks like a credential"));
}

#[test]
fn a_refusal_leaves_standard_output_empty() {
    for (input, args) in [
        ("", &[][..]),
        ("kind: Pod\n", &[]),
        (HELM_3, &["--then", "false"]),
        (HELM_3, &["--then", "sh", "-c", "cat; exit 3"]),
        (HELM_3, &["--then", "sh", "-c", "cat >/dev/null"]),
        (HELM_3, &["--then", "head", "-n", "30"]),
        (
            HELM_3,
            &[
                "--then",
                "sed",
                "s/MinProcessesLimit = 0/MinProcessesLimit = 1/",
            ],
        ),
        (HELM_3, &["--then", "no-such-program-here"]),
    ] {
        render(args, input)
            .code(1)
            .stdout("")
            .stderr(contains("Error: "));
    }
}

#[test]
fn what_a_broken_configuration_holds_is_not_shown() {
    let input = HELM_3.replace("InitTimeout = 5m", "Password hunter2");
    render(&[], input)
        .code(1)
        .stdout("")
        .stderr(contains("line 8, column 10: expected '='").and(contains("hunter2").not()));
}

#[test]
fn another_post_renderer_runs_behind() {
    let output = render(
        &["--then", "sed", "-e", "s/replicas: 1/replicas: 2/"],
        HELM_3,
    )
    .success();
    let alone = String::from_utf8(stdout(&render(&[], HELM_3))).unwrap();
    assert_eq!(
        String::from_utf8(stdout(&output)).unwrap(),
        alone.replace("replicas: 1", "replicas: 2")
    );
}

#[test]
fn every_run_leaves_a_record() {
    let state = state();
    post_render(state.path())
        .write_stdin(HELM_3)
        .assert()
        .success();
    post_render(state.path())
        .write_stdin("kind: Pod\n")
        .assert()
        .code(1);
    let report = state.path().join("report.json");
    post_render(state.path())
        .args(["--allow-missing", "--report"])
        .arg(&report)
        .write_stdin("kind: Pod\n")
        .assert()
        .success()
        .stdout("kind: Pod\n");
    let log = connect_migrate()
        .env("XDG_STATE_HOME", state.path())
        .args(["overlay", "log", "--output", "json"])
        .assert()
        .success();
    let runs: serde_json::Value = json("overlay-log", stdout(&log));
    let results: Vec<&str> = (0..3)
        .map(|n| runs[n]["result"].as_str().unwrap())
        .collect();
    assert_eq!(results, ["applied", "refused", "passed-through"]);
    assert_eq!(runs[0]["configMaps"][0]["settings"][1]["was"], "3");
    assert_eq!(
        runs[0]["configMaps"][0]["workloads"][0],
        "Deployment/rel-connect"
    );
    assert!(
        runs[1]["message"]
            .as_str()
            .unwrap()
            .starts_with("no ConfigMap")
    );
    let report: serde_json::Value =
        serde_json::from_slice(&std::fs::read(report).unwrap()).unwrap();
    assert_eq!(report["result"], "passed-through");

    connect_migrate()
        .env("XDG_STATE_HOME", state.path())
        .args(["overlay", "log", "--last", "1"])
        .assert()
        .success()
        .stdout(contains("Passed through unchanged").and(contains("Temporary").not()));
}

#[test]
fn a_log_that_cannot_be_written_does_not_matter() {
    post_render(Path::new("/dev/null"))
        .write_stdin(HELM_3)
        .assert()
        .success();
}

#[cfg(unix)]
#[test]
fn a_reader_that_goes_away_is_a_failure() {
    let state = state();
    let mut child = Process::new(binary())
        .arg("post-render")
        .env("XDG_STATE_HOME", state.path())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    drop(child.stdout.take());
    let mut input = HELM_3.as_bytes().to_vec();
    input.extend(
        b"---\n# "
            .iter()
            .copied()
            .chain(std::iter::repeat_n(b'x', 1 << 20)),
    );
    std::io::Write::write_all(&mut child.stdin.take().unwrap(), &input).unwrap();
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(1));
    assert!(!String::from_utf8_lossy(&output.stderr).contains("panicked"));
}

/// Args that make the chart of either kind render.
const CHART_ARGS: [&str; 2] = ["--set", "sharedStorage.create=true"];

fn plain(home: &Home, helm: &Helm, chart: &Path) -> String {
    let output = home
        .helm(helm)
        .args(["template", "rel"])
        .arg(chart)
        .args(CHART_ARGS)
        .assert()
        .success();
    String::from_utf8(stdout(&output)).unwrap()
}

/// `helm template` with the post-renderer, in the form that this Helm takes.
fn with_overlay(home: &Home, helm: &Helm, chart: &Path) -> Command {
    let mut command = home.helm(helm);
    command
        .env("XDG_STATE_HOME", home.path())
        .args(["template", "rel"])
        .arg(chart)
        .args(CHART_ARGS);
    if helm.is_four() {
        let folder = home.path().join("our plugin");
        if !folder.exists() {
            copy_of_the_plugin(&folder);
            std::fs::create_dir_all(folder.join("bin")).unwrap();
            std::os::unix::fs::symlink(binary(), folder.join("bin/helm-connect-migrate")).unwrap();
        }
        command.env("HELM_PLUGINS", folder.join("helm4"));
        command.args(["--post-renderer", "connect-migrate"]);
    } else {
        command.arg("--post-renderer").arg(binary());
        command.args(["--post-renderer-args", "post-render"]);
    }
    command
}

#[test]
fn under_every_helm_only_the_marked_places_differ() {
    for helm in helms() {
        let home = Home::new();
        let without = plain(&home, &helm, &chart_dir());
        let with = with_overlay(&home, &helm, &chart_dir()).assert().success();
        let with = String::from_utf8(stdout(&with)).unwrap();
        let shown = detect(with.as_bytes()).unwrap();
        let config = &shown.config_maps[0];
        assert!(config.on && config.in_effect, "{}", helm.version);
        assert_eq!(config.intact, Some(true));
        assert_eq!(config.workloads[0].checksum_matches, Some(true));

        let back = take_off(with.as_bytes()).unwrap().to_vec();
        let back = String::from_utf8(back).unwrap();
        assert_eq!(documents(&back), documents(&without), "{}", helm.version);
        if !helm.is_four() {
            assert_eq!(back, without, "{}", helm.version);
            let diff = similar::TextDiff::from_lines(&without, &with);
            for change in diff.iter_all_changes() {
                let line = change.value().trim();
                let expected = match change.tag() {
                    similar::ChangeTag::Equal => true,
                    similar::ChangeTag::Delete => false,
                    similar::ChangeTag::Insert => {
                        line.starts_with("connect-migrate/")
                            || matches!(
                                line,
                                "labels:" | "annotations:" | "" | "[Scheduler]" | "[Applications]"
                            )
                            || [
                                "MinProcessesLimit = 0",
                                "ScheduleConcurrency = 0",
                                "PythonEnvironmentReaping = false",
                            ]
                            .contains(&line)
                    }
                };
                assert!(expected, "{}{line}", change.tag());
            }
        }
    }
}

/// A chart around two Connects, with a hook and a CRD beside them.
fn umbrella(folder: &Path) -> std::path::PathBuf {
    let chart = folder.join("umbrella");
    let inner = chart.join("charts/rstudio-connect");
    copy(&chart_dir(), &inner);
    let manifest = std::fs::read_to_string(inner.join("Chart.yaml")).unwrap();
    let version = manifest
        .lines()
        .find_map(|line| line.strip_prefix("version: "))
        .unwrap();
    let dependency = |alias: &str| {
        format!("- {{name: rstudio-connect, version: {version}, repository: '', alias: {alias}}}\n")
    };
    std::fs::write(
        chart.join("Chart.yaml"),
        format!(
            "apiVersion: v2\nname: umbrella\nversion: 0.1.0\ndependencies:\n{}{}",
            dependency("pub"),
            dependency("int")
        ),
    )
    .unwrap();
    std::fs::write(
        chart.join("values.yaml"),
        "pub: &connect\n  sharedStorage: {create: true}\nint: *connect\n",
    )
    .unwrap();
    for (name, text) in [
        (
            "templates/hook.yaml",
            "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: hook\n  annotations: {\"helm.sh/hook\": pre-upgrade}\ndata:\n  rstudio-connect.gcfg: |\n    [A]\n",
        ),
        (
            "crds/crd.yaml",
            "apiVersion: apiextensions.k8s.io/v1\nkind: CustomResourceDefinition\nmetadata:\n  name: xs.example.com\nspec: {note: rstudio-connect.gcfg}\n",
        ),
    ] {
        let path = chart.join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }
    chart
}

fn copy(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let to = to.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            copy(&entry.path(), &to);
        } else {
            std::fs::copy(entry.path(), to).unwrap();
        }
    }
}

#[test]
fn an_umbrella_with_two_connects_is_no_obstacle_in_any_helm() {
    for helm in helms() {
        let home = Home::new();
        let chart = umbrella(home.path());
        let without = plain(&home, &helm, &chart);
        with_overlay(&home, &helm, &chart)
            .assert()
            .failure()
            .stderr(contains("2 ConfigMaps carry rstudio-connect.gcfg"));
        let pick = [
            "--post-renderer-args",
            "--configmap",
            "--post-renderer-args",
            "rel-int-config",
        ];
        let with = with_overlay(&home, &helm, &chart)
            .args(pick)
            .arg("--include-crds")
            .assert()
            .success();
        let with = stdout(&with);
        let on: Vec<_> = detect(&with)
            .unwrap()
            .config_maps
            .into_iter()
            .map(|found| (found.name.unwrap(), found.on))
            .collect();
        assert_eq!(on.len(), 2, "{}", helm.version);
        for (name, on) in on {
            assert_eq!(on, name == "rel-int-config", "{}", helm.version);
        }
        let back = String::from_utf8(take_off(&with).unwrap().to_vec()).unwrap();
        let mut back = documents(&back);
        back.retain(|object| {
            !matches!(
                object.get("kind").and_then(|k| k.as_str()),
                Some("CustomResourceDefinition")
            )
        });
        assert_eq!(back, documents(&without), "{}", helm.version);
    }
}

#[test]
fn every_helm_says_why_it_was_refused() {
    for helm in helms() {
        let home = Home::new();
        let chart = home.path().join("tiny");
        std::fs::create_dir_all(chart.join("templates")).unwrap();
        std::fs::write(
            chart.join("Chart.yaml"),
            "apiVersion: v2\nname: tiny\nversion: 0.1.0\n",
        )
        .unwrap();
        std::fs::write(
            chart.join("templates/a.yaml"),
            "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: 'it''s'\n",
        )
        .unwrap();
        with_overlay(&home, &helm, &chart)
            .assert()
            .failure()
            .stdout("")
            .stderr(contains(
                "no ConfigMap with the key rstudio-connect.gcfg in these manifests",
            ));
    }
}

#[test]
fn helm_3_finds_the_post_renderer_by_its_name_in_path() {
    for helm in helms().into_iter().filter(|helm| !helm.is_four()) {
        let home = Home::new();
        let bin = home.path().join("some bin");
        std::fs::create_dir(&bin).unwrap();
        std::os::unix::fs::symlink(binary(), bin.join("connect-migrate")).unwrap();
        let path = std::env::var_os("PATH").unwrap_or_default();
        let paths: Vec<_> = std::iter::once(bin)
            .chain(std::env::split_paths(&path))
            .collect();
        for args in [
            &[][..],
            &[
                "--post-renderer-args",
                "--set",
                "--post-renderer-args",
                "Server.PublicWarning=x",
            ],
        ] {
            home.helm(&helm)
                .env("PATH", std::env::join_paths(&paths).unwrap())
                .env("XDG_STATE_HOME", home.path())
                .args(["template", "rel"])
                .arg(chart_dir())
                .args(CHART_ARGS)
                .args(["--post-renderer", "connect-migrate"])
                .args(args)
                .assert()
                .success()
                .stdout(contains("connect-migrate/overlay: temporary-settings"));
        }
    }
}

/// A stream that was cut off is refused, or, where what is left is whole by itself, comes through with
/// every byte of it. YAML cannot tell more: a block of text that ends early is a shorter text.
#[test]
fn a_stream_that_was_cut_off_loses_nothing_more() {
    const JSON: &str = include_str!("../../testdata/manifests/json.yaml");
    let (mut refused, mut whole) = (0, 0);
    for input in [HELM_3, JSON] {
        for cut in (1..input.len()).step_by(input.len() / 40) {
            let input = &input.as_bytes()[..cut];
            let output = render(&[], input).get_output().clone();
            if output.status.success() {
                assert_eq!(
                    take_off(&output.stdout).unwrap().to_vec(),
                    input,
                    "at {cut}"
                );
                whole += 1;
            } else {
                assert_eq!(output.stdout, b"", "at {cut}");
                refused += 1;
            }
        }
    }
    assert!(
        refused > 20 && whole > 0,
        "{refused} refused, {whole} whole"
    );
    // A brace that never closes is no object, wherever the text ends.
    let config_map = JSON.split("\n---\n").next().unwrap().trim_end();
    render(&[], &config_map.as_bytes()[..config_map.len() - 1])
        .code(1)
        .stdout("");
}

#[test]
fn fifty_megabytes_come_through_to_the_byte() {
    let mut input = HELM_3.as_bytes().to_vec();
    let mut number = 0;
    while input.len() < 50_000_000 {
        let line = format!("    line {number}: 'é # not ours'\n");
        let data = line.repeat(2_000);
        let document = format!(
            "---\napiVersion: v1\nkind: ConfigMap\nmetadata: {{name: big-{number}}}\ndata:\n  text: |\n{data}"
        );
        input.extend_from_slice(document.as_bytes());
        number += 1;
    }
    let output = stdout(&render(&[], input.clone()).success());
    assert!(detect(&output).unwrap().config_maps[0].in_effect);
    assert!(
        output.ends_with(&input[HELM_3.len()..]),
        "other documents are as they were"
    );
    assert!(take_off(&output).unwrap().to_vec() == input);
}
