//! From characters to tokens, as Go's `gcfg/scanner` does it.
//!
//! The lexer knows one piece of context: behind an equals sign comes a value, where almost every
//! character stands for itself.
//!
//! Go's scanner always holds the next character, and complains about an unreadable one when it
//! comes into its hand: before it complains about what it was reading. `offset` is that character
//! here too, so that the first problem is the one that Go stops at.

use super::problem::{Found, Problem};
use crate::source::Span;

/// What a token is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Kind {
    /// A section name or key.
    Identifier,
    /// A quoted string in a header, decoded.
    Quoted(String),
    /// A value behind an equals sign, decoded.
    Value(String),
    LeftBracket,
    RightBracket,
    Equals,
    /// From `;` or `#` up to the line's end.
    Comment,
    EndOfLine,
    /// The end of the text.
    EndOfText,
    /// What cannot be read; a problem says why.
    Illegal,
}

/// A token and where it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Token {
    pub kind: Kind,
    pub span: Span,
}

/// Reads tokens from a text whose unreadable bytes have been replaced.
#[derive(Debug)]
pub(super) struct Lexer<'a> {
    text: &'a str,
    offset: usize,
    value_next: bool,
    /// Where unreadable bytes were, in text order, as far as they have not been come to.
    unreadable: &'a [Found],
    found: Vec<Found>,
}

impl<'a> Lexer<'a> {
    pub(super) fn new(text: &'a str, unreadable: &'a [Found]) -> Self {
        Self {
            text,
            offset: 0,
            value_next: false,
            unreadable,
            found: Vec::new(),
        }
    }

    /// The problems so far, in the order in which Go would have come upon them.
    pub(super) fn found(&mut self) -> &mut Vec<Found> {
        &mut self.found
    }

    /// Goes to the end of the line that the lexer stands in, so that reading can go on behind an
    /// error.
    pub(super) fn skip_line(&mut self) {
        self.value_next = false;
        self.offset = self.line_end();
        self.meet_unreadable();
    }

    /// The next token. Where it could not be read, or an unreadable byte is in it or right behind
    /// it, there are more problems than before.
    pub(super) fn next(&mut self) -> Token {
        while self.peek().is_some_and(is_blank) {
            self.bump();
        }
        let token = if std::mem::take(&mut self.value_next) {
            self.value()
        } else {
            let start = self.offset;
            let kind = self.kind(start);
            Token {
                kind,
                span: Span::new(start, self.offset),
            }
        };
        self.meet_unreadable();
        token
    }

    fn kind(&mut self, start: usize) -> Kind {
        let Some(c) = self.bump() else {
            return Kind::EndOfText;
        };
        match c {
            '\n' => Kind::EndOfLine,
            '"' => self.quoted(start),
            '[' => Kind::LeftBracket,
            ']' => Kind::RightBracket,
            ';' | '#' => {
                self.offset = self.line_end();
                Kind::Comment
            }
            '=' => {
                self.value_next = true;
                Kind::Equals
            }
            c if is_letter(c) => {
                while self
                    .peek()
                    .is_some_and(|c| is_letter(c) || is_digit(c) || c == '-')
                {
                    self.bump();
                }
                Kind::Identifier
            }
            c => {
                self.report(Problem::IllegalCharacter(c), start, self.offset);
                Kind::Illegal
            }
        }
    }

    /// A string in a header; the opening quote at `start` has been read.
    fn quoted(&mut self, start: usize) -> Kind {
        let mut decoded = String::new();
        loop {
            let at = self.offset;
            match self.bump() {
                None | Some('\n') => {
                    self.report(Problem::StringNotTerminated, start, at);
                    self.offset = at;
                    return Kind::Illegal;
                }
                Some('"') => return Kind::Quoted(decoded),
                Some('\\') => match self.escape(Problem::UnknownNameEscape, name_escape) {
                    Some(c) => decoded.push(c),
                    None => return Kind::Illegal,
                },
                Some(c) => decoded.push(c),
            }
        }
    }

