//! Connect's own checks of itself.

use std::time::{Duration, Instant};

use reqwest::Method;
use serde::Deserialize;
use serde_json::json;

use super::client::Connect;
use super::error::{Error, RequiredRole};
use super::ids::CheckRunId;
use super::lenient;
use super::request::Request;

/// How often a run is asked about.
const PAUSE: Duration = Duration::from_secs(1);

/// One check and how it came out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct SystemCheck {
    pub name: String,
    /// `None` where the server does not say.
    pub passed: Option<bool>,
    /// Its words.
    pub said: Option<String>,
}

#[derive(Deserialize)]
struct CheckRun {
    id: CheckRunId,
    #[serde(default, deserialize_with = "lenient::text")]
    status: Option<String>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Results {
    results: Vec<OneResult>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct OneResult {
    group: Named,
    test: Named,
    #[serde(deserialize_with = "lenient::truth")]
    passed: Option<bool>,
    #[serde(deserialize_with = "lenient::text")]
    output: Option<String>,
    #[serde(deserialize_with = "lenient::text")]
    error: Option<String>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Named {
    #[serde(deserialize_with = "lenient::text")]
    name: Option<String>,
}

impl From<OneResult> for SystemCheck {
    fn from(one: OneResult) -> Self {
        let names: Vec<String> = [one.group.name, one.test.name]
            .into_iter()
            .flatten()
            .collect();
        Self {
            name: names.join("/"),
            passed: one.passed,
            said: one.error.or(one.output),
        }
    }
}

impl Connect {
    /// Has the server check itself, and waits for the results. `None` where it cannot.
    ///
    /// # Errors
    /// The key is no administrator's, the checks take longer than `wait`, or the server cannot be
    /// asked.
    pub(crate) async fn system_checks(
        &self,
        wait: Duration,
    ) -> Result<Option<Vec<SystemCheck>>, Error> {
        let url = |tail: &[&str]| {
            let path = [&["v1", "system", "checks"], tail].concat();
            self.server().api(&path)
        };
        let start = Request::new(Method::POST, url(&[]))
            .body(json!({}))
            .needs(RequiredRole::Administrator);
        let mut run: CheckRun = match self.ask_once(start).await.map_err(|failure| *failure.error) {
            Ok(reply) => reply.json()?,
            Err(Error::Absent { .. } | Error::NotFound(_)) => return Ok(None),
            Err(error) => return Err(error),
        };
        let begun = Instant::now();
        while !matches!(run.status.as_deref(), Some("done" | "canceled")) {
            if begun.elapsed() > wait {
                return Err(Error::TimedOut {
                    server: format!("the system check of {}", self.server()),
                    after: wait,
                });
            }
            tokio::time::sleep(PAUSE).await;
            let request = Request::get(url(&[run.id.as_str()])).needs(RequiredRole::Administrator);
            run = self.ask(request).await?.json()?;
        }
        let request =
            Request::get(url(&[run.id.as_str(), "results"])).needs(RequiredRole::Administrator);
        let found: Results = self.ask(request).await?.json()?;
        Ok(Some(
            found.results.into_iter().map(SystemCheck::from).collect(),
        ))
    }
}
