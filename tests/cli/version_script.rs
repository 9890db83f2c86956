//! `scripts/version`: one version, in every manifest.

use crate::support::package::{MANIFESTS, VERSION, copy_of_the_plugin, root, run_version};

#[test]
fn every_manifest_has_the_version_of_the_crate() {
    for path in MANIFESTS {
        let manifest = std::fs::read_to_string(root().join(path)).unwrap();
        assert!(
            manifest.contains(&format!("\nversion: {VERSION}\n")),
            "{path} is not at {VERSION}; run: scripts/version {VERSION}"
        );
    }
}

#[test]
fn one_command_changes_the_version_everywhere() {
    let folder = tempfile::tempdir().unwrap();
    copy_of_the_plugin(folder.path());
    run_version(folder.path(), "99.1.2-rc.3");
    let changed = |path: &str| {
        let before = std::fs::read_to_string(root().join(path)).unwrap();
        let after = std::fs::read_to_string(folder.path().join(path)).unwrap();
        assert_eq!(before.lines().count(), after.lines().count(), "{path}");
        let lines: Vec<_> = before
            .lines()
            .zip(after.lines())
            .filter(|(before, after)| before != after)
            .map(|(_, after)| after.to_owned())
            .collect();
        lines
    };
    for path in MANIFESTS {
        assert_eq!(changed(path), ["version: 99.1.2-rc.3"], "{path}");
    }
    for path in ["Cargo.toml", "Cargo.lock", "fuzz/Cargo.lock"] {
        assert_eq!(changed(path), ["version = \"99.1.2-rc.3\""], "{path}");
    }
}
