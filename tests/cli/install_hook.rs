//! `scripts/install.sh` by itself: where the binary comes from, and what is refused.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use assert_cmd::Command;
use predicates::prelude::PredicateBooleanExt as _;
use predicates::str::contains;

use crate::support::package::{
    VERSION, archive, copy_of_the_plugin, probe_archives, write_probe, write_program,
};
use crate::support::server::Server;

/// A plugin's folder without a binary, and a PATH of which the test knows all.
struct Plugin {
    folder: tempfile::TempDir,
}

impl Plugin {
    fn new() -> Self {
        let folder = tempfile::Builder::new()
            .prefix("a plugin ")
            .tempdir()
            .unwrap();
        let plugin = Self { folder };
        copy_of_the_plugin(&plugin.root());
        for name in [
            "awk",
            "cat",
            "chmod",
            "cp",
            "curl",
            "cut",
            "dirname",
            "env",
            "git",
            "grep",
            "gzip",
            "mkdir",
            "mktemp",
            "mv",
            "rm",
            "sed",
            "sh",
            "sha256sum",
            "shasum",
            "tar",
            "tr",
            "uname",
        ] {
            let path = std::env::var_os("PATH").unwrap();
            let found = std::env::split_paths(&path)
                .map(|folder| folder.join(name))
                .find(|path| path.exists());
            if let Some(program) = found {
                std::fs::create_dir_all(plugin.path()).unwrap();
                std::os::unix::fs::symlink(program, plugin.path().join(name)).unwrap();
            }
        }
        plugin
    }

    /// The plugin's folder.
    fn root(&self) -> PathBuf {
        self.folder.path().join("connect-migrate")
    }

    /// The one folder of PATH.
    fn path(&self) -> PathBuf {
        self.folder.path().join("path")
    }

    /// Where the binary belongs.
    fn binary(&self) -> PathBuf {
        self.root().join("bin/helm-connect-migrate")
    }

    /// The hook.
    fn hook(&self) -> Command {
        let mut command = Command::new("/bin/sh");
        command
            .env_clear()
            .env("PATH", self.path())
            .arg(self.root().join("scripts/install.sh"));
        command
    }

    /// Replaces a program in PATH by one that writes its arguments into the file that this returns.
    fn spy(&self, name: &str, then: &str) -> PathBuf {
        let log = self.folder.path().join(format!("{name}.log"));
        let program = self.path().join(name);
        let _ = std::fs::remove_file(&program);
        write_program(
            &program,
            &format!("#!/bin/sh\necho \"$*\" >>'{}'\n{then}\n", log.display()),
        );
        log
    }

    /// The binary is there, of this version, and nothing lies beside it.
    fn has_binary(&self) {
        Command::new(self.binary())
            .arg("--version")
            .assert()
            .success()
            .stdout(format!("helm-connect-migrate {VERSION}\n"));
        assert_eq!(names(&self.root().join("bin")), ["helm-connect-migrate"]);
    }

    /// There is no binary, and nothing is left of the attempt.
    fn has_nothing(&self) {
        assert_eq!(names(&self.root().join("bin")), [""; 0]);
    }
}

fn names(folder: &Path) -> Vec<OsString> {
    let Ok(entries) = std::fs::read_dir(folder) else {
        return Vec::new();
    };
    entries.map(|entry| entry.unwrap().file_name()).collect()
}

#[test]
fn a_binary_of_the_right_version_stays() {
    let plugin = Plugin::new();
    write_probe(&plugin.binary(), VERSION);
    let before = std::fs::metadata(plugin.binary())
        .unwrap()
        .modified()
        .unwrap();
    plugin
        .hook()
        .env("CONNECT_MIGRATE_BIN", "/nowhere")
        .assert()
        .success()
        .stderr("");
    let after = std::fs::metadata(plugin.binary())
        .unwrap()
        .modified()
        .unwrap();
    assert_eq!(before, after);
}

#[test]
fn a_binary_of_another_version_is_replaced() {
    let plugin = Plugin::new();
    write_probe(&plugin.binary(), "0.0.1");
    let new = plugin.folder.path().join("new one");
    write_probe(&new, VERSION);
    plugin
        .hook()
        .env("CONNECT_MIGRATE_BIN", &new)
        .assert()
        .success();
    plugin.has_binary();
}

#[test]
fn the_given_binary_may_be_a_release_archive() {
    for name in ["helm-connect-migrate", "connect-migrate"] {
        let plugin = Plugin::new();
        plugin
            .hook()
            .env("CONNECT_MIGRATE_BIN", archive(probe_archives(), name))
            .assert()
            .success();
        plugin.has_binary();
    }
}

