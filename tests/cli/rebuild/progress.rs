//! What a run tells while it runs.

use crate::connect_stand_in::Outcome;

use super::{Rig, config, events, stdout, talk};

#[test]
fn json_lines_tell_the_whole_story_on_standard_output() {
    let mut config = config(4);
    config.content[1].outcome = Outcome::Fail;
    config.content[2].locked = true;
    let rig = Rig::new(config);
    let output = rig.run_to(5, &["--all", "--output", "json"]);
    let events = events(&output);
    let named = |name: &str| -> Vec<_> {
        events
            .iter()
            .filter(|event| event["event"] == name)
            .collect()
    };
    assert!(events.iter().all(|event| event["time"].is_string()));
    assert_eq!(events[0]["event"], "plan");
    assert_eq!(events[0]["schema"], 2);
    assert_eq!(
        (&events[0]["build"], &events[0]["skipped"]),
        (&3.into(), &1.into())
    );
    assert_eq!(named("skipped")[0]["reason"], "locked");
    assert_eq!(named("cache").len(), 2);
    assert_eq!(named("submitted").len(), 3);
    assert_eq!(named("built").len(), 2);
    assert!(named("built")[0]["seconds"].is_number());
    let failed = named("failed");
    assert_eq!(failed[0]["title"], "item 1");
    assert_eq!(failed[0]["retry"], false);
    assert!(std::path::Path::new(failed[0]["log"].as_str().unwrap()).exists());
    let last = events.last().unwrap();
    assert_eq!(last["event"], "summary");
    assert_eq!(last["outcome"], "some-failed");
    assert_eq!(
        last["failures"][0]["error"],
        "An error occurred while building the content"
    );
    assert_eq!(talk(&output), "", "all of it is data");
}

#[test]
fn without_a_terminal_there_is_a_line_per_event_on_standard_error() {
    let rig = Rig::with(2);
    let output = rig.run_to(0, &["--all"]);
    assert_eq!(stdout(&output), "");
    let said = talk(&output);
    assert_eq!(
        said.lines()
            .filter(|line| line.starts_with("submitted item"))
            .count(),
        2
    );
    assert!(said.contains("[2/2] built item"), "{said}");
    assert!(!said.contains('\x1b'), "{said}");
}

#[test]
fn four_requests_per_item() {
    let rig = Rig::with(50);
    rig.run_to(0, &["--all", "--clear-caches", "none", "--poll", "30s"]);
    let counters = rig.control().counters();
    let per_item = counters.route("GET /v1/content/{guid}")
        + counters.route("POST /v1/content/{guid}/build")
        + counters.route("GET /v1/tasks/{id}")
        + counters.route("GET /v1/content/{guid}/bundles");
    assert_eq!(per_item, 200);
    assert!(counters.requests <= 200 + 8, "{:?}", counters.by_route);
    assert!(
        counters.connections <= 5,
        "connections are kept: {}",
        counters.connections
    );
}
