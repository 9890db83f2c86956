//! `inventory`, against the stand-in for a Connect server.

use std::fs;
use std::path::PathBuf;
use std::process::Output;
#[cfg(unix)]
use std::time::Duration;

use crate::connect_stand_in::{Action, Config, Execution, Fault, ItemSpec, Role, StandIn};
use assert_cmd::Command;

use crate::support::connect_migrate;

const POPULAR: &str = "33333333-3333-4333-8333-333333333333";
const QUIET: &str = "11111111-1111-4111-8111-111111111111";
const SHINY: &str = "22222222-2222-4222-8222-222222222222";

/// The stand-in's visitors came at fixed times.
const LONG: [&str; 2] = ["--since", "9000d"];

fn item(guid: &str, mode: &str, visits: u32) -> ItemSpec {
    ItemSpec {
        guid: Some(guid.to_owned()),
        name: Some(format!("the-{mode}")),
        title: Some(format!("The {mode}: \"one\"\n# not a comment")),
        app_mode: Some(mode.to_owned()),
        visits: Some(visits),
        ..ItemSpec::default()
    }
}

fn config(year: u16, month: u8) -> Config {
    Config {
        execution: Execution::Native,
        content: vec![
            item(QUIET, "python-fastapi", 0),
            ItemSpec {
                r_version: Some("4.3.1".to_owned()),
                ..item(SHINY, "shiny", 700)
            },
            ItemSpec {
                vanity: Some("/popular/".to_owned()),
                owner: None,
                ..item(POPULAR, "quarto-static", 1300)
            },
        ],
        ..Config::default()
    }
    .version(year, month, 0)
}

struct Rig {
    server: StandIn,
    folder: tempfile::TempDir,
}

impl Rig {
    fn new(config: Config) -> Self {
        Self {
            server: StandIn::start(config).unwrap(),
            folder: tempfile::tempdir().unwrap(),
        }
    }

    fn command(&self, args: &[&str]) -> Command {
        let mut command = connect_migrate();
        command
            .current_dir(self.folder.path())
            .env("XDG_STATE_HOME", self.folder.path().join("state"))
            .env("CONNECT_SERVER", self.server.url())
            .env("CONNECT_API_KEY", self.server.api_key())
            .arg("inventory")
            .args(args);
        command
    }

    fn run(&self, args: &[&str]) -> Output {
        self.command(args).output().unwrap()
    }

    #[track_caller]
    fn text(&self, args: &[&str]) -> String {
        let output = self.run(args);
        assert!(output.status.success(), "{}", talk(&output));
        String::from_utf8(output.stdout).unwrap()
    }

    /// The checkpoint, if there is one.
    fn checkpoint(&self) -> Option<PathBuf> {
        let state = self.folder.path().join("state/connect-migrate");
        let server = fs::read_dir(state).ok()?.next()?.unwrap().path();
        Some(server.join("inventory.json")).filter(|path| path.exists())
    }
}

