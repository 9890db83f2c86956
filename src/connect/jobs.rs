//! Jobs: the processes that a server ran for an item.

use std::collections::HashMap;
use std::time::Duration;

use jiff::Timestamp;
use serde::Deserialize;

use super::client::Connect;
use super::error::{Error, RequiredRole};
use super::ids::{BundleId, ContentGuid, JobKey};
use super::lenient;
use super::request::Request;
use super::version::Feature;

#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub(crate) struct Job {
    /// Its id within the item.
    pub key: JobKey,
    /// The bundle that it worked on.
    #[serde(default, deserialize_with = "lenient::id")]
    pub bundle_id: Option<BundleId>,
    /// What it did; an open set.
    #[serde(default, deserialize_with = "lenient::text")]
    pub tag: Option<String>,
    #[serde(default, deserialize_with = "lenient::int")]
    status: Option<i64>,
    #[serde(default, deserialize_with = "lenient::int")]
    exit_code: Option<i64>,
    /// When it was queued.
    #[serde(default, deserialize_with = "lenient::time")]
    pub queued_time: Option<Timestamp>,
    #[serde(default, deserialize_with = "lenient::time")]
    pub start_time: Option<Timestamp>,
    #[serde(default, deserialize_with = "lenient::time")]
    end_time: Option<Timestamp>,
    /// When it was last known to be alive.
    #[serde(default, deserialize_with = "lenient::time")]
    pub last_heartbeat_time: Option<Timestamp>,
    #[serde(default, deserialize_with = "lenient::text")]
    pub error: Option<String>,
}

/// Where a job stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum JobState {
    /// It runs or waits to run.
    Active,
    /// It ended with this exit code.
    Ended(i64),
    /// It ended, nobody knows how: its node went away, or it was skipped.
    Lost,
}

impl Job {
    /// Whether it restored an item's packages, which is what a build does.
    #[must_use]
    pub(crate) fn is_restore(&self) -> bool {
        self.tag
            .as_deref()
            .is_some_and(|tag| tag.ends_with("_restore"))
    }

    /// Whether it rendered a document.
    fn is_render(&self) -> bool {
        self.tag
            .as_deref()
            .is_some_and(|tag| tag.starts_with("build_") || tag == "render_shiny")
    }

    #[must_use]
    pub(crate) fn state(&self) -> JobState {
        match (self.status, self.exit_code) {
            (Some(0), _) => JobState::Active,
            (Some(3), _) => JobState::Lost,
            (_, Some(code)) => JobState::Ended(code),
            (None, None) if self.end_time.is_none() => JobState::Active,
            (_, None) => JobState::Lost,
        }
    }

    /// How long it took, where that is known.
    fn took(&self) -> Option<Duration> {
        let took = self.end_time?.duration_since(self.start_time?);
        Duration::try_from(took).ok()
    }

    /// When it came to be, as early as is known.
    #[must_use]
    pub(crate) fn began(&self) -> Option<Timestamp> {
        self.queued_time.or(self.start_time)
    }
}

/// How long the last build of an item took that went well: its restores, one after the other.
#[must_use]
pub(crate) fn build_time(jobs: &[Job]) -> Option<Duration> {
    last(jobs, Job::is_restore)
}

/// How long the last rendering of an item took that went well.
#[must_use]
pub(crate) fn render_time(jobs: &[Job]) -> Option<Duration> {
    last(jobs, Job::is_render)
}

