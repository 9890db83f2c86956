//! Following a build that the server is at, or may be, to its end.

use std::time::{Duration, Instant};

use jiff::Timestamp;

use super::engine::{Engine, Work};
use super::event::Event;
use super::evidence::{Evidence, Liveness, judge};
use super::item::End;
use super::record::Intent;
use super::writer::WriteError;
use crate::connect::{Affinity, BundleId, ContentGuid, JobKey, TaskId};

/// Something that the server is at, or may be.
pub(super) struct Trace {
    /// What was submitted, or was going to be.
    pub intent: Intent,
    /// Its task, where the server named one.
    pub task: Option<(TaskId, Affinity)>,
    pub since: Instant,
    /// What came back instead of an answer to the submission.
    pub doubt: Option<String>,
    /// Another bundle that was seen in use meanwhile.
    pub newer: Option<BundleId>,
}

/// What became of a trace.
pub(super) enum Seen {
    Built,
    /// It failed, in these words.
    Failed(String),
    /// Nothing will come of it.
    Lost,
    /// Its task goes on for ever, and nothing is behind it.
    Stalled,
}

/// Follows a build to its end: by its task, or by its jobs where the task is not to be found.
pub(super) async fn watch(engine: &Engine, work: &Work, trace: &mut Trace) -> Result<Seen, End> {
    let mut quiet_since = trace.intent.server_time;
    if let Some((task, affinity)) = trace.task.take() {
        let seen = follow_task(engine, work, trace, &task, &affinity).await;
        trace.task = Some((task, affinity));
        if let Some(seen) = seen? {
            return Ok(seen);
        }
        quiet_since = engine.connect.server_time();
    }
    follow_jobs(engine, work, trace, quiet_since).await
}

/// `None` when the task is not known (any more).
async fn follow_task(
    engine: &Engine,
    work: &Work,
    trace: &mut Trace,
    task: &TaskId,
    affinity: &Affinity,
) -> Result<Option<Seen>, End> {
    let guid = &work.item.guid;
    let mut first = 0;
    let mut pace = Polls::default();
    let mut sign = Instant::now();
    loop {
        let poll = engine.options.poll;
        let Some(state) = engine.connect.task(task, first, poll, affinity).await? else {
            return Ok(None);
        };
        log(engine, guid, &state.output)?;
        first = state.last().unwrap_or(first + state.output.len() as u64);
        match state.ended() {
            Some(Ok(())) => return Ok(Some(Seen::Built)),
            Some(Err(error)) => return Ok(Some(Seen::Failed(error))),
            None => {}
        }
        if !state.output.is_empty() {
            sign = Instant::now();
        } else if sign.elapsed() >= engine.options.stalled_after {
            match still(engine, trace, sign).await? {
                Some(seen) => return Ok(Some(seen)),
                None => sign = Instant::now(),
            }
        }
        if pace.is_held(poll) {
            look_for_newer(engine, trace).await?;
        }
        pace.rest(poll).await;
    }
}

/// What a build came to whose task says nothing: a server that went away with its pod leaves tasks
/// behind that never end. `None` while it is alive.
async fn still(engine: &Engine, trace: &Trace, sign: Instant) -> Result<Option<Seen>, End> {
    let jobs = match engine.connect.jobs(&trace.intent.guid).await {
        Err(error) if !error.is_fatal() => return Ok(None),
        jobs => jobs?,
    };
    let evidence = judge(&jobs, &trace.intent, engine.connect.server_time());
    Ok(match evidence {
        Evidence::Succeeded(_) => Some(Seen::Built),
        Evidence::Failed(_, error) => Some(Seen::Failed(error)),
        Evidence::CutOff => Some(Seen::Stalled),
        Evidence::Active(Liveness::Heartbeat) => None,
        Evidence::Active(Liveness::Status) | Evidence::Partly(_) | Evidence::None => {
            engine.outlasts(sign).then_some(Seen::Stalled)
        }
    })
}

/// Looks whether somebody has deployed something else, at the pace of long polls.
async fn look_for_newer(engine: &Engine, trace: &mut Trace) -> Result<(), End> {
    let content = match engine.connect.content(&trace.intent.guid).await {
        Err(error) if !error.is_fatal() => return Ok(()),
        content => content?,
    };
    let in_use = content.and_then(|content| content.bundle_id);
    if let Some(bundle) = in_use.filter(|bundle| trace.intent.is_foreign(bundle)) {
        trace.newer = Some(bundle);
    }
    Ok(())
}

