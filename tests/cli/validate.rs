//! `validate`, against the stand-in for a Connect server.

use std::fs;
use std::process::Output;

use crate::connect_stand_in::{Action, Config, Fault, ItemSpec, StandIn};
use crate::support::form::printed;
use assert_cmd::Command;
use serde_json::Value as Json;

use crate::support::connect_migrate;

const GOOD: &str = "11111111-1111-4111-8111-111111111111";
const OTHER: &str = "22222222-2222-4222-8222-222222222222";
const GONE: &str = "33333333-3333-4333-8333-333333333333";

fn config() -> Config {
    let item = |guid: &str, name: &str, mode: &str| ItemSpec {
        guid: Some(guid.to_owned()),
        name: Some(name.to_owned()),
        title: Some(name.to_owned()),
        app_mode: Some(mode.to_owned()),
        ..ItemSpec::default()
    };
    Config {
        content: vec![
            ItemSpec {
                vanity: Some("/good/".to_owned()),
                owner: Some("admin".to_owned()),
                ..item(GOOD, "good", "static")
            },
            // With versions that the server has, and an owner whose key is used.
            ItemSpec {
                py_version: Some("3.11.9".to_owned()),
                owner: Some("admin".to_owned()),
                ..item(OTHER, "other", "python-dash")
            },
            ItemSpec {
                r_version: Some("4.3.3".to_owned()),
                owner: Some("admin".to_owned()),
                ..item(GONE, "gone", "shiny")
            },
        ],
        ..Config::default()
    }
}

struct Rig {
    server: StandIn,
    folder: tempfile::TempDir,
}

impl Rig {
    /// A server with an inventory of itself.
    fn new() -> Self {
        let rig = Self {
            server: StandIn::start(config()).unwrap(),
            folder: tempfile::tempdir().unwrap(),
        };
        let output = rig
            .command("inventory", &["--since", "1d", "--out", "inventory.yaml"])
            .output()
            .unwrap();
        assert!(output.status.success(), "{}", talk(&output));
        rig
    }

    fn command(&self, command: &str, args: &[&str]) -> Command {
        let mut run = connect_migrate();
        run.current_dir(self.folder.path())
            .env("XDG_STATE_HOME", self.folder.path().join("state"))
            .env("CONNECT_SERVER", self.server.url())
            .env("CONNECT_API_KEY", self.server.api_key())
            .arg(command)
            .args(args);
        run
    }

    fn validate(&self, args: &[&str]) -> (i32, Json) {
        let output = self
            .command(
                "validate",
                &["--from", "inventory.yaml", "--output", "json"],
            )
            .args(args)
            .output()
            .unwrap();
        let report = printed("validate", &output);
        (output.status.code().unwrap(), report)
    }

    fn build_all(&self) {
        let output = self
            .command("rebuild", &["--all", "--yes", "--journal", "j"])
            .output()
            .unwrap();
        assert!(output.status.success(), "{}", talk(&output));
    }

    fn fault(&self, route: Option<&str>, path_has: &str, action: Action) {
        self.server.control().fault(Fault {
            method: None,
            route: route.map(str::to_owned),
            path_has: Some(path_has.to_owned()),
            skip: 0,
            times: None,
            share: 1.0,
            action,
        });
    }
}

fn talk(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

fn item<'a>(report: &'a Json, guid: &str) -> &'a Json {
    report["items"]
        .as_array()
        .unwrap()
        .iter()
        .find(|item| item["guid"] == guid)
        .unwrap()
}

fn codes(item: &Json) -> Vec<(String, String)> {
    item["findings"]
        .as_array()
        .unwrap()
        .iter()
        .map(|finding| {
            let text = |key: &str| finding[key].as_str().unwrap().to_owned();
            (text("code"), text("status"))
        })
        .collect()
}

fn pairs(expected: &[(&str, &str)]) -> Vec<(String, String)> {
    expected
        .iter()
        .map(|(code, status)| ((*code).to_owned(), (*status).to_owned()))
        .collect()
}

