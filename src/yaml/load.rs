//! From text to trees.

use std::collections::HashMap;

use saphyr_parser::{Event, Parser, ScalarStyle, Span as Marks, Tag};

use super::node::{Entry, Kind, Node, Style};
use crate::source::Span;

/// Why a text is not YAML.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct YamlError {
    /// What the parser says.
    pub message: String,
    /// Where, in bytes from the start of the text.
    pub offset: usize,
}

/// How deep collections may nest. Nobody writes anything near it by hand, and it keeps what walks
/// a tree well within a thread's stack.
pub const MAX_DEPTH: usize = 200;

/// Reads every document of a text. Aliases are replaced by what they stand for; an empty document
/// is an empty plain scalar.
///
/// # Errors
/// The text is not YAML, its aliases multiply it beyond reason, or its collections nest deeper than
/// [`MAX_DEPTH`].
pub fn load(text: &str) -> Result<Vec<Node>, YamlError> {
    let offsets = Offsets::new(text);
    let mut builder = Builder {
        text,
        offsets: &offsets,
        documents: Vec::new(),
        stack: Vec::new(),
        anchors: HashMap::new(),
        budget: text.len().saturating_mul(16).clamp(4 << 20, 64 << 20),
        refusal: None,
    };
    // Event by event: the parser's own way of loading calls itself for each level of nesting.
    for event in Parser::new_from_str(text) {
        let (event, marks) = event.map_err(|error| YamlError {
            message: error.info().to_owned(),
            offset: offsets.byte(error.marker().index()),
        })?;
        builder.on_event(event, marks);
        if let Some((message, offset)) = builder.refusal {
            return Err(YamlError {
                message: message.to_owned(),
                offset,
            });
        }
    }
    Ok(builder.documents)
}

/// From the parser's character indexes to byte offsets.
enum Offsets {
    /// In ASCII they are the same.
    Ascii {
        len: usize,
    },
    Table(Vec<usize>),
}

impl Offsets {
    fn new(text: &str) -> Self {
        if text.is_ascii() {
            return Self::Ascii { len: text.len() };
        }
        let starts = text.char_indices().map(|(at, _)| at);
        Self::Table(starts.chain(std::iter::once(text.len())).collect())
    }

    fn byte(&self, index: usize) -> usize {
        match self {
            Self::Ascii { len } => index.min(*len),
            Self::Table(table) => table[index.min(table.len() - 1)],
        }
    }
}

struct Builder<'a> {
    text: &'a str,
    offsets: &'a Offsets,
    documents: Vec<Node>,
    stack: Vec<Open>,
    anchors: HashMap<usize, Node>,
    /// How many more bytes anchors and aliases may take: an honest text repeats little of itself.
    budget: usize,
    /// Why the text is refused though it is YAML, and where.
    refusal: Option<(&'static str, usize)>,
}

/// A collection that is not closed yet.
struct Open {
    node: Node,
    anchor: usize,
    /// A key that waits for its value.
    key: Option<Node>,
}

impl Builder<'_> {
    fn open(&mut self, kind: Kind, anchor: usize, tag: Option<&Tag>, span: Span) {
        if self.stack.len() >= MAX_DEPTH {
            self.refuse("collections nest too deep", span.start);
            return;
        }
        let tag = tag.map(tag_text);
        let node = Node { kind, span, tag };
        self.stack.push(Open {
            node,
            anchor,
            key: None,
        });
    }

    fn refuse(&mut self, message: &'static str, offset: usize) {
        self.refusal.get_or_insert((message, offset));
    }

    /// Whether the budget has room for a copy of a node.
    fn pay(&mut self, node: &Node) -> bool {
        match self.budget.checked_sub(size(node)) {
            Some(left) => self.budget = left,
            None => self.refuse(TOO_MUCH, node.span.start),
        }
        self.refusal.is_none()
    }

    fn close(&mut self, end: usize) {
        if let Some(mut open) = self.stack.pop() {
            open.node.span.end = end.max(open.node.span.start);
            self.add(open.node, open.anchor);
        }
    }

    fn add(&mut self, node: Node, anchor: usize) {
        // Nested anchors hold what is in them once more each.
        if anchor > 0 && self.pay(&node) {
            self.anchors.insert(anchor, node.clone());
        }
        let Some(parent) = self.stack.last_mut() else {
            self.documents.push(node);
            return;
        };
        match &mut parent.node.kind {
            Kind::Sequence(items) => items.push(node),
            Kind::Mapping(entries) => match parent.key.take() {
                None => parent.key = Some(node),
                Some(key) => entries.push(Entry { key, value: node }),
            },
            Kind::Scalar(..) => {}
        }
    }
}

