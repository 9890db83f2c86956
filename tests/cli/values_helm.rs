//! `values`, rendered by every real Helm: what arrives in the pod is what the old server had.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Output;

use connect_migrate::gcfg::{self, SettingKey};
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use serde_json::Value as Json;

use crate::support::chart::{chart_dir, gcfg_of, template};
use crate::support::connect_migrate;
use crate::support::form::{json, printed};
use crate::support::tools::{Helm, helms};

/// Every setting of a text with all its values, in order.
fn effective(text: &str) -> BTreeMap<SettingKey, Vec<String>> {
    let document = gcfg::parse_text("text", text).unwrap();
    let mut settings: BTreeMap<_, Vec<String>> = BTreeMap::new();
    for setting in document.settings() {
        let value = setting.text().unwrap_or("true").to_owned();
        settings.entry(setting.name.key()).or_default().push(value);
    }
    settings
}

/// Converts a file and gives back the values file and the account.
fn convert(from: &Path, folder: &Path, more: &[&str]) -> (PathBuf, Json) {
    let (output, out, report) = run_values(from, folder, more);
    let code = output.status.code();
    let talk = String::from_utf8_lossy(&output.stderr);
    assert!(matches!(code, Some(0 | 4)), "{}: {talk}", from.display());
    (out, json("values", fs::read(&report).unwrap()))
}

fn run_values(from: &Path, folder: &Path, more: &[&str]) -> (Output, PathBuf, PathBuf) {
    let out = folder.join("values.yaml");
    let report = folder.join("account.json");
    let output = connect_migrate()
        .args(["values", "--force", "--pvc", "data", "--from"])
        .arg(from)
        .arg("--out")
        .arg(&out)
        .arg("--report")
        .arg(&report)
        .args(more)
        .output()
        .unwrap();
    (output, out, report)
}

fn rendered(helm: &Helm, values: &Path) -> BTreeMap<SettingKey, Vec<String>> {
    let chart = chart_dir();
    let args = [
        "connect",
        chart.to_str().unwrap(),
        "-f",
        values.to_str().unwrap(),
    ];
    effective(&gcfg_of(&template(helm, &args)))
}

/// The fate of each setting by its name.
fn fates(account: &Json) -> Vec<(SettingKey, &str, &str, bool)> {
    account["settings"]
        .as_array()
        .unwrap()
        .iter()
        .map(|entry| {
            let name: gcfg::SettingName = entry["setting"].as_str().unwrap().parse().unwrap();
            (
                name.key(),
                entry["action"].as_str().unwrap(),
                entry["code"].as_str().unwrap(),
                entry["target"].is_null(),
            )
        })
        .collect()
}

/// The file in the Secret is mounted where Connect looks for it.
#[test]
fn the_file_in_the_secret_is_mounted_in_every_helm() {
    let folder = tempfile::tempdir().unwrap();
    let from = Path::new("testdata/gcfg/02-ldap.gcfg");
    let (values, _) = convert(from, folder.path(), &["--secret-file"]);
    for helm in helms() {
        let chart = chart_dir();
        let manifest = template(
            &helm,
            &[
                "connect",
                chart.to_str().unwrap(),
                "-f",
                values.to_str().unwrap(),
            ],
        );
        let path = folder.path().join("manifest.yaml");
        fs::write(&path, &manifest).unwrap();
        let output = connect_migrate()
            .args(["diff", "--output", "json", "--from"])
            .arg(from)
            .arg("--manifest")
            .arg(&path)
            .output()
            .unwrap();
        let report: Json = printed("diff", &output);
        let rows = report["settings"].as_array().unwrap();
        let row = rows.iter().find(|row| row["property"] == "BindPassword");
        assert_eq!(
            row.unwrap()["after"]["from"],
            "Secret rstudio-connect-secrets key rstudio-connect-migration.gcfg",
        );
    }
}

/// What is kept arrives with the very values of the input; what went away is not there, unless the
/// chart says it; and nothing is there that neither the input nor the account knows.
#[test]
fn every_sample_arrives_in_every_helm() {
    let helms = helms();
    if helms.is_empty() {
        return;
    }
    let mut compared = 0;
    for entry in fs::read_dir("testdata/gcfg").unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_none_or(|extension| extension != "gcfg") {
            continue;
        }
        let folder = tempfile::tempdir().unwrap();
        let (values, account) = convert(&path, folder.path(), &[]);
        let input = effective(
            fs::read_to_string(&path)
                .unwrap()
                .trim_start_matches('\u{feff}'),
        );
        let defaults: BTreeSet<SettingKey> = account["chartDefaults"]
            .as_array()
            .unwrap()
            .iter()
            .filter(|default| default["action"] == "kept")
            .map(|default| {
                let name: gcfg::SettingName = default["setting"].as_str().unwrap().parse().unwrap();
                name.key()
            })
            .collect();
        for helm in &helms {
            let rendered = rendered(helm, &values);
            let at = |key: &SettingKey| format!("{} {key:?} helm {}", path.display(), helm.version);
            let mut known = defaults.clone();
            for (key, action, code, in_place) in fates(&account) {
                known.insert(key.clone());
                match action {
                    "keep" | "review" if in_place && code != "listen-address" => {
                        compared += 1;
                        let values = rendered.get(&key);
                        let wanted = &input[&key];
                        let last = wanted.last().map(std::slice::from_ref);
                        assert!(
                            values == Some(wanted)
                                || values.map(Vec::as_slice) == last
                                || cleared(&account, &key),
                            "{}: {wanted:?} became {values:?}",
                            at(&key)
                        );
                    }
                    "secret" => assert!(!rendered.contains_key(&key), "{}", at(&key)),
                    "drop" if code != "overridden" && code != "list-cleared" => {
                        assert!(
                            !rendered.contains_key(&key) || defaults.contains(&key),
                            "{}",
                            at(&key)
                        );
                    }
                    _ => {}
                }
            }
            for entry in account["settings"].as_array().unwrap() {
                let target = entry["target"]
                    .as_str()
                    .and_then(|t| t.strip_prefix("config."));
                if let Some(Ok(name)) = target.map(str::parse::<gcfg::SettingName>) {
                    known.insert(name.key());
                }
            }
            for key in rendered.keys() {
                assert!(known.contains(key), "{}: nobody said so", at(key));
            }
        }
    }
    assert!(compared > 1000, "{compared} settings compared");
}

