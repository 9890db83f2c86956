//! Half-way states, made by stopping Helm between objects. In each, `status` tells the truth and names
//! the next command, and that command, run as printed, leads to off everywhere.

use std::sync::atomic::Ordering;

use predicates::prelude::PredicateBooleanExt as _;
use predicates::str::contains;
use serde_json::json;

use super::half_way::{CONFIG, Refusal, ZERO, beside_each_other, each_helm, follow, off, truth};
use super::{Place, places};
use crate::support::tools::{Helm, helms};

/// What the API server refuses: Helm stops before the configuration, between it and the workload,
/// or, where its own records are refused, does not find out how it ended.
const REFUSED: [&[&str]; 4] = [
    &["configmaps"],
    &["deployments"],
    &["secrets"],
    &["deployments", "secrets"],
];

/// Goes through all that may be refused, one after the other with the same release. `before` puts it
/// right for `act`, which is stopped.
fn stopped(
    what: &str,
    helms: Vec<Helm>,
    refused: &[&[&'static str]],
    before: fn(&Place),
    act: fn(&Place),
) {
    beside_each_other(helms, what, |place| {
        place.deploy("rsc", false, ZERO);
        for refused in refused {
            before(place);
            let refusals: Vec<Refusal<'_>> = refused
                .iter()
                .map(|resource| Refusal::of(place, resource))
                .collect();
            act(place);
            let what = format!("{what} without {}", refused.join(" and "));
            place.namespace.settled();
            truth(place, &what);
            refusals.into_iter().for_each(Refusal::lift);
            place.namespace.settled();
            follow(place, &what);
        }
    });
}

fn laid(place: &Place) {
    place.lay(ZERO).success();
    place.namespace.settled();
}

#[test]
fn laying_is_stopped_between_objects() {
    stopped(
        "lay",
        helms(),
        &REFUSED,
        |_| {},
        |place| {
            place.lay(ZERO).stderr(contains("what is true now"));
        },
    );
}

#[test]
fn reverting_is_stopped_between_objects() {
    stopped("off", helms(), &REFUSED, laid, |place| {
        drop(place.ours(&["revert", "rsc", "--yes"]).assert());
    });
}

#[test]
fn an_upgrade_without_the_overlay_is_stopped_between_objects() {
    stopped("plain", helms(), &REFUSED[..2], laid, |place| {
        drop(place.plain(ZERO));
    });
}

#[test]
fn a_rollback_to_the_overlay_is_stopped_between_objects() {
    let before = |place: &Place| {
        laid(place);
        place.ours(&["revert", "rsc", "--yes"]).assert().success();
        place.namespace.settled();
    };
    stopped("back", helms(), &REFUSED[1..3], before, |place| {
        let status = place.status(&["rsc"]);
        let with = status["revisionsWithOverlay"].as_array().unwrap();
        let revision = with.first().unwrap().to_string();
        place.helm(&["rollback", "rsc", &revision]);
    });
}

#[test]
fn pods_that_started_in_between_are_restarted() {
    each_helm("between", ZERO, |place| {
        laid(place);
        let laid = place.live_gcfg();
        place.ours(&["revert", "rsc", "--yes"]).assert().success();
        let plain = place.live_gcfg();
        // The template is plain already when pods start with the overlay's file.
        place.write_gcfg(&laid);
        let restart = json!({"spec": {"template": {"metadata": {"annotations": {
            "kubectl.kubernetes.io/restartedAt": "now"}}}}});
        place.patch_workload("kubectl-rollout", restart);
        place.namespace.settled();
        place.write_gcfg(&plain);
        // Record, ConfigMap and server say off.
        let said = places(&truth(place, "in between"));
        assert_eq!(said[..2], ["off", "off"], "{}", place.helm.version);
        assert!(said[2].starts_with("unknown"), "{}", said[2]);
        follow(place, "pods that started in between");
    });
}

#[test]
fn containers_that_restarted_in_place_are_judged_by_when() {
    each_helm("place", ZERO, |place| {
        laid(place);
        // They have read the overlay's file again.
        place.namespace.restart_containers(CONFIG);
        assert_eq!(
            places(&truth(place, "again"))[2],
            "on",
            "{}",
            place.helm.version
        );
        // The workload is not changed any more, and the containers read the plain file.
        let refusal = Refusal::of(place, "deployments");
        place.ours(&["revert", "rsc", "--yes"]).assert().code(1);
        let old = truth(place, "old pods");
        if places(&old)[1] == "off" {
            assert_eq!(places(&old)[2], "on", "{}", place.helm.version);
        }
        place.namespace.restart_containers(CONFIG);
        truth(place, "restarted in place");
        refusal.lift();
        follow(place, "restarted in place");
    });
}

#[test]
fn two_replica_sets_are_two_configurations() {
    each_helm("sets", ZERO, |place| {
        laid(place);
        place.namespace.healthy.store(false, Ordering::Relaxed);
        let short = ["revert", "rsc", "--yes", "--timeout", "1s"];
        place.ours(&short).assert().code(1);
        assert_eq!(places(&truth(place, "two sets"))[2], "partly");
        place.namespace.healthy.store(true, Ordering::Relaxed);
        place.namespace.settled();
        follow(place, "two sets of pods");
    });
}

#[test]
fn a_paused_rollout_is_resumed() {
    each_helm("paused", ZERO, |place| {
        laid(place);
        place.patch_workload("kubectl-rollout", json!({"spec": {"paused": true}}));
        let short = ["revert", "rsc", "--yes", "--timeout", "20s"];
        let run = place.ours(&short).assert().code(1);
        run.stderr(contains(
            "kubectl rollout resume deployment/rsc-rstudio-connect -n",
        ));
        let status = truth(place, "paused");
        let next = status["next"].as_str().unwrap();
        assert!(next.starts_with("kubectl rollout resume"), "{next}");
        follow(place, "paused");
    });
}

#[test]
fn laying_times_out_and_the_pods_come_up_later() {
    each_helm("late", &[], |place| {
        place.namespace.controller.store(false, Ordering::Relaxed);
        let run = place.lay(&["--wait", "--timeout", "2s"]).code(1);
        run.stderr(contains("what is true now").and(contains("next: helm connect-migrate revert")));
        place.namespace.controller.store(true, Ordering::Relaxed);
        place.namespace.settled();
        let said = places(&truth(place, "late"));
        assert_eq!(said[1..], ["on", "on", "on"], "{}", place.helm.version);
        follow(place, "laying timed out");
        // The same, and Helm alone behind it.
        place.namespace.controller.store(false, Ordering::Relaxed);
        place.lay(&["--wait", "--timeout", "2s"]).code(1);
        place.namespace.controller.store(true, Ordering::Relaxed);
        place.namespace.settled();
        place.plain(&[]).success();
        place.namespace.settled();
        follow(place, "a plain upgrade behind it");
    });
}

#[test]
fn a_rollback_of_helms_own_is_told() {
    each_helm("atomic", &[], |place| {
        place.namespace.healthy.store(false, Ordering::Relaxed);
        let flag = if place.helm.is_four() {
            "--rollback-on-failure"
        } else {
            "--atomic"
        };
        let run = place.lay(&[flag, "--timeout", "3s"]).code(1);
        run.stderr(contains("what is true now"));
        place.namespace.healthy.store(true, Ordering::Relaxed);
        place.namespace.settled();
        follow(place, "rolled back");
    });
}

#[test]
fn somebody_elses_field_is_seen_before_anything_is_changed() {
    each_helm("owned", &[], |place| {
        place.lay(&[]).success();
        place.namespace.settled();
        place.edit("ScheduleConcurrency = 0", "ScheduleConcurrency = 9");
        let revision = place.status(&["rsc"])["revision"].clone();
        if place.helm.is_four() {
            let run = place.ours(&["revert", "rsc", "--yes"]).assert().code(4);
            run.stderr(contains("kubectl-edit").and(contains("--force-conflicts")));
            assert_eq!(place.status(&["rsc"])["revision"], revision);
        }
        follow(place, "somebody owns the field");
        place.plain(&[]).success();
    });
}

#[test]
fn a_conflict_while_laying_is_told() {
    each_helm("conflict", &[], |place| {
        place.edit("SessionTimeout", "SessionTimeOut");
        let run = place.lay(&[]);
        if place.helm.is_four() {
            run.code(1)
                .stderr(contains("conflict").and(contains("what is true now")));
        } else {
            run.success();
        }
        place.namespace.settled();
        if place.helm.is_four() {
            follow(place, "a conflict while laying");
        }
    });
}

#[test]
fn what_is_scaled_to_nothing_is_started_by_helm() {
    each_helm("scaled", &[], |place| {
        place.lay(&[]).success();
        place.namespace.settled();
        place.patch_workload("kubectl-scale", json!({"spec": {"replicas": 0}}));
        place.namespace.emptied();
        let mut revert = vec!["revert", "rsc", "--yes"];
        if place.helm.is_four() {
            revert.push("--force-conflicts");
        }
        let run = place.ours(&revert).assert().success();
        run.stderr(contains("replicas 0 -> 1").and(contains("scaled to 0")));
        place.namespace.settled();
        off(place, "scaled to 0");
    });
}

#[test]
fn what_somebody_has_removed_is_made_again() {
    each_helm("gone", &[], |place| {
        for (what, is_laid) in [
            ("configmap", true),
            ("deployment", true),
            ("configmap", false),
        ] {
            if is_laid {
                place.lay(&[]).success();
                place.namespace.settled();
            }
            place.remove(what);
            let status = place.status(&["rsc"]);
            let next = status["next"].as_str().unwrap();
            assert!(
                next.contains("connect-migrate revert rsc"),
                "{what}: {next}"
            );
            let run = place.ours(&["revert", "rsc", "--yes"]).assert().success();
            run.stderr(contains("the temporary settings are off"));
            place.namespace.settled();
            off(place, what);
        }
        // Nothing is done where nothing is to be done.
        let revision = place.status(&["rsc"])["revision"].clone();
        place.ours(&["revert", "rsc", "--yes"]).assert().success();
        assert_eq!(place.status(&["rsc"])["revision"], revision);
        place.plain(&[]).success();
    });
}

#[test]
fn a_first_revision_that_was_not_finished_is_taken_over() {
    beside_each_other(helms(), "first", |place| {
        place.secret("probe");
        let refusal = Refusal::of(place, "secrets");
        // Helm takes a record that it cannot write for no reason to fail.
        drop(place.lay(&["--install"]));
        place.namespace.settled();
        refusal.lift();
        let status = truth(place, "first revision");
        assert_eq!(
            status["status"], "pending-install",
            "{}",
            place.helm.version
        );
        follow(place, "first revision");
    });
}
