//! What we have to say about a user's input: a stable code, a place and a remedy.

mod code;
mod text;

use std::fmt;
use std::sync::Arc;

pub use code::Code;
pub(crate) use text::{read_text, text};

use crate::source::{Position, SourceFile, Span};

/// A place in a source text.
#[derive(Debug, Clone)]
pub struct Place {
    pub source: Arc<SourceFile>,
    pub span: Span,
}

impl Place {
    /// Line and column of the place's start.
    #[must_use]
    pub fn position(&self) -> Position {
        self.source.position(self.span.start)
    }
}

/// One finding about an input.
#[derive(Debug, Clone)]
pub struct Diagnostic {
    /// Which kind of finding; docs/diagnostics.md has an entry for each.
    pub code: Code,
    /// What is the matter, in one sentence without a full stop.
    pub message: String,
    /// Where, when it is about a place in a text.
    pub place: Option<Place>,
    /// What to do about it.
    pub help: Option<String>,
}

impl Diagnostic {
    /// An error without place and help yet.
    #[must_use]
    pub fn error(code: Code, message: impl Into<String>) -> Self {
        Self {
            code,
            message: message.into(),
            place: None,
            help: None,
        }
    }

    #[must_use]
    pub fn at(mut self, source: &Arc<SourceFile>, span: Span) -> Self {
        self.place = Some(Place {
            source: Arc::clone(source),
            span,
        });
        self
    }

    /// Says what to do.
    #[must_use]
    pub fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }
}

impl fmt::Display for Diagnostic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(place) = &self.place {
            write!(f, "{}:{}: ", place.source.name(), place.position())?;
        }
        write!(f, "{} [{}]", self.message, self.code)
    }
}

/// Input that cannot be worked with: at least one error. The command ends with exit code 3.
#[derive(Debug, Clone)]
pub struct InvalidInput(pub Vec<Diagnostic>);

impl From<Diagnostic> for InvalidInput {
    fn from(diagnostic: Diagnostic) -> Self {
        Self(vec![diagnostic])
    }
}

impl fmt::Display for InvalidInput {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (shown, more) = self.shown();
        for (index, diagnostic) in shown.iter().enumerate() {
            if index > 0 {
                f.write_str("\n")?;
            }
            write!(f, "{diagnostic}")?;
        }
        if more > 0 {
            write!(f, "\nand {more} more")?;
        }
        Ok(())
    }
}

impl InvalidInput {
    /// The first errors, and how many more there are: what is no such file at all is wrong in every
    /// line.
    #[must_use]
    pub(crate) fn shown(&self) -> (&[Diagnostic], usize) {
        const SHOWN: usize = 20;
        let shown = &self.0[..self.0.len().min(SHOWN)];
        (shown, self.0.len() - shown.len())
    }
}

impl std::error::Error for InvalidInput {}

/// A command line that cannot be meant, or does not suffice. The command ends with exit code 2.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct WrongUsage(pub String);