    /// A value. Its span runs from its first to its last character that counts.
    fn value(&mut self) -> Token {
        let start = self.offset;
        let mut end = start;
        let mut decoded = String::new();
        // How much of `decoded` is certain: blanks behind it count only if more follows.
        let mut certain = 0;
        let mut in_quotes = false;
        let illegal = |lexer: &Self| Token {
            kind: Kind::Illegal,
            span: Span::new(start, lexer.offset),
        };
        loop {
            let at = self.offset;
            let next = self.peek();
            if !in_quotes && matches!(next, None | Some('\n' | ';' | '#')) {
                break;
            }
            self.bump();
            let Some(c) = next.filter(|&c| c != '\n') else {
                self.report(Problem::StringNotTerminated, start, at);
                self.offset = at;
                return illegal(self);
            };
            match c {
                '"' => in_quotes = !in_quotes,
                '\\' if in_quotes => match self.escape(Problem::UnknownEscape, value_escape) {
                    Some(c) => decoded.push(c),
                    None => return illegal(self),
                },
                '\\' => {
                    // A carriage return between the backslash and what it is for does not count.
                    if self.peek() == Some('\r') {
                        self.bump();
                    }
                    match self.peek() {
                        Some('\n') => {}
                        Some('"') => decoded.push('"'),
                        _ => {
                            self.report(Problem::BareBackslash, start, at + 1);
                            return illegal(self);
                        }
                    }
                    self.bump();
                }
                '\r' => {}
                c => decoded.push(c),
            }
            if in_quotes || !is_blank(c) {
                end = self.offset;
                certain = decoded.len();
            }
        }
        decoded.truncate(certain);
        Token {
            kind: Kind::Value(decoded),
            span: Span::new(start, end),
        }
    }

    /// The character that an escape stands for; the backslash has been read.
    fn escape(&mut self, unknown: Problem, decode: fn(char) -> Option<char>) -> Option<char> {
        let at = self.offset;
        let c = self.bump();
        let decoded = c.and_then(decode);
        if decoded.is_none() {
            self.report(unknown, at, self.offset);
            if c == Some('\n') {
                self.offset = at;
            }
        }
        decoded
    }

    fn report(&mut self, problem: Problem, start: usize, end: usize) {
        self.meet_unreadable();
        // What stands in for an unreadable byte is no mistake of its own.
        let stand_in = self
            .found
            .iter()
            .rev()
            .take(2)
            .any(|found| found.problem.is_unreadable() && found.span.start == start);
        if !stand_in {
            self.found.push(Found {
                problem,
                span: Span::new(start, end),
            });
        }
    }

    /// Takes note of the unreadable bytes up to and including the next character.
    fn meet_unreadable(&mut self) {
        let met = self
            .unreadable
            .iter()
            .take_while(|found| found.span.start <= self.offset)
            .count();
        let (met, rest) = self.unreadable.split_at(met);
        self.found.extend_from_slice(met);
        self.unreadable = rest;
    }

    fn line_end(&self) -> usize {
        memchr::memchr(b'\n', &self.text.as_bytes()[self.offset..])
            .map_or(self.text.len(), |at| self.offset + at)
    }

    fn peek(&self) -> Option<char> {
        self.text[self.offset..].chars().next()
    }

    fn bump(&mut self) -> Option<char> {
        let c = self.peek()?;
        self.offset += c.len_utf8();
        Some(c)
    }
}

fn name_escape(c: char) -> Option<char> {
    matches!(c, '"' | '\\').then_some(c)
}

fn value_escape(c: char) -> Option<char> {
    match c {
        'n' => Some('\n'),
        't' => Some('\t'),
        c => name_escape(c),
    }
}

/// Space, tab and carriage return. A no-break space or a form feed is none.
fn is_blank(c: char) -> bool {
    matches!(c, ' ' | '\t' | '\r')
}

pub(super) fn is_letter(c: char) -> bool {
    use unicode_general_category::{GeneralCategory as G, get_general_category};
    if c.is_ascii() {
        return c.is_ascii_alphabetic();
    }
    matches!(
        get_general_category(c),
        G::UppercaseLetter
            | G::LowercaseLetter
            | G::TitlecaseLetter
            | G::ModifierLetter
            | G::OtherLetter
    )
}

pub(super) fn is_digit(c: char) -> bool {
    use unicode_general_category::{GeneralCategory, get_general_category};
    if c.is_ascii() {
        return c.is_ascii_digit();
    }
    get_general_category(c) == GeneralCategory::DecimalNumber
}
