//! Mappings that marks are put into, and what they were before.

use serde_json::{Value, json};

use crate::manifests::{EditError, Emptied, ObjectName, Path, put, remove};
use crate::yaml::{Kind, Node, Style};

use super::refusal::Refusal;

/// Labels of an object.
pub(super) const LABELS: &[&str] = &["metadata", "labels"];
/// Annotations of an object.
pub(super) const ANNOTATIONS: &[&str] = &["metadata", "annotations"];
/// Annotations of the pods that a workload makes.
pub(super) const POD_ANNOTATIONS: &[&str] = &["spec", "template", "metadata", "annotations"];

/// What a mapping was before something was put into it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Before {
    Filled,
    Empty,
    /// The first so many keys of the way to it led to a null.
    Null(usize),
    /// The first so many keys of the way to it led nowhere.
    Absent(usize),
}

impl Before {
    /// What a mapping is now.
    pub(super) fn of(object: &Node, chain: &[&str]) -> Self {
        for depth in 1..=chain.len() {
            match object.at(&chain[..depth]).map(|node| &node.kind) {
                None => return Self::Absent(depth),
                Some(Kind::Scalar(text, Style::Plain))
                    if matches!(text.as_str(), "" | "~" | "null") =>
                {
                    return Self::Null(depth);
                }
                _ => {}
            }
        }
        match object.at(chain) {
            Some(node) if !node.entries().is_empty() => Self::Filled,
            _ => Self::Empty,
        }
    }

    /// The operation that undoes putting these keys in.
    pub(super) fn undo(self, chain: &[&str], keys: &[&str]) -> Vec<Value> {
        match self {
            Self::Filled => keys
                .iter()
                .map(|key| {
                    let path = format!("{}/{}", pointer(chain), key.replace('/', "~1"));
                    json!({"op": "remove", "path": path})
                })
                .collect(),
            Self::Empty => vec![json!({"op": "replace", "path": pointer(chain), "value": {}})],
            Self::Null(depth) => {
                vec![json!({"op": "replace", "path": pointer(&chain[..depth]), "value": null})]
            }
            Self::Absent(depth) => {
                vec![json!({"op": "remove", "path": pointer(&chain[..depth])})]
            }
        }
    }

    /// What an undo says that the mapping was; without a word about it, it had entries.
    pub(super) fn from_undo(undo: &[Value], chain: &[&str]) -> Self {
        for depth in 1..=chain.len() {
            let here = pointer(&chain[..depth]);
            for operation in undo.iter().filter(|o| o["path"] == *here) {
                match (operation["op"].as_str(), &operation["value"]) {
                    (Some("remove"), _) => return Self::Absent(depth),
                    (Some("replace"), Value::Null) => return Self::Null(depth),
                    (Some("replace"), _) => return Self::Empty,
                    _ => {}
                }
            }
        }
        Self::Filled
    }
}

fn pointer(chain: &[&str]) -> String {
    chain.iter().map(|key| format!("/{key}")).collect()
}

/// Where a mark goes.
#[derive(Debug, Clone, Copy)]
pub(super) struct Mapping<'a> {
    /// The object in its document.
    pub object: &'a Path,
    /// From the object to the mapping.
    pub chain: &'static [&'static str],
    pub name: &'a ObjectName,
}

impl Mapping<'_> {
    fn path(&self, depth: usize) -> Path {
        self.object.keys(&self.chain[..depth])
    }

    fn refusal(&self, error: EditError) -> Refusal {
        Refusal::Edit {
            object: format!("{} of {}", self.chain.join("."), self.name),
            error,
        }
    }

    pub(super) fn put(&self, body: &str, entries: &[(&str, &str)]) -> Result<String, Refusal> {
        put(body, &self.path(self.chain.len()), entries).map_err(|error| self.refusal(error))
    }

    /// Takes keys out, and with the last one what was made for them.
    pub(super) fn take(
        &self,
        body: &str,
        root: &Node,
        keys: &[&str],
        before: Before,
    ) -> Result<String, Refusal> {
        let full = self.chain.len();
        let is_ours = |node: &Node| {
            node.entries()
                .iter()
                .all(|entry| entry.key.as_str().is_some_and(|key| keys.contains(&key)))
        };
        // Mappings that were made on the way go if they hold nothing else by now.
        let alone = |depth: usize| {
            (depth..full).all(|at| {
                let node = self.path(at).find(root);
                node.is_some_and(|node| node.entries().len() == 1)
            }) && self.path(full).find(root).is_some_and(is_ours)
        };
        let (depth, emptied) = match before {
            Before::Absent(depth) if alone(depth) => (depth, Emptied::Absent),
            Before::Null(depth) if alone(depth) => (depth, Emptied::Null),
            Before::Empty => (full, Emptied::Braces),
            _ => (full, Emptied::Absent),
        };
        let inner = self.chain.get(depth).map(std::slice::from_ref);
        remove(body, &self.path(depth), inner.unwrap_or(keys), emptied)
            .map_err(|error| self.refusal(error))
    }
}