impl Builder<'_> {
    fn on_event(&mut self, event: Event<'_>, marks: Marks) {
        let span = Span::new(
            self.offsets.byte(marks.start.index()),
            self.offsets.byte(marks.end.index()),
        );
        match event {
            Event::Scalar(text, style, anchor, tag) => {
                let style = match style {
                    ScalarStyle::Plain => Style::Plain,
                    ScalarStyle::SingleQuoted => Style::SingleQuoted,
                    ScalarStyle::DoubleQuoted => Style::DoubleQuoted,
                    ScalarStyle::Literal => Style::Literal,
                    ScalarStyle::Folded => Style::Folded,
                };
                // A null that the parser adds for a missing node is written `~` in its events.
                let text = if span.start == span.end {
                    String::new()
                } else {
                    text.into_owned()
                };
                let span = match style {
                    Style::SingleQuoted | Style::DoubleQuoted => closed(self.text, span),
                    Style::Plain | Style::Literal | Style::Folded => span,
                };
                let tag = tag.as_deref().map(tag_text);
                let node = Node {
                    kind: Kind::Scalar(text, style),
                    span,
                    tag,
                };
                self.add(node, anchor);
            }
            Event::SequenceStart(anchor, tag) => {
                self.open(Kind::Sequence(Vec::new()), anchor, tag.as_deref(), span);
            }
            Event::MappingStart(anchor, tag) => {
                self.open(Kind::Mapping(Vec::new()), anchor, tag.as_deref(), span);
            }
            Event::SequenceEnd | Event::MappingEnd => self.close(span.end),
            Event::Alias(anchor) => {
                // The parser knows the anchor; it is not at its end.
                let Some(node) = self.anchors.get(&anchor) else {
                    self.refuse("an anchor contains itself", span.start);
                    return;
                };
                if self.stack.len() + depth(node) > MAX_DEPTH {
                    self.refuse("collections nest too deep", span.start);
                    return;
                }
                let size = size(node);
                let Some(left) = self.budget.checked_sub(size) else {
                    self.refuse(TOO_MUCH, span.start);
                    return;
                };
                self.budget = left;
                let mut node = node.clone();
                node.span = span;
                self.add(node, 0);
            }
            Event::DocumentStart(_) => self.anchors.clear(),
            Event::Nothing | Event::StreamStart | Event::StreamEnd | Event::DocumentEnd => {}
        }
    }
}

/// A quoted scalar up to its closing quote: for the parser the blanks and the comment behind it are a part
/// of it, as are the anchor and the tag in front.
fn closed(text: &str, span: Span) -> Span {
    let bytes = text[span.range()].as_bytes();
    let mut at = opening(bytes);
    let Some(&quote) = bytes.get(at) else {
        return span;
    };
    at += 1;
    while let Some(&byte) = bytes.get(at) {
        let doubled = quote == b'\'' && bytes.get(at + 1) == Some(&quote);
        at += match byte {
            b'\\' if quote == b'"' => 2,
            _ if byte == quote && doubled => 2,
            _ if byte == quote => return Span::new(span.start, span.start + at + 1),
            _ => 1,
        };
    }
    span
}

/// Where the text of a scalar begins, behind its anchor and its tag.
fn opening(bytes: &[u8]) -> usize {
    let mut at = 0;
    loop {
        let ends: fn(&u8) -> bool = match bytes.get(at) {
            Some(b'&' | b'!') => u8::is_ascii_whitespace,
            Some(b'#') => |byte| matches!(byte, b'\n' | b'\r'),
            Some(byte) if byte.is_ascii_whitespace() => |byte| !byte.is_ascii_whitespace(),
            _ => return at,
        };
        let rest = &bytes[at..];
        at += rest.iter().position(ends).unwrap_or(rest.len());
    }
}

/// A tag written out; the parser keeps its two halves apart.
fn tag_text(tag: &Tag) -> String {
    format!("{}{}", tag.handle, tag.suffix)
}

const TOO_MUCH: &str = "aliases repeat too much of the document";

/// The memory that a copy of a node takes, about.
fn size(node: &Node) -> usize {
    let inner = match &node.kind {
        Kind::Scalar(text, _) => text.len(),
        Kind::Sequence(items) => items.iter().map(size).sum::<usize>(),
        Kind::Mapping(entries) => entries
            .iter()
            .map(|entry| size(&entry.key) + size(&entry.value))
            .sum::<usize>(),
    };
    size_of::<Node>() + inner
}

