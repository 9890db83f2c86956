//! `scripts/package`: what is in the release archives.

use std::path::{Path, PathBuf};
use std::process::Command;

use sha2::{Digest as _, Sha256};

use predicates::str::contains;

use crate::support::home::Home;
use crate::support::package::{
    KEY_OWNER, Key, VERSION, archive, package, probe_archives, root, write_probe,
};
use crate::support::server::Server;
use crate::support::tools::{Helm, helms, tool};

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
            "THIRD-PARTY-LICENSES.txt",
            "bin/",
            "bin/helm-connect-migrate",
            "completion.yaml",
            "helm4/",
            "helm4/connect-migrate/",
            "helm4/connect-migrate/plugin.yaml",
            "plugin.complete",
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
            "connect-migrate-post-renderer/THIRD-PARTY-LICENSES.txt",
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
            "bin/helm-connect-migrate"
            | "plugin.complete"
            | "scripts/alone.sh"
            | "scripts/install.sh" => "-rwxr-xr-x",
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
fn the_licences_of_everything_that_is_linked_in_are_there() {
    let output = Command::new("tar")
        .args(["-xzOf"])
        .arg(archive(probe_archives(), "helm-connect-migrate"))
        .arg("THIRD-PARTY-LICENSES.txt")
        .output()
        .unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    for name in ["kube", "rustls", "ring", "tokio", "saphyr-parser"] {
        let line = format!("\n{name} ");
        let entry = text
            .split("=".repeat(80).as_str())
            .find(|entry| entry.contains(&line));
        let entry = entry.unwrap_or_else(|| panic!("{name} is not named"));
        let (_, licence) = entry.split_once(&"-".repeat(80)).unwrap();
        assert!(licence.len() > 300, "{name}: {licence}");
    }
    // What only the tests use is not given away.
    assert!(!text.contains("\nproptest "));
}

#[test]
fn the_bill_of_materials_names_what_is_linked_in() {
    if tool("cargo-cyclonedx").is_none() {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let probe = folder.path().join("probe");
    write_probe(&probe, VERSION);
    let output = package(&probe, folder.path())
        .arg("--sbom")
        .output()
        .unwrap();
    assert!(output.status.success(), "{output:?}");
    let file = std::fs::read_dir(folder.path()).unwrap().find_map(|entry| {
        let path = entry.unwrap().path();
        path.to_str()
            .unwrap()
            .ends_with(".cdx.json")
            .then_some(path)
    });
    let bom: serde_json::Value =
        serde_json::from_slice(&std::fs::read(file.unwrap()).unwrap()).unwrap();
    assert_eq!(bom["bomFormat"], "CycloneDX");
    let names: Vec<_> = bom["components"]
        .as_array()
        .unwrap()
        .iter()
        .map(|component| component["name"].as_str().unwrap())
        .collect();
    for name in ["kube", "rustls", "ring"] {
        assert!(names.contains(&name), "{name} is not in {names:?}");
    }
}

#[test]
fn an_image_has_the_binary_and_nothing_to_start_besides() {
    let folder = tempfile::tempdir().unwrap();
    let authorities = folder.path().join("authorities.pem");
    std::fs::write(&authorities, "of this machine").unwrap();
    let image = folder.path().join("image");
    let status = Command::new(root().join("scripts/image"))
        .arg(archive(probe_archives(), "helm-connect-migrate"))
        .arg(&image)
        .env("SSL_CERT_FILE", &authorities)
        .status()
        .unwrap();
    assert!(status.success());
    let mut found = Vec::new();
    let mut folders = vec![image.join("root")];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else {
                found.push(path.strip_prefix(&image).unwrap().display().to_string());
            }
        }
    }
    found.sort();
    assert_eq!(
        found,
        [
            "root/bin/helm-connect-migrate",
            "root/etc/ssl/certs/ca-certificates.crt",
            "root/licences/LICENSE-APACHE",
            "root/licences/LICENSE-MIT",
            "root/licences/THIRD-PARTY-LICENSES.txt",
        ]
    );
    let text = std::fs::read_to_string(image.join("Dockerfile")).unwrap();
    assert!(text.starts_with("FROM scratch\n") && text.contains("\nUSER 65532:65532\n"));
}

