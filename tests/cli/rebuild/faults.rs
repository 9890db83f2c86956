//! Everything that can go wrong between us and the server, singly and together: each item is built
//! exactly once, by the server's own count.

use std::time::Duration;

use crate::connect_stand_in::{Action, Config, Fault, Interrupted, Outcome, Restart};

use super::{Rig, config, talk};

const BUILD: (&str, &str) = ("POST", "/v1/content/{guid}/build");
const TASK: (&str, &str) = ("GET", "/v1/tasks/{id}");
const READ: (&str, &str) = ("GET", "/v1/content/{guid}");

/// Builds all items under faults.
#[track_caller]
fn survives(config: Config, faults: Vec<Fault>) {
    let rig = Rig::new(Config { faults, ..config });
    rig.run_to(0, &["--all", "--parallelism", "8"]);
    rig.assert_each_built_once();
    assert!(rig.control().counters().faults > 0, "nothing went wrong");
}

fn on(route: (&str, &str), action: Action) -> Fault {
    Fault::new(action).on(route.0, route.1).share(0.2)
}

fn status(status: u16) -> Action {
    Action::Status {
        status,
        retry_after: None,
    }
}

#[test]
fn error_answers() {
    for code in [500, 502, 503, 504] {
        survives(config(30), vec![Fault::status(code).share(0.15)]);
    }
}

#[test]
fn too_many_requests() {
    let put_off = Action::Status {
        status: 429,
        retry_after: Some(1),
    };
    survives(config(20), vec![Fault::new(put_off).times(5)]);
}

#[test]
fn connections_dropped_before_the_request_is_processed() {
    survives(
        config(30),
        vec![
            on(BUILD, Action::DropBefore),
            on(TASK, Action::DropBefore),
            on(READ, Action::DropBefore),
        ],
    );
}

#[test]
fn connections_dropped_after_the_request_was_processed() {
    survives(
        config(30),
        vec![
            on(BUILD, Action::DropAfter),
            on(TASK, Action::DropAfter),
            on(READ, Action::DropAfter),
        ],
    );
}

#[test]
fn answers_cut_off_in_their_middle() {
    survives(
        config(30),
        vec![
            on(BUILD, Action::Truncate),
            on(TASK, Action::Truncate),
            on(READ, Action::Truncate),
        ],
    );
}

#[test]
fn answers_that_do_not_come() {
    let time = Duration::from_secs(3);
    let faults = |action: &Action| {
        vec![
            Fault::new(action.clone()).on(BUILD.0, BUILD.1).times(3),
            Fault::new(action.clone()).on(READ.0, READ.1).times(3),
            Fault::new(action.clone()).on(TASK.0, TASK.1).times(3),
        ]
    };
    survives(config(20), faults(&Action::HangBefore { time }));
    survives(config(20), faults(&Action::HangAfter { time }));
}

#[test]
fn answers_that_come_late() {
    let time = Duration::from_millis(300);
    survives(
        config(20),
        vec![Fault::new(Action::Slow { time }).share(0.2)],
    );
}

#[test]
fn every_submission_that_is_lost_is_found_again() {
    // Not one answer to a submission arrives, so each build is found by its job.
    let rig = Rig::new(config(12));
    rig.control()
        .fault(Fault::new(Action::DropAfter).on(BUILD.0, BUILD.1));
    rig.run_to(0, &["--all", "--parallelism", "4"]);
    rig.assert_each_built_once();
    assert_eq!(
        rig.control().counters().route("GET /v1/tasks/{id}"),
        2,
        "those of the caches"
    );
    assert!(rig.control().builds().len() == 12);
}

/// Restarts the server while items are built.
#[track_caller]
fn survives_restarts(config: Config, restart: &Restart) {
    let rig = Rig::new(Config {
        build_time: Duration::from_millis(150),
        ..config
    });
    let control = rig.control();
    let restarts = std::thread::spawn({
        let restart = restart.clone();
        move || {
            for built in [5, 15] {
                control.wait_until("some are built", |control| {
                    control.succeeded().len() >= built
                });
                control.restart(&restart);
            }
        }
    });
    rig.run_to(0, &["--all", "--parallelism", "6"]);
    restarts.join().unwrap();
    rig.assert_each_built_once();
}

#[test]
fn restarts_that_end_the_builds() {
    survives_restarts(config(40), &Restart::default());
}

