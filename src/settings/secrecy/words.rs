//! What words say about the values that they stand at. The one list of the project.

use crate::gcfg::fold;

/// What contains one of these may stand for a credential.
const STEMS: &[&str] = &[
    "apikey",
    "auth",
    "bearer",
    "connectionstr",
    "connstr",
    "cookie",
    "cred",
    "licen",
    "pass",
    "paswd",
    "passw",
    "private",
    "pwd",
    "secret",
    "signing",
    "token",
    "tokn",
    "toekn",
    "webhook",
];

/// Too short to be looked for inside of other words.
const WORDS: &[&str] = &[
    "dsn", "hash", "jwt", "otp", "pat", "pin", "psw", "pw", "salt", "sas",
];

/// What parameters of URLs are called that let somebody in.
const SIGNATURES: &[&str] = &[
    "assertion",
    "code",
    "hmac",
    "session",
    "sessionid",
    "sid",
    "sig",
    "signature",
    "ticket",
];

/// Recognised with one letter too many, missing, wrong, or two that changed places.
const MISSPELT: &[&str] = &["password", "passphrase", "secret", "credential"];

/// Words that hold a stem by chance.
const HARMLESS: &[&str] = &[
    "authenticat",
    "bypass",
    "compass",
    "oauth",
    "passed",
    "passenger",
    "passing",
    "passive",
    "passthrough",
    "secretar",
];

/// What ends in one of these says something about a credential, not the credential.
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
    "uri",
    "url",
];

/// How long a run of letters and digits must be to count as a key or token.
const TOKEN_LENGTH: usize = 20;

/// Whether a name may be that of a credential: `SmtpPassword`, `PAT`, `AuthHeader` and `SigningKey`
/// are, `Keyboard` and `KeyRotation` are not. What is [`about`] one counts, too.
#[must_use]
pub(crate) fn names_credential(name: &str) -> bool {
    let words = words(name);
    // "Key" counts at the end only: a KeyboardKey is rare, a KeyRotation is not.
    let key = words
        .last()
        .is_some_and(|last| last.ends_with("key") && last != "monkey");
    key || words.iter().any(|word| WORDS.contains(&word.as_str())) || has_stem(&plain(name))
}

/// Whether a parameter of a URL is a signature, or stands for who calls.
#[must_use]
pub(super) fn names_signature(name: &str) -> bool {
    words(name)
        .iter()
        .any(|word| SIGNATURES.contains(&word.as_str()))
}

/// Whether a name is that of something about a credential, such as `TokenLifetime`. The address of a
/// webhook is its credential.
#[must_use]
pub(crate) fn about(name: &str) -> bool {
    let words = words(name);
    let last = words.last().map_or("", String::as_str);
    ABOUT.contains(&last) && !(matches!(last, "url" | "uri") && plain(name).contains("webhook"))
}

/// Whether a text speaks of credentials.
#[must_use]
pub(crate) fn mentions_credential(text: &str) -> bool {
    text.split_whitespace()
        .any(|chunk| names_credential(chunk) || words(chunk).iter().any(|word| word == "key"))
}

/// Whether a text has a run of letters and digits, both of them, as long as keys and tokens are, or
/// the beginning of a key in PEM form.
#[must_use]
pub(crate) fn has_token(text: &str) -> bool {
    runs(text, |c| matches!(c, '+' | '_' | '=' | '-'))
}

/// As [`has_token`], but no name with hyphens in it, such as that of a host.
#[must_use]
pub(super) fn is_key_material(text: &str) -> bool {
    runs(text, |c| matches!(c, '+' | '='))
}

fn runs(text: &str, inside: fn(char) -> bool) -> bool {
    text.split(|c: char| !(c.is_ascii_alphanumeric() || inside(c)))
        .filter(|run| run.len() >= TOKEN_LENGTH)
        .any(|run| {
            run.bytes().any(|b| b.is_ascii_digit()) && run.bytes().any(|b| b.is_ascii_alphabetic())
        })
        || text.contains("-----BEGIN")
}

