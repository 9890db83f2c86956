//! `check`, where it asks servers: Connect's (the stand-in's) and a real PostgreSQL.

use std::fs;
use std::path::Path;
use std::process::Output;

use crate::connect_stand_in::{Config, ItemSpec, Licence, Role, StandIn};
use crate::support::form::printed;
use assert_cmd::Command;
use serde_json::Value as Json;

use crate::support::connect_migrate;
use crate::support::postgres::{PASSWORD, Postgres};

fn command(folder: &Path, args: &[&str]) -> Command {
    let mut command = connect_migrate();
    command
        .current_dir(folder)
        .env("PATH", folder)
        .arg("check")
        .args(args);
    command
}

fn report(output: &Output) -> Json {
    printed("check", output)
}

fn one<'a>(report: &'a Json, code: &str) -> &'a Json {
    report["checks"]
        .as_array()
        .unwrap()
        .iter()
        .find(|check| check["code"] == code)
        .unwrap_or_else(|| panic!("no {code}"))
}

fn status<'a>(report: &'a Json, code: &str) -> &'a str {
    one(report, code)["status"].as_str().unwrap()
}

fn asked(server: &StandIn, key: &str) -> (i32, Json) {
    let folder = tempfile::tempdir().unwrap();
    let output = command(folder.path(), &["--output", "json", "--max-outage", "1s"])
        .env("CONNECT_SERVER", server.url())
        .env("CONNECT_API_KEY", key)
        .output()
        .unwrap();
    (output.status.code().unwrap(), report(&output))
}

#[test]
fn the_license_and_the_key_are_asked_for() {
    let server = StandIn::start(Config::default().version(2026, 8, 0)).unwrap();
    let (code, report) = asked(&server, &server.api_key());
    assert_eq!(code, 0, "{report:#}");
    for code in [
        "license-status",
        "license-off-host",
        "api-key-valid",
        "api-key-administrator",
        // The server tells its version, and the built-in chart's is the same.
        "connect-version",
    ] {
        assert_eq!(status(&report, code), "pass", "{code}");
    }
    assert_eq!(status(&report, "license-activation"), "warn");
    let counters = server.control().counters();
    assert!(
        counters
            .by_route
            .keys()
            .all(|route| route.starts_with("GET "))
    );
}

#[test]
fn an_expired_license_fails() {
    let server = StandIn::start(Config {
        licence: Licence::Expired,
        ..Config::default()
    })
    .unwrap();
    let (code, report) = asked(&server, &server.api_key());
    assert_eq!(code, 4);
    assert_eq!(status(&report, "license-status"), "fail");
}

#[test]
fn a_lesser_key_fails_and_a_wrong_one_too() {
    let server = StandIn::start(Config::default()).unwrap();
    let (code, report) = asked(&server, &server.key(Role::Publisher));
    assert_eq!(code, 4);
    assert_eq!(status(&report, "api-key-valid"), "pass");
    assert_eq!(status(&report, "api-key-administrator"), "fail");
    let (code, report) = asked(&server, "wrongwrongwrong");
    assert_eq!(code, 4);
    assert_eq!(status(&report, "api-key-valid"), "fail");
    assert!(!report.to_string().contains("wrongwrongwrong"));
}

const INVENTORY: &str = "server: {version: 2025.09.0}
content:
  - {guid: 11111111-1111-4111-8111-111111111111, title: Sales, r: 4.3.3}
  - {guid: 22222222-2222-4222-8222-222222222222, title: Churn, r: 4.2.3, python: 3.11.9}
  - {guid: 33333333-3333-4333-8333-333333333333, title: Old, r: 3.5.0}
";

#[test]
fn runtimes_are_compared_with_the_values_or_the_new_server() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("inventory.yaml"), INVENTORY).unwrap();
    let values = "sharedStorage: {mount: true}\nexecutionEnvironments:\n  - name: x\n    r: {installations: [{version: 4.3.3, path: /r}]}\n    python: {installations: [{version: 3.11.9, path: /p}]}\n";
    fs::write(folder.path().join("values.yaml"), values).unwrap();
    let given = ["--inventory", "inventory.yaml", "--output", "json"];
    let output = command(folder.path(), &given)
        .args(["-f", "values.yaml"])
        .output()
        .unwrap();
    let by_values = report(&output);
    assert_eq!(output.status.code(), Some(4));
    assert_eq!(status(&by_values, "runtimes-python"), "pass");
    let r = one(&by_values, "runtimes-r");
    assert_eq!(r["status"], "fail");
    let details = r["details"].to_string();
    assert!(
        details.contains("R 3.5.0: 1 item") && details.contains("Churn"),
        "{details}"
    );
    // The inventory tells the version, too.
    assert_eq!(status(&by_values, "connect-version"), "fail");

    let server = StandIn::start(Config {
        content: vec![ItemSpec::default()],
        ..Config::default()
    })
    .unwrap();
    fs::write(folder.path().join("key"), server.api_key()).unwrap();
    let variable = ("CONNECT_NEW_API_KEY", server.api_key());
    for (flag, variable) in [
        (&[][..], Some(variable)),
        (&["--new-api-key-file", "key"], None),
    ] {
        let output = command(folder.path(), &given)
            .args(["--new-server", &server.url()])
            .args(flag)
            .envs(variable)
            .output()
            .unwrap();
        let by_server = report(&output);
        let details = one(&by_server, "runtimes-r")["details"].to_string();
        assert!(
            details.contains("R 3.5.0") && !details.contains("R 4.2.3"),
            "{details}"
        );
    }
}

