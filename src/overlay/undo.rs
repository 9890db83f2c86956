//! The change of the configuration as RFC 6902 operations.
//!
//! The operations are on the object as JSON with one difference: the gcfg text is the list of its
//! lines (what stands between line feeds), so that an operation names a line and holds a line. Each
//! line that is undone is tested first: where somebody changed it since, undoing fails.

use json_patch::{Patch, patch};
use serde_json::{Value, json};

use crate::manifests::{Hunk, hunks, split_lines};

use super::GCFG_KEY;

/// The operations that turn `new` back into `old`.
pub(super) fn undo(old: &str, new: &str) -> Vec<Value> {
    let (old, new) = (split_lines(old), split_lines(new));
    // From the last to the first, so that the numbers of lines above stay what they are.
    hunks(&new, &old)
        .iter()
        .rev()
        .flat_map(|hunk| operations(hunk, &new, &old))
        .collect()
}

fn operations(hunk: &Hunk, from: &[&str], to: &[&str]) -> Vec<Value> {
    let (from, to, start) = (
        &from[hunk.old.clone()],
        &to[hunk.new.clone()],
        hunk.old.start,
    );
    let mut operations = Vec::new();
    let common = from.len().min(to.len());
    for (index, line) in from.iter().enumerate() {
        operations.push(json!({"op": "test", "path": path(start + index), "value": line}));
    }
    for (index, line) in to.iter().enumerate() {
        let op = if index < common { "replace" } else { "add" };
        operations.push(json!({"op": op, "path": path(start + index), "value": line}));
    }
    for _ in common..from.len() {
        operations.push(json!({"op": "remove", "path": path(start + common)}));
    }
    operations
}

fn path(line: usize) -> String {
    format!("/data/{GCFG_KEY}/{line}")
}

/// The object that the operations are about, with the gcfg text alone.
pub(super) fn view(gcfg: &str) -> Value {
    json!({"data": {GCFG_KEY: split_lines(gcfg)}})
}

/// Undoes the change of the text.
///
/// # Errors
/// Why it cannot be undone: the text is not the one that the operations were made for.
pub(super) fn restore(gcfg: &str, operations: &[Value]) -> Result<String, String> {
    let of_text: Vec<Value> = operations
        .iter()
        .filter(|o| o["path"].as_str().is_some_and(|p| p.starts_with("/data/")))
        .cloned()
        .collect();
    let of_text: Patch =
        serde_json::from_value(Value::Array(of_text)).map_err(|error| error.to_string())?;
    let mut object = view(gcfg);
    patch(&mut object, &of_text)
        .map_err(|_| "the settings were changed since they were laid".to_owned())?;
    let lines: Option<Vec<&str>> = object["data"][GCFG_KEY]
        .as_array()
        .and_then(|lines| lines.iter().map(Value::as_str).collect());
    Ok(lines.ok_or("the record is damaged")?.join("\n"))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(200))]
        #[test]
        fn undoing_leads_back(old in "[ab\n]{0,20}", new in "[ab\n]{0,20}") {
            prop_assert_eq!(restore(&new, &undo(&old, &new)), Ok(old));
        }
    }

    #[test]
    fn a_line_that_was_changed_is_not_undone() {
        let operations = undo("a = 2\nb\n", "a = 0\nb\nc = 1\n");
        assert!(restore("a = 0\nb\nc = 3\n", &operations).is_err());
        // Changes elsewhere do not matter as long as lines keep their numbers.
        assert_eq!(
            restore("a = 0\nB\nc = 1\n", &operations),
            Ok("a = 2\nB\n".into())
        );
    }
}
