//! Putting entries into mappings and taking them out, in the style around them.

use super::scalar::{Edit, behind_colon, column};
use super::{path::Path, quote};
use crate::yaml::{Entry, Kind, Node, Style};

/// What is added below a key: a text, or a mapping of texts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum New {
    Text(String),
    Mapping(Vec<(String, New)>),
}

impl New {
    /// The tree that reading this gives.
    pub(super) fn node(&self, form: Form) -> Node {
        let kind = match self {
            Self::Text(text) => Kind::Scalar(text.clone(), style(text, form)),
            Self::Mapping(entries) => Kind::Mapping(
                entries
                    .iter()
                    .map(|(key, value)| entry(key, value, form))
                    .collect(),
            ),
        };
        bare(kind)
    }

    fn block(&self, key: &str, indent: usize, line_break: &str) -> String {
        let mut out = format!("{}:", quote::key(key));
        match self {
            Self::Text(text) => {
                out.push(' ');
                out.push_str(&quote::value(text));
            }
            Self::Mapping(entries) => {
                let indent = indent + 2;
                for (key, value) in entries {
                    out.push_str(line_break);
                    out.push_str(&" ".repeat(indent));
                    out.push_str(&value.block(key, indent, line_break));
                }
            }
        }
        out
    }

    pub(super) fn flow(&self) -> String {
        match self {
            Self::Text(text) => quote::double(text),
            Self::Mapping(entries) => {
                let entries: Vec<String> = entries
                    .iter()
                    .map(|(key, value)| format!("{}: {}", quote::double(key), value.flow()))
                    .collect();
                format!("{{{}}}", entries.join(", "))
            }
        }
    }
}

/// An entry of a tree.
pub(super) fn entry(key: &str, value: &New, form: Form) -> Entry {
    let style = match form {
        Form::Block => Style::Plain,
        Form::Flow => Style::DoubleQuoted,
    };
    Entry {
        key: bare(Kind::Scalar(key.to_owned(), style)),
        value: value.node(form),
    }
}

fn style(text: &str, form: Form) -> Style {
    if form == Form::Block && quote::value(text) == text {
        Style::Plain
    } else {
        Style::DoubleQuoted
    }
}

pub(super) fn bare(kind: Kind) -> Node {
    Node {
        kind,
        span: crate::source::Span::new(0, 0),
        tag: None,
    }
}

/// How a collection is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Form {
    /// One entry a line, indented.
    Block,
    Flow,
}

impl Form {
    pub(super) fn of(body: &str, node: &Node) -> Self {
        if body[node.span.range()].starts_with(['{', '[']) {
            Self::Flow
        } else {
            Self::Block
        }
    }
}

/// Adds entries to a mapping, and says at which place among its entries they come to stand.
pub(super) fn insert(
    body: &str,
    mapping: &Node,
    new: &[(String, New)],
    line_break: &str,
) -> Option<(Edit, usize)> {
    if Form::of(body, mapping) == Form::Flow {
        return insert_flow(body, mapping, new).map(|edit| (edit, 0));
    }
    let entries = mapping.entries();
    let indent = column(body, entries.first()?.key.span.start);
    let written = |(key, value): &(String, New)| value.block(key, indent, line_break);
    let pad = " ".repeat(indent);
    // Behind the last entry that is all on one line, so that no block scalar, comment or blank
    // line that belongs to an entry is parted from it; where there is none, in front of all.
    for (index, entry) in entries.iter().enumerate().rev() {
        if let Some(at) = end_of_line(body, entry) {
            let text = new
                .iter()
                .map(|entry| format!("{line_break}{pad}{}", written(entry)))
                .collect();
            return Some((Edit { at: at..at, text }, index + 1));
        }
    }
    let at = entries.first()?.key.span.start;
    let text = new
        .iter()
        .map(|entry| format!("{}{line_break}{pad}", written(entry)))
        .collect();
    Some((Edit { at: at..at, text }, 0))
}

