//! What stands where an object has its values must be what the object takes there: read as something
//! else it would count as none, in silence.

use std::sync::Arc;

use super::refuse;
use crate::diagnostic::InvalidInput;
use crate::source::SourceFile;
use crate::yaml::{Kind, Node, Style};

/// The parts of one object, read in the shapes that its kind takes.
#[derive(Clone, Copy)]
pub(super) struct Shaped<'a> {
    pub source: &'a Arc<SourceFile>,
    /// For messages: `HelmRelease`.
    pub kind: &'a str,
}

/// Whether a node says nothing.
pub(super) fn is_null(node: &Node) -> bool {
    matches!(&node.kind, Kind::Scalar(text, Style::Plain)
        if node.tag.is_none() && matches!(text.as_str(), "" | "~" | "null" | "Null" | "NULL"))
}

impl Shaped<'_> {
    /// What stands behind a key, unless it is null.
    pub(super) fn part<'n>(self, node: &'n Node, key: &str) -> Option<&'n Node> {
        node.get(key).filter(|part| !is_null(part))
    }

    pub(super) fn mapping<'n>(
        self,
        node: &'n Node,
        key: &str,
    ) -> Result<Option<&'n Node>, InvalidInput> {
        self.shaped(node, key, "a mapping", |kind| {
            matches!(kind, Kind::Mapping(_))
        })
    }

    /// The mapping at the end of a path of them.
    pub(super) fn below<'n>(
        self,
        node: &'n Node,
        path: &[&str],
    ) -> Result<Option<&'n Node>, InvalidInput> {
        let mut node = node;
        for key in path {
            match self.mapping(node, key)? {
                Some(part) => node = part,
                None => return Ok(None),
            }
        }
        Ok(Some(node))
    }

    pub(super) fn list<'n>(self, node: &'n Node, key: &str) -> Result<&'n [Node], InvalidInput> {
        let list = self.shaped(node, key, "a list", |kind| {
            matches!(kind, Kind::Sequence(_))
        })?;
        Ok(list.map(Node::items).unwrap_or_default())
    }

    pub(super) fn text<'n>(
        self,
        node: &'n Node,
        key: &str,
    ) -> Result<Option<&'n str>, InvalidInput> {
        let text = self.shaped(node, key, "a text", |kind| matches!(kind, Kind::Scalar(..)))?;
        Ok(text.and_then(Node::as_str))
    }

    fn shaped<'n>(
        self,
        node: &'n Node,
        key: &str,
        shape: &str,
        fits: impl Fn(&Kind) -> bool,
    ) -> Result<Option<&'n Node>, InvalidInput> {
        match self.part(node, key) {
            Some(part) if !fits(&part.kind) => refuse(
                self.source,
                part,
                format!("{key} of the {} is not {shape}", self.kind),
                format!(
                    "write {shape} there, as the {} takes it, or take {key} out",
                    self.kind
                ),
            ),
            part => Ok(part),
        }
    }
}
