//! `report`, from the files of other commands to a page in a real browser.

use std::fs;
use std::path::Path;
use std::process::{Command, Output};

use predicates::prelude::PredicateBooleanExt as _;
use predicates::str::contains;
use serde_json::{Value as Json, json};

use crate::support::connect_migrate;
use crate::support::form;

fn run(folder: &Path, args: &[&str]) -> Output {
    connect_migrate()
        .current_dir(folder)
        .env("XDG_STATE_HOME", folder.join("state"))
        .args(args)
        .output()
        .unwrap()
}

/// What commands leave behind, with so many items.
fn evidence(folder: &Path, items: usize) -> Vec<String> {
    let guid = |item: usize| format!("11111111-1111-4111-8111-{item:012}");
    let mut inventory = String::from(
        "schema: 1\nserver: {url: 'https://connect.example.com', taken: '2026-11-20T10:00:00Z'}\ncontent:\n",
    );
    let journal = folder.join("state/connect-migrate/connect.example.com/_");
    fs::create_dir_all(&journal).unwrap();
    let mut lines = vec![
        json!({"at": "2026-11-21T20:00:00Z", "event": "header", "schema": 1, "server": "https://connect.example.com", "made_by": "x"}),
        json!({"at": "2026-11-21T20:00:00Z", "event": "run", "run": 1, "parallelism": 4}),
    ];
    let at = |second: usize| {
        format!(
            "2026-11-21T{:02}:{:02}:{:02}Z",
            20 + second / 3600,
            second / 60 % 60,
            second % 60
        )
    };
    let mut findings = Vec::new();
    for item in 0..items {
        let title = format!("Sales <b>{item}</b> & co");
        inventory += &format!(
            "  - {{guid: {}, title: '{title}', type: shiny, uses: {}, bundle: '1', r: '4.{}.1', owner: ann}}\n",
            guid(item),
            items - item,
            1 + item % 3
        );
        lines.push(json!({"at": at(0), "event": "item", "guid": guid(item), "title": title}));
        lines.push(json!({"at": at(item), "event": "intent", "guid": guid(item), "bundle": "1", "server_time": at(item)}));
        lines.push(match item % 7 {
            5 => json!({"at": at(item + 9), "event": "failed", "guid": guid(item), "reason": "build", "error": "no package <x>"}),
            _ => json!({"at": at(item + 9), "event": "built", "guid": guid(item), "bundle": "1", "seconds": 9}),
        });
        findings.push(
            json!({"guid": guid(item), "title": title, "status": (["pass", "warn", "fail"][item % 3]),
            "findings": [{"status": "fail", "code": "page", "text": "its page says 502"}]}),
        );
    }
    fs::write(folder.join("inventory.yaml"), inventory).unwrap();
    let text: String = lines.iter().map(|line| format!("{line}\n")).collect();
    fs::write(journal.join("rebuild.jsonl"), text).unwrap();
    let validation =
        json!({"schema": 1, "server": "https://connect.example.com", "items": findings});
    fs::write(folder.join("after.json"), validation.to_string()).unwrap();
    let root = env!("CARGO_MANIFEST_DIR");
    let made = run(
        folder,
        &[
            "values",
            "--from",
            &format!("{root}/testdata/rstudio-connect.gcfg"),
            "--report",
            "account.json",
            "--out",
            "values.yaml",
        ],
    );
    assert_eq!(made.status.code(), Some(4), "{made:?}");
    let checked = run(
        folder,
        &[
            "check",
            "--from",
            &format!("{root}/testdata/rstudio-connect.gcfg"),
            "-o",
            "json",
        ],
    );
    fs::write(folder.join("check.json"), checked.stdout).unwrap();
    let flags = "--inventory inventory.yaml --account account.json --check check.json --validation after.json --validation after.json";
    flags.split(' ').map(ToOwned::to_owned).collect()
}

fn report(folder: &Path, flags: &[String], more: &[&str]) -> Output {
    let mut args = vec!["report"];
    args.extend(flags.iter().map(String::as_str));
    args.extend(more);
    run(folder, &args)
}

