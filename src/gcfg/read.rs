//! The way in: bytes to a document, or to diagnostics.

use std::sync::Arc;

use super::document::Document;
use super::parser::parse;
use super::problem::{Found, Problem};
use crate::diagnostic::InvalidInput;
use crate::source::{SourceFile, Span};

/// Reads a gcfg text.
///
/// # Errors
/// Everything that is wrong with the text. The first is the one that Connect itself would stop at;
/// the others follow in the order in which Connect would come upon them.
pub fn parse_text(name: &str, text: &str) -> Result<Document, InvalidInput> {
    parse_bytes(name, text.as_bytes())
}

/// Reads a gcfg file's bytes.
///
/// # Errors
/// As [`parse_text`]; bytes that are not UTF-8 are among what can be wrong.
pub fn parse_bytes(name: &str, bytes: &[u8]) -> Result<Document, InvalidInput> {
    let bytes = bytes.strip_prefix("\u{feff}".as_bytes()).unwrap_or(bytes);
    let (text, unreadable) = readable(bytes);
    let source = Arc::new(SourceFile::new(name, text));
    let (items, mut found) = parse(&source, &unreadable);
    if found.is_empty() {
        return Ok(Document::new(source, items));
    }
    if looks_like_utf16(bytes)
        && let Some(first) = found.iter().position(|f| f.problem.is_unreadable())
    {
        found.truncate(first + 1);
    }
    Err(InvalidInput(
        found
            .into_iter()
            .map(|found| found.diagnostic(&source))
            .collect(),
    ))
}

/// The text with a question mark in the place of each byte that may not be there, so that every offset
/// stays and the rest can still be checked. Of the unreadable places in a line the first is named.
fn readable(bytes: &[u8]) -> (String, Vec<Found>) {
    const STAND_IN: u8 = b'?';
    let mut readable = bytes.to_vec();
    let mut found: Vec<Found> = Vec::new();
    // Behind the line feed that ends the line of the last problem.
    let mut named_up_to = 0;
    let mut name = |problem, start: usize, end| {
        if start >= named_up_to {
            found.push(Found {
                problem,
                span: Span::new(start, end),
            });
            named_up_to =
                memchr::memchr(b'\n', &bytes[start..]).map_or(bytes.len(), |at| start + at + 1);
        }
    };
    let mut offset = 0;
    for chunk in bytes.utf8_chunks() {
        let valid = chunk.valid();
        for at in memchr::memchr_iter(0, valid.as_bytes()) {
            let at = offset + at;
            readable[at] = STAND_IN;
            name(Problem::Nul, at, at + 1);
        }
        offset += valid.len();
        let invalid = chunk.invalid().len();
        if invalid > 0 {
            readable[offset..offset + invalid].fill(STAND_IN);
            name(Problem::NotUtf8, offset, offset + invalid);
            offset += invalid;
        }
    }
    (String::from_utf8_lossy(&readable).into_owned(), found)
}

/// Whether a text was saved as UTF-16: then one message is enough, instead of one per line.
fn looks_like_utf16(bytes: &[u8]) -> bool {
    let marked = bytes.starts_with(b"\xff\xfe") || bytes.starts_with(b"\xfe\xff");
    marked || memchr::memchr_iter(0, bytes).count() > bytes.len() / 4
}

#[cfg(test)]
mod tests;