fn depth(node: &Node) -> usize {
    let inner = match &node.kind {
        Kind::Scalar(..) => return 0,
        Kind::Sequence(items) => items.iter().map(depth).max(),
        Kind::Mapping(entries) => entries
            .iter()
            .map(|entry| depth(&entry.key).max(depth(&entry.value)))
            .max(),
    };
    1 + inner.unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_scalar_knows_its_bytes() {
        let text = "é: 'ü'\nlist: [a, \"b\"]\nblock: |\n  x\n  y\nlast: 1\n";
        let documents = load(text).unwrap();
        let root = &documents[0];
        let slice = |node: &Node| &text[node.span.range()];
        assert_eq!(slice(root.get("é").unwrap()), "'ü'");
        assert_eq!(slice(&root.get("list").unwrap().items()[1]), "\"b\"");
        assert_eq!(root.get("block").unwrap().as_str(), Some("x\ny\n"));
        assert_eq!(slice(root.get("last").unwrap()), "1");
    }

    #[test]
    fn a_quoted_scalar_ends_with_its_quote() {
        for written in [
            "'a'",
            "\"a\"",
            "''",
            "\"\"",
            "'it''s'",
            "''''",
            r#""\\""#,
            r#""a\"b""#,
            "'a\n  b'",
            "'\"'",
            "\"it's ''\"",
        ] {
            for behind in ["", " ", " # c", "  # it's \"c\"", "\t# c"] {
                let text = format!("k: {written}{behind}\n# d\nl: [{written}{behind}\n ]\n");
                let root = load(&text).unwrap().remove(0);
                let slice = |node: &Node| &text[node.span.range()];
                assert_eq!(slice(root.get("k").unwrap()), written, "{text}");
                assert_eq!(slice(&root.get("l").unwrap().items()[0]), written, "{text}");
            }
        }
        for written in [
            "&a 'v'",
            "!!str \"v\"",
            "&it's !!str\t'v'",
            "!<it's> # it's\n  &a 'v'",
        ] {
            let text = format!("'k' : {written} # c\n");
            let root = load(&text).unwrap().remove(0);
            let entry = &root.entries()[0];
            assert_eq!(&text[entry.key.span.range()], "'k'");
            assert_eq!(&text[entry.value.span.range()], written);
        }
    }

    #[test]
    fn aliases_stand_for_their_anchors_within_reason() {
        let root = load("a: &x {k: v}\nb: *x\n").unwrap().remove(0);
        assert_eq!(root.at(&["b", "k"]).and_then(Node::as_str), Some("v"));

        let mut bomb = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n".to_owned();
        for n in 1..12 {
            let of = format!("*a{}, ", n - 1).repeat(10);
            bomb.push_str(&format!("a{n}: &a{n} [{of}]\n"));
        }
        assert!(load(&bomb).is_err());
    }

    #[test]
    fn an_anchor_that_contains_itself_is_refused_with_its_place() {
        for text in [
            "a: &a [*a]\n",
            "x: &c {a: *c}\n",
            "c: &c\n  s: *c\n  t: 1\n",
        ] {
            let error = load(text).unwrap_err();
            assert_eq!(error.offset, text.find('*').unwrap(), "{text}");
            assert!(error.message.contains("contains itself"), "{error}");
        }
    }

    #[test]
    fn a_long_scalar_is_not_repeated_beyond_reason() {
        let mut text = format!("a: &a {}\nlist:\n", "x".repeat(1 << 20));
        text.push_str(&"- *a\n".repeat(20_000));
        let error = load(&text).unwrap_err();
        assert!(error.message.contains("aliases repeat too much"), "{error}");
        // Anchors around anchors hold everything once more each.
        let nested: String = (0..190).map(|n| format!("&a{n} [")).collect();
        let text = format!("{nested}{}{}", "x, ".repeat(1 << 18), "]".repeat(190));
        assert!(load(&text).is_err());
    }

    #[test]
    fn deep_nesting_is_refused_without_a_crash() {
        let nested = |depth: usize| format!("{}{}", "[".repeat(depth), "]".repeat(depth));
        assert!(load(&nested(MAX_DEPTH)).is_ok());
        let error = load(&nested(MAX_DEPTH + 1)).unwrap_err();
        assert_eq!(error.offset, MAX_DEPTH);
        assert!(load(&nested(100_000)).is_err());
        assert!(load(&"{a: ".repeat(100_000)).is_err());
        assert!(load(&"- ".repeat(100_000)).is_err());

        let mut chain = "a0: &a0 []\n".to_owned();
        for n in 1..2 * MAX_DEPTH {
            chain.push_str(&format!("a{n}: &a{n} [*a{}]\n", n - 1));
        }
        assert!(load(&chain).is_err());
    }
}
