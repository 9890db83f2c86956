//! The public clients of Connect against the stand-in: where they work, it is faithful.

use std::path::Path;
use std::process::{Command, Output};
use std::time::Duration;

use crate::connect_stand_in::{BuildEnd, Config, ItemSpec, Outcome, StandIn};

use crate::support::tools;

const GOOD: &str = "11111111-1111-4111-8111-111111111111";
const BAD: &str = "22222222-2222-4222-8222-222222222222";
const DOCUMENT: &str = "33333333-3333-4333-8333-333333333333";

/// A server with an item that builds, one that doesn't, and a document. It has several nodes: real
/// clients keep the cookie that leads to the one that knows their tasks.
fn connect(year: u16, month: u8) -> StandIn {
    let item = |guid: &str, name: &str, mode: &str| ItemSpec {
        guid: Some(guid.to_owned()),
        name: Some(name.to_owned()),
        title: Some(format!("The {name} one")),
        app_mode: Some(mode.to_owned()),
        ..ItemSpec::default()
    };
    let content = vec![
        ItemSpec {
            vanity: Some("/sales/".to_owned()),
            tags: vec!["Finance".to_owned()],
            environment: vec!["A_KEY".to_owned()],
            visits: Some(3),
            ..item(GOOD, "good", "shiny")
        },
        ItemSpec {
            outcome: Outcome::Fail,
            visits: Some(600),
            ..item(BAD, "bad", "python-dash")
        },
        ItemSpec {
            py_version: Some("3.11.3".to_owned()),
            ..item(DOCUMENT, "document", "quarto-static")
        },
    ];
    let config = Config {
        content,
        nodes: 3,
        ..Config::with_items(3).version(year, month, 0)
    };
    StandIn::start(config.build_time(Duration::from_millis(30))).unwrap()
}

/// A program of the clients' environment, in a folder of its own, for this server.
fn client(name: &str, connect: &StandIn, folder: &Path) -> Option<Command> {
    let program = tools::tool(&format!("clients-venv/bin/{name}"))?;
    let mut command = Command::new(std::path::absolute(program).unwrap());
    command
        .current_dir(folder)
        .env_clear()
        .envs(std::env::var_os("PATH").map(|path| ("PATH", path)))
        .env("HOME", folder)
        .env("PYTHONWARNINGS", "ignore")
        .env("CONNECT_SERVER", connect.url())
        .env("CONNECT_API_KEY", connect.api_key())
        .envs([("GOOD", GOOD), ("BAD", BAD), ("DOCUMENT", DOCUMENT)]);
    Some(command)
}

struct Rsconnect<'a> {
    connect: &'a StandIn,
    folder: tempfile::TempDir,
}

impl Rsconnect<'_> {
    fn run(&self, args: &[&str]) -> Output {
        let mut command = client("rsconnect", self.connect, self.folder.path()).unwrap();
        command.args(args).output().unwrap()
    }

    /// What it prints, if all went well.
    fn text(&self, args: &[&str]) -> String {
        let output = self.run(args);
        let stderr = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "rsconnect {args:?}: {stderr}");
        String::from_utf8(output.stdout).unwrap()
    }

    fn json(&self, args: &[&str]) -> serde_json::Value {
        serde_json::from_str(&self.text(args)).unwrap()
    }
}

/// `None` where the clients aren't installed.
fn rsconnect(connect: &StandIn) -> Option<Rsconnect<'_>> {
    let folder = tempfile::tempdir().unwrap();
    client("rsconnect", connect, folder.path())?;
    Some(Rsconnect { connect, folder })
}

#[test]
fn posit_sdk_works_with_it() {
    let connect = connect(2026, 4);
    let folder = tempfile::tempdir().unwrap();
    let Some(mut python) = client("python", &connect, folder.path()) else {
        return;
    };
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/clients/test_posit_sdk.py");
    let output = python.arg(script).output().unwrap();
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{stderr}");
    // unittest tells how many tests there were; none would be a success too.
    assert!(stderr.contains("Ran 11 tests"), "{stderr}");
}

