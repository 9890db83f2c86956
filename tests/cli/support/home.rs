//! A Helm home of its own for a test, so that no plugin of the machine's user takes part.

use std::path::{Path, PathBuf};

use assert_cmd::Command;

use super::tools::Helm;

/// A private home: Helm keeps plugins, caches and settings nowhere else.
pub struct Home {
    folder: tempfile::TempDir,
}

impl Home {
    /// An empty home. Its path has a space in it, as some users' have.
    pub fn new() -> Self {
        let folder = tempfile::Builder::new()
            .prefix("helm home ")
            .tempdir()
            .unwrap();
        Self { folder }
    }

    /// The folder itself, also a place for a test's other files.
    pub fn path(&self) -> &Path {
        self.folder.path()
    }

    /// Where Helm puts plugins.
    pub fn plugins(&self) -> PathBuf {
        self.path().join("data/plugins")
    }

    /// What Helm has left among the plugins, by name.
    pub fn installed(&self) -> Vec<String> {
        let Ok(entries) = std::fs::read_dir(self.plugins()) else {
            return Vec::new();
        };
        entries
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect()
    }

    /// A Helm that knows this home and nothing else of the environment but PATH and how Go programs run.
    pub fn helm(&self, helm: &Helm) -> Command {
        let mut command = Command::new(&helm.path);
        command
            .env_clear()
            .envs(["PATH", "GOGC"].map(|name| (name, std::env::var_os(name).unwrap_or_default())))
            .env("HOME", self.path())
            .env("HELM_DATA_HOME", self.path().join("data"))
            .env("HELM_CACHE_HOME", self.path().join("cache"))
            .env("HELM_CONFIG_HOME", self.path().join("config"))
            .env("KUBECONFIG", self.path().join("no-kubeconfig"))
            .env("GIT_CONFIG_GLOBAL", "/dev/null")
            .env("GIT_CONFIG_NOSYSTEM", "1");
        command
    }

    /// `helm plugin install SOURCE`, in the way this Helm takes a source that nobody signed.
    pub fn install(&self, helm: &Helm, source: impl AsRef<std::ffi::OsStr>) -> Command {
        let mut command = self.helm(helm);
        command.args(["plugin", "install"]).arg(source);
        if helm.is_four() {
            command.arg("--verify=false");
        }
        command
    }
}
