//! What can be wrong with a gcfg text, and what we say about it.

use std::sync::Arc;

use crate::diagnostic::{Code, Diagnostic};
use crate::output::is_hidden;
use crate::source::{SourceFile, Span};

/// What can be wrong at a place of a gcfg text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Problem {
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
    UnknownEscape,
    /// In a subsection's name, where fewer escapes exist.
    UnknownNameEscape,
    BareBackslash,
    Nul,
    NotUtf8,
}

impl Problem {
    /// Whether it is about bytes that may stand nowhere.
    pub(super) fn is_unreadable(self) -> bool {
        matches!(self, Self::Nul | Self::NotUtf8)
    }
}

/// A problem and its place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Found {
    pub problem: Problem,
    pub span: Span,
}

impl Found {
    /// The problem as it is told to the user.
    pub(super) fn diagnostic(self, source: &Arc<SourceFile>) -> Diagnostic {
        let (code, message, help) = describe(self.problem);
        Diagnostic::error(code, message)
            .at(source, self.span)
            .help(help)
    }
}

fn describe(problem: Problem) -> (Code, String, &'static str) {
    let (code, message, help) = match problem {
        Problem::ExpectedSectionHeader => (
            Code::GcfgExpectedSectionHeader,
            "expected a section header",
            "put a header such as [Server] above the first setting",
        ),
        Problem::ExpectedSectionName => (
            Code::GcfgExpectedSectionName,
            "expected a section name",
            "a header reads [Name] or [Name \"subsection\"]; the name begins with a letter",
        ),
        Problem::EmptySubsection => (
            Code::GcfgEmptySubsection,
            "the subsection name is empty",
            "write a name between the quotes, or leave the quotes out",
        ),
        Problem::ExpectedSubsectionOrRightBracket => (
            Code::GcfgExpectedRightBracket,
            "expected a subsection name or a right bracket",
            "a header reads [Name] or [Name \"subsection\"], all on one line",
        ),
        Problem::ExpectedRightBracket => (
            Code::GcfgExpectedRightBracket,
            "expected a right bracket",
            "close the header with ] behind the subsection's name",
        ),
        Problem::ExpectedLineEnd => (
            Code::GcfgExpectedLineEnd,
            "expected the line's end or a comment",
            "put the setting on a line of its own",
        ),
        Problem::ExpectedEquals => (
            Code::GcfgExpectedEquals,
            "expected '='",
            "a setting reads Key = value; nothing else may stand behind the key",
        ),
        Problem::ExpectedSetting => (
            Code::GcfgExpectedSetting,
            "expected a section header or a setting",
            "begin the line with [ for a header, a letter for a setting, or ; for a comment",
        ),
        Problem::IllegalCharacter(c) => {
            return (
                Code::GcfgIllegalCharacter,
                illegal_character(c),
                "a name begins with a letter and goes on with letters, digits and -",
            );
        }
        Problem::StringNotTerminated => (
            Code::GcfgStringNotTerminated,
            "the quoted text is not closed",
            "close it with \" on the same line; a line feed inside quotes is written \\n",
        ),
        Problem::UnknownEscape => (
            Code::GcfgUnknownEscape,
            "unknown escape sequence",
            "inside quotes only \\\\, \\\", \\n and \\t are escapes; write a backslash as \\\\",
        ),
        Problem::UnknownNameEscape => (
            Code::GcfgUnknownEscape,
            "unknown escape sequence",
            "in a subsection's name only \\\\ and \\\" are escapes; write a backslash as \\\\",
        ),
        Problem::BareBackslash => (
            Code::GcfgBareBackslash,
            "a backslash outside quotes",
            "put the value in double quotes and write each backslash twice, as in \"C:\\\\data\"",
        ),
        Problem::Nul => (
            Code::GcfgNul,
            "a NUL byte",
            "remove it; the file may have been saved as UTF-16: save it as UTF-8",
        ),
        Problem::NotUtf8 => (
            Code::GcfgNotUtf8,
            "bytes that are not UTF-8",
            "save the file as UTF-8, e.g. with iconv -f latin1 -t utf-8",
        ),
    };
    (code, message.to_owned(), help)
}

/// Names the character where that helps: it cannot be seen, or people take it for a legal one. Any
/// other may be part of a password that stands where it should not.
fn illegal_character(c: char) -> String {
    let telling = matches!(c, '_' | '.' | ':')
        || c.is_whitespace()
        || is_hidden(c)
        || !c.is_alphanumeric() && !c.is_ascii();
    if telling {
        format!(
            "illegal character {} U+{:04X}",
            c.escape_debug(),
            u32::from(c)
        )
    } else {
        "illegal character".to_owned()
    }
}
