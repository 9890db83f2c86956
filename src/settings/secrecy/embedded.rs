//! Passwords inside longer values: URLs, and PostgreSQL's connection strings of keywords and values.
//!
//! Nothing is cut out of them. People write passwords into URLs without encoding them, and then it is
//! anyone's guess where the password ends: what cannot be taken apart with certainty is a secret as
//! a whole.

use percent_encoding::percent_decode_str;

use super::parts;
use super::words::{about, has_token, names_credential};
use super::{is_path, is_switch};

/// Keywords of which one must be there, so that a known setting is taken for a connection string.
const CONNECTION: &[&str] = &["host", "hostaddr", "port", "dbname", "user", "service"];

/// What is known about the setting that a value belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum TextKind {
    /// Known, and no URL.
    Plain,
    /// Known to be a URL or connection string, which may lack its scheme.
    Url,
    /// Known to be a public address with ids in its path.
    Address,
    /// Known to be a header of HTTP.
    Header,
    Unknown,
    /// Of no setting: a comment, a line, a word that somebody typed.
    Prose,
}

/// Whether a text of a known setting is no URL that may hold a password.
fn is_known_text(setting: TextKind) -> bool {
    matches!(
        setting,
        TextKind::Plain | TextKind::Address | TextKind::Header
    )
}

/// A value with more places than this that a credential could stand behind is not taken apart: each
/// place is looked at up to its end.
const MOST_PLACES: usize = 1000;

/// Whether a value holds a password, or may.
pub(super) fn holds_password(value: &str, setting: TextKind) -> bool {
    value.matches([':', '=']).nth(MOST_PLACES).is_some()
        || value.contains("-----BEGIN")
        || assigns_credential(value, setting)
        || assigns_credential(&percent_decode_str(value).decode_utf8_lossy(), setting)
        || urls(value, setting)
            .any(|(scheme, rest)| is_exposed(scheme, rest) || parts::are_exposed(rest, setting))
        || names_value(value, setting)
        || setting == TextKind::Unknown && is_authorization(value)
        || setting == TextKind::Header
            && is_authorization(value.split_once(':').unwrap_or_default().1)
        || options_carry_one(value)
        || (!is_known_text(setting) || is_one_address(value)) && user_and_password(value)
}

/// Whether a value begins as an address does and holds nothing else: prose and LDAP filters, too, may
/// have a colon before somebody's address.
fn is_one_address(value: &str) -> bool {
    let user = value.split(':').next().unwrap_or_default();
    let in_user = |c: char| c.is_alphanumeric() || matches!(c, '.' | '_' | '-' | '+' | '%');
    user.chars().all(in_user) && !value.contains(char::is_whitespace)
}

/// `--token …`, `-u user:…`, `-p…`: the options of a command that let somebody in.
fn options_carry_one(value: &str) -> bool {
    let mut words = value.split_whitespace().peekable();
    while let Some(word) = words.next() {
        let next = words.peek().copied().filter(|next| !next.starts_with('-'));
        let Some(option) = word.strip_prefix('-') else {
            continue;
        };
        let (what, argument) = match option.strip_prefix('-') {
            Some(long) => long
                .split_once('=')
                .map_or((long, next), |(name, value)| (name, Some(value))),
            None => match option.char_indices().nth(1) {
                Some((end, _)) => (&option[..end], Some(&option[end..])),
                None => (option, next),
            },
        };
        let Some(argument) = argument.filter(|a| !is_switch(a) && !is_path(a)) else {
            continue;
        };
        let lets_in = match what {
            // The port, where it is a number.
            "p" => !argument.bytes().all(|b| b.is_ascii_digit()),
            "u" | "U" | "user" | "proxy-user" => argument.contains(':'),
            _ => option.starts_with('-') && names_credential(what) && !about(what),
        };
        if lets_in {
            return true;
        }
    }
    false
}

