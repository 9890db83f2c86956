//! The cookies of one submission. In a cluster a task is known only to the node that runs it, and
//! the cookie of the answer to its submission is what routes later questions there.

use std::fmt;

use reqwest::Url;
use reqwest::cookie::{CookieStore as _, Jar};
use reqwest::header::{HeaderMap, HeaderValue, SET_COOKIE};

use crate::secret::Secret;

/// The cookies that belong to one task.
#[derive(Default)]
pub(crate) struct Affinity(Jar);

impl Affinity {
    /// Cookies as [`Affinity::saved`] gave them.
    #[must_use]
    pub(crate) fn restored(saved: &str, base: &Url) -> Self {
        let jar = Jar::default();
        for cookie in saved.split("; ") {
            // For the whole host, as a load balancer's cookies are.
            jar.add_cookie_str(&format!("{cookie}; Path=/"), base);
        }
        Self(jar)
    }

    /// The cookies to send to `base`, for the journal. Whoever has them may be taken for us by a
    /// proxy, so they are secret.
    #[must_use]
    pub(crate) fn saved(&self, base: &Url) -> Option<Secret> {
        let header = self.0.cookies(base)?;
        header.to_str().ok().map(Secret::new)
    }

    /// Takes the cookies of an answer.
    pub(super) fn absorb(&self, headers: &HeaderMap, url: &Url) {
        let mut cookies = headers.get_all(SET_COOKIE).iter().peekable();
        if cookies.peek().is_some() {
            self.0.set_cookies(&mut cookies, url);
        }
    }

    /// The header to send with a request.
    pub(super) fn header(&self, url: &Url) -> Option<HeaderValue> {
        let mut value = self.0.cookies(url)?;
        value.set_sensitive(true);
        Some(value)
    }
}

impl fmt::Debug for Affinity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Affinity(***)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn survives_being_saved() {
        let url: Url = "https://c.example.com/rsc/__api__/v1/content/x/build"
            .parse()
            .unwrap();
        let base: Url = "https://c.example.com/rsc/__api__".parse().unwrap();
        let mut headers = HeaderMap::new();
        headers.append(
            SET_COOKIE,
            "node=a1; Path=/; HttpOnly; Secure".parse().unwrap(),
        );
        headers.append(SET_COOKIE, "rsc=b2; Path=/rsc".parse().unwrap());
        let affinity = Affinity::default();
        affinity.absorb(&headers, &url);

        let saved = affinity.saved(&base).unwrap();
        let task: Url = "https://c.example.com/rsc/__api__/v1/tasks/t"
            .parse()
            .unwrap();
        let restored = Affinity::restored(saved.expose(), &base)
            .header(&task)
            .unwrap();
        let mut cookies: Vec<_> = restored.to_str().unwrap().split("; ").collect();
        cookies.sort_unstable();
        assert_eq!(cookies, ["node=a1", "rsc=b2"]);
        assert!(restored.is_sensitive());
        assert!(!format!("{affinity:?}").contains("a1"));

        let elsewhere: Url = "https://other.example.com/".parse().unwrap();
        assert!(
            Affinity::restored(saved.expose(), &base)
                .header(&elsewhere)
                .is_none()
        );
    }

    #[test]
    fn nothing_to_save_is_none() {
        let base: Url = "https://c.example.com/__api__".parse().unwrap();
        assert!(Affinity::default().saved(&base).is_none());
    }
}
