//! kill -9 at any moment, and the same command again.

use std::process::{Command, Stdio};
use std::time::Duration;

use crate::connect_stand_in::{Action, Config, Control, Fault, wait_until};
use crate::support::form::printed;

use super::{Rig, config};

/// Starts a run that may be killed.
fn start(rig: &Rig, args: &[&str]) -> std::process::Child {
    let mut command = Command::new(assert_cmd::cargo::cargo_bin!("helm-connect-migrate"));
    rig.environment(|name, value| {
        command.env(name, value);
    });
    let mut all = vec!["--yes", "--poll", "2s", "--request-timeout", "1s"];
    all.extend(args);
    command
        .args(rig.arguments(&all))
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap()
}

/// After how many of a run's requests it is killed: it differs from kill to kill, and is the same in
/// each run of the tests and on each machine.
fn moment(kill: u64) -> u64 {
    let mixed = (kill + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 40;
    mixed % 45
}

fn kill_again_and_again(config: Config, kills: std::ops::Range<u64>) {
    let rig = Rig::new(config);
    let mut ended = 0;
    for kill in kills {
        rig.control().clear_counters();
        let mut child = start(&rig, &["--all", "--parallelism", "6"]);
        wait_until("the server was asked so often", || {
            rig.control().counters().requests >= moment(kill) || child.try_wait().unwrap().is_some()
        });
        child.kill().unwrap();
        ended += usize::from(child.wait().unwrap().code().is_some());
    }
    assert!(ended < 3, "{ended} runs ended before they were killed");
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

/// Lets what runs come to its end once somebody looks after it.
fn finish_when_asked(rig: &Rig) -> std::thread::JoinHandle<()> {
    let control = rig.control();
    control.clear_counters();
    std::thread::spawn(move || {
        control.wait_until("its task is asked for", |control| {
            control.counters().route("GET /v1/tasks/{id}") > 0
        });
        control.finish_builds();
    })
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
        build_time: Duration::from_secs(600),
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
            printed("rebuild-status", &output)
        })
        .find(|status| status["counts"]["running"] == 2)
        .expect("both builds are on record while they run");
    assert_eq!(status["underWay"]["pid"], child.id());

    child.kill().unwrap();
    child.wait().unwrap();
    let finisher = finish_when_asked(&rig);
    let output = rig.run_to(0, &["--all"]);
    finisher.join().unwrap();
    let said = super::talk(&output);
    assert!(
        said.contains(&format!("The run of process {} on", child.id())),
        "{said}"
    );
    assert!(said.contains("waiting for item"), "{said}");
    rig.assert_each_built_once();
}

/// A journal with nothing in it that version 0.1.0 did not write.
fn as_the_first_version_wrote_it(journal: &str) -> String {
    let fields = |event: &str| -> &[&str] {
        match event {
            "header" => &["schema", "server", "release", "made_by"],
            "run" => &["run", "parallelism", "server_version"],
            "item" => &["guid", "title"],
            "cache" => &["cache", "outcome"],
            "intent" => &["guid", "bundle", "server_time", "restores", "known_jobs"],
            "submitted" => &["guid", "task", "cookies"],
            "built" => &["guid", "bundle", "seconds"],
            "caches-done" | "end" => &["outcome"],
            other => panic!("0.1.0 knew no {other}"),
        }
    };
    let mut old = String::new();
    for line in journal.lines() {
        let mut line: serde_json::Map<String, serde_json::Value> =
            serde_json::from_str(line).unwrap();
        let event = line["event"].as_str().unwrap().to_owned();
        line.retain(|key, _| ["at", "event"].contains(&&**key) || fields(&event).contains(&&**key));
        if event == "header" {
            assert_eq!(line["schema"], 1);
            line["made_by"] = "0.1.0".into();
        }
        old += &format!("{}\n", serde_json::Value::from(line));
    }
    old
}

#[test]
fn a_journal_of_the_first_version_is_taken_up() {
    let rig = Rig::new(Config {
        build_time: Duration::from_secs(3600),
        ..config(8)
    });
    let control = rig.control();
    let mut child = start(&rig, &["--all", "--parallelism", "3"]);
    let built = |control: &Control| control.succeeded().len();
    control.wait_until("one was built, and others are under way", |control| {
        if built(control) == 0 {
            control.finish_builds();
        }
        built(control) > 0 && control.open() == 3
    });
    wait_until("the journal holds them", || {
        rig.journal_text()
            .matches("\"event\":\"submitted\"")
            .count()
            == control.builds().len()
    });
    child.kill().unwrap();
    child.wait().unwrap();
    let old = as_the_first_version_wrote_it(&rig.journal_text());
    std::fs::write(rig.journal().join("rebuild.jsonl"), old).unwrap();

    let ends = finish_when_asked(&rig);
    control.build_time(Duration::ZERO);
    rig.run_to(0, &[]);
    ends.join().unwrap();
    rig.assert_each_built_once();
}
