//! Keys in the paths and parameters of URLs: a webhook is called by whoever knows its address, and
//! stores hand out addresses that are signed.
//!
//! Of a setting that nobody knows, a part is shown only if it is made of plain words and small
//! numbers. Settings that are known are addresses of pages, repositories and providers: there a part
//! is a key if it is as long and mixed as keys are.

use percent_encoding::percent_decode_str;

use super::embedded::TextKind;
use super::words::{names_credential, names_signature};
use super::{is_path, is_switch};

/// Parameters of databases, which say nothing secret.
pub(super) const HARMLESS: &[&str] = &[
    "application_name",
    "connect_timeout",
    "dbname",
    "host",
    "hostaddr",
    "port",
    "require_auth",
    "service",
    "sslcert",
    "sslkey",
    "sslmode",
    "sslrootcert",
    "target_session_attrs",
    "user",
];

/// From this length on, a mixed run of letters and digits is a key in any URL.
const KEY: usize = 16;

/// Longer words than this are none.
const WORD: usize = 15;

/// Whether what stands behind the slashes of a URL has a key in its path or parameters.
pub(super) fn are_exposed(rest: &str, kind: TextKind) -> bool {
    let (before, parameters) = rest.split_at(rest.find(['?', '#']).unwrap_or(rest.len()));
    let path = before.find(['/', '\\']).map_or("", |at| &before[at..]);
    let segments = path.split(['/', '\\', ';']);
    segments.map(decoded).any(|segment| is_key(&segment, kind))
        || parameters
            .split(['?', '#', '&', ';'])
            .any(|parameter| is_exposed(parameter, kind))
}

fn decoded(part: &str) -> String {
    percent_decode_str(part).decode_utf8_lossy().into_owned()
}

fn is_exposed(parameter: &str, kind: TextKind) -> bool {
    let (name, value) = match parameter.split_once('=') {
        Some((name, value)) => (decoded(name), decoded(value)),
        None => (String::new(), decoded(parameter)),
    };
    if matches!(value.as_str(), "" | "{$}" | "***") || is_switch(&value) || is_path(&value) {
        return false;
    }
    !HARMLESS.contains(&name.as_str())
        && (names_credential(&name) || names_signature(&name) || is_key(&value, kind))
}

/// Whether a part of a URL may be a key.
fn is_key(part: &str, kind: TextKind) -> bool {
    match kind {
        TextKind::Unknown => !part.split(is_separator).all(is_plain),
        TextKind::Url => is_guid(part) || is_random(part),
        TextKind::Address => false,
        TextKind::Plain | TextKind::Header | TextKind::Prose => is_random(part),
    }
}

fn is_separator(c: char) -> bool {
    c.is_ascii_punctuation() || c == ' '
}

/// A word in small letters, a small number, or a short one with a number behind it, as in `v2`.
fn is_plain(word: &str) -> bool {
    let letters = word.trim_end_matches(|c: char| c.is_ascii_digit());
    let digits = word.len() - letters.len();
    letters.bytes().all(|b| b.is_ascii_lowercase())
        && match (letters.len(), digits) {
            (0, digits) => digits <= 4,
            (letters, 0) => letters <= WORD,
            (letters, digits) => letters <= 3 && digits <= 3,
        }
}

/// Whether some run is as long and mixed as keys are.
fn is_random(part: &str) -> bool {
    let count = |run: &str, of: fn(&char) -> bool| run.chars().filter(of).count();
    let digits = |run: &str| count(run, char::is_ascii_digit);
    let upper = |run: &str| count(run, char::is_ascii_uppercase);
    let lower = |run: &str| count(run, char::is_ascii_lowercase);
    let turns = |run: &str| {
        let bytes = run.as_bytes().windows(2);
        bytes
            .filter(|pair| pair[0].is_ascii_uppercase() != pair[1].is_ascii_uppercase())
            .count()
    };
    part.split(|c: char| !c.is_ascii_alphanumeric())
        .filter(|run| run.len() >= KEY)
        .any(|run| digits(run) > 0 && digits(run) < run.len() || turns(run) >= KEY / 2)
        || part
            .split(|c: char| !c.is_ascii_alphanumeric() && !matches!(c, '-' | '_'))
            .filter(|run| run.len() > KEY)
            .any(|run| digits(run) >= 3 && upper(run) >= 3 && lower(run) >= 3)
}

