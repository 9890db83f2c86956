//! What is chosen, in which order, and what a dry run shows.

use std::fs;

use crate::connect_stand_in::{Config, ItemSpec, Mix, Role};
use crate::support::form::printed;

use super::{Rig, config, events, stdout, talk};

fn dry_run(rig: &Rig, args: &[&str]) -> serde_json::Value {
    let mut all = vec!["--dry-run", "--output", "json"];
    all.extend(args);
    let output = rig.command(&all).output().unwrap();
    assert_eq!(output.status.code(), Some(0), "{}", talk(&output));
    printed("rebuild-dry-run", &output)
}

fn guids(plan: &serde_json::Value) -> Vec<String> {
    let items = plan["items"].as_array().unwrap().iter();
    items
        .map(|item| item["guid"].as_str().unwrap().to_owned())
        .collect()
}

#[test]
fn a_dry_run_changes_nothing() {
    let rig = Rig::new(Config {
        items: 30,
        mix: Mix::Realistic,
        ..Config::default()
    });
    let caches = rig.control().caches();
    let plan = dry_run(&rig, &["--all"]);
    assert_eq!(plan["items"].as_array().unwrap().len(), 30);
    let local = caches.iter().filter(|cache| cache.2 == "Local").count();
    assert!(local > 0);
    assert_eq!(plan["caches"].as_array().unwrap().len(), local);
    assert_eq!(plan["caches"][0]["answer"], "would be deleted");

    assert!(!rig.journal().exists());
    assert_eq!(rig.control().caches(), caches);
    assert!(rig.control().builds().is_empty());
    let counters = rig.control().counters();
    let changing: Vec<_> = counters
        .by_route
        .keys()
        .filter(|route| !route.starts_with("GET"))
        .collect();
    assert_eq!(
        changing,
        ["DELETE /v1/system/caches/runtime"],
        "which only asks"
    );
}

#[test]
fn what_cannot_be_built_is_left_out_with_the_reason() {
    let mut config = config(5);
    config.content[1].undeployed = true;
    config.content[2].app_mode = Some("static".to_owned());
    config.content[3].locked = true;
    let rig = Rig::new(config);
    let unknown = "00000000-0000-4000-8000-000000000000";
    let mut args = vec!["--guid", unknown];
    let all = rig.control().guids();
    for guid in &all {
        args.extend(["--guid", guid]);
    }
    let plan = dry_run(&rig, &args);
    let mut reasons: Vec<_> = plan["items"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|item| item["action"] == "skip" || item["action"] == "missing")
        .map(|item| {
            format!(
                "{}: {}",
                item["title"].as_str().unwrap(),
                item["reason"].as_str().unwrap()
            )
        })
        .collect();
    reasons.sort();
    assert_eq!(
        reasons,
        [
            "00000000-0000-4000-8000-000000000000: not on the server, or not visible to this key",
            "item 1: never deployed",
            "item 2: static, nothing to build",
            "item 3: locked",
        ]
    );
    args.push("--ignore-missing");
    let output = rig.run_to(0, &args);
    assert!(
        talk(&output).contains("2 built, 4 skipped"),
        "{}",
        talk(&output)
    );
    assert_eq!(rig.control().builds().len(), 2);
}

#[test]
fn the_order_of_the_list_is_the_priority() {
    let rig = Rig::with(6);
    let all = rig.control().guids();
    let inventory = rig.state.path().join("inventory.yaml");
    fs::write(
        &inventory,
        format!(
            "schema: 1\ncontent:\n  - guid: {}\n    priority: 9\n  - guid: {}\n",
            all[4], all[1]
        ),
    )
    .unwrap();
    let list = rig.state.path().join("guids.txt");
    fs::write(
        &list,
        format!(
            "# more\nhttps://x.example.com/connect/#/apps/{}/access\n{}\n",
            all[3], all[4]
        ),
    )
    .unwrap();
    let args = [
        "--from",
        inventory.to_str().unwrap(),
        "--guid",
        &all[5],
        "--guids-file",
        list.to_str().unwrap(),
    ];
    let expected = [&all[4], &all[1], &all[5], &all[3]].map(Clone::clone);
    assert_eq!(guids(&dry_run(&rig, &args)), expected);
    let top: Vec<&str> = args.iter().copied().chain(["--top", "2"]).collect();
    assert_eq!(guids(&dry_run(&rig, &top)), expected[..2]);

    rig.run_to(0, &[&args[..], &["--parallelism", "1"]].concat());
    let built: Vec<_> = rig
        .control()
        .builds()
        .into_iter()
        .map(|build| build.guid)
        .collect();
    assert_eq!(built, expected);
}

