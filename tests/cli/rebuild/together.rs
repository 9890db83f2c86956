//! How many builds at once, and which of them first.

use std::collections::BTreeMap;
use std::time::Duration;

use crate::connect_stand_in::{Action, Build, Config, Fault, Outcome};

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

#[test]
fn the_first_build_of_each_runtime_opens_the_way() {
    let rig = Rig::new(racing(40));
    rig.run_to(0, &["--all", "--parallelism", "8"]);
    rig.assert_each_built_once();
    assert_eq!(rig.ends().values().map(Vec::len).max(), Some(1));
    assert_eq!(rig.control().most_running(), 8, "then they run together");
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
fn nobody_waits_for_what_is_open() {
    let mut config = racing(40);
    config.race_window = Duration::ZERO;
    config.build_time = Duration::from_secs(3600);
    let rig = Rig::new(config);
    let control = rig.control();
    // The four that open the runtimes, and then as many as may be, whatever is left.
    let ends = std::thread::spawn(move || {
        let mut ended = 0;
        for together in [4, 8, 8, 8, 8, 4] {
            control.wait_until(&format!("{together} more are built"), |control| {
                let builds = control.builds();
                let count =
                    |is: fn(&Build) -> bool| builds.iter().filter(|build| is(build)).count();
                count(|build| build.end.is_some()) == ended
                    && count(|build| build.started_ms.is_some()) == ended + together
            });
            control.finish_builds();
            ended += together;
        }
    });
    rig.run_to(0, &["--all", "--parallelism", "8"]);
    ends.join().unwrap();
    rig.assert_each_built_once();
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
    let five = &rig.control().guids()[..5];
    let mut args = vec!["--parallelism", "8"];
    args.extend(five.iter().flat_map(|guid| ["--guid", guid.as_str()]));
    rig.run_to(0, &args);
    let before = rig.control().builds().len();
    rig.run_to(0, &["--all", "--parallelism", "8"]);
    let builds = &rig.control().builds()[before..];
    let end = builds
        .iter()
        .filter_map(|build| build.ended_ms)
        .min()
        .unwrap();
    let early = builds.iter().filter(|build| build.submitted_ms < end);
    assert_eq!(early.count(), 8, "all runtimes are open from the start");
}

#[test]
fn fewer_at_once_while_the_server_pushes_back_and_more_again() {
    let rig = Rig::new(Config {
        build_time: Duration::from_millis(40),
        ..config(60)
    });
    let build = ("POST", "/v1/content/{guid}/build");
    let busy = Action::Status {
        status: 429,
        retry_after: None,
    };
    rig.control()
        .fault(Fault::new(busy).on(build.0, build.1).after(8).times(4));
    let output = rig.run_to(0, &["--all", "--parallelism", "8"]);
    rig.assert_each_built_once();
    let said = talk(&output);
    assert_eq!(
        said.matches("The server answers that it has too much to do")
            .count(),
        1,
        "{said}"
    );
    // At the end there are as many again.
    let builds = rig.control().builds();
    let late = &builds[builds.len() - 12..];
    let together = late
        .iter()
        .map(|one| {
            let at = one.submitted_ms;
            let open = |build: &&crate::connect_stand_in::Build| {
                build.submitted_ms <= at && build.ended_ms.is_some_and(|end| end > at)
            };
            builds.iter().filter(open).count()
        })
        .max();
    assert!(together > Some(4), "{together:?}");
}
