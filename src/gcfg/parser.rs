//! From tokens to a document, or to everything that is wrong with it.

use std::sync::Arc;

use super::document::{Comment, Header, Item, Setting, Value};
use super::lexer::{Kind, LexError, Lexer, Token};
use super::name::{Section, SettingName};
use crate::source::{SourceFile, Span};

/// What can be wrong at a place of a gcfg text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Problem {
    ExpectedSectionHeader,
    ExpectedSectionName,
    EmptySubsection,
    ExpectedSubsectionOrRightBracket,
    ExpectedRightBracket,
    ExpectedLineEnd,
    ExpectedEquals,
    ExpectedSetting,
    IllegalCharacter(char),
    StringNotTerminated,
    /// In a value.
    UnknownEscape(char),
    /// In a subsection's name, where fewer escapes exist.
    UnknownNameEscape(char),
    BareBackslash,
    Nul,
    NotUtf8,
}

/// Reads a whole text. Behind an error, reading goes on with the next line.
pub fn parse(source: &Arc<SourceFile>) -> (Vec<Item>, Vec<LexError>) {
    let mut parser = Parser {
        source,
        lexer: Lexer::new(source.text()),
        section: None,
        items: Vec::new(),
        errors: Vec::new(),
    };
    while parser.line() {}
    (parser.items, parser.errors)
}

struct Parser<'a> {
    source: &'a Arc<SourceFile>,
    lexer: Lexer<'a>,
    section: Option<Arc<Section>>,
    items: Vec<Item>,
    errors: Vec<LexError>,
}

impl Parser<'_> {
    /// Reads one line, with those that continue it. False at the end of the text.
    fn line(&mut self) -> bool {
        match self.statement() {
            Ok(more) => more,
            Err(error) => {
                self.errors.push(error);
                self.lexer.skip_line();
                true
            }
        }
    }

    fn statement(&mut self) -> Result<bool, LexError> {
        let token = self.lexer.next()?;
        match token.kind {
            Kind::EndOfText => return Ok(false),
            Kind::EndOfLine => {}
            Kind::Comment => self.comment(token.span, true),
            Kind::LeftBracket => return self.header(token.span.start),
            Kind::Identifier => return self.setting(token.span),
            _ if self.section.is_none() => {
                return Err(expected(Problem::ExpectedSectionHeader, token.span));
            }
            _ => return Err(expected(Problem::ExpectedSetting, token.span)),
        }
        Ok(true)
    }

    /// A header whose opening bracket stands at `start`.
    fn header(&mut self, start: usize) -> Result<bool, LexError> {
        let result = self.header_parts(start);
        // What follows a broken header is in some section, though not in a known one: the settings
        // there are not to be called homeless.
        if result.is_err() {
            self.section = Some(Arc::new(Section::plain("")));
        }
        result
    }

    fn header_parts(&mut self, start: usize) -> Result<bool, LexError> {
        let name = self.lexer.next()?;
        if name.kind != Kind::Identifier {
            return Err(expected(Problem::ExpectedSectionName, name.span));
        }
        let mut token = self.lexer.next()?;
        let mut subsection = None;
        if let Kind::Quoted(text) = token.kind {
            if text.is_empty() {
                return Err(expected(Problem::EmptySubsection, token.span));
            }
            subsection = Some(text);
            token = self.lexer.next()?;
        }
        if token.kind != Kind::RightBracket {
            let problem = match subsection {
                None => Problem::ExpectedSubsectionOrRightBracket,
                Some(_) => Problem::ExpectedRightBracket,
            };
            return Err(expected(problem, token.span));
        }
        let section = Arc::new(Section {
            name: self.source.slice(name.span).to_owned(),
            subsection,
        });
        self.section = Some(Arc::clone(&section));
        self.items.push(Item::Header(Header {
            section,
            span: Span::new(start, token.span.end),
        }));
        self.line_end()
    }

    /// A setting whose key has been read.
    fn setting(&mut self, key_span: Span) -> Result<bool, LexError> {
        let Some(section) = self.section.clone() else {
            return Err(expected(Problem::ExpectedSectionHeader, key_span));
        };
        let mut setting = Setting {
            name: SettingName::new(section, self.source.slice(key_span)),
            key_span,
            value: None,
            line: self.source.position(key_span.start).line,
        };
        let token = self.lexer.next()?;
        match token.kind {
            Kind::Equals => {}
            Kind::EndOfLine | Kind::EndOfText | Kind::Comment => {
                self.items.push(Item::Setting(setting));
                return Ok(self.end_token(&token));
            }
            _ => return Err(expected(Problem::ExpectedEquals, token.span)),
        }
        let token = self.lexer.next()?;
        let Kind::Value(text) = token.kind else {
            return Err(expected(Problem::ExpectedSetting, token.span));
        };
        setting.value = Some(Value {
            text,
            span: token.span,
        });
        self.items.push(Item::Setting(setting));
        self.line_end()
    }

    fn line_end(&mut self) -> Result<bool, LexError> {
        let token = self.lexer.next()?;
        match token.kind {
            Kind::EndOfLine | Kind::EndOfText | Kind::Comment => Ok(self.end_token(&token)),
            _ => Err(expected(Problem::ExpectedLineEnd, token.span)),
        }
    }

    /// Takes note of the token that ended a header or setting. False at the end of the text.
    fn end_token(&mut self, token: &Token) -> bool {
        if token.kind == Kind::Comment {
            self.comment(token.span, false);
        }
        token.kind != Kind::EndOfText
    }

    fn comment(&mut self, span: Span, own_line: bool) {
        let text = self.source.slice(span).trim_end_matches('\r');
        let span = Span::new(span.start, span.start + text.len());
        self.items.push(Item::Comment(Comment { span, own_line }));
    }
}

fn expected(problem: Problem, span: Span) -> LexError {
    LexError { problem, span }
}
