//! What a text loses on its way through the chart.
//!
//! The chart writes the configuration as a literal block of a YAML text, so a character that YAML
//! forbids or takes for a line's end cannot pass, however well it was quoted in the values.

/// A text that the chart would not carry unchanged.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NotCarried {
    /// Helm could not read the manifest.
    #[error("the character U+{:04X} may not stand in a manifest", u32::from(*.0))]
    Forbidden(char),
    /// YAML 1.1 ends a line there.
    #[error("the character U+{:04X} would end the line in the manifest", u32::from(*.0))]
    LineEnd(char),
    /// Helm removes these characters from all that a template gave.
    #[error("Helm removes the text `<no value>` from what it renders")]
    NoValue,
}

/// Checks that the chart's manifest brings a text of the configuration file through unchanged.
///
/// `<no value>` can be carried in a gcfg value after all when a pair of quotes breaks it:
/// `"<no "value>`.
///
/// # Errors
/// The first reason why not.
pub fn carried(text: &str) -> Result<(), NotCarried> {
    for c in text.chars() {
        match c {
            '\t' | '\n' => {}
            '\r' | '\u{85}' | '\u{2028}' | '\u{2029}' => return Err(NotCarried::LineEnd(c)),
            // Helm would take a byte order mark, but stricter YAML readers do not.
            '\0'..='\u{1F}' | '\u{7F}'..='\u{9F}' | '\u{FEFF}' | '\u{FFFE}' | '\u{FFFF}' => {
                return Err(NotCarried::Forbidden(c));
            }
            _ => {}
        }
    }
    if text.contains("<no value>") {
        return Err(NotCarried::NoValue);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn characters_that_a_manifest_cannot_hold_are_found() {
        assert_eq!(carried("a\tb\n é 日本 😀 \u{A0}"), Ok(()));
        assert_eq!(carried("a\u{7}"), Err(NotCarried::Forbidden('\u{7}')));
        assert_eq!(carried("a\u{7F}"), Err(NotCarried::Forbidden('\u{7F}')));
        assert_eq!(carried("a\rb"), Err(NotCarried::LineEnd('\r')));
        assert_eq!(carried("a\u{2028}"), Err(NotCarried::LineEnd('\u{2028}')));
        assert_eq!(carried("a <no value> b"), Err(NotCarried::NoValue));
    }
}