#[test]
fn every_form_tells_the_same() {
    let folder = tempfile::tempdir().unwrap();
    let flags = evidence(folder.path(), 14);
    let made = report(folder.path(), &flags, &["--out", "report.json"]);
    assert_eq!(made.status.code(), Some(0), "{made:?}");
    let json = form::json(
        "report",
        fs::read(folder.path().join("report.json")).unwrap(),
    );
    let states: Vec<_> = json["steps"]
        .as_array()
        .unwrap()
        .iter()
        .map(|s| &s["state"])
        .collect();
    assert_eq!(states.len(), 10);
    assert_eq!(
        [states[1], states[3], states[4], states[7], states[9]].map(|s| s.as_str().unwrap()),
        ["done", "unknown", "to-do", "to-do", "to-do"]
    );
    // The same file twice: nothing has changed in between.
    assert_eq!(
        json["comparison"]["counts"],
        json!([{"what": "as-before", "number": 14}])
    );
    assert_eq!(json["rebuilds"][0]["built"], 12);
    assert_eq!(
        json["rebuilds"][0]["runs"][0]["builds"]
            .as_array()
            .unwrap()
            .len(),
        14
    );
    assert_eq!(
        json["runtimes"][0],
        json!({"language": "R", "version": "4.1.1", "items": 5, "uses": 40})
    );
    for (form, sign) in [
        ("html", "<h2 id=\"rebuild\">"),
        ("markdown", "## The rebuild"),
    ] {
        let made = report(folder.path(), &flags, &["--output", form]);
        let text = String::from_utf8(made.stdout).unwrap();
        assert!(
            text.contains(sign) && text.contains("12 built, 2 not built"),
            "{text}"
        );
        assert!(!text.contains("<b>0</b>"));
    }
    // An existing file stays, and what is no evidence is named with its place.
    let again = report(folder.path(), &flags, &["--out", "report.json"]);
    assert_eq!(again.status.code(), Some(1));
    fs::write(folder.path().join("bad.json"), "{\"checks\": [\n  {]}").unwrap();
    let bad = run(folder.path(), &["report", "--check", "bad.json"]);
    assert_eq!(bad.status.code(), Some(3), "{bad:?}");
    let told = String::from_utf8(bad.stderr).unwrap();
    assert!(
        told.contains("bad.json:2:4") && told.contains("check --output json"),
        "{told}"
    );
}

/// No credential of the sample's configuration gets into any form.
#[test]
fn no_secret_gets_in() {
    let folder = tempfile::tempdir().unwrap();
    let flags = evidence(folder.path(), 2);
    let gcfg = fs::read_to_string("testdata/rstudio-connect.gcfg").unwrap();
    let secrets: Vec<_> = gcfg
        .lines()
        .filter_map(|line| line.split_once("Password = "))
        .map(|(_, secret)| secret.trim_matches('"'))
        .filter(|secret| secret.len() > 4)
        .collect();
    assert!(!secrets.is_empty());
    for form in ["html", "json", "markdown"] {
        let made = report(folder.path(), &flags, &["--output", form]);
        let text = String::from_utf8(made.stdout).unwrap();
        for secret in &secrets {
            assert!(!text.contains(secret), "{form}: {secret}");
        }
    }
}

/// The plan is of this migration: its numbers are those of the files.
#[test]
fn a_plan_counts_what_is_there() {
    let folder = tempfile::tempdir().unwrap();
    let flags = evidence(folder.path(), 14);
    let mut args = vec![
        "plan",
        "--release",
        "rsc",
        "-n",
        "connect",
        "--out",
        "plan.md",
    ];
    args.extend(flags.iter().map(String::as_str));
    let made = run(folder.path(), &args);
    assert_eq!(made.status.code(), Some(0), "{made:?}");
    let text = fs::read_to_string(folder.path().join("plan.md")).unwrap();
    for part in [
        "14 items, 4 at once, 9 s each \\(the mean of 12 builds in the journal\\)",
        "    helm connect-migrate revert rsc -n connect\n",
        "## What speaks against it",
        "BindPassword",
    ] {
        assert!(text.contains(part), "{part}: {text}");
    }
}

