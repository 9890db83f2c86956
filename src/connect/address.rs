//! Where a server is.

use std::fmt;
use std::net::IpAddr;
use std::str::FromStr;

use reqwest::Url;

use crate::settings::secrecy::word_exposes;

/// A server's base URL, with its path prefix if it has one and without a slash at the end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Server(Url);

/// Why a text is no server's address.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum AddressError {
    #[error("{0:?} is not a URL; write it as https://connect.example.com")]
    NotUrl(String),
    /// Another scheme than HTTP's.
    #[error("{0:?} is neither http:// nor https://")]
    Scheme(String),
    /// A user name or password in the URL.
    #[error(
        "the server's URL carries a user name or password; give the API key in CONNECT_API_KEY"
    )]
    Credentials,
}

impl Server {
    /// The URL of something below the API's root, `{server}/__api__`.
    #[must_use]
    pub fn api(&self, path: &[&str]) -> Url {
        let mut segments = vec!["__api__"];
        segments.extend(path);
        self.below(&segments)
    }

    /// The URL of the liveness check, which lies outside the API and takes no key.
    #[must_use]
    pub fn ping(&self) -> Url {
        self.below(&["__ping__"])
    }

    /// The URL of a page outside the API, such as content itself.
    #[must_use]
    pub fn page(&self, path: &[&str]) -> Url {
        self.below(path)
    }

    /// The page of a content item in the dashboard. Made from our own idea of the address: what the
    /// server says may still name the old host.
    #[must_use]
    pub(crate) fn dashboard(&self, guid: &super::ContentGuid) -> String {
        format!("{self}/connect/#/apps/{guid}")
    }

    /// Whether a URL has this server's origin, so that the API key may go there: scheme, host and
    /// port are the same, or plain HTTP on its usual port became HTTPS on its own. Another port of
    /// the host may be anyone's, a publisher's content included.
    #[must_use]
    pub(crate) fn may_have_key(&self, url: &Url) -> bool {
        let upgraded = self.0.scheme() == "http"
            && url.scheme() == "https"
            && self.0.port().is_none()
            && url.port().is_none();
        self.0.host_str() == url.host_str()
            && (upgraded || self.0.origin() == url.origin())
            && url.username().is_empty()
            && url.password().is_none()
    }

    /// Whether it is this machine itself.
    #[must_use]
    pub(crate) fn is_loopback(&self) -> bool {
        let host = self.host().trim_matches(['[', ']']);
        match host.parse::<IpAddr>() {
            Ok(address) => address.is_loopback(),
            Err(_) => host == "localhost" || host.ends_with(".localhost"),
        }
    }

    #[must_use]
    pub(crate) fn is_https(&self) -> bool {
        self.0.scheme() == "https"
    }

    /// Whether a page's redirect asks the visitor to log in.
    #[must_use]
    pub(crate) fn is_login(&self, url: &Url) -> bool {
        url.path()
            .strip_prefix(self.0.path().trim_end_matches('/'))
            .is_some_and(|path| path.starts_with("/__login__") || path.starts_with("/connect/"))
    }

    /// The bases that the address can mean, the likeliest first: itself, and without a `/connect` at
    /// its end, which may be the dashboard's or the server's own prefix.
    #[must_use]
    pub(super) fn candidates(&self) -> Vec<Self> {
        let mut all = vec![self.clone()];
        if let Some(path) = self.0.path().strip_suffix("/connect") {
            let mut url = self.0.clone();
            url.set_path(path);
            all.push(Self(url));
        }
        all
    }

    /// The host, for messages.
    #[must_use]
    pub fn host(&self) -> &str {
        self.0.host_str().unwrap_or_default()
    }

