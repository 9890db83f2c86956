//! Marks of ours on live objects, and what removes them.

use serde_json::{Value, json};

use super::marks::{ANNOTATIONS, LABELS, POD_ANNOTATIONS};
use super::record::{ANNOTATION_KEYS, CHECKSUM, LABEL};

/// What removes marks of ours from a live object.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Unmark {
    /// As JSON merge patch.
    pub patch: Value,
    /// The paths that it removes, for people.
    pub paths: Vec<String>,
}

/// How our marks are removed from a live object: from a ConfigMap, or from the pods of what mounts
/// it. Helm 3 leaves marks where they came with a revision that it did not finish.
#[must_use]
pub(crate) fn unmark(object: &Value) -> Unmark {
    let places: [(&[&str], &[&str]); 3] = [
        (LABELS, &[LABEL]),
        (ANNOTATIONS, ANNOTATION_KEYS),
        (POD_ANNOTATIONS, &[CHECKSUM]),
    ];
    let mut unmark = Unmark {
        patch: json!({}),
        paths: Vec::new(),
    };
    for (chain, keys) in places {
        let mapping = chain.iter().fold(object, |at, key| &at[*key]);
        for key in keys.iter().filter(|key| mapping.get(**key).is_some()) {
            let patch = chain
                .iter()
                .fold(&mut unmark.patch, |at, key| &mut at[*key]);
            patch[*key] = Value::Null;
            unmark.paths.push(format!("{}.{key}", chain.join(".")));
        }
    }
    unmark
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn our_marks_and_nothing_else_are_removed() {
        let mut object = json!({
            "metadata": {"labels": {"connect-migrate/overlay": "x", "app": "y"},
                "annotations": {"connect-migrate/undo": "[]", "other": ""}},
            "spec": {"template": {"metadata": {"annotations": {"connect-migrate/config-checksum": "z"}}}}});
        let patch = unmark(&object).patch;
        json_patch::merge(&mut object, &patch);
        assert_eq!(
            object,
            json!({"metadata": {"labels": {"app": "y"}, "annotations": {"other": ""}},
                "spec": {"template": {"metadata": {"annotations": {}}}}})
        );
        assert!(unmark(&object).paths.is_empty());
    }
}
