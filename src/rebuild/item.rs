//! One item from its reading to the end of its build.

use std::time::{Duration, Instant};

use jiff::Timestamp;

use super::engine::{Engine, Work};
use super::event::Event;
use super::follow::{Seen, Trace, headline, watch};
use super::ledger::Running;
use super::plan::{Action, skip};
use super::record::{FailReason, Intent, Record, SkipReason};
use super::stop::Stop;
use super::successor::successor;
use super::writer::WriteError;
use crate::connect::{Affinity, BundleId, Error, Submission};

/// How often a build is submitted anew that the server lost.
const LOSSES: u32 = 5;

/// How often a build is submitted anew that stands still.
const STALLS: u32 = 1;

/// How many deployments of others are followed in one turn; the next run looks again.
const SUCCESSIONS: u32 = 3;

/// How long a submission that is under way may take after a signal.
const LAST_WORDS: Duration = Duration::from_secs(5);

/// How an item's turn ended.
#[derive(Debug)]
pub(super) enum End {
    Built {
        bundle: BundleId,
        /// From submission to end.
        took: Duration,
    },
    /// It is left out.
    Skipped(SkipReason),
    /// It could not be built.
    Failed {
        /// What kind of failure.
        reason: FailReason,
        error: String,
    },
    /// It is left as it is.
    Left {
        /// Whether the server is at it.
        running: bool,
    },
    /// Nothing more can be done for any item.
    Fatal(anyhow::Error),
}

impl From<Error> for End {
    fn from(error: Error) -> Self {
        match error {
            Error::NotFound(_) => Self::Skipped(SkipReason::Unknown),
            error if error.is_fatal() => Self::Fatal(error.into()),
            error => match error.fault().and_then(|fault| fault.code) {
                Some(28) => Self::Skipped(SkipReason::NeverDeployed),
                Some(222 | 223) => Self::Skipped(SkipReason::Locked),
                _ => Self::Failed {
                    reason: FailReason::Refused,
                    error: error.to_string(),
                },
            },
        }
    }
}

impl From<WriteError> for End {
    fn from(error: WriteError) -> Self {
        Self::Fatal(error.into())
    }
}

/// Builds an item, whatever stands in the way.
pub(super) async fn build(engine: &Engine, work: &Work, stop: &mut Stop) -> End {
    let mut trace = match &work.action {
        Action::Adopt { running, newer } => Some(adopted(engine, work, running, newer.clone())),
        Action::Look(intent) => Some(Trace {
            intent: intent.clone(),
            task: None,
            since: earlier(engine, intent.server_time),
            doubt: None,
            newer: None,
        }),
        _ => None,
    };
    let (mut losses, mut stalls, mut successions) = (0, 0, 0);
    let mut wanted = None;
    loop {
        let mut current = match trace.take() {
            Some(trace) => trace,
            None if !stop.goes_on() => return End::Left { running: false },
            None => {
                // Jobs that are there already are not its own.
                let anew = losses + stalls > 0 || wanted.is_some();
                match begin(engine, work, anew, wanted.take(), stop).await {
                    Ok(trace) => trace,
                    Err(end) => return end,
                }
            }
        };
        let may_run = current.task.is_some();
        let seen = tokio::select! {
            biased;
            () = stop.leaving() => return End::Left { running: may_run },
            seen = limited(engine, follow(engine, work, &mut current)) => seen,
        };
        match seen {
            Ok(Some((Seen::Built, Some(newer)))) if successions < SUCCESSIONS => {
                successions += 1;
                engine.tell(Event::Superseded {
                    item: work.item.clone(),
                    bundle: current.intent.bundle,
                    by: newer.clone(),
                });
                wanted = Some(newer);
            }
            Ok(Some((Seen::Built, _))) => {
                return End::Built {
                    bundle: current.intent.bundle,
                    took: current.since.elapsed(),
                };
            }
            // What was wrong with the older bundle may not be with the newer.
            Ok(Some((Seen::Failed(_), Some(newer)))) if successions < SUCCESSIONS => {
                successions += 1;
                wanted = Some(newer);
            }
            Ok(Some((Seen::Failed(error), _))) => {
                return End::Failed {
                    reason: FailReason::Build,
                    error,
                };
            }
            Ok(Some((Seen::Stalled, _))) => {
                stalls += 1;
                if stalls > STALLS {
                    return stood_still();
                }
                engine.tell(Event::Stalled {
                    item: work.item.clone(),
                });
            }
            Ok(Some((Seen::Lost, _))) => {
                losses += 1;
                if losses > LOSSES {
                    return given_up(current.doubt, losses);
                }
                if may_run {
                    engine.tell(Event::Lost {
                        item: work.item.clone(),
                    });
                }
            }
            Ok(None) => return timed_out(engine),
            Err(end) => return end,
        }
    }
}

/// Follows a build to its end, and looks for what somebody deployed meanwhile.
async fn follow(
    engine: &Engine,
    work: &Work,
    trace: &mut Trace,
) -> Result<(Seen, Option<BundleId>), End> {
    let seen = watch(engine, work, trace).await?;
    let newer = match seen {
        Seen::Built => successor(engine, work, trace).await?,
        // A build that failed has activated nothing.
        Seen::Failed(_) => trace.newer.take(),
        Seen::Lost | Seen::Stalled => None,
    };
    Ok((seen, newer))
}

