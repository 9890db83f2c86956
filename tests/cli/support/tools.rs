//! The real binaries that tests run: four Helms and kubectl.
//!
//! `scripts/tools` puts them into `.tools` (or `$CONNECT_MIGRATE_TOOLS`). Where one is missing, a
//! test says so and passes, unless `CONNECT_MIGRATE_REQUIRE_TOOLS` is set, as `scripts/test` does.

use std::path::{Path, PathBuf};

/// A Helm to test with.
#[derive(Debug, Clone)]
pub struct Helm {
    /// Its version as far as it matters: `3.17`, `3.19`, `4.1` or `4.3`.
    pub version: &'static str,
    /// The binary.
    pub path: PathBuf,
}

impl Helm {
    /// Whether it is a Helm 4.
    pub fn is_four(&self) -> bool {
        self.version.starts_with('4')
    }
}

/// Every Helm that we support.
pub fn helms() -> Vec<Helm> {
    ["3.17", "3.19", "4.1", "4.3"]
        .into_iter()
        .filter_map(|version| tool(&format!("helm-{version}")).map(|path| Helm { version, path }))
        .collect()
}

/// The newest of each major version.
pub fn newest() -> Vec<Helm> {
    let is_newest = |helm: &Helm| matches!(helm.version, "3.19" | "4.3");
    helms().into_iter().filter(is_newest).collect()
}

/// One binary by its name in the tools folder.
pub fn tool(name: &str) -> Option<PathBuf> {
    let folder = std::env::var_os("CONNECT_MIGRATE_TOOLS").map_or_else(
        || Path::new(env!("CARGO_MANIFEST_DIR")).join(".tools"),
        PathBuf::from,
    );
    let path = folder.join(name);
    if path.exists() {
        return Some(path);
    }
    missing(&format!("{} (scripts/tools gets it)", path.display()));
    None
}

/// Says what a test goes without; fails where everything is required.
pub fn missing(what: &str) {
    assert!(
        std::env::var_os("CONNECT_MIGRATE_REQUIRE_TOOLS").is_none(),
        "required, but not there: {what}"
    );
    eprintln!("skipped: {what} is not there");
}
