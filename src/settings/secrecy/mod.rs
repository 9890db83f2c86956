//! Which values must not be shown, and what remains of a URL without its password.
//!
//! `rscadmin configure --encrypt-config-value` makes encrypted values that may stand in the place
//! of a credential. Their form is not documented, so they are treated as credentials like others;
//! [`may_be_encrypted`] is only a hint.

mod conninfo;
mod embedded;
mod url;

pub use embedded::{Stripped, strip};

use super::catalogue::Catalogue;
use super::entry::Secrecy;
use crate::gcfg::SettingName;

/// Why a value must not be shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Exposure {
    /// The setting is a credential, as the catalogue says.
    Credential,
    /// The setting is unknown, and its name says that it is a credential.
    NamedLikeCredential,
    /// The value is or holds a URL, or a database's connection string, with a password in it.
    Embedded,
}

impl Exposure {
    /// The catalogue's code for a credential of this kind.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::Credential => "credential",
            Self::NamedLikeCredential => "credential-by-name",
            Self::Embedded => "credential-in-url",
        }
    }
}

impl Catalogue {
    /// Why the value must not be shown; `None` if it may. An empty value hides nothing.
    #[must_use]
    pub fn exposure(&self, name: &SettingName, value: &str) -> Option<Exposure> {
        if value.is_empty() {
            return None;
        }
        let entry = self.lookup(name);
        let secrecy = entry.map_or(Secrecy::No, |entry| entry.secrecy);
        if secrecy == Secrecy::Value {
            return Some(Exposure::Credential);
        }
        if entry.is_none() && self.named_like_credential(name, value) {
            return Some(Exposure::NamedLikeCredential);
        }
        strip(value, secrecy).map(|_| Exposure::Embedded)
    }

    fn named_like_credential(&self, name: &SettingName, value: &str) -> bool {
        // What a switch says is no secret, whatever it switches.
        let switch = ["true", "false", "yes", "no", "on", "off"];
        if switch.iter().any(|word| word.eq_ignore_ascii_case(value)) {
            return false;
        }
        let meant = self.nearest(name);
        let meant = meant.as_ref().and_then(|meant| self.lookup(meant));
        meant.is_some_and(|entry| entry.secrecy == Secrecy::Value)
            || looks_like_credential(&name.property)
    }
}

/// Whether a name says that it stands for a credential: `SmtpPassword`, `api_key` and
/// `SigningKey` do, `SecretKeyFile`, `TokenLifetime` and `Keyboard` do not.
#[must_use]
pub fn looks_like_credential(name: &str) -> bool {
    const ABOUT: &[&str] = &[
        "attribute",
        "claim",
        "cost",
        "count",
        "dir",
        "directory",
        "duration",
        "enabled",
        "expiration",
        "expiry",
        "file",
        "header",
        "id",
        "length",
        "lifetime",
        "limit",
        "location",
        "mode",
        "name",
        "path",
        "policy",
        "port",
        "provider",
        "score",
        "service",
        "size",
        "timeout",
        "type",
        "url",
        "uri",
    ];
    const CREDENTIALS: &[&str] = &[
        "credential",
        "credentials",
        "key",
        "passphrase",
        "passwd",
        "password",
        "pasword",
        "pwd",
        "secret",
        "token",
    ];
    let words = words(name);
    if words
        .last()
        .is_some_and(|last| ABOUT.contains(&last.as_str()))
    {
        return false;
    }
    let ends_in = |word: &String| {
        // Names in a single case do not show where their words end.
        CREDENTIALS.contains(&word.as_str())
            || ["apikey", "passphrase", "password", "secret", "token"]
                .iter()
                .any(|credential| word.ends_with(credential))
    };
    match words.as_slice() {
        [] => false,
        // "Key" counts at the end only: a KeyboardKey is rare, a KeyRotation is not.
        [all @ .., last] => ends_in(last) || all.iter().any(|word| word != "key" && ends_in(word)),
    }
}

/// The words of a name in lower case: `SMTPPassword` is `smtp` and `password`.
fn words(name: &str) -> Vec<String> {
    let chars: Vec<char> = name.chars().collect();
    let mut words = Vec::new();
    let mut word = String::new();
    for (at, &c) in chars.iter().enumerate() {
        let before = at.checked_sub(1).map(|at| chars[at]);
        let starts = c.is_uppercase()
            && (before.is_some_and(|before| !before.is_uppercase())
                || chars.get(at + 1).is_some_and(|next| next.is_lowercase()));
        if !c.is_alphanumeric() || starts {
            words.push(std::mem::take(&mut word));
        }
        if c.is_alphanumeric() {
            word.extend(c.to_lowercase());
        }
    }
    words.push(word);
    words.retain(|word| !word.is_empty());
    words
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
        assert_eq!(unknown("RootToken", "abc"), by_name);
        assert_eq!(unknown("RootTokenFile", "/etc/token"), None);
        assert_eq!(unknown("PasswordReset", "yes"), None);
        assert_eq!(unknown("Address", "abc"), None);
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
    fn urls_with_passwords_are_found_in_any_setting() {
        let server = || Section::plain("Server");
        let embedded = Some(Exposure::Embedded);
        assert_eq!(
            exposure(server(), "RootRedirect", "https://me:pw@h/x"),
            embedded
        );
        assert_eq!(exposure(server(), "RootRedirect", "https://me@h/x"), None);
        assert_eq!(
            exposure(server(), "Whatever", "https://me:pw@h/x"),
            embedded
        );
    }

    #[test]
    fn names_tell_credentials_from_what_is_about_them() {
        for name in [
            "Password",
            "SMTPPassword",
            "api_key",
            "APIKey",
            "SigningKey",
            "ClientSecret",
            "AccessToken",
            "SECRET",
            "apikey",
            "dbpassword",
            "BindPasword",
            "TokenValue",
            "S3Credentials",
            "Key",
        ] {
            assert!(looks_like_credential(name), "{name}");
        }
        for name in [
            "SecretKeyFile",
            "KeyPath",
            "TokenLifetime",
            "Keyboard",
            "Monkey",
            "KeyRotation",
            "PasswordLength",
            "TokenURL",
            "UsernameHeader",
            "AccessKeyId",
            "DataDir",
            "",
        ] {
            assert!(!looks_like_credential(name), "{name}");
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
