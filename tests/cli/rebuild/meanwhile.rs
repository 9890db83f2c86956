//! What others do while we build, what was never there, and what the server leaves behind.

use std::time::Duration;

use crate::connect_stand_in::{BuildEnd, Config, Control, Outcome};

use super::{Rig, config, stdout, talk};

const ABSENT: [&str; 2] = [
    "00000000-0000-4000-8000-000000000001",
    "00000000-0000-4000-8000-000000000002",
];

#[test]
fn what_is_named_and_not_there_is_a_failure() {
    let rig = Rig::with(2);
    let guids = rig.control().guids();
    let nothing = ["--guid", ABSENT[0], "--guid", ABSENT[1]];
    let output = rig.run_to(5, &nothing);
    let said = talk(&output);
    assert!(said.contains("0 built, 2 failed"), "{said}");
    assert!(
        said.contains("not on the server, or not visible to this key"),
        "{said}"
    );

    let partly = ["--guid", ABSENT[0], "--guid", &guids[0]];
    let rig = Rig::with(2);
    let output = rig.run_to(5, &partly);
    assert!(
        talk(&output).contains("1 built, 1 failed"),
        "{}",
        talk(&output)
    );
    // It stays a failure for the journal's own list, until it is left out.
    rig.run_to(5, &[]);
    let mut ignoring = partly.to_vec();
    ignoring.push("--ignore-missing");
    let output = rig.run_to(0, &ignoring);
    assert!(talk(&output).contains("1 skipped"), "{}", talk(&output));
    let mut dry = partly.to_vec();
    dry.push("--dry-run");
    let output = rig.run_to(0, &dry);
    assert!(
        stdout(&output).contains("1 are not on the server, and count as failures"),
        "{}",
        stdout(&output)
    );
}

#[test]
fn what_was_deleted_since_does_not_fail_a_run_that_did_not_name_it() {
    let rig = Rig::with(3);
    let guids = rig.control().guids();
    rig.control().outcome(&guids[0], Outcome::Fail);
    rig.run_to(5, &["--all"]);
    assert!(rig.control().delete(&guids[0]));
    rig.run_to(0, &["--all"]);
}

/// How an item is looked at.
const ITEM: &str = "GET /v1/content/{guid}";

/// Waits until an item is being built, and until the clock by which the server tells when its jobs began,
/// in whole seconds, has gone on since.
fn seconds_into_its_build(control: &Control, guid: &str) {
    control.wait_until("it is built", |control| {
        control
            .builds()
            .iter()
            .any(|build| build.guid == guid && build.started_ms.is_some() && build.end.is_none())
    });
    let begun = jiff::Timestamp::now().as_second();
    control.wait_until("the clock goes on", |_| {
        jiff::Timestamp::now().as_second() > begun
    });
}

/// Builds last until they are told to end.
const UNTIL_TOLD: Duration = Duration::from_secs(3600);

/// Somebody deploys while an older bundle is built.
fn deployed_meanwhile(
    config: Config,
    args: &[&str],
    seen_meanwhile: bool,
) -> (Rig, String, String) {
    let rig = Rig::new(config);
    let control = rig.control();
    let guid = control.guids().remove(0);
    let deployer = std::thread::spawn({
        let guid = guid.clone();
        move || {
            seconds_into_its_build(&control, &guid);
            let bundle = control.deploy(&guid).unwrap();
            if seen_meanwhile {
                let seen = control.counters().route(ITEM);
                control.wait_until("the item is looked at", |control| {
                    control.counters().route(ITEM) > seen
                });
            }
            control.build_time(Duration::ZERO);
            control.finish_builds();
            bundle
        }
    });
    let output = rig.run_to(0, args);
    let bundle = deployer.join().unwrap();
    let said = talk(&output);
    assert_eq!(
        rig.control().active_bundle(&guid),
        Some(bundle.clone()),
        "what the user deployed is in use: {said}"
    );
    let last = rig
        .control()
        .builds()
        .into_iter()
        .rfind(|build| build.guid == guid)
        .unwrap();
    assert_eq!(
        (last.bundle_id, last.end),
        (bundle.clone(), Some(BuildEnd::Succeeded)),
        "{said}"
    );
    (rig, bundle, said)
}

