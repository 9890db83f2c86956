//! `values --trial` and `check --trial`: a second server that can do no harm to the first.

use std::fs;
use std::path::Path;
use std::process::Output;

use serde_json::Value as Json;

use crate::support::chart::{chart_dir, template};
use crate::support::connect_migrate;
use crate::support::form::{json, printed};
use crate::support::tools::helms;

const SAMPLE: &str = "testdata/rstudio-connect.gcfg";

/// What production's configuration names, and what only its values name.
const OF_PRODUCTION: [&str; 9] = [
    "pg.example.com",
    "connect.example.com",
    "smtp.example.com",
    "connect@example.com",
    "S3cr3t-sample-postgres",
    "S3cr3t-sample-metrics",
    "S3cr3t-sample-smtp",
    "prod-files",
    "prod-license",
];

const PRODUCTION: &str = "sharedStorage: {mount: true, name: prod-files}
license: {file: {secret: prod-license}}
ingress: {enabled: true, hosts: [{host: connect.example.com, paths: [/]}]}
pod: {env: [{name: CONNECT_POSTGRES_PASSWORD, valueFrom: {secretKeyRef: {name: rstudio-connect-secrets, key: CONNECT_POSTGRES_PASSWORD}}}]}
";

fn trial(folder: &Path, more: &[&str]) -> Output {
    fs::write(folder.join("production.yaml"), PRODUCTION).unwrap();
    connect_migrate()
        .args([
            "values",
            "--from",
            SAMPLE,
            "--trial",
            "--secret-file",
            "--force",
        ])
        .arg("--production")
        .arg(folder.join("production.yaml"))
        .arg("--out")
        .arg(folder.join("trial.yaml"))
        .arg("--secret-out")
        .arg(folder.join("secret.yaml"))
        .arg("--report")
        .arg(folder.join("account.json"))
        .args(more)
        .output()
        .unwrap()
}

const COPY: [&str; 6] = [
    "--address",
    "https://trial.example.org",
    "--trial-database",
    "postgres://t@copy.example.org/trial",
    "--pvc",
    "trial-data",
];

fn told(output: &Output) -> String {
    String::from_utf8(output.stderr.clone()).unwrap()
}

fn account(folder: &Path) -> Json {
    json("values", fs::read(folder.join("account.json")).unwrap())
}

/// Nothing of production is in what the trial's server gets, by any Helm.
#[test]
fn nothing_of_production_reaches_a_trial() {
    let folder = tempfile::tempdir().unwrap();
    let made = trial(folder.path(), &COPY);
    assert_eq!(made.status.code(), Some(0), "{}", told(&made));
    let values = fs::read_to_string(folder.path().join("trial.yaml")).unwrap();
    let secret = fs::read_to_string(folder.path().join("secret.yaml")).unwrap();
    let mut texts = vec![values, secret];
    let chart = chart_dir();
    let file = folder.path().join("trial.yaml");
    for helm in helms() {
        let args = [
            "trial",
            chart.to_str().unwrap(),
            "-f",
            file.to_str().unwrap(),
        ];
        let manifest = template(&helm, &args);
        for line in [
            "Address = https://trial.example.org",
            "URL = postgres://t@copy.example.org/trial",
            "EmailProvider = none",
            "ScheduleConcurrency = 0",
            "MinProcessesLimit = 0",
            "PythonEnvironmentReaping = false",
        ] {
            assert!(manifest.contains(line), "{line}\n{manifest}");
        }
        assert!(
            manifest.contains("claimName: \"trial-data\"")
                || manifest.contains("claimName: trial-data"),
            "{manifest}"
        );
        assert!(
            manifest.contains("name: rstudio-connect-trial-secrets"),
            "{manifest}"
        );
        texts.push(manifest);
    }
    for text in texts {
        for word in OF_PRODUCTION {
            assert!(!text.contains(word), "{word}\n{text}");
        }
    }
}

