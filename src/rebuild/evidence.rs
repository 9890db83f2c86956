//! What an item's jobs tell about a build whose task is not to be found.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};

use super::record::Intent;
use crate::connect::{Job, JobKey, JobState};

/// How far apart the moments may be at which the server notes the request and its job. Its clock
/// reaches us in whole seconds.
const SLACK: SignedDuration = SignedDuration::from_secs(2);

/// How old the last sign of life of a job may be.
const HEARTBEAT: Duration = Duration::from_secs(300);

/// What an active job shows of its life.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Liveness {
    /// Its heart beats.
    Heartbeat,
    /// The server says so, without saying when it last looked.
    Status,
}

/// What the jobs tell.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Evidence {
    /// Nothing: it was not submitted, or its jobs have not begun.
    None,
    /// It goes on, by this sign.
    Active(Liveness),
    /// All of it went well.
    Succeeded(JobKey),
    /// A part of it went well, the rest has not begun, and may never.
    Partly(JobKey),
    Failed(JobKey, String),
    /// It was cut off, and nobody will finish it.
    CutOff,
}

/// Judges the jobs of an item for traces of one submission, at a moment of the server's clock.
#[must_use]
pub(crate) fn judge(jobs: &[Job], intent: &Intent, now: Timestamp) -> Evidence {
    let since = intent.server_time - SLACK;
    let ours: Vec<&Job> = jobs
        .iter()
        .filter(|job| job.is_restore())
        .filter(|job| !intent.known_jobs.contains(&job.key))
        .filter(|job| {
            job.bundle_id
                .as_ref()
                .is_none_or(|bundle| *bundle == intent.bundle)
        })
        .filter(|job| job.began().is_none_or(|began| began >= since))
        .collect();
    let alive = |job: &&&Job| {
        job.state() == JobState::Active
            && job.last_heartbeat_time.is_none_or(|beat| {
                now.duration_since(beat) <= SignedDuration::try_from(HEARTBEAT).unwrap_or_default()
            })
    };
    if let Some(job) = ours.iter().find(alive) {
        return Evidence::Active(match job.last_heartbeat_time {
            Some(_) => Liveness::Heartbeat,
            None => Liveness::Status,
        });
    }
    let mut succeeded: Vec<&Job> = Vec::new();
    let mut cut_off = false;
    for job in ours {
        match job.state() {
            JobState::Ended(0) => succeeded.push(job),
            JobState::Ended(code) => {
                let error = job
                    .error
                    .clone()
                    .unwrap_or_else(|| format!("the job ended with exit code {code}"));
                return Evidence::Failed(job.key.clone(), error);
            }
            JobState::Active | JobState::Lost => cut_off = true,
        }
    }
    let mut kinds: Vec<_> = succeeded.iter().map(|job| &job.tag).collect();
    kinds.sort_unstable();
    kinds.dedup();
    match succeeded.first() {
        _ if cut_off => Evidence::CutOff,
        None => Evidence::None,
        Some(job) if kinds.len() >= intent.restores => Evidence::Succeeded(job.key.clone()),
        Some(job) => Evidence::Partly(job.key.clone()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::connect::{BundleId, ContentGuid};

    fn intent(restores: usize, known: &[&str]) -> Intent {
        Intent {
            guid: ContentGuid::from("g"),
            bundle: BundleId::from("101"),
            replaces: None,
            server_time: "2026-11-22T10:00:00Z".parse().unwrap(),
            restores,
            known_jobs: known.iter().map(|key| JobKey::from(*key)).collect(),
        }
    }

    fn jobs(json: &str) -> Vec<Job> {
        serde_json::from_str(json).unwrap()
    }

    fn judged(json: &str, restores: usize) -> Evidence {
        let now = "2026-11-22T10:20:00Z".parse().unwrap();
        judge(&jobs(json), &intent(restores, &["known"]), now)
    }

    const DONE: &str = r#"{"key": "k", "tag": "python_restore", "bundle_id": "101", "status": 2,
        "exit_code": 0, "start_time": "2026-11-22T10:00:01Z"}"#;

    #[test]
    fn others_jobs_are_no_evidence() {
        for job in [
            // before, of another bundle, no restore, known from an earlier attempt
            DONE.replace("10:00:01", "09:59:50"),
            DONE.replace("101", "102"),
            DONE.replace("python_restore", "run_app"),
            DONE.replace(r#""k""#, r#""known""#),
        ] {
            assert_eq!(judged(&format!("[{job}]"), 1), Evidence::None, "{job}");
        }
        assert_eq!(
            judged(&format!("[{DONE}]"), 1),
            Evidence::Succeeded(JobKey::from("k"))
        );
    }

    #[test]
    fn a_missing_exit_code_means_cut_off() {
        let lost = DONE.replace(r#""exit_code": 0"#, r#""exit_code": null"#);
        assert_eq!(judged(&format!("[{lost}]"), 1), Evidence::CutOff);
        assert_eq!(judged(&format!("[{DONE}, {lost}]"), 1), Evidence::CutOff);
    }

    #[test]
    fn an_active_job_counts_while_its_heart_beats() {
        let active = DONE.replace(
            r#""status": 2"#,
            r#""status": 0, "last_heartbeat_time": "AT""#,
        );
        let beating = active.replace("AT", "2026-11-22T10:19:00Z");
        let dead = active.replace("AT", "2026-11-22T10:05:00Z");
        assert_eq!(
            judged(&format!("[{DONE}, {beating}]"), 1),
            Evidence::Active(Liveness::Heartbeat)
        );
        assert_eq!(judged(&format!("[{dead}]"), 1), Evidence::CutOff);
    }

    #[test]
    fn two_languages_take_two_restores() {
        let r = DONE.replace("python_restore", "packrat_restore");
        assert_eq!(
            judged(&format!("[{DONE}]"), 2),
            Evidence::Partly(JobKey::from("k"))
        );
        assert_eq!(
            judged(&format!("[{DONE}, {r}]"), 2),
            Evidence::Succeeded(JobKey::from("k"))
        );
        assert_eq!(
            judged(&format!("[{DONE}, {DONE}]"), 2),
            Evidence::Partly(JobKey::from("k"))
        );
    }

    #[test]
    fn one_failure_is_a_failure() {
        let failed = DONE.replace(
            r#""exit_code": 0"#,
            r#""exit_code": 1, "error": "no such package""#,
        );
        assert_eq!(
            judged(&format!("[{DONE}, {failed}]"), 1),
            Evidence::Failed(JobKey::from("k"), "no such package".into())
        );
    }
}
