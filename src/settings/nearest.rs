//! What a misspelt name may have been meant for.

use super::catalogue::Catalogue;
use crate::gcfg::{SettingName, fold};

impl Catalogue {
    /// The setting that an unknown name most resembles, if one is close enough to be worth a
    /// question.
    ///
    /// The right property in the wrong section counts when no other section has it. A section
    /// written with a subsection where Connect has none, or without where it has one, counts too.
    #[must_use]
    pub fn nearest(&self, name: &SettingName) -> Option<SettingName> {
        let found = self.typo(name).or_else(|| self.misplaced(name))?;
        let entry = &self.entries()[found];
        let subsection = match (entry.named, name.section.subsection.as_deref()) {
            (true, None) => Some("name"),
            (_, subsection) => subsection,
        };
        let suggestion = entry.canonical_name(subsection);
        (suggestion.key() != name.key()).then_some(suggestion)
    }

    fn typo(&self, name: &SettingName) -> Option<usize> {
        let (section, property) = (fold(&name.section.name), fold(&name.property));
        self.by_name
            .iter()
            .filter_map(|(known, index)| Some((distance(&section, known)?, index)))
            .flat_map(|(far, index)| {
                index
                    .entries
                    .iter()
                    .map(move |(known, at)| (far, known, *at))
            })
            .filter_map(|(far, known, at)| Some((far + distance(&property, known)?, at)))
            .min()
            .map(|(_, at)| at)
    }

    fn misplaced(&self, name: &SettingName) -> Option<usize> {
        let property = fold(&name.property);
        let mut same = self
            .by_name
            .values()
            .filter_map(|index| index.entries.get(&property));
        let only = same.next()?;
        same.next().is_none().then_some(*only)
    }
}

/// How many slips lie between two names; `None` when there are too many for their length.
fn distance(written: &str, known: &str) -> Option<usize> {
    let allowed = match known.chars().count() {
        0..=3 => 0,
        4..=5 => 1,
        6..=11 => 2,
        _ => 3,
    };
    // Each slip changes the length by one character at the most.
    let longest = if written.is_ascii() && known.is_ascii() {
        1
    } else {
        char::MAX.len_utf8()
    };
    if written.len().abs_diff(known.len()) > allowed * longest {
        return None;
    }
    let distance = strsim::osa_distance(written, known);
    (distance <= allowed).then_some(distance)
}

#[cfg(test)]
mod tests {
    use crate::gcfg::{Section, SettingName};
    use crate::settings::Catalogue;

    fn suggestion(section: Section, property: &str) -> Option<String> {
        let name = SettingName::new(section, property);
        Catalogue::builtin()
            .nearest(&name)
            .map(|name| name.to_string())
    }

    #[test]
    fn slips_in_property_and_section_are_seen() {
        let plain = |section, property| suggestion(Section::plain(section), property);
        assert_eq!(plain("Server", "Adress").as_deref(), Some("Server.Address"));
        assert_eq!(
            plain("sevrer", "address").as_deref(),
            Some("Server.Address")
        );
        assert_eq!(
            plain("Scheduler", "MaxProcesesLimit").as_deref(),
            Some("Scheduler.MaxProcessesLimit")
        );
        assert_eq!(
            suggestion(Section::named("LDAP", "corp"), "BindPasword").as_deref(),
            Some("LDAP \"corp\".BindPassword")
        );
    }

    #[test]
    fn the_right_property_in_the_wrong_section_is_seen() {
        assert_eq!(
            suggestion(Section::plain("HTTP"), "SenderEmail").as_deref(),
            Some("Server.SenderEmail")
        );
        // Many sections have one.
        assert_eq!(suggestion(Section::plain("Weather"), "Enabled"), None);
    }

    #[test]
    fn a_missing_or_needless_subsection_is_seen() {
        assert_eq!(
            suggestion(Section::plain("LDAP"), "BindDN").as_deref(),
            Some("LDAP \"name\".BindDN")
        );
        assert_eq!(
            suggestion(Section::named("Server", "x"), "Address").as_deref(),
            Some("Server.Address")
        );
    }

    #[test]
    fn what_resembles_nothing_gets_no_suggestion() {
        assert_eq!(suggestion(Section::plain("Server"), "Colour"), None);
        assert_eq!(suggestion(Section::plain("X"), "Y"), None);
    }
}
