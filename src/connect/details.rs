//! Everything about content that an inventory tells, and what runs it.

use jiff::Timestamp;
use serde::{Deserialize, Deserializer, Serialize};

use super::client::Connect;
use super::content::AppMode;
use super::error::{Error, Needs};
use super::ids::{BundleId, ContentGuid};
use super::lenient;
use super::request::Request;

/// A content item with all that an inventory tells of it.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub(crate) struct Details {
    /// Its id for life.
    pub guid: ContentGuid,
    /// Its name in URLs of old.
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
    /// The R version of its bundle.
    #[serde(default, deserialize_with = "lenient::text")]
    pub r_version: Option<String>,
    /// The Python version of its bundle.
    #[serde(default, deserialize_with = "lenient::text")]
    pub py_version: Option<String>,
    /// The Quarto version of its bundle.
    #[serde(default, deserialize_with = "lenient::text")]
    pub quarto_version: Option<String>,
    /// The Node.js version of its bundle.
    #[serde(default, deserialize_with = "lenient::text")]
    pub node_version: Option<String>,
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
    /// The image that its bundle was built for.
    #[serde(default, deserialize_with = "lenient::text")]
    pub image_name: Option<String>,
    /// When it was deployed last.
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

fn schedules<'de, D: Deserializer<'de>>(from: D) -> Result<Option<Vec<Schedule>>, D::Error> {
    let value = serde_json::Value::deserialize(from)?;
    Ok(serde_json::from_value(value).ok())
}

impl Details {
    /// What to call it: the title, else the name, else the GUID.
    #[must_use]
    pub(crate) fn label(&self) -> &str {
        self.title
            .as_deref()
            .or(self.name.as_deref())
            .unwrap_or(self.guid.as_str())
    }
}

/// A version of a language that a server has.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Default, Deserialize, Serialize)]
#[serde(default)]
pub(super) struct Installation {
    #[serde(deserialize_with = "lenient::text")]
    pub version: Option<String>,
    /// The image that has it; `Local`, or nothing, on the server itself.
    #[serde(deserialize_with = "lenient::text")]
    pub image_name: Option<String>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Listed {
    installations: Vec<Installation>,
}

/// Versions of one language, in ascending order and each once. `None` where the server does not
/// know the language at all.
pub(crate) type Installations = Option<Vec<String>>;

/// Every language that a server has.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Runtimes {
    pub r: Installations,
    pub python: Installations,
    pub quarto: Installations,
    pub nodejs: Installations,
    pub tensorflow: Installations,
}

/// The licence, as far as a migration cares. Its values have changed types over the versions.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
#[serde(default, rename_all = "kebab-case")]
pub(crate) struct Licence {
    /// `activated`, `evaluation` or `expired`.
    #[serde(deserialize_with = "lenient::text")]
    pub status: Option<String>,
    /// When it ends, in milliseconds since the epoch.
    #[serde(deserialize_with = "lenient::int")]
    pub expiration: Option<i64>,
    /// How many days are left.
    #[serde(deserialize_with = "lenient::int")]
    pub days_left: Option<i64>,
    /// Its tier, such as `enterprise`.
    #[serde(deserialize_with = "lenient::text")]
    pub tier: Option<String>,
    #[serde(deserialize_with = "lenient::text")]
    pub edition: Option<String>,
    /// How it is activated: `local` on the machine, or by a license server.
    #[serde(rename = "type", deserialize_with = "lenient::text")]
    pub kind: Option<String>,
    /// Whether it is a key's, as opposed to a file's.
    #[serde(deserialize_with = "lenient::truth")]
    pub has_key: Option<bool>,
    /// Whether content may run in other pods.
    #[serde(deserialize_with = "lenient::truth")]
    pub enable_launcher: Option<bool>,
    /// Users that it allows; 0 for any number.
    #[serde(deserialize_with = "lenient::int")]
    pub users: Option<i64>,
}

#[derive(Deserialize)]
struct Vanity {
    content_guid: ContentGuid,
    #[serde(default, deserialize_with = "lenient::text")]
    path: Option<String>,
}

/// The most items that a server is believed to have; the largest have some 20,000.
pub(super) const ITEMS: usize = 100_000;

impl Connect {
    /// Every item that the key can see, one at a time as they come.
    ///
    /// # Errors
    /// The server cannot be asked, or its answer breaks off.
    pub(crate) async fn each_content(
        &self,
        mut each: impl FnMut(Details) + Send,
    ) -> Result<(), Error> {
        // What a version does not know to include is an error there, so less is asked for then.
        let mut last = None;
        for include in ["owner,schedule", "owner", ""] {
            match self.list(include, &mut each).await {
                Err(error @ Error::Api(_))
                    if error
                        .fault()
                        .is_some_and(|fault| fault.status == 400 && !include.is_empty()) =>
                {
                    last = Some(error);
                }
                other => return other,
            }
        }
        last.map_or(Ok(()), Err)
    }

