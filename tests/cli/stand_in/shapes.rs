//! The stand-in answers with the fields that real servers answer with.

use std::collections::BTreeMap;
use std::path::Path;

use crate::connect_stand_in::{Config, ItemSpec, Outcome, StandIn, Version};
use serde::Deserialize;
use serde_json::Value;

use super::ask::{api, build_to_the_end, try_ask};

/// One request and what real servers answered, from tests/stand_in/shapes.
#[derive(Deserialize)]
struct Shape {
    request: String,
    #[serde(default)]
    body: Option<Value>,
    #[serde(default = "ok")]
    status: u16,
    recorded: Vec<Version>,
    answer: Value,
}

fn ok() -> u16 {
    200
}

/// A field's type in a version, if it has the field: `string? optional since 2025.09.0`.
struct Kind<'a> {
    name: &'a str,
    is_nullable: bool,
    is_optional: bool,
}

fn kind(text: &str, version: Version) -> Option<Kind<'_>> {
    text.split(" or ").find_map(|one| {
        let mut words = one.split(' ');
        let name = words.next().unwrap();
        let mut kind = Kind {
            name: name.trim_end_matches('?'),
            is_nullable: name.ends_with('?'),
            is_optional: false,
        };
        while let Some(word) = words.next() {
            let holds = match word {
                "optional" => {
                    kind.is_optional = true;
                    true
                }
                "since" => version >= words.next().unwrap().parse().unwrap(),
                "until" => version < words.next().unwrap().parse().unwrap(),
                _ => panic!("not a type: {text}"),
            };
            if !holds {
                return None;
            }
        }
        Some(kind)
    })
}

fn is(value: &Value, name: &str) -> bool {
    match name {
        "string" => value.is_string(),
        "int" => value.is_i64() || value.is_u64(),
        "number" => value.is_number(),
        "bool" => value.is_boolean(),
        "array" => value.is_array(),
        "object" => value.is_object(),
        _ => panic!("not a type: {name}"),
    }
}

/// What is wrong with an answer, field by field.
fn compare(at: &str, shape: &Value, value: &Value, version: Version, wrong: &mut Vec<String>) {
    match shape {
        Value::String(text) => {
            let Some(kind) = kind(text, version) else {
                wrong.push(format!("{at}: there before its time"));
                return;
            };
            if !(is(value, kind.name) || kind.is_nullable && value.is_null()) {
                wrong.push(format!("{at}: {value} instead of {text}"));
            }
        }
        Value::Array(of) => {
            let rows = value.as_array().map_or(&[] as &[Value], Vec::as_slice);
            if rows.is_empty() {
                wrong.push(format!(
                    "{at}: {value} instead of a list with something in it"
                ));
            }
            for row in rows {
                compare(&format!("{at}[]"), &of[0], row, version, wrong);
            }
        }
        Value::Object(fields) => {
            let Some(values) = value.as_object() else {
                wrong.push(format!("{at}: {value} instead of an object"));
                return;
            };
            for (name, shape) in fields {
                let at = format!("{at}.{name}");
                let is_needed = match shape {
                    Value::String(text) => {
                        kind(text, version).is_some_and(|kind| !kind.is_optional)
                    }
                    _ => true,
                };
                match values.get(name) {
                    Some(value) => compare(&at, shape, value, version, wrong),
                    None if is_needed => wrong.push(format!("{at}: absent")),
                    None => {}
                }
            }
            let unknown = values.keys().filter(|name| !fields.contains_key(*name));
            wrong.extend(unknown.map(|name| format!("{at}.{name}: nobody has that")));
        }
        _ => panic!("not a shape: {shape}"),
    }
}

