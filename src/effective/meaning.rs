//! When two settings mean the same, and which must not be shown.

use super::value_type;
use crate::gcfg::SettingName;
use crate::settings::{self, Catalogue};

/// Whether two sets of values mean the same to Connect: as many, and each pair equal for the
/// setting's type.
#[must_use]
pub(crate) fn same_meaning(name: &SettingName, before: &[String], after: &[String]) -> bool {
    let value_type = value_type(name);
    before.len() == after.len()
        && before
            .iter()
            .zip(after)
            .all(|(one, other)| settings::values::same_meaning(value_type, one, other))
}

/// Whether a setting's values must not be shown: it is a credential, it is named like one, or a
/// value holds a password.
#[must_use]
pub(crate) fn is_secret(name: &SettingName, values: &[String]) -> bool {
    let catalogue = Catalogue::builtin();
    values
        .iter()
        .any(|value| catalogue.exposure(name, value).is_some())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::gcfg::Section;

    fn name(section: &str, property: &str) -> SettingName {
        SettingName::new(Section::plain(section), property)
    }

    fn texts(texts: &[&str]) -> Vec<String> {
        texts.iter().map(|&text| text.to_owned()).collect()
    }

    #[test]
    fn values_are_compared_by_their_type() {
        let enabled = name("Python", "Enabled");
        assert!(same_meaning(&enabled, &texts(&["yes"]), &texts(&["true"])));
        assert!(!same_meaning(&enabled, &texts(&["yes"]), &texts(&["no"])));
        let unknown = name("New", "Thing");
        assert!(!same_meaning(&unknown, &texts(&["yes"]), &texts(&["true"])));
        assert!(!same_meaning(&unknown, &texts(&["a"]), &texts(&["a", "b"])));
    }

    #[test]
    fn credentials_are_recognised() {
        assert!(is_secret(&name("postgres", "password"), &texts(&["x"])));
        assert!(is_secret(&name("New", "ApiKey"), &texts(&["x"])));
        assert!(!is_secret(&name("New", "ApiKeyFile"), &texts(&["/x"])));
        assert!(is_secret(
            &name("HTTP", "Listen"),
            &texts(&["http://a:b@c/"])
        ));
        assert!(!is_secret(&name("HTTP", "Listen"), &texts(&[":3939"])));
        assert!(is_secret(
            &name("New", "Url"),
            &texts(&["host=a password=b"])
        ));
    }
}
