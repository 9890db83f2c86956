//! scripts/cluster, and the ways to reach a cluster.

use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::{Command, Output};

use predicates::str::contains;
use serde_json::{Value, json};

use super::{Place, places};
use crate::support::cluster::cluster;
use crate::support::form::printed;
use crate::support::package::write_program;
use crate::support::tools::helms;

fn script(command: &str, folder: &Path) -> Output {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("scripts/cluster");
    Command::new(script)
        .arg(command)
        .arg(folder)
        .output()
        .unwrap()
}

fn said(output: &Output) -> String {
    assert!(output.status.success(), "{output:?}");
    String::from_utf8(output.stdout.clone()).unwrap()
}

#[test]
fn several_clusters_run_at_once_and_leave_nothing_behind() {
    if cluster().is_none() {
        return;
    }
    let home = tempfile::tempdir().unwrap();
    let folder = home.path().join("another one");
    assert!(!script("status", &folder).status.success());
    assert!(!script("kubeconfig", &folder).status.success());
    let kubeconfig = said(&script("up", &folder));
    let path = Path::new(kubeconfig.trim_end());
    let mode = std::fs::metadata(path).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    let text = std::fs::read_to_string(path).unwrap();
    // Running already, it is left alone.
    assert_eq!(said(&script("up", &folder)), kubeconfig);
    assert_eq!(std::fs::read_to_string(path).unwrap(), text);
    assert_eq!(said(&script("kubeconfig", &folder)), kubeconfig);
    assert!(said(&script("status", &folder)).ends_with(": up\n"));
    let pid = std::fs::read_to_string(folder.join("etcd.pid")).unwrap();
    said(&script("down", &folder));
    assert_eq!(std::fs::read_dir(home.path()).unwrap().count(), 0);
    // Where nobody collects the dead, the process is still listed, but does nothing any more.
    let command = std::fs::read(format!("/proc/{}/cmdline", pid.trim())).unwrap_or_default();
    assert!(command.is_empty(), "etcd still runs");
    said(&script("down", &folder));
}

#[test]
fn releases_are_completed() {
    for helm in helms() {
        let Some(place) = Place::new(&helm, "complete") else {
            return;
        };
        place.deploy("rsc", false, &[]);
        let offered = |words: &[&str]| {
            let mut args = vec!["complete", "--"];
            args.extend(words);
            let run = place.ours(&args).assert().success();
            String::from_utf8(run.get_output().stdout.clone()).unwrap()
        };
        assert_eq!(offered(&["status", ""]), "rsc\trelease\n:4\n");
        assert_eq!(offered(&["revert", ""]), "rsc\trelease\n:4\n");
        assert!(!offered(&["revert", "--"]).contains("rsc"));
    }
}

#[test]
fn contexts_and_credential_plugins_lead_to_the_cluster() {
    let helm = helms().remove(0);
    let Some(mut place) = Place::new(&helm, "ways") else {
        return;
    };
    place.deploy("rsc", true, &[]);
    let text = std::fs::read_to_string(&place.kubeconfig).unwrap();
    let mut config: Value = serde_yaml::from_str(&text).unwrap();
    let token = config["users"][0]["user"]["token"].clone();
    let plugin = place.home.path().join("credential plugin");
    let credential = json!({"apiVersion": "client.authentication.k8s.io/v1",
        "kind": "ExecCredential", "status": {"token": token}});
    write_program(&plugin, &format!("#!/bin/sh\necho '{credential}'\n"));
    config["users"] = json!([{"name": "plugged", "user": {"exec": {
        "apiVersion": "client.authentication.k8s.io/v1", "command": plugin,
        "interactiveMode": "Never"}}}]);
    config["contexts"] = json!([{"name": "one", "context": {"cluster": config["clusters"][0]["name"],
        "user": "plugged", "namespace": place.namespace.name}}]);
    config["current-context"] = "none".into();
    place.kubeconfig = place.home.path().join("plugged");
    std::fs::write(&place.kubeconfig, config.to_string()).unwrap();
    place
        .ours(&["status", "rsc"])
        .assert()
        .code(1)
        .stderr(contains("cannot use the kubeconfig"));
    let args = ["status", "--kube-context", "one", "--output", "json"];
    // The namespace is the context's.
    let mut command = place.ours(&args);
    let output = command.env_remove("HELM_NAMESPACE").assert().success();
    let status: Value = printed("status", output.get_output());
    assert_eq!(places(&status), ["on"; 4]);
    let plan = ["revert", "rsc", "--kube-context", "one", "--yes"];
    place.ours(&plan).assert().success();
}
