//! Who runs us.

use std::path::{Path, PathBuf};

/// Whether Helm 4 runs this process as a post-renderer.
///
/// A plugin is told its name and folder by both Helms, in all its roles; only what the folder's
/// plugin.yaml says tells them apart.
#[must_use]
pub fn is_helm_4_post_renderer() -> bool {
    std::env::var_os("HELM_PLUGIN_NAME").is_some()
        && std::env::var_os("HELM_PLUGIN_DIR")
            .map(PathBuf::from)
            .is_some_and(|folder| is_post_renderer(&folder))
}

/// Whether a folder holds a Helm 4 post-renderer.
#[must_use]
pub fn is_post_renderer(folder: &Path) -> bool {
    std::fs::read_to_string(folder.join("plugin.yaml")).is_ok_and(|manifest| {
        crate::yaml::load(&manifest).is_ok_and(|documents| {
            documents.first().is_some_and(|root| {
                root.get("type").and_then(crate::yaml::Node::as_str) == Some("postrenderer/v1")
            })
        })
    })
}
