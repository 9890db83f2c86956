//! From tokens to a document, or to everything that is wrong with it.

use std::sync::Arc;

use super::document::{Comment, Header, Item, Setting, Value};
use super::lexer::{Kind, Lexer, Token};
use super::name::{Section, SettingName};
use super::problem::{Found, Problem};
use crate::source::{SourceFile, Span};

/// Reads a whole text, whose unreadable bytes have been replaced and are given beside it. Behind an
/// error, reading goes on with the next line.
pub(super) fn parse(source: &Arc<SourceFile>, unreadable: &[Found]) -> (Vec<Item>, Vec<Found>) {
    let mut parser = Parser {
        source,
        lexer: Lexer::new(source.text(), unreadable),
        dealt_with: 0,
        at_line_start: true,
        section: None,
        items: Vec::new(),
    };
    while parser.line() {}
    (parser.items, std::mem::take(parser.lexer.found()))
}

/// The statement cannot be read; the lexer's problems say why.
struct Broken;

struct Parser<'a> {
    source: &'a Arc<SourceFile>,
    lexer: Lexer<'a>,
    /// How many of the lexer's problems belong to statements before this one.
    dealt_with: usize,
    /// Whether the last token ended its line.
    at_line_start: bool,
    section: Option<Arc<Section>>,
    items: Vec<Item>,
}

impl Parser<'_> {
    /// Reads one line, with those that continue it. False at the end of the text.
    fn line(&mut self) -> bool {
        self.statement().unwrap_or_else(|Broken| {
            if !self.at_line_start {
                self.lexer.skip_line();
            }
            self.dealt_with = self.lexer.found().len();
            true
        })
    }

    fn statement(&mut self) -> Result<bool, Broken> {
        let token = self.token()?;
        match token.kind {
            Kind::EndOfText => return Ok(false),
            Kind::EndOfLine => {}
            Kind::Comment => self.comment(token.span, true),
            Kind::LeftBracket => return self.header(token.span.start),
            Kind::Identifier => return self.setting(token.span),
            _ if self.section.is_none() => {
                return Err(self.homeless(token.span));
            }
            _ => return Err(self.expected(Problem::ExpectedSetting, token.span)),
        }
        Ok(true)
    }

    /// A header whose opening bracket stands at `start`.
    fn header(&mut self, start: usize) -> Result<bool, Broken> {
        let result = self.header_parts(start);
        if result.is_err() {
            self.in_some_section();
        }
        result
    }

    fn header_parts(&mut self, start: usize) -> Result<bool, Broken> {
        let name = self.token_but_comment()?;
        if name.kind != Kind::Identifier {
            return Err(self.expected(Problem::ExpectedSectionName, name.span));
        }
        let mut token = self.token_but_comment()?;
        let mut subsection = None;
        if let Kind::Quoted(text) = token.kind {
            if text.is_empty() {
                return Err(self.expected(Problem::EmptySubsection, token.span));
            }
            subsection = Some(text);
            token = self.token_but_comment()?;
        }
        if token.kind != Kind::RightBracket {
            let problem = match subsection {
                None => Problem::ExpectedSubsectionOrRightBracket,
                Some(_) => Problem::ExpectedRightBracket,
            };
            return Err(self.expected(problem, token.span));
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
        self.header_end()
    }

    /// What follows a header. Here alone Go looks at the token before it looks at what the scanner
    /// had to say about it.
    fn header_end(&mut self) -> Result<bool, Broken> {
        let before = self.lexer.found().len();
        let token = self.unchecked_token();
        if self.end_token(&token) {
            return self.checked().map(|()| token.kind != Kind::EndOfText);
        }
        let late = self.lexer.found().split_off(before);
        let broken = self.expected(Problem::ExpectedLineEnd, token.span);
        let unreadable = late
            .into_iter()
            .filter(|found| found.problem.is_unreadable() && found.span.start != token.span.start);
        self.lexer.found().extend(unreadable);
        Err(broken)
    }

    /// A setting whose key has been read.
    fn setting(&mut self, key_span: Span) -> Result<bool, Broken> {
        let Some(section) = self.section.clone() else {
            return Err(self.homeless(key_span));
        };
        let mut setting = Setting {
            name: SettingName::new(section, self.source.slice(key_span)),
            key_span,
            value: None,
            line: self.source.position(key_span.start).line,
        };
        let mut token = self.token()?;
        if token.kind == Kind::Equals {
            let value = self.token()?;
            // Behind an equals sign the lexer gives a value or a problem, nothing else.
            if let Kind::Value(text) = value.kind {
                setting.value = Some(Value {
                    text,
                    span: value.span,
                });
            }
            token = self.token()?;
        }
        self.items.push(Item::Setting(setting));
        if self.end_token(&token) {
            return Ok(token.kind != Kind::EndOfText);
        }
        Err(self.expected(Problem::ExpectedEquals, token.span))
    }

    /// Whether a token can end a header or setting; a comment is taken note of.
    fn end_token(&mut self, token: &Token) -> bool {
        match token.kind {
            Kind::Comment => self.comment(token.span, false),
            Kind::EndOfLine | Kind::EndOfText => {}
            _ => return false,
        }
        true
    }

    fn comment(&mut self, span: Span, own_line: bool) {
        let text = self.source.slice(span).trim_end_matches('\r');
        let span = Span::new(span.start, span.start + text.len());
        self.items.push(Item::Comment(Comment { span, own_line }));
    }

    fn unchecked_token(&mut self) -> Token {
        let token = self.lexer.next();
        self.at_line_start = token.kind == Kind::EndOfLine;
        token
    }

    fn token(&mut self) -> Result<Token, Broken> {
        let token = self.unchecked_token();
        self.checked()?;
        // It stands for a byte that was complained about with the token before it.
        if token.kind == Kind::Illegal {
            return Err(Broken);
        }
        Ok(token)
    }

    /// Inside a header Go does not see comments: what is missing there is missed at the line's end.
    fn token_but_comment(&mut self) -> Result<Token, Broken> {
        let token = self.token()?;
        if token.kind == Kind::Comment {
            return self.token();
        }
        Ok(token)
    }

    fn checked(&mut self) -> Result<(), Broken> {
        if self.lexer.found().len() > self.dealt_with {
            return Err(Broken);
        }
        Ok(())
    }

    fn expected(&mut self, problem: Problem, span: Span) -> Broken {
        self.lexer.found().push(Found { problem, span });
        Broken
    }

    /// Something stands before the first header. It is said once.
    fn homeless(&mut self, span: Span) -> Broken {
        self.in_some_section();
        self.expected(Problem::ExpectedSectionHeader, span)
    }

    /// What follows a broken or missing header is in some section, though not in a known one.
    fn in_some_section(&mut self) {
        self.section = Some(Arc::new(Section::plain("")));
    }
}
