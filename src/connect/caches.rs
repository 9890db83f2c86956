//! Runtime caches: packages installed for one language version in one image.

use std::fmt;

use reqwest::Method;
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::affinity::Affinity;
use super::client::Connect;
use super::error::{Error, RequiredRole};
use super::ids::TaskId;
use super::lenient;
use super::request::Request;
use super::version::Feature;

#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub(crate) struct Cache {
    /// `R` or `Python`, in whatever case.
    pub language: String,
    pub version: String,
    /// The image, in a form fit for a folder's name; `Local` for what was built without one.
    pub image_name: String,
}

impl Cache {
    /// Whether it was built on the server's own machine and not in an image.
    #[must_use]
    pub(crate) fn is_local(&self) -> bool {
        self.image_name.eq_ignore_ascii_case("local")
    }
}

impl fmt::Display for Cache {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{} {} ({})",
            self.language, self.version, self.image_name
        )
    }
}

/// What became of a deletion.
#[derive(Debug)]
pub(crate) enum Deletion {
    /// The server is at it.
    Started {
        task: TaskId,
        /// The cookies that lead to the task's node.
        affinity: Affinity,
    },
    /// The server would do it, or has done it without a task.
    Granted,
    /// There is no such cache.
    Absent,
}

#[derive(Deserialize)]
struct Caches {
    #[serde(default)]
    caches: Option<Vec<Cache>>,
}

#[derive(Deserialize)]
struct Deleting {
    #[serde(default, deserialize_with = "lenient::id")]
    task_id: Option<TaskId>,
}

impl Connect {
    /// The runtime caches; `None` where the server cannot manage them: too old, or switched off.
    ///
    /// # Errors
    /// The key is no administrator's, or the server cannot be asked.
    pub(crate) async fn caches(&self) -> Result<Option<Vec<Cache>>, Error> {
        if self.has(Feature::Caches) == Some(false)
            || self.settings().enable_runtime_cache_management == Some(false)
        {
            return Ok(None);
        }
        let url = self.server().api(&["v1", "system", "caches", "runtime"]);
        let request = Request::get(url).needs(RequiredRole::Administrator);
        match self.ask(request).await {
            Ok(reply) => Ok(Some(reply.json::<Caches>()?.caches.unwrap_or_default())),
            Err(Error::Absent { .. }) => Ok(None),
            Err(error) if error.fault().is_some_and(|fault| fault.code == Some(194)) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Deletes a cache, or asks with `dry_run` what would happen. Harmless to repeat.
    ///
    /// # Errors
    /// The server refuses, or cannot be asked.
    pub(crate) async fn delete_cache(
        &self,
        cache: &Cache,
        dry_run: bool,
    ) -> Result<Deletion, Error> {
        let url = self.server().api(&["v1", "system", "caches", "runtime"]);
        let affinity = Affinity::default();
        let request = Request::new(Method::DELETE, url)
            .body(json!({
                "language": cache.language,
                "version": cache.version,
                "image_name": cache.image_name,
                "dry_run": dry_run,
            }))
            .needs(RequiredRole::Administrator)
            .affinity(&affinity);
        let reply = match self.ask(request).await {
            Ok(reply) => reply,
            Err(Error::NotFound(_)) => return Ok(Deletion::Absent),
            Err(error) => return Err(error),
        };
        if reply.body.is_empty() {
            return Ok(Deletion::Granted);
        }
        Ok(match reply.json::<Deleting>()?.task_id {
            Some(task) => Deletion::Started { task, affinity },
            None => Deletion::Granted,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_the_list() {
        let caches: Caches = serde_json::from_str(
            r#"{"caches": [{"language": "Python", "version": "3.11.4", "image_name": "Local"},
                {"language": "r", "version": "4.3.1", "image_name": "ghcr-io-rstudio-content-base"}]}"#,
        )
        .unwrap();
        let caches = caches.caches.unwrap();
        assert!(caches[0].is_local() && !caches[1].is_local());
        assert_eq!(caches[0].to_string(), "Python 3.11.4 (Local)");
        assert!(serde_json::from_str::<Caches>(r#"{"caches": null}"#).is_ok());
    }
}
