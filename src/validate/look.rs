//! Asking a server about one item.

use std::time::Duration;

use crate::connect::{Connect, Content, Error, Job, Page, PageRequest};
use crate::inventory::Entry;

/// What was seen of an item.
#[derive(Debug)]
pub(crate) struct Seen {
    /// The item; `None` where the server has none, an error where it does not say.
    pub details: Result<Option<Content>, String>,
    /// Its jobs, or why they are not known.
    pub jobs: Result<Vec<Job>, String>,
    /// Its page by GUID; `None` where it was not looked at.
    pub by_guid: Option<Page>,
    /// Its page by vanity path; `None` where it has none.
    pub by_vanity: Option<Page>,
}

impl Seen {
    /// What is seen of an item that is not there.
    #[must_use]
    pub(crate) const fn nothing() -> Self {
        Self {
            details: Ok(None),
            jobs: Ok(Vec::new()),
            by_guid: None,
            by_vanity: None,
        }
    }
}

/// Looks at an item. Pages of items that cannot have one (never deployed, locked) are left alone.
///
/// # Errors
/// Those that no other item would fare better with: the key, the address, the server as a whole.
pub(crate) async fn look(
    connect: &Connect,
    entry: &Entry,
    page_time: Duration,
) -> Result<Seen, Error> {
    let mut seen = Seen::nothing();
    seen.details = match connect.content(&entry.guid).await {
        Ok(details) => Ok(details),
        Err(error) if error.is_fatal() => return Err(error),
        Err(error) => Err(error.to_string()),
    };
    let Ok(Some(details)) = &seen.details else {
        return Ok(seen);
    };
    seen.jobs = match connect.jobs(&entry.guid).await {
        Ok(jobs) => Ok(jobs),
        Err(error) if error.is_fatal() => return Err(error),
        Err(error) => Err(error.to_string()),
    };
    if details.bundle_id.is_none()
        || details.locked == Some(true)
        || details.app_role.as_deref() == Some("none")
    {
        return Ok(seen);
    }
    seen.by_guid = Some(
        connect
            .page(PageRequest::Guid(&entry.guid), page_time)
            .await,
    );
    if let Some(path) = &entry.vanity {
        seen.by_vanity = Some(connect.page(PageRequest::Path(path), page_time).await);
    }
    Ok(seen)
}