    /// A name for a folder that belongs to this server: host, port where it is not the usual one,
    /// and path prefix. HTTP and HTTPS are two ways to one server, and so are the address of the
    /// dashboard and that of the server.
    #[must_use]
    pub fn slug(&self) -> String {
        let mut text = self.host().to_owned();
        if let Some(port) = self.0.port() {
            text = format!("{text}_{port}");
        }
        let path = self.0.path().trim_end_matches('/');
        text.push_str(path.strip_suffix("/connect").unwrap_or(path));
        text.chars()
            .map(|c| match c {
                'a'..='z' | 'A'..='Z' | '0'..='9' | '.' | '-' => c,
                _ => '_',
            })
            .collect()
    }

    /// This server as a redirect showed it: `answered` is where the request for `asked` ended.
    /// `None` unless the key may go there and it is the same path below another base.
    #[must_use]
    pub fn moved(&self, asked: &Url, answered: &Url) -> Option<Self> {
        let tail = asked
            .path()
            .strip_prefix(self.0.path().trim_end_matches('/'))?;
        let base = answered.path().strip_suffix(tail)?;
        if !self.may_have_key(answered) {
            return None;
        }
        let mut url = answered.clone();
        url.set_query(None);
        url.set_path(base);
        Some(Self(url))
    }

    fn below(&self, segments: &[&str]) -> Url {
        let mut url = self.0.clone();
        // Only URLs that cannot be a base refuse this; `from_str` let none of those in.
        if let Ok(mut path) = url.path_segments_mut() {
            path.pop_if_empty().extend(segments);
        }
        url
    }
}

/// An address that is none, as it may be quoted. Behind a colon there is a port, or a password.
fn quotable(text: &str) -> String {
    let is_port = |behind: &str| {
        let port = behind.split('/').next().unwrap_or_default();
        !port.is_empty() && port.bytes().all(|b| b.is_ascii_digit())
    };
    let (_, behind) = text.split_once("://").unwrap_or(("", text));
    let is_host = behind
        .split_once(':')
        .is_none_or(|(_, behind)| is_port(behind));
    if word_exposes(text) || !is_host {
        "***"
    } else {
        text
    }
    .to_owned()
}

impl FromStr for Server {
    type Err = AddressError;

    fn from_str(text: &str) -> Result<Self, AddressError> {
        let text = text.trim();
        let mut url = Url::parse(text).map_err(|_| AddressError::NotUrl(quotable(text)))?;
        // `connect.example.com:3939` parses as a URL of the scheme `connect.example.com`.
        if url.cannot_be_a_base() {
            return Err(AddressError::NotUrl(quotable(text)));
        }
        if !matches!(url.scheme(), "http" | "https") {
            return Err(AddressError::Scheme(quotable(text)));
        }
        // A password with an unencoded #, ? or / in it ends the host too early.
        let behind = [url.query(), url.fragment(), url.port().map(|_| url.path())];
        let cut = behind.into_iter().flatten().any(|part| part.contains('@'));
        if !url.username().is_empty() || url.password().is_some() || cut {
            return Err(AddressError::Credentials);
        }
        url.set_query(None);
        url.set_fragment(None);
        // People copy the address from the browser, or from a tool that wants the API's root. Below
        // the address of content is a publisher's code, which must not be asked with the key.
        let path = url.path();
        let path = path.split_once("/content/").map_or(path, |(base, _)| base);
        let mut path = path.trim_end_matches('/');
        while let Some(base) = path.strip_suffix("/__api__") {
            path = base.trim_end_matches('/');
        }
        let path = path.to_owned();
        url.set_path(&path);
        Ok(Self(url))
    }
}

