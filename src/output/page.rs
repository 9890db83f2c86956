//! A page of text for people: lines, paragraphs and tables, some of it in colour.

use std::fmt;

use anstyle::Style;

use super::printable::{self, Printable};
use super::table::Table;

/// Text for people. Colour comes from [`Page::styled`] alone, and is left out again where it would
/// not be shown.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Page(String);

impl Page {
    #[must_use]
    pub(crate) fn new() -> Self {
        Self::default()
    }

    /// Text from a library that draws for terminals and writes colour codes of its own. Nothing but
    /// those codes is left as it is.
    #[must_use]
    pub(crate) fn drawn(text: &str) -> Self {
        let mut page = Self::new();
        let mut rest = text;
        while let Some(start) = rest.find('\u{1b}') {
            page.0.push_str(&printable::lines(&rest[..start]));
            rest = &rest[start..];
            let end = colour_code(rest);
            if end == 0 {
                page.push("\u{1b}");
                rest = &rest[1..];
            } else {
                page.0.push_str(&rest[..end]);
                rest = &rest[end..];
            }
        }
        page.0.push_str(&printable::lines(rest));
        page
    }

    /// Goes on with some text on this line.
    pub(crate) fn push(&mut self, text: impl Into<Printable>) -> &mut Self {
        self.0.push_str(text.into().as_str());
        self
    }

    /// Goes on with some text on this line, in a colour.
    pub(crate) fn styled(&mut self, style: Style, text: impl Into<Printable>) -> &mut Self {
        self.0
            .push_str(&format!("{style}{}{style:#}", text.into().as_str()));
        self
    }

    /// Ends this line.
    pub(crate) fn end(&mut self) -> &mut Self {
        self.0.push('\n');
        self
    }

    /// Adds a line.
    pub(crate) fn line(&mut self, text: impl Into<Printable>) -> &mut Self {
        self.push(text).end()
    }

    /// Adds a text over as many lines as it needs, each `indent` columns from the left.
    pub(crate) fn paragraph(&mut self, indent: usize, width: u16, text: &str) -> &mut Self {
        self.item(indent, "", width, text)
    }

    /// Adds a text behind a mark, with which its other lines align.
    pub(crate) fn item(&mut self, indent: usize, mark: &str, width: u16, text: &str) -> &mut Self {
        let blank = " ".repeat(indent);
        let first = blank.clone() + mark;
        let rest = blank + &" ".repeat(textwrap::core::display_width(mark));
        let options = textwrap::Options::new(usize::from(width).max(indent + 20))
            .initial_indent(&first)
            .subsequent_indent(&rest);
        for part in text.lines() {
            for line in textwrap::wrap(Printable::new(part).as_str(), &options) {
                self.0.push_str(line.trim_end());
                self.0.push('\n');
            }
        }
        self
    }

    /// Adds a table, `indent` columns from the left.
    pub(crate) fn table(&mut self, indent: usize, table: &Table) -> &mut Self {
        for line in table.lines() {
            self.0.push_str(&" ".repeat(indent));
            self.0.push_str(&line);
            self.0.push('\n');
        }
        self
    }

    /// Adds another page.
    pub(crate) fn page(&mut self, other: &Self) -> &mut Self {
        self.0.push_str(&other.0);
        self
    }

    /// The text without colour.
    #[must_use]
    pub(crate) fn plain(&self) -> String {
        anstream::adapter::strip_str(&self.0).to_string()
    }

    /// The text without the line feed at its end, as message has it.
    pub(super) fn trimmed(&self) -> &str {
        self.0.trim_end_matches('\n')
    }

    pub(super) fn coloured(&self) -> &str {
        &self.0
    }
}

/// The length of the colour code that a text begins with; 0 when it begins with something else.
fn colour_code(text: &str) -> usize {
    let Some(code) = text.strip_prefix("\u{1b}[") else {
        return 0;
    };
    let digits = code
        .bytes()
        .take_while(|byte| byte.is_ascii_digit() || *byte == b';')
        .count();
    match code.as_bytes().get(digits) {
        Some(b'm') => 2 + digits + 1,
        _ => 0,
    }
}

impl fmt::Display for Page {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.plain())
    }
}

impl From<&str> for Page {
    fn from(text: &str) -> Self {
        Self(printable::lines(text))
    }
}

impl From<String> for Page {
    fn from(text: String) -> Self {
        Self::from(text.as_str())
    }
}

impl From<&String> for Page {
    fn from(text: &String) -> Self {
        Self::from(text.as_str())
    }
}

impl From<Printable> for Page {
    fn from(text: Printable) -> Self {
        Self(text.as_str().to_owned())
    }
}

#[cfg(test)]
mod tests {
    use anstyle::{AnsiColor, Style};

    use super::*;

    #[test]
    fn colour_is_ours_alone() {
        let red = Style::new().fg_color(Some(AnsiColor::Red.into()));
        let mut page = Page::new();
        page.styled(red, "a\u{1b}[2J").push(" \u{1b}[31mb").end();
        assert_eq!(
            page.coloured(),
            "\u{1b}[31ma\\u{1b}[2J\u{1b}[0m \\u{1b}[31mb\n"
        );
        assert_eq!(page.plain(), "a\\u{1b}[2J \\u{1b}[31mb\n");
    }

    #[test]
    fn drawn_text_keeps_its_colours_and_nothing_else() {
        let page = Page::drawn("\u{1b}[1;31merror\u{1b}[0m: \u{1b}]52;c;x\u{7}\u{9b}\n");
        assert_eq!(
            page.coloured(),
            "\u{1b}[1;31merror\u{1b}[0m: \\u{1b}]52;c;x\\u{7}\\u{9b}\n"
        );
    }

    #[test]
    fn paragraphs_align() {
        let mut page = Page::new();
        page.item(2, "- ", 24, "one two three four five six\nseven");
        assert_eq!(
            page.plain(),
            "  - one two three four\n    five six\n  - seven\n"
        );
    }
}
