//! What a name says about its value.

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

#[cfg(test)]
mod tests {
    use super::*;

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
}
