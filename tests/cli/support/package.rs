//! The plugin as a folder and as release archives, made once for all tests of the process.

use std::io::Write as _;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

use super::home::Home;
use super::tools::{Helm, missing};

/// The version of the crate, which every manifest must have.
pub const VERSION: &str = env!("CARGO_PKG_VERSION");

/// The repository's root.
pub fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// The binary under test.
pub fn binary() -> PathBuf {
    assert_cmd::cargo::cargo_bin!("helm-connect-migrate").to_path_buf()
}

/// A folder with the files that git tracks and a plugin consists of, as a clone would have them.
pub fn copy_of_the_plugin(into: &Path) {
    let listed = Command::new("git")
        .args(["ls-files", "-z", "--", "plugin.yaml", "plugin.complete"])
        .args(["completion.yaml", "helm4", "scripts"])
        .args(["Cargo.toml", ".gitignore"])
        .current_dir(root())
        .output()
        .unwrap();
    assert!(listed.status.success(), "git ls-files fails");
    for path in String::from_utf8(listed.stdout).unwrap().split('\0') {
        let from = root().join(path);
        if !path.is_empty() && from.exists() {
            let to = into.join(path);
            std::fs::create_dir_all(to.parent().unwrap()).unwrap();
            std::fs::copy(from, to).unwrap();
        }
    }
    assert!(into.join("plugin.yaml").exists(), "git tracks no plugin");
}

/// Writes a program that stands for the binary: it says its version, and otherwise what it was
/// started with. As a post-renderer it lets the manifests through under a comment of its own.
pub fn write_probe(path: &Path, version: &str) {
    let script = format!(
        r#"#!/bin/sh
case "$1" in
--version) echo "helm-connect-migrate {version}" ;;
post-render) sed "s/probe: untouched/probe: '$*'/" ;;
exit) exit "$2" ;;
*) echo "args=[$*] namespace=[$HELM_NAMESPACE] context=[$HELM_KUBECONTEXT] kubeconfig=[$KUBECONFIG]" ;;
esac
"#
    );
    write_program(path, &script);
}

/// Writes a program.
///
/// By way of cp: a file that this process has had open for writing may still be open in a child that
/// another test is just starting, and cannot be executed so long ("text file busy").
pub fn write_program(path: &Path, script: &str) {
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    let mut draft = tempfile::NamedTempFile::new().unwrap();
    draft.write_all(script.as_bytes()).unwrap();
    std::fs::set_permissions(draft.path(), std::fs::Permissions::from_mode(0o755)).unwrap();
    let status = Command::new("cp")
        .arg(draft.path())
        .arg(path)
        .status()
        .unwrap();
    assert!(status.success());
}

/// Packages a binary into a folder.
pub fn package(binary: &Path, into: &Path) -> Command {
    let mut command = Command::new(root().join("scripts/package"));
    command.arg("--bin").arg(binary).arg("--out").arg(into);
    command.args(["--level", "1"]);
    // The binary under test is linked against what this machine has.
    command.args(["--glibc", "99"]);
    command
}

/// A key to sign with, in a folder of its own.
pub struct Key {
    folder: tempfile::TempDir,
}

impl Key {
    /// Makes one; `None`: there is no gpg, which has been said.
    pub fn new() -> Option<Self> {
        // Sockets are made in it, whose paths must be short.
        let folder = tempfile::Builder::new()
            .prefix("key")
            .tempdir_in("/tmp")
            .unwrap();
        std::fs::set_permissions(folder.path(), std::fs::Permissions::from_mode(0o700)).unwrap();
        let key = Self { folder };
        let made = key
            .gpg()
            .args(["--passphrase", "", "--quick-generate-key"])
            .args([KEY_OWNER, "rsa2048", "sign", "never"])
            .output();
        let Ok(made) = made else {
            missing("gpg (on Debian: apt-get install gnupg)");
            return None;
        };
        assert!(made.status.success(), "{made:?}");
        Some(key)
    }

    fn gpg(&self) -> Command {
        let mut command = Command::new("gpg");
        command
            .args(["--batch", "--quiet"])
            .env("GNUPGHOME", self.folder.path());
        command
    }

