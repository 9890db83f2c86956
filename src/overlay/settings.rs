//! What is laid over the configuration.

use std::str::FromStr;

use crate::gcfg::{self, Section, SettingName, write};
use crate::settings::Catalogue;

/// One setting and the value that it has while the overlay is on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TemporarySetting {
    pub name: SettingName,
    /// Its temporary value, decoded.
    pub value: String,
}

/// The settings that the migration asks for: no idle processes are kept, no schedules run and no
/// Python environment is removed while content moves.
#[must_use]
pub fn temporary() -> Vec<TemporarySetting> {
    [
        ("Scheduler", "MinProcessesLimit", "0"),
        ("Applications", "ScheduleConcurrency", "0"),
        ("Applications", "PythonEnvironmentReaping", "false"),
    ]
    .into_iter()
    .map(|(section, property, value)| TemporarySetting {
        name: SettingName::new(Section::plain(section), property),
        value: value.to_owned(),
    })
    .collect()
}

/// The temporary settings and more of them; of settings that are given twice the last counts, also
/// over one of the three.
#[must_use]
pub fn with_temporary(more: &[TemporarySetting]) -> Vec<TemporarySetting> {
    let mut settings = temporary();
    for setting in more {
        settings.retain(|other| other.name.key() != setting.name.key());
        settings.push(setting.clone());
    }
    settings
}

/// Why a `--set` is not taken.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SetError {
    /// It does not have the form.
    #[error("expected Section.Property=VALUE, such as Server.PublicWarning=\"We are moving\"")]
    Form,
    /// gcfg has no way to write the value.
    #[error(transparent)]
    Value(#[from] write::Unwritable),
    /// The original would be recorded where everyone who may read the release can see it.
    #[error(
        "{0} looks like a credential; its original would be recorded in an annotation for all to read"
    )]
    Credential(SettingName),
    /// It gathers its values in a list.
    #[error("{0} may be set several times; only settings with one value can be laid")]
    Repeatable(SettingName),
}

impl FromStr for TemporarySetting {
    type Err = SetError;

    fn from_str(text: &str) -> Result<Self, SetError> {
        // A subsection is in quotes and may hold dots and equals signs.
        let quoted = text
            .rfind('"')
            .filter(|_| is_named(text))
            .map_or(0, |_| closing_quote(text).unwrap_or(text.len()));
        let equals = text[quoted..].find('=').ok_or(SetError::Form)? + quoted;
        let dot = text[quoted..equals].find('.').ok_or(SetError::Form)? + quoted;
        let (section, property) = (&text[..dot], &text[dot + 1..equals]);
        let value = &text[equals + 1..];
        let written = write::value(value)?;
        // gcfg itself says whether the names are names.
        let document = gcfg::parse_text("", &format!("[{section}]\n{property} = {written}"))
            .map_err(|_| SetError::Form)?;
        let mut settings = document.settings();
        let (Some(setting), None) = (settings.next(), settings.next()) else {
            return Err(SetError::Form);
        };
        if setting.text() != Some(value) || setting.line != 2 {
            return Err(SetError::Form);
        }
        let setting = Self {
            name: setting.name.clone(),
            value: value.to_owned(),
        };
        check(&setting)?;
        Ok(setting)
    }
}

/// Whether a quote opens in front of the first equals sign.
fn is_named(text: &str) -> bool {
    let quote = text.find('"');
    quote.is_some_and(|quote| text.find('=').is_none_or(|equals| quote < equals))
}

/// Offset behind the quote that closes the subsection's name.
fn closing_quote(text: &str) -> Option<usize> {
    let open = text.find('"')?;
    let mut escaped = false;
    for (at, c) in text[open + 1..].char_indices() {
        match c {
            '\\' if !escaped => escaped = true,
            '"' if !escaped => return Some(open + 1 + at + 1),
            _ => escaped = false,
        }
    }
    None
}

/// Whether a setting may be laid: its original is recorded where all can read it, and is one value.
fn check(setting: &TemporarySetting) -> Result<(), SetError> {
    let catalogue = Catalogue::builtin();
    let name = || catalogue.canonical_name(&setting.name);
    let entry = catalogue.lookup(&setting.name);
    if catalogue.is_for_credential(&setting.name)
        || catalogue.exposure(&setting.name, &setting.value).is_some()
    {
        return Err(SetError::Credential(name()));
    }
    if entry.is_some_and(|entry| entry.repeatable) {
        return Err(SetError::Repeatable(name()));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn settings_are_read_as_gcfg_names_them() {
        for (text, name, value) in [
            (
                "Server.PublicWarning=We are; moving = soon",
                "Server.PublicWarning",
                "We are; moving = soon",
            ),
            (
                "LDAP \"a.b=\\\"c\".GroupUniqueID=x.y",
                "LDAP \"a.b=\\\"c\".GroupUniqueID",
                "x.y",
            ),
            (
                "Server.PublicWarning=<a href=\"x\">",
                "Server.PublicWarning",
                "<a href=\"x\">",
            ),
            ("Server.PublicWarning=", "Server.PublicWarning", ""),
        ] {
            let setting: TemporarySetting = text.parse().unwrap();
            assert_eq!(
                (setting.name.to_string().as_str(), setting.value.as_str()),
                (name, value)
            );
        }
        for text in [
            "",
            "a=b",
            ".a=b",
            "a.=b",
            "a.b",
            "a.b.c=d",
            "a]\n[b.c=d",
            "a.b;=c",
        ] {
            assert_eq!(
                text.parse::<TemporarySetting>(),
                Err(SetError::Form),
                "{text}"
            );
        }
        assert!(matches!(
            "a.b=c\rd".parse::<TemporarySetting>(),
            Err(SetError::Value(_))
        ));
    }

    #[test]
    fn credentials_are_refused() {
        for text in [
            "Postgres.Password=x",
            "OAuth2.ClientSecret=x",
            "Postgres.URL=x",
        ] {
            assert!(matches!(
                text.parse::<TemporarySetting>(),
                Err(SetError::Credential(_))
            ));
        }
    }
}
