//! Literal and folded scalars.

use std::ops::Range;

use super::super::lines::{hunks, split_lines};
use super::{Edit, Place, behind_colon, behind_properties, column};
use crate::yaml::Style;

/// A block scalar as its lines stand in the document.
#[derive(Debug)]
pub(super) struct Block {
    /// The `|` or `>` and its flags.
    header: Range<usize>,
    /// Behind the header's line.
    start: usize,
    /// How far its lines are indented.
    indent: usize,
    /// The lines that belong to the text; blank lines at the end only where they are kept.
    lines: Vec<Line>,
}

/// A line of a block scalar, in bytes of the document.
#[derive(Debug, Clone, Copy)]
struct Line {
    start: usize,
    /// Where its text begins, behind the indentation.
    text: usize,
    /// Where its text ends, in front of the line break.
    end: usize,
    /// Behind the line break.
    next: usize,
}

impl Block {
    /// Finds the lines of the block scalar. `None` where the document has a form that this does
    /// not know.
    pub(super) fn read(place: Place<'_>, style: Style) -> Option<Self> {
        let body = place.body;
        let colon = behind_colon(body, place.key)?;
        let rest = &body[colon..];
        let blank = rest.len() - rest.trim_start_matches([' ', '\t']).len();
        let indicator = behind_properties(body, colon + blank);
        let mark = if style == Style::Literal { '|' } else { '>' };
        let header = body[indicator..].strip_prefix(mark)?;
        let header = &header[..header.find('\n')?];
        let flags = header
            .find([' ', '\t', '\r', '#'])
            .map_or(header, |end| &header[..end]);
        let keep = flags.contains('+');
        let explicit = flags.chars().find_map(|c| c.to_digit(10));
        let parent = column(body, place.key.span.start);
        let start = indicator + 1 + header.len() + 1;
        let mut block = Self {
            header: indicator..indicator + 1 + flags.len(),
            start,
            indent: explicit.map_or(0, |digit| parent + digit as usize),
            lines: Vec::new(),
        };
        block.collect(body, parent, keep);
        if block.indent == 0 {
            block.indent = parent + 2;
        }
        Some(block)
    }

    fn collect(&mut self, body: &str, parent: usize, keep: bool) {
        let mut at = self.start;
        // Blank lines count only if text follows them, or if the header keeps them.
        let mut counted = 0;
        while at < body.len() {
            let next = body[at..].find('\n').map_or(body.len(), |n| at + n + 1);
            let end = at + body[at..next].trim_end_matches(['\n', '\r']).len();
            let spaces = body[at..end].len() - body[at..end].trim_start_matches(' ').len();
            let blank = at + spaces == end && (self.indent == 0 || spaces <= self.indent);
            if !blank {
                if self.indent == 0 && spaces > parent {
                    self.indent = spaces;
                }
                if self.indent == 0 || spaces < self.indent {
                    break;
                }
            }
            self.lines.push(Line {
                start: at,
                text: at + spaces.min(self.indent),
                end,
                next,
            });
            if !blank || keep {
                counted = self.lines.len();
            }
            at = next;
        }
        self.lines.truncate(counted);
    }

    /// From the header to the end of the last line's text.
    pub(super) fn whole(&self) -> Range<usize> {
        let end = self.lines.last().map_or(self.header.end, |line| line.end);
        self.header.start..end
    }

    /// Replaces the lines that changed and leaves the others as they are.
    pub(super) fn edit_literal(&self, place: Place<'_>, old: &str, new: &str) -> Option<Vec<Edit>> {
        let count = self.lines.len();
        let old_lines = split_lines(old);
        let (tail, known) = match old_lines.len().checked_sub(count)? {
            0 => (0, &old_lines[..]),
            1 if old_lines[count].is_empty() => (1, &old_lines[..count]),
            _ => return None,
        };
        let as_written = self
            .lines
            .iter()
            .map(|line| &place.body[line.text..line.end]);
        if !as_written.eq(known.iter().copied()) {
            return None;
        }
        let mut new_lines = split_lines(new);
        if tail == 1 && new_lines.pop() != Some("") {
            return None;
        }
        let edits = hunks(known, &new_lines)
            .into_iter()
            .map(|hunk| self.replace_lines(place, hunk.old, &new_lines[hunk.new]))
            .collect();
        Some(edits)
    }

    fn replace_lines(&self, place: Place<'_>, old: Range<usize>, new: &[&str]) -> Edit {
        let end_of_all = self.lines.last().map_or(self.start, |line| line.next);
        let start = self
            .lines
            .get(old.start)
            .map_or(end_of_all, |line| line.start);
        let end = if old.is_empty() {
            start
        } else {
            self.lines[old.end - 1].next
        };
        let mut text = String::new();
        for line in new {
            text.push_str(&self.line(line));
            text.push_str(place.line_break);
        }
        // The document's last line may have no line break: it must not get one, and what comes
        // behind it needs one in front.
        let unended = place.body.len() == end && !place.body[..end].ends_with('\n');
        if unended && !text.is_empty() {
            text.truncate(text.len() - place.line_break.len());
            if old.is_empty() {
                text.insert_str(0, place.line_break);
            }
        }
        Edit {
            at: start..end,
            text,
        }
    }

    /// Writes the whole text anew, folded.
    pub(super) fn rewrite_folded(&self, place: Place<'_>, new: &str) -> Option<Vec<Edit>> {
        let (first, last) = (self.lines.first()?, self.lines.last()?);
        let mut text = String::new();
        let lines = split_lines(new.strip_suffix('\n').unwrap_or(new));
        let mut after_text = false;
        for line in lines {
            // Between two lines of text the first line break is folded away.
            if after_text {
                text.push_str(place.line_break);
            }
            after_text = !line.is_empty();
            if after_text {
                text.push_str(&self.line(line));
                text.push_str(place.line_break);
            }
        }
        if last.next == last.end {
            text.truncate(text.len().saturating_sub(place.line_break.len()));
        }
        Some(vec![Edit {
            at: first.start..last.next,
            text,
        }])
    }

    fn line(&self, text: &str) -> String {
        if text.is_empty() {
            return String::new();
        }
        format!("{:indent$}{text}", "", indent = self.indent)
    }
}
