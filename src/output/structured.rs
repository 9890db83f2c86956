//! Results as JSON and YAML.

use serde::Serialize;

use crate::character::is_hidden;
use crate::yaml;

/// JSON with a line feed at its end.
pub(super) fn json<T: Serialize>(value: &T) -> serde_json::Result<String> {
    Ok(escaped(&serde_json::to_string_pretty(value)?) + "\n")
}

/// JSON on one line, with a line feed at its end.
pub(super) fn json_line<T: Serialize>(value: &T) -> serde_json::Result<String> {
    Ok(escaped(&serde_json::to_string(value)?) + "\n")
}

/// YAML, by way of JSON, which has no tags for the variants of types.
pub(super) fn yaml<T: Serialize>(value: &T) -> serde_json::Result<String> {
    Ok(yaml::document(&serde_json::to_value(value)?))
}

/// Escapes what JSON may hold as it is and a terminal acts on. It can stand in strings only.
fn escaped(json: &str) -> String {
    let mut out = String::with_capacity(json.len());
    for c in json.chars() {
        if c != '\n' && is_hidden(c) {
            let mut units = [0; 2];
            for unit in c.encode_utf16(&mut units) {
                out.push_str(&format!("\\u{unit:04x}"));
            }
        } else {
            out.push(c);
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn nothing_is_lost_and_nothing_is_hidden(text in "(\\PC|\\p{C})*") {
            let value = serde_json::json!({"title": text, "list": [text]});
            for written in [json(&value).unwrap(), json_line(&value).unwrap()] {
                prop_assert!(!written.chars().any(|c| c != '\n' && is_hidden(c)), "{}", written);
                prop_assert_eq!(&serde_json::from_str::<serde_json::Value>(&written).unwrap(), &value);
            }
            let written = yaml(&value).unwrap();
            prop_assert!(!written.chars().any(|c| c != '\n' && is_hidden(c)), "{}", written);
        }
    }
}
