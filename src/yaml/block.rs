//! A tree to be written in block style, with comments: values files and what goes into them.

use indexmap::IndexMap;

use super::emit;

/// A mapping to be written, in the order in which its entries were added.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Block {
    entries: IndexMap<String, BlockEntry>,
    tail: Vec<String>,
}

/// A key, its value and what is written about it.
#[derive(Debug, Clone, PartialEq)]
pub struct BlockEntry {
    tree: Tree,
    gap: bool,
    above: Vec<String>,
    beside: Option<String>,
}

/// A value to be written.
#[derive(Debug, Clone, PartialEq)]
pub enum Tree {
    /// Null: in a values file it takes a chart's default away.
    Null,
    /// A native boolean, where a chart wants one. Everything from a gcfg file is text.
    Bool(bool),
    /// A native integer, where a chart or Kubernetes wants one (ports, counts). Helm would print
    /// one from a million upwards with an exponent.
    Int(i64),
    /// Text, always written in quotes.
    Text(String),
    /// A scalar in the form in which it is to stand.
    Written(String),
    List(Vec<Item>),
    Map(Block),
}

/// An item of a list.
#[derive(Debug, Clone, PartialEq)]
pub struct Item {
    tree: Tree,
    above: Vec<String>,
    beside: Option<String>,
}

impl Block {
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Whether there is nothing in it but, perhaps, comments.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// Adds an entry at the end and gives it back, for its comments. An entry with the same key
    /// gives its place to the new one.
    pub fn add(&mut self, key: impl Into<String>, tree: impl Into<Tree>) -> &mut BlockEntry {
        let entry = BlockEntry::new(tree.into());
        self.entries
            .entry(key.into())
            .insert_entry(entry)
            .into_mut()
    }

    /// The mapping behind a key, which is added when it is not there (or is no mapping).
    pub fn block(&mut self, key: &str) -> &mut Self {
        let entry = self.entries.entry(key.to_owned());
        let tree = &mut entry
            .or_insert_with(|| BlockEntry::new(Tree::Map(Self::new())))
            .tree;
        if !matches!(tree, Tree::Map(_)) {
            *tree = Tree::Map(Self::new());
        }
        match tree {
            Tree::Map(block) => block,
            _ => unreachable!("made a mapping just above"),
        }
    }

    /// The entry of a key.
    pub fn entry(&mut self, key: &str) -> Option<&mut BlockEntry> {
        self.entries.get_mut(key)
    }

    /// Writes a comment behind the last entry, at its depth.
    pub fn comment_at_end(&mut self, text: &str) -> &mut Self {
        self.tail.extend(emit::comment(text));
        self
    }

    /// The mapping as the text of a YAML document.
    #[must_use]
    pub fn to_yaml(&self) -> String {
        let mut out = String::new();
        if self.is_empty() {
            lines(&self.tail, 0, &mut out);
            out.push_str("{}\n");
        } else {
            self.write(0, &mut out);
        }
        out
    }

    fn write(&self, depth: usize, out: &mut String) {
        for (index, (key, entry)) in self.entries.iter().enumerate() {
            // The first entry of a nested mapping stays with its key.
            if entry.gap && (index > 0 || depth == 0) && !out.is_empty() {
                out.push('\n');
            }
            lines(&entry.above, depth, out);
            indent(depth, out);
            entry.write(key, depth, out);
        }
        lines(&self.tail, depth, out);
    }
}

impl BlockEntry {
    fn new(tree: Tree) -> Self {
        Self {
            tree,
            gap: false,
            above: Vec::new(),
            beside: None,
        }
    }

    /// Writes a comment above the entry, behind those that are there already.
    pub fn above(&mut self, text: &str) -> &mut Self {
        self.above.extend(emit::comment(text));
        self
    }

    /// Writes a comment behind the key's value, on its line. Of a text with several lines, the
    /// lines are joined.
    pub fn beside(&mut self, text: &str) -> &mut Self {
        self.beside = Some(on_one_line(text));
        self
    }

    /// Leaves a line blank above the entry and its comments.
    pub fn gap(&mut self) -> &mut Self {
        self.gap = true;
        self
    }

    pub fn tree(&mut self) -> &mut Tree {
        &mut self.tree
    }

    fn write(&self, key: &str, depth: usize, out: &mut String) {
        let key = emit::key(key);
        // YAML readers look for the colon of a key no further than 1,024 characters ahead.
        if key.len() > 1000 {
            out.push_str("? ");
            out.push_str(&key);
            out.push('\n');
            indent(depth, out);
        } else {
            out.push_str(&key);
        }
        out.push(':');
        self.tree.write(depth, self.beside.as_deref(), out);
    }
}