    async fn list(
        &self,
        include: &str,
        each: &mut (dyn FnMut(Details) + Send),
    ) -> Result<(), Error> {
        let url = self.server().api(&["v1", "content"]);
        let mut request = Request::get(url).extra(std::time::Duration::from_secs(270));
        if !include.is_empty() {
            request = request.query(&[("include", include)]);
        }
        let name = request.name();
        let (mut wrong, mut items) = (None, 0_usize);
        self.elements(request, |element| match serde_json::from_slice(element) {
            Ok(_) if items == ITEMS => {
                wrong = Some(format!("it lists more than {ITEMS} items"));
            }
            Ok(item) => {
                items += 1;
                each(item);
            }
            Err(error) => wrong = Some(error.to_string()),
        })
        .await?;
        match wrong {
            Some(cause) => Err(Error::Unreadable {
                request: name,
                cause,
            }),
            None => Ok(()),
        }
    }

    /// One item with its details; `None` when there is none.
    ///
    /// # Errors
    /// The key may not see it, or the server cannot be asked.
    pub(crate) async fn details(&self, guid: &ContentGuid) -> Result<Option<Details>, Error> {
        let url = self.server().api(&["v1", "content", guid.as_str()]);
        let request = Request::get(url).needs(Needs::Collaborator);
        match self.ask(request).await {
            Ok(reply) => reply.json().map(Some),
            Err(Error::NotFound(_)) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// The vanity path of every item that has one.
    ///
    /// # Errors
    /// The key is no administrator's, or the server cannot be asked.
    pub(crate) async fn vanities(&self) -> Result<Vec<(ContentGuid, String)>, Error> {
        let url = self.server().api(&["v1", "vanities"]);
        let request = Request::get(url).needs(Needs::Administrator);
        let all: Vec<Vanity> = self.ask(request).await?.json()?;
        Ok(all
            .into_iter()
            .filter_map(|vanity| Some((vanity.content_guid, vanity.path?)))
            .collect())
    }

    /// The versions of every language that the server has.
    ///
    /// # Errors
    /// The key is a viewer's, or the server cannot be asked.
    pub(crate) async fn runtimes(&self) -> Result<Runtimes, Error> {
        Ok(Runtimes {
            r: self.installations("r").await?,
            python: self.installations("python").await?,
            quarto: self.installations("quarto").await?,
            nodejs: self.installations("nodejs").await?,
            tensorflow: self.installations("tensorflow").await?,
        })
    }

    /// The versions of the languages that have packages to restore.
    ///
    /// # Errors
    /// The key is a viewer's, or the server cannot be asked.
    pub(crate) async fn package_runtimes(&self) -> Result<Runtimes, Error> {
        Ok(Runtimes {
            r: self.installations("r").await?,
            python: self.installations("python").await?,
            ..Runtimes::default()
        })
    }

    async fn installations(&self, language: &str) -> Result<Installations, Error> {
        let url = self.server().api(&["v1", "server_settings", language]);
        let request = Request::get(url).needs(Needs::Publisher);
        let listed: Listed = match self.ask(request).await {
            Ok(reply) => reply.json()?,
            Err(Error::Absent { .. } | Error::NotFound(_)) => return Ok(None),
            Err(error) => return Err(error),
        };
        let mut versions: Vec<String> = listed
            .installations
            .into_iter()
            .filter_map(|one| one.version)
            .collect();
        versions.sort_by_key(|version| numbers(version));
        versions.dedup();
        Ok(Some(versions))
    }
}

/// The numbers of a version, to compare by.
fn numbers(version: &str) -> (Vec<u64>, String) {
    let numbers = version
        .split(|c: char| !c.is_ascii_digit())
        .filter_map(|part| part.parse().ok())
        .collect();
    (numbers, version.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn licences_of_several_versions_read_alike() {
        let old = r#"{"status": "activated", "expiration": "1830000000000", "days-left": "462",
            "enable-launcher": "1", "users": "20", "type": "local", "users-grace": "true"}"#;
        let new = r#"{"status": "activated", "expiration": 1830000000000, "days-left": 462,
            "enable-launcher": true, "users": 20, "type": "local", "x": {}}"#;
        let read = |text: &str| serde_json::from_str::<Licence>(text).unwrap();
        assert_eq!(read(old), read(new));
        assert_eq!(read(new).enable_launcher, Some(true));
        assert_eq!(read("{}"), Licence::default());
    }

    #[test]
    fn items_need_no_more_than_a_guid() {
        let item: Details = serde_json::from_str(r#"{"guid": "g"}"#).unwrap();
        assert_eq!(item.label(), "g");
        assert_eq!(item.schedules, None);
        let item: Details = serde_json::from_str(
            r#"{"guid": "g", "name": "n", "title": "", "owner": {"username": "ann", "guid": "o"},
                "min_processes": null, "schedules": [{"next_run": null, "type": "rrule"}]}"#,
        )
        .unwrap();
        assert_eq!(item.label(), "n");
        assert_eq!(item.owner.unwrap().username.as_deref(), Some("ann"));
        assert_eq!(item.schedules.unwrap().len(), 1);
    }

    #[test]
    fn versions_sort_by_their_numbers() {
        let mut versions = ["4.10.1", "4.2.0", "4.2"];
        versions.sort_by_key(|version| numbers(version));
        assert_eq!(versions, ["4.2", "4.2.0", "4.10.1"]);
    }
}