#[test]
fn a_server_that_is_rebuilt_is_as_it_was() {
    let rig = Rig::new();
    let (code, before) = rig.validate(&[]);
    assert_eq!(code, 0, "{before:#}");
    assert_eq!(
        codes(item(&before, OTHER)),
        pairs(&[("not-rebuilt", "warn")])
    );
    assert_eq!(codes(item(&before, GOOD)), []);
    rig.build_all();
    let (code, after) = rig.validate(&[]);
    assert_eq!(code, 0, "{after:#}");
    assert_eq!(after["summary"]["pass"], 3, "{after:#}");
    assert!(
        rig.server
            .control()
            .counters()
            .by_route
            .keys()
            .any(|route| route.contains("/content/{guid}/")),
        "pages are looked at"
    );
}

#[test]
fn the_worst_comes_first() {
    let rig = Rig::new();
    rig.build_all();
    let control = rig.server.control();
    assert!(control.delete(GONE));
    control.deploy(OTHER).unwrap();
    let (code, report) = rig.validate(&[]);
    assert_eq!(code, 4);
    assert_eq!(report["items"][0]["guid"], GONE);
    assert_eq!(codes(&report["items"][0]), pairs(&[("missing", "fail")]));
    assert_eq!(report["items"][1]["guid"], OTHER);
    assert!(codes(&report["items"][1]).contains(&("bundle".to_owned(), "warn".to_owned())));
    assert_eq!(report["items"][2]["status"], "pass");
    let table = rig
        .command("validate", &["--from", "inventory.yaml"])
        .output()
        .unwrap();
    let text = String::from_utf8(table.stdout).unwrap();
    assert!(text.starts_with("fail"), "{text}");
    assert!(
        text.contains("1 pass, 1 warn, 1 fail, 0 not asked"),
        "{text}"
    );
}

#[test]
fn pages_that_do_not_answer_fail() {
    let rig = Rig::new();
    rig.build_all();
    rig.fault(
        Some("/content/{guid}/"),
        OTHER,
        Action::Status {
            status: 502,
            retry_after: None,
        },
    );
    rig.fault(
        None,
        "/good/",
        Action::Redirect {
            to: "https://login.example.com/".to_owned(),
        },
    );
    let (code, report) = rig.validate(&[]);
    assert_eq!(code, 4);
    assert_eq!(codes(item(&report, OTHER)), pairs(&[("page", "fail")]));
    let findings = codes(item(&report, GOOD));
    assert_eq!(findings, pairs(&[("vanity-page", "warn")]));
    assert!(
        item(&report, GOOD)["findings"][0]["text"]
            .as_str()
            .unwrap()
            .contains("login.example.com")
    );
}

#[test]
fn only_the_top_is_asked_for() {
    let rig = Rig::new();
    let text = fs::read_to_string(rig.folder.path().join("inventory.yaml")).unwrap();
    let first = text
        .lines()
        .find_map(|line| line.strip_prefix("  - guid: "))
        .unwrap()
        .to_owned();
    let (_, report) = rig.validate(&["--top", "1"]);
    assert_eq!(report["items"].as_array().unwrap().len(), 1);
    assert_eq!(report["items"][0]["guid"], first.as_str());
}

#[test]
fn the_old_server_is_compared_with_while_it_answers() {
    let rig = Rig::new();
    rig.build_all();
    let old = StandIn::start(config()).unwrap();
    old.control().delete(OTHER);
    let run = |url: &str| {
        rig.command(
            "validate",
            &["--from", "inventory.yaml", "--old-server", url],
        )
        .env("CONNECT_OLD_API_KEY", old.api_key())
        .output()
        .unwrap()
    };
    let output = run(&old.url());
    assert_eq!(output.status.code(), Some(0), "{}", talk(&output));
    let seen = old.control().counters();
    assert!(
        seen.by_route
            .keys()
            .any(|route| route.contains("/v1/content/{guid}"))
    );
    let gone = run("http://127.0.0.1:9");
    assert_eq!(gone.status.code(), Some(0), "{}", talk(&gone));
    assert!(talk(&gone).contains("not compared with"), "{}", talk(&gone));
}

#[test]
fn a_list_that_is_none_is_refused() {
    let rig = Rig::new();
    fs::write(
        rig.folder.path().join("list.yaml"),
        "content:\n  - guid: x\n",
    )
    .unwrap();
    let output = rig
        .command("validate", &["--from", "list.yaml"])
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(3));
    assert!(
        talk(&output).contains("inventory-invalid"),
        "{}",
        talk(&output)
    );
}