/// The lines that are not production's any more are those that a trial says otherwise, each with its
/// reason; all others come to what they come to without --trial.
#[test]
fn each_overridden_line_is_in_the_account_and_nothing_else_changes() {
    let folder = tempfile::tempdir().unwrap();
    let made = trial(folder.path(), &COPY);
    assert_eq!(made.status.code(), Some(0), "{}", told(&made));
    let with = account(folder.path());
    let plain = tempfile::tempdir().unwrap();
    let output = connect_migrate()
        .args([
            "values",
            "--from",
            SAMPLE,
            "--secret-file",
            "--pvc",
            "trial-data",
        ])
        .args(["--address", "https://trial.example.org"])
        .args(["--secret-name", "rstudio-connect-trial-secrets", "--report"])
        .arg(plain.path().join("account.json"))
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(0), "{}", told(&output));
    let without = account(plain.path());
    let settings = |account: &Json| account["settings"].as_array().unwrap().clone();
    let mut replaced = Vec::new();
    assert_eq!(settings(&with).len(), settings(&without).len());
    for (one, other) in settings(&with).into_iter().zip(settings(&without)) {
        assert_eq!(one["line"], other["line"]);
        if one["code"] == "substituted" {
            assert!(!one["reason"].as_str().unwrap().is_empty());
            replaced.push(one["setting"].as_str().unwrap().to_owned());
        } else {
            assert_eq!(one, other);
        }
    }
    assert_eq!(
        replaced,
        [
            "Server.Address",
            "Server.EmailProvider",
            "Server.SenderEmail",
            "Server.PublicWarning",
            "SMTP.Host",
            "SMTP.Port",
            "SMTP.StartTLS",
            "SMTP.User",
            "SMTP.Password",
            "Postgres.URL",
            "Postgres.InstrumentationURL",
            "Postgres.InstrumentationPassword",
            "Applications.ScheduleConcurrency",
            "Git.Enabled",
        ]
    );
    let added = with["added"].as_array().unwrap();
    assert_eq!(added.len(), 4, "{added:?}");
    assert!(without.get("added").is_none());
    assert_eq!(
        with["chartDefaults"].as_array().unwrap().len(),
        without["chartDefaults"].as_array().unwrap().len()
    );
}

#[test]
fn what_points_to_production_is_refused_with_its_line() {
    let folder = tempfile::tempdir().unwrap();
    let base = folder.path().join("base.yaml");
    let refused = |flags: &[(&str, &str)], own: &str, places: &[&str]| {
        fs::write(&base, own).unwrap();
        let mut args: Vec<&str> = COPY.to_vec();
        for (flag, value) in flags {
            match args.iter().position(|arg| arg == flag) {
                Some(at) => args[at + 1] = value,
                None => args.extend([*flag, *value]),
            }
        }
        args.extend(["--base", base.to_str().unwrap()]);
        let output = trial(folder.path(), &args);
        let told = told(&output);
        assert_eq!(output.status.code(), Some(3), "{told}");
        assert!(told.contains("trial-harms-production"), "{told}");
        for place in places {
            assert!(told.contains(place), "{place}\n{told}");
        }
        assert!(!told.contains("S3cr3t"), "{told}");
        assert!(!folder.path().join("trial.yaml").exists());
    };
    let none = "replicas: 1\n";
    refused(
        &[("--trial-database", "postgres://me@PG.example.com/connect")],
        none,
        &[
            "rstudio-connect.gcfg:45:1",
            "Postgres.URL",
            "--trial-database",
        ],
    );
    refused(
        &[(
            "--trial-database",
            "postgres://me@pg.example.com/connect_metrics",
        )],
        none,
        &["rstudio-connect.gcfg:46:1", "Postgres.InstrumentationURL"],
    );
    refused(
        &[("--address", "https://connect.example.com")],
        none,
        &["rstudio-connect.gcfg:7:1", "Server.Address", "--address"],
    );
    refused(
        &[("--pvc", "prod-files")],
        none,
        &["production.yaml:1:", "sharedStorage.name", "--pvc"],
    );
    refused(
        &[("--license-secret", "prod-license")],
        none,
        &["production.yaml:2:", "license.file.secret"],
    );
    refused(
        &[("--secret-name", "rstudio-connect-secrets")],
        none,
        &["production.yaml:4:", "--secret-name"],
    );
    refused(
        &[],
        "ingress: {enabled: true, hosts: [{host: connect.example.com, paths: [/]}]}\nlicense: {key: abc}\n",
        &[
            "base.yaml:1:",
            "ingress.hosts.0.host",
            "base.yaml:2:",
            "license.key",
        ],
    );
    refused(
        &[],
        "pod: {env: [{name: CONNECT_POSTGRES_INSTRUMENTATIONURL, value: 'postgres://m@pg.example.com/connect_metrics'}]}\n",
        &["base.yaml:1:", "pod.env.0.value"],
    );
}

