//! Content items.

use std::collections::{BTreeMap, HashMap};
use std::time::Duration;

use jiff::Timestamp;
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::Value;

use super::client::Connect;
use super::error::{Error, RequiredRole};
use super::ids::{BundleId, ContentGuid};
use super::language::Language;
use super::lenient;
use super::request::Request;

/// A content item, with all that the API tells of it and a migration cares for.
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
    /// The version of each language that its bundle names.
    #[serde(flatten, deserialize_with = "languages")]
    pub languages: BTreeMap<Language, String>,
    #[serde(default, deserialize_with = "lenient::truth")]
    r_environment_management: Option<bool>,
    #[serde(default, deserialize_with = "lenient::truth")]
    py_environment_management: Option<bool>,
    #[serde(default, deserialize_with = "lenient::text")]
    pub owner_guid: Option<String>,
    /// The same with a name, where the server was asked for it.
    #[serde(default)]
    pub owner: Option<Owner>,
    /// Who may see it: `all`, `logged_in` or `acl`.
    #[serde(default, deserialize_with = "lenient::text")]
    pub access_type: Option<String>,
    /// Processes that are always there.
    #[serde(default, deserialize_with = "lenient::int")]
    pub min_processes: Option<i64>,
    /// The account that it runs as, where it is not the server's.
    #[serde(default, deserialize_with = "lenient::text")]
    pub run_as: Option<String>,
    /// Whether it runs as whoever looks at it.
    #[serde(default, deserialize_with = "lenient::truth")]
    pub run_as_current_user: Option<bool>,
    /// Our role in it: `none` for an administrator who may not look at it.
    #[serde(default, deserialize_with = "lenient::text")]
    pub app_role: Option<String>,
    /// `Local`, or the cluster that its bundle was built for.
    #[serde(default, deserialize_with = "lenient::text")]
    pub cluster_name: Option<String>,
    /// When it was deployed last. Set even before the first deployment.
    #[serde(default, deserialize_with = "lenient::time")]
    pub last_deployed_time: Option<Timestamp>,
    /// Its schedules, where the server was asked for them.
    #[serde(default, deserialize_with = "schedules")]
    pub schedules: Option<Vec<Schedule>>,
}

/// An owner with a name.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Owner {
    #[serde(deserialize_with = "lenient::text")]
    pub username: Option<String>,
}

/// A schedule of an item.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Schedule {
    /// When it runs next.
    #[serde(deserialize_with = "lenient::time")]
    pub next_run: Option<Timestamp>,
}

/// A schedule of a shape that we do not know makes nothing else unreadable.
fn schedules<'de, D: Deserializer<'de>>(from: D) -> Result<Option<Vec<Schedule>>, D::Error> {
    let value = serde_json::Value::deserialize(from)?;
    Ok(serde_json::from_value(value).ok())
}

fn languages<'de, D: Deserializer<'de>>(from: D) -> Result<BTreeMap<Language, String>, D::Error> {
    let mut fields = BTreeMap::<String, Value>::deserialize(from)?;
    let mut version = |language: Language| {
        let value = fields.remove(language.field()?)?;
        let version = lenient::text(value).ok().flatten()?;
        Some((language, version))
    };
    Ok(Language::ALL.into_iter().filter_map(&mut version).collect())
}

#[derive(Deserialize)]
struct Vanity {
    content_guid: ContentGuid,
    #[serde(default, deserialize_with = "lenient::text")]
    path: Option<String>,
}

impl Content {
    /// The languages whose packages Connect manages for it, with the versions of its bundle.
    #[must_use]
    pub(crate) fn managed(&self) -> Vec<(Language, &str)> {
        [
            (Language::R, self.r_environment_management),
            (Language::Python, self.py_environment_management),
        ]
        .into_iter()
        .filter(|(_, managed)| *managed != Some(false))
        .filter_map(|(language, _)| Some((language, self.languages.get(&language)?.as_str())))
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

impl From<&str> for AppMode {
    fn from(text: &str) -> Self {
        Self(text.to_owned())
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

impl Connect {
    /// Every item that the key can see: for an administrator's, every item.
    ///
    /// # Errors
    /// The server cannot be asked.
    pub(crate) async fn contents(&self) -> Result<Vec<Content>, Error> {
        self.contents_with("").await
    }

    /// The same with owners and schedules, as far as this version tells them.
    ///
    /// # Errors
    /// The server cannot be asked.
    pub(crate) async fn contents_in_full(&self) -> Result<Vec<Content>, Error> {
        // What a version does not know to include is an error there, so less is asked for then.
        for include in ["owner,schedule", "owner"] {
            match self.contents_with(include).await {
                Err(Error::Api(fault)) if fault.status == 400 => {}
                other => return other,
            }
        }
        self.contents().await
    }

    async fn contents_with(&self, include: &str) -> Result<Vec<Content>, Error> {
        let url = self.server().api(&["v1", "content"]);
        // One answer without pages, so a large server takes its time over it.
        let mut request = Request::get(url).extra(Duration::from_secs(270));
        if !include.is_empty() {
            request = request.query(&[("include", include)]);
        }
        self.list(&request).await
    }

    /// The vanity path of every item that has one.
    ///
    /// # Errors
    /// The key is no administrator's, or the server cannot be asked.
    pub(crate) async fn vanities(&self) -> Result<HashMap<ContentGuid, String>, Error> {
        let url = self.server().api(&["v1", "vanities"]);
        let request = Request::get(url).needs(RequiredRole::Administrator);
        let all: Vec<Vanity> = self.list(&request).await?;
        Ok(all
            .into_iter()
            .filter_map(|vanity| Some((vanity.content_guid, vanity.path?)))
            .collect())
    }

    /// One item; `None` when there is none.
    ///
    /// # Errors
    /// The key may not see it, or the server cannot be asked.
    pub(crate) async fn content(&self, guid: &ContentGuid) -> Result<Option<Content>, Error> {
        let url = self.server().api(&["v1", "content", guid.as_str()]);
        let request = Request::get(url).needs(RequiredRole::Collaborator);
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

    #[test]
    fn items_need_no_more_than_a_guid() {
        let item: Content = serde_json::from_str(r#"{"guid": "g"}"#).unwrap();
        assert_eq!(item.label(), "g");
        assert_eq!((item.schedules, item.languages.len()), (None, 0));
        let item: Content = serde_json::from_str(
            r#"{"guid": "g", "name": "n", "title": "", "owner": {"username": "ann", "guid": "o"},
                "min_processes": null, "schedules": [{"next_run": null, "type": "rrule"}]}"#,
        )
        .unwrap();
        assert_eq!(item.label(), "n");
        assert_eq!(item.owner.unwrap().username.as_deref(), Some("ann"));
        assert_eq!(item.schedules.unwrap().len(), 1);
    }
}
