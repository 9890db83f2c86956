//! `scripts/install.sh` by itself: where the binary comes from, and what is refused.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use assert_cmd::Command;
use predicates::prelude::PredicateBooleanExt as _;
use predicates::str::contains;

use crate::support::package::{
    VERSION, archive, copy_of_the_plugin, probe_archives, write_probe, write_program,
};
use crate::support::server::{Certificate, Server};

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
            "head",
            "mkdir",
            "mktemp",
            "mv",
            "rm",
            "sed",
            "sh",
            "sha256sum",
            "shasum",
            "sort",
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

    /// The hook, which shall download from there.
    fn downloading(&self, url: &str, certificate: &Certificate) -> Command {
        let mut command = self.hook();
        command
            .envs(certificate.trusted_in(self.folder.path()))
            .env("CONNECT_MIGRATE_DOWNLOAD_URL", url);
        command
    }

    /// PATH has this program as well; `None`: the machine has it not.
    fn with(&self, name: &str) -> Option<()> {
        let path = std::env::var_os("PATH").unwrap();
        let found = std::env::split_paths(&path).map(|folder| folder.join(name));
        let program = found.into_iter().find(|path| path.exists())?;
        std::os::unix::fs::symlink(program, self.path().join(name)).unwrap();
        Some(())
    }

    /// Downloads with wget instead of curl; `None`: the machine has it not.
    fn wget_for_curl(&self) -> Option<()> {
        std::fs::remove_file(self.path().join("curl")).unwrap();
        self.with("wget")
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
    let certificate = Certificate::new();
    let server = Server::secure(probe_archives(), &certificate);
    plugin
        .downloading(&server.url, &certificate)
        .assert()
        .success()
        .stderr(contains(format!("installed {VERSION} from {}", server.url)));
    plugin.has_binary();
}

/// With each program that can download.
fn with_each_client(test: impl Fn(&Plugin)) {
    test(&Plugin::new());
    let plugin = Plugin::new();
    match plugin.wget_for_curl() {
        Some(()) => test(&plugin),
        None => eprintln!("skipped: there is no wget"),
    }
}

#[test]
fn redirects_are_followed_by_https_alone() {
    with_each_client(|plugin| {
        let certificate = Certificate::new();
        let server = Server::secure(probe_archives(), &certificate);
        let way = Server::redirecting(&server.url, &certificate);
        plugin
            .downloading(&way.url, &certificate)
            .assert()
            .success();
        plugin.has_binary();
    });
    with_each_client(|plugin| {
        let certificate = Certificate::new();
        let server = Server::start(probe_archives());
        let way = Server::redirecting(&server.url, &certificate);
        let message = format!("{}/helm-connect-migrate-{VERSION}-", way.url);
        plugin
            .downloading(&way.url, &certificate)
            .assert()
            .code(1)
            .stderr(contains(message).and(contains("cannot be had")));
        plugin.has_nothing();
    });
}

#[test]
fn an_address_without_https_and_a_certificate_of_nobody_known_are_refused() {
    with_each_client(|plugin| {
        let server = Server::start(probe_archives());
        for url in [server.url.clone(), server.url.replace("http:", "ftp:")] {
            let run = plugin
                .hook()
                .env("CONNECT_MIGRATE_DOWNLOAD_URL", url)
                .assert();
            run.code(1).stderr(contains("must begin with https://"));
            plugin.has_nothing();
        }
        let server = Server::secure(probe_archives(), &Certificate::new());
        plugin
            .downloading(&server.url, &Certificate::new())
            .assert()
            .code(1)
            .stderr(contains("cannot be had"));
        plugin.has_nothing();
    });
}

#[test]
fn a_wget_that_checks_no_certificate_is_not_used() {
    let plugin = Plugin::new();
    std::fs::remove_file(plugin.path().join("curl")).unwrap();
    let spy = plugin.spy("wget", "exit 1");
    plugin
        .hook()
        .env("CONNECT_MIGRATE_DOWNLOAD_URL", "https://example.com")
        .assert()
        .code(1)
        .stderr(contains("does not check certificates"));
    plugin.has_nothing();
    assert_eq!(std::fs::read_to_string(spy).unwrap(), "--version\n");
}

#[test]
fn who_downloads_is_shown_nowhere() {
    with_each_client(|plugin| {
        let certificate = Certificate::new();
        let empty = tempfile::tempdir().unwrap();
        for served in [probe_archives(), empty.path()] {
            let server = Server::secure(served, &certificate);
            let url = server.url.replace("//", "//somebody:t0ken@");
            let client = ["curl", "wget"]
                .into_iter()
                .find(|name| plugin.path().join(name).exists())
                .unwrap();
            let real = std::fs::read_link(plugin.path().join(client)).ok();
            let real = real.unwrap_or_else(|| plugin.folder.path().join("real"));
            let link = plugin.folder.path().join("real");
            let _ = std::os::unix::fs::symlink(real, &link);
            let arguments = plugin.spy(client, &format!("exec '{}' \"$@\"", link.display()));
            let run = plugin.downloading(&url, &certificate).assert();
            let said = String::from_utf8_lossy(&run.get_output().stderr).into_owned();
            assert!(said.contains(&server.url), "{said}");
            let arguments = std::fs::read_to_string(arguments).unwrap();
            for text in [said, arguments] {
                assert!(
                    !text.contains("t0ken") && !text.contains("somebody"),
                    "{text}"
                );
            }
            let _ = std::fs::remove_file(plugin.binary());
        }
    });
}

