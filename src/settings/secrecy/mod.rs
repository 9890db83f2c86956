//! Which values must not be shown: the one place that decides it.
//!
//! Settings of the catalogue are secret as it says, others by their names and values; a value is
//! looked into for passwords whatever it belongs to. Hiding too much is the right mistake.
//!
//! `rscadmin configure --encrypt-config-value` makes encrypted values that may stand in the place
//! of a credential. Their form is not documented, so they are treated as credentials like others;
//! [`may_be_encrypted`] is only a hint.

mod embedded;
mod line;
mod parts;
mod stray;
mod words;

use super::catalogue::Catalogue;
use super::entry::Secrecy;
use crate::gcfg::SettingName;
pub(crate) use line::{ShownLine, shown_line};
pub(crate) use stray::stray_words;
pub(crate) use words::names_credential;

/// Why a value must not be shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Exposure {
    /// The setting is a credential, as the catalogue says.
    Credential,
    /// The setting is unknown, and its name or value says that it is a credential.
    NamedLikeCredential,
    /// The value is or holds a URL, or a database's connection string, with a password in it, or
    /// one that cannot be taken apart with certainty.
    Embedded,
}

impl Catalogue {
    /// Why the value must not be shown; `None` if it may. An empty value hides nothing.
    #[must_use]
    pub fn exposure(&self, name: &SettingName, value: &str) -> Option<Exposure> {
        if value.is_empty() {
            return None;
        }
        let kind = match self.lookup(name).map(|entry| entry.secrecy) {
            Some(Secrecy::Value) => return Some(Exposure::Credential),
            Some(Secrecy::Url) => embedded::TextKind::Url,
            Some(Secrecy::Address) => embedded::TextKind::Address,
            Some(Secrecy::Header) => embedded::TextKind::Header,
            Some(Secrecy::No) => embedded::TextKind::Plain,
            None => {
                if self.looks_like_credential(name, value) {
                    return Some(Exposure::NamedLikeCredential);
                }
                embedded::TextKind::Unknown
            }
        };
        embedded::holds_password(value, kind).then_some(Exposure::Embedded)
    }

    /// Whether a setting is there for a credential, whatever it is set to now.
    #[must_use]
    pub(crate) fn is_for_credential(&self, name: &SettingName) -> bool {
        match self.lookup(name) {
            Some(entry) => matches!(entry.secrecy, Secrecy::Value | Secrecy::Url),
            None => self.is_near_credential(name) || is_named_credential(&name.property),
        }
    }

    /// Whether an unknown setting is a credential.
    fn looks_like_credential(&self, name: &SettingName, value: &str) -> bool {
        if is_switch(value) || is_path(value) {
            return false;
        }
        is_named_credential(&name.property)
            || words::is_key_material(value)
            || self.is_near_credential(name)
    }

    /// Whether a name was most likely meant for a credential's.
    fn is_near_credential(&self, name: &SettingName) -> bool {
        let meant = self.nearest(name);
        let meant = meant.as_ref().and_then(|meant| self.lookup(meant));
        meant.is_some_and(|entry| entry.secrecy == Secrecy::Value)
    }
}

fn is_named_credential(property: &str) -> bool {
    words::names_credential(property) && !words::about(property)
}

/// Whether a word that belongs to no setting, such as an address that somebody typed, may hold a
/// credential: what stands before an `@` is a user and often a password.
#[must_use]
pub(crate) fn word_exposes(word: &str) -> bool {
    word.contains('@') || text_exposes(word)
}

/// A word of a command line as a message may quote it: of `SETTING=VALUE` the setting.
#[must_use]
pub(crate) fn shown_word(word: &str) -> String {
    let declared = word.starts_with("--") && word.ends_with('>');
    let flag = word.starts_with('-') && !word.contains(['@', '=']);
    match word.split_once('=') {
        _ if declared || flag => word.to_owned(),
        Some((name, _)) if !word_exposes(name) || name.parse::<SettingName>().is_ok() => {
            format!("{name}=***")
        }
        None if !word_exposes(word) => word.to_owned(),
        _ => "***".to_owned(),
    }
}

/// Whether a text that belongs to no setting, such as a comment, may give a credential away.
#[must_use]
pub(crate) fn text_exposes(text: &str) -> bool {
    words::mentions_credential(text)
        || words::has_token(text)
        || embedded::holds_password(text, embedded::TextKind::Prose)
}

/// A message without the addresses in it that hold a password, or may: somebody typed them where a
/// file or something else was asked for.
#[must_use]
pub(crate) fn without_passwords(message: &str) -> String {
    let word = |word: &str| {
        let (bare, end) = word.split_at(word.trim_end_matches([':', ',', ';', '.']).len());
        let exposed = embedded::holds_password(bare, embedded::TextKind::Prose);
        if exposed { "***" } else { bare }.to_owned() + end
    };
    let words = message.split_inclusive(char::is_whitespace).map(|part| {
        let (bare, blank) = part.split_at(part.trim_end().len());
        word(bare) + blank
    });
    words.collect()
}

/// What a switch says is no secret, whatever it switches.
fn is_switch(value: &str) -> bool {
    let words = ["true", "false", "yes", "no", "on", "off"];
    words.iter().any(|word| word.eq_ignore_ascii_case(value))
}

/// Where a secret lies is no secret. A slash alone does not make a path: Base64 has it too.
fn is_path(value: &str) -> bool {
    const ROOTS: &[&str] = &[
        "/etc/", "/home/", "/mnt/", "/nfs/", "/opt/", "/root/", "/run/", "/srv/", "/usr/", "/var/",
    ];
    ROOTS.iter().any(|root| value.starts_with(root))
}