#[test]
fn a_list_may_come_from_standard_input() {
    let rig = Rig::with(3);
    let all = rig.control().guids();
    let output = rig
        .command(&["--dry-run", "--output", "json", "--guids-file", "-"])
        .write_stdin(format!("{}\n{}\n", all[2], all[0]))
        .output()
        .unwrap();
    let plan = printed("rebuild-dry-run", &output);
    assert_eq!(guids(&plan), [all[2].clone(), all[0].clone()]);
}

#[test]
fn without_a_list_the_most_used_come_first_on_every_version() {
    let item = |visits: u32, mode: &str| ItemSpec {
        visits: Some(visits),
        app_mode: Some(mode.to_owned()),
        title: Some(format!("{visits} visits")),
        ..ItemSpec::default()
    };
    for (month, hits) in [(3, false), (4, true)] {
        let rig = Rig::new(
            Config {
                content: vec![
                    item(3, "shiny"),
                    item(1200, "python-dash"),
                    item(0, "api"),
                    item(40, "shiny"),
                    item(5000, "static"),
                ],
                ..Config::default()
            }
            .version(2025, month, 0),
        );
        let plan = dry_run(&rig, &["--all", "--since", "3000d"]);
        let uses: Vec<_> = plan["items"]
            .as_array()
            .unwrap()
            .iter()
            .map(|item| item["uses"].clone())
            .collect();
        assert_eq!(uses, [5000, 1200, 40, 3, 0].map(serde_json::Value::from));
        // The top of what can be built.
        let plan = dry_run(&rig, &["--top", "2", "--since", "3000d"]);
        let titles: Vec<_> = plan["items"]
            .as_array()
            .unwrap()
            .iter()
            .map(|item| item["title"].clone())
            .collect();
        assert_eq!(titles, ["1200 visits", "40 visits"]);
        let asked = rig.control().counters();
        assert_eq!(
            asked.route("GET /v1/instrumentation/content/hits") > 0,
            hits
        );
        assert_eq!(
            asked.route("GET /v1/instrumentation/content/visits") > 0,
            !hits
        );
    }
}

#[test]
fn nothing_chosen_says_what_to_choose() {
    let rig = Rig::with(1);
    let output = rig.run_to(2, &[]);
    assert!(
        talk(&output).contains("--from FILE, --guid GUID, --guids-file FILE, --top N or --all"),
        "{}",
        talk(&output)
    );
}

#[test]
fn without_a_terminal_nothing_is_changed_unasked() {
    let rig = Rig::with(3);
    let output = rig.command(&["--all"]).output().unwrap();
    assert_eq!(output.status.code(), Some(2));
    let said = talk(&output);
    assert!(said.contains("3 items built"), "{said}");
    assert!(said.contains("--yes"), "{said}");
    assert!(rig.control().builds().is_empty());
}

#[test]
fn a_list_with_a_mistake_is_refused_with_its_place() {
    let rig = Rig::with(1);
    let list = rig.state.path().join("guids.txt");
    fs::write(&list, "# ok\nsales report\n").unwrap();
    let output = rig.run_to(3, &["--guids-file", list.to_str().unwrap()]);
    let said = talk(&output);
    assert!(said.contains("content-guid-invalid"), "{said}");
    assert!(said.contains(":2:1"), "{said}");
    assert_eq!(rig.control().counters().requests, 0);
}

