//! A stream and the documents of it that have changed so far.

use std::collections::{BTreeMap, BTreeSet};

use crate::manifests::{Edited, Stream};
use crate::yaml::{Node, load};

use super::refusal::Refusal;

/// A stream and the documents of it that have changed so far.
#[derive(Debug, Clone)]
pub(super) struct Workspace<'a> {
    stream: Stream<'a>,
    changed: BTreeMap<usize, String>,
}

impl<'a> Workspace<'a> {
    pub(super) fn new(bytes: &'a [u8]) -> Self {
        Self {
            stream: Stream::split(bytes),
            changed: BTreeMap::new(),
        }
    }

    pub(super) fn stream(&self) -> &Stream<'a> {
        &self.stream
    }

    /// The documents that contain `needle` now.
    pub(super) fn containing(&self, needle: &str) -> BTreeSet<usize> {
        let mut found: BTreeSet<usize> = self.stream.containing(needle).into_iter().collect();
        for (&index, text) in &self.changed {
            if text.contains(needle) {
                found.insert(index);
            } else {
                found.remove(&index);
            }
        }
        found
    }

    /// A document's bytes as they are now.
    pub(super) fn bytes(&self, index: usize) -> &[u8] {
        self.changed
            .get(&index)
            .map_or_else(|| self.stream.body(index), |text| text.as_bytes())
    }

    /// A document's text as it is now. `needle` is why it is asked for.
    pub(super) fn text(&self, index: usize, needle: &str) -> Result<&str, Refusal> {
        std::str::from_utf8(self.bytes(index)).map_err(|error| {
            self.not_yaml(index, error.valid_up_to(), needle, "it is not UTF-8 there")
        })
    }

    /// A document as a tree.
    pub(super) fn root(&self, index: usize, needle: &str) -> Result<Node, Refusal> {
        let text = self.text(index, needle)?;
        let mut documents = load(text)
            .map_err(|error| self.not_yaml(index, error.offset, needle, &error.message))?;
        match (documents.pop(), documents.is_empty()) {
            (Some(root), true) => Ok(root),
            _ => Err(self.not_yaml(index, 0, needle, "it is not one document")),
        }
    }

    fn not_yaml(&self, index: usize, offset: usize, needle: &str, message: &str) -> Refusal {
        let bytes = self.bytes(index);
        let before = &bytes[..offset.min(bytes.len())];
        Refusal::NotYaml {
            document: self
                .stream
                .with_content()
                .take_while(|&at| at <= index)
                .count(),
            line: self.stream.line(index) + memchr::memchr_iter(b'\n', before).count(),
            needle: needle.to_owned(),
            message: message.to_owned(),
        }
    }

    /// Gives a document a new text.
    pub(super) fn set(&mut self, index: usize, text: String) {
        if self.stream.body(index) == text.as_bytes() {
            self.changed.remove(&index);
        } else {
            self.changed.insert(index, text);
        }
    }

    /// The documents that are not as they were read.
    pub(super) fn changed(&self) -> Vec<usize> {
        self.changed.keys().copied().collect()
    }

    /// The documents that differ between two states of one stream.
    pub(super) fn differing(&self, other: &Self) -> Vec<usize> {
        let touched: BTreeSet<usize> = self
            .changed
            .keys()
            .chain(other.changed.keys())
            .copied()
            .collect();
        touched
            .into_iter()
            .filter(|&index| self.bytes(index) != other.bytes(index))
            .collect()
    }

    /// The stream as it is now.
    pub(super) fn finish(self) -> Edited<'a> {
        self.stream.edited(self.changed)
    }
}
