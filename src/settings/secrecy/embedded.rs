//! Passwords inside longer values.

use super::url::{Url, decoded, decoded_query};
use super::{conninfo, looks_like_credential};
use crate::secret::Secret;
use crate::settings::Secrecy;

/// A value whose passwords have been taken out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stripped {
    /// The value without its passwords: `postgres://me@host/db`.
    pub text: String,
    /// The value with `***` in the place of each password: `postgres://me:***@host/db`.
    pub shown: String,
    /// The password that signs in, decoded: the one behind the user's name, or else the one given
    /// as the parameter `password`.
    pub password: Option<Secret>,
    /// What else is secret, by the names of the parameters, such as `sslpassword`. When there is
    /// any, `text` and `password` do not say everything.
    pub others: Vec<(String, Secret)>,
}

/// Takes the passwords out of a value that is a URL or a database's connection string, or a text
/// with URLs in it; `None` if there is none inside. With [`Secrecy::Url`], the value may be a URL
/// without its scheme.
///
/// `{$}`, which old versions of Connect replaced by `Postgres.Password`, is no password.
#[must_use]
pub fn strip(value: &str, secrecy: Secrecy) -> Option<Stripped> {
    if let Some(stripped) = conninfo::strip(value) {
        return Some(stripped);
    }
    if secrecy != Secrecy::Url && !value.contains("://") {
        return None;
    }
    let mut stripped = Stripped {
        text: String::new(),
        shown: String::new(),
        password: None,
        others: Vec::new(),
    };
    let mut rest = value;
    while let Some((before, url, behind)) = next_url(rest, secrecy, rest.len() == value.len()) {
        stripped.copy(before);
        stripped.url(&Url::split(url));
        rest = behind;
    }
    stripped.copy(rest);
    (stripped.password.is_some() || !stripped.others.is_empty()).then_some(stripped)
}

impl Stripped {
    fn copy(&mut self, text: &str) {
        self.text.push_str(text);
        self.shown.push_str(text);
    }

    fn url(&mut self, url: &Url<'_>) {
        self.copy(url.before);
        if let Some(password) = url.password.filter(|password| is_password(password)) {
            self.keep(None, decoded(password));
            self.shown.push_str(":***");
        } else if let Some(password) = url.password {
            self.copy(":");
            self.copy(password);
        }
        self.copy(url.host_and_path);
        let (mut text, mut shown) = (Vec::new(), Vec::new());
        for parameter in url.query.iter().flat_map(|query| query.split('&')) {
            match parameter.split_once('=') {
                Some((name, value)) if is_password(value) && looks_like_credential(name) => {
                    self.keep(Some(name), decoded_query(value));
                    shown.push(format!("{name}=***"));
                }
                _ => {
                    text.push(parameter);
                    shown.push(parameter.to_owned());
                }
            }
        }
        if url.query.is_some() {
            if !text.is_empty() {
                self.text.push('?');
            }
            self.text.push_str(&text.join("&"));
            self.shown.push('?');
            self.shown.push_str(&shown.join("&"));
        }
        self.copy(url.fragment);
    }

    /// Notes a password: the one behind a user's name, or that of a parameter.
    fn keep(&mut self, parameter: Option<&str>, password: String) {
        let password = Secret::new(password);
        let name = parameter.unwrap_or("password");
        if self.password.is_none() && name.eq_ignore_ascii_case("password") {
            self.password = Some(password);
        } else {
            self.others.push((name.to_owned(), password));
        }
    }
}

fn is_password(text: &str) -> bool {
    !text.is_empty() && text != "{$}"
}

