//! The way in: bytes to a document, or to diagnostics.

use std::sync::Arc;

use super::document::Document;
use super::lexer::LexError;
use super::parser::{Problem, parse};
use crate::diagnostic::{Code, Diagnostic, InvalidInput};
use crate::source::{SourceFile, Span};

/// Reads a gcfg text.
///
/// # Errors
/// Everything that is wrong with the text, in file order. The first is the one that Connect itself
/// would stop at.
pub fn parse_text(name: &str, text: &str) -> Result<Document, InvalidInput> {
    parse_bytes(name, text.as_bytes())
}

/// Reads a gcfg file's bytes.
///
/// # Errors
/// As [`parse_text`]; bytes that are not UTF-8 are among what can be wrong.
pub fn parse_bytes(name: &str, bytes: &[u8]) -> Result<Document, InvalidInput> {
    let bytes = bytes.strip_prefix("\u{feff}".as_bytes()).unwrap_or(bytes);
    let (text, mut errors) = readable(bytes);
    let source = Arc::new(SourceFile::new(name, text));
    let (items, parse_errors) = parse(&source);
    if errors.is_empty() && parse_errors.is_empty() {
        return Ok(Document::new(source, items));
    }
    errors.extend(parse_errors);
    errors.sort_by_key(|error| error.span.start);
    Err(InvalidInput(
        errors
            .into_iter()
            .map(|error| diagnostic(&source, error))
            .collect(),
    ))
}

/// The text with a letter in the place of each byte that may not be there, so that every offset
/// stays and the rest can still be checked.
fn readable(bytes: &[u8]) -> (String, Vec<LexError>) {
    const STAND_IN: u8 = b'x';
    let mut readable = bytes.to_vec();
    let mut errors = Vec::new();
    let mut offset = 0;
    for chunk in bytes.utf8_chunks() {
        let valid = chunk.valid();
        for at in memchr::memchr_iter(0, valid.as_bytes()) {
            let at = offset + at;
            readable[at] = STAND_IN;
            errors.push(LexError {
                problem: Problem::Nul,
                span: Span::new(at, at + 1),
            });
        }
        offset += valid.len();
        let invalid = chunk.invalid().len();
        if invalid > 0 {
            readable[offset..offset + invalid].fill(STAND_IN);
            errors.push(LexError {
                problem: Problem::NotUtf8,
                span: Span::new(offset, offset + invalid),
            });
            offset += invalid;
        }
    }
    (String::from_utf8_lossy(&readable).into_owned(), errors)
}

fn diagnostic(source: &Arc<SourceFile>, error: LexError) -> Diagnostic {
    let (code, message, help) = describe(error.problem);
    Diagnostic::error(code, message)
        .at(source, error.span)
        .help(help)
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
                format!(
                    "illegal character {} U+{:04X}",
                    c.escape_debug(),
                    u32::from(c)
                ),
                "a name begins with a letter and goes on with letters, digits and -",
            );
        }
        Problem::StringNotTerminated => (
            Code::GcfgStringNotTerminated,
            "the quoted text is not closed",
            "close it with \" on the same line; a line feed inside quotes is written \\n",
        ),
        Problem::UnknownEscape(c) => {
            return (
                Code::GcfgUnknownEscape,
                format!("unknown escape sequence \\{}", c.escape_debug()),
                "inside quotes only \\\\, \\\", \\n and \\t are escapes; write a backslash as \\\\",
            );
        }
        Problem::UnknownNameEscape(c) => {
            return (
                Code::GcfgUnknownEscape,
                format!("unknown escape sequence \\{}", c.escape_debug()),
                "in a subsection's name only \\\\ and \\\" are escapes; write a backslash as \\\\",
            );
        }
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
