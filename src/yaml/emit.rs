//! Writing keys, strings and comments so that Helm and YAML 1.2 readers read the same.

use std::borrow::Cow;
use std::fmt::Write as _;

use super::scalar;
use crate::character::is_hidden;

/// A string as a quoted scalar on one line.
///
/// Single quotes where nothing needs an escape, double quotes otherwise. Any string can be written:
/// what a YAML text may not hold as it is goes in as an escape that both YAML 1.1 and 1.2 know.
/// Whether the chart's templates carry it on is another question.
#[must_use]
pub fn string(text: &str) -> String {
    let escapes = text.chars().any(needs_escape);
    let readable_in_double_quotes = !text.contains(['"', '\\']);
    if escapes || (text.contains('\'') && readable_in_double_quotes) {
        return double_quoted(text);
    }
    format!("'{}'", text.replace('\'', "''"))
}

/// A key: plain where every reader takes it for text, quoted otherwise.
#[must_use]
pub fn key(text: &str) -> Cow<'_, str> {
    let plain = text.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
        && text
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-' | b'.' | b'/'))
        && scalar::is_text(text);
    if plain {
        Cow::Borrowed(text)
    } else {
        Cow::Owned(string(text))
    }
}

/// A text for people: plain where every reader takes it for text, quoted otherwise.
#[must_use]
pub(super) fn text(text: &str) -> Cow<'_, str> {
    let plain = text.starts_with(|c: char| c.is_ascii_alphabetic())
        && !text.ends_with([' ', ':'])
        && !text.contains(": ")
        && text
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || b" _-./:,;()+=%@&".contains(&b))
        && scalar::is_text(text);
    if plain {
        Cow::Borrowed(text)
    } else {
        Cow::Owned(string(text))
    }
}

/// A text as comment lines, each with its `# `. Line feeds begin a new line; what a YAML text may
/// not hold is shown as an escape.
pub fn comment(text: &str) -> impl Iterator<Item = String> + '_ {
    text.split('\n').map(|line| {
        let mut out = String::with_capacity(line.len() + 2);
        out.push('#');
        for (index, c) in line.trim_end().chars().enumerate() {
            if index == 0 {
                out.push(' ');
            }
            if c == '\t' || !needs_escape(c) {
                out.push(c);
            } else {
                escape(c, &mut out);
            }
        }
        out
    })
}

fn double_quoted(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 2);
    out.push('"');
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            c if needs_escape(c) => escape(c, &mut out),
            c => out.push(c),
        }
    }
    out.push('"');
    out
}

fn escape(c: char, out: &mut String) {
    match c {
        '\n' => out.push_str("\\n"),
        '\t' => out.push_str("\\t"),
        '\r' => out.push_str("\\r"),
        c => {
            let code = u32::from(c);
            let _ = match code {
                0..=0xFF => write!(out, "\\x{code:02X}"),
                0x100..=0xFFFF => write!(out, "\\u{code:04X}"),
                _ => write!(out, "\\U{code:08X}"),
            };
        }
    }
}

/// Whether a character may not stand in a YAML text as it is, ends a line in YAML 1.1, or cannot be
/// seen.
fn needs_escape(c: char) -> bool {
    is_hidden(c) || matches!(c, '\u{FFFE}' | '\u{FFFF}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn strings_are_quoted_as_they_need() {
        for (text, written) in [
            ("", "''"),
            ("INFO", "'INFO'"),
            ("1000000", "'1000000'"),
            ("it's", "\"it's\""),
            ("say \"it's\"", "'say \"it''s\"'"),
            ("C:\\x", "'C:\\x'"),
            ("a\nb\tc\\", "\"a\\nb\\tc\\\\\""),
            ("\0\u{7F}\u{2028}\u{FFFE}", "\"\\x00\\x7F\\u2028\\uFFFE\""),
            ("é 日本 😀", "'é 日本 😀'"),
        ] {
            assert_eq!(string(text), written);
        }
    }

    #[test]
    fn keys_are_plain_only_where_they_are_text_to_every_reader() {
        for plain in ["Listen", "HTTP", "a.b", "helm.sh/resource-policy", "_x"] {
            assert_eq!(key(plain), plain);
        }
        for quoted in [
            "",
            "y",
            "N",
            "on",
            "Off",
            "null",
            "true",
            "1",
            "0x1",
            "1e3",
            "~",
            "<<",
            "=",
            "a b",
            "a:",
            "é",
            "-a",
            "RPackageRepository \"CRAN\"",
            "# a",
        ] {
            assert_eq!(key(quoted), string(quoted), "{quoted}");
        }
    }

    #[test]
    fn comments_stay_comments() {
        let lines: Vec<String> = comment("one \r\n\ntwo\u{85}\u{1}\tthree").collect();
        assert_eq!(lines, ["# one", "#", "# two\\x85\\x01\tthree"]);
    }
}
