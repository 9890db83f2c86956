//! States that were found by trying: charts that change more, other places for Helm's records.

use predicates::prelude::PredicateBooleanExt as _;
use predicates::str::contains;

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
    place
        .ours(&revert)
        .assert()
        .code(4)
        .stderr(contains("besides the temporary settings").and(contains("mine: x -> (none)")));
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