#[test]
fn a_suggestion_is_data_and_the_checks_are_talk() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("inventory.yaml"), INVENTORY).unwrap();
    let suggest = |args: &[&str]| {
        let output = command(
            folder.path(),
            &["--inventory", "inventory.yaml", "--suggest"],
        )
        .args(args)
        .output()
        .unwrap();
        assert!(String::from_utf8_lossy(&output.stderr).contains("runtimes-r"));
        String::from_utf8(output.stdout).unwrap()
    };
    let text = suggest(&[]);
    assert!(text.contains("r4.2.3-py3.11.9-ubuntu2204"), "{text}");
    assert!(text.contains("# No image for R 3.5.0 (1 item)"), "{text}");
    let table = "- {name: 'registry.example.com/r:3.5.0', r: 3.5.0}\n";
    fs::write(folder.path().join("images.yaml"), table).unwrap();
    let own = suggest(&["--images", "images.yaml"]);
    assert!(own.contains("registry.example.com/r:3.5.0"), "{own}");
    assert!(!own.contains("ghcr.io"), "{own}");
}

fn database(folder: &Path, url: &str, password: Option<&str>) -> Json {
    let text = format!(
        "[Server]\nAddress = https://c.example.com\n[Database]\nProvider = postgres\n[Postgres]\nURL = \"{url}\"\n"
    );
    fs::write(folder.join("c.gcfg"), text).unwrap();
    let mut command = command(
        folder,
        &["--from", "c.gcfg", "--connect-database", "--output", "json"],
    );
    if let Some(password) = password {
        command.env("CONNECT_POSTGRES_PASSWORD", password);
    }
    let output = command.output().unwrap();
    let report = report(&output);
    let all = format!("{report}{}", String::from_utf8_lossy(&output.stderr));
    assert!(
        !all.contains(PASSWORD) && !all.contains("it%27s"),
        "a password is shown: {all}"
    );
    report
}

#[test]
fn a_real_postgresql_is_connected_to() {
    let Some(postgres) = Postgres::start() else {
        return;
    };
    let folder = tempfile::tempdir().unwrap();
    let port = postgres.port;
    let url = format!("postgres://connect@127.0.0.1:{port}/postgres");
    let evidence = |report: &Json| {
        one(report, "database-connection")["evidence"]
            .as_str()
            .unwrap()
            .to_owned()
    };
    // The environment's password, as the pod would have it; TLS with any certificate.
    let good = database(folder.path(), &url, Some(PASSWORD));
    assert_eq!(status(&good, "database-connection"), "pass", "{good:#}");
    assert!(
        evidence(&good).contains(", encrypted"),
        "{}",
        evidence(&good)
    );
    // The pods would find nothing at this address.
    assert_eq!(status(&good, "database-address"), "fail");
    // The file's password.
    let inline = url.replace("connect@", "connect:it%27s%20a%20secret@");
    let good = database(folder.path(), &format!("{inline}?sslmode=disable"), None);
    assert_eq!(status(&good, "database-connection"), "pass", "{good:#}");
    assert!(evidence(&good).contains("not encrypted"));

    for (url, password, why) in [
        (url.clone(), Some("wrong"), "28p01"),
        (
            format!("postgres://connect@127.0.0.1:{port}/none"),
            Some(PASSWORD),
            "none",
        ),
        (
            format!("{url}?sslmode=verify-full"),
            Some(PASSWORD),
            "certificate",
        ),
        (url.clone(), None, "password"),
    ] {
        let bad = database(folder.path(), &url, password);
        assert_eq!(status(&bad, "database-connection"), "fail", "{url}");
        let evidence = evidence(&bad);
        assert!(evidence.to_lowercase().contains(why), "{url}: {evidence}");
    }
    drop(postgres);
    let gone = database(folder.path(), &url, Some(PASSWORD));
    assert_eq!(status(&gone, "database-connection"), "fail");
}
