//! The overlay on, looked at, and off again.

use std::time::Duration;

use k8s_openapi::api::apps::v1::Deployment;
use k8s_openapi::api::core::v1::{ConfigMap, PersistentVolumeClaim, Service, ServiceAccount};
use kube::api::{ListParams, Patch, PatchParams};
use predicates::prelude::PredicateBooleanExt as _;
use predicates::str::contains;
use serde_json::{Value, json};

use super::{Place, places};
use crate::support::chart::{chart_dir, documents};
use crate::support::tools::helms;

/// Whatever differs between two runs of the same: identities, times, revisions.
fn scrub(value: &mut Value, namespace: &str) {
    match value {
        Value::Object(map) => {
            for key in [
                "uid",
                "resourceVersion",
                "creationTimestamp",
                "generation",
                "managedFields",
                "clusterIP",
                "clusterIPs",
                "status",
                "meta.helm.sh/release-namespace",
                "deployment.kubernetes.io/revision",
            ] {
                map.remove(key);
            }
            map.values_mut().for_each(|value| scrub(value, namespace));
        }
        Value::Array(items) => items.iter_mut().for_each(|value| scrub(value, namespace)),
        Value::String(text) => *text = text.replace(namespace, "NAMESPACE"),
        _ => {}
    }
}

/// The chart's checksums are of texts with the namespace in them.
fn without_sums(text: &str) -> String {
    let is_sum = |word: &str| word.len() == 64 && word.bytes().all(|b| b.is_ascii_hexdigit());
    let sums: Vec<&str> = text
        .split(|c: char| !c.is_ascii_alphanumeric())
        .filter(|word| is_sum(word))
        .collect();
    assert!(!sums.is_empty());
    sums.iter()
        .fold(text.to_owned(), |text, sum| text.replace(sum, "SUM"))
}

/// The release's live objects.
fn live(place: &Place) -> Vec<Value> {
    macro_rules! list {
        ($($kind:ty),+) => {{
            let mut all = Vec::new();
            $(
                let api = place.namespace.api::<$kind>();
                for object in place.namespace.block_on(api.list(&ListParams::default())).unwrap() {
                    let mut value = serde_json::to_value(object).unwrap();
                    scrub(&mut value, &place.namespace.name);
                    all.push(value);
                }
            )+
            all
        }};
    }
    list!(
        ConfigMap,
        Deployment,
        Service,
        ServiceAccount,
        PersistentVolumeClaim
    )
}

fn json_of(place: &Place, args: &[&str]) -> Value {
    let output = place.helm(args).success();
    let mut value: Value = serde_json::from_slice(&output.get_output().stdout).unwrap();
    scrub(&mut value, &place.namespace.name);
    if let Some(map) = value.as_object_mut() {
        map.remove("deployedAt");
        map.remove("revision");
        // Helm 4's own, with the revision and a time.
        map.remove("labels");
    }
    value
}

#[test]
fn what_is_left_is_a_release_that_never_had_the_overlay() {
    for helm in helms() {
        let Some(place) = Place::new(&helm, "back") else {
            return;
        };
        place.deploy("rsc", true, &[]);
        assert_eq!(places(&place.status(&[])), ["on"; 4], "{}", helm.version);
        let run = place.ours(&["revert", "rsc", "--yes"]).assert().success();
        run.stderr(
            contains("Scheduler.MinProcessesLimit: 0 -> 7")
                .and(contains("2 processes of 1 items start at once"))
                .and(contains("3 schedules resume"))
                .and(contains("helm upgrade rsc "))
                .and(contains("'helm rollback' to revision 1 would bring")),
        );
        let status = place.status(&["rsc"]);
        assert_eq!(places(&status), ["off"; 4], "{}", helm.version);
        assert_eq!(status["revisionsWithOverlay"], json!([1]));

        let never = Place::new(&helm, "never").unwrap();
        never.deploy("rsc", false, &[]);
        let text = |place: &Place| {
            place
                .manifest("rsc")
                .replace(&place.namespace.name, "NAMESPACE")
        };
        let (ours, theirs) = (text(&place), text(&never));
        let (ours, theirs) = (without_sums(&ours), without_sums(&theirs));
        // Helm 4 writes what a post-renderer returns in its own style, and stores that.
        if !helm.is_four() {
            assert_eq!(ours, theirs, "{}", helm.version);
        }
        assert_eq!(documents(&ours), documents(&theirs), "{}", helm.version);
        let alike = |place: &Place| {
            let text = serde_json::to_string_pretty(&live(place)).unwrap();
            without_sums(&text)
        };
        assert_eq!(alike(&place), alike(&never), "{}", helm.version);
        for what in ["values", "metadata"] {
            let args = ["get", what, "rsc", "--output", "json"];
            assert_eq!(
                json_of(&place, &args),
                json_of(&never, &args),
                "{}",
                helm.version
            );
        }
        let notes = |place: &Place| {
            let notes = place.helm(&["get", "notes", "rsc"]).success();
            let notes = String::from_utf8(notes.get_output().stdout.clone()).unwrap();
            notes.replace(&place.namespace.name, "NAMESPACE")
        };
        assert_eq!(notes(&place), notes(&never), "{}", helm.version);
        // Helm goes on with the real chart as if nothing had been.
        place.deploy("rsc", false, &[]);
        assert_eq!(text(&never).lines().count(), text(&place).lines().count());
    }
}

