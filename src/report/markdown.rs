//! Foreign text in Markdown.

use std::fmt;

/// Escapes what would be markup. Templates that end in `.md` use it for every text.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Markdown;

impl askama::filters::Escaper for Markdown {
    fn write_escaped_str<W: fmt::Write>(&self, mut dest: W, text: &str) -> fmt::Result {
        for c in text.chars() {
            match c {
                '\\' | '`' | '*' | '_' | '{' | '}' | '[' | ']' | '(' | ')' | '#' | '|' | '~' => {
                    dest.write_char('\\')?;
                    dest.write_char(c)?;
                }
                // HTML in Markdown is HTML.
                '<' => dest.write_str("&lt;")?,
                '>' => dest.write_str("&gt;")?,
                '&' => dest.write_str("&amp;")?,
                '\n' | '\r' => dest.write_char(' ')?,
                _ => dest.write_char(c)?,
            }
        }
        Ok(())
    }
}
