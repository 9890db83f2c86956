//! Data on its way to and from YAML, without places and comments.

use serde_json::Value;

use super::{Block, Tree, YamlError, emit, load, resolve};

/// The documents of a text, as a Kubernetes client reads them; those with nothing in them are left out.
///
/// # Errors
/// It is not YAML, or has a tag that its text does not fit.
pub(crate) fn documents(text: &str) -> Result<Vec<Value>, YamlError> {
    let mut documents = Vec::new();
    for node in &load(text)? {
        let value = resolve(node).map_err(|error| YamlError {
            message: error.message,
            offset: error.span.start,
        })?;
        documents.push(value.to_json());
    }
    documents.retain(|document| !document.is_null());
    Ok(documents)
}

/// A value as a YAML document in block style. Text is quoted unless every reader takes it for text, also
/// those of YAML 1.1, and characters that cannot be seen are written as escapes.
#[must_use]
pub(crate) fn document(value: &Value) -> String {
    tree(value).to_yaml()
}

fn tree(value: &Value) -> Tree {
    match value {
        Value::Object(entries) => {
            let mut block = Block::new();
            for (key, value) in entries {
                block.add(key, tree(value));
            }
            Tree::Map(block)
        }
        Value::Array(items) => Tree::List(items.iter().map(|item| tree(item).into()).collect()),
        Value::String(text) => Tree::Written(emit::text(text).into_owned()),
        // Null, booleans and numbers are as in JSON.
        other => Tree::Written(other.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    #[test]
    fn it_looks_as_people_write_it() {
        let value = json!({
            "schema": 2, "ok": true, "none": null, "empty": [], "text": "about 2 h (at most), 96.5 % of it",
            "list": [1, "no", {"a": "x: y", "b": ["c", []]}, [1, 2]], "deep": {"er": {"key": "v1/x"}}});
        assert_eq!(
            document(&value),
            "schema: 2\nok: true\nnone: null\nempty: []\ntext: about 2 h (at most), 96.5 % of it\nlist:\n  - 1\n  - 'no'\n  - a: 'x: y'\n    b:\n      - c\n      - []\n  -\n    - 1\n    - 2\ndeep:\n  er:\n    key: v1/x\n"
        );
        assert_eq!(document(&json!([])), "[]\n");
        assert_eq!(
            document(&json!([{"a": 1, "b": 2}, "c"])),
            "- a: 1\n  b: 2\n- c\n"
        );
        assert_eq!(document(&json!("x")), "x\n");
    }

    fn values() -> impl Strategy<Value = Value> {
        let text = prop_oneof![
            "(\\PC|\\p{C}){0,12}",
            "[a-zA-Z0-9 _.,:#'\"()%/~<=+-]{0,12}",
            Just("null".to_owned()),
            Just("12:30:45".to_owned()),
        ];
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::from),
            (-(1_i64 << 52)..1 << 52).prop_map(Value::from),
            (-1e9..1e9).prop_map(|n: f64| Value::from(n)),
            text.prop_map(Value::from),
        ];
        leaf.prop_recursive(4, 40, 5, |inner| {
            prop_oneof![
                proptest::collection::vec(inner.clone(), 0..5).prop_map(Value::from),
                proptest::collection::vec(("(\\PC|\\p{C}){0,8}|[a-z]{1,5}", inner), 0..5)
                    .prop_map(|entries| entries.into_iter().collect::<Value>()),
            ]
        })
    }

    /// Whole numbers and doubles are one kind of number in JSON.
    fn same(a: &Value, b: &Value) -> bool {
        match (a, b) {
            (Value::Number(a), Value::Number(b)) => a.as_f64() == b.as_f64(),
            (Value::Array(a), Value::Array(b)) => {
                a.len() == b.len() && a.iter().zip(b).all(|(a, b)| same(a, b))
            }
            (Value::Object(a), Value::Object(b)) => {
                a.len() == b.len()
                    && a.iter()
                        .all(|(key, a)| b.get(key).is_some_and(|b| same(a, b)))
            }
            (a, b) => a == b,
        }
    }

    proptest! {
        #[test]
        fn other_readers_read_what_was_written(value in values()) {
            let written = document(&value);
            let theirs: Value = serde_yaml::from_str(&written).unwrap();
            prop_assert!(same(&theirs, &value), "{written}\n{theirs}\n{value}");
            let ours = documents(&written).unwrap();
            prop_assert!(same(ours.first().unwrap_or(&Value::Null), &value), "{written}\n{ours:?}");
        }
    }
}