/// Reads the item, and submits the bundle that is in use at this moment.
async fn begin(
    engine: &Engine,
    work: &Work,
    anew: bool,
    wanted: Option<BundleId>,
    stop: &mut Stop,
) -> Result<Trace, End> {
    let left = || End::Left { running: false };
    let intent = tokio::select! {
        biased;
        () = stop.stopping() => return Err(left()),
        intent = prepare(engine, work, anew, wanted) => intent?,
    };
    engine
        .journal
        .append(Record::Intent(intent.clone()))
        .await?;
    // From here on the server may be at it. A signal leaves it some time to say so; after that
    // the next run will find out.
    let since = Instant::now();
    let submission = tokio::select! {
        biased;
        submission = engine.connect.build(&intent.guid, &intent.bundle, None) => submission?,
        () = async { stop.leaving().await; tokio::time::sleep(LAST_WORDS).await } => {
            return Err(End::Left { running: true });
        }
    };
    let (task, doubt) = match submission {
        Submission::Accepted { task, affinity } => {
            let cookies = affinity.saved(&engine.connect.root());
            engine.journal.note(Record::Submitted {
                guid: intent.guid.clone(),
                task: task.clone(),
                cookies: cookies.map(|cookies| cookies.expose().to_owned()),
            });
            engine.tell(Event::Submitted {
                item: work.item.clone(),
                bundle: intent.bundle.clone(),
                task: task.clone(),
            });
            headline(engine, &intent, &format!("task {task}"));
            (Some((task, affinity)), None)
        }
        Submission::Unsure(error) => (None, Some(error.to_string())),
    };
    Ok(Trace {
        intent,
        task,
        since,
        doubt,
        newer: None,
    })
}

async fn prepare(
    engine: &Engine,
    work: &Work,
    anew: bool,
    wanted: Option<BundleId>,
) -> Result<Intent, End> {
    let guid = &work.item.guid;
    let content = engine
        .connect
        .content(guid)
        .await?
        .ok_or(End::Skipped(SkipReason::Unknown))?;
    if let Some(reason) = skip(&content) {
        return Err(End::Skipped(reason));
    }
    let restores = content.restores();
    let in_use = content
        .bundle_id
        .ok_or(End::Skipped(SkipReason::NeverDeployed))?;
    let bundle = wanted.unwrap_or_else(|| in_use.clone());
    let server_time = engine.connect.server_time();
    // After an earlier attempt, its jobs must not be taken for those of this one.
    let known_jobs = if work.attempts > 0 || anew {
        let jobs = engine.connect.jobs(guid).await?;
        jobs.into_iter().map(|job| job.key).collect()
    } else {
        Vec::new()
    };
    Ok(Intent {
        guid: guid.clone(),
        replaces: (in_use != bundle).then_some(in_use),
        bundle,
        server_time,
        restores,
        known_jobs,
    })
}

fn adopted(engine: &Engine, work: &Work, running: &Running, newer: Option<BundleId>) -> Trace {
    engine.tell(Event::Adopted {
        item: work.item.clone(),
        bundle: running.intent.bundle.clone(),
    });
    headline(
        engine,
        &running.intent,
        &format!("task {}, adopted", running.task),
    );
    let affinity = running
        .cookies
        .as_ref()
        .map_or_else(Affinity::default, |saved| {
            Affinity::restored(saved, &engine.connect.root())
        });
    Trace {
        intent: running.intent.clone(),
        task: Some((running.task.clone(), affinity)),
        since: earlier(engine, running.intent.server_time),
        doubt: None,
        newer,
    }
}

/// The moment of ours at which the server's clock showed `then`.
fn earlier(engine: &Engine, then: Timestamp) -> Instant {
    let ago = engine.connect.server_time().duration_since(then);
    let now = Instant::now();
    Duration::try_from(ago)
        .ok()
        .and_then(|ago| now.checked_sub(ago))
        .unwrap_or(now)
}

/// `None` when the time is up.
async fn limited<T>(
    engine: &Engine,
    future: impl Future<Output = Result<T, End>>,
) -> Result<Option<T>, End> {
    match engine.options.item_timeout {
        Some(limit) => match tokio::time::timeout(limit, future).await {
            Ok(result) => result.map(Some),
            Err(_) => Ok(None),
        },
        None => future.await.map(Some),
    }
}

/// The server lost the build once too often, or never took it.
fn given_up(doubt: Option<String>, losses: u32) -> End {
    match doubt {
        Some(error) => End::Failed {
            reason: FailReason::Refused,
            error,
        },
        None => End::Failed {
            reason: FailReason::Lost,
            error: format!("the server lost the build {losses} times"),
        },
    }
}

fn stood_still() -> End {
    End::Failed {
        reason: FailReason::Lost,
        error: "the server began the build twice, and each time it stood still without a sign of \
                life (--stalled-after); look at the server's pods and the item's jobs"
            .to_owned(),
    }
}

fn timed_out(engine: &Engine) -> End {
    let limit = engine.options.item_timeout.unwrap_or_default();
    End::Failed {
        reason: FailReason::Timeout,
        error: format!(
            "not built within {}s (--item-timeout); the server may still be at it, and the next \
             run looks after it first",
            limit.as_secs()
        ),
    }
}