/// The time of the jobs of a kind that worked on the newest bundle, the last one of each tag.
fn last(jobs: &[Job], kind: fn(&Job) -> bool) -> Option<Duration> {
    let well = || {
        let ended = |job: &&Job| kind(job) && job.state() == JobState::Ended(0);
        jobs.iter().filter(ended)
    };
    let bundle = &well().max_by_key(|job| job.began())?.bundle_id;
    let mut last: HashMap<&Option<String>, &Job> = HashMap::new();
    for job in well().filter(|job| job.bundle_id == *bundle) {
        let kept = last.entry(&job.tag).or_insert(job);
        if job.began() > kept.began() {
            *kept = job;
        }
    }
    last.values().map(|job| job.took()).sum()
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Log {
    entries: Vec<LogEntry>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct LogEntry {
    #[serde(deserialize_with = "lenient::text")]
    data: Option<String>,
}

impl Connect {
    /// An item's jobs, ended ones as well. None on servers without this list.
    ///
    /// # Errors
    /// The key may not see them, or the server cannot be asked.
    pub(crate) async fn jobs(&self, guid: &ContentGuid) -> Result<Vec<Job>, Error> {
        if self.has(Feature::Jobs) == Some(false) {
            return Ok(Vec::new());
        }
        let url = self.server().api(&["v1", "content", guid.as_str(), "jobs"]);
        let request = Request::get(url)
            .needs(RequiredRole::Collaborator)
            .extra(Duration::from_secs(30));
        match self.list(&request).await {
            Ok(jobs) => Ok(jobs),
            Err(Error::Absent { .. }) => Ok(Vec::new()),
            Err(error) => Err(error),
        }
    }

    /// The lines that a job wrote.
    ///
    /// # Errors
    /// The key may not see them, or the server cannot be asked.
    pub(crate) async fn job_log(
        &self,
        guid: &ContentGuid,
        key: &JobKey,
    ) -> Result<Vec<String>, Error> {
        let path = ["v1", "content", guid.as_str(), "jobs", key.as_str(), "log"];
        let request = Request::get(self.server().api(&path))
            .needs(RequiredRole::Collaborator)
            .log();
        let log: Log = self.ask(request).await?.json()?;
        Ok(log
            .entries
            .into_iter()
            .filter_map(|entry| entry.data)
            .collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn job(json: &str) -> Job {
        serde_json::from_str(json).unwrap()
    }

    #[test]
    fn the_last_build_that_went_well_counts_with_all_of_its_restores() {
        let job = |tag: &str, bundle: u32, start: &str, end: &str, code: &str| {
            format!(
                r#"{{"key": "k{bundle}{tag}", "tag": "{tag}", "bundle_id": {bundle}, "status": 2,
                    "exit_code": {code}, "start_time": "2026-01-01T{start}Z",
                    "end_time": "2026-01-01T{end}Z"}}"#
            )
        };
        let jobs = [
            job("packrat_restore", 1, "08:00:00", "09:00:00", "0"),
            job("packrat_restore", 2, "10:00:00", "10:02:00", "0"),
            job("python_restore", 2, "10:02:00", "10:03:00", "0"),
            job("packrat_restore", 3, "11:00:00", "11:30:00", "1"),
            job("run_app", 2, "12:00:00", "13:00:00", "0"),
            job("build_report", 2, "12:00:00", "12:00:20", "0"),
        ]
        .join(",");
        let jobs: Vec<Job> = serde_json::from_str(&format!("[{jobs}]")).unwrap();
        assert_eq!(build_time(&jobs), Some(Duration::from_secs(180)));
        assert_eq!(render_time(&jobs), Some(Duration::from_secs(20)));
        assert_eq!((build_time(&[]), render_time(&[])), (None, None));
    }

    #[test]
    fn a_missing_exit_code_is_no_success() {
        // As 2024.08 has them, ids as texts; the last as in 2022.10 with numbers.
        let running = job(
            r#"{"id": "7", "key": "k1", "tag": "python_restore", "bundle_id": "101", "status": 0,
                "start_time": "2024-08-01T10:00:00.123Z", "end_time": null, "exit_code": null}"#,
        );
        assert_eq!(running.state(), JobState::Active);
        assert!(running.is_restore());
        let lost =
            job(r#"{"key": "k2", "tag": "packrat_restore", "status": 2, "exit_code": null}"#);
        assert_eq!(lost.state(), JobState::Lost);
        let failed =
            job(r#"{"key": "k3", "tag": "packrat_restore", "status": 1, "exit_code": 137}"#);
        assert_eq!(failed.state(), JobState::Ended(137));
        let skipped = job(r#"{"key": "k4", "tag": "build_report", "status": 3, "exit_code": 0}"#);
        assert_eq!(skipped.state(), JobState::Lost);
        assert!(!skipped.is_restore());
        let old = job(
            r#"{"key": "k5", "bundle_id": 101, "status": "2", "exit_code": "0", "start_time": 1725148800}"#,
        );
        assert_eq!(old.state(), JobState::Ended(0));
        assert_eq!(old.bundle_id, Some(BundleId::from("101")));
        assert!(old.began().is_some());
    }
}
