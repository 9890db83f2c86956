//! What is printed: commands that run as they stand, exit codes, forms.

use std::os::unix::process::CommandExt as _;
use std::process::{Child, Command, Stdio};
use std::sync::atomic::Ordering;

use k8s_openapi::api::apps::v1::Deployment;
use kube::api::{Patch, PatchParams};
use predicates::prelude::PredicateBooleanExt as _;
use predicates::str::contains;
use serde_json::json;

use super::Place;
use super::half_way::{WORKLOAD, follow, truth};
use crate::support::chart::chart_dir;
use crate::support::tools::{helms, newest};

/// As a terminal does it: the interrupt goes to us and to Helm.
fn interrupted(place: &Place, args: &[&str]) -> (Option<i32>, String) {
    let child: Child = place
        .process(args)
        .process_group(0)
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    place.namespace.pending("rsc");
    let group = format!("-{}", child.id());
    let sent = Command::new("kill").args(["-INT", "--", &group]).status();
    assert!(sent.unwrap().success());
    let output = child.wait_with_output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    (output.status.code(), said)
}

#[test]
fn an_interrupt_during_helm_is_said_and_the_next_command_goes_on() {
    for helm in helms() {
        let Some(place) = Place::new(&helm, "interrupt") else {
            return;
        };
        place.deploy("rsc", false, &[]);
        // Helm waits for pods that nobody makes.
        place.namespace.controller.store(false, Ordering::Relaxed);
        let chart = chart_dir().to_string_lossy().into_owned();
        let mut lay = vec!["upgrade", "rsc", &chart, "--wait", "--timeout", "30m"];
        lay.extend(super::VALUES);
        let (code, said) = interrupted(&place, &lay);
        assert_eq!(code, Some(6), "{}: {said}", helm.version);
        assert!(said.contains("connect-migrate: interrupted"), "{said}");
        place.namespace.controller.store(true, Ordering::Relaxed);
        place.namespace.settled();
        follow(&place, "an upgrade was interrupted");

        place.deploy("rsc", true, &[]);
        place.namespace.controller.store(false, Ordering::Relaxed);
        let revert = ["revert", "rsc", "--yes", "--wait", "--timeout", "30m"];
        let (code, said) = interrupted(&place, &revert);
        assert_eq!(code, Some(6), "{}: {said}", helm.version);
        let command = format!(
            "interrupted; 'helm connect-migrate revert rsc -n {} --kubeconfig {}' goes on from here",
            place.namespace.name,
            place.kubeconfig.display()
        );
        assert!(said.contains(&command), "{}: {said}", helm.version);
        place.namespace.controller.store(true, Ordering::Relaxed);
        place.namespace.settled();
        truth(&place, "a revert was interrupted");
        follow(&place, "a revert was interrupted");
    }
}

#[test]
fn the_report_is_plain_yaml() {
    let helm = newest().remove(1);
    let Some(place) = Place::new(&helm, "plain") else {
        return;
    };
    place.deploy("rsc", true, &[]);
    let run = place
        .ours(&["status", "rsc", "-o", "yaml"])
        .assert()
        .success();
    let text = String::from_utf8(run.get_output().stdout.clone()).unwrap();
    for document in connect_migrate::yaml::load(&text).unwrap() {
        untagged(&document);
    }
    assert!(text.contains("stored:\n      known:\n"), "{text}");
}

fn untagged(node: &connect_migrate::yaml::Node) {
    assert_eq!(node.tag, None);
    node.items().iter().for_each(untagged);
    for entry in node.entries() {
        untagged(&entry.key);
        untagged(&entry.value);
    }
}

#[test]
fn pods_that_a_quota_refuses_are_named_with_the_reason() {
    let helm = newest().remove(1);
    let Some(place) = Place::new(&helm, "refused") else {
        return;
    };
    place.deploy("rsc", true, &[]);
    // As the Deployment controller says it.
    place.namespace.controller.store(false, Ordering::Relaxed);
    let why = "pods \"rsc-1\" is forbidden: exceeded quota: small, requested: pods=1, used: pods=1, limited: pods=1";
    let status = json!({"status": {"conditions": [{"type": "ReplicaFailure", "status": "True",
        "reason": "FailedCreate", "message": why}]}});
    let workloads = place.namespace.api::<Deployment>();
    let patch = Patch::Merge(status);
    let params = PatchParams::default();
    let patched = workloads.patch_status(WORKLOAD, &params, &patch);
    place.namespace.block_on(patched).unwrap();
    let short = ["revert", "rsc", "--yes", "--timeout", "1s"];
    let run = place.ours(&short).assert().code(1);
    run.stderr(contains("exceeded quota: small").and(contains("has not come up")));
    let pods = place.status(&["rsc"])["configurations"][0]["pods"].to_string();
    assert!(
        pods.contains("new pods are refused") && pods.contains("exceeded quota: small"),
        "{pods}"
    );
    place.namespace.controller.store(true, Ordering::Relaxed);
    place.namespace.settled();
    follow(&place, "a quota refused the pods");
}
