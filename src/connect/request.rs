//! One request, and the answer to it.

use std::time::Duration;

use reqwest::header::HeaderMap;
use reqwest::{Method, Url};
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::affinity::Affinity;
use super::body::{self, Limit};
use super::error::{Error, RequiredRole};

#[derive(Debug)]
pub(super) struct Request<'a> {
    pub method: Method,
    pub url: Url,
    pub body: Option<Value>,
    pub needs: RequiredRole,
    /// How much longer than usual the server may take.
    pub extra: Duration,
    pub affinity: Option<&'a Affinity>,
    /// How long the answer may be.
    pub limit: Limit,
}

impl<'a> Request<'a> {
    pub(super) fn new(method: Method, url: Url) -> Self {
        Self {
            method,
            url,
            body: None,
            needs: RequiredRole::User,
            extra: Duration::ZERO,
            affinity: None,
            limit: body::USUAL,
        }
    }

    pub(super) fn get(url: Url) -> Self {
        Self::new(Method::GET, url)
    }

    pub(super) fn query(mut self, pairs: &[(&str, &str)]) -> Self {
        self.url.query_pairs_mut().extend_pairs(pairs);
        self
    }

    pub(super) fn body(mut self, body: Value) -> Self {
        self.body = Some(body);
        self
    }

    pub(super) const fn needs(mut self, needs: RequiredRole) -> Self {
        self.needs = needs;
        self
    }

    pub(super) const fn extra(mut self, extra: Duration) -> Self {
        self.extra = extra;
        self
    }

    pub(super) const fn affinity(mut self, affinity: &'a Affinity) -> Self {
        self.affinity = Some(affinity);
        self
    }

    /// For the lines of a log, which can be long.
    pub(super) const fn log(mut self) -> Self {
        self.limit = body::LOG;
        self
    }

    /// Method and path, for messages.
    pub(super) fn name(&self) -> String {
        format!("{} {}", self.method, self.url.path())
    }
}

/// An answer with a status of success.
#[derive(Debug)]
pub(super) struct Reply {
    /// Method and path of the request.
    pub request: String,
    /// Where it was answered, behind any redirects.
    pub url: Url,
    pub headers: HeaderMap,
    pub body: Vec<u8>,
}

impl Reply {
    /// The body as JSON of a known shape.
    pub(super) fn json<T: DeserializeOwned>(&self) -> Result<T, Error> {
        if let Some(got) = foreign(&self.headers, &self.body) {
            return Err(Error::NotConnect {
                url: self.url.to_string(),
                got,
            });
        }
        serde_json::from_slice(&self.body).map_err(|error| Error::Unreadable {
            request: self.request.clone(),
            cause: error.to_string(),
        })
    }
}

/// What a body is that cannot be JSON; `None` for what may be.
pub(super) fn foreign(headers: &HeaderMap, body: &[u8]) -> Option<String> {
    let start = body.iter().find(|byte| !byte.is_ascii_whitespace());
    if start == Some(&b'<') {
        return Some("an HTML page".to_owned());
    }
    match start {
        None => Some("nothing".to_owned()),
        Some(b'{' | b'[' | b'"' | b'n' | b't' | b'f' | b'-' | b'0'..=b'9') => None,
        Some(_) => {
            let kind = headers
                .get(reqwest::header::CONTENT_TYPE)
                .and_then(|value| value.to_str().ok())
                .unwrap_or("no known type");
            Some(format!("a text ({kind})"))
        }
    }
}
