//! A URL in pieces, however carelessly it is written.

use std::borrow::Cow;

use percent_encoding::percent_decode_str;

/// The pieces of a URL. Put together again, with a colon before the password and a question mark
/// before the query, they are the text.
#[derive(Debug)]
pub(super) struct Url<'a> {
    /// Scheme and user's name.
    pub before: &'a str,
    /// What stands between the colon behind the user's name and the at sign.
    pub password: Option<&'a str>,
    /// From the at sign, if any, to the query.
    pub host_and_path: &'a str,
    /// What is between question mark and number sign.
    pub query: Option<&'a str>,
    /// From the number sign.
    pub fragment: &'a str,
}

impl<'a> Url<'a> {
    /// Splits a text that is a URL, with or without a scheme.
    pub(super) fn split(text: &'a str) -> Self {
        let authority = text.find("://").map_or(0, |at| at + "://".len());
        let (before, password, rest) = match user_info(&text[authority..]) {
            Some((user, Some(password))) => {
                let end = authority + user.len();
                let rest = end + ":".len() + password.len();
                (&text[..end], Some(password), &text[rest..])
            }
            Some((user, None)) => {
                let (before, rest) = text.split_at(authority + user.len());
                (before, None, rest)
            }
            None => {
                let (before, rest) = text.split_at(authority);
                (before, None, rest)
            }
        };
        let (rest, fragment) = rest.split_at(rest.find('#').unwrap_or(rest.len()));
        let (host_and_path, query) = match rest.split_once('?') {
            Some((path, query)) => (path, Some(query)),
            None => (rest, None),
        };
        Self {
            before,
            password,
            host_and_path,
            query,
            fragment,
        }
    }
}

/// Resolves percent signs; a text that they do not make sense in is left as it is.
pub(super) fn decoded(text: &str) -> String {
    percent_decode_str(text)
        .decode_utf8()
        .map_or_else(|_| text.to_owned(), Cow::into_owned)
}

/// As [`decoded`]; in a query a plus sign stands for a blank.
pub(super) fn decoded_query(text: &str) -> String {
    decoded(&text.replace('+', " "))
}

/// User name and password, if there are any, from a text that begins with them.
fn user_info(text: &str) -> Option<(&str, Option<&str>)> {
    let end = text.find(['/', '?', '#']).unwrap_or(text.len());
    let at = match text[..end].rfind('@') {
        Some(at) => at,
        // A password that should have been percent-encoded. What looks like a host with a port
        // (or an IPv6 address) is one: then the at sign belongs to path or query.
        None => {
            let (_, port) = text[..end].split_once(':')?;
            let is_port = !port.is_empty() && port.bytes().all(|b| b.is_ascii_digit());
            if is_port || text.starts_with('[') {
                return None;
            }
            text.rfind('@')?
        }
    };
    Some(match text[..at].split_once(':') {
        Some((user, password)) => (user, Some(password)),
        None => (&text[..at], None),
    })
}
