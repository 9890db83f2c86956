//! The chart that tests render: the real one in `$CONNECT_CHART`, else our own in testdata/chart.

use std::path::{Path, PathBuf};
use std::process::Command;

use connect_migrate::yaml::{self, Value};

use super::tools::Helm;

/// The folder of the chart.
pub fn chart_dir() -> PathBuf {
    std::env::var_os("CONNECT_CHART").map_or_else(
        || Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata/chart/rstudio-connect"),
        PathBuf::from,
    )
}

/// Whether it is the real chart.
pub fn is_real() -> bool {
    std::env::var_os("CONNECT_CHART").is_some()
}

/// What `helm template` says: the manifest, or its complaint.
pub fn try_template(helm: &Helm, args: &[&str]) -> Result<String, String> {
    let mut command = Command::new(&helm.path);
    for (name, _) in std::env::vars_os() {
        if name.to_string_lossy().starts_with("HELM_") || name == "KUBECONFIG" {
            command.env_remove(name);
        }
    }
    let output = command.arg("template").args(args).output().unwrap();
    if output.status.success() {
        Ok(String::from_utf8(output.stdout).unwrap())
    } else {
        Err(String::from_utf8_lossy(&output.stderr).into_owned())
    }
}

/// The manifest that `helm template ARGS` prints.
pub fn template(helm: &Helm, args: &[&str]) -> String {
    try_template(helm, args).unwrap_or_else(|error| panic!("helm {}: {error}", helm.version))
}

/// The text of `rstudio-connect.gcfg` in a manifest.
pub fn gcfg_of(manifest: &str) -> String {
    documents(manifest)
        .iter()
        .find_map(|document| document.at(&["data", "rstudio-connect.gcfg"])?.as_str())
        .expect("a manifest with rstudio-connect.gcfg")
        .to_owned()
}

/// The objects of a manifest.
pub fn documents(manifest: &str) -> Vec<Value> {
    yaml::load(manifest)
        .unwrap()
        .iter()
        .map(|document| yaml::resolve(document).unwrap())
        .collect()
}
