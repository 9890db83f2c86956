//! `upgrade`: the wrapper, as a plugin of each real Helm and called directly.
//!
//! There is no cluster here: a stand-in for Helm turns `upgrade` into `template` and hands all else
//! to the real one, so that flags, plugin folders and the post-renderer are the real Helm's.

use std::path::{Path, PathBuf};

use assert_cmd::Command;
use connect_migrate::overlay::detect;
use predicates::prelude::PredicateBooleanExt as _;
use predicates::str::contains;

use crate::support::chart::chart_dir;
use crate::support::connect_migrate;
use crate::support::home::Home;
use crate::support::package::{binary, copy_of_the_plugin, write_program};
use crate::support::tools::{Helm, helms};

/// A Helm whose `upgrade` is `template`. It writes its arguments beside itself.
fn stand_in(home: &Home, helm: &Helm) -> PathBuf {
    let path = home.path().join("helm stand-in");
    let script = format!(
        "#!/bin/bash\nif [ \"$1\" = upgrade ]; then shift; printf '%s\\n' \"$@\" > \"$0.args\"; printf '%s' \"$HELM_NAMESPACE\" > \"$0.namespace\"; exec '{real}' template \"$@\"; fi\nexec -a \"$0\" '{real}' \"$@\"\n",
        real = helm.path.display()
    );
    write_program(&path, &script);
    path
}

fn installed(home: &Home, helm: &Helm) {
    let folder = home.path().join("source/connect-migrate");
    copy_of_the_plugin(&folder);
    std::fs::create_dir_all(folder.join("bin")).unwrap();
    std::fs::copy(binary(), folder.join("bin/helm-connect-migrate")).unwrap();
    home.install(helm, &folder).assert().success();
}

fn environment<'a>(command: &'a mut Command, home: &Home) -> &'a mut Command {
    command
        .env("HOME", home.path())
        .env("HELM_DATA_HOME", home.path().join("data"))
        .env("HELM_CACHE_HOME", home.path().join("cache"))
        .env("HELM_CONFIG_HOME", home.path().join("config"))
        .env("XDG_STATE_HOME", home.path().join("state"))
}

/// The wrapper in both ways: as a plugin, and called directly.
fn both_ways(home: &Home, helm: &Helm) -> [Command; 2] {
    let stand_in = stand_in(home, helm);
    let mut plugin = Command::new(&stand_in);
    plugin.arg("connect-migrate");
    for name in ["HELM_PLUGINS", "HELM_BIN", "HELM_NAMESPACE", "KUBECONFIG"] {
        plugin.env_remove(name);
    }
    let mut direct = connect_migrate();
    direct.env("HELM_BIN", &stand_in);
    [plugin, direct].map(|mut command| {
        environment(&mut command, home).arg("upgrade");
        command
    })
}

fn lines(path: &Path) -> Vec<String> {
    let text = std::fs::read_to_string(path).unwrap();
    text.lines().map(str::to_owned).collect()
}

#[test]
fn every_helm_upgrades_with_the_settings_on() {
    for helm in helms() {
        let home = Home::new();
        installed(&home, &helm);
        for mut command in both_ways(&home, &helm) {
            let output = command
                .args(["-n", "here", "rel"])
                .arg(chart_dir())
                .args(["--set", "sharedStorage.create=true"])
                .args(["--overlay-set", "Server.PublicWarning=it's, time"])
                .assert()
                .success()
                .stderr(
                    contains("Temporary settings are on in the ConfigMap here/rel")
                        .and(contains("Scheduler.MinProcessesLimit = 0 (was not set)"))
                        .and(contains("restarts with it: Deployment/rel")),
                );
            let shown = detect(&output.get_output().stdout).unwrap();
            assert!(shown.config_maps[0].on && shown.config_maps[0].in_effect);
            assert_eq!(
                shown.config_maps[0].settings["Server.PublicWarning"],
                "it's, time"
            );
            let given = lines(&home.path().join("helm stand-in.args"));
            assert!(given.contains(&"rel".to_owned()), "{}", helm.version);
            let description = given.iter().position(|arg| arg == "--description").unwrap();
            assert_eq!(
                given[description + 1],
                "connect-migrate: temporary settings on"
            );
            // A Helm that calls a plugin keeps the flag, and hands it on in the environment.
            let namespace = lines(&home.path().join("helm stand-in.namespace"));
            assert!(namespace == ["here"] || given.windows(2).any(|two| two == ["-n", "here"]));
        }
    }
}