/// Whether a credential could have been made by `rscadmin configure --encrypt-config-value`, which
/// only the key file in the server's data directory opens again.
///
/// This is a guess: the form is not documented. What an authenticated cipher puts out holds a
/// nonce and a tag besides the text, at least 40 bytes, and is commonly written in Base64.
#[must_use]
pub fn may_be_encrypted(value: &str) -> bool {
    use base64::Engine as _;
    const NONCE_AND_TAG: usize = 40;
    let hexadecimal = value.bytes().all(|b| b.is_ascii_hexdigit());
    let decoded = base64::engine::general_purpose::STANDARD.decode(value);
    !hexadecimal && decoded.is_ok_and(|bytes| bytes.len() >= NONCE_AND_TAG)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::gcfg::Section;

    fn exposure(section: Section, property: &str, value: &str) -> Option<Exposure> {
        Catalogue::builtin().exposure(&SettingName::new(section, property), value)
    }

    #[test]
    fn the_catalogue_knows_credentials() {
        let ldap = || Section::named("LDAP", "x");
        let found = exposure(ldap(), "bindpassword", "abc");
        assert_eq!(found, Some(Exposure::Credential));
        assert_eq!(exposure(ldap(), "BindPassword", ""), None);
        assert_eq!(exposure(ldap(), "BindDN", "cn=password"), None);
        // The catalogue says that this one is a path.
        let path = exposure(Section::plain("HTTPS"), "Key", "/etc/key.pem");
        assert_eq!(path, None);
    }

    #[test]
    fn unknown_settings_are_judged_by_name() {
        let unknown = |property, value| exposure(Section::plain("Vault"), property, value);
        let by_name = Some(Exposure::NamedLikeCredential);
        for name in [
            "RootToken",
            "Pass",
            "BindPass",
            "Paswd",
            "UserPass",
            "PAT",
            "AuthHeader",
        ] {
            assert_eq!(unknown(name, "abc"), by_name, "{name}");
        }
        assert_eq!(unknown("RootTokenFile", "/etc/token"), None);
        assert_eq!(unknown("TokenLifetime", "8h"), None);
        assert_eq!(unknown("PasswordReset", "yes"), None);
        assert_eq!(unknown("SigningKey", "/etc/ssl/signing.pem"), None);
        assert_eq!(unknown("SigningKey", "/9j/4AAQSkZJRg=="), by_name);
        assert_eq!(unknown("Address", "abc"), None);
        assert_eq!(unknown("Extra", "eyJhbGciOiJIUzI1NiIsInR5cCI6"), by_name);
    }

    #[test]
    fn a_misspelt_credential_is_one() {
        let by_name = Some(Exposure::NamedLikeCredential);
        let misspelt = exposure(Section::named("LDAP", "x"), "BindPasswrod", "abc");
        assert_eq!(misspelt, by_name);
        let unnamed = exposure(Section::plain("LDAP"), "BindPassword", "abc");
        assert_eq!(unnamed, by_name);
    }

    #[test]
    fn comments_may_give_credentials_away() {
        for text in [
            "Password = abc",
            "SigningKey: abc",
            "the old password was hunter2",
            "see postgres://u:hunter2@db/c",
            "API token abcdef",
            "me:hunter2@host",
        ] {
            assert!(text_exposes(text), "{text}");
        }
        for text in ["reload every night", "Listen = :3939", "==========", ""] {
            assert!(!text_exposes(text), "{text}");
        }
    }

    #[test]
    fn urls_with_passwords_are_found_in_any_setting() {
        let server = || Section::plain("Server");
        let embedded = Some(Exposure::Embedded);
        for property in ["RootRedirect", "Whatever"] {
            assert_eq!(exposure(server(), property, "https://me:pw@h/x"), embedded);
            assert_eq!(exposure(server(), property, "https://h/x"), None);
        }
    }

    #[test]
    fn messages_do_not_quote_passwords() {
        assert_eq!(
            without_passwords(
                "cannot read http://u:pw@h/x: No such file\n  see me:pw@h, or https://h/x"
            ),
            "cannot read ***: No such file\n  see ***, or https://h/x"
        );
    }

    #[test]
    fn of_a_command_line_settings_and_flags_are_quoted_and_no_values() {
        for (word, shown) in [
            ("values.yaml", "values.yaml"),
            ("--api-key", "--api-key"),
            ("--server <URL=…>", "--server <URL=…>"),
            ("--server=hunter2", "--server=***"),
            ("--api-key=hunter2", "***"),
            ("Server.Address=hunter2", "Server.Address=***"),
            ("Postgres.Password=hunter2", "Postgres.Password=***"),
            ("-ume:hunter2@h", "***"),
            ("me:hunter2@h=x", "***"),
        ] {
            assert_eq!(shown_word(word), shown, "{word}");
        }
    }

    #[test]
    fn only_long_base64_may_be_encrypted() {
        let cipher = "q83vEjRWeJCrze8SNFZ4kKvN7xI0VniQq83vEjRWeJCrze8SNFZ4kKvN7w==";
        assert!(may_be_encrypted(cipher));
        for value in ["S3cr3t-ldap-01", "aGVsbG8=", &"0123456789abcdef".repeat(4)] {
            assert!(!may_be_encrypted(value), "{value}");
        }
    }
}