fn talk(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

fn guids(text: &str) -> Vec<&str> {
    text.lines()
        .filter_map(|line| line.strip_prefix("  - guid: "))
        .collect()
}

fn uses(text: &str) -> Vec<&str> {
    text.lines()
        .filter(|line| line.contains("    uses:"))
        .collect()
}

const HITS: &str = "GET /v1/instrumentation/content/hits";

/// Uses are hits from 2025.04 on, and visits and sessions in pages of 500 before.
#[test]
fn content_is_ranked_by_use_on_every_version() {
    for (year, month) in [(2023, 9), (2024, 9), (2025, 9), (2026, 8)] {
        let rig = Rig::new(config(year, month));
        let text = rig.text(&LONG);
        assert_eq!(guids(&text), [POPULAR, SHINY, QUIET], "{year}.{month}");
        assert!(text.contains("    uses: 1300\n"), "{text}");
        assert!(text.contains("    uses: 700\n"), "{text}");
        assert!(text.contains("    uses: 0\n"), "{text}");
        assert!(text.contains("    vanity: '/popular/'\n"), "{text}");
        assert!(text.contains("    type: 'shiny'\n"), "{text}");
        assert!(text.contains("    r: '4.3.1'\n"), "{text}");
        assert!(
            text.contains(&format!("  version: '{year}.{month:02}.0'\n")),
            "{text}"
        );
        assert!(text.contains("  execution: 'native'\n"), "{text}");
        assert!(
            text.contains("{version: '4.3.1', content: 1, installed: "),
            "{text}"
        );
        assert_eq!(rig.checkpoint(), None, "nothing is left behind");
    }
}

#[test]
fn nothing_is_changed_on_the_server() {
    let rig = Rig::new(config(2025, 9));
    rig.text(&[]);
    let counters = rig.server.control().counters();
    for route in counters.by_route.keys() {
        assert!(route.starts_with("GET "), "{route}");
    }
    assert!(
        counters
            .by_route
            .keys()
            .any(|route| route.contains("content/hits"))
    );
}

#[test]
fn the_file_is_written_once_and_read_by_rebuild() {
    let rig = Rig::new(config(2025, 9));
    rig.text(&["--out", "inventory.yaml", "--top", "2"]);
    let text = fs::read_to_string(rig.folder.path().join("inventory.yaml")).unwrap();
    assert_eq!(guids(&text), [POPULAR, SHINY]);
    let again = rig.run(&["--out", "inventory.yaml"]);
    assert_eq!(again.status.code(), Some(1));
    assert!(talk(&again).contains("--force"), "{}", talk(&again));
    rig.text(&["--out", "inventory.yaml", "--force"]);
    let plan = connect_migrate()
        .current_dir(rig.folder.path())
        .env("CONNECT_SERVER", rig.server.url())
        .env("CONNECT_API_KEY", rig.server.api_key())
        .args([
            "rebuild",
            "--from",
            "inventory.yaml",
            "--dry-run",
            "--journal",
            "j",
        ])
        .output()
        .unwrap();
    assert!(plan.status.success(), "{}", talk(&plan));
    assert!(String::from_utf8_lossy(&plan.stdout).contains(POPULAR));
}

/// The server stops answering after some days; the next run counts only the rest, and comes to the
/// same numbers.
#[test]
fn an_interrupted_run_is_taken_up() {
    let rig = Rig::new(config(2025, 9));
    let whole = rig.text(&LONG);
    rig.server.control().clear_counters();
    let fault = Fault {
        method: None,
        route: Some("/v1/instrumentation/content/hits".to_owned()),
        path_has: None,
        skip: 60,
        times: None,
        share: 1.0,
        action: Action::Status {
            status: 503,
            retry_after: None,
        },
    };
    rig.server.control().fault(fault);
    let broken = rig.run(&["--since", "9000d", "--max-outage", "1s"]);
    assert_eq!(broken.status.code(), Some(1), "{}", talk(&broken));
    assert!(rig.checkpoint().is_some());
    rig.server.control().clear_faults();
    rig.server.control().clear_counters();
    let output = rig.run(&LONG);
    assert!(
        talk(&output).contains("going on with the run of"),
        "{}",
        talk(&output)
    );
    let hits = rig.server.control().counters().by_route[HITS];
    assert_eq!(
        hits, 40,
        "a hundred stretches less the 60 that were counted"
    );
    assert!(whole.contains("uses: 1300"), "{whole}");
    let text = String::from_utf8(output.stdout).unwrap();
    assert_eq!(uses(&text), uses(&whole));
    assert_eq!(rig.checkpoint(), None);
}

/// What another key saw is no part of what this one sees, and what no run of ours can have noted is none.
#[test]
fn a_run_of_another_key_or_of_nobody_is_not_taken_up() {
    let rig = Rig::new(config(2025, 9));
    let whole = rig.text(&LONG);
    let break_off = |key: String| {
        let fault = Fault::status(503).on("GET", "/v1/instrumentation/content/hits");
        rig.server.control().fault(fault.after(60));
        let broken = rig
            .command(&["--since", "9000d", "--max-outage", "1s"])
            .env("CONNECT_API_KEY", &key)
            .output()
            .unwrap();
        assert_eq!(broken.status.code(), Some(1), "{}", talk(&broken));
        rig.server.control().clear_faults();
    };
    let is_whole = || {
        let output = rig.run(&LONG);
        let talk = talk(&output);
        assert!(!talk.contains("going on with"), "{talk}");
        let text = String::from_utf8(output.stdout).unwrap();
        assert_eq!(uses(&text), uses(&whole));
    };
    break_off(rig.server.key(Role::Publisher));
    is_whole();

    break_off(rig.server.api_key());
    let place = rig.checkpoint().unwrap();
    let noted = fs::read_to_string(&place).unwrap();
    let mut lying: serde_json::Value = serde_json::from_str(&noted).unwrap();
    for counted in ["1970-01-01T00:00:00Z", "9999-01-01T00:00:00Z"] {
        lying["counted"] = counted.into();
        fs::write(&place, lying.to_string()).unwrap();
        is_whole();
    }
    for text in ["", "{}", &noted[..noted.len() / 2]] {
        fs::write(&place, text).unwrap();
        is_whole();
    }
}

/// Killed in the middle, it loses no more than the stretch under way.
#[test]
#[cfg(unix)]
fn a_killed_run_is_taken_up() {
    let rig = Rig::new(config(2025, 9));
    let whole = rig.text(&LONG);
    let control = rig.server.control();
    control.clear_counters();
    control.latency(Duration::from_millis(20));
    let mut child =
        std::process::Command::new(assert_cmd::cargo::cargo_bin!("helm-connect-migrate"))
            .current_dir(rig.folder.path())
            .env("XDG_STATE_HOME", rig.folder.path().join("state"))
            .env("CONNECT_SERVER", rig.server.url())
            .env("CONNECT_API_KEY", rig.server.api_key())
            .arg("inventory")
            .args(LONG)
            .stdout(std::process::Stdio::null())
            .stderr(std::process::Stdio::null())
            .spawn()
            .unwrap();
    control.wait_until("uses are counted", |control| {
        control.counters().route(HITS) >= 10
    });
    child.kill().unwrap();
    child.wait().unwrap();
    control.latency(Duration::ZERO);
    let before = control.counters().route(HITS);
    assert!(before < 100, "it was not done yet");
    let output = rig.run(&LONG);
    assert!(talk(&output).contains("going on with"), "{}", talk(&output));
    let again = control.counters().route(HITS) - before;
    assert!(again < 100 && again + before <= 101, "{before} and {again}");
    let text = String::from_utf8(output.stdout).unwrap();
    assert_eq!(uses(&text), uses(&whole));
}

#[test]
fn a_lesser_key_gets_what_it_may_see_and_a_warning() {
    let rig = Rig::new(config(2025, 9));
    let output = rig
        .command(&[])
        .env("CONNECT_API_KEY", rig.server.key(Role::Viewer))
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", talk(&output));
    let talk = talk(&output);
    assert!(talk.contains("no administrator's"), "{talk}");
    assert!(
        talk.contains("left out: how often content is used"),
        "{talk}"
    );
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(!text.contains("    uses:"), "{text}");
}

#[test]
fn without_a_server_it_says_which_flag() {
    let output = connect_migrate().arg("inventory").output().unwrap();
    assert_eq!(output.status.code(), Some(2));
    assert!(talk(&output).contains("--server"), "{}", talk(&output));
}

/// Ten thousand items, in one list and bounded memory.
#[test]
#[cfg(target_os = "linux")]
fn many_items_fit() {
    let rig = Rig::new(Config {
        items: 10_000,
        ..config(2025, 9)
    });
    let text = rig.text(&["--since", "2d"]);
    assert_eq!(guids(&text).len(), 10_003);
}
