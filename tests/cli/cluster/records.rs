//! Charts that change more, other places for Helm's records, large ones.

use predicates::prelude::PredicateBooleanExt as _;
use predicates::str::contains;
use serde_json::json;

use super::Place;
use crate::support::chart::chart_dir;
use crate::support::tools::{Helm, helms};

#[test]
fn a_chart_that_would_change_more_is_shown_and_refused() {
    let helm: Helm = helms().remove(1);
    let Some(place) = Place::new(&helm, "more") else {
        return;
    };
    place.deploy(
        "rsc",
        true,
        &["--set", "replicas=1", "--set", "pod.annotations.mine=x"],
    );
    let chart = chart_dir().to_string_lossy().into_owned();
    let values = place.home.path().join("values.yaml");
    std::fs::write(&values, "sharedStorage: {create: true}\n").unwrap();
    let revert = [
        "revert",
        "rsc",
        &chart,
        "-f",
        values.to_str().unwrap(),
        "--yes",
    ];
    place.ours(&revert).assert().code(4).stderr(
        contains("besides the temporary settings").and(contains("mine would be taken out")),
    );
    assert_eq!(place.status(&[])["revision"], 1);
    // A chart of another name would delete what it does not have.
    let other = place.home.path().join("other");
    std::fs::create_dir_all(&other).unwrap();
    let manifest = std::fs::read_to_string(chart_dir().join("Chart.yaml")).unwrap();
    let version = manifest
        .lines()
        .find_map(|line| line.strip_prefix("version: "))
        .unwrap();
    std::fs::write(
        other.join("Chart.yaml"),
        format!("apiVersion: v2\nname: other\nversion: {version}\n"),
    )
    .unwrap();
    place
        .ours(&["revert", "rsc", other.to_str().unwrap(), "--yes", "--force"])
        .assert()
        .code(1)
        .stderr(contains("the release is of the chart rstudio-connect"));
    assert_eq!(place.status(&[])["revision"], 1);
}

#[test]
fn records_in_configmaps_are_read() {
    let helm = helms().remove(2);
    let Some(place) = Place::new(&helm, "driver") else {
        return;
    };
    let chart = chart_dir().to_string_lossy().into_owned();
    let args = [
        "upgrade",
        "--install",
        "rsc",
        &chart,
        "--set",
        "sharedStorage.create=true",
    ];
    place
        .ours(&args)
        .env("HELM_DRIVER", "configmap")
        .assert()
        .success();
    place.namespace.settled();
    let revert = ["revert", "rsc", "--yes"];
    place
        .ours(&revert)
        .env("HELM_DRIVER", "sql")
        .assert()
        .code(1)
        .stderr(contains("HELM_DRIVER"));
    place
        .ours(&revert)
        .env("HELM_DRIVER", "configmap")
        .assert()
        .success();
}

#[test]
fn a_record_that_is_nearly_full_has_room_for_the_way_back() {
    for helm in helms().into_iter().filter(|helm| helm.version == "4.3") {
        let Some(place) = Place::new(&helm, "large") else {
            return;
        };
        // What cannot be packed, in the values and in the manifest: a third copy would not fit.
        let mut seed = 1_u64;
        let mut noise = || {
            seed = seed
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1_442_695_040_888_963_407);
            char::from(b"0123456789abcdefghijklmnopqrstuv"[(seed >> 59) as usize])
        };
        let text: String = (0..590_000).map(|_| noise()).collect();
        let values = place.home.path().join("values.yaml");
        std::fs::write(&values, format!("config: {{Server: {{Noise: {text}}}}}\n")).unwrap();
        let values = ["-f", values.to_str().unwrap()];
        place.deploy("rsc", false, &values);
        place.deploy("rsc", true, &values);
        let largest = place.largest_secret();
        assert!(largest > 900_000 && largest < 1 << 20, "{largest}");
        place.ours(&["revert", "rsc", "--yes"]).assert().success();
        let said = super::places(&place.status(&[]));
        assert_eq!(said[..3], ["off"; 3], "{}", helm.version);
        // A release that Helm cannot store is not touched.
        let (values, live) = (place.home.path().join("more.yaml"), place.live_gcfg());
        let more = format!(
            "config: {{Server: {{Noise: {text}{}}}}}\n",
            &text[..100_000]
        );
        std::fs::write(&values, more).unwrap();
        let run = place.lay(&["-f", values.to_str().unwrap()]).code(1);
        run.stderr(contains("Too long").and(contains("The temporary settings are not on")));
        assert_eq!(place.live_gcfg(), live);
    }
}

