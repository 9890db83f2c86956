//! Content items.

use std::fmt;

use jiff::Timestamp;
use serde::{Deserialize, Deserializer, Serialize};

use super::client::Connect;
use super::error::{Error, Needs};
use super::ids::{BundleId, ContentGuid};
use super::lenient;
use super::request::Request;

/// A content item, as far as a migration cares.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub(crate) struct Content {
    /// Its id for life.
    pub guid: ContentGuid,
    /// Its name in URLs of old, unique per owner.
    #[serde(default, deserialize_with = "lenient::text")]
    pub name: Option<String>,
    /// What people call it.
    #[serde(default, deserialize_with = "lenient::text")]
    pub title: Option<String>,
    /// The bundle in use; none before the first deployment.
    #[serde(default, deserialize_with = "lenient::id")]
    pub bundle_id: Option<BundleId>,
    /// What kind of content it is.
    #[serde(default)]
    pub app_mode: AppMode,
    /// Whether it is out of service.
    #[serde(default, deserialize_with = "lenient::truth")]
    pub locked: Option<bool>,
    #[serde(default, deserialize_with = "lenient::text")]
    r_version: Option<String>,
    #[serde(default, deserialize_with = "lenient::text")]
    py_version: Option<String>,
    #[serde(default, deserialize_with = "lenient::truth")]
    r_environment_management: Option<bool>,
    #[serde(default, deserialize_with = "lenient::truth")]
    py_environment_management: Option<bool>,
    /// When it was deployed last. Set even before the first deployment.
    #[serde(default, deserialize_with = "lenient::time")]
    pub last_deployed_time: Option<Timestamp>,
}

impl Content {
    /// The languages whose packages Connect manages for it, with the versions of its bundle.
    #[must_use]
    pub(crate) fn managed(&self) -> Vec<(&'static str, &str)> {
        [
            ("R", &self.r_version, self.r_environment_management),
            ("Python", &self.py_version, self.py_environment_management),
        ]
        .into_iter()
        .filter(|(_, _, managed)| *managed != Some(false))
        .filter_map(|(language, version, _)| Some((language, version.as_deref()?)))
        .collect()
    }

    /// How many package restores a build of it consists of: one for each language whose packages
    /// Connect manages, and at least one.
    #[must_use]
    pub(crate) fn restores(&self) -> usize {
        self.managed().len().max(1)
    }

    /// What to call it: the title, else the name, else the GUID.
    #[must_use]
    pub(crate) fn label(&self) -> &str {
        self.title
            .as_deref()
            .or(self.name.as_deref())
            .unwrap_or(self.guid.as_str())
    }
}

/// The kind of a content item. The set grows with versions, so it is kept as the server says it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub(crate) struct AppMode(String);

impl AppMode {
    /// Files only, without an environment to build.
    #[must_use]
    pub(crate) fn is_static(&self) -> bool {
        self.0 == "static"
    }

    /// As the server says it.
    #[must_use]
    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }
}

impl Default for AppMode {
    fn default() -> Self {
        Self("unknown".to_owned())
    }
}

impl<'de> Deserialize<'de> for AppMode {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Ok(lenient::text(deserializer)?.map_or_else(Self::default, Self))
    }
}

impl fmt::Display for AppMode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl Connect {
    /// Every item that the key can see: for an administrator's, every item.
    ///
    /// # Errors
    /// The server cannot be asked.
    pub(crate) async fn contents(&self) -> Result<Vec<Content>, Error> {
        let url = self.server().api(&["v1", "content"]);
        // One answer without pages, so a large server takes its time over it.
        let request = Request::get(url).extra(std::time::Duration::from_secs(270));
        self.ask(request).await?.json()
    }

    /// One item; `None` when there is none.
    ///
    /// # Errors
    /// The key may not see it, or the server cannot be asked.
    pub(crate) async fn content(&self, guid: &ContentGuid) -> Result<Option<Content>, Error> {
        let url = self.server().api(&["v1", "content", guid.as_str()]);
        let request = Request::get(url).needs(Needs::Collaborator);
        match self.ask(request).await {
            Ok(reply) => reply.json().map(Some),
            Err(Error::NotFound(_)) => Ok(None),
            Err(error) => Err(error),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_items_of_several_versions() {
        // Fields and types as met in 2024.08, 2025.09 and a 2023 server, with the rest left out.
        let items: Vec<Content> = serde_json::from_str(
            r#"[
            {"guid": "8ce6eaca-60af-4c2f-93a0-f5f3cddf5ee5", "name": "sales", "title": "Sales",
             "id": "42", "bundle_id": "101", "app_mode": "shiny", "locked": false,
             "locked_message": "", "last_deployed_time": "2024-08-01T10:00:00Z",
             "r_version": "4.3.1", "py_version": "3.11.4", "py_environment_management": null,
             "cluster_name": "Local", "extension": false, "max_conns_per_process": null},
            {"guid": "b0", "name": "x", "title": null, "id": 43, "bundle_id": 102,
             "app_mode": "python-fastapi", "locked": "1",
             "r_version": "4.3.1", "py_version": "3.11.4", "r_environment_management": false,
             "last_deployed_time": "2025-09-01T12:00:00+02:00", "environment_guid": null},
            {"guid": "c0", "name": "new", "title": "", "bundle_id": null, "app_mode": null}
        ]"#,
        )
        .unwrap();
        assert_eq!(items[0].label(), "Sales");
        assert_eq!(items[0].bundle_id, Some(BundleId::from("101")));
        let restores: Vec<_> = items.iter().map(Content::restores).collect();
        assert_eq!(restores, [2, 1, 1]);
        assert_eq!(items[1].label(), "x");
        assert_eq!(items[1].bundle_id, Some(BundleId::from("102")));
        assert_eq!(items[1].locked, Some(true));
        assert_eq!(
            items[1].last_deployed_time,
            Some("2025-09-01T10:00:00Z".parse().unwrap())
        );
        assert_eq!(items[2].bundle_id, None);
        assert_eq!(items[2].app_mode.as_str(), "unknown");
    }
}