/// What is before the next URL, the URL, and what is behind it.
fn next_url(text: &str, secrecy: Secrecy, at_start: bool) -> Option<(&str, &str, &str)> {
    if at_start && secrecy == Secrecy::Url && !text.is_empty() {
        return Some(("", text, ""));
    }
    let mark = text.find("://")?;
    let scheme = |c: char| c.is_ascii_alphanumeric() || matches!(c, '+' | '-' | '.');
    let start = text[..mark].trim_end_matches(scheme).len();
    let end = if start == 0 && at_start && !text.contains(char::is_whitespace) {
        // The value is a URL as a whole: quotes and brackets belong to it.
        text.len()
    } else {
        let ends = |c: char| c.is_whitespace() || matches!(c, '"' | '\'' | '<' | '>' | '`');
        text[mark..].find(ends).map_or(text.len(), |at| mark + at)
    };
    Some((&text[..start], &text[start..end], &text[end..]))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn stripped(value: &str) -> Stripped {
        strip(value, Secrecy::No).unwrap()
    }

    fn password(stripped: &Stripped) -> &str {
        stripped.password.as_ref().unwrap().expose()
    }

    #[test]
    fn the_password_behind_the_user_is_taken_out() {
        let found =
            stripped("postgres://connect:p%40ss@db.example.com:5432/connect?sslmode=require");
        let rest = "db.example.com:5432/connect?sslmode=require";
        assert_eq!(found.text, format!("postgres://connect@{rest}"));
        assert_eq!(found.shown, format!("postgres://connect:***@{rest}"));
        assert_eq!(password(&found), "p@ss");
        assert!(found.others.is_empty());
    }

    #[test]
    fn passwords_among_the_parameters_are_taken_out() {
        let found = stripped("postgres://u:one@h/d?sslmode=x&sslpassword=two+2&port=1#f");
        assert_eq!(found.text, "postgres://u@h/d?sslmode=x&port=1#f");
        assert_eq!(
            found.shown,
            "postgres://u:***@h/d?sslmode=x&sslpassword=***&port=1#f"
        );
        assert_eq!(found.others[0].0, "sslpassword");
        assert_eq!(found.others[0].1.expose(), "two 2");

        let found = stripped("postgres:///db?host=h&user=u&password=pw");
        assert_eq!(found.text, "postgres:///db?host=h&user=u");
        assert_eq!(password(&found), "pw");

        assert_eq!(stripped("https://h/x?token=abc").text, "https://h/x");
    }

    #[test]
    fn careless_passwords_do_not_slip_through() {
        for (value, expected) in [
            ("postgres://u:p@ss@h/d", "p@ss"),
            ("postgres://u:pa/ss@h/d", "pa/ss"),
            ("postgres://u:pa?ss@h/d", "pa?ss"),
            ("postgres://u:pa#ss@h/d", "pa#ss"),
            ("postgres://u:a:b@h/d", "a:b"),
            ("postgres://u:a\"b@h/d", "a\"b"),
            ("postgres://u:100%@h/d", "100%"),
            ("postgres://u:%ff@h/d", "%ff"),
        ] {
            let found = stripped(value);
            assert_eq!(password(&found), expected, "{value}");
            assert_eq!(found.text, "postgres://u@h/d");
        }
    }

    #[test]
    fn urls_without_passwords_are_left_alone() {
        for value in [
            "https://host.example.com:8080/a@b:c",
            "postgres://user@host/db",
            "postgres://user:@host/db",
            "postgres://user:{$}@host/db",
            "http://[2001:db8::1]:80/x@y",
            "no url at all",
            "",
            "://",
        ] {
            assert_eq!(strip(value, Secrecy::No), None, "{value}");
            assert_eq!(strip(value, Secrecy::Url), None, "{value}");
        }
        assert_eq!(strip("mailto:me@example.com", Secrecy::No), None);
    }

    #[test]
    fn urls_inside_a_text_are_found() {
        let found = stripped("see <a href=\"https://a:one@x/\">x</a> and ftp://b:two@y, too");
        assert_eq!(
            found.shown,
            "see <a href=\"https://a:***@x/\">x</a> and ftp://b:***@y, too"
        );
        assert_eq!(password(&found), "one");
        assert_eq!(found.others[0].1.expose(), "two");
    }

    #[test]
    fn a_proxy_may_leave_out_its_scheme() {
        let value = "user:pw@proxy.example.com:3128";
        assert_eq!(strip(value, Secrecy::No), None);
        let found = strip(value, Secrecy::Url).unwrap();
        assert_eq!(found.text, "user@proxy.example.com:3128");
        assert_eq!(strip("proxy.example.com:3128", Secrecy::Url), None);
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(128))]

        #[test]
        fn any_text_is_survived(value in ".{0,60}") {
            let _ = strip(&value, Secrecy::No);
            let _ = strip(&value, Secrecy::Url);
        }

        #[test]
        fn no_password_remains(
            // What begins with digits and a slash is a port and a path.
            password in "[!-.:-~]?[G-Zg-z][!-~]{0,12}",
            tail in "[a-z]{0,5}(\\?[a-z]{1,4}=[a-z]{1,4})?",
        ) {
            // With both, it is anyone's guess where the host begins.
            prop_assume!(!(password.contains('@') && password.contains(['/', '?', '#'])));
            let value = format!("postgres://U:{password}@H/{tail}");
            let found = strip(&value, Secrecy::Url).unwrap();
            prop_assert_eq!(found.text, format!("postgres://U@H/{tail}"));
            prop_assert_eq!(found.shown, format!("postgres://U:***@H/{tail}"));
        }
    }
}