#[test]
fn a_binary_that_does_not_run_here_is_said_to() {
    for (script, message) in [
        (
            "#!/bin/sh\necho \"$0: /lib/x86_64-linux-gnu/libc.so.6: version \\`GLIBC_2.34' not found (required by $0)\" >&2\nexit 1\n",
            "does not run here: GLIBC_2.34 not found",
        ),
        (
            "#!/no/such/loader\n",
            "does not run here: its program loader is not there",
        ),
        ("\u{7f}ELF of another processor", "does not run here"),
        (
            "#!/bin/sh\nprintf 'wrong \\033[31mcolour\\n' >&2\nexit 9\n",
            "does not run here: it ends with code 9: wrong [31mcolour;",
        ),
    ] {
        let plugin = Plugin::new();
        let given = plugin.folder.path().join("given");
        write_program(&given, script);
        plugin
            .hook()
            .env("CONNECT_MIGRATE_BIN", &given)
            .assert()
            .code(1)
            .stderr(contains(message).and(contains("cargo build --release --locked")));
        plugin.has_nothing();
    }
}

/// A plugin of the same name beside a folder that HELM_PLUGIN_DIR names.
fn beside_another(plugin: &Plugin) -> Command {
    let other = plugin.folder.path().join("other");
    std::fs::create_dir_all(&other).unwrap();
    std::fs::copy(plugin.root().join("plugin.yaml"), other.join("plugin.yaml")).unwrap();
    let mut hook = plugin.hook();
    hook.env("HELM_PLUGIN_DIR", plugin.root());
    hook
}

#[test]
fn a_checkout_is_never_emptied() {
    let beside = |write: &dyn Fn(&Plugin, &mut Command)| {
        let plugin = Plugin::new();
        let mut hook = beside_another(&plugin);
        write(&plugin, &mut hook);
        hook.assert().code(1).stderr(contains("same name"));
        assert!(plugin.root().join("Cargo.toml").exists());
        plugin
    };
    // By hand, in a folder that is not Helm's.
    beside(&|_, _| {});
    // A link of Helm's, named with a slash at its end; the link alone goes.
    for end in ["/", "//", "/.", "/./"] {
        let plugin = beside(&|plugin, hook| {
            let helms = plugin.folder.path().join("helm/plugins");
            std::fs::create_dir_all(&helms).unwrap();
            std::fs::rename(plugin.folder.path().join("other"), helms.join("other")).unwrap();
            let link = helms.join("connect-migrate");
            std::os::unix::fs::symlink(plugin.root(), &link).unwrap();
            hook.env("HELM_PLUGIN_DIR", format!("{}{end}", link.display()))
                .env("HELM_DATA_HOME", plugin.folder.path().join("helm"));
        });
        assert_eq!(names(&plugin.folder.path().join("helm/plugins")), ["other"]);
    }
    // A clone among Helm's plugins with work in it that is nowhere else.
    let git = |folder: &Path, line: &str| {
        Command::new("git")
            .args(["-c", "user.name=x", "-c", "user.email=x@example.com"])
            .args(line.split(' '))
            .current_dir(folder)
            .assert()
            .success();
    };
    for work in ["", "commit --quiet --allow-empty --message mine"] {
        beside(&|plugin, hook| {
            let origin = plugin.folder.path().join("origin.git");
            git(&plugin.root(), "init --quiet");
            git(&plugin.root(), "add --all");
            git(&plugin.root(), "commit --quiet --message first");
            git(
                plugin.folder.path(),
                "clone --quiet --bare connect-migrate origin.git",
            );
            std::fs::remove_dir_all(plugin.root()).unwrap();
            git(
                plugin.folder.path(),
                "clone --quiet origin.git connect-migrate",
            );
            assert!(origin.exists());
            if work.is_empty() {
                std::fs::write(plugin.root().join("notes"), "mine").unwrap();
            } else {
                git(&plugin.root(), work);
            }
            hook.env("HELM_PLUGINS", plugin.folder.path());
        });
    }
}

#[test]
fn what_helm_has_just_copied_is_taken_out() {
    let plugin = Plugin::new();
    beside_another(&plugin)
        .env("HELM_PLUGINS", plugin.folder.path())
        .assert()
        .code(1)
        .stderr(contains("not installed"));
    assert!(!plugin.root().exists());
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
        let certificate = Certificate::new();
        let server = Server::secure(&release(&plugin, checksums), &certificate);
        plugin
            .downloading(&server.url, &certificate)
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
    let certificate = Certificate::new();
    let server = Server::secure(empty.path(), &certificate);
    plugin
        .downloading(&server.url, &certificate)
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
        let curl = plugin.spy("curl", "cat >&2; exit 22");
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
        let run = plugin.hook().assert().code(1);
        assert!(curl.exists());
        let asked = String::from_utf8_lossy(&run.get_output().stderr).into_owned();
        assert!(
            asked.contains(&format!(
                "url = \"https://git.example.com/team/connect-migrate/releases/download/v{VERSION}/helm-connect-migrate-{VERSION}-"
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
