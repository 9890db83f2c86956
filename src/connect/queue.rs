//! Work that waits for its turn on the server.

use serde::Deserialize;
use serde_json::Value;

use super::client::Connect;
use super::error::{Error, RequiredRole};
use super::lenient;
use super::request::Request;
use super::version::Feature;

#[derive(Default, Deserialize)]
#[serde(default)]
struct Queue {
    results: Vec<Value>,
    #[serde(deserialize_with = "lenient::int")]
    total: Option<i64>,
}

impl Connect {
    /// How much waits for its turn. `None` where the server does not show it, or not to this key.
    ///
    /// # Errors
    /// The server cannot be asked.
    pub(crate) async fn queued(&self) -> Result<Option<usize>, Error> {
        if self.has(Feature::Queue) != Some(true) {
            return Ok(None);
        }
        let mut url = self.server().api(&["v1", "queue"]);
        url.query_pairs_mut().append_pair("page_size", "500");
        match self
            .ask(Request::get(url).needs(RequiredRole::Administrator))
            .await
        {
            Ok(reply) => {
                let queue: Queue = reply.json()?;
                let started = queue
                    .results
                    .iter()
                    .filter(|one| one["started_time"].is_string());
                let total = queue.total.and_then(|total| usize::try_from(total).ok());
                Ok(Some(
                    total
                        .unwrap_or(queue.results.len())
                        .saturating_sub(started.count()),
                ))
            }
            Err(Error::Absent { .. } | Error::Forbidden { .. } | Error::NotFound(_)) => Ok(None),
            Err(error) => Err(error),
        }
    }
}
