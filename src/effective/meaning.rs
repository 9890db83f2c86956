//! When two settings mean the same, and which must not be shown.

use super::value_type;
use crate::gcfg::SettingName;
use crate::settings::{self, Catalogue, Secrecy};

/// Whether two sets of values mean the same to Connect: as many, and each pair equal for the
/// setting's type.
#[must_use]
pub fn same_meaning(name: &SettingName, before: &[String], after: &[String]) -> bool {
    let value_type = value_type(name);
    before.len() == after.len()
        && before
            .iter()
            .zip(after)
            .all(|(one, other)| settings::values::same_meaning(value_type, one, other))
}

/// Whether a setting's values must not be shown: it is a credential, it is named like one, or it
/// is a URL or a connection string with a password in it.
#[must_use]
pub fn is_secret(name: &SettingName, values: &[String]) -> bool {
    match Catalogue::builtin().lookup(name).map(|e| e.secrecy) {
        Some(Secrecy::Value) => return true,
        Some(Secrecy::Url) => {}
        Some(Secrecy::No) => return values.iter().any(|value| has_user_information(value)),
        None if named_like_a_credential(&name.property) => return true,
        None => {}
    }
    values.iter().any(|value| {
        has_user_information(value) || value.to_ascii_lowercase().contains("password=")
    })
}

fn named_like_a_credential(property: &str) -> bool {
    let property = property.to_ascii_lowercase();
    ["password", "secret", "token", "apikey", "credential"]
        .iter()
        .any(|word| property.contains(word))
        && !property.ends_with("file")
        && !property.ends_with("path")
}

/// Whether a text is a URL with something before an `@`.
fn has_user_information(value: &str) -> bool {
    value.split_once("://").is_some_and(|(_, rest)| {
        let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
        authority
            .rsplit_once('@')
            .is_some_and(|(user, _)| user.contains(':'))
            || rest.to_ascii_lowercase().contains("password=")
    })
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