/// `Authorization: …`, `{"password": …}`: a name, a colon and what it stands for. Text of a known setting
/// is prose more often than not, so only the header of a request counts there, which begins the text.
fn names_value(value: &str, setting: TextKind) -> bool {
    let is_name = |c: char| c.is_alphanumeric() || matches!(c, '_' | '-' | '.');
    value.match_indices(':').any(|(at, _)| {
        let before = value[..at].trim_end().trim_end_matches(['"', '\'']);
        let name = &before[before.trim_end_matches(is_name).len()..];
        let behind = value[at + 1..].trim_start();
        let word = behind.split_whitespace().next().unwrap_or_default();
        let header = before.trim_start_matches(['"', '\'']) == name
            && (setting == TextKind::Header
                || name.contains('-')
                || ["authorization", "cookie"].contains(&&*name.to_lowercase()));
        (header || matches!(setting, TextKind::Unknown))
            && !word.starts_with("//")
            && !matches!(word, "" | "{$}" | "***")
            && !is_switch(word)
            && !is_path(word)
            && (names_credential(name) || name.to_lowercase().ends_with("cookie"))
    })
}

/// `Bearer …`, as behind `Authorization:`.
fn is_authorization(value: &str) -> bool {
    let (scheme, rest) = value.trim().split_once(' ').unwrap_or_default();
    ["bearer", "basic"].contains(&&*scheme.to_lowercase()) && !rest.trim().is_empty()
}

/// `password=…`, as a keyword or as a parameter of a URL. In the text of a known setting a name in a
/// directory's filter looks like one, too; there it counts among keywords of connections, in a URL, and
/// as an assignment on a command line: a word of its own.
fn assigns_credential(value: &str, setting: TextKind) -> bool {
    let is_name = |c: char| c.is_alphanumeric() || matches!(c, '_' | '-' | '.');
    let mut connection = !is_known_text(setting) || value.contains("://");
    let mut credential = false;
    let mut assigned = false;
    for (at, _) in value.match_indices('=') {
        let before = value[..at].trim_end();
        let name = &before[before.trim_end_matches(is_name).len()..];
        connection |= CONNECTION
            .iter()
            .any(|known| known.eq_ignore_ascii_case(name));
        let behind = value[at + 1..].trim_start();
        let end = behind.find(|c: char| c.is_whitespace() || matches!(c, '&' | ';'));
        let word = &behind[..end.unwrap_or(behind.len())];
        let is_one = !matches!(word, "" | "{$}" | "***")
            && !is_switch(word)
            && !is_path(word)
            && !parts::HARMLESS.contains(&name)
            && names_credential(name);
        let lead = &before[..before.len() - name.len()];
        let begins_word = lead.is_empty() || lead.ends_with([' ', '\t', '"', '\'']);
        credential |= is_one;
        assigned |=
            is_one && begins_word && before.len() == at && !about(name) && !word.contains(')');
    }
    connection && credential || assigned
}

/// The URLs in a value: the scheme, and what stands behind its slashes.
fn urls(value: &str, setting: TextKind) -> impl Iterator<Item = (&str, &str)> {
    let scheme = |c: char| c.is_ascii_alphanumeric() || matches!(c, '+' | '-' | '.');
    let bare = !value.contains("//");
    let without_scheme = match setting {
        TextKind::Url => bare && !value.contains('='),
        // A host and a path: what stands before the slash has a dot or a port in it.
        TextKind::Unknown => {
            let host = value.split('/').next().unwrap_or_default();
            bare && host.len() < value.len() && host.contains(['.', ':']) && !host.contains(' ')
        }
        TextKind::Plain | TextKind::Address | TextKind::Header | TextKind::Prose => false,
    };
    let without_scheme = without_scheme.then_some(("", value));
    value
        .match_indices("//")
        .filter_map(move |(at, slashes)| {
            let before = match value[..at].strip_suffix(':') {
                Some(before) => before,
                None if at == 0 => "",
                None => return None,
            };
            let start = before.trim_end_matches(scheme).len();
            let rest = &value[at + slashes.len()..];
            // In a longer text a URL ends somewhere; alone, blanks and quotes are part of it.
            let ends = |c: char| c.is_whitespace() || matches!(c, '"' | '\'' | '<' | '>' | '`');
            let rest = match rest.find(ends) {
                Some(end) if start > 0 => &rest[..end],
                _ => rest,
            };
            Some((&before[start..], rest))
        })
        .chain(without_scheme)
}

