//! What commands print for programs is what docs/schemas says.

use serde_json::Value;

use crate::support::connect_migrate;
use crate::support::form::{json, mismatch, schema};

#[test]
fn what_is_printed_is_what_the_schema_says() {
    let sample = "testdata/rstudio-connect.gcfg";
    let folder = tempfile::tempdir().unwrap();
    let values = folder.path().join("values.yaml");
    let out = values.to_str().unwrap();
    for (name, args) in [
        (
            "values",
            vec![
                "values", "--from", sample, "--pvc", "d", "--out", out, "--output", "json",
            ],
        ),
        (
            "values",
            vec![
                "values",
                "--from",
                sample,
                "--trial",
                "--address",
                "https://t.example.org",
                "--trial-database",
                "postgres://t@c.example.org/t",
                "--dry-run",
                "--output",
                "json",
            ],
        ),
        (
            "check",
            vec![
                "check", "--from", sample, "-f", out, "--trial", "--output", "json",
            ],
        ),
        (
            "diff",
            vec!["diff", "--from", sample, "-f", out, "--output", "json"],
        ),
        ("plan", vec!["plan", "--output", "json"]),
        ("gcfg", vec!["gcfg", "-f", out, "--output", "json"]),
    ] {
        let output = connect_migrate()
            .env("XDG_STATE_HOME", folder.path())
            .args(&args)
            .output()
            .unwrap();
        // The account of `values` is talk.
        let texts = [&output.stdout, &output.stderr].map(|text| String::from_utf8_lossy(text));
        let mut texts = texts
            .iter()
            .filter_map(|text| Some(&text[text.find('{')?..]));
        let text = texts.find(|text| serde_json::from_str::<Value>(text).is_ok());
        let mut found = json(name, text.unwrap_or_else(|| panic!("{output:?}")));
        found["snake_case"] = 1.into();
        assert!(mismatch(&schema(name), &found).is_some(), "{name}");
    }
}
