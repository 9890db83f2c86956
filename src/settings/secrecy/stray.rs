//! Words that stand where the rest of a credential may stand.

use super::Catalogue;
use super::embedded::{TextKind, holds_password};
use super::words::has_token;
use crate::diagnostic::{Code, Diagnostic};
use crate::gcfg::{Document, Header, Item, Setting};

/// Lines below a credential that gcfg reads as settings of their own, and that are most likely the
/// credential or its end: somebody broke the line. Their names must not be shown, and nobody could
/// say what the server makes of them.
#[must_use]
pub(crate) fn stray_words(document: &Document) -> Vec<Diagnostic> {
    let catalogue = Catalogue::builtin();
    let mut found = Vec::new();
    let mut credential: Option<&Setting> = None;
    for item in document.items() {
        match item {
            Item::Comment(_) => {}
            Item::Header(header) => {
                credential = None;
                let name = header.section.subsection.as_deref().unwrap_or_default();
                if holds_password(name, TextKind::Unknown) || has_token(name) {
                    found.push(named_by_credential(document, header));
                }
            }
            Item::Setting(setting) => {
                let unknown = catalogue.lookup(&setting.name).is_none();
                match credential {
                    Some(above) if unknown && is_rest(above, setting) => {
                        found.push(diagnostic(document, above, setting));
                    }
                    _ => {
                        let is_one = catalogue.is_for_credential(&setting.name)
                            || setting.text().is_some_and(|text| {
                                catalogue.exposure(&setting.name, text).is_some()
                            });
                        credential = is_one.then_some(setting);
                    }
                }
            }
        }
    }
    found
}

/// Whether an unknown setting may be the rest of the one above: it is a word alone, the end of a
/// Base64 text, or there is nothing above that it could be the rest of but a name.
fn is_rest(above: &Setting, setting: &Setting) -> bool {
    // Base64 ends in equals signs.
    let padding = setting
        .text()
        .is_none_or(|text| text.bytes().all(|b| b == b'=') && !text.is_empty());
    padding || above.text().is_none_or(str::is_empty)
}

fn diagnostic(document: &Document, above: &Setting, setting: &Setting) -> Diagnostic {
    Diagnostic::error(
        Code::WordBelowCredential,
        format!("this may be the rest of {} in line {}", above.name, above.line),
    )
    .at(document.source(), setting.key_span)
    .help("write a credential on the line of its name, behind the equals sign; a setting that is none of it goes under a header of its own")
}

/// A section's name is in every file and table that is made, so nothing secret may be in it.
fn named_by_credential(document: &Document, header: &Header) -> Diagnostic {
    Diagnostic::error(
        Code::CredentialInHeader,
        "the section's name may hold a credential",
    )
    .at(document.source(), header.span)
    .help("give the section a name without one; a credential belongs into a setting")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::gcfg::parse_text;

    fn lines(text: &str) -> Vec<usize> {
        let document = parse_text("f", text).unwrap();
        let found = stray_words(&document);
        assert!(found.iter().all(|d| !d.message.contains("hunter")));
        found
            .iter()
            .filter_map(|d| Some(d.place.as_ref()?.position().line))
            .collect()
    }

    #[test]
    fn a_credential_in_a_header_is_found() {
        let text = "[Foo \"https://u:hunter2@h/x\"]\nA = 1\n[LDAP \"bob:hunter2@h\"]\n[LDAP \"Example AD\"]\n";
        assert_eq!(lines(text), [1, 3]);
    }

    #[test]
    fn words_below_a_credential_are_found() {
        assert_eq!(
            lines("[Postgres]\nPassword =\nhunter2\n; x\nhunter3\n"),
            [3, 5]
        );
        assert_eq!(lines("[SMTP]\nPassword = abc\nhunter2\n"), [3]);
        assert_eq!(lines("[SMTP]\nPassword =\nhunter2Cg==\n"), [3]);
        assert_eq!(lines("[SMTP]\nPassword = abc\nhunter==\n"), [3]);
        assert_eq!(lines("[New]\nApiToken\nhunter = x\n"), [3]);
        assert_eq!(
            lines("[SMTP]\nPassword = abc\nNew = x\n[New]\nFlag\n"),
            [0; 0]
        );
        assert_eq!(
            lines("[Postgres]\nPassword =\nURL = x\n[HTTP]\nNoWarning\n"),
            [0; 0]
        );
    }
}
