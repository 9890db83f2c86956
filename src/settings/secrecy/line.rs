//! What of a source line may be shown.
//!
//! A message about a place shows its line, and the line may hold a password: in a healthy setting,
//! in one whose quotes do not close, in the second line of one, in a comment. So names and structure
//! are shown, and values of settings alone that are known to be harmless. The rules know `Key = value`
//! and `key: value`, not one format, and they work on text that does not parse.

use super::embedded::{self, holds_password};
use super::words::{has_token, names_credential};
use super::{Catalogue, Secrecy, text_exposes};
use crate::gcfg::{Section, SettingName};
use crate::settings::Entry;
use crate::source::SourceFile;

/// What stands in the place of hidden text, whatever its length.
const MASK: &str = "***";

/// How far above a line we look for what it belongs to.
const LOOK_BACK: usize = 200;

/// A line as it may be shown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ShownLine {
    text: String,
    visible: usize,
    hides: bool,
}

impl ShownLine {
    /// The text to show.
    #[must_use]
    pub(crate) fn text(&self) -> &str {
        &self.text
    }

    /// Where a byte of the line stands in the shown text. What is hidden stands at its mask's start.
    #[must_use]
    pub(crate) fn start(&self, byte: usize) -> usize {
        self.boundary(byte.min(self.visible))
    }

    /// The nearest start of a character, at or before a byte of the shown text.
    fn boundary(&self, byte: usize) -> usize {
        (0..=byte.min(self.text.len()))
            .rev()
            .find(|&at| self.text.is_char_boundary(at))
            .unwrap_or(0)
    }

    /// Where a stretch that ends at a byte of the line ends in the shown text. What ends in hidden
    /// text ends with its mask.
    #[must_use]
    pub(crate) fn end(&self, byte: usize) -> usize {
        if self.hides && byte > self.visible {
            self.text.len()
        } else {
            self.boundary(byte)
        }
    }
}

/// A line, counted from 1, without what may be a credential.
#[must_use]
pub(crate) fn shown_line(source: &SourceFile, line: usize) -> ShownLine {
    let text = source.line(line);
    let visible = visible(source, line);
    let hides = !text[visible..].trim().is_empty();
    ShownLine {
        text: if hides {
            format!("{}{MASK}", &text[..visible])
        } else {
            text.to_owned()
        },
        visible: if hides { visible } else { text.len() },
        hides,
    }
}

/// What a line looks like; the offsets are of the line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Shape<'a> {
    Blank,
    /// Its text begins at `text`.
    Comment {
        text: usize,
    },
    /// `[…`; what follows the closing bracket, if there is one, begins at `rest`.
    Header {
        inside: &'a str,
        closed: bool,
        rest: usize,
    },
    /// A name, an equals sign or colon, and a value that begins at `value`.
    Assignment {
        name: &'a str,
        value: usize,
    },
    /// A name, with what is none of these behind it.
    Word {
        name: &'a str,
        rest: usize,
    },
    Other,
}

fn shape(line: &str) -> Shape<'_> {
    let start = indent(line);
    let body = &line[start..];
    if body.is_empty() {
        return Shape::Blank;
    }
    if body.starts_with([';', '#']) {
        let text = body.trim_start_matches([';', '#', ' ', '\t']);
        return Shape::Comment {
            text: line.len() - text.len(),
        };
    }
    if let Some(inside) = body.strip_prefix('[') {
        let parts = inside.split_once(']');
        let (inside, rest) = parts.unwrap_or((inside, ""));
        return Shape::Header {
            inside,
            closed: parts.is_some(),
            rest: line.len() - rest.trim_start().len(),
        };
    }
    // YAML's and JSON's ways to begin.
    let name = body.trim_start_matches(['-', ' ', '"', '\'', '{']);
    let lead = body.len() - name.len();
    let name = &name[..name.find(|c| !is_name(c)).unwrap_or(name.len())];
    let rest = &body[lead + name.len()..];
    let after = rest.trim_start_matches(['"', '\'']).trim_start();
    if name.is_empty() || has_token(name) {
        return Shape::Other;
    }
    match after.strip_prefix(['=', ':']) {
        // Nothing but the end of a Base64 text.
        Some(value) if value.trim_matches(['=', '"']).is_empty() && !value.is_empty() => {
            Shape::Other
        }
        Some(value) => Shape::Assignment {
            name,
            value: line.len() - value.trim_start().len(),
        },
        None if lead > 0 => Shape::Other,
        None => Shape::Word {
            name,
            rest: line.len() - after.len(),
        },
    }
}

/// What the lines above say about a line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Above {
    Harmless,
    /// A credential stands above: a word may be its rest.
    Credential,
    /// A credential begins above, and its end is not seen: anything may be its rest.
    Open,
}

