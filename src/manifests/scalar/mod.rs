//! Giving a scalar a new text in the style that it is written in.
//!
//! Nothing here promises that an edit is right: styles have corners in which a text cannot be
//! said. The caller reads the result again and takes the first candidate that says what was meant.

mod block;
mod flow;

use std::ops::Range;

use super::lines::{hunks, split_lines};
use super::quote;
use crate::yaml::{Node, Style};

/// Bytes of a text that are replaced.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Edit {
    pub at: Range<usize>,
    pub text: String,
}

/// A text with edits done. They are in order and do not overlap.
pub(super) fn apply(text: &str, edits: &[Edit]) -> Option<String> {
    let mut out = String::with_capacity(text.len() + 256);
    let mut from = 0;
    for edit in edits {
        out.push_str(text.get(from..edit.at.start)?);
        out.push_str(&edit.text);
        from = edit.at.end;
    }
    out.push_str(text.get(from..)?);
    Some(out)
}

/// A scalar that stands behind a key.
#[derive(Debug, Clone, Copy)]
pub(super) struct Place<'a> {
    pub body: &'a str,
    pub key: &'a Node,
    pub value: &'a Node,
    /// How lines end in this document.
    pub line_break: &'static str,
}

/// Ways to give the scalar its new text, the most faithful to its style first.
pub(super) fn candidates(place: Place<'_>, old: &str, style: Style, new: &str) -> Vec<Vec<Edit>> {
    let block = match style {
        Style::Literal | Style::Folded => block::Block::read(place, style),
        _ => None,
    };
    let in_place = match (&block, style) {
        (Some(block), Style::Literal) => block.edit_literal(place, old, new),
        (Some(block), _) => block.rewrite_folded(place, new),
        (None, Style::Literal | Style::Folded) => None,
        (None, _) => flow::edit(place, old, style, new),
    };
    let whole = match &block {
        Some(block) => Some(block.whole()),
        None if matches!(style, Style::Literal | Style::Folded) => None,
        None => flow::whole(place),
    };
    let quoted = whole.map(|at| {
        // A value that was missing needs a blank in front.
        let gap = if at.is_empty() { " " } else { "" };
        vec![Edit {
            text: format!("{gap}{}", quote::double(new)),
            at,
        }]
    });
    in_place.into_iter().chain(quoted).collect()
}

/// Offset behind the colon that follows a key.
pub(super) fn behind_colon(body: &str, key: &Node) -> Option<usize> {
    let rest = body.get(key.span.end..)?;
    let blank = rest.len() - rest.trim_start_matches([' ', '\t']).len();
    rest[blank..]
        .starts_with(':')
        .then(|| key.span.end + blank + 1)
}

/// Offset behind anchors, tags and the blanks after them.
fn behind_properties(body: &str, mut at: usize) -> usize {
    while let Some(rest) = body.get(at..).filter(|rest| rest.starts_with(['&', '!'])) {
        let word = rest.find([' ', '\t', '\r', '\n']).unwrap_or(rest.len());
        let blank = rest[word..].len() - rest[word..].trim_start_matches([' ', '\t']).len();
        at += word + blank;
    }
    at
}

/// Column of an offset: how many bytes it stands behind its line's start.
pub(super) fn column(body: &str, at: usize) -> usize {
    at - body[..at].rfind('\n').map_or(0, |line| line + 1)
}

/// The changed stretches of a text, in bytes of the old one, with what comes in their place.
fn changes(old: &str, new: &str) -> Vec<Edit> {
    let (old_lines, new_lines) = (split_lines(old), split_lines(new));
    let (old_starts, new_starts) = (starts(&old_lines), starts(&new_lines));
    hunks(&old_lines, &new_lines)
        .into_iter()
        .map(|hunk| {
            let at_end = hunk.old.end == old_lines.len();
            // At the end the line feed in front belongs to the change: the last line has none.
            let with_break = usize::from(at_end && hunk.old.start > 0 && hunk.new.start > 0);
            let range = |starts: &[usize], lines: Range<usize>, len: usize| {
                let end = if at_end { len } else { starts[lines.end] };
                starts[lines.start] - with_break..end
            };
            Edit {
                at: range(&old_starts, hunk.old, old.len()),
                text: new[range(&new_starts, hunk.new, new.len())].to_owned(),
            }
        })
        .collect()
}

/// Where each line begins, and where one more would.
fn starts(lines: &[&str]) -> Vec<usize> {
    let mut at = 0;
    let mut starts = vec![0];
    for line in lines {
        at += line.len() + 1;
        starts.push(at);
    }
    starts
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(300))]
        #[test]
        fn changes_lead_from_old_to_new(old in "[ab\n]{0,16}", new in "[ab\n]{0,16}") {
            prop_assert_eq!(apply(&old, &changes(&old, &new)), Some(new));
        }
    }
}
