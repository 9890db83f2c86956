//! Building an item's environment.

use reqwest::Method;
use serde::Deserialize;
use serde_json::json;

use super::affinity::Affinity;
use super::client::Connect;
use super::error::{Error, RequiredRole};
use super::failure::Fate;
use super::ids::{BundleId, ContentGuid, TaskId};
use super::lenient;
use super::request::Request;
use super::version::Feature;

/// What became of a submission.
#[derive(Debug)]
pub(crate) enum Submission {
    /// The server runs it.
    Accepted {
        task: TaskId,
        /// The cookies that lead to the task's node.
        affinity: Affinity,
    },
    /// The answer was lost, or was an error behind which it may still run: look for its job before
    /// asking again.
    Unsure(Error),
}

#[derive(Deserialize)]
struct Accepted {
    #[serde(default, deserialize_with = "lenient::id")]
    task_id: Option<TaskId>,
}

impl Connect {
    /// Asks once for a bundle's environment to be built. The bundle is always named: without it the
    /// server builds the one uploaded last, which need not be the one in use, and activates it.
    ///
    /// `activate: Some(false)` leaves the item's bundle in use as it is.
    ///
    /// # Errors
    /// The server refuses, or cannot be reached at all.
    pub(crate) async fn build(
        &self,
        guid: &ContentGuid,
        bundle: &BundleId,
        activate: Option<bool>,
    ) -> Result<Submission, Error> {
        let mut body = json!({ "bundle_id": bundle });
        if let Some(activate) = activate {
            // Older servers refuse a field that they do not know.
            self.require(Feature::Activate)?;
            body["activate"] = activate.into();
        }
        let url = self
            .server()
            .api(&["v1", "content", guid.as_str(), "build"]);
        let affinity = Affinity::default();
        let request = Request::new(Method::POST, url)
            .body(body)
            .needs(RequiredRole::Collaborator)
            .affinity(&affinity);
        match self.ask_once(request).await {
            Ok(reply) => match reply.json::<Accepted>()?.task_id {
                Some(task) => Ok(Submission::Accepted { task, affinity }),
                None => Err(Error::Unreadable {
                    request: reply.request,
                    cause: "no task_id".to_owned(),
                }),
            },
            Err(failure) if failure.fate == Fate::Unsure => Ok(Submission::Unsure(*failure.error)),
            Err(failure) => Err(*failure.error),
        }
    }
}