#[test]
fn a_given_binary_of_another_version_is_refused() {
    let plugin = Plugin::new();
    let cargo = plugin.spy("cargo", "");
    let other = plugin.folder.path().join("other");
    write_probe(&other, "0.0.1");
    plugin
        .hook()
        .env("CONNECT_MIGRATE_BIN", &other)
        .assert()
        .code(1)
        .stderr(contains(format!(
            "is not helm-connect-migrate {VERSION} for"
        )));
    plugin.has_nothing();
    assert!(!cargo.exists());
}

#[test]
fn a_release_archive_is_downloaded_and_checked() {
    let plugin = Plugin::new();
    let server = Server::start(probe_archives());
    plugin
        .hook()
        .env("CONNECT_MIGRATE_DOWNLOAD_URL", &server.url)
        .assert()
        .success()
        .stderr(contains(format!("installed {VERSION} from {}", server.url)));
    plugin.has_binary();
}

/// A folder with the release archive, and a file of checksums if there is one.
fn release(plugin: &Plugin, checksums: Option<&str>) -> PathBuf {
    let folder = plugin.folder.path().join("release");
    std::fs::create_dir(&folder).unwrap();
    let archive = archive(probe_archives(), "helm-connect-migrate");
    std::fs::copy(&archive, folder.join(archive.file_name().unwrap())).unwrap();
    if let Some(checksums) = checksums {
        let name = archive.file_name().unwrap().to_str().unwrap();
        let text = checksums.replace("ARCHIVE", name);
        std::fs::write(folder.join("SHA256SUMS"), text).unwrap();
    }
    folder
}

#[test]
fn an_archive_without_its_checksum_is_never_used() {
    let wrong = format!("{}  ARCHIVE\n", "0".repeat(64));
    let of_another = format!("{}  another-ARCHIVE\n", "0".repeat(64));
    for (checksums, message) in [
        (Some(wrong.as_str()), "but SHA256SUMS says 0000"),
        (Some(of_another.as_str()), "has no checksum for"),
        (Some(""), "has no checksum for"),
        (None, "cannot be checked"),
    ] {
        let plugin = Plugin::new();
        let cargo = plugin.spy("cargo", "");
        let server = Server::start(&release(&plugin, checksums));
        plugin
            .hook()
            .env("CONNECT_MIGRATE_DOWNLOAD_URL", &server.url)
            .assert()
            .code(1)
            .stderr(contains(message).and(contains("nothing was installed")));
        plugin.has_nothing();
        assert!(!cargo.exists(), "fell through to cargo");
    }
}

#[test]
fn without_an_archive_cargo_builds() {
    let plugin = Plugin::new();
    let probe = plugin.folder.path().join("built");
    write_probe(&probe, VERSION);
    let arguments = plugin.spy(
        "cargo",
        &format!(
            "while [ \"$1\" != --target-dir ]; do shift; done\nmkdir -p \"$2/release\"\ncp '{}' \"$2/release/helm-connect-migrate\"",
            probe.display()
        ),
    );
    let empty = tempfile::tempdir().unwrap();
    let server = Server::start(empty.path());
    plugin
        .hook()
        .env("CONNECT_MIGRATE_DOWNLOAD_URL", &server.url)
        .assert()
        .success();
    plugin.has_binary();
    let arguments = std::fs::read_to_string(arguments).unwrap();
    assert!(
        arguments.starts_with("build --release --locked"),
        "{arguments}"
    );
}

#[test]
fn without_anything_one_line_says_what_to_do() {
    let plugin = Plugin::new();
    let assert = plugin.hook().assert().code(1).stdout("");
    let message = String::from_utf8(assert.get_output().stderr.clone()).unwrap();
    assert_eq!(message.lines().count(), 1, "{message}");
    assert!(message.contains("CONNECT_MIGRATE_BIN"), "{message}");
    assert!(message.contains("cargo"), "{message}");
    plugin.has_nothing();
}

#[test]
fn a_clone_downloads_from_the_releases_of_its_repository() {
    for origin in [
        "https://git.example.com/team/connect-migrate.git",
        "git@git.example.com:team/connect-migrate.git",
        "ssh://git@git.example.com/team/connect-migrate",
    ] {
        let plugin = Plugin::new();
        let curl = plugin.spy("curl", "exit 22");
        for arguments in [
            &["init", "--quiet"][..],
            &["remote", "add", "origin", origin],
        ] {
            Command::new("git")
                .args(arguments)
                .current_dir(plugin.root())
                .assert()
                .success();
        }
        plugin.hook().assert().code(1);
        let asked = std::fs::read_to_string(curl).unwrap();
        assert!(
            asked.contains(&format!(
                " https://git.example.com/team/connect-migrate/releases/download/v{VERSION}/helm-connect-migrate-{VERSION}-"
            )),
            "{asked}"
        );
    }
}

#[test]
fn a_folder_that_is_no_clone_asks_nobody() {
    let plugin = Plugin::new();
    let curl = plugin.spy("curl", "exit 22");
    plugin.hook().assert().code(1);
    assert!(!curl.exists());
}
