//! Bundles: what was deployed to an item, one after the other.

use jiff::Timestamp;
use serde::Deserialize;

use super::client::Connect;
use super::error::{Error, RequiredRole};
use super::ids::{BundleId, ContentGuid};
use super::lenient;
use super::request::Request;

#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub(crate) struct Bundle {
    #[serde(deserialize_with = "lenient::id")]
    pub id: Option<BundleId>,
    /// When it was uploaded.
    #[serde(default, deserialize_with = "lenient::time")]
    pub created_time: Option<Timestamp>,
    /// Whether it is the one in use.
    #[serde(default, deserialize_with = "lenient::truth")]
    pub active: Option<bool>,
}

impl Connect {
    /// An item's bundles, the newest first; at least the newest of them.
    ///
    /// # Errors
    /// The key may not see them, or the server cannot be asked.
    pub(crate) async fn bundles(&self, guid: &ContentGuid) -> Result<Vec<Bundle>, Error> {
        let url = self
            .server()
            .api(&["v1", "content", guid.as_str(), "bundles"]);
        let request = Request::get(url).needs(RequiredRole::Collaborator);
        self.list(&request).await
    }
}