/// A real Chromium, by the script beside this file: no console message, no request, no violation that
/// axe-core knows, and 5,000 items are there within the time.
#[test]
fn a_browser_shows_it() {
    let Some(modules) = browser() else { return };
    for items in [14, 5000] {
        let folder = tempfile::tempdir().unwrap();
        let flags = evidence(folder.path(), items);
        let made = report(folder.path(), &flags, &["--out", "report.html", "--force"]);
        assert_eq!(made.status.code(), Some(0), "{made:?}");
        let mut plan = vec!["plan", "--out", "plan.html", "--force"];
        plan.extend(flags.iter().map(String::as_str));
        assert_eq!(run(folder.path(), &plan).status.code(), Some(0));
        let seen = Command::new("node")
            .arg(concat!(
                env!("CARGO_MANIFEST_DIR"),
                "/tests/browser/look.mjs"
            ))
            .arg(folder.path().join("report.html"))
            .arg(folder.path().join("plan.html"))
            .env("NODE_PATH", &modules)
            .env(
                "SCREENSHOTS",
                std::env::var_os("SCREENSHOTS").unwrap_or_default(),
            )
            .output()
            .unwrap();
        assert!(
            seen.status.success(),
            "{items} items: {}{}",
            String::from_utf8_lossy(&seen.stdout),
            String::from_utf8_lossy(&seen.stderr)
        );
    }
}

/// The folder of Node modules that hold axe-core and puppeteer-core, where Chromium is there too.
fn browser() -> Option<std::path::PathBuf> {
    let folder = std::env::var_os("CONNECT_MIGRATE_TOOLS").map_or_else(
        || Path::new(env!("CARGO_MANIFEST_DIR")).join(".tools"),
        std::path::PathBuf::from,
    );
    let modules = folder.join("browser/node_modules");
    let chromium = Command::new("chromium").arg("--version").output();
    if !modules.join("axe-core").is_dir() || !modules.join("puppeteer-core").is_dir() {
        eprintln!(
            "left out: no {} (scripts/browser gets it)",
            modules.display()
        );
        return None;
    }
    if !chromium.is_ok_and(|version| version.status.success()) {
        eprintln!("left out: no chromium (apt-get install chromium)");
        return None;
    }
    Some(modules)
}

#[test]
fn a_form_that_is_not_known_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    for (flag, name, text) in [
        ("--check", "check.json", r#"{"schema": 99, "checks": []}"#),
        (
            "--account",
            "account.json",
            r#"{"schema": "1", "settings": []}"#,
        ),
        ("--validation", "validation.json", r#"{"items": []}"#),
        ("--inventory", "inventory.yaml", "schema: 99\ncontent: []\n"),
    ] {
        let path = folder.path().join(name);
        std::fs::write(&path, text).unwrap();
        connect_migrate()
            .env("XDG_STATE_HOME", folder.path())
            .args(["report", flag])
            .arg(&path)
            .assert()
            .code(3)
            .stdout("")
            .stderr(contains("schema").and(contains(name)));
    }
}

/// What leaves no trace in files is taken from `status`, and only where nothing else tells.
/// What nobody gave with a flag is named with what to do about it.
#[test]
fn what_is_remembered_and_cannot_be_read_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let server = folder
        .path()
        .join("state/connect-migrate/connect.example.com");
    fs::create_dir_all(server.join("_")).unwrap();
    let journal = server.join("_/rebuild.jsonl");
    let header = |schema: u32| {
        format!(
            "{{\"at\":\"2030-01-01T00:00:00Z\",\"event\":\"header\",\"schema\":{schema},\
             \"server\":\"x\",\"made_by\":\"9\"}}\n"
        )
    };
    fs::write(&journal, header(2)).unwrap();
    let output = report(folder.path(), &[], &[]);
    let said = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(1), "{said}");
    assert!(said.contains("later version"), "{said}");

    fs::write(&journal, format!("{}not json\n", header(1))).unwrap();
    let output = report(folder.path(), &[], &[]);
    let said = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(0), "{said}");
    assert!(said.contains("warning: 1 line of the journal "), "{said}");

    fs::create_dir(server.join("validations")).unwrap();
    let torn = server.join("validations/20260101T000000.000Z.json");
    fs::write(&torn, "{\"schema\":1,").unwrap();
    let output = report(folder.path(), &[], &[]);
    let said = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(3), "{said}");
    assert!(
        said.contains("remove it, and run 'validate' again"),
        "{said}"
    );
}