#[test]
fn a_rollback_brings_it_back_and_status_shows_it() {
    for helm in helms() {
        let Some(place) = Place::new(&helm, "rollback") else {
            return;
        };
        place.deploy("rsc", true, &[]);
        // An upgrade without the post-renderer takes the overlay off, without a word.
        place.deploy("rsc", false, &[]);
        assert_eq!(places(&place.status(&[])), ["off"; 4], "{}", helm.version);
        place.helm(&["rollback", "rsc", "1"]).success();
        place.namespace.settled();
        assert_eq!(places(&place.status(&[])), ["on"; 4], "{}", helm.version);
        place.ours(&["revert", "rsc", "--yes"]).assert().success();
        // Once more does no harm, and changes nothing.
        let again = place.ours(&["revert", "rsc", "--yes"]).assert().success();
        again.stderr(contains("helm upgrade").not());
        assert_eq!(place.status(&[])["revision"], 4, "{}", helm.version);
    }
}

#[test]
fn a_dry_run_and_a_question_change_nothing() {
    let helm = helms().pop().unwrap();
    let Some(place) = Place::new(&helm, "dry") else {
        return;
    };
    place.deploy("rsc", true, &[]);
    let dry = place
        .ours(&["revert", "rsc", "--dry-run"])
        .assert()
        .success();
    dry.stderr(contains("dry run: nothing was changed"));
    let asked = place.ours(&["revert", "rsc"]).assert().code(2);
    asked.stderr(contains("--yes goes on without"));
    assert_eq!(place.status(&[])["revision"], 1);
    // The rebuild is not finished.
    let journal = place.home.path().join("journal");
    std::fs::create_dir(&journal).unwrap();
    std::fs::write(journal.join("rebuild.jsonl"), UNFINISHED).unwrap();
    let journal = journal.to_str().unwrap();
    place
        .ours(&["revert", "rsc", "--yes", "--journal", journal])
        .assert()
        .code(4)
        .stderr(contains("the rebuild is not finished"));
    assert_eq!(place.status(&[])["revision"], 1);
    let forced = ["revert", "rsc", "--yes", "--force", "--journal", journal];
    let forced = place.ours(&forced).assert().success();
    forced.stderr(contains(
        "overridden by --force: the rebuild is not finished",
    ));
}

/// A journal with one item that nothing was done for.
const UNFINISHED: &str = r#"{"at":"2026-11-22T10:00:00Z","event":"header","schema":1,"server":"http://c","made_by":"0.1.0"}
{"at":"2026-11-22T10:00:00Z","event":"item","guid":"g","title":"One"}
"#;

