//! Content as a visitor sees it: the page behind its address.

use std::time::Duration;

use reqwest::header::LOCATION;
use reqwest::{Response, Url};

use super::client::Connect;
use super::error::Error;
use super::failure::Fate;
use super::ids::ContentGuid;
use super::request::Request;

/// Which page to look at.
#[derive(Debug, Clone, Copy)]
pub(crate) enum PageRequest<'a> {
    /// An item by its GUID.
    Guid(&'a ContentGuid),
    /// A path below the server's base, such as a vanity path.
    Path(&'a str),
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Page {
    /// An answer with this status. A redirect within the server is one: it comes from the item
    /// itself, so that the item runs.
    Answered(u16),
    /// A redirect to another origin.
    Elsewhere(String),
    /// A redirect to the server's login.
    Login(String),
    /// No answer; the text says why.
    Silent(String),
}

impl Connect {
    /// Looks at a page once, with the key. No redirect is followed: a page is a publisher's
    /// code, and could lead the key anywhere. An interactive item starts for it, so an answer may
    /// take `patience` longer than usual.
    pub(crate) async fn page(&self, page: PageRequest<'_>, patience: Duration) -> Page {
        let url = match page {
            PageRequest::Guid(guid) => self.server().page(&["content", guid.as_str(), ""]),
            PageRequest::Path(path) => {
                let mut segments: Vec<&str> =
                    path.split('/').filter(|part| !part.is_empty()).collect();
                segments.push("");
                self.server().page(&segments)
            }
        };
        match self.try_once(&Request::get(url).extra(patience)).await {
            Ok(response) => match redirect(&response) {
                Some(to) if !self.server().may_have_key(&to) => Page::Elsewhere(to.to_string()),
                Some(to) if self.server().is_login(&to) => Page::Login(to.to_string()),
                _ => Page::Answered(response.status().as_u16()),
            },
            Err(failure) => match *failure.error {
                // Any answer of 404 that is a page looks like another server to the API's client.
                Error::NotConnect { .. } if failure.fate == Fate::Answered => Page::Answered(404),
                error => match error.fault() {
                    Some(fault) => Page::Answered(fault.status),
                    None => Page::Silent(error.to_string()),
                },
            },
        }
    }
}

/// Where an answer sends its reader.
fn redirect(response: &Response) -> Option<Url> {
    if !response.status().is_redirection() {
        return None;
    }
    let location = response.headers().get(LOCATION)?.to_str().ok()?;
    response.url().join(location).ok()
}
