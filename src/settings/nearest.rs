//! What a misspelt name may have been meant for.

use super::entry::Entry;
use crate::gcfg::{SettingName, fold};

/// The entry that an unknown name most resembles, if one is close enough to be worth a question.
///
/// The right property in the wrong section counts when no other section has it. A section written
/// with a subsection where Connect has none, or without where it has one, counts as well.
pub(super) fn nearest(entries: &[Entry], name: &SettingName) -> Option<SettingName> {
    let section = fold(&name.section.name);
    let property = fold(&name.property);
    let subsection = name.section.subsection.as_deref();
    let typo = entries
        .iter()
        .filter_map(|entry| {
            let distance = distance(&section, &fold(&entry.section))?
                + distance(&property, &fold(&entry.property))?;
            Some((distance, entry))
        })
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, entry)| entry);
    let found = typo.or_else(|| {
        let mut same = entries.iter().filter(|e| fold(&e.property) == property);
        let only = same.next()?;
        same.next().is_none().then_some(only)
    })?;
    let subsection = match (found.named, subsection) {
        (true, None) => Some("name"),
        (_, subsection) => subsection,
    };
    let suggestion = found.canonical_name(subsection);
    (suggestion.key() != name.key()).then_some(suggestion)
}

/// How many slips lie between two names; `None` when there are too many for their length.
fn distance(written: &str, known: &str) -> Option<usize> {
    let allowed = match known.chars().count() {
        0..=3 => 0,
        4..=5 => 1,
        6..=11 => 2,
        _ => 3,
    };
    let distance = strsim::damerau_levenshtein(written, known);
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