/// Whether what stands behind a scheme begins with a user and a password, or may.
fn is_exposed(scheme: &str, rest: &str) -> bool {
    let (authority, tail) = rest.split_at(rest.find(['/', '?', '#', '\\']).unwrap_or(rest.len()));
    let at_behind = tail.contains('@');
    if let Some((user, host)) = authority.rsplit_once('@') {
        return match user.split_once(':') {
            Some((_, "" | "{$}")) => at_behind,
            Some(_) => true,
            // Tokens stand in the place of a user's name in the URLs of web servers.
            None => {
                // "git+https" is one of them.
                let transport = scheme.rsplit('+').next().unwrap_or_default();
                let web = transport.to_ascii_lowercase().starts_with("http") || scheme.is_empty();
                web && user != "git" && !user.is_empty() || has_token(user) || has_odd_port(host)
            }
        };
    }
    // Without an at sign before the path, what looks like a port may begin a password.
    authority.contains(':') && !authority.starts_with('[') && (at_behind || has_odd_port(authority))
}

/// Whether something else than a number stands behind a host's colon.
fn has_odd_port(hosts: &str) -> bool {
    hosts.split(',').any(|host| {
        let host = host.rsplit_once(']').map_or(host, |(_, port)| port);
        host.split_once(':')
            .is_some_and(|(_, port)| port != "*" && !port.bytes().all(|b| b.is_ascii_digit()))
    })
}

