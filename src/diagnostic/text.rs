//! Files that are to be text.

use std::path::Path;
use std::sync::Arc;

use anyhow::Context as _;

use super::{Code, Diagnostic, InvalidInput};
use crate::source::{SourceFile, Span};

/// The text of an input that messages call `name`.
///
/// # Errors
/// It holds bytes that are not UTF-8.
pub(crate) fn text(name: &str, bytes: Vec<u8>) -> Result<String, InvalidInput> {
    String::from_utf8(bytes).map_err(|error| {
        let valid = error.utf8_error().valid_up_to();
        let before = String::from_utf8_lossy(&error.as_bytes()[..valid]).into_owned();
        let source = Arc::new(SourceFile::new(name, before));
        Diagnostic::error(Code::NotUtf8, "bytes that are not UTF-8")
            .at(&source, Span::new(valid, valid))
            .help("give a text file; save it as UTF-8, e.g. with iconv -f latin1 -t utf-8")
            .into()
    })
}

/// Reads a text file.
///
/// # Errors
/// It cannot be read, or as [`text`].
pub(crate) fn read_text(path: &Path) -> anyhow::Result<String> {
    let name = path.display().to_string();
    let bytes = std::fs::read(path).with_context(|| format!("cannot read {name}"))?;
    Ok(text(&name, bytes)?)
}
