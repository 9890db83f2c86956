//! PostgreSQL's connection strings of keywords and values: `host=db user=me password='a b'`.
//!
//! Blanks may surround the equals sign. A value in single quotes may hold blanks; `\'` and `\\`
//! stand for a quote and a backslash (PostgreSQL's documentation, libpq, "Connection Strings").

use super::embedded::Stripped;
use crate::secret::Secret;

/// Keywords of which one must be there, so that no other text is taken for a connection string.
const CONNECTION: &[&str] = &["host", "hostaddr", "port", "dbname", "user", "service"];

/// A keyword with its value.
struct Pair<'a> {
    keyword: &'a str,
    /// As written, from keyword to value.
    written: &'a str,
    value: String,
}

/// Takes the passwords out; `None` if the text is no connection string or has none.
pub(super) fn strip(text: &str) -> Option<Stripped> {
    let pairs = parse(text)?;
    if !pairs.iter().any(|pair| CONNECTION.contains(&pair.keyword)) {
        return None;
    }
    let (mut kept, mut shown, mut password, mut others) = (vec![], vec![], None, vec![]);
    for pair in pairs {
        let secret = matches!(
            pair.keyword,
            "password" | "sslpassword" | "oauth_client_secret"
        );
        if !secret || pair.value.is_empty() {
            kept.push(pair.written);
            shown.push(pair.written.to_owned());
            continue;
        }
        shown.push(format!("{}=***", pair.keyword));
        let secret = Secret::new(pair.value);
        if pair.keyword == "password" {
            // The last one holds.
            password = Some(secret);
        } else {
            others.push((pair.keyword.to_owned(), secret));
        }
    }
    (password.is_some() || !others.is_empty()).then(|| Stripped {
        text: kept.join(" "),
        shown: shown.join(" "),
        password,
        others,
    })
}

fn parse(text: &str) -> Option<Vec<Pair<'_>>> {
    let mut pairs = Vec::new();
    let mut rest = text.trim_start();
    while !rest.is_empty() {
        let start = rest;
        let end = rest
            .find(|c: char| !(c.is_ascii_lowercase() || c == '_'))
            .filter(|end| *end > 0)?;
        let keyword = &rest[..end];
        rest = rest[end..].trim_start().strip_prefix('=')?.trim_start();
        let value;
        (value, rest) = parse_value(rest)?;
        let written = &start[..start.len() - rest.len()];
        pairs.push(Pair {
            keyword,
            written,
            value,
        });
        rest = rest.trim_start();
    }
    Some(pairs)
}

/// A value and what follows it; `None` if its quotes do not close.
fn parse_value(text: &str) -> Option<(String, &str)> {
    let (quoted, body) = match text.strip_prefix('\'') {
        Some(body) => (true, body),
        None => (false, text),
    };
    let mut value = String::new();
    let mut chars = body.char_indices();
    while let Some((at, c)) = chars.next() {
        match c {
            '\\' => value.extend(chars.next().map(|(_, c)| c)),
            '\'' if quoted => return Some((value, &body[at + 1..])),
            c if c.is_whitespace() && !quoted => return Some((value, &body[at..])),
            c => value.push(c),
        }
    }
    (!quoted).then_some((value, ""))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_password_is_taken_out_of_a_connection_string() {
        let found = strip(r"host=db.example.com user = me password='it\'s \\ 1' dbname=d").unwrap();
        assert_eq!(found.text, "host=db.example.com user = me dbname=d");
        assert_eq!(
            found.shown,
            "host=db.example.com user = me password=*** dbname=d"
        );
        assert_eq!(found.password.unwrap().expose(), r"it's \ 1");
    }

    #[test]
    fn other_secrets_are_named() {
        let found = strip("host=h sslpassword=x").unwrap();
        assert!(found.password.is_none());
        assert_eq!(found.others[0].0, "sslpassword");
        assert_eq!(found.text, "host=h");
    }

    #[test]
    fn other_texts_are_none() {
        for text in [
            "",
            "host=h user=u",
            "host=h password=",
            "password=x",
            "host=h password='x",
            "the password=x is host=h",
            "Host=h password=x",
            "postgres://u:host=h password=x@h",
        ] {
            assert!(strip(text).is_none(), "{text}");
        }
    }
}