#[test]
fn rsconnect_reads_content() {
    let connect = connect(2025, 12);
    let Some(rsconnect) = rsconnect(&connect) else {
        return;
    };
    let all = rsconnect.json(&["content", "search"]);
    assert_eq!(all.as_array().unwrap().len(), 6);
    let found = rsconnect.json(&["content", "search", "--title-contains", "good"]);
    assert_eq!(found[0]["guid"], GOOD);
    let described = rsconnect.json(&["content", "describe", "--guid", GOOD]);
    assert_eq!(described[0]["app_mode"], "shiny");
    let bundle = [
        "content",
        "download-bundle",
        "--guid",
        GOOD,
        "--output",
        "bundle.tar.gz",
    ];
    rsconnect.text(&bundle);
    let mut tar = Command::new("tar");
    let listed = tar
        .args(["-tzf", "bundle.tar.gz"])
        .current_dir(rsconnect.folder.path());
    assert_eq!(listed.output().unwrap().stdout, b"manifest.json\n");
    let lock = [
        "content",
        "get-lockfile",
        "--guid",
        BAD,
        "--output",
        "requirements.txt.lock",
    ];
    rsconnect.text(&lock);
    let lock = rsconnect.folder.path().join("requirements.txt.lock");
    assert!(std::fs::read_to_string(lock).unwrap().contains("pandas=="));
}

#[test]
fn rsconnect_builds() {
    let connect = connect(2025, 12);
    let Some(rsconnect) = rsconnect(&connect) else {
        return;
    };
    let active = connect.control().active_bundle(GOOD).unwrap();
    rsconnect.text(&["content", "build", "add", "--guid", GOOD, "--guid", BAD]);
    // It says with its status that one of the two failed.
    assert_eq!(
        rsconnect
            .run(&["content", "build", "run", "--parallelism", "2"])
            .status
            .code(),
        Some(1)
    );
    let listed = rsconnect.json(&["content", "build", "ls"]);
    let status = |guid: &str| {
        let rows = listed.as_array().unwrap();
        rows.iter().find(|row| row["guid"] == guid).unwrap()["rsconnect_build_status"].clone()
    };
    assert_eq!(
        (status(GOOD), status(BAD)),
        ("COMPLETE".into(), "ERROR".into())
    );
    let log = rsconnect.text(&["content", "build", "logs", "--guid", BAD]);
    assert!(
        log.contains("An error occurred while building the content (build-failed-error)"),
        "{log}"
    );
    assert!(
        log.contains("Task failed. Task exited with status 1."),
        "{log}"
    );
    let builds = connect.control().builds();
    assert_eq!(builds.len(), 2);
    let good = builds.iter().find(|build| build.guid == GOOD).unwrap();
    assert_eq!(
        (&good.bundle_id, good.end),
        (&active, Some(BuildEnd::Succeeded))
    );
}

#[test]
fn rsconnect_deploys() {
    let connect = connect(2025, 12);
    let Some(rsconnect) = rsconnect(&connect) else {
        return;
    };
    let site = rsconnect.folder.path().join("site");
    std::fs::create_dir(&site).unwrap();
    std::fs::write(site.join("index.html"), "<h1>Hello</h1>").unwrap();
    let text = rsconnect.text(&[
        "deploy",
        "html",
        "--new",
        "--title",
        "A new one",
        "--entrypoint",
        "index.html",
        "--metadata",
        "source=nowhere",
        "site",
    ]);
    let all = rsconnect.json(&["content", "search", "--title-contains", "A new one"]);
    assert_eq!(all[0]["app_mode"], "static", "{text}");
    assert!(all[0]["bundle_id"].is_string(), "{text}");
}

#[test]
fn rsconnect_lists_and_deletes_caches() {
    let connect = connect(2025, 12);
    let Some(rsconnect) = rsconnect(&connect) else {
        return;
    };
    let version = &connect.control().caches()[0];
    let (language, version, image) = (version.0.as_str(), version.1.as_str(), version.2.as_str());
    let list = || {
        rsconnect.json(&["system", "caches", "list"])["caches"]
            .as_array()
            .unwrap()
            .len()
    };
    let target = [
        "--language",
        language,
        "--version",
        version,
        "--image-name",
        image,
    ];
    let delete = [["system", "caches", "delete"].as_slice(), target.as_slice()].concat();
    let before = list();
    let dry = rsconnect.run(&[delete.as_slice(), &["--dry-run"]].concat());
    assert!(String::from_utf8_lossy(&dry.stdout).contains("Dry run finished"));
    assert_eq!(list(), before);
    let deleted = rsconnect.run(&delete);
    assert!(
        String::from_utf8_lossy(&deleted.stderr).contains("Successfully deleted runtime cache")
    );
    assert_eq!(list(), before - 1);
    let again = rsconnect.run(&delete);
    assert!(!again.status.success());
    assert!(String::from_utf8_lossy(&again.stderr).contains("Cache does not exist"));
}
