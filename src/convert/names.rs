//! Canonical spelling.
//!
//! Connect folds case, Helm does not: a setting must be spelled as the chart's defaults spell it,
//! or it would stand beside the default instead of taking its place.

use std::collections::HashMap;
use std::sync::Arc;

use super::config_values::ConfigValues;
use crate::gcfg::{Section, SectionKey, SettingKey, SettingName, fold};
use crate::settings::{Catalogue, Entry};

/// The spellings that the chart's defaults use, in front of the catalogue's.
#[derive(Debug)]
pub(super) struct Names {
    sections: HashMap<SectionKey, String>,
    properties: HashMap<SettingKey, String>,
    catalogue: &'static Catalogue,
}

impl Names {
    /// Takes the chart's spellings.
    #[must_use]
    pub(super) fn new(chart: &ConfigValues) -> Self {
        let mut names = Self {
            sections: HashMap::new(),
            properties: HashMap::new(),
            catalogue: Catalogue::builtin(),
        };
        for section in chart.sections() {
            names
                .sections
                .insert(section.section.key(), section.section.name.clone());
            for setting in &section.settings {
                names
                    .properties
                    .insert(setting.name.key(), setting.name.property.clone());
            }
        }
        names
    }

    /// A section in canonical spelling; as it stands when nobody knows it.
    #[must_use]
    pub(super) fn section(&self, section: &Section) -> Section {
        let name = self
            .sections
            .get(&section.key())
            .cloned()
            .or_else(|| {
                self.catalogue
                    .section(&section.name)
                    .map(|s| s.name.clone())
            })
            .unwrap_or_else(|| section.name.clone());
        Section {
            name,
            subsection: section.subsection.clone(),
        }
    }

    /// A setting in canonical spelling within an already canonical section, and its entry in the
    /// catalogue.
    #[must_use]
    pub(super) fn setting(
        &self,
        section: &Arc<Section>,
        name: &SettingName,
    ) -> (SettingName, Option<&'static Entry>) {
        let entry = self.catalogue.lookup(name);
        let property = self
            .properties
            .get(&name.key())
            .cloned()
            .or_else(|| entry.map(|entry| entry.property.clone()))
            .unwrap_or_else(|| name.property.clone());
        debug_assert_eq!(fold(&property), fold(&name.property));
        (SettingName::new(Arc::clone(section), property), entry)
    }
}
