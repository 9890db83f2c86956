//! `overlay`: show, values, remove, command.

use predicates::prelude::PredicateBooleanExt as _;
use predicates::str::contains;

use crate::support::chart::{chart_dir, gcfg_of, template};
use crate::support::connect_migrate;
use crate::support::form::printed;
use crate::support::home::Home;
use crate::support::package::{binary, copy_of_the_plugin};
use crate::support::tools::helms;

const HELM_3: &str = include_str!("../../testdata/manifests/helm3.yaml");

fn overlaid() -> Vec<u8> {
    let state = tempfile::tempdir().unwrap();
    let output = connect_migrate()
        .env("XDG_STATE_HOME", state.path())
        .arg("post-render")
        .write_stdin(HELM_3)
        .assert()
        .success();
    output.get_output().stdout.clone()
}

#[test]
fn show_says_whether_the_overlay_is_on() {
    let show = |input: &[u8]| {
        let output = connect_migrate()
            .args(["overlay", "show", "-", "--output", "json"])
            .write_stdin(input)
            .assert()
            .success();
        printed("overlay-show", output.get_output())
    };
    let on = show(&overlaid());
    assert_eq!(on["overlay"], "temporary-settings");
    assert_eq!(
        on["originals"],
        serde_json::json!({
            "Scheduler.MinProcessesLimit": null,
            "Applications.ScheduleConcurrency": "3",
            "Applications.PythonEnvironmentReaping": null,
        })
    );
    let off = show(HELM_3.as_bytes());
    assert_eq!(off["overlay"], serde_json::Value::Null);
    assert_eq!(off["originals"], serde_json::json!({}));
    assert_eq!(
        off["configMaps"][0]["effective"]["Applications.ScheduleConcurrency"],
        "3"
    );
    let gcfg = show(b"[Scheduler]\nMinProcessesLimit = 0\n[applications]\nscheduleconcurrency = 0\nPythonEnvironmentReaping = false\n");
    assert_eq!(gcfg["overlay"], "temporary-settings");
    assert_eq!(show(b"kind: Pod\n")["configMaps"], serde_json::json!([]));
}

