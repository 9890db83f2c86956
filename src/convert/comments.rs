//! The comments of the input, and what they are about.
//!
//! People leave old passwords in comments, and a values file is read by more people than a server's
//! configuration: what stands beside, above or below a credential is left out, and so is what speaks
//! of one.

use std::collections::HashMap;

use crate::gcfg::{Comment, Document, Item, SectionKey, Setting, SettingKey};
use crate::settings::Catalogue;
use crate::settings::secrecy::text_exposes;
use crate::source::SourceFile;

use super::substitution::Substitution;

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

impl Comments {
    /// Sorts the comments. A comment with a line to itself belongs to what follows it.
    #[must_use]
    pub(super) fn of(documents: &[Document], instead: &Substitution) -> Self {
        let mut comments = Self::default();
        for document in documents {
            comments.read(document, instead);
        }
        comments
    }

    fn read(&mut self, document: &Document, instead: &Substitution) {
        let source = document.source();
        let items = document.items();
        let mut pending = Vec::new();
        let mut before: Option<&Item> = None;
        let mut setting: Option<&Setting> = None;
        let mut next = document.settings().peekable();
        for run in items.chunk_by(|one, other| is_comment(one) && is_comment(other)) {
            match &run[0] {
                Item::Comment(_) => {
                    let run: Vec<&Comment> = run.iter().filter_map(comment).collect();
                    let mut around = || [setting, next.peek().copied()].into_iter().flatten();
                    let exposes = around().any(is_credential)
                        || setting.is_some_and(|setting| is_tail(setting, run[0]))
                        || run.iter().any(|comment| text_exposes(comment.text(source)));
                    let unspoken = |comment: &&Comment| instead.is_unspoken(comment.text(source));
                    let own = usize::from(!run[0].own_line);
                    let (beside, own) = run.split_at(own);
                    // What speaks of a setting that says something else now would be wrong.
                    let outdated = |at: Option<&Setting>| {
                        at.is_some_and(|setting| instead.of(&setting.name).is_some())
                    };
                    let hidden = if exposes {
                        Some(EXPOSING)
                    } else if run.iter().any(unspoken)
                        || !beside.is_empty() && outdated(setting)
                        || !own.is_empty() && outdated(next.peek().copied())
                    {
                        Some(OUTDATED)
                    } else {
                        None
                    };
                    let slot = match before {
                        Some(Item::Header(header)) => {
                            self.sections.entry(header.section.key()).or_default()
                        }
                        Some(Item::Setting(setting)) => {
                            self.beside.entry(setting.name.key()).or_default()
                        }
                        _ => &mut pending,
                    };
                    say(slot, beside, source, hidden);
                    say(&mut pending, own, source, hidden);
                }
                Item::Header(header) => {
                    let slot = self.sections.entry(header.section.key()).or_default();
                    slot.append(&mut pending);
                }
                Item::Setting(this) => {
                    let slot = self.above.entry(this.name.key()).or_default();
                    slot.append(&mut pending);
                    setting = next.next();
                }
            }
            before = run.last();
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

fn comment(item: &Item) -> Option<&Comment> {
    match item {
        Item::Comment(comment) => Some(comment),
        _ => None,
    }
}

fn is_comment(item: &Item) -> bool {
    comment(item).is_some()
}

fn is_credential(setting: &Setting) -> bool {
    let catalogue = Catalogue::builtin();
    catalogue.is_for_credential(&setting.name)
        || setting
            .text()
            .is_some_and(|text| catalogue.exposure(&setting.name, text).is_some())
}

/// Whether a comment begins right behind a value: it may be the end of one that should have been in
/// quotes.
fn is_tail(setting: &Setting, comment: &Comment) -> bool {
    !comment.own_line
        && setting
            .value
            .as_ref()
            .is_some_and(|value| value.span.end == comment.span.start)
}

/// What is left out, one comment and several.
const EXPOSING: [&str; 2] = [
    "a comment that may hold a credential",
    "comments that may hold a credential",
];
const OUTDATED: [&str; 2] = [
    "a comment about what is said otherwise here",
    "comments about what is said otherwise here",
];

/// Adds comments, or that they were left out.
fn say(
    slot: &mut Vec<String>,
    comments: &[&Comment],
    source: &SourceFile,
    hidden: Option<[&str; 2]>,
) {
    let [first, .., last] = comments else {
        if let [one] = comments {
            let line = source.position(one.span.start).line;
            slot.push(match hidden {
                Some([what, _]) => format!("({what} was left out: {}:{line})", source.name()),
                None => one.text(source).to_owned(),
            });
        }
        return;
    };
    if let Some([_, what]) = hidden {
        let line = |comment: &Comment| source.position(comment.span.start).line;
        slot.push(format!(
            "({what} were left out: {}:{}-{})",
            source.name(),
            line(first),
            line(last)
        ));
    } else {
        slot.extend(
            comments
                .iter()
                .map(|comment| comment.text(source).to_owned()),
        );
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::gcfg::parse_text;

    /// Every comment that is kept, with what is said about those that are not.
    fn kept(text: &str) -> Vec<String> {
        let document = parse_text("f", text).unwrap();
        let comments = Comments::of(&[document], &Substitution::default());
        let maps = [comments.above.values(), comments.beside.values()];
        let mut kept: Vec<String> = maps
            .into_iter()
            .flatten()
            .chain(comments.sections.values())
            .flatten()
            .chain(&comments.last)
            .cloned()
            .collect();
        kept.sort();
        kept
    }

    #[test]
    fn comments_at_credentials_are_left_out() {
        for text in [
            "[Postgres]\nPassword = abc#HUNTER\n",
            "[Postgres]\nPassword = x ; HUNTER\n",
            "[Postgres]\nPassword = ; HUNTER\n",
            "[Postgres]\nPassword = x\n\n; HUNTER\n",
            "[Postgres]\n; HUNTER\nPassword = x\n",
            "; HUNTER\n[Postgres]\nPassword = x\n",
            "[Postgres] ; HUNTER\nPassword = x\n",
            "[Postgres]\nPassword = x\n; HUNTER\n[HTTP]\nListen = x\n",
            "[HTTP]\nListen = x\n; the password is:\n\n; HUNTER\n\nNoWarning\n",
            "[HTTP]\nListen = x ; the password is:\n; HUNTER\n\nNoWarning\n",
            "[New]\nURL = http://u:1234#HUNTER@h/db\n",
            "[New]\nThing = a;HUNTER\n",
            "[New]\nBindPass =\n# HUNTER\n",
            "[New]\nThing = x # AKIA5555HUNTER666677\n",
        ] {
            let kept = kept(text);
            assert!(
                !kept.iter().any(|line| line.contains("HUNTER")),
                "{text}: {kept:?}"
            );
            assert!(
                kept.iter().any(|line| line.contains("left out: f:")),
                "{text}"
            );
        }
    }

    #[test]
    fn other_comments_stay_where_they_were() {
        let text = "; one\n[HTTP] ; two\n; three\nListen = :1 ; four\nNoWarning\n[Postgres]\nPassword = x\n[HTTP]\nForceSecure\n; five\n";
        assert_eq!(kept(text), ["five", "four", "one", "three", "two"]);
        let two = kept("[Postgres]\nPassword = x\n; one\n; two\n");
        assert_eq!(
            two,
            ["(comments that may hold a credential were left out: f:3-4)"]
        );
    }
}