/// Whether a key alone emptied the list somewhere.
fn cleared(account: &Json, key: &SettingKey) -> bool {
    fates(account)
        .iter()
        .any(|(other, _, code, _)| other == key && *code == "list-cleared")
}

/// A value with everything that has ever tripped YAML, Go templates or gcfg.
fn value() -> impl Strategy<Value = String> {
    let traps = prop::sample::select(vec![
        "1000000",
        "8589934592",
        "0600",
        "0755",
        "1_000",
        "1e3",
        "yes",
        "no",
        "on",
        "off",
        "y",
        "n",
        "true",
        "null",
        "~",
        "2026-11-22",
        "12:30:45",
        "{{ .Release.Name }}",
        "{a: b}",
        "[a]",
        "*x",
        "&x",
        "!t",
        "| x",
        "> x",
        "%d",
        "@x",
        "`x`",
        "'",
        "''",
        "\"",
        "\\",
        "C:\\data",
        "a # b",
        "a;b",
        "#",
        ";",
        "- x",
        "? x",
        "a: b",
        " x",
        "x ",
        "\tx",
        "x\t",
        "a\nb",
        "\n",
        "a\n[HTTP]\nListen = :1",
        "<no value>",
        "é 日本 😀",
        "",
        "=",
        "---",
        "...",
        "$HOME",
        "\u{a0}x",
        "a\\",
        "\\n",
        "%YAML",
        "0x1F",
        ".inf",
        ".5",
        "+5",
        "1.10",
    ])
    .prop_map(str::to_owned);
    prop_oneof![3 => traps, 2 => "[ -~é日\t\n]{0,40}"]
}

#[test]
fn any_value_arrives_in_every_helm() {
    let helms = helms();
    let mut runner = TestRunner::new(Config {
        cases: 12,
        failure_persistence: None,
        ..Config::default()
    });
    // Many values a case: a Helm takes much longer to start than to render.
    let sections = prop::collection::vec(
        (
            "[A-Za-z][A-Za-z0-9-]{0,8}",
            prop::option::of("[ -~é]{1,8}"),
            prop::collection::vec(
                (
                    "[A-Za-z][A-Za-z0-9-]{0,6}",
                    prop::collection::vec(value(), 1..4),
                ),
                1..12,
            ),
        ),
        1..12,
    );
    runner
        .run(&sections, |sections| {
            let mut text = "[Database]\nProvider = postgres\n".to_owned();
            for (name, subsection, settings) in sections {
                // Sections of its own, so that no rule but that for the unknown applies.
                let name = format!("x{name}");
                let header = match subsection {
                    Some(subsection) => {
                        format!("[{name} {}]", gcfg::write::subsection(&subsection))
                    }
                    None => format!("[{name}]"),
                };
                for (key, values) in settings {
                    for value in values {
                        let value = gcfg::write::value(&value).unwrap().into_owned();
                        // Below its header, since "=" below what looks like a credential is refused.
                        text.push_str(&format!("{header}\nz{key} = {value}\n"));
                    }
                }
            }
            let folder = tempfile::tempdir().unwrap();
            let from = folder.path().join("c.gcfg");
            fs::write(&from, &text).unwrap();
            // Some of the values look like credentials, and are taken. Names that do are refused.
            let (output, values, _) = run_values(&from, folder.path(), &["--inline-secrets"]);
            let talk = String::from_utf8_lossy(&output.stderr);
            prop_assume!(!talk.contains("error[credential-in-header]"));
            prop_assert!(matches!(output.status.code(), Some(0 | 4)), "{}", talk);
            let input = effective(&text);
            for helm in &helms {
                let rendered = rendered(helm, &values);
                for (key, wanted) in &input {
                    prop_assert_eq!(
                        rendered.get(key),
                        Some(wanted),
                        "{:?} in helm {}\n{}",
                        key,
                        helm.version,
                        text
                    );
                }
            }
            Ok(())
        })
        .unwrap();
}
