//! status and revert on a real API server, with each real Helm.

mod answers;
mod canary;
mod elsewhere;
mod half_way;
mod in_pod;
mod interrupted;
mod rebuild;
mod records;
mod revert;
mod rights;
mod script;
mod second_file;
mod states;
mod whole;
mod words;

use std::path::PathBuf;

use assert_cmd::Command;
use assert_cmd::assert::Assert;
use serde_json::Value;

use crate::support::chart::chart_dir;
use crate::support::cluster::{Namespace, cluster};
use crate::support::connect_server::KEY;
use crate::support::form::printed;
use crate::support::home::Home;
use crate::support::scrubbed;
use crate::support::tools::Helm;

/// A place to work in: a namespace, a Helm and a home.
struct Place {
    namespace: Namespace,
    helm: Helm,
    home: Home,
    kubeconfig: PathBuf,
}

impl Place {
    /// `None`: there is no cluster.
    fn new(helm: &Helm, what: &str) -> Option<Self> {
        let cluster = cluster()?;
        let what = format!("{what}-{}", helm.version.replace('.', "-"));
        Some(Self {
            namespace: cluster.namespace(&what),
            helm: helm.clone(),
            home: Home::new(),
            kubeconfig: cluster.kubeconfig.clone(),
        })
    }

    /// Helm itself.
    fn helm(&self, args: &[&str]) -> Assert {
        let mut command = self.home.helm(&self.helm);
        command.env("KUBECONFIG", &self.kubeconfig);
        command.env("HELM_NAMESPACE", &self.namespace.name);
        command.args(args).assert()
    }

    /// Our binary, as Helm would run it.
    fn ours(&self, args: &[&str]) -> Command {
        Command::from_std(self.process(args))
    }

    /// The same, to be started beside the test.
    fn process(&self, args: &[&str]) -> std::process::Command {
        let mut command = scrubbed();
        command
            .env("HOME", self.home.path())
            .env("XDG_STATE_HOME", self.home.path().join("state"))
            .env("HELM_DATA_HOME", self.home.path().join("data"))
            .env("HELM_CACHE_HOME", self.home.path().join("cache"))
            .env("HELM_CONFIG_HOME", self.home.path().join("config"))
            .env("HELM_BIN", &self.helm.path)
            .env("HELM_NAMESPACE", &self.namespace.name)
            .env("KUBECONFIG", &self.kubeconfig)
            .env("CONNECT_API_KEY", KEY)
            .args(args);
        command
    }

    /// Installs or upgrades the chart, with the overlay or without.
    fn deploy(&self, release: &str, overlay: bool, more: &[&str]) {
        let chart = chart_dir().to_string_lossy().into_owned();
        let mut args = vec!["upgrade", "--install", release, &chart];
        args.extend(VALUES);
        args.extend(more);
        if overlay {
            self.ours(&args).assert().success();
        } else {
            self.helm(&args).success();
        }
        self.namespace.settled();
    }

    fn manifest(&self, release: &str) -> String {
        let output = self.helm(&["get", "manifest", release]).success();
        String::from_utf8(output.get_output().stdout.clone()).unwrap()
    }

    fn status(&self, args: &[&str]) -> Value {
        let mut all = vec!["status", "--output", "json"];
        all.extend(args);
        let output = self.ours(&all).assert().success();
        printed("status", output.get_output())
    }
}

/// Values with what Helm likes to change: large numbers, decimals, nulls, texts that look otherwise.
const VALUES: &[&str] = &[
    "--set",
    "sharedStorage.create=true",
    "--set",
    "config.Scheduler.MinProcessesLimit=7",
    "--set",
    "config.Client.SessionTimeout=9007199254740993",
    "--set",
    "config.Server.Million=1000000",
    "--set-json",
    r#"pod.annotations={"greeting": "{{ not a template }}"}"#,
];

/// What the places of the only configuration say.
fn places(status: &Value) -> [String; 4] {
    ["stored", "live", "pods", "server"].map(|place| {
        let answer = &status["configurations"][0][place];
        match answer["known"]["overlay"].as_str() {
            Some(said) => said.to_owned(),
            None => format!("unknown: {}", answer["unknown"].as_str().unwrap_or("?")),
        }
    })
}
