//! Quoted and plain scalars.

use std::ops::Range;

use super::super::quote;
use super::{Edit, Place, behind_colon, behind_properties, changes, column};
use crate::yaml::Style;

/// The scalar's bytes without its properties; where a value is missing, the empty range behind the
/// colon.
pub(super) fn whole(place: Place<'_>) -> Option<Range<usize>> {
    let span = place.value.span;
    if span.start == span.end {
        let colon = behind_colon(place.body, place.key)?;
        return Some(colon..colon);
    }
    Some(behind_properties(place.body, span.start)..span.end)
}

/// Replaces the stretches that changed.
pub(super) fn edit(place: Place<'_>, old: &str, style: Style, new: &str) -> Option<Vec<Edit>> {
    let range = whole(place)?;
    if range.is_empty() {
        return None;
    }
    let quote = match style {
        Style::DoubleQuoted => Some('"'),
        Style::SingleQuoted => Some('\''),
        _ => None,
    };
    let inside = match quote {
        Some(quote) => {
            let written = &place.body[range.clone()];
            let long_enough = written.len() >= 2;
            let quoted = long_enough && written.starts_with(quote) && written.ends_with(quote);
            if !quoted {
                return None;
            }
            range.start + 1..range.end - 1
        }
        None => range,
    };
    let map = Map::read(&place.body[inside.clone()], inside.start, quote)?;
    if map.decoded != old {
        return None;
    }
    let edits = changes(old, new)
        .into_iter()
        .map(|change| Edit {
            at: map.source(change.at),
            text: encode(place, quote, &change.text),
        })
        .collect();
    Some(edits)
}

fn encode(place: Place<'_>, quote: Option<char>, text: &str) -> String {
    if quote == Some('"') {
        return quote::escape(text);
    }
    // A line feed is written as an empty line.
    let line_break = place.line_break;
    let indent = column(place.body, place.key.span.start) + 2;
    let feed = format!("{line_break}{line_break}{:indent$}", "");
    let text = match quote {
        Some(_) => text.replace('\'', "''"),
        None => text.to_owned(),
    };
    text.replace('\n', &feed)
}

/// Which bytes of the source each part of the decoded text comes from.
struct Map {
    decoded: String,
    /// Ends of units, in the decoded text and in the document; the first is the start of both.
    ends: Vec<(usize, usize)>,
}

impl Map {
    /// Decodes what stands between the quotes. `None` where it is not understood.
    fn read(source: &str, offset: usize, quote: Option<char>) -> Option<Self> {
        let mut map = Self {
            decoded: String::new(),
            ends: vec![(0, offset)],
        };
        let mut at = 0;
        while let Some(c) = source[at..].chars().next() {
            let rest = &source[at..];
            let blank = rest.len() - rest.trim_start_matches([' ', '\t']).len();
            let unit;
            if rest[blank..].starts_with(['\r', '\n']) {
                let breaks = breaks(rest);
                unit = breaks.length;
                match breaks.count {
                    1 => map.decoded.push(' '),
                    count => map.decoded.extend(std::iter::repeat_n('\n', count - 1)),
                }
            } else if c == '\\' && quote == Some('"') {
                unit = map.escape(&rest[1..])? + 1;
            } else if c == '\'' && quote == Some('\'') {
                rest.strip_prefix("''")?;
                map.decoded.push('\'');
                unit = 2;
            } else {
                map.decoded.push(c);
                unit = c.len_utf8();
            }
            at += unit;
            map.ends.push((map.decoded.len(), offset + at));
        }
        Some(map)
    }

    /// Decodes what follows a backslash and says how long it is.
    fn escape(&mut self, rest: &str) -> Option<usize> {
        let c = rest.chars().next()?;
        let decoded = match c {
            '\r' | '\n' => {
                // The line goes on. Empty lines behind it would stay line feeds.
                let breaks = breaks(rest);
                self.decoded
                    .extend(std::iter::repeat_n('\n', breaks.count - 1));
                return Some(breaks.length);
            }
            'x' => return self.code_point(rest, 2),
            'u' => return self.code_point(rest, 4),
            'U' => return self.code_point(rest, 8),
            '0' => '\0',
            'a' => '\u{7}',
            'b' => '\u{8}',
            't' | '\t' => '\t',
            'n' => '\n',
            'v' => '\u{b}',
            'f' => '\u{c}',
            'r' => '\r',
            'e' => '\u{1b}',
            'N' => '\u{85}',
            '_' => '\u{a0}',
            'L' => '\u{2028}',
            'P' => '\u{2029}',
            ' ' | '"' | '/' | '\\' => c,
            _ => return None,
        };
        self.decoded.push(decoded);
        Some(c.len_utf8())
    }

    fn code_point(&mut self, rest: &str, digits: usize) -> Option<usize> {
        let code = u32::from_str_radix(rest.get(1..=digits)?, 16).ok()?;
        self.decoded.push(char::from_u32(code)?);
        Some(1 + digits)
    }

    /// The source of a stretch of the decoded text.
    fn source(&self, at: Range<usize>) -> Range<usize> {
        let find = |decoded: usize| {
            let behind = self.ends.partition_point(|&(end, _)| end <= decoded);
            self.ends[behind.max(1) - 1].1
        };
        let start = find(at.start);
        start..find(at.end).max(start)
    }
}

/// Line breaks with the blanks around them.
struct Breaks {
    count: usize,
    length: usize,
}

fn breaks(rest: &str) -> Breaks {
    let length = rest.len() - rest.trim_start_matches([' ', '\t', '\r', '\n']).len();
    Breaks {
        count: rest[..length].matches('\n').count().max(1),
        length,
    }
}
