//! `version`.

use crate::support::connect_migrate;

#[test]
fn version_is_the_one_of_plugin_yaml() {
    let manifest = std::fs::read_to_string("plugin.yaml").unwrap();
    let version = manifest
        .lines()
        .find_map(|line| line.strip_prefix("version: "))
        .unwrap();
    connect_migrate()
        .args(["version", "--output", "json"])
        .assert()
        .success()
        .stdout(predicates::str::contains(format!(
            "\"version\": \"{version}\""
        )));
}