#[test]
fn with_the_chart_it_is_rendered_again() {
    for helm in helms() {
        let Some(place) = Place::new(&helm, "chart") else {
            return;
        };
        let values = place.home.path().join("values.yaml");
        std::fs::write(
            &values,
            "sharedStorage: {create: true} # kept\nconfig:\n  Scheduler:\n    MinProcessesLimit: 7\n",
        )
        .unwrap();
        let values = values.to_str().unwrap();
        let chart = chart_dir().to_string_lossy().into_owned();
        place
            .ours(&["upgrade", "--install", "rsc", &chart, "-f", values])
            .assert()
            .success();
        place.namespace.settled();
        place
            .ours(&["revert", "rsc", &chart, "-f", values, "--yes"])
            .assert()
            .success();
        assert_eq!(places(&place.status(&[])), ["off"; 4], "{}", helm.version);
    }
}

#[test]
fn a_chart_of_another_version_is_not_taken_by_mistake() {
    let helm = helms().remove(0);
    let Some(place) = Place::new(&helm, "version") else {
        return;
    };
    place.deploy("rsc", true, &[]);
    let other = place.home.path().join("other");
    std::fs::create_dir_all(&other).unwrap();
    let manifest = "apiVersion: v2\nname: rstudio-connect\nversion: 9.9.9\n";
    std::fs::write(other.join("Chart.yaml"), manifest).unwrap();
    place
        .ours(&["revert", "rsc", other.to_str().unwrap(), "--yes"])
        .assert()
        .code(1)
        .stderr(contains("--version 9.9.9 says that this is meant"));
    assert_eq!(place.status(&[])["revision"], 1);
}

#[test]
fn a_configuration_edited_by_hand_is_seen_and_put_right() {
    for helm in helms() {
        let Some(place) = Place::new(&helm, "edited") else {
            return;
        };
        place.deploy("rsc", true, &[]);
        let maps = place.namespace.api::<ConfigMap>();
        let name = "rsc-rstudio-connect-config";
        let map = place.namespace.block_on(maps.get(name)).unwrap();
        let text = &map.data.unwrap()["rstudio-connect.gcfg"];
        let text = text.replace("ScheduleConcurrency = 0", "ScheduleConcurrency = 9");
        let patch = Patch::Merge(json!({"data": {"rstudio-connect.gcfg": text}}));
        place
            .namespace
            .block_on(maps.patch(name, &PatchParams::default(), &patch))
            .unwrap();
        let status = place.status(&[]);
        let said = places(&status);
        assert_eq!(said[..2], ["on", "partly"], "{}", helm.version);
        assert_eq!(status["disagree"], true);
        // In Helm 4 the edited field belongs to whoever edited it.
        let force: &[&str] = if helm.is_four() {
            &["--force-conflicts"]
        } else {
            &[]
        };
        let run = place.ours(&["revert", "rsc", "--yes"]).args(force).assert();
        run.success()
            .stderr(contains("somebody changed it by hand"));
        assert_eq!(places(&place.status(&[])), ["off"; 4], "{}", helm.version);
    }
}

#[test]
fn settings_made_by_hand_are_not_taken_for_ours() {
    let helm = helms().remove(1);
    let Some(place) = Place::new(&helm, "hand") else {
        return;
    };
    let set = [
        "--set",
        "config.Applications.ScheduleConcurrency=0",
        "--set",
        "config.Applications.PythonEnvironmentReaping=false",
        "--set",
        "config.Scheduler.MinProcessesLimit=0",
    ];
    place.deploy("rsc", false, &set);
    assert_eq!(places(&place.status(&[]))[0], "unmarked");
    place
        .ours(&["revert", "rsc", "--yes"])
        .assert()
        .code(4)
        .stderr(contains("come from its values"));
}

#[test]
fn two_releases_in_a_namespace_are_told_apart() {
    let helm = helms().remove(2);
    let Some(place) = Place::new(&helm, "two") else {
        return;
    };
    place.deploy("one", true, &[]);
    place.deploy("two", true, &[]);
    place
        .ours(&["status"])
        .assert()
        .code(1)
        .stderr(contains("several releases").and(contains("one, two")));
    place
        .ours(&["status", "three"])
        .assert()
        .code(1)
        .stderr(contains("there is no release three"));
    place.ours(&["revert", "one", "--yes"]).assert().success();
    assert_eq!(places(&place.status(&["one"]))[..3], ["off", "off", "off"]);
    assert_eq!(places(&place.status(&["two"]))[..3], ["on", "on", "on"]);
}

