//! From characters to tokens, as Go's `gcfg/scanner` does it.
//!
//! The lexer knows one piece of context: behind an equals sign comes a value, where almost every
//! character stands for itself.

use super::parser::Problem;
use crate::source::Span;

/// What a token is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Kind {
    /// A section name or key.
    Identifier,
    /// A quoted string in a header, decoded.
    Quoted(String),
    /// A value behind an equals sign, decoded.
    Value(String),
    /// `[`
    LeftBracket,
    /// `]`
    RightBracket,
    /// `=`
    Equals,
    /// From `;` or `#` up to the line's end.
    Comment,
    /// A line feed.
    EndOfLine,
    /// The end of the text.
    EndOfText,
}

/// A token and where it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Token {
    pub kind: Kind,
    pub span: Span,
}

/// What the lexer cannot read, and where.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LexError {
    pub problem: Problem,
    pub span: Span,
}

/// Reads tokens from a text that holds neither NUL nor a byte order mark at its start.
#[derive(Debug)]
pub struct Lexer<'a> {
    text: &'a str,
    offset: usize,
    value_next: bool,
}

impl<'a> Lexer<'a> {
    pub fn new(text: &'a str) -> Self {
        Self {
            text,
            offset: 0,
            value_next: false,
        }
    }

    /// Goes to the end of the line that the lexer stands in, so that reading can go on behind an
    /// error.
    pub fn skip_line(&mut self) {
        self.value_next = false;
        self.offset = memchr::memchr(b'\n', &self.text.as_bytes()[self.offset..])
            .map_or(self.text.len(), |at| self.offset + at);
    }

    /// The next token.
    pub fn next(&mut self) -> Result<Token, LexError> {
        while self.peek().is_some_and(is_blank) {
            self.bump();
        }
        let start = self.offset;
        let kind = if std::mem::take(&mut self.value_next) {
            return self.value();
        } else {
            match self.bump() {
                None => Kind::EndOfText,
                Some('\n') => Kind::EndOfLine,
                Some('"') => Kind::Quoted(self.quoted(start)?),
                Some('[') => Kind::LeftBracket,
                Some(']') => Kind::RightBracket,
                Some(';' | '#') => {
                    self.offset = memchr::memchr(b'\n', &self.text.as_bytes()[self.offset..])
                        .map_or(self.text.len(), |at| self.offset + at);
                    Kind::Comment
                }
                Some('=') => {
                    self.value_next = true;
                    Kind::Equals
                }
                Some(c) if is_letter(c) => {
                    while self
                        .peek()
                        .is_some_and(|c| is_letter(c) || is_digit(c) || c == '-')
                    {
                        self.bump();
                    }
                    Kind::Identifier
                }
                Some(c) => {
                    return Err(self.error(Problem::IllegalCharacter(c), start, self.offset));
                }
            }
        };
        Ok(Token {
            kind,
            span: Span::new(start, self.offset),
        })
    }

    /// A string in a header; the opening quote at `start` has been read.
    fn quoted(&mut self, start: usize) -> Result<String, LexError> {
        let mut decoded = String::new();
        loop {
            let at = self.offset;
            match self.bump() {
                None => return Err(self.error(Problem::StringNotTerminated, start, at)),
                Some('\n') => {
                    self.offset = at;
                    return Err(self.error(Problem::StringNotTerminated, start, at));
                }
                Some('"') => return Ok(decoded),
                Some('\\') => match self.peek() {
                    Some(c @ ('"' | '\\')) => {
                        self.bump();
                        decoded.push(c);
                    }
                    other => return Err(self.unknown_escape(other, Problem::UnknownNameEscape)),
                },
                Some(c) => decoded.push(c),
            }
        }
    }

    /// A value. Its span runs from its first to its last character that counts.
    fn value(&mut self) -> Result<Token, LexError> {
        let start = self.offset;
        let mut end = start;
        let mut decoded = String::new();
        // How much of `decoded` is certain: blanks behind it count only if more follows.
        let mut certain = 0;
        let mut in_quotes = false;
        loop {
            let at = self.offset;
            let c = match self.peek() {
                Some('\n') | None if in_quotes => {
                    return Err(self.error(Problem::StringNotTerminated, start, at));
                }
                None | Some('\n') => break,
                Some(';' | '#') if !in_quotes => break,
                Some(c) => c,
            };
            self.bump();
            match c {
                '"' => in_quotes = !in_quotes,
                '\\' if in_quotes => {
                    let decoded_char = match self.peek() {
                        Some(c @ ('"' | '\\')) => c,
                        Some('n') => '\n',
                        Some('t') => '\t',
                        other => return Err(self.unknown_escape(other, Problem::UnknownEscape)),
                    };
                    self.bump();
                    decoded.push(decoded_char);
                }
                '\\' => {
                    // A carriage return between the backslash and what it is for does not count.
                    if self.peek() == Some('\r') {
                        self.bump();
                    }
                    match self.peek() {
                        Some('\n') => {}
                        Some('"') => decoded.push('"'),
                        _ => {
                            self.offset = at;
                            return Err(self.error(Problem::BareBackslash, start, at + 1));
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
        Ok(Token {
            kind: Kind::Value(decoded),
            span: Span::new(start, end),
        })
    }

    fn unknown_escape(&self, found: Option<char>, problem: fn(char) -> Problem) -> LexError {
        match found {
            // The backslash is the last character of the text.
            None => self.error(Problem::StringNotTerminated, self.offset - 1, self.offset),
            Some(c) => self.error(problem(c), self.offset, self.offset + c.len_utf8()),
        }
    }

    fn error(&self, problem: Problem, start: usize, end: usize) -> LexError {
        LexError {
            problem,
            span: Span::new(start, end),
        }
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

/// Space, tab and carriage return. A no-break space or a form feed is none.
fn is_blank(c: char) -> bool {
    matches!(c, ' ' | '\t' | '\r')
}

/// Unicode's categories L*.
fn is_letter(c: char) -> bool {
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

/// Unicode's category Nd.
fn is_digit(c: char) -> bool {
    use unicode_general_category::{GeneralCategory, get_general_category};
    if c.is_ascii() {
        return c.is_ascii_digit();
    }
    get_general_category(c) == GeneralCategory::DecimalNumber
}
