//! Writing values and headers so that gcfg reads back what was meant.

use std::borrow::Cow;

/// What no gcfg file can say.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Unwritable {
    /// gcfg removes every carriage return from a value, and has no escape for it.
    #[error("a carriage return cannot be written in gcfg: the reader removes it")]
    CarriageReturn,
    /// A NUL byte is an error wherever it stands.
    #[error("a NUL character cannot be written in gcfg")]
    Nul,
}

/// The text to put behind `Key = ` so that gcfg reads `value` back.
///
/// Bare where gcfg reads it bare, otherwise in double quotes; the empty value is `""`, which
/// survives tools that drop a trailing blank.
///
/// # Errors
/// A value with a carriage return or a NUL has no written form.
pub fn value(value: &str) -> Result<Cow<'_, str>, Unwritable> {
    if value.contains('\r') {
        return Err(Unwritable::CarriageReturn);
    }
    if value.contains('\0') {
        return Err(Unwritable::Nul);
    }
    let blank = |c: char| c == ' ' || c == '\t';
    let bare = !value.is_empty()
        && !value.contains([';', '#', '"', '\\', '\n'])
        && !value.starts_with(blank)
        && !value.ends_with(blank);
    Ok(if bare {
        Cow::Borrowed(value)
    } else {
        Cow::Owned(quoted(value))
    })
}

/// A subsection's name in its quotes. Only `"` and `\` have an escape there.
#[must_use]
pub fn subsection(name: &str) -> String {
    format!("\"{}\"", name.replace('\\', "\\\\").replace('"', "\\\""))
}

fn quoted(value: &str) -> String {
    let mut out = String::with_capacity(value.len() + 2);
    out.push('"');
    for c in value.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\t' => out.push_str("\\t"),
            other => out.push(other),
        }
    }
    out.push('"');
    out
}