async fn follow_jobs(
    engine: &Engine,
    work: &Work,
    trace: &Trace,
    mut quiet_since: Timestamp,
) -> Result<Seen, End> {
    let guid = &work.item.guid;
    let mut pause = Duration::from_millis(250);
    let mut found = false;
    loop {
        let jobs = engine.connect.jobs(guid).await?;
        let now = engine.connect.server_time();
        match judge(&jobs, &trace.intent, now) {
            Evidence::Active(_) => {
                quiet_since = now;
                if !found && trace.task.is_none() {
                    found = true;
                    engine.tell(Event::Adopted {
                        item: work.item.clone(),
                        bundle: trace.intent.bundle.clone(),
                    });
                }
            }
            Evidence::Succeeded(job) => {
                job_log(engine, trace, &job).await?;
                return Ok(Seen::Built);
            }
            Evidence::Failed(job, error) => {
                job_log(engine, trace, &job).await?;
                return Ok(Seen::Failed(error));
            }
            Evidence::CutOff => return Ok(Seen::Lost),
            Evidence::None if silent(engine, now, quiet_since) => return Ok(Seen::Lost),
            Evidence::Partly(job) if silent(engine, now, quiet_since) => {
                // A node that went away may have done so between two restores. Where only the
                // answer was lost, the server had no more to restore.
                if trace.task.is_some() {
                    return Ok(Seen::Lost);
                }
                job_log(engine, trace, &job).await?;
                return Ok(Seen::Built);
            }
            Evidence::None | Evidence::Partly(_) => {}
        }
        tokio::time::sleep(pause).await;
        pause = (pause * 3 / 2).min(Duration::from_secs(3));
    }
}

/// Whether nothing was heard of a build for so long that nothing more will be.
fn silent(engine: &Engine, now: Timestamp, since: Timestamp) -> bool {
    let quiet = Duration::try_from(now.duration_since(since)).unwrap_or_default();
    quiet >= engine.grace()
}

/// Puts a job's lines into the item's log, where its task's are not to be had.
async fn job_log(engine: &Engine, trace: &Trace, job: &JobKey) -> Result<(), End> {
    let guid = &trace.intent.guid;
    headline(engine, &trace.intent, &format!("job {job}"));
    match engine.connect.job_log(guid, job).await {
        Ok(lines) => log(engine, guid, &lines),
        Err(error) if error.is_fatal() => Err(error.into()),
        // The build counts, not what it said.
        Err(error) => log(engine, guid, &[format!("(no log: {error})")]),
    }
}

/// Marks in an item's log where a build begins.
pub(super) fn headline(engine: &Engine, intent: &Intent, what: &str) {
    let line = format!(
        "== {:.0} bundle {}, {what}",
        Timestamp::now(),
        intent.bundle
    );
    // A disk too full for it will soon be too full for the journal, which says so.
    let _ = engine.logs.append(&intent.guid, &[line]);
}

fn log(engine: &Engine, guid: &ContentGuid, lines: &[String]) -> Result<(), End> {
    engine
        .logs
        .append(guid, lines)
        .map_err(|error| WriteError(std::sync::Arc::new(error)).into())
}

/// Keeps polls apart on a server that answers them at once instead of waiting.
pub(super) struct Polls {
    asked: Instant,
    rest: Duration,
}

impl Default for Polls {
    fn default() -> Self {
        Self {
            asked: Instant::now(),
            rest: Duration::from_millis(200),
        }
    }
}

impl Polls {
    /// Whether the server holds polls: what is asked after each of them is asked seldom.
    fn is_held(&self, poll: Duration) -> bool {
        self.asked.elapsed() >= poll / 2
    }

    /// Rests if the answer came well before `poll` was over.
    pub(super) async fn rest(&mut self, poll: Duration) {
        if self.asked.elapsed() < poll / 2 {
            tokio::time::sleep(self.rest).await;
            self.rest = (self.rest * 3 / 2).min(Duration::from_secs(2));
        }
        self.asked = Instant::now();
    }
}