#[test]
fn a_trial_wants_address_and_database_and_no_password() {
    let folder = tempfile::tempdir().unwrap();
    let wrong = |args: &[&str], word: &str| {
        let output = trial(folder.path(), args);
        assert_eq!(output.status.code(), Some(2), "{}", told(&output));
        assert!(told(&output).contains(word), "{}", told(&output));
        assert!(!told(&output).contains("hunter2"), "{}", told(&output));
    };
    wrong(&COPY[2..], "needs an address of its own");
    wrong(&COPY[..2], "needs a copy of the database");
    wrong(
        &[
            "--address",
            "https://t.example.org",
            "--trial-database",
            "postgres://u:hunter2@c/d",
        ],
        "holds a password",
    );
    wrong(
        &[
            "--address",
            "https://t.example.org",
            "--trial-database",
            "hunter2",
        ],
        "no address of PostgreSQL",
    );
}

/// `check --trial` passes what `values --trial` has made, and fails what a move makes.
#[test]
fn check_knows_a_trial_by_its_values() {
    let folder = tempfile::tempdir().unwrap();
    let made = trial(folder.path(), &COPY);
    assert_eq!(made.status.code(), Some(0), "{}", told(&made));
    let check = |values: &Path, more: &[&str]| -> Json {
        let output = connect_migrate()
            .args(["check", "--trial", "--output", "json", "-f"])
            .arg(values)
            .args(more)
            .output()
            .unwrap();
        printed("check", &output)
    };
    let one = |report: &Json, code: &str| -> Json {
        let checks = report["checks"].as_array().unwrap();
        checks.iter().find(|it| it["code"] == code).unwrap().clone()
    };
    let production = folder.path().join("production.yaml");
    let known = [
        "--from",
        SAMPLE,
        "--secret-file",
        "--production",
        production.to_str().unwrap(),
    ];
    let report = check(&folder.path().join("trial.yaml"), &known);
    let values = one(&report, "trial-values");
    // The second file is the trial's own, but what it says stands in a Secret.
    assert_eq!(values["status"], "warn", "{values}");
    assert_eq!(values["details"].as_array().unwrap().len(), 1, "{values}");
    for code in [
        "trial-claim",
        "trial-storage",
        "trial-database",
        "trial-ingress",
    ] {
        assert_eq!(one(&report, code)["status"], "not-asked");
    }
    let moved = one(&check(&production, &known), "trial-values");
    assert_eq!(moved["status"], "fail");
    let details = moved["details"].to_string();
    for word in [
        "Server.EmailProvider",
        "sharedStorage.name is the claim of production",
        "ingress.hosts.0.host",
    ] {
        assert!(details.contains(word), "{word}: {details}");
    }
    // Without the flag nothing of it is asked.
    let output = connect_migrate()
        .args(["check", "--output", "json", "-f"])
        .arg(&production)
        .output()
        .unwrap();
    assert!(!String::from_utf8(output.stdout).unwrap().contains("trial-"));
}