#[test]
fn a_post_renderer_of_the_users_runs_behind_ours() {
    for helm in helms() {
        let home = Home::new();
        installed(&home, &helm);
        let program = home.path().join("my renderer/run.sh");
        write_program(&program, "#!/bin/sh\nsed \"s/replicas: 1/replicas: $1/\"\n");
        let name = if helm.is_four() {
            std::fs::write(
                program.with_file_name("plugin.yaml"),
                "apiVersion: v1\ntype: postrenderer/v1\nname: mine\nversion: 0.1.0\nruntime: subprocess\nruntimeConfig:\n  platformCommand:\n  - command: ${HELM_PLUGIN_DIR}/run.sh\n",
            )
            .unwrap();
            std::os::unix::fs::symlink(
                home.path().join("my renderer"),
                home.plugins().join("mine"),
            )
            .unwrap();
            "mine".to_owned()
        } else {
            program.display().to_string()
        };
        for mut command in both_ways(&home, &helm) {
            command
                .arg("rel")
                .arg(chart_dir())
                .args(["--set", "sharedStorage.create=true"])
                .args(["--post-renderer", &name, "--post-renderer-args", "7"])
                .args(["--description", "mine"])
                .assert()
                .success()
                .stdout(contains("replicas: 7").and(contains("MinProcessesLimit = 0")));
            let given = lines(&home.path().join("helm stand-in.args"));
            let descriptions = given.iter().filter(|arg| *arg == "--description");
            assert_eq!(descriptions.count(), 1);
        }
    }
}

#[test]
fn helms_failure_is_ours_and_says_why() {
    for helm in helms() {
        let home = Home::new();
        installed(&home, &helm);
        let chart = home.path().join("tiny");
        std::fs::create_dir_all(chart.join("templates")).unwrap();
        std::fs::write(
            chart.join("Chart.yaml"),
            "apiVersion: v2\nname: tiny\nversion: 0.1.0\n",
        )
        .unwrap();
        std::fs::write(
            chart.join("templates/a.yaml"),
            "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: x\n",
        )
        .unwrap();
        for mut command in both_ways(&home, &helm) {
            command
                .arg("rel")
                .arg(&chart)
                .assert()
                .code(1)
                .stdout("")
                .stderr(contains(
                    "connect-migrate: Refused: no ConfigMap with the key",
                ));
        }
        for mut command in both_ways(&home, &helm) {
            command
                .args(["rel", "--no-such-flag"])
                .assert()
                .code(1)
                .stderr(contains("unknown flag: --no-such-flag"));
        }
    }
}

/// The flags in a Helm's help: name, and whether it takes the next argument.
fn flags_of(helm: &Helm) -> Vec<(String, bool)> {
    let output = std::process::Command::new(&helm.path)
        .args(["upgrade", "--help"])
        .output()
        .unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    let behind_prose = text.lines().skip_while(|line| *line != "Flags:");
    let lines = behind_prose.filter_map(|line| {
        let line = line.trim_start();
        let (short, rest) = match line.strip_prefix('-')?.split_once(", --") {
            Some((short, rest)) if short.len() == 1 => (Some(short.to_owned()), rest),
            _ => (None, line.strip_prefix("--")?),
        };
        let (name, behind) = rest.split_once(' ')?;
        // A word right behind the name is the value's; with a default of its own it is attached.
        let takes = !behind.starts_with(' ') && !behind.split(' ').next()?.contains('[')
            // Its name stands in quotes, which Helm's library takes for the value's.
            || name == "qps";
        Some(
            short
                .map(|s| format!("-{s}"))
                .into_iter()
                .chain([format!("--{name}")])
                .map(move |name| (name, takes)),
        )
    });
    lines.flatten().collect()
}