#[test]
fn caches_are_cleared_by_scope() {
    for (scope, images) in [("none", 2), ("local", 1), ("all", 0)] {
        let rig = Rig::new(config(4));
        // A build in an image fills a cache of that image.
        rig.run_to(0, &["--all", "--clear-caches", "none"]);
        let kinds = |rig: &Rig| {
            let caches = rig.control().caches();
            let local = caches.iter().any(|cache| cache.2 == "Local");
            let image = caches.iter().any(|cache| cache.2 != "Local");
            usize::from(local) + usize::from(image)
        };
        assert_eq!(kinds(&rig), 2);
        let guid = &rig.control().guids()[0];
        rig.run_to(0, &["--guid", guid, "--clear-caches", scope]);
        assert_eq!(kinds(&rig), images, "{scope}");
    }
}

#[test]
fn a_cache_that_is_gone_is_no_error() {
    let rig = Rig::with(2);
    rig.control().fault(
        crate::connect_stand_in::Fault::new(crate::connect_stand_in::Action::DropAfter)
            .on("DELETE", "/v1/system/caches/runtime")
            .times(2),
    );
    // The deletion was carried out, its answer got lost, and it was asked for again.
    let output = rig.run_to(0, &["--all"]);
    assert!(
        !rig.control()
            .caches()
            .iter()
            .any(|cache| cache.2 == "Local")
    );
    assert!(
        talk(&output).contains("is gone already") || talk(&output).contains("cleared the cache")
    );
}

#[test]
fn a_key_that_sees_less_says_so() {
    let rig = Rig::with(4);
    let mut command = rig.command(&["--all", "--yes"]);
    command.env("CONNECT_API_KEY", rig.stand_in.key(Role::Publisher));
    let output = command.output().unwrap();
    let said = talk(&output);
    assert_eq!(output.status.code(), Some(1), "{said}");
    assert!(said.contains("an administrator's key"), "{said}");
    assert!(said.contains("--clear-caches none"), "{said}");

    let mut command = rig.command(&["--all", "--yes", "--clear-caches", "none"]);
    command.env("CONNECT_API_KEY", rig.stand_in.key(Role::Publisher));
    let output = command.output().unwrap();
    assert!(
        talk(&output).contains("is not an administrator's"),
        "{}",
        talk(&output)
    );
    let built = rig.control().succeeded().len();
    assert!(
        0 < built && built < 4,
        "{built}: its own only\n{}",
        stdout(&output)
    );
}

#[test]
fn a_dry_run_says_how_long_it_may_take_and_what_that_rests_on() {
    let rig = Rig::with(3);
    let said = stdout(&rig.run_to(0, &["--all", "--dry-run"]));
    assert!(said.contains("time: not known"), "{said}");
    rig.run_to(0, &["--all"]);
    let said = stdout(&rig.run_to(0, &["--all", "--restart", "--dry-run"]));
    let time = "time: about 1 min at 4 at once, ";
    assert!(said.contains(time), "{said}");
    assert!(said.contains("by the last builds of 3 items"), "{said}");
    let limit = "at once: each build is a pod, which asks for no CPU or memory";
    assert!(said.contains(limit), "{said}");
}

#[test]
fn the_times_of_an_inventory_are_told_and_corrected_by_what_is_seen() {
    let rig = Rig::with(12);
    let mut inventory = "content:\n".to_owned();
    for guid in rig.control().guids() {
        inventory.push_str(&format!("  - {{guid: {guid}, build-seconds: 3600}}\n"));
    }
    let path = rig.state.path().join("inventory.yaml");
    std::fs::write(&path, inventory).unwrap();
    let from = path.to_str().unwrap();
    let args = ["--from", from, "--parallelism", "1", "--output", "json"];
    let output = rig.run_to(0, &args);
    let events = events(&output);
    let plan = events
        .iter()
        .find(|event| event["event"] == "plan")
        .unwrap();
    assert_eq!(plan["estimate"]["seconds"], 12.0 * 3600.0);
    assert_eq!(plan["estimate"]["unknown"], 0);
    let left: Vec<_> = events
        .iter()
        .filter(|event| event["event"] == "left")
        .collect();
    assert_eq!(left.len(), 3, "after ten builds, and each one behind");
    let ratio = left[0]["ratio"].as_f64().unwrap();
    assert!(0.0 < ratio && ratio < 1.0, "{ratio}");
    let seconds = left[0]["seconds"].as_f64().unwrap();
    assert!(
        (seconds - 2.0 * 3600.0 * ratio).abs() < 1.0,
        "{seconds} at {ratio}"
    );
}