impl Item {
    /// Writes a comment above the item.
    #[must_use]
    pub fn above(mut self, text: &str) -> Self {
        self.above.extend(emit::comment(text));
        self
    }

    /// Writes a comment behind the item, on its line.
    #[must_use]
    pub fn beside(mut self, text: &str) -> Self {
        self.beside = Some(on_one_line(text));
        self
    }
}

impl Tree {
    /// The value as the text of a YAML document.
    #[must_use]
    pub(super) fn to_yaml(&self) -> String {
        let mut out = String::new();
        match self {
            Self::Map(block) => return block.to_yaml(),
            Self::List(items) if !items.is_empty() => {
                for item in items {
                    out.push('-');
                    item.tree.write_in_list(0, None, &mut out);
                }
            }
            scalar => {
                scalar.write(0, None, &mut out);
                out.remove(0);
            }
        }
        out
    }

    /// Writes the value behind `key:` or `-`, with the line's end.
    fn write(&self, depth: usize, beside: Option<&str>, out: &mut String) {
        match self {
            Self::List(items) if !items.is_empty() => {
                end_line(beside, out);
                for item in items {
                    lines(&item.above, depth + 1, out);
                    indent(depth + 1, out);
                    out.push('-');
                    item.tree
                        .write_in_list(depth + 1, item.beside.as_deref(), out);
                }
                return;
            }
            Self::Map(block) if !block.is_empty() => {
                end_line(beside, out);
                block.write(depth + 1, out);
                return;
            }
            Self::Null => out.push_str(" null"),
            Self::Bool(value) => out.push_str(if *value { " true" } else { " false" }),
            Self::Int(number) => {
                out.push(' ');
                out.push_str(&number.to_string());
            }
            Self::Text(text) => {
                out.push(' ');
                out.push_str(&emit::string(text));
            }
            Self::Written(scalar) => {
                out.push(' ');
                out.push_str(scalar);
            }
            Self::List(_) => out.push_str(" []"),
            Self::Map(_) => out.push_str(" {}"),
        }
        end_line(beside, out);
        if let Self::Map(block) = self {
            lines(&block.tail, depth + 1, out);
        }
    }

    /// A mapping in a list begins on the line of its dash, where that is possible.
    fn write_in_list(&self, depth: usize, beside: Option<&str>, out: &mut String) {
        match self {
            Self::Map(block)
                if beside.is_none()
                    && block
                        .entries
                        .first()
                        .is_some_and(|(_, first)| first.above.is_empty()) =>
            {
                let start = out.len();
                block.write(depth + 1, out);
                // The first entry's indentation gives way to the dash's blank.
                out.replace_range(start..start + 2 * (depth + 1), " ");
            }
            _ => self.write(depth, beside, out),
        }
    }
}

impl From<&str> for Tree {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}

impl From<String> for Tree {
    fn from(text: String) -> Self {
        Self::Text(text)
    }
}

impl From<bool> for Tree {
    fn from(value: bool) -> Self {
        Self::Bool(value)
    }
}

impl From<i64> for Tree {
    fn from(number: i64) -> Self {
        Self::Int(number)
    }
}

impl From<Block> for Tree {
    fn from(block: Block) -> Self {
        Self::Map(block)
    }
}

impl<I: Into<Item>> From<Vec<I>> for Tree {
    fn from(items: Vec<I>) -> Self {
        Self::List(items.into_iter().map(Into::into).collect())
    }
}

impl<T: Into<Tree>> From<T> for Item {
    fn from(tree: T) -> Self {
        Self {
            tree: tree.into(),
            above: Vec::new(),
            beside: None,
        }
    }
}

fn indent(depth: usize, out: &mut String) {
    for _ in 0..depth {
        out.push_str("  ");
    }
}

fn lines(lines: &[String], depth: usize, out: &mut String) {
    for line in lines {
        indent(depth, out);
        out.push_str(line);
        out.push('\n');
    }
}

fn end_line(beside: Option<&str>, out: &mut String) {
    if let Some(comment) = beside {
        out.push_str("  ");
        out.push_str(comment);
    }
    out.push('\n');
}

fn on_one_line(text: &str) -> String {
    let text = text
        .split('\n')
        .map(str::trim)
        .collect::<Vec<_>>()
        .join(" ");
    emit::comment(&text).collect()
}

#[cfg(test)]
#[path = "block_tests.rs"]
mod tests;