#[test]
fn restarts_that_builds_survive() {
    let restart = Restart {
        builds: Interrupted::GoOn,
        ..Restart::default()
    };
    survives_restarts(config(40), &restart);
}

#[test]
fn restarts_of_a_node() {
    let config = Config {
        nodes: 3,
        ..config(40)
    };
    let restart = Restart {
        node: Some(1),
        ..Restart::default()
    };
    survives_restarts(config, &restart);
}

#[test]
fn a_cluster_whose_tasks_only_their_node_knows() {
    let rig = Rig::new(Config {
        nodes: 5,
        ..config(60)
    });
    rig.run_to(0, &["--all", "--parallelism", "8"]);
    rig.assert_each_built_once();
    // Every poll found its node: none had to look for jobs instead.
    let counters = rig.control().counters();
    assert_eq!(counters.route("GET /v1/content/{guid}/jobs"), 0);
    assert_eq!(counters.by_status.get(&404), None);
}

#[test]
fn tasks_that_are_forgotten_as_soon_as_they_end() {
    let rig = Rig::new(Config {
        task_retention: Some(Duration::ZERO),
        ..config(20)
    });
    rig.run_to(
        0,
        &["--all", "--clear-caches", "none", "--parallelism", "8"],
    );
    rig.assert_each_built_once();
}

#[test]
fn a_queue_on_the_server() {
    let config = Config {
        build_limit: Some(2),
        build_time: Duration::from_millis(100),
        ..config(24)
    };
    let rig = Rig::new(config);
    rig.run_to(0, &["--all", "--parallelism", "8"]);
    rig.assert_each_built_once();
    assert_eq!(rig.control().most_running(), 2);
}

#[test]
fn polls_that_end_on_output() {
    let rig = Rig::new(Config {
        poll_ends_on_output: true,
        ..config(20)
    });
    rig.run_to(0, &["--all"]);
    rig.assert_each_built_once();
}

#[test]
fn what_others_do_meanwhile() {
    let rig = Rig::with(12);
    let control = rig.control();
    let guids = control.guids();
    for (action, guid) in [
        (Action::Deploy, &guids[2]),
        (Action::Upload, &guids[3]),
        (Action::Lock, &guids[4]),
        (Action::Delete, &guids[5]),
    ] {
        // After the plan was made, just before the item is read.
        control.fault(
            Fault::new(action)
                .on(READ.0, READ.1)
                .path_has(guid)
                .times(1),
        );
    }
    // And one that is locked between the reading and the submission.
    control.fault(
        Fault::new(Action::Lock)
            .on(BUILD.0, BUILD.1)
            .path_has(&guids[6])
            .times(1),
    );
    let active = control.active_bundle(&guids[3]).unwrap();
    let output = rig.run_to(0, &["--all"]);

    let builds = control.builds();
    let of = |guid: &String| {
        builds
            .iter()
            .filter(|build| build.guid == *guid)
            .collect::<Vec<_>>()
    };
    let bundle = |guid: &String| of(guid)[0].bundle_id.clone();
    assert_eq!(Some(bundle(&guids[2])), control.newest_bundle(&guids[2]));
    assert_eq!(bundle(&guids[3]), active, "never the one uploaded last");
    assert_eq!(control.active_bundle(&guids[3]), Some(active));
    for index in [4, 5, 6] {
        assert!(of(&guids[index]).is_empty(), "{index}");
    }
    assert_eq!(builds.len(), 9);
    let said = talk(&output);
    assert!(
        said.contains("skipped item 4") || said.contains("locked"),
        "{said}"
    );
    assert!(said.contains("9 built, 3 skipped"), "{said}");
}

#[test]
fn a_failed_build_is_a_failure_and_nothing_else() {
    let mut config = config(6);
    config.content[2].outcome = Outcome::Fail;
    config.content[4].outcome = Outcome::FailFirst(1);
    let rig = Rig::new(config);
    let output = rig.run_to(5, &["--all", "--retry-failed", "1"]);
    let said = talk(&output);
    assert!(said.contains("5 built, 1 failed"), "{said}");
    assert!(said.contains("item 2"), "{said}");
    assert!(
        said.contains("An error occurred while building the content"),
        "{said}"
    );
    assert!(
        said.contains(&format!(
            "  content: {}/connect/#/apps/",
            rig.stand_in.url()
        )),
        "{said}"
    );
    let attempts: Vec<_> = rig.ends().values().map(Vec::len).collect();
    assert_eq!(
        attempts.iter().sum::<usize>(),
        8,
        "one more for each of the two"
    );

    // Those that failed are tried again by the next run, the others are not.
    rig.run_to(5, &["--all"]);
    assert_eq!(rig.control().builds().len(), 9);
}