/// `user:password@host`, without a scheme.
fn user_and_password(value: &str) -> bool {
    let user = value.rsplit_once('@').map_or("", |(user, _)| user);
    user.split_once(':').is_some_and(|(user, password)| {
        !matches!(user, "" | "mailto") && !password.is_empty() && !password.starts_with("//")
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const KINDS: [TextKind; 3] = [TextKind::Plain, TextKind::Url, TextKind::Unknown];

    #[test]
    fn headers_and_objects_assign_credentials() {
        for header in [
            "Authorization: Bearer hunter2",
            "X-Api-Key: hunter2",
            "Set-Cookie: s=hunter2",
        ] {
            assert!(holds_password(header, TextKind::Plain), "{header}");
            assert!(holds_password(header, TextKind::Unknown), "{header}");
        }
        for value in [
            "Bearer hunter2",
            "{password: hunter2}",
            r#"{"password": "hunter2"}"#,
        ] {
            assert!(holds_password(value, TextKind::Unknown), "{value}");
        }
        let git = "git+https://hunter2@github.com/o/r";
        assert!(holds_password(git, TextKind::Plain));
        for plain in [
            "X-Content-Type-Options: nosniff",
            "Forgot your password: call us",
            "Content-Security-Policy: frame-ancestors 'self' https://*.example.com",
            "Strict-Transport-Security: max-age=31536000",
        ] {
            assert!(!holds_password(plain, TextKind::Plain), "{plain}");
        }
    }

    #[test]
    fn a_header_is_one_whatever_its_name() {
        for header in ["Token: hunter2", "X-Forwarded-User: Basic aHVudGVyMg=="] {
            assert!(holds_password(header, TextKind::Header), "{header}");
        }
        for header in [
            "X-Frame-Options: SAMEORIGIN",
            "Content-Security-Policy: default-src 'self' https://a.example.com:*",
            "Access-Control-Allow-Credentials: true",
        ] {
            assert!(!holds_password(header, TextKind::Header), "{header}");
        }
    }

    #[test]
    fn ids_in_a_public_address_are_no_keys() {
        for address in [
            "https://example.okta.com/app/exk1abcdefghijklmnop/sso/saml/metadata",
            "https://example.okta.com/oauth2/aus1abcdefghijklmnop",
        ] {
            assert!(!holds_password(address, TextKind::Address), "{address}");
        }
        for address in [
            "https://u:hunter2@idp.example.com/metadata",
            "https://idp.example.com/metadata?token=hunter2",
        ] {
            assert!(holds_password(address, TextKind::Address), "{address}");
        }
    }

    #[test]
    fn what_holds_a_password_or_may_is_a_secret() {
        for value in [
            "postgres://connect:p%40ss@db.example.com:5432/connect?sslmode=require",
            "postgres://u:p@ss@h/d",
            "postgres://u:1234#PW@h/db",
            "postgres://u:1234/PW@h/db",
            "postgres://u:1234?PW@h/db",
            "postgres://u:pa/ss@h/d",
            "postgres://u:@x#PW@h/d",
            "postgres://u:a b@h/d",
            "postgres://u:PW",
            "postgres://u:pw%40h/db",
            "postgres://u@h,i:PW/d",
            "postgres:///db?host=h&user=u&password=pw",
            "postgres://h/d?sslpassword=two+2",
            "postgres://h/d?pass%77ord=pw",
            "https://h/x?token=abc",
            "https://ghp-anything@github.com/x",
            "//u:PW@h/d",
            "host=h password=a b",
            "host = h password = 'it\\'s'",
            "host=h sslpassword=x",
            "host=h password='x",
            "Host=h;Pwd=x",
            "see <a href=\"https://a:one@x/\">x</a>",
            "-----BEGIN PRIVATE KEY-----",
        ] {
            for kind in KINDS {
                assert!(holds_password(value, kind), "{value} {kind:?}");
            }
        }
        assert!(holds_password(
            "user:pw@proxy.example.com:3128",
            TextKind::Url
        ));
        assert!(holds_password(
            "user:pw@proxy.example.com:3128",
            TextKind::Unknown
        ));
        for value in ["password=x", "password = x", "/login?password=x"] {
            for kind in [TextKind::Url, TextKind::Unknown, TextKind::Prose] {
                assert!(holds_password(value, kind), "{value} {kind:?}");
            }
        }
        assert!(holds_password(&"://".repeat(60_000), TextKind::Plain));
        for value in [
            "mysql -u root -phunter2 db",
            "sshpass -p hunter2 ssh h",
            "curl -u me:hunter2 https://h/",
            "curl --user me:hunter2 https://h/",
            "tool --api-token hunter2",
            "tool --token=hunter2",
            "/usr/bin/env API_TOKEN=hunter2 /opt/wrap",
            "sh -c 'DB_PASSWORD=hunter2 exec \"$@\"'",
            "java -Dpassword=hunter2 -jar x.jar",
            "bob:hunter2@mail.example.com",
        ] {
            for kind in [TextKind::Plain, TextKind::Unknown] {
                assert!(holds_password(value, kind), "{value} {kind:?}");
            }
        }
        for value in [
            "/usr/bin/nice -n 2",
            "ssh -p 22 -i /etc/key me@host",
            "tool --token-file /etc/token --password-length 12 --secret",
            "Questions: me@example.com",
            "(&(memberOf:1.2.840.113556.1.4.1941:=cn=a)(userPrincipalName=*@example.com))",
            "(mail:=*@example.com)",
            "(| (pwdLastSet=0) (authType=x))",
            "OU=a,OU=password=reset,DC=example",
            "/usr/bin/env TOKEN_FILE=/etc/token PASSWORD_LENGTH=12 /opt/wrap",
            "Content-Security-Policy: default-src 'self' https://a.example.com:* wss://b.example.com:*",
        ] {
            assert!(!holds_password(value, TextKind::Plain), "{value}");
        }
    }

    #[test]
    fn what_holds_none_is_none() {
        for value in [
            "https://host.example.com:8080/a",
            "https://cdn.example.com/npm/x@1.2",
            "postgres://user@host/db",
            "postgres://user@one:5432,two:5432/db?sslmode=verify-full&sslkey=/etc/x.key",
            "postgres://user:@host/db",
            "postgres://user:{$}@host/db",
            "http://[2001:db8::1]:80/x",
            "ssh://git@github.com/x",
            "host=h user=u",
            "postgres://user@host/db?require_auth=scram-sha-256",
            "host=h user=u require_auth=scram-sha-256",
            "host=h password=",
            "host=h;auth=no;user=u",
            "proxy.example.com:3128",
            "/opt//lib:x",
            "no url at all",
            "",
            "://",
        ] {
            for kind in KINDS {
                assert!(!holds_password(value, kind), "{value} {kind:?}");
            }
        }
        assert!(!holds_password("mailto:me@example.com", TextKind::Unknown));
        assert!(!holds_password(
            "(&(objectClass=user)(authType=x))",
            TextKind::Plain
        ));
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(256))]

        #[test]
        fn no_password_in_a_url_is_missed(password in "[ -~]{1,14}", tail in "[a-z]{0,5}(\\?[a-z]{1,4}=[a-z]{1,4})?") {
            prop_assume!(password != "{$}");
            for kind in KINDS {
                let value = format!("postgres://U:{password}@H/{tail}");
                prop_assert!(holds_password(&value, kind));
            }
        }
    }
}
