//! The comments of the input, and what they are about.

use std::collections::HashMap;
use std::sync::Arc;

use crate::gcfg::{Document, Item, Section, SectionKey, SettingKey};
use crate::settings::Catalogue;

/// The comments of some documents, sorted by what they stand at.
#[derive(Debug, Default)]
pub(super) struct Comments {
    /// Above, or behind, a section's header.
    sections: HashMap<SectionKey, Vec<String>>,
    above: HashMap<SettingKey, Vec<String>>,
    /// Behind a setting, on its line.
    beside: HashMap<SettingKey, Vec<String>>,
    /// At the end of a file.
    last: Vec<String>,
}

/// What the last item was, for a comment behind it.
enum Behind {
    Nothing,
    Section(SectionKey),
    Setting(SettingKey),
}

impl Comments {
    /// Sorts the comments. A comment with a line to itself belongs to what follows it.
    #[must_use]
    pub(super) fn of(documents: &[Document]) -> Self {
        let mut comments = Self::default();
        for document in documents {
            comments.read(document);
        }
        comments
    }

    fn read(&mut self, document: &Document) {
        let source = document.source();
        let mut pending = Vec::new();
        let mut behind = Behind::Nothing;
        let mut section = Arc::new(Section::plain(""));
        for item in document.items() {
            match item {
                Item::Comment(comment) => {
                    let line = source.position(comment.span.start).line;
                    let text = shown(&section, comment.text(source), source.name(), line);
                    match &behind {
                        _ if comment.own_line => pending.push(text),
                        Behind::Nothing => pending.push(text),
                        Behind::Section(key) => {
                            self.sections.entry(key.clone()).or_default().push(text);
                        }
                        Behind::Setting(key) => {
                            self.beside.entry(key.clone()).or_default().push(text);
                        }
                    }
                }
                Item::Header(header) => {
                    section = Arc::clone(&header.section);
                    let key = header.section.key();
                    let slot = self.sections.entry(key.clone()).or_default();
                    slot.append(&mut pending);
                    behind = Behind::Section(key);
                }
                Item::Setting(setting) => {
                    let key = setting.name.key();
                    let slot = self.above.entry(key.clone()).or_default();
                    slot.append(&mut pending);
                    behind = Behind::Setting(key);
                }
            }
        }
        self.last.append(&mut pending);
    }

    /// The comments about a section.
    pub(super) fn section(&self, key: &SectionKey) -> &[String] {
        self.sections.get(key).map_or(&[], Vec::as_slice)
    }

    /// The comments above a setting.
    pub(super) fn above(&self, key: &SettingKey) -> &[String] {
        self.above.get(key).map_or(&[], Vec::as_slice)
    }

    /// The comments behind a setting.
    pub(super) fn beside(&self, key: &SettingKey) -> &[String] {
        self.beside.get(key).map_or(&[], Vec::as_slice)
    }

    /// The comments that nothing follows.
    pub(super) fn last(&self) -> &[String] {
        &self.last
    }
}

/// A comment as it may be shown. People leave old passwords in comments, and a values file is
/// read by more people than a server's configuration.
fn shown(section: &Section, text: &str, file: &str, line: usize) -> String {
    if may_hold_credential(section, text) {
        format!("(a comment that may hold a credential was left out: {file}:{line})")
    } else {
        text.to_owned()
    }
}

/// Whether a comment may say a credential: a setting commented out, a URL with a password, or a
/// note about one. Better one comment too many left out than one too few.
fn may_hold_credential(section: &Section, text: &str) -> bool {
    const WORDS: [&str; 7] = [
        "apikey",
        "credential",
        "passphrase",
        "passwd",
        "password",
        "secret",
        "token",
    ];
    let lower = text.to_ascii_lowercase();
    Catalogue::builtin().comment_exposes(section, text)
        || WORDS.iter().any(|word| lower.contains(word))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn comments_that_may_say_a_credential_are_told() {
        let section = Section::plain("Postgres");
        for text in [
            "Password = hunter2",
            "SigningKey: abc",
            "the old password was hunter2",
            "see postgres://u:hunter2@db/c",
            "API token abcdef",
        ] {
            assert!(may_hold_credential(&section, text), "{text}");
        }
        for text in ["reload every night", "Listen = :3939", ""] {
            assert!(!may_hold_credential(&section, text), "{text}");
        }
    }
}