#[test]
fn status_tells_the_steps_that_no_file_does() {
    let folder = tempfile::tempdir().unwrap();
    let flags = evidence(folder.path(), 2);
    let steps: Vec<Json> = (0..10)
        .map(|number| {
            let state = if number == 3 { "done" } else { "to-do" };
            json!({"number": number, "title": "x", "state": state,
                "evidence": format!("seen at {number}"), "next": format!("helm do {number}")})
        })
        .collect();
    let status = json!({"schema": 1, "release": "rsc", "steps": steps}).to_string();
    fs::write(folder.path().join("status.json"), status).unwrap();
    let made = report(
        folder.path(),
        &flags,
        &["--status", "status.json", "--output", "json"],
    );
    assert_eq!(made.status.code(), Some(0), "{made:?}");
    let json = form::printed("report", &made);
    for (number, state) in [(3, "done"), (5, "to-do"), (6, "to-do"), (8, "to-do")] {
        let step = &json["steps"][number];
        assert_eq!(step["state"], state, "{step}");
        assert_eq!(step["evidence"], format!("seen at {number}"));
    }
    assert_ne!(json["steps"][1]["evidence"], "seen at 1");
    let left = json["left"].as_array().unwrap();
    let commands = left.iter().filter_map(|left| left["command"].as_str());
    let commands: Vec<_> = commands.filter(|c| c.starts_with("helm do")).collect();
    assert_eq!(commands, ["helm do 5", "helm do 6", "helm do 8"]);
}

/// The ending of the file decides about the form, and a long table is closed at first.
#[test]
fn the_form_follows_the_name_and_long_tables_are_closed() {
    let folder = tempfile::tempdir().unwrap();
    let made = |flags: &[String], name: &str| {
        let made = report(folder.path(), flags, &["--force", "--out", name]);
        assert_eq!(made.status.code(), Some(0), "{made:?}");
        fs::read_to_string(folder.path().join(name)).unwrap()
    };
    for (items, open) in [(200, true), (201, false)] {
        fs::remove_file(folder.path().join("values.yaml")).ok();
        fs::remove_file(folder.path().join("account.json")).ok();
        let flags = evidence(folder.path(), items);
        for name in ["report.html", "report"] {
            let html = made(&flags, name);
            let content = &html[html.find("<h2 id=\"content\">").unwrap()..];
            let details = &content[content.find("<details").unwrap()..];
            let details = &details[..details.find('>').unwrap()];
            assert_eq!(details.contains("open"), open, "{items}: {details}");
        }
        let markdown = made(&flags, "report.md");
        assert!(markdown.starts_with("# "), "{markdown}");
    }
}

/// What is said about this migration stands in the commands of its runbook.
#[test]
fn a_plan_has_the_names_that_were_given() {
    let folder = tempfile::tempdir().unwrap();
    let flags = evidence(folder.path(), 14);
    let args: Vec<&str> = "plan --release rsc -n connect --chart ./my-chart --from /srv/c.gcfg --data-dir /srv/data --build-time 60s --parallelism 7"
        .split(' ')
        .chain(flags.iter().map(String::as_str))
        .collect();
    let made = run(folder.path(), &args);
    assert_eq!(made.status.code(), Some(0), "{made:?}");
    let text = String::from_utf8(made.stdout).unwrap();
    for part in [
        "upgrade --install rsc ./my-chart",
        "values --from /srv/c.gcfg",
        "--data-dir /srv/data",
        "14 items, 7 at once",
    ] {
        assert!(text.contains(part), "{part}: {text}");
    }
    assert!(!text.contains("rstudio/rstudio-connect"), "{text}");
}

/// What cannot be taken names its place, also deep within the file.
#[test]
fn evidence_of_a_wrong_type_is_refused_with_its_line() {
    let folder = tempfile::tempdir().unwrap();
    let check = "{\"schema\": 1,\n \"checks\": [\n  {\"code\": \"a\"},\n  {\"code\": 7}]}\n";
    fs::write(folder.path().join("check.json"), check).unwrap();
    let output = run(folder.path(), &["report", "--check", "check.json"]);
    let said = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(3), "{said}");
    assert!(said.contains("check.json:4:"), "{said}");
}

/// A digit too many in the inventory is a fault of it, and no reason to end without a word.
#[test]
fn numbers_beyond_reason_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    let item = |number: u32| {
        format!(
            "  - guid: {number}1111111-1111-4111-8111-111111111111\n    bundle: '1'\n    r: '4.3.1'\n    uses: 18446744073709551615\n    build-seconds: 18446744073709551615\n"
        )
    };
    let text = format!("schema: 1\ncontent:\n{}{}", item(1), item(2));
    fs::write(folder.path().join("inventory.yaml"), text).unwrap();
    for command in ["report", "plan", "check"] {
        let output = run(folder.path(), &[command, "--inventory", "inventory.yaml"]);
        let said = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(3), "{command}: {said}");
        assert!(said.contains("inventory.yaml:6:11"), "{command}: {said}");
    }
}
