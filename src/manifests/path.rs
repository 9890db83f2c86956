//! Where something stands inside a document.

use std::fmt;

use crate::yaml::{Kind, Node};

/// One step from a node to a node below it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Step {
    /// To the value behind a key.
    Key(String),
    /// To an item of a sequence, from 0.
    Index(usize),
}

/// A path from a document's root.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Path(Vec<Step>);

impl Path {
    #[must_use]
    pub fn root() -> Self {
        Self::default()
    }

    /// The path one key further.
    #[must_use]
    pub fn key(&self, key: &str) -> Self {
        self.with(Step::Key(key.to_owned()))
    }

    /// The path some keys further.
    #[must_use]
    pub fn keys(&self, keys: &[&str]) -> Self {
        keys.iter().fold(self.clone(), |path, key| path.key(key))
    }

    /// The path to an item of the sequence here.
    #[must_use]
    pub fn index(&self, index: usize) -> Self {
        self.with(Step::Index(index))
    }

    fn with(&self, step: Step) -> Self {
        let mut steps = self.0.clone();
        steps.push(step);
        Self(steps)
    }

    /// The path without its last step, and that step; `None` for the root.
    #[must_use]
    pub fn parent(&self) -> Option<(Self, &Step)> {
        let (last, steps) = self.0.split_last()?;
        Some((Self(steps.to_vec()), last))
    }

    /// The node at the end of the path. Where keys repeat, the last counts, as Helm reads it.
    #[must_use]
    pub fn find<'a>(&self, root: &'a Node) -> Option<&'a Node> {
        self.0.iter().try_fold(root, |node, step| match step {
            Step::Key(key) => node.get(key),
            Step::Index(index) => node.items().get(*index),
        })
    }

    /// The key node in front of the path's value.
    #[must_use]
    pub fn find_key<'a>(&self, root: &'a Node) -> Option<&'a Node> {
        let (parent, Step::Key(key)) = self.parent()? else {
            return None;
        };
        parent
            .find(root)?
            .entries()
            .iter()
            .rev()
            .find(|entry| entry.key.as_str() == Some(key))
            .map(|entry| &entry.key)
    }

    /// The node at the end of the path, to be changed.
    pub fn find_mut<'a>(&self, root: &'a mut Node) -> Option<&'a mut Node> {
        self.0
            .iter()
            .try_fold(root, |node, step| match (step, &mut node.kind) {
                (Step::Key(key), Kind::Mapping(entries)) => entries
                    .iter_mut()
                    .rev()
                    .find(|entry| entry.key.as_str() == Some(key))
                    .map(|entry| &mut entry.value),
                (Step::Index(index), Kind::Sequence(items)) => items.get_mut(*index),
                _ => None,
            })
    }
}

impl fmt::Display for Path {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, step) in self.0.iter().enumerate() {
            match step {
                Step::Key(key) if index == 0 => f.write_str(key)?,
                Step::Key(key) => write!(f, ".{key}")?,
                Step::Index(at) => write!(f, "[{at}]")?,
            }
        }
        Ok(())
    }
}
