//! All settings, and how to find one.

use std::collections::HashMap;
use std::sync::LazyLock;

use super::entry::{Entry, Environment};
use super::load::{self, Codes, LoadError};
use crate::gcfg::{Section, SettingName, fold};

/// Every setting that we know.
#[derive(Debug)]
pub struct Catalogue {
    entries: Vec<Entry>,
    sections: Vec<SectionEntry>,
    pub(super) by_name: HashMap<String, Index>,
    codes: Codes,
}

/// A section of the catalogue.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SectionEntry {
    pub name: String,
    /// Whether it is written with a name of its own, as in `[LDAP "corp"]`.
    pub named: bool,
}

/// Where a section and its settings are.
#[derive(Debug)]
pub(super) struct Index {
    section: usize,
    pub(super) entries: HashMap<String, usize>,
}

impl Catalogue {
    /// The catalogue that is compiled in. It is read on first use.
    ///
    /// # Panics
    /// The data files are wrong, which the tests rule out.
    #[must_use]
    pub fn builtin() -> &'static Self {
        static BUILTIN: LazyLock<Catalogue> = LazyLock::new(|| {
            #[expect(clippy::expect_used, reason = "compiled-in data, read by the tests")]
            Catalogue::load().expect("the compiled-in catalogue is well-formed")
        });
        &BUILTIN
    }

    fn load() -> Result<Self, LoadError> {
        let codes = load::codes()?;
        let mut catalogue = Self {
            entries: Vec::new(),
            sections: Vec::new(),
            by_name: HashMap::new(),
            codes: Codes::new(),
        };
        for raw in load::sections()? {
            let mut index = Index {
                section: catalogue.sections.len(),
                entries: HashMap::new(),
            };
            for setting in raw.settings {
                index
                    .entries
                    .insert(fold(&setting.name), catalogue.entries.len());
                let entry = load::entry(&raw.section, raw.named, setting, &codes)?;
                catalogue.entries.push(entry);
            }
            catalogue.by_name.insert(fold(&raw.section), index);
            catalogue.sections.push(SectionEntry {
                name: raw.section,
                named: raw.named,
            });
        }
        catalogue.codes = codes;
        Ok(catalogue)
    }

    /// Every setting, section by section.
    #[must_use]
    pub fn entries(&self) -> &[Entry] {
        &self.entries
    }

    #[must_use]
    pub fn sections(&self) -> &[SectionEntry] {
        &self.sections
    }

    /// What we know about a setting, in whatever case its name is written.
    ///
    /// A section with a subsection is found only if Connect's is a named one, and the other way
    /// round: to Connect they are two different things.
    #[must_use]
    pub fn lookup(&self, name: &SettingName) -> Option<&Entry> {
        let index = self.by_name.get(&fold(&name.section.name))?;
        if self.sections[index.section].named != name.section.subsection.is_some() {
            return None;
        }
        let entry = index.entries.get(&fold(&name.property))?;
        Some(&self.entries[*entry])
    }

    /// A section, by its name without the subsection, in whatever case that is written.
    #[must_use]
    pub fn section(&self, name: &str) -> Option<&SectionEntry> {
        let index = self.by_name.get(&fold(name))?;
        Some(&self.sections[index.section])
    }

    /// The name in canonical spelling, as far as section and property are known.
    #[must_use]
    pub fn canonical_name(&self, name: &SettingName) -> SettingName {
        if let Some(entry) = self.lookup(name) {
            return entry.canonical_name(name.section.subsection.as_deref());
        }
        let Some(section) = self.section(&name.section.name) else {
            return name.clone();
        };
        let section = Section {
            name: section.name.clone(),
            subsection: name.section.subsection.clone(),
        };
        SettingName::new(section, name.property.clone())
    }

    /// The environment variable that Connect takes the setting from, if the file does not set it.
    ///
    /// Connect's documentation and the chart use `CONNECT_<SECTION>_<PROPERTY>`. No form is known
    /// for a section with a name of its own, and a section that may stand several times, such as
    /// `GitCredential`, cannot have one.
    #[must_use]
    pub fn environment_variable(&self, name: &SettingName) -> Option<String> {
        if name.section.subsection.is_some() {
            return None;
        }
        let possible = match self.lookup(name) {
            Some(entry) => entry.environment != Environment::None,
            None => !self.section(&name.section.name).is_some_and(|s| s.named),
        };
        let part = |text: &str| {
            let plain = text.bytes().all(|b| b.is_ascii_alphanumeric());
            plain.then(|| text.to_ascii_uppercase())
        };
        possible.then_some(())?;
        Some(format!(
            "CONNECT_{}_{}",
            part(&name.section.name)?,
            part(&name.property)?
        ))
    }

    /// Every code with its general reason.
    pub fn codes(&self) -> impl Iterator<Item = (&str, &str)> {
        self.codes
            .iter()
            .map(|(code, reason)| (code.as_str(), reason.as_str()))
    }

    /// The general reason behind a code, such as `unknown-setting`.
    #[must_use]
    pub fn reason(&self, code: &str) -> Option<&str> {
        self.codes.get(code).map(String::as_str)
    }
}

#[cfg(test)]
#[path = "catalogue_tests.rs"]
mod tests;
