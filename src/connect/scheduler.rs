//! What a server does by itself: keep processes, run schedules.

use jiff::{Timestamp, ToSpan as _};
use serde::Deserialize;
use serde_json::Value;

use super::client::Connect;
use super::error::{Error, RequiredRole};
use super::lenient;
use super::request::Request;

/// `GET /server_settings/scheduler`, as far as a migration cares.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Scheduler {
    #[serde(deserialize_with = "lenient::int")]
    pub min_processes_limit: Option<i64>,
    /// Cores that a pod asks for, unless its content says otherwise.
    #[serde(deserialize_with = "lenient::number")]
    pub cpu_request: Option<f64>,
    /// The same of bytes of memory.
    #[serde(deserialize_with = "lenient::int")]
    pub memory_request: Option<i64>,
}

/// What starts by itself once it may.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct PendingStarts {
    /// Content that always has processes: its label, and how many.
    pub kept: Vec<(String, i64)>,
    /// How many schedules there are; `None` where the server does not say.
    pub schedules: Option<usize>,
}

impl Connect {
    /// The scheduler's settings.
    ///
    /// # Errors
    /// The key has too few rights, or the server cannot be asked.
    pub(crate) async fn scheduler(&self) -> Result<Scheduler, Error> {
        let url = self.server().api(&["server_settings", "scheduler"]);
        self.ask(Request::get(url)).await?.json()
    }

    /// What starts by itself once processes may be kept and schedules may run.
    ///
    /// # Errors
    /// The server cannot be asked.
    pub(crate) async fn pending_starts(&self) -> Result<PendingStarts, Error> {
        let kept = self
            .contents()
            .await?
            .into_iter()
            .filter_map(|item| {
                let count = item.min_processes.filter(|count| *count > 0)?;
                Some((item.label().to_owned(), count))
            })
            .collect();
        Ok(PendingStarts {
            kept,
            schedules: self.schedules().await,
        })
    }

    /// How many schedules there are in the coming year. Versions differ in whether they say.
    async fn schedules(&self) -> Option<usize> {
        let mut url = self.server().api(&["v1", "experimental", "schedules"]);
        let now = Timestamp::now();
        let start = now.checked_add(1.minute()).ok()?;
        let end = now.checked_add((364 * 24).hours()).ok()?;
        url.query_pairs_mut()
            .append_pair("start", &start.strftime("%FT%TZ").to_string())
            .append_pair("end", &end.strftime("%FT%TZ").to_string());
        let request = Request::get(url).needs(RequiredRole::Administrator);
        let answer: Value = self.ask(request).await.ok()?.json().ok()?;
        answer["schedules"].as_array().map(Vec::len)
    }
}