fn has_stem(plain: &str) -> bool {
    let stem = |plain: &str| STEMS.iter().any(|stem| plain.contains(stem));
    let misspelt = |plain: &str| MISSPELT.iter().any(|word| nearly_contains(plain, word));
    // Names without a stem are most names, and there are many.
    if !stem(plain) {
        return misspelt(plain);
    }
    let mut plain = plain.to_owned();
    for word in HARMLESS {
        plain = plain.replace(word, " ");
    }
    // An author is no authorisation.
    plain = plain.replace("authori", "auth").replace("author", " ");
    stem(&plain) || misspelt(&plain)
}

/// Letters and digits, folded.
fn plain(text: &str) -> String {
    fold(text).chars().filter(|c| c.is_alphanumeric()).collect()
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

/// Whether some part of a text is nearly a word.
fn nearly_contains(text: &str, word: &str) -> bool {
    let text: Vec<char> = text.chars().collect();
    let word: Vec<char> = word.chars().collect();
    (word.len() - 1..=word.len() + 1)
        .flat_map(|length| text.windows(length))
        .any(|part| nearly_equal(part, &word))
}

fn nearly_equal(a: &[char], b: &[char]) -> bool {
    let same = a.iter().zip(b).take_while(|(a, b)| a == b).count();
    let (a, b) = (&a[same..], &b[same..]);
    let tail = a
        .iter()
        .rev()
        .zip(b.iter().rev())
        .take_while(|(a, b)| a == b)
        .count();
    match (&a[..a.len() - tail], &b[..b.len() - tail]) {
        ([], [] | [_]) | ([_], [] | [_]) => true,
        ([a, b], [c, d]) => a == d && b == c,
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_tell_credentials() {
        for name in [
            "Password",
            "SMTPPassword",
            "Pass",
            "BindPass",
            "Paswd",
            "UserPass",
            "PAT",
            "GithubPAT",
            "AuthHeader",
            "Authorization",
            "api_key",
            "APIKey",
            "apikey",
            "SigningKey",
            "Key",
            "ClientSecret",
            "ClientSercet",
            "AccessToken",
            "SECRET",
            "dbpassword",
            "BindPasword",
            "Passwrod",
            "Pa\u{17f}\u{17f}word",
            "pass-word",
            "TokenValue",
            "TokenLifetime",
            "S3Credentials",
            "License",
            "Licence",
            "DSN",
            "DB_PW",
            "DBPw",
            "JWT",
            "PaSsWoRd",
        ] {
            assert!(names_credential(name), "{name}");
        }
        for name in [
            "Keyboard",
            "Monkey",
            "KeyRotation",
            "UsernameHeader",
            "DataDir",
            "Author",
            "Path",
            "AuthenticationLog",
            "Bypass",
            "HTTPWait",
            "Pattern",
            "",
        ] {
            assert!(!names_credential(name), "{name}");
        }
    }

    #[test]
    fn names_about_credentials_are_told_from_theirs() {
        for name in [
            "SecretKeyFile",
            "TokenLifetime",
            "PasswordLength",
            "TokenURL",
            "AccessKeyId",
        ] {
            assert!(about(name), "{name}");
        }
        for name in ["AuthHeader", "Password", "KeyValue", "WebhookURL"] {
            assert!(!about(name), "{name}");
        }
    }

    #[test]
    fn texts_may_speak_of_credentials() {
        for text in [
            "the old password was",
            "API key 17",
            "new tokens",
            "see auth",
        ] {
            assert!(mentions_credential(text), "{text}");
        }
        for text in ["reload every night", "taken from the authors", "=====", ""] {
            assert!(!mentions_credential(text), "{text}");
        }
    }

    #[test]
    fn keys_and_tokens_are_long_and_mixed() {
        assert!(has_token("eyJhbGciOiJIUzI1NiIsInR5cCI6"));
        assert!(has_token("0123-4567-89ab-cdef-0123"));
        assert!(has_token("x -----BEGIN"));
        assert!(!has_token("/opt/R/4.3.1/bin/R and more words"));
        assert!(!is_key_material("connect-prod-db01-us-east-1.example.com"));
    }
}
