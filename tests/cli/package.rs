//! `scripts/package`: what is in the release archives.

use std::path::Path;
use std::process::Command;

use sha2::{Digest as _, Sha256};

use crate::support::package::{VERSION, archive, package, probe_archives, write_probe};

/// An archive's entries as tar lists them: rights, owner, time and path.
fn entries(archive: &Path) -> Vec<String> {
    let output = Command::new("tar")
        .args(["-tvzf"])
        .arg(archive)
        .env("TZ", "UTC")
        .output()
        .unwrap();
    assert!(output.status.success(), "{output:?}");
    String::from_utf8(output.stdout)
        .unwrap()
        .lines()
        .map(|line| line.split_whitespace().collect::<Vec<_>>().join(" "))
        .collect()
}

fn paths(archive: &Path) -> Vec<String> {
    entries(archive)
        .iter()
        .map(|entry| entry.rsplit(' ').next().unwrap().to_owned())
        .collect()
}

#[test]
fn the_plugin_lies_at_the_root_for_helm_3() {
    let archive = archive(probe_archives(), "helm-connect-migrate");
    assert_eq!(
        paths(&archive),
        [
            "CHANGELOG.md",
            "LICENSE-APACHE",
            "LICENSE-MIT",
            "README.md",
            "bin/",
            "bin/helm-connect-migrate",
            "helm4/",
            "helm4/connect-migrate/",
            "helm4/connect-migrate/plugin.yaml",
            "plugin.yaml",
            "scripts/",
            "scripts/alone.sh",
            "scripts/install.sh",
        ]
    );
}

#[test]
fn the_plugin_lies_in_a_folder_of_its_name_for_helm_4() {
    let flat = paths(&archive(probe_archives(), "helm-connect-migrate"));
    let mut nested = paths(&archive(probe_archives(), "connect-migrate"));
    assert_eq!(nested.remove(0), "connect-migrate/");
    let expected: Vec<_> = flat
        .iter()
        .map(|path| format!("connect-migrate/{path}"))
        .collect();
    assert_eq!(nested, expected);
}

#[test]
fn the_post_renderer_is_complete_in_itself() {
    assert_eq!(
        paths(&archive(probe_archives(), "connect-migrate-post-renderer")),
        [
            "connect-migrate-post-renderer/",
            "connect-migrate-post-renderer/LICENSE-APACHE",
            "connect-migrate-post-renderer/LICENSE-MIT",
            "connect-migrate-post-renderer/bin/",
            "connect-migrate-post-renderer/bin/helm-connect-migrate",
            "connect-migrate-post-renderer/plugin.yaml",
            "connect-migrate-post-renderer/scripts/",
            "connect-migrate-post-renderer/scripts/alone.sh",
        ]
    );
}

#[test]
fn rights_owners_and_times_are_fixed() {
    for entry in entries(&archive(probe_archives(), "helm-connect-migrate")) {
        let path = entry.rsplit(' ').next().unwrap();
        let rights = match path {
            _ if path.ends_with('/') => "drwxr-xr-x",
            "bin/helm-connect-migrate" | "scripts/alone.sh" | "scripts/install.sh" => "-rwxr-xr-x",
            _ => "-rw-r--r--",
        };
        assert!(
            entry.starts_with(&format!("{rights} root/root ")),
            "{entry}"
        );
        assert!(entry.contains(" 1980-01-01 00:00 "), "{entry}");
    }
}

#[test]
fn the_same_binary_gives_the_same_bytes() {
    let folder = tempfile::tempdir().unwrap();
    let probe = folder.path().join("somewhere else");
    write_probe(&probe, VERSION);
    let output = package(&probe, folder.path()).output().unwrap();
    assert!(output.status.success(), "{output:?}");
    for name in [
        "helm-connect-migrate",
        "connect-migrate",
        "connect-migrate-post-renderer",
    ] {
        let again = std::fs::read(archive(folder.path(), name)).unwrap();
        let first = std::fs::read(archive(probe_archives(), name)).unwrap();
        assert!(first == again, "{name} differs");
    }
}

#[test]
fn the_checksums_are_those_of_the_archives() {
    let text = std::fs::read_to_string(probe_archives().join("SHA256SUMS")).unwrap();
    let mut named = Vec::new();
    for line in text.lines() {
        let (sum, name) = line.split_once("  ").unwrap();
        let content = std::fs::read(probe_archives().join(name)).unwrap();
        let actual: String = Sha256::digest(&content)
            .iter()
            .map(|byte| format!("{byte:02x}"))
            .collect();
        assert_eq!(sum, actual, "{name}");
        named.push(name.to_owned());
    }
    for name in [
        "helm-connect-migrate",
        "connect-migrate",
        "connect-migrate-post-renderer",
    ] {
        let archive = archive(probe_archives(), name);
        let file = archive.file_name().unwrap().to_str().unwrap();
        assert!(
            named.iter().any(|name| name == file),
            "{file} has no checksum"
        );
    }
}

#[test]
fn a_binary_of_another_version_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let probe = folder.path().join("probe");
    write_probe(&probe, "0.0.1");
    let out = folder.path().join("dist");
    let output = package(&probe, &out).output().unwrap();
    assert!(!output.status.success());
    assert!(String::from_utf8_lossy(&output.stderr).contains("helm-connect-migrate 0.0.1"));
    assert!(!out.exists());
}