#[test]
fn a_server_that_does_not_come_up_is_said_and_looked_for_again() {
    let helm = helms().remove(0);
    let Some(place) = Place::new(&helm, "down") else {
        return;
    };
    place.deploy("rsc", true, &[]);
    place
        .namespace
        .healthy
        .store(false, std::sync::atomic::Ordering::Relaxed);
    place
        .ours(&["revert", "rsc", "--yes", "--timeout", "2s"])
        .assert()
        .code(1)
        .stderr(contains("has not come up within").and(contains("CrashLoopBackOff")));
    let status = place.status(&[]);
    assert_eq!(places(&status)[..3], ["off", "off", "partly"]);
    place
        .namespace
        .healthy
        .store(true, std::sync::atomic::Ordering::Relaxed);
    place.ours(&["revert", "rsc", "--yes"]).assert().success();
}

#[test]
fn a_server_that_does_not_answer_refuses_beforehand() {
    let helm = helms().remove(3);
    let Some(place) = Place::new(&helm, "silent") else {
        return;
    };
    place.deploy("rsc", true, &[]);
    place
        .ours(&["revert", "rsc", "--yes"])
        .env_remove("CONNECT_API_KEY")
        .assert()
        .code(4)
        .stderr(contains("set CONNECT_API_KEY"));
    assert_eq!(place.status(&[])["revision"], 1);
    // The settings are still in effect, whatever Helm says.
    place.namespace.server.pin_limit(0);
    place
        .ours(&["revert", "rsc", "--yes"])
        .timeout(Duration::from_secs(120))
        .assert()
        .code(1)
        .stderr(contains("it was not seen in every place"));
}

#[test]
fn the_wrapper_waits_until_the_server_answers() {
    let helm = helms().remove(2);
    let Some(place) = Place::new(&helm, "wait") else {
        return;
    };
    let chart = chart_dir().to_string_lossy().into_owned();
    let args = ["upgrade", "--install", "rsc", &chart, "--overlay-wait"];
    let values = ["--set", "sharedStorage.create=true"];
    let run = place.ours(&args).args(values).assert().success();
    run.stderr(contains("answers. To look at it").and(contains("deployment/rsc-rstudio-connect")));
    place
        .namespace
        .healthy
        .store(false, std::sync::atomic::Ordering::Relaxed);
    let args = ["upgrade", "rsc", &chart, "--overlay-wait=1s"];
    let more = ["--set", "sharedStorage.create=true,pod.annotations.a=b"];
    let run = place.ours(&args).args(more).assert().code(1);
    run.stderr(contains("has not come up within"));
}

#[test]
fn settings_in_values_files_are_taken_out_of_them() {
    for helm in helms() {
        let Some(place) = Place::new(&helm, "values") else {
            return;
        };
        let file = |name: &str| place.home.path().join(name).to_string_lossy().into_owned();
        let (values, overlay) = (file("values.yaml"), file("overlay.yaml"));
        let text = "sharedStorage: {create: true} # kept\nconfig:\n  Scheduler:\n    MinProcessesLimit: 7\n";
        std::fs::write(&values, text).unwrap();
        place
            .ours(&["overlay", "values", "-f", &values, "--out", &overlay])
            .assert()
            .success();
        let laid = std::fs::read_to_string(&overlay).unwrap();
        let chart = chart_dir().to_string_lossy().into_owned();
        let deploy = [
            "upgrade",
            "--install",
            "rsc",
            &chart,
            "-f",
            &values,
            "-f",
            &overlay,
        ];
        place.helm(&deploy).success();
        place.namespace.settled();
        let said = places(&place.status(&[]));
        assert_eq!([&*said[0], &*said[1]], ["unmarked"; 2], "{}", helm.version);
        let revert = [
            "revert", "rsc", &chart, "-f", &values, "-f", &overlay, "--yes",
        ];
        let run = place.ours(&revert).assert().success();
        run.stderr(contains(
            "overlay.yaml: the temporary settings are taken out",
        ));
        assert_eq!(places(&place.status(&[])), ["off"; 4], "{}", helm.version);
        assert_eq!(std::fs::read_to_string(&values).unwrap(), text);
        assert_ne!(std::fs::read_to_string(&overlay).unwrap(), laid);
    }
}
