//! The tree.

use crate::source::Span;

/// A node of a YAML document.
#[derive(Debug, Clone, PartialEq)]
pub struct Node {
    pub kind: Kind,
    /// Its bytes in the text. For block collections and block scalars the end may lie behind blank
    /// lines and comments that follow.
    pub span: Span,
    /// An explicit tag as written out, such as `tag:yaml.org,2002:str` for `!!str`.
    pub tag: Option<String>,
}

/// What a node is.
#[derive(Debug, Clone, PartialEq)]
pub enum Kind {
    /// A scalar: its decoded text and its style. What type it has is for the reader to decide.
    Scalar(String, Style),
    /// A mapping, in the order of the text; keys may repeat.
    Mapping(Vec<Entry>),
    Sequence(Vec<Node>),
}

/// A key and its value.
#[derive(Debug, Clone, PartialEq)]
pub struct Entry {
    pub key: Node,
    /// The value. A value that is missing in the text is an empty plain scalar.
    pub value: Node,
}

/// How a scalar is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Style {
    Plain,
    SingleQuoted,
    DoubleQuoted,
    Literal,
    Folded,
}

impl Node {
    /// What an empty document is.
    #[must_use]
    pub fn empty() -> Self {
        Self {
            kind: Kind::Scalar(String::new(), Style::Plain),
            span: Span::new(0, 0),
            tag: None,
        }
    }

    /// The decoded text of a scalar.
    #[must_use]
    pub fn as_str(&self) -> Option<&str> {
        match &self.kind {
            Kind::Scalar(text, _) => Some(text),
            _ => None,
        }
    }

    /// The entries of a mapping; none for other nodes.
    #[must_use]
    pub fn entries(&self) -> &[Entry] {
        match &self.kind {
            Kind::Mapping(entries) => entries,
            _ => &[],
        }
    }

    /// The items of a sequence; none for other nodes.
    #[must_use]
    pub fn items(&self) -> &[Node] {
        match &self.kind {
            Kind::Sequence(items) => items,
            _ => &[],
        }
    }

    /// The value behind a key; the last one where the key repeats, as Helm reads it.
    #[must_use]
    pub fn get(&self, key: &str) -> Option<&Node> {
        self.entries()
            .iter()
            .rev()
            .find(|entry| entry.key.as_str() == Some(key))
            .map(|entry| &entry.value)
    }

    /// The value at the end of a path of keys.
    #[must_use]
    pub fn at(&self, path: &[&str]) -> Option<&Node> {
        path.iter().try_fold(self, |node, key| node.get(key))
    }
}
