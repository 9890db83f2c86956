//! What commands print for programs is what docs/schemas says.

use std::fs;

use serde_json::Value;

use crate::support::connect_migrate;

/// Holds a value against a schema, as far as our schemas go: objects and their keys, lists, choices.
fn mismatch(root: &Value, schema: &Value, value: &Value, at: &str) -> Option<String> {
    if let Some(name) = schema["$ref"].as_str() {
        let name = name.rsplit('/').next().unwrap();
        return mismatch(root, &root["$defs"][name], value, at);
    }
    if let Some(choices) = schema["anyOf"].as_array().or(schema["oneOf"].as_array()) {
        let mut tried = choices.iter().map(|one| mismatch(root, one, value, at));
        return tried
            .all(|result| result.is_some())
            .then(|| format!("{at}: none of the choices: {value}"));
    }
    let types: Vec<&str> = match &schema["type"] {
        Value::String(one) => vec![one],
        Value::Array(several) => several.iter().filter_map(Value::as_str).collect(),
        _ => Vec::new(),
    };
    let found = match value {
        Value::Null => "null",
        Value::Bool(_) => "boolean",
        Value::Number(number) if number.is_u64() || number.is_i64() => "integer",
        Value::Number(_) => "number",
        Value::String(_) => "string",
        Value::Array(_) => "array",
        Value::Object(_) => "object",
    };
    let is_one = |one: &&str| *one == found || *one == "number" && found == "integer";
    if !types.is_empty() && !types.iter().any(is_one) {
        return Some(format!("{at}: {found} instead of {types:?}"));
    }
    if let Some(choices) = schema["enum"].as_array()
        && !choices.contains(value)
    {
        return Some(format!("{at}: {value} is not among {choices:?}"));
    }
    match value {
        Value::Array(items) => items.iter().enumerate().find_map(|(number, item)| {
            mismatch(root, &schema["items"], item, &format!("{at}/{number}"))
        }),
        Value::Object(object) => {
            let required = schema["required"].as_array().into_iter().flatten();
            let mut missing = required.filter(|key| !object.contains_key(key.as_str().unwrap()));
            if let Some(key) = missing.next() {
                return Some(format!("{at}: {key} is missing"));
            }
            object.iter().find_map(|(key, value)| {
                let at = format!("{at}/{key}");
                match (&schema["properties"][key], &schema["additionalProperties"]) {
                    (Value::Null, Value::Null | Value::Bool(false)) => {
                        Some(format!("{at}: not in the schema"))
                    }
                    (Value::Null, more) => mismatch(root, more, value, &at),
                    (known, _) => mismatch(root, known, value, &at),
                }
            })
        }
        _ => None,
    }
}

fn schema(name: &str) -> Value {
    serde_json::from_str(&fs::read_to_string(format!("docs/schemas/{name}.json")).unwrap()).unwrap()
}

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
        ("gcfg", vec!["gcfg", "-f", out, "--output", "json"]),
    ] {
        let output = connect_migrate().args(&args).output().unwrap();
        let texts = [&output.stdout, &output.stderr];
        let found = texts.iter().find_map(|text| {
            let text = std::str::from_utf8(text).unwrap();
            serde_json::from_str::<Value>(&text[text.find('{')?..]).ok()
        });
        let Some(found) = found else {
            panic!("{args:?}: {}", String::from_utf8_lossy(&output.stderr));
        };
        let schema = schema(name);
        assert_eq!(mismatch(&schema, &schema, &found, ""), None, "{args:?}");
        let mut other = found.clone();
        other["snake_case"] = 1.into();
        assert!(mismatch(&schema, &schema, &other, "").is_some(), "{name}");
    }
}