/// How many bytes at the line's start may be shown.
fn visible(source: &SourceFile, line: usize) -> usize {
    let text = source.line(line);
    let above = above(source, line);
    let start = indent(text);
    let section = section(source, line);
    match shape(text) {
        Shape::Blank => text.len(),
        // A comment may say anything.
        Shape::Comment { text } if above == Above::Harmless => text,
        Shape::Header {
            inside,
            closed,
            rest,
        } => {
            let name = inside.trim_start();
            let name = &name[..name.find(|c| !is_name(c)).unwrap_or(name.len())];
            let known = Catalogue::builtin().section(name).is_some();
            let named = inside.trim_start()[name.len()..].trim();
            let plain =
                named.is_empty() || closed && named.starts_with('"') && named.ends_with('"');
            let odd = !plain
                || has_token(inside)
                || exposes(inside)
                || !named.is_empty() && !known && names_credential(name);
            if (odd || above == Above::Open) && !known {
                start + 1
            } else if odd {
                let end = start + 1 + indent(&text[start + 1..]) + name.len();
                end + indent(&text[end..])
            } else {
                rest
            }
        }
        Shape::Assignment { name, value } => match known(section.as_deref(), name) {
            Some(entry) if is_harmless(entry, &text[value..]) => {
                let end = text[value..].find([';', '#']);
                end.map_or(text.len(), |end| value + end)
            }
            None if above == Above::Open => start,
            _ => value,
        },
        Shape::Word { name, rest } => {
            let shown = known(section.as_deref(), name).is_some()
                || section.is_none() && above == Above::Harmless && is_known_anywhere(name);
            if shown { rest } else { start }
        }
        Shape::Comment { .. } | Shape::Other => start,
    }
}

fn above(source: &SourceFile, line: usize) -> Above {
    let mut found = Above::Harmless;
    let mut decided = false;
    for above in (line.saturating_sub(LOOK_BACK).max(1)..line).rev() {
        let text = source.line(above);
        if text.contains("-----END") {
            return found;
        }
        if text.contains("-----BEGIN") {
            return Above::Open;
        }
        if above + 1 == line && text.ends_with('\\') {
            return Above::Open;
        }
        if decided {
            continue;
        }
        match shape(text) {
            Shape::Assignment { name, value } => {
                let entry = known(section(source, above).as_deref(), name);
                let value = &text[value..];
                if is_for_credential(entry, name, value) {
                    found = if is_open(value) {
                        Above::Open
                    } else {
                        Above::Credential
                    };
                    decided = true;
                } else if entry.is_some() {
                    decided = true;
                }
            }
            Shape::Word { name, .. } if names_credential(name) => {
                found = Above::Open;
                decided = true;
            }
            Shape::Header { inside, rest, .. } => {
                if names_credential(inside) && !text[rest..].is_empty() || exposes(inside) {
                    found = Above::Open;
                }
                decided |=
                    Catalogue::builtin().section(inside.trim()).is_some() || found == Above::Open;
            }
            Shape::Comment { text: start } if text_exposes(&text[start..]) => {
                found = Above::Credential;
            }
            _ => {}
        }
    }
    found
}

fn is_for_credential(entry: Option<&Entry>, name: &str, value: &str) -> bool {
    match entry {
        Some(entry) => entry.secrecy != Secrecy::No || exposes(value),
        // The entry of a list of variables says under `name` what its `value` is.
        None => name == "value" || names_credential(name) || text_exposes(value),
    }
}

/// Whether a value may go on in the next line.
fn is_open(value: &str) -> bool {
    let value = value.trim();
    value.is_empty()
        || value.starts_with(['|', '>'])
        || value.ends_with('\\')
        || value.matches('"').count() % 2 == 1
        || value.matches('\'').count() % 2 == 1
}

fn is_harmless(entry: &Entry, value: &str) -> bool {
    entry.secrecy == Secrecy::No && !exposes(value) && !has_token(value)
}

fn exposes(text: &str) -> bool {
    holds_password(text, embedded::TextKind::Prose)
}

/// The name in the nearest header above a line, as it is written between the brackets.
fn section(source: &SourceFile, line: usize) -> Option<String> {
    (line.saturating_sub(LOOK_BACK).max(1)..line)
        .rev()
        .find_map(|above| match shape(source.line(above)) {
            Shape::Header { inside, .. } => Some(inside.to_owned()),
            _ => None,
        })
}

fn known(section: Option<&str>, property: &str) -> Option<&'static Entry> {
    let section: Section = section?.parse().ok()?;
    Catalogue::builtin().lookup(&SettingName::new(section, property))
}

fn is_known_anywhere(property: &str) -> bool {
    Catalogue::builtin()
        .entries()
        .iter()
        .any(|entry| entry.property.eq_ignore_ascii_case(property))
}

fn is_name(c: char) -> bool {
    c.is_alphanumeric() || matches!(c, '-' | '_' | '.')
}