#[test]
fn the_next_command_can_be_run_as_it_stands() {
    let helm = helms().remove(1);
    let Some(place) = Place::new(&helm, "next") else {
        return;
    };
    place.deploy("rsc", false, &[]);
    let next = |args: &[&str]| place.status(args)["next"].as_str().unwrap().to_owned();
    let version = place.status(&[])["chart"].as_str().unwrap().to_owned();
    let version = version.trim_start_matches("rstudio-connect-").to_owned();
    let namespace = &place.namespace.name;
    assert_eq!(
        next(&["rsc"]),
        format!(
            "helm connect-migrate upgrade rsc rstudio-connect --repo https://helm.rstudio.com \
             --version {version} --reuse-values -n {namespace} --kubeconfig {}",
            place.kubeconfig.display()
        )
    );
    // A repository of the user's, by the name that it has there; and the context that was asked for.
    let config = place.home.path().join("config");
    let cache = place.home.path().join("cache/repository");
    std::fs::create_dir_all(&config).unwrap();
    std::fs::create_dir_all(&cache).unwrap();
    let repositories =
        "apiVersion: ''\nrepositories:\n- {name: mine, url: 'https://example.com'}\n";
    std::fs::write(config.join("repositories.yaml"), repositories).unwrap();
    let index = format!(
        "apiVersion: v1\nentries:\n  rstudio-connect:\n  - {{apiVersion: v2, name: rstudio-connect, version: {version}, urls: ['https://example.com/c.tgz']}}\n"
    );
    std::fs::write(cache.join("mine-index.yaml"), index).unwrap();
    let context = place.context();
    let next = next(&["rsc", "--kube-context", &context]);
    let start =
        format!("helm connect-migrate upgrade rsc mine/rstudio-connect --version {version}");
    assert!(next.starts_with(&start), "{next}");
    assert!(
        next.contains(&format!(
            " -n {namespace} --kube-context {context} --kubeconfig "
        )),
        "{next}"
    );
}

#[test]
fn an_upgrade_without_the_overlay_before_the_rebuild_is_no_revert() {
    let helm = helms().remove(3);
    let Some(place) = Place::new(&helm, "early") else {
        return;
    };
    place.deploy("rsc", true, &[]);
    place.deploy("rsc", false, &[]);
    let status = place.status(&["rsc"]);
    assert_eq!(status["steps"][4]["state"], "to-do");
    assert_eq!(status["steps"][7]["state"], "to-do");
    let next = status["next"].as_str().unwrap();
    assert!(
        next.starts_with("helm connect-migrate upgrade rsc"),
        "{next}"
    );
}

/// What a terminal would take for a command, and a path for a way out.
const HOSTILE: &str = "\u{1b}[31m\u{7}../../../evil\u{202e}; touch evil";

#[test]
fn names_in_the_cluster_are_text() {
    let helm = helms().remove(3);
    let Some(place) = Place::new(&helm, "hostile") else {
        return;
    };
    place.deploy("rsc", true, &[]);
    place.annotate(&[
        (
            "connect-migrate/settings",
            &json!({HOSTILE: HOSTILE}).to_string(),
        ),
        (
            "connect-migrate/originals",
            &json!({HOSTILE: HOSTILE}).to_string(),
        ),
        ("someone/else", HOSTILE),
    ]);
    let clean = |run: &assert_cmd::assert::Assert| {
        let output = run.get_output();
        for text in [&output.stdout, &output.stderr] {
            let text = String::from_utf8_lossy(text);
            let bad = |c: char| c != '\n' && c.is_control() || c == '\u{202e}';
            assert!(!text.contains(bad), "{text:?}");
        }
    };
    for output in ["table", "json", "yaml"] {
        clean(
            &place
                .ours(&["status", "rsc", "--output", output])
                .assert()
                .success(),
        );
    }
    // A record of Helm's with hostile names in it.
    let record = json!({"name": "rsc", "version": 7, "namespace": place.namespace.name,
        "info": {"status": "deployed", "description": HOSTILE, "notes": HOSTILE},
        "chart": {"metadata": {"name": HOSTILE, "version": HOSTILE, "appVersion": HOSTILE},
            "templates": [], "values": {}},
        "manifest": format!("---\n# Source: {HOSTILE}/templates/x.yaml\n{}", json!({
            "apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": HOSTILE},
            "data": {"rstudio-connect.gcfg": "[Scheduler]\nMinProcessesLimit = 0\n"}}))});
    place.record("rsc", 7, &record);
    for output in ["table", "json", "yaml"] {
        clean(&place.ours(&["status", "rsc", "--output", output]).assert());
    }
    clean(&place.ours(&["revert", "rsc", "--yes"]).assert().failure());
    // One whose name is no name is none.
    let mut other = record;
    other["name"] = HOSTILE.into();
    place.record("rsc", 8, &other);
    for command in [
        &["status", "rsc"][..],
        &["revert", "rsc", "--yes"],
        &["status"],
    ] {
        let run = place.ours(command).assert().code(1);
        clean(&run.stderr(contains("no name of a release")));
    }
    assert!(!place.home.path().parent().unwrap().join("evil").exists());
}

#[test]
fn a_journal_of_another_server_does_not_block() {
    let helm = helms().remove(0);
    let Some(place) = Place::new(&helm, "journals") else {
        return;
    };
    place.deploy("rsc", true, &[]);
    let folder = place
        .home
        .path()
        .join("state/connect-migrate/localhost_3939/rsc");
    std::fs::create_dir_all(&folder).unwrap();
    let journal = r#"{"at":"2026-11-22T10:00:00Z","event":"header","schema":1,"server":"http://localhost:3939","made_by":"0.1.0"}
{"at":"2026-11-22T10:00:00Z","event":"item","guid":"GUID","title":"One"}
"#;
    let write = |guid: &str| {
        let text = journal.replace("GUID", guid);
        std::fs::write(folder.join("rebuild.jsonl"), text).unwrap();
    };
    // The server's own content is not finished.
    write("3d6b1c1e-5a0f-4a39-9d0e-000000000001");
    let run = place.ours(&["revert", "rsc", "--yes"]).assert().code(4);
    run.stderr(contains("the rebuild is not finished"));
    // Content that it does not have is another's, on whatever port.
    write("00000000-5a0f-4a39-9d0e-000000000001");
    let run = place.ours(&["revert", "rsc", "--yes"]).assert().success();
    run.stderr(contains(
        "a rebuild of a release of this name is not finished",
    ));
}
