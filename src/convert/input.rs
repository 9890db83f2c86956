//! The input, setting by setting: who says what, and which of it counts.

use std::sync::Arc;

use super::names::Names;
use crate::diagnostic::{Code, Diagnostic, Place};
use crate::gcfg::{Configuration, Document, EffectiveSection, Section, Setting, SettingName};
use crate::settings::{Entry, ValueType};

/// One line that sets something.
#[derive(Debug, Clone, Copy)]
pub(super) struct Occurrence<'a> {
    pub document: &'a Document,
    pub setting: &'a Setting,
}

/// Everything that the input says about one setting.
#[derive(Debug, Clone)]
pub(super) struct InputSetting<'a> {
    /// Its name in canonical spelling.
    pub name: SettingName,
    /// What the catalogue knows about it.
    pub entry: Option<&'static Entry>,
    /// The lines, in the order Connect reads them.
    pub occurrences: Vec<Occurrence<'a>>,
}

/// A section of the input.
#[derive(Debug, Clone)]
pub(super) struct InputSection<'a> {
    /// Its name in canonical spelling.
    pub section: Arc<Section>,
    /// Where it is opened first.
    pub header: Place,
    /// Its settings in order of appearance.
    pub settings: Vec<InputSetting<'a>>,
}

/// Which of a setting's lines count, and what they say together.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Settled {
    /// What Connect gets: one value for a plain setting, any number for a list.
    pub values: Vec<String>,
    /// For each line that does not count, what put it out of force.
    pub superseded: Vec<Option<Superseded>>,
    /// Whether a setting that is not known to repeat does so: then all its values are kept, which
    /// means the same whether Connect gathers them or takes the last.
    pub repeats: bool,
    /// Whether a key stands alone whose type nobody knows.
    pub assumed_true: bool,
}

/// Why a line does not count.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Superseded {
    /// The occurrence of this index sets another value.
    Overridden(usize),
    /// The occurrence of this index is a key alone, which empties a list.
    Cleared(usize),
    /// This line is the one that empties a list.
    Clears,
}

/// Groups the settings of some documents, read one after another, by section and name.
#[must_use]
pub(super) fn gather<'a>(documents: &'a [Document], names: &Names) -> Vec<InputSection<'a>> {
    let read: Vec<&Document> = documents.iter().collect();
    let configuration = Configuration::of(&read);
    let section = |section: &EffectiveSection<'a>| {
        let spelled = section.headers().first()?;
        let canonical = Arc::new(names.section(&spelled.item.section));
        let settings = section
            .settings()
            .filter_map(|setting| {
                let spelled = setting.occurrences().first()?;
                let (name, entry) = names.setting(&canonical, &spelled.item.name);
                let occurrences = setting.occurrences().iter().map(|place| Occurrence {
                    document: &documents[place.document],
                    setting: place.item,
                });
                Some(InputSetting {
                    name,
                    entry,
                    occurrences: occurrences.collect(),
                })
            })
            .collect();
        Some(InputSection {
            section: canonical,
            header: Place {
                source: Arc::clone(documents[spelled.document].source()),
                span: spelled.item.span,
            },
            settings,
        })
    };
    configuration
        .sections()
        .iter()
        .filter_map(section)
        .collect()
}

impl Settled {
    /// The same where the last line alone counts: the lines before it are overridden.
    #[must_use]
    pub(super) fn last_alone(&self) -> Self {
        let mut settled = self.clone();
        let counts = |superseded: &Option<Superseded>| superseded.is_none();
        if let Some(last) = settled.superseded.iter().rposition(counts) {
            for superseded in &mut settled.superseded[..last] {
                superseded.get_or_insert(Superseded::Overridden(last));
            }
        }
        let values = settled
            .values
            .split_off(settled.values.len().saturating_sub(1));
        settled.values = values;
        settled.repeats = false;
        settled
    }
}

impl InputSetting<'_> {
    /// Decides which lines count.
    ///
    /// # Errors
    /// A key alone where Connect wants a value.
    pub(super) fn settle(&self) -> Result<Settled, Diagnostic> {
        let list = self.entry.is_some_and(|entry| entry.repeatable);
        let plain = self
            .entry
            .is_some_and(|entry| entry.value_type != ValueType::String);
        let mut settled = Settled {
            values: Vec::new(),
            superseded: vec![None; self.occurrences.len()],
            repeats: false,
            assumed_true: false,
        };
        let last = self.occurrences.len() - 1;
        for (at, occurrence) in self.occurrences.iter().enumerate() {
            let text = match occurrence.setting.text() {
                Some(text) => text,
                None if list => {
                    for superseded in &mut settled.superseded[..at] {
                        superseded.get_or_insert(Superseded::Cleared(at));
                    }
                    settled.superseded[at] = Some(Superseded::Clears);
                    settled.values.clear();
                    continue;
                }
                None if self
                    .entry
                    .is_none_or(|entry| entry.value_type == ValueType::Bool) =>
                {
                    settled.assumed_true |= self.entry.is_none();
                    "true"
                }
                None => return Err(self.blank(*occurrence)),
            };
            if plain && !list {
                if at < last {
                    settled.superseded[at] = Some(Superseded::Overridden(last));
                    continue;
                }
                settled.values.clear();
            }
            settled.values.push(text.to_owned());
        }
        settled.repeats = !list && settled.values.len() > 1;
        Ok(settled)
    }

    fn blank(&self, occurrence: Occurrence<'_>) -> Diagnostic {
        let message = format!("{} has no value", self.name);
        Diagnostic::error(Code::SettingWithoutValue, message)
            .at(occurrence.document.source(), occurrence.setting.key_span)
            .help("Connect does not start with this line; write Key = value, or remove the line")
    }
}
