//! Kubernetes objects inside documents.

use std::fmt;

use super::path::Path;
use crate::yaml::Node;

/// An object and where it stands in its document: at the root, or among the items of a list.
#[derive(Debug, Clone)]
pub(crate) struct Object<'a> {
    /// From the document's root.
    pub path: Path,
    pub node: &'a Node,
}

/// Namespace and name of an object.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ObjectName {
    /// `None` where the manifest leaves it to Helm.
    pub namespace: Option<String>,
    pub name: String,
}

impl fmt::Display for ObjectName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(namespace) = &self.namespace {
            write!(f, "{namespace}/")?;
        }
        f.write_str(&self.name)
    }
}

impl Object<'_> {
    #[must_use]
    pub(crate) fn kind(&self) -> Option<&str> {
        self.node.get("kind")?.as_str()
    }

    /// `metadata.name` and `metadata.namespace`; `None` without a name.
    #[must_use]
    pub(crate) fn name(&self) -> Option<ObjectName> {
        let text = |key| self.node.at(&["metadata", key]).and_then(Node::as_str);
        Some(ObjectName {
            namespace: text("namespace")
                .filter(|n| !n.is_empty())
                .map(str::to_owned),
            name: text("name").filter(|n| !n.is_empty())?.to_owned(),
        })
    }

    #[must_use]
    pub(crate) fn annotation(&self, key: &str) -> Option<&str> {
        self.node.at(&["metadata", "annotations", key])?.as_str()
    }

    /// Whether Helm runs it as a hook instead of keeping it in the release.
    #[must_use]
    pub(crate) fn is_hook(&self) -> bool {
        self.annotation("helm.sh/hook").is_some()
    }
}

/// The objects of a document: its root, or what a `List` holds, lists in lists included.
#[must_use]
pub(crate) fn objects(root: &Node) -> Vec<Object<'_>> {
    let mut found = Vec::new();
    collect(root, &Path::root(), &mut found);
    found
}

fn collect<'a>(node: &'a Node, path: &Path, found: &mut Vec<Object<'a>>) {
    let is_list = node
        .get("kind")
        .and_then(Node::as_str)
        .is_some_and(|kind| kind.ends_with("List"));
    if let Some(items) = node.get("items").filter(|_| is_list) {
        let path = path.key("items");
        for (index, item) in items.items().iter().enumerate() {
            collect(item, &path.index(index), found);
        }
    } else if node.get("kind").is_some() {
        found.push(Object {
            path: path.clone(),
            node,
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::yaml::load;

    #[test]
    fn lists_are_opened() {
        let text = "kind: List\nitems:\n- kind: A\n  metadata: {name: a, namespace: n}\n- kind: RoleList\n  items: [{kind: Role, metadata: {name: b}}]\n";
        let root = load(text).unwrap().remove(0);
        let found: Vec<_> = objects(&root)
            .iter()
            .map(|object| format!("{} {}", object.path, object.name().unwrap()))
            .collect();
        assert_eq!(found, ["items[0] n/a", "items[1].items[0] b"]);
    }
}