#[test]
fn show_is_readable() {
    let show = |input: &[u8]| {
        let output = connect_migrate()
            .args(["overlay", "show", "-"])
            .write_stdin(input)
            .assert()
            .success();
        String::from_utf8(output.get_output().stdout.clone()).unwrap()
    };
    insta::assert_snapshot!(show(&overlaid()), @r"
    ConfigMap prod/rel-connect-config: temporary settings are on
      Scheduler.MinProcessesLimit = 0  (was not set)
      Applications.ScheduleConcurrency = 0  (was 3)
      Applications.PythonEnvironmentReaping = false  (was not set)
      Deployment rel-connect restarts with this configuration
    ");
    let edited = String::from_utf8(overlaid()).unwrap();
    let edited = edited.replace("    ScheduleConcurrency = 0", "    ScheduleConcurrency = 4");
    assert!(show(edited.as_bytes()).contains("changed since"));
    insta::assert_snapshot!(show(HELM_3.as_bytes()), @r"
    ConfigMap prod/rel-connect-config: temporary settings are off
      Scheduler.MinProcessesLimit = not set
      Applications.ScheduleConcurrency = 3
      Applications.PythonEnvironmentReaping = not set
      Deployment rel-connect has no checksum of the configuration
    ");
    connect_migrate()
        .args(["overlay", "show", "-"])
        .write_stdin("[a]\nb c\n")
        .assert()
        .code(3)
        .stdout("");
}

/// Makes the overlay for a values file, and looks for its settings in what every Helm makes of the two.
#[track_caller]
fn same_effect(text: &str, values: &std::path::Path, overlay: &std::path::Path) {
    std::fs::write(values, format!("sharedStorage:\n  create: true\n{text}")).unwrap();
    connect_migrate()
        .args(["overlay", "values", "-f"])
        .arg(values)
        .args([
            "--set",
            "Server.PublicWarning=<b>moving; soon</b>",
            "--force",
            "--out",
        ])
        .arg(overlay)
        .assert()
        .success()
        .stdout("");
    for helm in helms() {
        let chart = chart_dir();
        let args = [
            "rel",
            chart.to_str().unwrap(),
            "-f",
            values.to_str().unwrap(),
            "-f",
            overlay.to_str().unwrap(),
        ];
        let gcfg = gcfg_of(&template(&helm, &args));
        connect_migrate()
            .args(["overlay", "show", "-", "--output", "json"])
            .write_stdin(gcfg.clone())
            .assert()
            .success()
            .stdout(contains("\"overlay\": \"temporary-settings\""));
        assert!(
            gcfg.contains("PublicWarning = \"<b>moving; soon</b>\"\n"),
            "{gcfg}"
        );
        assert_eq!(
            gcfg.to_lowercase().matches("scheduleconcurrency").count(),
            1,
            "{text}"
        );
    }
}

/// What Connect gets with the values file on top is what it gets with the post-renderer.
#[test]
fn the_values_file_has_the_same_effect_in_every_helm() {
    let folder = tempfile::tempdir().unwrap();
    let values = folder.path().join("values.yaml");
    let overlay = folder.path().join("overlay.yaml");
    for text in [
        "config:\n  applications:\n    scheduleconcurrency: 3\n",
        "x: &x {applications: {scheduleconcurrency: 3}}\nconfig:\n  <<: *x\n",
        "x: &x {scheduleconcurrency: 3}\nconfig:\n  applications: {<<: [*x, {a: b}]}\n",
    ] {
        same_effect(text, &values, &overlay);
    }
    // Whoever finds the file learns from it what it is and how it goes.
    let written = std::fs::read_to_string(&overlay).unwrap();
    assert!(
        written.starts_with("# connect-migrate/overlay: temporary-settings"),
        "{written}"
    );
    assert!(
        written.contains("helm connect-migrate overlay remove"),
        "{written}"
    );
    connect_migrate()
        .args(["overlay", "values", "--out"])
        .arg(&overlay)
        .assert()
        .code(1)
        .stderr(contains("exists already"));
}

#[test]
fn what_was_merged_is_taken_out_in_place() {
    let folder = tempfile::tempdir().unwrap();
    let values = folder.path().join("values.yaml");
    let before = "a: 1\nconfig:\n  Server:\n    Address: x\n";
    let merged = "a: 1\nconfig:\n  Scheduler: # connect-migrate/overlay: was absent\n    MinProcessesLimit: '0' # connect-migrate/overlay: was absent\n  Server:\n    Address: x\n";
    std::fs::write(&values, merged).unwrap();
    connect_migrate()
        .args(["overlay", "remove", "-f"])
        .arg(&values)
        .assert()
        .success()
        .stdout("")
        .stderr(contains("config.Scheduler.MinProcessesLimit is gone"));
    assert_eq!(std::fs::read_to_string(&values).unwrap(), before);

    let unrecorded = "config:\n  Scheduler:\n    MinProcessesLimit: 0\n";
    std::fs::write(&values, unrecorded).unwrap();
    connect_migrate()
        .args(["overlay", "remove", "-f"])
        .arg(&values)
        .assert()
        .code(4)
        .stderr(contains("--drop"));
    assert_eq!(std::fs::read_to_string(&values).unwrap(), unrecorded);
}

/// The printed command works when it is pasted: in a shell, with the chart in the place of the
/// words in capitals.
#[test]
fn the_printed_flags_work_in_the_helm_that_asked() {
    for helm in helms() {
        let home = Home::new();
        let folder = home.path().join("source/connect-migrate");
        copy_of_the_plugin(&folder);
        std::fs::create_dir_all(folder.join("bin")).unwrap();
        std::fs::copy(binary(), folder.join("bin/helm-connect-migrate")).unwrap();
        home.install(&helm, &folder).assert().success();
        let output = home
            .helm(&helm)
            .args(["connect-migrate", "overlay", "command"])
            .args(["--set", "Server.PublicWarning=it's time"])
            .assert()
            .success()
            .stderr("");
        let mut for_programs = home.helm(&helm);
        for_programs.args(["connect-migrate", "overlay", "command", "-o", "json"]);
        printed("overlay-command", &for_programs.output().unwrap());
        let printed = String::from_utf8(output.get_output().stdout.clone()).unwrap();
        let printed = printed.trim();
        let helm_path = format!("'{}'", helm.path.display());
        let chart = format!(
            "'{}' --set sharedStorage.create=true",
            chart_dir().display()
        );
        let command = if helm.is_four() {
            printed
                .replace("helm upgrade --install", &format!("{helm_path} template"))
                .replace("RELEASE CHART -f values.yaml", &format!("rel {chart}"))
        } else {
            format!("{helm_path} template rel {chart} {printed}")
        };
        let script = home.path().join("paste.sh");
        std::fs::write(&script, command).unwrap();
        let mut shell = assert_cmd::Command::new("sh");
        shell
            .arg(&script)
            .env_clear()
            .env("PATH", std::env::var_os("PATH").unwrap_or_default())
            .env("HOME", home.path())
            .env("HELM_DATA_HOME", home.path().join("data"))
            .assert()
            .success()
            .stdout(
                contains("connect-migrate/overlay: temporary-settings")
                    .and(contains("PublicWarning = it's time")),
            );
    }
}

/// Manifests whose server mounts a second file, with what that file says.
fn with_second_file(says: &str) -> String {
    let path = "/etc/rstudio-connect/rstudio-connect-migration.gcfg";
    let mount = format!("mountPath: {path}, subPath: second.gcfg");
    with_second_mount(&mount, "secret: {secretName: theirs}", says)
}

fn with_second_mount(mount: &str, volume: &str, says: &str) -> String {
    let server = "        volumeMounts:\n";
    let volumes = "      volumes:\n";
    assert!(HELM_3.contains(server) && HELM_3.contains(volumes));
    HELM_3
        .replacen(
            server,
            &format!("{server}          - {{name: second, {mount}}}\n"),
            1,
        )
        .replacen(
            volumes,
            &format!("{volumes}        - {{name: second, {volume}}}\n"),
            1,
        )
        + &format!(
            "---\napiVersion: v1\nkind: Secret\nmetadata: {{name: theirs}}\nstringData: {{second.gcfg: {says:?}}}\n"
        )
}

#[test]
fn a_second_file_that_would_overrule_the_overlay_is_refused() {
    let render = |manifest: String| {
        let state = tempfile::tempdir().unwrap();
        connect_migrate()
            .env("XDG_STATE_HOME", state.path())
            .arg("post-render")
            .write_stdin(manifest)
            .assert()
    };
    let lay = |says: &str| render(with_second_file(says));
    lay("[Scheduler]\nminprocesseslimit = 3 ; kept-back\n")
        .failure()
        .stdout("")
        .stderr(
            contains("Secret theirs key second.gcfg, sets Scheduler.MinProcessesLimit")
                .and(contains("kept-back").not()),
        );
    lay("[LDAP \"x\"]\nBindPassword = hunter2\n[oops\n")
        .failure()
        .stdout("")
        .stderr(
            contains("Secret theirs key second.gcfg, does not parse: line 3")
                .and(contains("hunter2").not()),
        );
    lay("[LDAP \"x\"]\nBindPassword = hunter2\n").success();

    // A whole volume in the place of the folder, and one that is put together.
    let items = "items: [{key: second.gcfg, path: rstudio-connect-migration.gcfg}]";
    for volume in [
        format!("secret: {{secretName: theirs, {items}}}"),
        format!("projected: {{sources: [{{secret: {{name: theirs, {items}}}}}]}}"),
    ] {
        let says = "[Applications]\nScheduleConcurrency = 2\n";
        let mount = "mountPath: /etc/rstudio-connect";
        render(with_second_mount(mount, &volume, says))
            .failure()
            .stdout("")
            .stderr(contains(
                "Secret theirs key second.gcfg, sets Applications.ScheduleConcurrency",
            ));
    }
}

#[test]
fn what_a_second_file_says_counts_when_the_overlay_is_shown() {
    let says = "[Scheduler]\nMinProcessesLimit = 0\n[Applications]\nScheduleConcurrency = 0\nPythonEnvironmentReaping = false\n";
    let shown = |mut command: assert_cmd::Command| {
        let output = command.args(["--output", "json"]).assert().success();
        printed("overlay-show", output.get_output())["configMaps"][0]["inEffect"].clone()
    };
    let mut manifest = connect_migrate();
    manifest
        .args(["overlay", "show", "-"])
        .write_stdin(with_second_file(says));
    assert_eq!(shown(manifest), true);

    let folder = tempfile::tempdir().unwrap();
    let first = folder.path().join("rstudio-connect.gcfg");
    std::fs::write(&first, "[Scheduler]\nMinProcessesLimit = 2\n").unwrap();
    let alone = || {
        let mut command = connect_migrate();
        command.args(["overlay", "show"]).arg(&first);
        command
    };
    assert_eq!(shown(alone()), false);
    let second = first.with_file_name("rstudio-connect-migration.gcfg");
    std::fs::write(second, says).unwrap();
    assert_eq!(shown(alone()), true);
}

#[test]
fn what_no_comment_records_is_dropped_on_demand_and_below_a_key() {
    let folder = tempfile::tempdir().unwrap();
    let values = folder.path().join("values.yaml");
    let of = |minimum: &str| {
        format!("posit:\n  connect:\n    config:\n      Scheduler:{minimum}\n        Kept: 1\n")
    };
    let laid = of("\n        MinProcessesLimit: 0");
    let remove = |more: &[&str]| {
        std::fs::write(&values, &laid).unwrap();
        connect_migrate()
            .args(["overlay", "remove", "-f"])
            .arg(&values)
            .args(more)
            .assert()
    };
    let read = || std::fs::read_to_string(&values).unwrap();
    // Elsewhere there is nothing to take out.
    drop(remove(&["--drop"]));
    assert_eq!(read(), laid);
    drop(remove(&["--under", "posit.connect"]).code(4));
    assert_eq!(read(), laid);
    drop(remove(&["--under", "posit.connect", "--drop"]).success());
    assert_eq!(read(), of(""));
}