#[test]
fn every_flag_of_every_helm_is_passed_through() {
    for helm in helms() {
        let home = Home::new();
        let path = home.path().join("recorder");
        let script = format!(
            "#!/bin/bash\nif [ \"$1\" = upgrade ]; then shift; printf '%s\\n' \"$@\" > \"$0.args\"; echo helms own; exit 0; fi\nexec '{}' \"$@\"\n",
            helm.path.display()
        );
        write_program(&path, &script);
        let flags = flags_of(&helm);
        assert!(flags.len() > 50 && flags.iter().any(|(name, _)| name == "--version"));
        let mut given = Vec::new();
        for (name, takes) in &flags {
            // The help asked for is Helm's own, and the post-renderer runs behind ours.
            if ["-h", "--help", "--post-renderer", "--post-renderer-args"].contains(&&**name) {
                continue;
            }
            given.push(name.clone());
            if *takes {
                // What looks like an option of ours is a value there.
                given.push("--overlay-set".to_owned());
            }
        }
        given.extend(["rel", "chart", "-f", "-", "--", "--overlay-set"].map(str::to_owned));
        let mut command = connect_migrate();
        environment(&mut command, &home)
            .env("HELM_BIN", &path)
            .arg("upgrade")
            .args(&given)
            .assert()
            .success()
            .stdout("helms own\n");
        let recorded = lines(&home.path().join("recorder.args"));
        assert!(recorded.ends_with(&given), "{}: {recorded:?}", helm.version);
        for help in ["-h", "--help"] {
            let mut command = connect_migrate();
            environment(&mut command, &home)
                .env("HELM_BIN", &path)
                .args(["upgrade", "rel", help])
                .assert()
                .success()
                .stdout("helms own\n");
            assert_eq!(lines(&home.path().join("recorder.args")), ["rel", help]);
        }
    }
}

#[test]
fn wrong_options_stop_before_helm_runs() {
    connect_migrate()
        .env("HELM_BIN", "/nowhere/helm")
        .args([
            "upgrade",
            "rel",
            "c",
            "--overlay-set",
            "Postgres.Password=hunter2",
        ])
        .assert()
        .code(1)
        .stderr(contains("looks like a credential").and(contains("hunter2").not()));
    connect_migrate()
        .args(["upgrade", "--help"])
        .assert()
        .success()
        .stdout(contains("--overlay-set SECTION.PROPERTY=VALUE"));
}

/// A chart without a configuration is refused, unless that is meant.
#[test]
fn what_has_no_configuration_is_passed_on_demand() {
    for helm in helms() {
        let home = Home::new();
        let chart = home.path().join("other");
        std::fs::create_dir_all(chart.join("templates")).unwrap();
        let metadata = "apiVersion: v2\nname: other\nversion: 1.0.0\n";
        std::fs::write(chart.join("Chart.yaml"), metadata).unwrap();
        let pod = "apiVersion: v1\nkind: Pod\nmetadata: {name: alone}\n";
        std::fs::write(chart.join("templates/pod.yaml"), pod).unwrap();
        let upgrade = |more: &[&str]| {
            let mut command = connect_migrate();
            environment(&mut command, &home)
                .env("HELM_BIN", stand_in(&home, &helm))
                .args(["upgrade", "rel"])
                .arg(&chart)
                .args(more)
                .assert()
        };
        drop(upgrade(&[]).failure().stdout(""));
        drop(
            upgrade(&["--overlay-allow-missing"])
                .success()
                .stdout(contains("alone")),
        );
    }
}
