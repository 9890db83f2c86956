//! Names of sections and settings, and when two of them are the same to gcfg.

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use super::document::Item;

/// A section as a header spells it, e.g. `Server` or `RPackageRepository "CRAN"`.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Section {
    /// The name before the quotes, in the spelling of the source.
    pub name: String,
    /// The decoded text between the quotes. Never empty.
    pub subsection: Option<String>,
}

impl Section {
    /// A section without a subsection.
    #[must_use]
    pub fn plain(name: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            subsection: None,
        }
    }

    /// A named section, such as `LDAP "corp"`.
    #[must_use]
    pub fn named(name: impl Into<String>, subsection: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            subsection: Some(subsection.into()),
        }
    }

    /// What decides whether two headers mean the same section.
    #[must_use]
    pub fn key(&self) -> SectionKey {
        SectionKey {
            name: fold(&self.name),
            subsection: self.subsection.clone(),
        }
    }
}

impl fmt::Display for Section {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.name)?;
        if let Some(subsection) = &self.subsection {
            write!(f, " {}", super::write::subsection(subsection))?;
        }
        Ok(())
    }
}

impl FromStr for Section {
    type Err = NotASettingName;

    /// Reads a section as it stands between the brackets of its header, and as the key of a `config`
    /// mapping: `Server`, `LDAP "corp"`.
    fn from_str(text: &str) -> Result<Self, NotASettingName> {
        let document = super::parse_text("", &format!("[{text}]"));
        match document.as_ref().map(super::Document::items) {
            Ok([Item::Header(header)]) => Ok(Self::clone(&header.section)),
            _ => Err(NotASettingName(text.to_owned())),
        }
    }
}

/// The identity of a section: its name folded, its subsection exact.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SectionKey {
    name: String,
    subsection: Option<String>,
}

impl SectionKey {
    /// The folded name, without the subsection.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The subsection, which is compared exactly.
    #[must_use]
    pub fn subsection(&self) -> Option<&str> {
        self.subsection.as_deref()
    }
}

/// A setting's full name as a source spells it, e.g. `LDAP "corp".BindDN`.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct SettingName {
    /// The section that the setting stands in.
    pub section: Arc<Section>,
    /// The key before the equals sign.
    pub property: String,
}

impl SettingName {
    /// Puts a name together.
    #[must_use]
    pub fn new(section: impl Into<Arc<Section>>, property: impl Into<String>) -> Self {
        Self {
            section: section.into(),
            property: property.into(),
        }
    }

    /// What decides whether two names mean the same setting.
    #[must_use]
    pub fn key(&self) -> SettingKey {
        SettingKey {
            section: self.section.key(),
            property: fold(&self.property),
        }
    }
}

impl FromStr for SettingName {
    type Err = NotASettingName;

    /// Reads a name as it is shown: `Server.Address`, `LDAP "corp".BindDN`.
    fn from_str(text: &str) -> Result<Self, NotASettingName> {
        let error = || NotASettingName(text.to_owned());
        let (section, property) = text.rsplit_once('.').ok_or_else(error)?;
        let document =
            super::parse_text("", &format!("[{section}]\n{property}")).map_err(|_| error())?;
        match document.items() {
            [Item::Header(_), Item::Setting(setting)] if setting.value.is_none() => {
                Ok(setting.name.clone())
            }
            _ => Err(error()),
        }
    }
}

/// A text that names no setting, or no section.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} names no setting; write Section.Property, or 'Section \"name\".Property'")]
pub struct NotASettingName(String);

impl fmt::Display for SettingName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.section, self.property)
    }
}

/// The identity of a setting: section name and property folded, subsection exact.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SettingKey {
    pub section: SectionKey,
    property: String,
}

impl SettingKey {
    /// The folded property name.
    #[must_use]
    pub fn property(&self) -> &str {
        &self.property
    }
}

/// Folds a section name or key so that equal names, and only those, become equal strings.
///
/// This is Unicode's simple case folding, as Go's `strings.EqualFold` compares: `ſ` folds to `s`
/// and the Kelvin sign to `k`, but `ß` not to `ss`.
#[must_use]
pub fn fold(name: &str) -> String {
    if name.is_ascii() {
        return name.to_ascii_lowercase();
    }
    name.chars()
        .map(|c| {
            unicode_case_mapping::case_folded(c)
                .and_then(|folded| char::from_u32(folded.get()))
                .unwrap_or(c)
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_fold_as_go_compares_them() {
        assert_eq!(fold("HTTP"), fold("http"));
        assert_eq!(fold("Server"), fold("ſerver"));
        assert_eq!(fold("Key"), fold("\u{212A}ey"));
        assert_ne!(fold("ß"), fold("ss"));
        assert_eq!(fold("Ü"), fold("ü"));
        assert_eq!(fold("Σ"), fold("ς"));
    }

    #[test]
    fn subsections_compare_exactly() {
        assert_eq!(
            Section::named("ldap", "a").key(),
            Section::named("LDAP", "a").key()
        );
        assert_ne!(
            Section::named("LDAP", "a").key(),
            Section::named("LDAP", "A").key()
        );
    }

    #[test]
    fn a_name_reads_back_as_it_shows() {
        for text in ["Server.Address", r#"LDAP "a.b \"c\"".BindDN"#] {
            assert_eq!(text.parse::<SettingName>().unwrap().to_string(), text);
        }
        for text in [
            "", "Server", "Server.", ".Address", "A.B=c", "A.B\nC", "A] .B", "A]\n[B.C",
        ] {
            assert!(text.parse::<SettingName>().is_err(), "{text}");
        }
    }

    #[test]
    fn a_name_shows_as_a_header_writes_it() {
        let name = SettingName::new(Section::named("LDAP", "a\"b\\"), "BindDN");
        assert_eq!(name.to_string(), r#"LDAP "a\"b\\".BindDN"#);
    }
}
