//! `validate --in-pod` runs a command in a pod, through the API server.

use std::fs;
use std::os::unix::fs::{PermissionsExt as _, chown};
use std::path::Path;

use serde_json::Value;

use super::rights::{allows, grant, role};
use super::{Place, VALUES};
use crate::connect_stand_in::{Config, StandIn};
use crate::support::chart::chart_dir;
use crate::support::cluster::cluster;
use crate::support::form::printed;
use crate::support::kubelet::ACCOUNT;
use crate::support::tools::newest;

/// A data directory that belongs to who the pod's processes are.
fn data_directory(folder: &Path) {
    fs::set_permissions(folder, fs::Permissions::from_mode(0o755)).unwrap();
    fs::create_dir(folder.join("db")).unwrap();
    let key = folder.join("db/secret.key");
    fs::write(&key, "k").unwrap();
    fs::write(folder.join("an app"), "x").unwrap();
    if rustix::process::getuid().is_root() {
        for path in [folder, &folder.join("db"), &key, &folder.join("an app")] {
            chown(path, Some(ACCOUNT), Some(ACCOUNT)).unwrap();
        }
    }
    fs::set_permissions(key, fs::Permissions::from_mode(0o600)).unwrap();
}

fn statuses(report: &Value) -> Vec<&str> {
    let checks = report["dataDirectory"]["checks"].as_array().into_iter();
    checks
        .flatten()
        .map(|check| check["status"].as_str().unwrap())
        .collect()
}

#[test]
fn the_data_directory_is_looked_at_in_a_pod() {
    let helms = newest();
    let Some(mut place) = helms.first().and_then(|helm| Place::new(helm, "in-pod")) else {
        return;
    };
    let data = tempfile::tempdir().unwrap();
    data_directory(data.path());
    let connect = StandIn::start(Config::with_items(1).version(2026, 8, 0)).unwrap();
    let folder = format!("config.Server.DataDir={}", data.path().display());
    let chart = chart_dir().display().to_string();
    let args = ["upgrade", "--install", "rsc", &chart, "--set", &folder];
    place.helm(&[&args, VALUES].concat()).success();
    place.namespace.settled();
    let user = place.namespace.name.clone();
    let status = role("Role", "connect-migrate-status");
    let exec = role("Role", "connect-migrate-exec");
    grant(&place, &status, &user);
    place.kubeconfig = cluster().unwrap().impersonating(&user, place.home.path());
    let validate = || validate_in(&place, &connect);
    let (_, report) = validate();
    let why = report["dataDirectory"]["notAsked"].as_str().unwrap();
    assert!(
        why.contains("you may not run a command in the pod"),
        "{why}"
    );
    assert_eq!(statuses(&report), [""; 0]);

    grant(&place, &exec, &user);
    let (code, report) = validate();
    assert_eq!(statuses(&report), ["pass"; 3], "{report:#}");
    assert_eq!(code, Some(0), "{report:#}");
    let Some(asked) = cluster().unwrap().requests_of(&user) else {
        return;
    };
    for request in &asked {
        let is_named = [&status, &exec].iter().any(|role| allows(role, request));
        assert!(is_named, "{request:?} is not in docs/rbac.md");
    }

    // What everyone may read, and, where that can be made, what is another's.
    let key = data.path().join("db/secret.key");
    fs::set_permissions(&key, fs::Permissions::from_mode(0o604)).unwrap();
    let (code, report) = validate();
    assert_eq!(statuses(&report), ["pass", "warn", "pass"], "{report:#}");
    assert_eq!(code, Some(0), "{report:#}");
    if rustix::process::getuid().is_root() {
        chown(data.path().join("an app"), Some(1234), Some(ACCOUNT)).unwrap();
        let (code, report) = validate();
        assert_eq!(statuses(&report), ["fail", "warn", "pass"], "{report:#}");
        assert_eq!(code, Some(4), "{report:#}");
        let details = report["dataDirectory"]["checks"][0]["details"].to_string();
        assert!(details.contains("1234:65534 has 1 entry: "), "{details}");
        assert!(details.contains("an app"), "{details}");
        chown(data.path().join("db"), Some(0), Some(0)).unwrap();
        fs::set_permissions(data.path().join("db"), fs::Permissions::from_mode(0o700)).unwrap();
        let (_, report) = validate();
        assert_eq!(statuses(&report)[2], "fail", "{report:#}");
    }
}

fn validate_in(place: &Place, connect: &StandIn) -> (Option<i32>, Value) {
    let args = [
        "validate", "--in-pod", "rsc", "--output", "json", "--server",
    ];
    let mut command = place.ours(&args);
    command
        .arg(connect.url())
        .env("CONNECT_API_KEY", connect.api_key());
    let output = command.output().unwrap();
    (output.status.code(), printed("validate", &output))
}
