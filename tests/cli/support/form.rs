//! What commands print for programs is read here, and held to docs/schemas on the way.

use std::fs;
use std::process::Output;

use serde_json::{Map, Value};

/// What a command printed as JSON, of the form that docs/schemas has under this name.
pub fn printed(form: &str, output: &Output) -> Value {
    let value = serde_json::from_slice(&output.stdout).unwrap_or_else(|error| {
        panic!(
            "{form}: {error}: {}",
            String::from_utf8_lossy(&output.stderr)
        );
    });
    hold(form, &value);
    value
}

/// JSON that a command wrote into a file, or as a line.
pub fn json(form: &str, text: impl AsRef<[u8]>) -> Value {
    let text = text.as_ref();
    let value = serde_json::from_slice(text).unwrap_or_else(|error| {
        panic!("{form}: {error}: {}", String::from_utf8_lossy(text));
    });
    hold(form, &value);
    value
}

fn hold(form: &str, value: &Value) {
    let found = mismatch(&schema(form), value);
    assert_eq!(found, None, "{form} is not as docs/schemas has it: {value}");
}

pub fn schema(form: &str) -> Value {
    let path = format!("docs/schemas/{form}.json");
    serde_json::from_slice(&fs::read(path).unwrap()).unwrap()
}

/// Where a value is not as a schema has it, as far as our schemas go: objects and their keys, lists,
/// choices.
pub fn mismatch(schema: &Value, value: &Value) -> Option<String> {
    differs(schema, schema, value, "")
}

/// A schema with what another one adds to it.
fn with(mut schema: Map<String, Value>, more: &Value) -> Value {
    for (key, value) in more.as_object().into_iter().flatten() {
        match (schema.get_mut(key), value) {
            (Some(Value::Object(known)), Value::Object(more)) => known.extend(more.clone()),
            (Some(Value::Array(known)), Value::Array(more)) => known.extend(more.clone()),
            _ => {
                schema.insert(key.clone(), value.clone());
            }
        }
    }
    Value::Object(schema)
}

fn differs(root: &Value, schema: &Value, value: &Value, at: &str) -> Option<String> {
    let mut bare = schema.as_object().cloned().unwrap_or_default();
    if let Some(Value::String(name)) = bare.remove("$ref") {
        let name = name.rsplit('/').next().unwrap();
        return differs(root, &with(bare, &root["$defs"][name]), value, at);
    }
    if let Some(Value::Array(choices)) = bare.remove("anyOf").or_else(|| bare.remove("oneOf")) {
        let mut tried = choices
            .iter()
            .map(|one| differs(root, &with(bare.clone(), one), value, at));
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
    let constant = schema.get("const").map(std::slice::from_ref);
    if let Some(choices) = constant.or(schema["enum"].as_array().map(Vec::as_slice))
        && !choices.contains(value)
    {
        return Some(format!("{at}: {value} is not among {choices:?}"));
    }
    match value {
        Value::Array(items) => items.iter().enumerate().find_map(|(number, item)| {
            // A tuple names the schema of each place.
            let of = schema["prefixItems"].get(number);
            let of = of.unwrap_or(&schema["items"]);
            differs(root, of, item, &format!("{at}/{number}"))
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
                    (Value::Null, more) => differs(root, more, value, &at),
                    (known, _) => differs(root, known, value, &at),
                }
            })
        }
        _ => None,
    }
}
