//! What the plugin's own folder tells.

use std::path::Path;

use crate::yaml::{self, Value};

/// The version in the manifest of the plugin that we run as.
pub(super) fn plugin_manifest() -> Option<String> {
    let folder = std::env::var_os("HELM_PLUGIN_DIR").filter(|folder| !folder.is_empty())?;
    let text = std::fs::read_to_string(Path::new(&folder).join("plugin.yaml")).ok()?;
    let manifest = yaml::read_values(&text).ok()?;
    manifest.get("version").map(Value::printed)
}
