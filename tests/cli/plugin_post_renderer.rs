//! The post-renderer, where each real Helm looks for one.

use std::path::PathBuf;

use predicates::prelude::PredicateBooleanExt as _;
use predicates::str::contains;

use crate::support::home::Home;
use crate::support::package::{VERSION, archive, install_probe, probe_archives, write_probe};
use crate::support::tools::{Helm, helms};

/// A chart whose only document tells whether a probe has seen it.
fn chart(home: &Home) -> PathBuf {
    let chart = home.path().join("chart");
    std::fs::create_dir_all(chart.join("templates")).unwrap();
    std::fs::write(
        chart.join("Chart.yaml"),
        "apiVersion: v2\nname: tiny\nversion: 0.1.0\n",
    )
    .unwrap();
    std::fs::write(
        chart.join("templates/map.yaml"),
        "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: tiny\ndata:\n  probe: untouched\n",
    )
    .unwrap();
    chart
}

#[test]
fn helm_4_finds_the_post_renderer_of_its_own_archive() {
    for helm in helms().into_iter().filter(Helm::is_four) {
        let home = Home::new();
        let source = archive(probe_archives(), "connect-migrate-post-renderer");
        home.install(&helm, source).assert().success();
        home.helm(&helm)
            .args(["template", "release"])
            .arg(chart(&home))
            .args(["--post-renderer", "connect-migrate"])
            .args(["--post-renderer-args", "--allow-missing"])
            .assert()
            .success()
            .stdout(contains("probe: 'post-render --allow-missing'"));
        home.helm(&helm)
            .args(["plugin", "uninstall", "connect-migrate"])
            .assert()
            .success();
        assert_eq!(home.installed(), [""; 0]);
    }
}

#[test]
fn helm_4_finds_the_post_renderer_in_the_private_folder() {
    for helm in helms().into_iter().filter(Helm::is_four) {
        let home = Home::new();
        install_probe(&home, &helm);
        let list = format!(
            "{}:{}",
            home.plugins().display(),
            home.plugins().join("connect-migrate/helm4").display()
        );
        home.helm(&helm)
            .env("HELM_PLUGINS", list)
            .args(["template", "release"])
            .arg(chart(&home))
            .args(["--post-renderer", "connect-migrate"])
            .assert()
            .success()
            .stdout(contains("probe: 'post-render'"))
            .stderr("");
        // Without the list it is not there, and neither is a complaint about it.
        home.helm(&helm)
            .args(["plugin", "list"])
            .assert()
            .success()
            .stdout(contains("postrenderer").not())
            .stderr("");
    }
}

#[test]
fn helm_3_finds_the_post_renderer_in_path() {
    for helm in helms().into_iter().filter(|helm| !helm.is_four()) {
        let home = Home::new();
        let folder = home.path().join("bin");
        write_probe(&folder.join("connect-migrate"), VERSION);
        let path = std::env::join_paths(
            [folder]
                .into_iter()
                .chain(std::env::split_paths(&std::env::var_os("PATH").unwrap())),
        )
        .unwrap();
        home.helm(&helm)
            .env("PATH", path)
            .args(["template", "release"])
            .arg(chart(&home))
            .args(["--post-renderer", "connect-migrate"])
            .args(["--post-renderer-args", "post-render"])
            .assert()
            .success()
            .stdout(contains("probe: 'post-render'"));
    }
}
