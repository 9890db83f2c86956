//! Writing scalars.

use std::fmt::Write as _;

use crate::output::is_hidden;

/// A double-quoted scalar that YAML and JSON both read, on one line.
pub(super) fn double(text: &str) -> String {
    format!("\"{}\"", escape(text))
}

/// What stands between the quotes of a double-quoted scalar.
pub(super) fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            c if !is_plain(c) => {
                let mut units = [0; 2];
                for unit in c.encode_utf16(&mut units) {
                    // Writing to a string cannot fail.
                    let _ = write!(out, "\\u{unit:04x}");
                }
            }
            c => out.push(c),
        }
    }
    out
}

/// A value for a block mapping: single quotes where they will do, as they leave JSON readable.
pub(super) fn value(text: &str) -> String {
    let bare = text.starts_with(|c: char| c.is_ascii_alphabetic())
        && text.chars().all(|c| c.is_ascii_alphanumeric() || c == '-')
        && text.contains('-');
    if bare {
        text.to_owned()
    } else if text.chars().all(is_plain) {
        format!("'{}'", text.replace('\'', "''"))
    } else {
        double(text)
    }
}

/// A key for a block mapping. Ours are plain words with a slash.
pub(super) fn key(text: &str) -> String {
    let bare = text.starts_with(|c: char| c.is_ascii_alphabetic())
        && text
            .chars()
            .all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '/' | '.'));
    if bare && text.contains(['-', '/']) || is_field(text) {
        text.to_owned()
    } else {
        double(text)
    }
}

/// The fields of an object that we may have to add.
fn is_field(text: &str) -> bool {
    matches!(text, "labels" | "annotations" | "metadata")
}

/// Characters that may stand in a quoted scalar as they are.
fn is_plain(c: char) -> bool {
    !(is_hidden(c) || matches!(c, '\u{fffe}' | '\u{ffff}'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_bare_where_no_reader_takes_it_for_anything_else() {
        for bare in ["labels", "app.kubernetes.io/name", "connect-migrate/by"] {
            assert_eq!(key(bare), bare);
        }
        for quoted in ["no", "on", "null", "1-2", "a b-c", "a/b: c", "-a"] {
            assert_eq!(key(quoted), format!("\"{quoted}\""));
        }
    }
}
