//! kill -9 at any moment, and the same command again.

use std::process::{Command, Stdio};
use std::time::Duration;

use crate::connect_stand_in::{Action, Config, Fault};

use super::{Rig, config};

/// Starts a run that may be killed.
fn start(rig: &Rig, args: &[&str]) -> std::process::Child {
    let mut command = Command::new(assert_cmd::cargo::cargo_bin!("helm-connect-migrate"));
    rig.environment(|name, value| {
        command.env(name, value);
    });
    let mut all = vec![
        "--yes",
        "--ramp",
        "0",
        "--poll",
        "2s",
        "--request-timeout",
        "1s",
    ];
    all.extend(args);
    command
        .args(rig.arguments(&all))
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap()
}

/// A moment that differs from kill to kill, the same in each run of the tests.
fn moment(kill: u64) -> Duration {
    let mixed = (kill + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 40;
    Duration::from_millis(20 + mixed % 230)
}

fn kill_again_and_again(config: Config, kills: std::ops::Range<u64>) {
    let rig = Rig::new(config);
    for kill in kills {
        let mut child = start(&rig, &["--all", "--parallelism", "6"]);
        std::thread::sleep(moment(kill));
        child.kill().unwrap();
        child.wait().unwrap();
    }
    rig.run_to(0, &["--all", "--parallelism", "6"]);
    rig.assert_each_built_once();
    let text = rig.journal_text();
    for line in text.lines() {
        serde_json::from_str::<serde_json::Value>(line).unwrap();
    }
    assert_eq!(
        text.matches("\"event\":\"built\"").count(),
        rig.control().guids().len()
    );
}

fn work(items: usize) -> Config {
    Config {
        build_time: Duration::from_millis(60),
        ..config(items)
    }
}

#[test]
fn killed_25_times() {
    kill_again_and_again(work(250), 0..25);
}

#[test]
fn killed_15_times_on_a_cluster() {
    kill_again_and_again(
        Config {
            nodes: 3,
            ..work(150)
        },
        25..40,
    );
}

#[test]
fn killed_10_times_with_answers_that_get_lost() {
    let build = |action| {
        Fault::new(action)
            .on("POST", "/v1/content/{guid}/build")
            .share(0.05)
    };
    kill_again_and_again(
        Config {
            faults: vec![build(Action::DropAfter), build(Action::DropBefore)],
            ..work(100)
        },
        40..50,
    );
}

#[test]
fn a_run_that_was_killed_is_spoken_of_and_another_is_not_let_in_beside_one() {
    let rig = Rig::new(Config {
        build_time: Duration::from_secs(2),
        ..config(2)
    });
    let mut child = start(&rig, &["--all"]);
    rig.control()
        .wait_until("it runs", |control| control.open() > 0);

    let second = rig.run(&["--all"]);
    assert_eq!(second.status.code(), Some(1));
    let said = super::talk(&second);
    assert!(
        said.contains(&format!("(process {} on ", child.id())),
        "{said}"
    );
    // The second build is on record a moment after the server has begun it.
    let status = (0..100)
        .map(|_| {
            let output = rig
                .command(&["status", "--output", "json"])
                .output()
                .unwrap();
            serde_json::from_slice::<serde_json::Value>(&output.stdout).unwrap()
        })
        .find(|status| status["counts"]["running"] == 2)
        .expect("both builds are on record while they run");
    assert_eq!(status["under_way"]["pid"], child.id());

    child.kill().unwrap();
    child.wait().unwrap();
    let output = rig.run_to(0, &["--all"]);
    let said = super::talk(&output);
    assert!(
        said.contains(&format!("The run of process {} on", child.id())),
        "{said}"
    );
    assert!(said.contains("waiting for item"), "{said}");
    rig.assert_each_built_once();
}