/// Whether it is made as `9188040d-6c67-4c5b-b112-36a304b66dad` is. The URLs of identity providers name
/// their tenants in this way, but those are no settings that are called secret.
fn is_guid(part: &str) -> bool {
    let groups: Vec<&str> = part.split('-').collect();
    groups.iter().map(|group| group.len()).eq([8, 4, 4, 4, 12])
        && part.bytes().all(|b| b == b'-' || b.is_ascii_hexdigit())
}

#[cfg(test)]
mod tests {
    use super::super::embedded::holds_password;
    use super::*;

    const EVERY: [TextKind; 4] = [
        TextKind::Plain,
        TextKind::Url,
        TextKind::Unknown,
        TextKind::Prose,
    ];

    #[test]
    fn keys_in_any_url_are_found() {
        for value in [
            "https://store.example.com/c/b.tgz?sv=2026&sig=a%2Fb",
            "https://store.example.com/b?X-Amz-Signature=abc",
            "https://h/?code=abc",
            "https://h/?key=abc",
            "https://h/#access_token=abc",
            "https://h/?q=Zk3Vb81qLmN0pX7wR2",
            "https://hooks.example.com/services/T0/B0/Zk3Vb81qLmN0pX7wR2tYc4dE",
            "https://hooks.example.com/services/T0/B0/ZkAbRtXeWoQpMnVcLkJh",
            "https://dl.example.com/aB3dE6gH9jK2mN5p/team/repo/cran",
            "https://dl.example.com/aB3-dE6gH9_jK2mN5/cran",
        ] {
            for kind in EVERY {
                assert!(holds_password(value, kind), "{value} {kind:?}");
            }
        }
        let tenant = "https://dl.example.com/9188040d-6c67-4c5b-b112-36a304b66dad/cran";
        assert!(holds_password(tenant, TextKind::Url));
    }

    #[test]
    fn what_is_no_plain_word_is_a_key_where_nobody_knows_the_setting() {
        for value in [
            "https://hooks.example.com/services/T01ABC",
            "https://hooks.example.com/hunter2222",
            "https://hooks.example.com/SECRET",
            "https://h/x?y=Hunter",
            "https://h/?hunter2222",
            "https://h/p%C3%A4ss",
            "hooks.example.com/services/T01ABC",
            "h:8080/SECRET",
        ] {
            assert!(holds_password(value, TextKind::Unknown), "{value}");
            assert!(!holds_password(value, TextKind::Plain), "{value}");
        }
    }

    /// On either side of each bound.
    #[test]
    fn words_and_keys_are_told_by_their_length_and_their_letters() {
        let letters = |count| "a".repeat(count);
        for word in ["", "2026", "v2", "abc123", "artifactory", &letters(WORD)] {
            assert!(is_plain(word), "{word}");
        }
        for word in ["20261", "abcd1", "v1234", "V2", "a2b", &letters(WORD + 1)] {
            assert!(!is_plain(word), "{word}");
        }
        for key in ["aaaaaaaaaaaaaaa1", "AaAaAaAaAAAAAAAA", "ABC-abc-123-abcde"] {
            assert!(is_random(key), "{key}");
        }
        for other in [
            "aaaaaaaaaaaaaa1",
            "aaaaaaaaaaaaaaaa",
            "1111111111111111",
            "AaAaAaAaaaaaaaaa",
            "ABC-abc-123-abcd",
            "ABC-abc-12-abcdef",
            "AB-abc-123-abcdef",
            "ABCDEFG-ab-123-456",
        ] {
            assert!(!is_random(other), "{other}");
        }
    }

    #[test]
    fn addresses_stay_addresses() {
        for value in [
            "https://packagemanager.posit.co/cran/__linux__/jammy/2026-01-15",
            "https://artifactory.example.com/artifactory/api/pypi/pypi-virtual/simple",
            "https://h/a/v2/x.html?page=2&all=true",
            "https://h/",
            "postgres://u@h:5432/connect?sslmode=verify-full&application_name=connect-prod-Db01",
        ] {
            for kind in EVERY {
                assert!(!holds_password(value, kind), "{value} {kind:?}");
            }
        }
        let tenant = "https://login.example.com/9188040d-6c67-4c5b-b112-36a304b66dad/v2.0";
        assert!(!holds_password(tenant, TextKind::Plain));
    }
}
