//! What a program gets from one or more documents that it reads one after another.
//!
//! Sections of one name add up, whatever their spelling, within a document and across documents;
//! of a plain setting the last value stays, a repeatable one gathers them.

use std::collections::HashMap;
use std::sync::Arc;

use super::document::{Document, Header, Item, Setting};
use super::name::{Section, SectionKey, SettingKey, SettingName, fold};

/// The sections and settings of some documents, in the order in which they first appear.
#[derive(Debug, Clone, Default)]
pub struct Configuration<'a> {
    sections: Vec<EffectiveSection<'a>>,
    section_index: HashMap<SectionKey, usize>,
    /// By section and folded property.
    setting_index: Vec<HashMap<String, usize>>,
}

/// A section: everything under headers of its name.
#[derive(Debug, Clone)]
pub struct EffectiveSection<'a> {
    key: SectionKey,
    headers: Vec<Occurrence<'a, Header>>,
    settings: Vec<EffectiveSetting<'a>>,
}

/// A setting: everything that is said about it.
#[derive(Debug, Clone)]
pub struct EffectiveSetting<'a> {
    key: SettingKey,
    occurrences: Vec<Occurrence<'a, Setting>>,
}

/// One place in one of the documents.
#[derive(Debug)]
pub struct Occurrence<'a, T> {
    /// Which of the documents, from 0.
    pub document: usize,
    pub item: &'a T,
}

impl<T> Clone for Occurrence<'_, T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T> Copy for Occurrence<'_, T> {}

impl<'a> Configuration<'a> {
    /// Adds documents up, in the order in which the program reads them.
    #[must_use]
    pub fn of(documents: &[&'a Document]) -> Self {
        let mut configuration = Self::default();
        for (index, document) in documents.iter().enumerate() {
            configuration.read(index, document);
        }
        configuration
    }

    fn read(&mut self, document: usize, read: &'a Document) {
        // The header that the settings stand under, and its section's index.
        let mut current: Option<(&Arc<Section>, usize)> = None;
        for item in read.items() {
            match item {
                Item::Header(header) => {
                    let at = self.section_at(&header.section);
                    self.sections[at].headers.push(Occurrence {
                        document,
                        item: header,
                    });
                    current = Some((&header.section, at));
                }
                Item::Setting(setting) => {
                    let section = &setting.name.section;
                    let at = match current {
                        Some((header, at)) if Arc::ptr_eq(header, section) => at,
                        _ => self.section_at(section),
                    };
                    self.add(at, document, setting);
                }
                Item::Comment(_) => {}
            }
        }
    }

    fn section_at(&mut self, section: &Section) -> usize {
        let key = section.key();
        if let Some(&at) = self.section_index.get(&key) {
            return at;
        }
        let at = self.sections.len();
        self.sections.push(EffectiveSection {
            key: key.clone(),
            headers: Vec::new(),
            settings: Vec::new(),
        });
        self.section_index.insert(key, at);
        self.setting_index.push(HashMap::new());
        at
    }

    fn add(&mut self, section: usize, document: usize, setting: &'a Setting) {
        let index = &mut self.setting_index[section];
        let settings = &mut self.sections[section].settings;
        let at = *index
            .entry(fold(&setting.name.property))
            .or_insert_with(|| {
                settings.push(EffectiveSetting {
                    key: setting.name.key(),
                    occurrences: Vec::new(),
                });
                settings.len() - 1
            });
        settings[at].occurrences.push(Occurrence {
            document,
            item: setting,
        });
    }

    /// The sections, those without settings too.
    #[must_use]
    pub fn sections(&self) -> &[EffectiveSection<'a>] {
        &self.sections
    }

    #[must_use]
    pub fn section(&self, key: &SectionKey) -> Option<&EffectiveSection<'a>> {
        self.section_index.get(key).map(|&at| &self.sections[at])
    }

    /// All settings, section by section.
    pub fn settings(&self) -> impl Iterator<Item = &EffectiveSetting<'a>> {
        self.sections.iter().flat_map(EffectiveSection::settings)
    }

    /// What a plain setting of a section without a name of its own is set to; `None` for a key alone
    /// and for an empty value, too.
    #[must_use]
    pub fn value(&self, section: &str, property: &str) -> Option<&'a str> {
        let key = SettingName::new(Section::plain(section), property).key();
        let text = self.get(&key)?.last().item.text();
        text.filter(|text| !text.is_empty())
    }

    #[must_use]
    pub fn get(&self, key: &SettingKey) -> Option<&EffectiveSetting<'a>> {
        let &section = self.section_index.get(&key.section)?;
        let &setting = self.setting_index[section].get(key.property())?;
        self.sections[section].settings.get(setting)
    }
}

