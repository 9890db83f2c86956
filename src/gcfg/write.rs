//! Writing values and headers so that gcfg reads back what was meant.

use std::borrow::Cow;

use super::lexer::{is_digit, is_letter};
use super::name::Section;

/// What no gcfg file can say.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Unwritable {
    /// gcfg removes every carriage return from a value, and has no escape for it.
    #[error("a carriage return cannot be written in gcfg: the reader removes it")]
    CarriageReturn,
    /// A NUL byte is an error wherever it stands.
    #[error("a NUL character cannot be written in gcfg")]
    Nul,
    /// A section's name or a key with characters that none may have.
    #[error("a name in gcfg begins with a letter and goes on with letters, digits and '-'")]
    Name,
    /// A subsection without a name, or with a line feed in it, for which there is no escape there.
    #[error("a subsection's name in gcfg is not empty and stands on one line")]
    Subsection,
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

/// A section's header, brackets included, so that gcfg reads the section back.
///
/// # Errors
/// The name or the subsection has no written form.
pub fn header(section: &Section) -> Result<String, Unwritable> {
    let name = name(&section.name)?;
    Ok(match section.subsection.as_deref() {
        None => format!("[{name}]"),
        Some("") => return Err(Unwritable::Subsection),
        Some(named) if named.contains('\n') => return Err(Unwritable::Subsection),
        Some(named) if named.contains('\0') => return Err(Unwritable::Nul),
        Some(named) => format!("[{name} {}]", subsection(named)),
    })
}

/// The name of a section or a key, which is written as it is.
///
/// # Errors
/// It is empty, or has characters that no name may have.
pub fn name(name: &str) -> Result<&str, Unwritable> {
    let mut characters = name.chars();
    if characters.next().is_some_and(is_letter)
        && characters.all(|c| is_letter(c) || is_digit(c) || c == '-')
    {
        Ok(name)
    } else {
        Err(Unwritable::Name)
    }
}

/// A subsection's name in its quotes, for text that has a written form ([`header`] checks). Only `"` and `\` have an escape there.
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

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::gcfg::{Item, parse_text};

    #[test]
    fn values_are_quoted_only_where_they_must_be() {
        for (text, written) in [
            ("", r#""""#),
            ("a b", "a b"),
            ("a\tb", "a\tb"),
            (" a", r#"" a""#),
            ("a\t", r#""a\t""#),
            ("a;b", r#""a;b""#),
            ("#", r##""#""##),
            (r"C:\x", r#""C:\\x""#),
            ("say \"x\"", r#""say \"x\"""#),
            ("a\nb", r#""a\nb""#),
            ("[a] = {b}", "[a] = {b}"),
            ("\u{a0}", "\u{a0}"),
        ] {
            assert_eq!(value(text).unwrap(), written);
        }
        assert_eq!(value("a\rb"), Err(Unwritable::CarriageReturn));
        assert_eq!(value("a\0b"), Err(Unwritable::Nul));
    }

    #[test]
    fn what_no_header_can_say_is_refused() {
        assert_eq!(header(&Section::plain("a b")), Err(Unwritable::Name));
        assert_eq!(header(&Section::plain("")), Err(Unwritable::Name));
        assert_eq!(header(&Section::plain("a_b")), Err(Unwritable::Name));
        assert_eq!(
            header(&Section::named("a", "")),
            Err(Unwritable::Subsection)
        );
        assert_eq!(
            header(&Section::named("a", "x\ny")),
            Err(Unwritable::Subsection)
        );
        assert_eq!(header(&Section::named("a", "\0")), Err(Unwritable::Nul));
        assert_eq!(name("9a"), Err(Unwritable::Name));
    }

    proptest! {
        #[test]
        fn a_written_value_reads_back(text in "([ \t\n;#\"\\\\='a\u{a0}\u{feff}]|[^\r\0]){0,12}") {
            let file = format!("[s]\nk = {} ; comment\nj = 1\n", value(&text).unwrap());
            let document = parse_text("f", &file).unwrap();
            let settings: Vec<_> = document.settings().collect();
            prop_assert_eq!(settings.len(), 2);
            prop_assert_eq!(settings[0].text(), Some(text.as_str()));
        }

        #[test]
        fn a_written_header_reads_back(
            name in "[a-zA-Zäſλ][a-z0-9-]{0,5}",
            subsection in prop::option::of("([ \\\\\"\\];#]|[^\n\0]){1,8}"),
        ) {
            let section = Section { name, subsection };
            let document = parse_text("f", &header(&section).unwrap()).unwrap();
            let [Item::Header(read)] = document.items() else {
                panic!("one header, not {:?}", document.items());
            };
            prop_assert_eq!(&*read.section, &section);
        }
    }
}
