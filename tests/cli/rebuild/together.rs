//! How many builds at once, and which of them first.

use std::collections::BTreeMap;
use std::time::Duration;

use crate::connect_stand_in::{Action, Config, Control, Fault, Outcome};

use super::{Rig, config, talk};

/// Items of two languages, in the versions of several environments; builds that begin together on an
/// empty package cache fail.
fn racing(items: usize) -> Config {
    let mut config = config(items);
    config.build_time = Duration::from_millis(150);
    config.race_window = Duration::from_secs(60);
    for (index, item) in config.content.iter_mut().enumerate() {
        let (mode, r, python) = [
            ("shiny", Some("4.2.1"), None),
            ("shiny", Some("4.3.1"), None),
            // The same environment as the one before, though another version was asked for.
            ("shiny", Some("4.3.3"), None),
            ("python-dash", None, Some("3.11.3")),
            ("rmd-shiny", Some("4.4.0"), Some("3.12.1")),
        ][index % 5];
        item.app_mode = Some(mode.to_owned());
        item.r_version = r.map(str::to_owned);
        item.py_version = python.map(str::to_owned);
    }
    config
}

/// Builds take as long as this holds, and end only when the test says so.
const UNTIL_TOLD: Duration = Duration::from_secs(3600);

/// Waits until just so many builds run, leaving out the first ones.
#[track_caller]
fn wait_for_running(control: &Control, after: usize, running: usize) {
    control.wait_until(&format!("{running} builds run after {after}"), |control| {
        let builds = control.builds();
        let begun = builds
            .iter()
            .skip(after)
            .filter(|one| one.started_ms.is_some());
        begun.filter(|one| one.end.is_none()).count() == running
    });
}

#[test]
fn the_first_build_of_each_runtime_opens_the_way_and_then_nobody_waits() {
    let mut config = racing(40);
    config.build_time = UNTIL_TOLD;
    let rig = Rig::new(config);
    let control = rig.control();
    // The four that open the runtimes, and then as many as may be, whatever is left.
    let ends = std::thread::spawn(move || {
        let mut ended = 0;
        for together in [4, 8, 8, 8, 8, 4] {
            wait_for_running(&control, ended, together);
            control.finish_builds();
            ended += together;
        }
    });
    rig.run_to(0, &["--all", "--parallelism", "8"]);
    ends.join().unwrap();
    rig.assert_each_built_once();
    assert_eq!(rig.ends().values().map(Vec::len).max(), Some(1));
    let builds = rig.control().builds();
    let early = builds
        .iter()
        .filter(|build| build.submitted_ms < builds[0].ended_ms.unwrap())
        .count();
    assert_eq!(
        early, 4,
        "one of each runtime, and two languages count once"
    );
}

#[test]
fn a_failure_at_the_start_hands_on_and_a_resumed_run_knows_what_is_open() {
    let mut config = racing(20);
    config.content[0].outcome = Outcome::Fail;
    let rig = Rig::new(config);
    rig.run_to(5, &["--all", "--parallelism", "8"]);
    let failed: BTreeMap<_, _> = rig
        .ends()
        .into_iter()
        .filter(|(_, ends)| ends.contains(&Some(crate::connect_stand_in::BuildEnd::Failed)))
        .collect();
    assert_eq!(failed.len(), 1, "{failed:?}");

    let rig = Rig::new(racing(20));
    let control = rig.control();
    let five = &control.guids()[..5];
    let mut args = vec!["--parallelism", "8"];
    args.extend(five.iter().flat_map(|guid| ["--guid", guid.as_str()]));
    rig.run_to(0, &args);
    control.build_time(UNTIL_TOLD);
    let ends = std::thread::spawn(move || {
        // All runtimes are open from the start.
        wait_for_running(&control, 5, 8);
        control.build_time(Duration::ZERO);
        control.finish_builds();
    });
    rig.run_to(0, &["--all", "--parallelism", "8"]);
    ends.join().unwrap();
}

#[test]
fn fewer_at_once_while_the_server_pushes_back_and_more_again() {
    let rig = Rig::new(Config {
        build_time: UNTIL_TOLD,
        ..config(60)
    });
    let control = rig.control();
    let build = ("POST", "/v1/content/{guid}/build");
    let busy = Action::Status {
        status: 429,
        retry_after: None,
    };
    control.fault(Fault::new(busy).on(build.0, build.1).after(8).times(4));
    let ends = std::thread::spawn(move || {
        control.wait_until("the server has pushed back, and is past it", |control| {
            control.finish_builds();
            control.counters().faults == 4 && control.builds().len() > 16
        });
        // As many again, all of them begun after it had gone down.
        wait_for_running(&control, 16, 8);
        control.build_time(Duration::ZERO);
        control.finish_builds();
    });
    let output = rig.run_to(0, &["--all", "--parallelism", "8"]);
    ends.join().unwrap();
    rig.assert_each_built_once();
    let said = talk(&output);
    assert_eq!(
        said.matches("The server answers that it has too much to do")
            .count(),
        1,
        "{said}"
    );
}

#[test]
fn fewer_at_once_while_the_servers_queue_only_grows_and_more_again() {
    let rig = Rig::new(Config {
        build_time: UNTIL_TOLD,
        ..config(60).version(2026, 1, 0)
    });
    let control = rig.control();
    let ends = std::thread::spawn(move || {
        let look_on = |times: u64| {
            let looks = |control: &Control| control.counters().route("GET /v1/queue");
            let then = looks(&control) + times;
            control.wait_until("the queue was looked at", |control| looks(control) >= then);
        };
        let go_on_to = |builds: usize| {
            control.wait_until("it goes on", |control| {
                control.finish_builds();
                control.builds().len() > builds
            });
            wait_for_running(&control, 0, 8);
        };
        go_on_to(10);
        control.crowd(true);
        // Half as many with every third look, down to one.
        look_on(12);
        let before = control.builds().len();
        control.finish_builds();
        wait_for_running(&control, before, 1);
        look_on(3);
        assert_eq!(
            control.builds().len(),
            before + 1,
            "one at a time, while it grows"
        );
        control.crowd(false);
        go_on_to(before + 16);
        control.build_time(Duration::ZERO);
        control.finish_builds();
    });
    let output = rig.run_to(0, &["--all", "--parallelism", "8", "--poll", "300ms"]);
    ends.join().unwrap();
    rig.assert_each_built_once();
    let said = talk(&output);
    assert_eq!(said.matches("queue only grows").count(), 1, "{said}");
}