impl<'a> EffectiveSection<'a> {
    /// What makes it this section.
    #[must_use]
    pub fn key(&self) -> &SectionKey {
        &self.key
    }

    /// Its headers, at least one.
    #[must_use]
    pub fn headers(&self) -> &[Occurrence<'a, Header>] {
        &self.headers
    }

    /// Its settings, in the order in which they first appear. There may be none: to Connect a named
    /// section exists as soon as its header is there.
    pub fn settings(&self) -> impl Iterator<Item = &EffectiveSetting<'a>> {
        self.settings.iter()
    }
}

impl<'a> EffectiveSetting<'a> {
    /// What makes it this setting.
    #[must_use]
    pub fn key(&self) -> &SettingKey {
        &self.key
    }

    /// Every place that sets it, at least one.
    #[must_use]
    pub fn occurrences(&self) -> &[Occurrence<'a, Setting>] {
        &self.occurrences
    }

    /// The place that counts when the setting is a plain one.
    #[must_use]
    pub fn last(&self) -> Occurrence<'a, Setting> {
        self.occurrences[self.occurrences.len() - 1]
    }

    /// The places whose values count when the setting is repeatable: a blank value throws away what
    /// came before it.
    #[must_use]
    pub fn list(&self) -> &[Occurrence<'a, Setting>] {
        let start = self
            .occurrences
            .iter()
            .rposition(|occurrence| occurrence.item.value.is_none())
            .map_or(0, |blank| blank + 1);
        &self.occurrences[start..]
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::gcfg::{SettingName, parse_text};

    fn key(section: &str, property: &str) -> SettingKey {
        SettingName::new(Section::plain(section), property).key()
    }

    fn texts(list: &[Occurrence<'_, Setting>]) -> Vec<String> {
        list.iter()
            .map(|o| o.item.text().unwrap_or("(blank)").to_owned())
            .collect()
    }

    #[test]
    fn sections_add_up_across_spellings_and_documents() {
        let main = parse_text(
            "main",
            "[Server]\nA = 1\n[Empty]\n[Y \"s\"]\nA = s\n[SERVER]\nB = 2\n",
        )
        .unwrap();
        let more = parse_text("more", "[server]\na = 3\n[y \"S\"]\n").unwrap();
        let all = Configuration::of(&[&main, &more]);
        let sections: Vec<String> = all
            .sections()
            .iter()
            .map(|s| s.headers()[0].item.section.to_string())
            .collect();
        assert_eq!(sections, ["Server", "Empty", "Y \"s\"", "y \"S\""]);
        assert_eq!(all.sections()[0].headers().len(), 3);
        assert_eq!(all.sections()[1].settings().count(), 0);
        let a = all.get(&key("sErver", "A")).unwrap();
        assert_eq!(a.last().item.text(), Some("3"));
        assert_eq!(a.last().document, 1);
        assert_eq!(texts(a.occurrences()), ["1", "3"]);
        let names: Vec<String> = all
            .settings()
            .map(|s| s.last().item.name.to_string())
            .collect();
        assert_eq!(names, ["server.a", "SERVER.B", "Y \"s\".A"]);
        assert!(all.get(&key("Y", "A")).is_none());
        assert!(all.section(&Section::named("y", "s").key()).is_some());
    }

    #[test]
    fn a_blank_value_empties_a_list_but_is_the_last_of_a_plain_setting() {
        let document = parse_text("f", "[R]\nE = 1\nE\nE =\nE = 2\n[P]\nF = 1\nF\n").unwrap();
        let all = Configuration::of(&[&document]);
        let e = all.get(&key("R", "e")).unwrap();
        assert_eq!(texts(e.list()), ["", "2"]);
        let f = all.get(&key("P", "F")).unwrap();
        assert_eq!(texts(f.list()), [""; 0]);
        assert_eq!(f.last().item.text(), None);
    }
}