#[test]
fn fail_fast_finishes_what_runs_and_submits_no_more() {
    let mut config = config(30);
    config.build_time = Duration::from_millis(100);
    let rig = Rig::new(config);
    let guids = rig.control().guids();
    for guid in &guids[..1] {
        rig.control().outcome(guid, Outcome::Fail);
        rig.control().build_time_of(guid, Duration::from_millis(10));
    }
    let output = rig.run_to(5, &["--all", "--fail-fast", "--parallelism", "3"]);
    let builds = rig.control().builds();
    assert!(builds.len() < 30, "{}", builds.len());
    assert!(
        builds.iter().all(|build| build.end.is_some()),
        "what ran was finished"
    );
    assert!(talk(&output).contains("not submitted"), "{}", talk(&output));
}

#[test]
fn a_build_beyond_its_time_is_looked_after_by_the_next_run() {
    let rig = Rig::with(3);
    let slow = rig.control().guids().remove(0);
    rig.control().build_time_of(&slow, Duration::from_secs(3));
    let output = rig.run_to(5, &["--all", "--item-timeout", "500ms"]);
    assert!(
        talk(&output).contains("--item-timeout"),
        "{}",
        talk(&output)
    );
    // However often it is beyond it.
    rig.run_to(5, &["--all", "--item-timeout", "500ms"]);
    rig.run_to(0, &["--all"]);
    rig.assert_each_built_once();
}

#[test]
fn all_of_it_together_with_hundreds_of_items() {
    let time = Duration::from_secs(2);
    let share = |action: Action, share: f64| Fault::new(action).share(share);
    let rig = Rig::new(Config {
        nodes: 3,
        build_limit: Some(12),
        build_jitter: 0.5,
        faults: vec![
            share(status(503), 0.03),
            share(status(500), 0.02),
            share(Action::DropBefore, 0.03),
            share(Action::DropAfter, 0.03),
            share(Action::Truncate, 0.03),
            share(
                Action::Slow {
                    time: Duration::from_millis(100),
                },
                0.03,
            ),
            share(Action::HangAfter { time }, 0.005),
        ],
        ..config(300)
    });
    let control = rig.control();
    let restarts = std::thread::spawn(move || {
        for (built, builds) in [(40, Interrupted::Lost), (150, Interrupted::GoOn)] {
            control.wait_until("some are built", |control| {
                control.succeeded().len() >= built
            });
            control.restart(&Restart {
                builds,
                ..Restart::default()
            });
        }
    });
    // A run may find the server at its worst moment and give up; the next one goes on.
    let mut last = None;
    for _ in 0..5 {
        let output = rig.run(&["--all", "--parallelism", "12"]);
        let code = output.status.code();
        last = Some(talk(&output));
        if code == Some(0) {
            break;
        }
    }
    restarts.join().unwrap();
    assert!(last.unwrap().contains(" built"));
    rig.assert_each_built_once();
}

#[test]
fn an_item_that_the_server_chokes_on_fails_and_the_others_are_built() {
    let rig = Rig::with(6);
    let sick = rig.control().guids().remove(1);
    rig.control()
        .fault(Fault::status(500).on(BUILD.0, BUILD.1).path_has(&sick));
    let output = rig.run_to(5, &["--all"]);
    let said = talk(&output);
    assert!(said.contains("5 built, 1 failed"), "{said}");
    assert!(
        said.contains("An internal failure has occurred. (HTTP 500, code 1, correlation id "),
        "{said}"
    );
    rig.control().clear_faults();
    rig.run_to(0, &["--all"]);
    rig.assert_each_built_once();
}

#[test]
fn items_of_two_languages_are_found_by_their_jobs_too() {
    let mut config = config(6);
    for item in &mut config.content {
        item.app_mode = Some("rmd-shiny".to_owned());
        item.r_version = Some("4.3.1".to_owned());
        item.py_version = Some("3.11.3".to_owned());
    }
    let rig = Rig::new(config);
    rig.control()
        .fault(Fault::new(Action::DropAfter).on(BUILD.0, BUILD.1));
    rig.run_to(0, &["--all"]);
    rig.assert_each_built_once();
}
