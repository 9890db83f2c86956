//! Tasks: work that a server does while one waits.

use std::time::Duration;

use serde::Deserialize;

use super::affinity::Affinity;
use super::client::Connect;
use super::error::Error;
use super::ids::TaskId;
use super::lenient;
use super::request::Request;

#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub(crate) struct Task {
    /// The lines of output asked for.
    #[serde(deserialize_with = "lenient::texts")]
    pub output: Vec<String>,
    #[serde(deserialize_with = "lenient::truth")]
    finished: Option<bool>,
    #[serde(deserialize_with = "lenient::int")]
    code: Option<i64>,
    #[serde(deserialize_with = "lenient::text")]
    error: Option<String>,
    #[serde(deserialize_with = "lenient::int")]
    last: Option<i64>,
}

impl Task {
    /// Whether it has ended, and how: `Err` has the server's words.
    #[must_use]
    pub(crate) fn ended(&self) -> Option<Result<(), String>> {
        if self.finished != Some(true) {
            return None;
        }
        Some(match (self.code, &self.error) {
            (Some(0), _) => Ok(()),
            (_, Some(error)) => Err(error.clone()),
            (Some(code), None) => Err(format!("the task ended with code {code}")),
            (None, None) => Err("the task ended without a code".to_owned()),
        })
    }

    /// How many lines of output there are by now, to go on from there.
    #[must_use]
    pub(crate) fn last(&self) -> Option<u64> {
        self.last.and_then(|last| u64::try_from(last).ok())
    }
}

impl Connect {
    /// Asks about a task: answered when it ends, or after `wait`. Output is given from line `first`
    /// on. `None` when the task is not known: on another node, or gone with the node it ran on.
    ///
    /// # Errors
    /// The server cannot be asked.
    pub(crate) async fn task(
        &self,
        id: &TaskId,
        first: u64,
        wait: Duration,
        affinity: &Affinity,
    ) -> Result<Option<Task>, Error> {
        let url = self.server().api(&["v1", "tasks", id.as_str()]);
        let (first, seconds) = (first.to_string(), wait.as_secs().to_string());
        let request = Request::get(url)
            .query(&[("first", &first), ("wait", &seconds)])
            .extra(wait)
            .log()
            .affinity(affinity);
        match self.ask(request).await {
            Ok(reply) => reply.json().map(Some),
            Err(Error::NotFound(_) | Error::Absent { .. }) => Ok(None),
            Err(error) => Err(error),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn task(json: &str) -> Task {
        serde_json::from_str(json).unwrap()
    }

    #[test]
    fn code_and_error_mean_nothing_before_the_end() {
        let running = task(
            r#"{"id": "t", "output": ["a"], "result": null, "finished": false, "code": 0,
                "error": "", "last": 1}"#,
        );
        assert_eq!(running.ended(), None);
        assert_eq!(running.last(), Some(1));
    }

    #[test]
    fn success_is_code_zero() {
        let done = task(
            r#"{"id": "t", "output": [], "finished": true, "code": 0, "error": "", "last": 9}"#,
        );
        assert_eq!(done.ended(), Some(Ok(())));
        let failed = task(
            r#"{"id": "t", "output": [], "finished": true, "code": 1, "last": 9,
                "error": "An error occurred while building the content",
                "result": {"type": "build-failed-error", "data": "An error occurred"}}"#,
        );
        assert_eq!(
            failed.ended(),
            Some(Err("An error occurred while building the content".into()))
        );
        let odd = task(r#"{"finished": "1", "code": null}"#);
        assert!(odd.ended().unwrap().is_err());
    }
}