fn indent(line: &str) -> usize {
    line.len() - line.trim_start().len()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The lines of a text as they are shown.
    fn shown(text: &str) -> Vec<String> {
        let source = SourceFile::new("f", text);
        (1..=text.split('\n').count())
            .map(|line| shown_line(&source, line).text().to_owned())
            .collect()
    }

    fn under(header: &str, line: &str) -> String {
        shown(&format!("[{header}]\n{line}")).remove(1)
    }

    #[test]
    fn names_and_structure_are_shown_and_no_value() {
        for (text, expected) in [
            ("Password = abc", "Password = ***"),
            ("Password = \"abc", "Password = ***"),
            ("  BindPassword = a ; b", "  BindPassword = ***"),
            ("pass-word = x", "pass-word = ***"),
            ("DB_PASSWORD: x", "DB_PASSWORD: ***"),
            ("\"Password\" = x", "\"Password\" = ***"),
            ("Whatever = x", "Whatever = ***"),
            ("URL = \"postgres://u:PW", "URL = ***"),
            ("[Postgres] Password = x", "[Postgres] ***"),
            ("[Postgres Password = x", "[Postgres ***"),
            ("[Password=x]", "[Password***"),
            ("[LDAP \"https://a:b@c\"]", "[LDAP ***"),
            ("[LDAP hunter]", "[LDAP ***"),
            ("[LDAP hunter\"]", "[LDAP ***"),
            ("[LDAP \"hunter\"", "[LDAP ***"),
            ("; Password = x", "; ***"),
            ("# anything", "# ***"),
            ("- Password: x", "- Password: ***"),
            ("{\"password\": \"x\"}", "{\"password\": ***"),
            ("  value: x", "  value: ***"),
            ("= hunter", "***"),
            ("\"hunter", "***"),
            ("hunter", "***"),
            ("hunter two", "***"),
            ("a$b = x", "***"),
            ("me:x@db", "me:***"),
            ("x\\y", "***"),
            ("abc==", "***"),
            ("MIIEvQIBADANBgkqhkiG9w0BAQEFAASC", "***"),
            ("", ""),
            ("   ", "   "),
            ("[Server]", "[Server]"),
            (
                "[LDAP \"corp, main\"] ; the main one",
                "[LDAP \"corp, main\"] ***",
            ),
            ("[a.b]", "[a.b]"),
            ("[Vault \"corp\"]", "[Vault \"corp\"]"),
            ("[Tokens]", "[Tokens]"),
            ("[Token \"corp\"]", "[***"),
        ] {
            assert_eq!(shown(text)[0], expected, "{text:?}");
        }
    }

    #[test]
    fn values_of_harmless_settings_are_shown() {
        assert_eq!(under("HTTP", "Listen = \":3939"), "Listen = \":3939");
        assert_eq!(under("http", "listen = :3939 ; x"), "listen = :3939 ***");
        assert_eq!(under("HTTP", "NoWarning"), "NoWarning");
        assert_eq!(under("HTTP", "- NoWarning"), "***");
        assert_eq!(under("Server", "Address https://x"), "Address ***");
        assert_eq!(under("Server", "DataDir = C:\\data"), "DataDir = C:\\data");
        assert_eq!(under("Server", "Address = https://a:b@c"), "Address = ***");
        assert_eq!(under("Postgres", "URL = postgres://u@h/d"), "URL = ***");
        assert_eq!(under("Vault", "Listen = :3939"), "Listen = ***");
    }

    #[test]
    fn what_follows_a_credential_is_hidden() {
        assert_eq!(
            shown("[Postgres]\nPassword =\nhunter\nab = cd\n[x]\n[HTTP]\nListen = x"),
            [
                "[Postgres]",
                "Password = ",
                "***",
                "***",
                "[***",
                "[HTTP]",
                "Listen = x"
            ]
            .map(str::trim_end)
            .map(|line| if line == "Password =" {
                "Password =".to_owned()
            } else {
                line.to_owned()
            })
        );
        assert_eq!(
            shown("Password = a\\\nb = c\nOther = x"),
            ["Password = ***", "***", "***"]
        );
        assert_eq!(shown("Password = x\nno good")[1], "***");
        assert_eq!(shown("Password = x\n; y\nno good")[1..], ["***", "***"]);
        assert_eq!(
            shown("; the password is:\nhunter\n; x")[1..],
            ["***", "***"]
        );
        assert_eq!(
            shown("PrivateKey: |\n  abc\n  d/e=\n")[1..3],
            ["  ***", "  ***"]
        );
        assert_eq!(
            shown("Pem = -----BEGIN\nProc: 4,X\nab = cd\n-----END X")[1..],
            ["***", "***", "***"]
        );
    }

    #[test]
    fn places_follow_the_mask() {
        let source = SourceFile::new("f", "Password = äbc\n[HTTP]\nListen = ä");
        let hidden = shown_line(&source, 1);
        assert_eq!((hidden.start(0), hidden.end(8)), (0, 8));
        assert_eq!((hidden.start(14), hidden.end(15)), (11, 14));
        let open = shown_line(&source, 3);
        assert_eq!(
            (open.start(10), open.end(99)),
            (9, 11),
            "no half characters"
        );
    }
}
