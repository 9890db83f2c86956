//! `rebuild`, against the stand-in for a Connect server.

#[cfg(unix)]
mod crash;
mod faults;
mod journal;
mod meanwhile;
mod plan;
mod progress;
mod scale;
mod server;
#[cfg(unix)]
mod signals;
mod together;

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::process::Output;
use std::time::Duration;

use crate::connect_stand_in::{BuildEnd, Config, Control, ItemSpec, StandIn};
use crate::support::form::json;
use assert_cmd::Command;

use crate::support::connect_migrate;

/// A server, and a place for the journal.
struct Rig {
    stand_in: StandIn,
    state: tempfile::TempDir,
}

impl Rig {
    fn new(config: Config) -> Self {
        Self {
            stand_in: StandIn::start(config).unwrap(),
            state: tempfile::tempdir().unwrap(),
        }
    }

    /// So many items of one language each, whose builds are short.
    fn with(items: usize) -> Self {
        Self::new(config(items))
    }

    fn control(&self) -> Control {
        self.stand_in.control()
    }

    fn journal(&self) -> PathBuf {
        self.state.path().join("journal")
    }

    fn journal_text(&self) -> String {
        std::fs::read_to_string(self.journal().join("rebuild.jsonl")).unwrap()
    }

    /// `rebuild` with arguments, patient for seconds only.
    fn command(&self, args: &[&str]) -> Command {
        let mut command = direct();
        self.environment(|name, value| {
            command.env(name, value);
        });
        command.args(self.arguments(args));
        // For a run that hangs; thousands of builds take their time on a busy machine.
        command.timeout(Duration::from_secs(900));
        command
    }

    fn environment(&self, mut set: impl FnMut(&str, String)) {
        set("CONNECT_SERVER", self.stand_in.url());
        set("CONNECT_API_KEY", self.stand_in.api_key());
    }

    fn arguments(&self, args: &[&str]) -> Vec<String> {
        let mut all = vec!["rebuild".to_owned()];
        all.extend(args.iter().map(|arg| (*arg).to_owned()));
        all.push("--journal".to_owned());
        all.push(self.journal().display().to_string());
        all
    }

    /// The whole work, without asking.
    fn run(&self, args: &[&str]) -> Output {
        let mut all = vec!["--yes", "--request-timeout", "1s"];
        if !args.contains(&"--poll") {
            all.extend(["--poll", "2s"]);
        }
        all.extend(args);
        self.command(&all).output().unwrap()
    }

    /// The same; it must end with a code.
    #[track_caller]
    fn run_to(&self, code: i32, args: &[&str]) -> Output {
        let output = self.run(args);
        assert_eq!(output.status.code(), Some(code), "{}", talk(&output));
        output
    }

    fn ends(&self) -> BTreeMap<String, Vec<Option<BuildEnd>>> {
        let mut ends: BTreeMap<String, Vec<_>> = BTreeMap::new();
        for build in self.control().builds() {
            ends.entry(build.guid).or_default().push(build.end);
        }
        ends
    }

    /// Every item was built well exactly once, by the server's own count; what else was submitted
    /// failed or was lost by the server itself.
    #[track_caller]
    fn assert_each_built_once(&self) {
        let ends = self.ends();
        for guid in self.control().guids() {
            let ends = ends.get(&guid).cloned().unwrap_or_default();
            let well = |end: &&Option<BuildEnd>| **end == Some(BuildEnd::Succeeded);
            assert_eq!(ends.iter().filter(well).count(), 1, "{guid}: {ends:?}");
            let excused = |end: &&Option<BuildEnd>| {
                matches!(
                    end,
                    Some(BuildEnd::Lost | BuildEnd::Failed | BuildEnd::Orphaned)
                )
            };
            assert_eq!(
                ends.iter().filter(excused).count(),
                ends.len() - 1,
                "{guid}: {ends:?}"
            );
        }
    }
}

/// The binary, without the proxy that this machine may have.
fn direct() -> Command {
    let mut command = connect_migrate();
    for name in ["HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY"] {
        command.env_remove(name);
        command.env_remove(name.to_ascii_lowercase());
    }
    command
}

/// So many items of one language each, whose builds are short.
fn config(items: usize) -> Config {
    let item = |index: usize| ItemSpec {
        app_mode: Some(
            ["shiny", "python-dash", "rmd-static", "python-fastapi"][index % 4].to_owned(),
        ),
        title: Some(format!("item {index}")),
        ..ItemSpec::default()
    };
    Config {
        content: (0..items).map(item).collect(),
        ..Config::default()
    }
}

/// What a command said on standard error.
fn talk(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

fn stdout(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned()
}

/// The events of `--output json`.
fn events(output: &Output) -> Vec<serde_json::Value> {
    stdout(output)
        .lines()
        .map(|line| json("rebuild", line))
        .collect()
}
