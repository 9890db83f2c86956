//! Content as a visitor sees it: the page behind its address.

use std::time::Duration;

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
    /// An answer with this status, behind redirects on the same host.
    Answered(u16),
    /// A redirect to another host, which is not followed.
    Elsewhere(String),
    /// No answer; the text says why.
    Silent(String),
}

impl Connect {
    /// Looks at a page once, with the key, which is sent to the server's own host alone. An
    /// interactive item starts for it, so an answer may take `patience` longer than usual.
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
            Ok(response) => Page::Answered(response.status().as_u16()),
            Err(failure) => match *failure.error {
                Error::Redirected { to, .. } => Page::Elsewhere(to),
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