#[test]
fn what_somebody_deploys_meanwhile_stays_in_use() {
    let slow = |year, month| Config {
        build_time: UNTIL_TOLD,
        ..config(1).version(year, month, 0)
    };
    // A server without drafts tells by its jobs; one that has them is looked at while it builds.
    for (config, poll, seen) in [(slow(2024, 8), "30s", false), (slow(2025, 9), "1s", true)] {
        let (rig, bundle, said) = deployed_meanwhile(config, &["--all", "--poll", poll], seen);
        assert!(
            said.contains(&format!("bundle {bundle} of item 0"))
                && said.contains("was deployed while"),
            "{said}"
        );
        // It is done with.
        let output = rig.run_to(0, &["--all"]);
        assert!(
            talk(&output).contains("0 built, 1 built before"),
            "{}",
            talk(&output)
        );
    }
}

#[test]
fn where_it_may_have_been_a_draft_somebody_is_told() {
    let rig = Rig::new(Config {
        build_time: UNTIL_TOLD,
        ..config(1)
    });
    let control = rig.control();
    let guid = control.guids().remove(0);
    let before = control.active_bundle(&guid);
    let deployer = std::thread::spawn({
        let guid = guid.clone();
        move || {
            seconds_into_its_build(&control, &guid);
            let bundle = control.deploy(&guid).unwrap();
            control.finish_builds();
            bundle
        }
    });
    let output = rig.run_to(0, &["--all", "--poll", "30s"]);
    let bundle = deployer.join().unwrap();
    let said = talk(&output);
    assert!(
        said.contains(&format!("somebody else had bundle {bundle} built")),
        "{said}"
    );
    assert!(said.contains("If it was, activate it: http"), "{said}");
    assert_eq!(rig.control().active_bundle(&guid), before);
}

#[test]
fn a_build_whose_pod_went_away_is_submitted_once_more() {
    for forget in [false, true] {
        let mut config = config(4);
        let guid = "11111111-1111-4111-8111-111111111111".to_owned();
        config.content[1].guid = Some(guid.clone());
        config.content[1].outcome = Outcome::OrphanFirst(1);
        let rig = Rig::new(config);
        let control = rig.control();
        let forgetter = std::thread::spawn({
            let guid = guid.clone();
            move || {
                control.wait_until("it is orphaned", |control| {
                    control
                        .builds()
                        .iter()
                        .any(|build| build.guid == guid && build.end == Some(BuildEnd::Orphaned))
                });
                assert!(!forget || control.forget_jobs(&guid));
            }
        });
        let output = rig.run_to(0, &["--all", "--poll", "1s", "--stalled-after", "500ms"]);
        forgetter.join().unwrap();
        rig.assert_each_built_once();
        let said = talk(&output);
        assert!(
            said.contains("stands still and shows no sign of life"),
            "{said}"
        );
    }
}

#[test]
fn a_build_that_stands_still_twice_is_given_up() {
    let mut config = config(2);
    config.content[1].outcome = Outcome::OrphanFirst(9);
    let rig = Rig::new(config);
    let output = rig.run_to(5, &["--all", "--poll", "1s", "--stalled-after", "500ms"]);
    let said = talk(&output);
    assert!(said.contains("each time it stood still"), "{said}");
    assert_eq!(rig.control().builds().len(), 3);
}

#[test]
fn a_slow_build_that_is_alive_is_left_alone() {
    let mut config = config(4);
    config.content[1].build_time = Some(Duration::from_secs(6));
    config.log_lines = 1;
    let rig = Rig::new(config);
    rig.run_to(0, &["--all", "--poll", "1s", "--stalled-after", "500ms"]);
    assert_eq!(rig.control().builds().len(), 4);
}