fn insert_flow(body: &str, mapping: &Node, new: &[(String, New)]) -> Option<Edit> {
    let open = mapping.span.start + 1;
    let written = new
        .iter()
        .map(|(key, value)| format!("{}: {}", quote::double(key), value.flow()));
    let Some(first) = mapping.entries().first() else {
        let text = written.collect::<Vec<_>>().join(", ");
        return Some(Edit {
            at: open..open,
            text,
        });
    };
    let at = first.key.span.start;
    let gap = body.get(open..at)?;
    let gap = if gap.is_empty() || !gap.trim().is_empty() {
        " "
    } else {
        gap
    };
    let text = written.map(|entry| format!("{entry},{gap}")).collect();
    Some(Edit { at: at..at, text })
}

/// The end of an entry's line, where the entry is a scalar that has the line to itself.
fn end_of_line(body: &str, entry: &Entry) -> Option<usize> {
    let Kind::Scalar(_, Style::Plain | Style::SingleQuoted | Style::DoubleQuoted) =
        entry.value.kind
    else {
        return None;
    };
    let (start, end) = (entry.key.span.start, entry.value.span.end);
    if entry.value.span.start == end || body.get(start..end)?.contains('\n') {
        return None;
    }
    let rest = &body[end..];
    let rest = rest
        .split('\n')
        .next()
        .unwrap_or(rest)
        .trim_end_matches('\r');
    let trimmed = rest.trim_start_matches([' ', '\t']);
    let alone = trimmed.is_empty() || (trimmed.len() < rest.len() && trimmed.starts_with('#'));
    alone.then_some(end + rest.len())
}

/// Removes one entry of a mapping that has others.
pub(super) fn remove(body: &str, mapping: &Node, index: usize) -> Option<Edit> {
    let entries = mapping.entries();
    let entry = entries.get(index)?;
    let at = if Form::of(body, mapping) == Form::Flow {
        match (entries.get(index + 1), index.checked_sub(1)) {
            (Some(next), _) => entry.key.span.start..next.key.span.start,
            (None, Some(before)) => end(body, &entries[before])?..end(body, entry)?,
            (None, None) => entry.key.span.start..end(body, entry)?,
        }
    } else {
        let start = entry.key.span.start;
        let line = start - column(body, start);
        if body[line..start].trim().is_empty() && line > 0 {
            let before = body[..line - 1]
                .strip_suffix('\r')
                .map_or(line - 1, str::len);
            before..end(body, entry)?
        } else {
            // The first entry behind a dash.
            start..entries.get(index + 1)?.key.span.start
        }
    };
    Some(Edit {
        at,
        text: String::new(),
    })
}

/// The end of an entry's last byte that says something.
pub(super) fn end(body: &str, entry: &Entry) -> Option<usize> {
    let value = &entry.value;
    if value.span.start == value.span.end {
        return behind_colon(body, &entry.key);
    }
    match &value.kind {
        Kind::Mapping(entries) if Form::of(body, value) == Form::Block => {
            end(body, entries.last()?)
        }
        Kind::Scalar(_, Style::Literal | Style::Folded) => {
            Some(value.span.start + body[value.span.range()].trim_end().len())
        }
        Kind::Sequence(_) if Form::of(body, value) == Form::Block => None,
        _ => Some(value.span.end),
    }
}

/// Replaces what stands behind a key by `text`, or by nothing.
pub(super) fn replace_value(body: &str, root: &Node, path: &Path, text: &str) -> Option<Edit> {
    let key = path.find_key(root)?;
    let value = path.find(root)?;
    let start = behind_colon(body, key)?;
    let stop = end(
        body,
        &Entry {
            key: key.clone(),
            value: value.clone(),
        },
    )?;
    Some(Edit {
        at: start..stop,
        text: text.to_owned(),
    })
}
