//! Which values must not be shown, and what remains of a URL without its password.
//!
//! `rscadmin configure --encrypt-config-value` makes encrypted values that may stand in the place
//! of a credential. Their form is not documented, so they are treated as credentials like others;
//! [`may_be_encrypted`] is only a hint.

mod conninfo;
mod embedded;
mod names;
mod url;

pub use embedded::{Stripped, strip};
pub use names::looks_like_credential;

use super::catalogue::Catalogue;
use super::entry::Secrecy;
use crate::gcfg::{Section, SettingName};

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

    /// Whether a comment gives a credential away: a setting of this section that was commented
    /// out, something like `password: …`, or a URL with a password.
    #[must_use]
    pub fn comment_exposes(&self, section: &Section, comment: &str) -> bool {
        let comment = comment.trim_start_matches([';', '#', ' ', '\t']);
        let set = comment.split_once(['=', ':']).is_some_and(|(key, value)| {
            let key = key.split_whitespace().next_back().unwrap_or_default();
            let value = value.trim().trim_matches('"');
            let name = SettingName::new(section.clone(), key);
            self.exposure(&name, value).is_some()
        });
        set || strip(comment, Secrecy::No).is_some()
    }

    fn named_like_credential(&self, name: &SettingName, value: &str) -> bool {
        if is_switch(value) || is_path(value) {
            return false;
        }
        let meant = self.nearest(name);
        let meant = meant.as_ref().and_then(|meant| self.lookup(meant));
        meant.is_some_and(|entry| entry.secrecy == Secrecy::Value)
            || looks_like_credential(&name.property)
    }
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
        assert_eq!(unknown("SigningKey", "/etc/ssl/signing.pem"), None);
        assert_eq!(unknown("SigningKey", "/9j/4AAQSkZJRg=="), by_name);
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
    fn comments_may_give_credentials_away() {
        let exposes =
            |section: Section, comment| Catalogue::builtin().comment_exposes(&section, comment);
        let smtp = || Section::plain("SMTP");
        assert!(exposes(smtp(), "; Password = abc"));
        assert!(exposes(smtp(), "#password=\"abc\""));
        assert!(exposes(smtp(), "old password: abc"));
        assert!(exposes(Section::named("LDAP", "x"), ";BindPassword = abc"));
        assert!(exposes(smtp(), "was https://me:abc@example.com before"));
        assert!(!exposes(smtp(), "Password ="));
        assert!(!exposes(smtp(), "Host = mail.example.com"));
        assert!(!exposes(smtp(), "the password is with the administrators"));
        assert!(!exposes(smtp(), "=========="));
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
    fn only_long_base64_may_be_encrypted() {
        let cipher = "q83vEjRWeJCrze8SNFZ4kKvN7xI0VniQq83vEjRWeJCrze8SNFZ4kKvN7w==";
        assert!(may_be_encrypted(cipher));
        for value in ["S3cr3t-ldap-01", "aGVsbG8=", &"0123456789abcdef".repeat(4)] {
            assert!(!may_be_encrypted(value), "{value}");
        }
    }
}
