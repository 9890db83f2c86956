//! `version`.

use crate::support::connect_migrate;
use crate::support::form::printed;

#[test]
fn version_is_the_one_of_plugin_yaml() {
    let manifest = std::fs::read_to_string("plugin.yaml").unwrap();
    let version = manifest
        .lines()
        .find_map(|line| line.strip_prefix("version: "));
    let mut command = connect_migrate();
    let output = command.args(["version", "--output", "json"]).output();
    let told = printed("version", &output.unwrap());
    assert_eq!(told["version"].as_str(), version);
}