#[test]
fn a_page_behind_a_login_is_opened_by_hand_and_ticked_off() {
    let rig = Rig::new();
    rig.build_all();
    rig.fault(
        Some("/content/{guid}/"),
        OTHER,
        Action::Redirect {
            to: "/__login__?url=x".to_owned(),
        },
    );
    let (code, report) = rig.validate(&[]);
    assert_eq!(code, 0, "{report:#}");
    let open = item(&report, OTHER);
    assert_eq!(codes(open), pairs(&[("page", "not-asked")]));
    let page = format!("{}/content/{OTHER}/", rig.server.url());
    assert_eq!(open["open"], page.as_str());
    assert!(item(&report, GOOD).get("open").is_none());

    let done = rig
        .command("validate", &["--done", OTHER, "--note", "seen by Ann"])
        .output()
        .unwrap();
    assert!(done.status.success(), "{}", talk(&done));
    let (_, report) = rig.validate(&[]);
    let ticked = item(&report, OTHER);
    assert_eq!(codes(ticked), pairs(&[("page", "pass")]));
    assert!(
        ticked["findings"][0]["text"]
            .as_str()
            .unwrap()
            .ends_with(": seen by Ann")
    );
    assert_eq!(report["summary"]["pass"], 3, "{report:#}");

    // A page that is seen to fail is no longer a matter of opinion.
    rig.server.control().delete(OTHER);
    let (code, report) = rig.validate(&[]);
    assert_eq!((code, &report["summary"]["fail"]), (4, &Json::from(1)));
}

#[test]
fn the_key_to_the_old_server_may_be_in_a_file() {
    let rig = Rig::new();
    rig.build_all();
    let old = StandIn::start(config()).unwrap();
    fs::write(rig.folder.path().join("key"), old.api_key()).unwrap();
    let url = old.url();
    let run = |more: &[&str]| {
        let args = [&["--from", "inventory.yaml", "--old-server", &url], more].concat();
        rig.command("validate", &args).output().unwrap()
    };
    let without = run(&[]);
    assert_eq!(without.status.code(), Some(2), "{}", talk(&without));
    assert!(talk(&without).contains("CONNECT_OLD_API_KEY"));
    let with = run(&["--old-api-key-file", "key"]);
    assert_eq!(with.status.code(), Some(0), "{}", talk(&with));
    assert!(!old.control().counters().by_route.is_empty());
}

/// A page may take as long as other answers and --page-timeout together: its process has to start.
#[test]
fn a_page_has_more_time_than_other_answers() {
    let rig = Rig::new();
    rig.build_all();
    rig.fault(
        Some("/content/{guid}/"),
        OTHER,
        Action::Slow {
            time: std::time::Duration::from_secs(2),
        },
    );
    let (code, report) = rig.validate(&["--request-timeout", "1s", "--page-timeout", "10m"]);
    assert_eq!(code, 0, "{report:#}");
    assert_eq!(codes(item(&report, OTHER)), []);
}

#[test]
fn the_first_validation_and_the_latest_nine_are_remembered() {
    let rig = Rig::new();
    let state = rig.folder.path().join("state/connect-migrate");
    let kept = || {
        let servers = fs::read_dir(&state).unwrap();
        let mut folders = servers.map(|server| server.unwrap().path().join("validations"));
        let folder = folders.find(|folder| folder.is_dir()).unwrap();
        let files = fs::read_dir(folder).unwrap();
        let mut names: Vec<_> = files.map(|file| file.unwrap().file_name()).collect();
        names.sort();
        names
    };
    rig.validate(&["--top", "1"]);
    let first = kept();
    assert_eq!(first.len(), 1);
    for _ in 0..9 {
        rig.validate(&["--top", "1"]);
    }
    let ten = kept();
    assert_eq!(ten.len(), 10);
    rig.validate(&["--top", "1"]);
    let later = kept();
    assert_eq!(later.len(), 10);
    assert_eq!(later[0], first[0], "the first stays");
    assert_eq!(later[1..9], ten[2..], "the second goes");
}