/// A server with one of everything, and what stands for the names in the requests.
fn server(version: Version) -> (StandIn, BTreeMap<&'static str, String>) {
    let shiny = ItemSpec {
        app_mode: Some("shiny".to_owned()),
        r_version: Some("4.3.1".to_owned()),
        vanity: Some("/a/".to_owned()),
        tags: vec!["Finance".to_owned()],
        environment: vec!["A_KEY".to_owned()],
        visits: Some(2),
        owner: Some("admin".to_owned()),
        ..ItemSpec::default()
    };
    let document = ItemSpec {
        app_mode: Some("rmd-static".to_owned()),
        visits: Some(3),
        ..ItemSpec::default()
    };
    let failing = ItemSpec {
        app_mode: Some("python-dash".to_owned()),
        outcome: Outcome::Fail,
        ..ItemSpec::default()
    };
    let connect = StandIn::start(Config {
        content: vec![shiny, document, failing],
        version,
        ..Config::default()
    })
    .unwrap();
    let items = api(&connect, "GET", "/v1/content", "").json();
    let guid = |mode: &str| {
        let items = items.as_array().unwrap();
        let item = items.iter().find(|item| item["app_mode"] == mode).unwrap();
        item["guid"].as_str().unwrap().to_owned()
    };
    let (guid, document) = (guid("shiny"), guid("rmd-static"));
    let failing = items
        .as_array()
        .unwrap()
        .iter()
        .find(|item| item["app_mode"] == "python-dash");
    let failed = build_to_the_end(&connect, failing.unwrap()["guid"].as_str().unwrap());
    let task = build_to_the_end(&connect, &guid);
    // Somebody looks at it, so it runs.
    try_ask(&connect, "GET", &format!("/content/{guid}/"), &[], "").unwrap();
    let jobs = api(&connect, "GET", &format!("/v1/content/{guid}/jobs"), "").json();
    let variants = api(
        &connect,
        "GET",
        &format!("/applications/{document}/variants"),
        "",
    )
    .json();
    let text = |value: &Value| {
        value
            .as_str()
            .map_or_else(|| value.to_string(), str::to_owned)
    };
    let names = BTreeMap::from([
        ("{bundle}", connect.control().active_bundle(&guid).unwrap()),
        ("{guid}", guid),
        ("{document}", document),
        ("{task}", text(&task["id"])),
        ("{failed}", text(&failed["id"])),
        ("{job}", text(&jobs[0]["key"])),
        ("{restored}", text(&jobs[1]["key"])),
        ("{variant}", text(&variants[0]["id"])),
    ]);
    (connect, names)
}

#[test]
fn answers_have_the_fields_of_the_recorded_ones() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/stand_in/shapes");
    let mut files: Vec<_> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| {
            path.extension()
                .is_some_and(|extension| extension == "json")
        })
        .collect();
    files.sort();
    let (mut wrong, mut compared) = (Vec::new(), 0);
    let mut servers = BTreeMap::new();
    for file in files {
        let shapes: Vec<Shape> =
            serde_json::from_str(&std::fs::read_to_string(file).unwrap()).unwrap();
        for shape in &shapes {
            for &version in &shape.recorded {
                let (connect, names) = servers.entry(version).or_insert_with(|| server(version));
                let mut request = shape.request.clone();
                for (name, value) in names {
                    request = request.replace(*name, value);
                }
                let (method, path) = request.split_once(' ').unwrap();
                let body = shape
                    .body
                    .as_ref()
                    .map_or_else(String::new, Value::to_string);
                let answer = api(connect, method, path, &body);
                let at = format!("{version}: {}", shape.request);
                if answer.status == shape.status {
                    compare(&at, &shape.answer, &answer.json(), version, &mut wrong);
                } else {
                    wrong.push(format!("{at}: {} {}", answer.status, answer.body));
                }
                compared += 1;
            }
        }
    }
    assert!(compared > 45, "only {compared} answers compared");
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn a_comparison_finds_what_is_wrong() {
    let shape = serde_json::json!({
        "a": "int?", "b": "string since 2025.01.0", "c": "int until 2025.01.0 or bool since 2025.01.0",
        "d": [{ "e": "string optional" }],
    });
    let wrong = |version: &str, value: Value| {
        let mut wrong = Vec::new();
        compare("", &shape, &value, version.parse().unwrap(), &mut wrong);
        wrong
    };
    let good = serde_json::json!({ "a": null, "b": "", "c": true, "d": [{}] });
    assert_eq!(wrong("2025.01.0", good.clone()), [] as [&str; 0]);
    assert_eq!(
        wrong("2024.12.0", good),
        [
            ".b: there before its time",
            ".c: true instead of int until 2025.01.0 or bool since 2025.01.0"
        ]
    );
    assert_eq!(
        wrong(
            "2025.01.0",
            serde_json::json!({ "b": 1, "c": true, "d": [], "x": 1 })
        ),
        [
            ".a: absent",
            ".b: 1 instead of string since 2025.01.0",
            ".d: [] instead of a list with something in it",
            ".x: nobody has that",
        ]
    );
}
