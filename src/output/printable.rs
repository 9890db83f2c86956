//! Foreign text as a terminal and an editor can show it.
//!
//! Whatever did not come out of our own source may hold what a terminal acts on or what hides from
//! the reader: escape sequences, carriage returns, controls of writing direction. [`Printable`] holds
//! none of it, and tables, pages and progress are made of it alone, so that nobody can forget.

use std::borrow::Cow;
use std::fmt;

use crate::character::is_hidden;

/// One line of text in which everything is seen. What a terminal would act on stands there as an
/// escape, `\u{1b}` or `\n`.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Printable(String);

impl Printable {
    /// Makes a text printable, on one line.
    #[must_use]
    pub(crate) fn new(text: impl AsRef<str>) -> Self {
        Self(escaped(text.as_ref()).into_owned())
    }

    /// No longer than `max` characters; what was cut off is seen by an ellipsis.
    #[must_use]
    pub(crate) fn shortened(mut self, max: usize) -> Self {
        if let Some((end, _)) = self.0.char_indices().nth(max) {
            let keep = self.0[..end].char_indices().next_back();
            self.0.truncate(keep.map_or(0, |(start, _)| start));
            self.0.push('…');
        }
        self
    }

    #[must_use]
    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Printable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

impl AsRef<str> for Printable {
    fn as_ref(&self) -> &str {
        &self.0
    }
}

impl From<&str> for Printable {
    fn from(text: &str) -> Self {
        Self::new(text)
    }
}

impl From<String> for Printable {
    fn from(text: String) -> Self {
        match escaped(&text) {
            Cow::Borrowed(_) => Self(text),
            Cow::Owned(escaped) => Self(escaped),
        }
    }
}

impl From<&String> for Printable {
    fn from(text: &String) -> Self {
        Self::new(text)
    }
}

/// Text over several lines: line feeds stay, and tabs become blanks.
#[must_use]
pub(super) fn lines(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for (index, line) in text.split('\n').enumerate() {
        if index > 0 {
            out.push('\n');
        }
        let line = line.strip_suffix('\r').unwrap_or(line);
        if line.contains('\t') {
            out.push_str(&escaped(&line.replace('\t', "    ")));
        } else {
            out.push_str(&escaped(line));
        }
    }
    out
}

fn escaped(text: &str) -> Cow<'_, str> {
    if !text.chars().any(is_hidden) {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len() + 16);
    let mut before = ' ';
    for c in text.chars() {
        if is_hidden(c) && !joins(before, c) {
            out.extend(c.escape_default());
        } else {
            out.push(c);
        }
        before = c;
    }
    Cow::Owned(out)
}

/// Joiners belong to the spelling of some languages and of emoji; between other letters they hide.
fn joins(before: char, c: char) -> bool {
    matches!(c, '\u{200C}' | '\u{200D}') && !before.is_ascii() && !is_hidden(before)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn what_a_terminal_acts_on_is_seen() {
        for (text, shown) in [
            ("Sales 2024", "Sales 2024"),
            ("Umsätze 売上 👩‍💻", "Umsätze 売上 👩‍💻"),
            ("می‌خواهم", "می‌خواهم"),
            ("a\u{1b}]52;c;aGk=\u{7}b", "a\\u{1b}]52;c;aGk=\\u{7}b"),
            ("a\r\nb\tc", "a\\r\\nb\\tc"),
            ("a\u{9b}2Jb", "a\\u{9b}2Jb"),
            ("a\u{202e}b\u{2066}", "a\\u{202e}b\\u{2066}"),
            ("a\u{200d}b\u{feff}", "a\\u{200d}b\\u{feff}"),
            ("a\u{2028}b\u{7f}", "a\\u{2028}b\\u{7f}"),
        ] {
            assert_eq!(Printable::new(text).as_str(), shown);
        }
    }

    #[test]
    fn lines_stay_lines() {
        assert_eq!(lines("a\r\n\tb\rc\n"), "a\n    b\\rc\n");
    }

    #[test]
    fn long_text_is_cut() {
        assert_eq!(Printable::new("Umsätze").shortened(7).as_str(), "Umsätze");
        assert_eq!(Printable::new("Umsätze").shortened(5).as_str(), "Umsä…");
        assert_eq!(Printable::new("x").shortened(0).as_str(), "…");
    }

    proptest! {
        #[test]
        fn nothing_hidden_remains(text in "\\PC*|\\p{C}*|(\\p{C}|[a-zä])*") {
            let line = Printable::new(&text);
            let joiner = |c| matches!(c, '\u{200C}' | '\u{200D}');
            let hidden = line.as_str().chars().any(|c| is_hidden(c) && !joiner(c));
            prop_assert!(!hidden, "{:?}", line);
            prop_assert_eq!(&Printable::new(line.as_str()), &line);
            let lines = lines(&text);
            let control = lines.chars().any(|c| c.is_control() && c != '\n');
            prop_assert!(!control, "{:?}", lines);
        }
    }
}