impl fmt::Display for Server {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0.as_str().trim_end_matches('/'))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn server(text: &str) -> Server {
        text.parse().unwrap()
    }

    #[test]
    fn joins_with_exactly_one_slash() {
        for (base, api) in [
            (
                "https://c.example.com",
                "https://c.example.com/__api__/v1/user",
            ),
            (
                "https://c.example.com/",
                "https://c.example.com/__api__/v1/user",
            ),
            (
                "https://c.example.com/rsc",
                "https://c.example.com/rsc/__api__/v1/user",
            ),
            (
                "https://c.example.com/rsc//",
                "https://c.example.com/rsc/__api__/v1/user",
            ),
            ("http://c:3939/a/b/", "http://c:3939/a/b/__api__/v1/user"),
            (
                "https://c.example.com/__api__",
                "https://c.example.com/__api__/v1/user",
            ),
            (
                "https://c.example.com/rsc/content/8ce6eaca-60af-4c2f-93a0-f5f3cddf5ee5/?a=b",
                "https://c.example.com/rsc/__api__/v1/user",
            ),
        ] {
            assert_eq!(server(base).api(&["v1", "user"]).as_str(), api, "{base}");
        }
    }

    #[test]
    fn connect_at_the_end_may_be_a_prefix_or_the_dashboard() {
        let bases = |text: &str| -> Vec<String> {
            let all = server(text).candidates();
            all.iter().map(ToString::to_string).collect()
        };
        assert_eq!(
            bases("https://c.example.com/rsc/connect/#/content/listing"),
            [
                "https://c.example.com/rsc/connect",
                "https://c.example.com/rsc"
            ]
        );
        assert_eq!(
            bases("https://c.example.com/connect"),
            ["https://c.example.com/connect", "https://c.example.com"]
        );
        assert_eq!(
            bases("https://c.example.com/a"),
            ["https://c.example.com/a"]
        );
    }

    #[test]
    fn a_segment_cannot_leave_its_place() {
        let url = server("https://c.example.com").api(&["v1", "tasks", "../../x?y#z"]);
        assert_eq!(
            url.as_str(),
            "https://c.example.com/__api__/v1/tasks/..%2F..%2Fx%3Fy%23z"
        );
    }

    #[test]
    fn refuses_what_is_no_address() {
        for (text, error) in [
            (
                "connect.example.com",
                AddressError::NotUrl("connect.example.com".into()),
            ),
            (
                "connect.example.com:3939",
                AddressError::NotUrl("connect.example.com:3939".into()),
            ),
            (
                "ftp://c.example.com",
                AddressError::Scheme("ftp://c.example.com".into()),
            ),
            ("https://me:pw@c.example.com", AddressError::Credentials),
        ] {
            assert_eq!(text.parse::<Server>(), Err(error));
        }
    }

    #[test]
    fn slugs_are_names_of_folders() {
        for (base, slug) in [
            ("https://C.example.com/", "c.example.com"),
            ("http://c.example.com:80", "c.example.com"),
            ("http://c:3939/a/b", "c_3939_a_b"),
            ("http://c:3939/a/connect/", "c_3939_a"),
            ("http://[::1]:3939", "___1__3939"),
        ] {
            assert_eq!(server(base).slug(), slug);
        }
    }

    #[test]
    fn the_key_goes_to_one_origin() {
        for (base, to, may) in [
            ("https://c", "https://c/elsewhere", true),
            ("https://c", "https://c:443/", true),
            ("https://c", "https://c:3939/", false),
            ("https://c", "http://c/", false),
            ("http://c", "https://c/", true),
            ("http://c:3939", "https://c:3939/", false),
            ("http://c:3939", "https://c/", false),
            ("https://c", "https://c.evil/", false),
            ("https://c", "https://me@c/", false),
        ] {
            let url = to.parse().unwrap();
            assert_eq!(server(base).may_have_key(&url), may, "{base} to {to}");
        }
    }

    #[test]
    fn follows_a_move_within_the_server_only() {
        let old = server("http://c.example.com/old");
        let asked = old.api(&["server_settings"]);
        let to = |text: &str| {
            old.moved(&asked, &text.parse().unwrap())
                .map(|s| s.to_string())
        };
        assert_eq!(
            to("https://c.example.com/new/__api__/server_settings"),
            Some("https://c.example.com/new".to_owned())
        );
        assert_eq!(
            to("https://other.example.com/__api__/server_settings"),
            None
        );
        assert_eq!(to("https://c.example.com/login"), None);
    }
}