/// The release binary, where scripts/test has made one.
fn released() -> Option<PathBuf> {
    let path = std::env::var_os("CONNECT_MIGRATE_RELEASE").map(PathBuf::from);
    if path.is_none() {
        eprintln!("skipped: no release was made (scripts/test makes one)");
    }
    path
}

#[test]
fn the_release_runs_where_servers_run() {
    let Some(binary) = released() else {
        return;
    };
    let output = Command::new("readelf")
        .args(["--version-info", "--wide"])
        .arg(&binary)
        .output()
        .unwrap();
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let mut needed: Vec<Vec<u32>> = text
        .split("Name: GLIBC_")
        .skip(1)
        .map(|rest| {
            let version = rest.split_whitespace().next().unwrap();
            version
                .split('.')
                .map(|number| number.parse().unwrap())
                .collect()
        })
        .collect();
    needed.sort();
    let most = needed.last().expect("it is linked against glibc");
    // RHEL 7 and later, Ubuntu 14.04, Amazon Linux 2.
    assert!(most.as_slice() <= &[2, 17][..], "it needs {most:?}");
}

#[test]
fn the_release_is_small() {
    let Some(binary) = released() else {
        return;
    };
    let size = std::fs::metadata(binary).unwrap().len();
    assert!(size <= 16 << 20, "{size} bytes");
}

#[test]
fn a_binary_that_needs_a_late_glibc_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let binary = folder.path().join("binary");
    for (needed, refused) in [
        ("GLIBC_2.17", false),
        ("GLIBC_2.9", false),
        ("GLIBC_2.18", true),
    ] {
        std::fs::write(&binary, format!("\u{7f}ELF\0GLIBC_2.2.5\0{needed}\0")).unwrap();
        let output = package(&binary, &folder.path().join("dist"))
            .args(["--arch", "another", "--glibc", "2.17"])
            .output()
            .unwrap();
        let said = String::from_utf8_lossy(&output.stderr);
        assert_eq!(said.contains(&format!("needs {needed}")), refused, "{said}");
        assert_eq!(output.status.success(), !refused, "{said}");
    }
}

#[test]
fn each_archive_is_signed_and_helm_4_refuses_a_changed_one() {
    let Some(key) = Key::new() else {
        return;
    };
    let folder = tempfile::tempdir().unwrap();
    let probe = folder.path().join("probe");
    write_probe(&probe, VERSION);
    let output = package(&probe, folder.path())
        .args(["--sign", KEY_OWNER])
        .env("GNUPGHOME", key.home())
        .output()
        .unwrap();
    assert!(output.status.success(), "{output:?}");
    let keyring = key.public();
    let server = Server::start(folder.path());
    for helm in helms().into_iter().filter(Helm::is_four) {
        for name in [
            "helm-connect-migrate",
            "connect-migrate",
            "connect-migrate-post-renderer",
        ] {
            let archive = archive(folder.path(), name);
            let file = archive.file_name().unwrap().to_str().unwrap().to_owned();
            let install = |source: &str| {
                let home = Home::new();
                let mut command = home.helm(&helm);
                command
                    .args(["plugin", "install", source, "--keyring"])
                    .arg(&keyring);
                (command.assert(), home)
            };
            let (run, home) = install(&format!("{}/{file}", server.url));
            run.success().stdout(contains("Plugin Hash Verified"));
            // Helm 4 keeps the archive and its signature beside the plugin.
            let kept = |name: &String| name.contains(".tgz");
            let plugins = home.installed().iter().filter(|name| !kept(name)).count();
            assert_eq!(plugins, 1, "{:?}", home.installed());
            // Another binary in it, and the checksums adjusted; the signature is that of the first.
            let content = std::fs::read(&archive).unwrap();
            let mut changed = content.clone();
            changed.extend(b"\0");
            std::fs::write(&archive, changed).unwrap();
            let (run, home) = install(&format!("{}/{file}", server.url));
            run.failure().stderr(contains("verification failed"));
            assert_eq!(home.installed(), [""; 0]);
            std::fs::write(&archive, content).unwrap();
            // Without its signature.
            let prov = folder.path().join(format!("{file}.prov"));
            let aside = folder.path().join("aside");
            std::fs::rename(&prov, &aside).unwrap();
            let (run, home) = install(&format!("{}/{file}", server.url));
            run.failure().stderr(contains("provenance"));
            assert_eq!(home.installed(), [""; 0]);
            std::fs::rename(&aside, &prov).unwrap();
        }
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