    /// Where gpg has it.
    pub fn home(&self) -> &Path {
        self.folder.path()
    }

    /// The public half, in the binary form that Helm reads.
    pub fn public(&self) -> PathBuf {
        self.exported("--export", "public.gpg")
    }

    /// The half that signs, in the same form.
    pub fn secret(&self) -> PathBuf {
        self.exported("--export-secret-keys", "secret.gpg")
    }

    fn exported(&self, how: &str, name: &str) -> PathBuf {
        let path = self.folder.path().join(name);
        let output = self.gpg().arg(how).output().unwrap();
        std::fs::write(&path, output.stdout).unwrap();
        path
    }
}

impl Drop for Key {
    fn drop(&mut self) {
        // The agent that gpg has started would go on.
        let mut stop = Command::new("gpgconf");
        stop.args(["--kill", "gpg-agent"]);
        let _ = stop.env("GNUPGHOME", self.folder.path()).status();
    }
}

/// Whose key it is.
pub const KEY_OWNER: &str = "release@example.com";

/// The release archives of the binary under test.
pub fn archives() -> &'static Path {
    static MADE: OnceLock<PathBuf> = OnceLock::new();
    MADE.get_or_init(|| once("archives", |folder| packaged(folder, &binary())))
}

/// The release archives of a probe.
pub fn probe_archives() -> &'static Path {
    static MADE: OnceLock<PathBuf> = OnceLock::new();
    MADE.get_or_init(|| {
        once("probe-archives", |folder| {
            let probe = folder.join("probe");
            write_probe(&probe, VERSION);
            packaged(folder, &probe);
        })
    })
}

/// A folder that is filled once for all processes of a run of the tests.
fn once(name: &str, fill: impl FnOnce(&Path)) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    let process = || std::process::id().to_string();
    let run = std::env::var("NEXTEST_RUN_ID").unwrap_or_else(|_| process());
    let lock = std::fs::File::create(folder.with_extension("lock")).unwrap();
    lock.lock().unwrap();
    let stamp = folder.join("stamp");
    if std::fs::read_to_string(&stamp).ok().as_ref() != Some(&run) {
        let _ = std::fs::remove_dir_all(&folder);
        std::fs::create_dir_all(&folder).unwrap();
        fill(&folder);
        std::fs::write(stamp, run).unwrap();
    }
    folder
}

fn packaged(folder: &Path, binary: &Path) {
    let output = package(binary, folder).output().unwrap();
    assert!(output.status.success(), "{output:?}");
}

/// The archive in a folder whose name starts so.
pub fn archive(folder: &Path, start: &str) -> PathBuf {
    let start = format!("{start}-{VERSION}-");
    std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .find(|path| {
            let name = path.file_name().unwrap().to_str().unwrap();
            name.starts_with(&start) && name.ends_with("gz")
        })
        .unwrap()
}

/// A plugin whose binary tells what it was started with.
pub fn install_probe(home: &Home, helm: &Helm) {
    let folder = home.path().join("probe/connect-migrate");
    copy_of_the_plugin(&folder);
    write_probe(&folder.join("bin/helm-connect-migrate"), VERSION);
    home.install(helm, &folder).assert().success();
}

/// The plugin manifests, which have a version each.
pub const MANIFESTS: [&str; 3] = [
    "plugin.yaml",
    "helm4/connect-migrate/plugin.yaml",
    "plugins/post-renderer/plugin.yaml",
];

/// Runs `scripts/version` of the folder.
pub fn run_version(folder: &Path, version: &str) {
    for path in ["Cargo.toml", "Cargo.lock", "fuzz/Cargo.lock", MANIFESTS[2]] {
        let to = folder.join(path);
        std::fs::create_dir_all(to.parent().unwrap()).unwrap();
        std::fs::copy(root().join(path), to).unwrap();
    }
    let output = std::process::Command::new("sh")
        .arg(folder.join("scripts/version"))
        .arg(version)
        .output()
        .unwrap();
    assert!(output.status.success(), "{output:?}");
}
