//! Doing the work: as many items at once as allowed, the next one the moment one ends.

use std::pin::pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use tokio::sync::Notify;
use tokio::task::JoinSet;

use super::event::{Event, Failure, Item};
use super::forecast::Forecast;
use super::item::{self, End};
use super::journal::Journal;
use super::log::Logs;
use super::pace::Pace;
use super::plan::{Action, Plan};
use super::record::{FailReason, Record, SkipReason};
use super::runtime::Runtime;
use super::schedule::{Dispatch, RuntimeOutcome, Schedule};
use super::stop::Stopper;
use crate::connect::Connect;

/// The server's queue is looked at so often in the time that a question about a build may take.
const LOOKS: u32 = 3;

#[derive(Debug, Clone)]
pub(crate) struct BuildOptions {
    pub parallelism: usize,
    /// How long a build may take.
    pub item_timeout: Option<Duration>,
    /// Stop at the first failure.
    pub fail_fast: bool,
    /// How often a failed build is tried again.
    pub retry_failed: u32,
    /// How long the server may hold a question about a task.
    pub poll: Duration,
    /// How long a build may show no sign of life before it is looked after.
    pub stalled_after: Duration,
}

pub(crate) type Teller = Arc<dyn Fn(Event) + Send + Sync>;

/// Everything that a run works with.
pub(crate) struct Engine {
    pub connect: Connect,
    pub journal: Journal,
    pub logs: Logs,
    pub options: BuildOptions,
    pub stopper: Stopper,
    teller: Teller,
    state: Mutex<State>,
    /// Told when something ended.
    ended: Notify,
}

struct State {
    schedule: Schedule,
    pace: Pace,
    forecast: Forecast,
    running: usize,
    done: Done,
    /// The longest time from a submission to its end.
    longest: Duration,
    /// When the last build ended.
    last_end: Option<Instant>,
}

#[derive(Debug, Clone)]
pub(crate) struct Work {
    pub item: Item,
    pub action: Action,
    pub runtimes: Vec<Runtime>,
    /// Whether it must be there.
    pub required: bool,
    /// How often it was submitted before, by any run.
    pub attempts: u32,
    /// How often it may be tried again in this run.
    pub retries: u32,
}

/// What a run did.
#[derive(Debug, Default)]
pub(crate) struct Done {
    /// How many were built.
    pub built: usize,
    /// How many turned out to be left out.
    pub skipped: usize,
    /// Which could not be built.
    pub failures: Vec<Failure>,
    /// How many were left to the server.
    pub running: usize,
    /// What kept the run from going on.
    pub fatal: Option<anyhow::Error>,
}

impl Engine {
    /// Puts together what a run works with.
    #[must_use]
    pub(crate) fn new(
        connect: Connect,
        journal: Journal,
        logs: Logs,
        options: BuildOptions,
        stopper: Stopper,
        teller: Teller,
    ) -> Self {
        Self {
            connect,
            journal,
            logs,
            stopper,
            teller,
            state: Mutex::new(State {
                schedule: Schedule::default(),
                pace: Pace::new(options.parallelism),
                forecast: Forecast::default(),
                running: 0,
                done: Done::default(),
                longest: Duration::ZERO,
                last_end: None,
            }),
            ended: Notify::new(),
            options,
        }
    }

    pub(crate) fn tell(&self, event: Event) {
        (self.teller)(event);
    }

    /// Works off a plan.
    pub(crate) async fn run(self: Arc<Self>, plan: Plan) -> Done {
        {
            let mut state = self.lock();
            state.forecast = Forecast::new(&plan);
            state.schedule = Schedule::new(plan, self.options.retry_failed);
        }
        let watcher = tokio::spawn(Arc::clone(&self).watch_queue());
        let mut workers = JoinSet::new();
        for _ in 0..self.options.parallelism {
            workers.spawn(Arc::clone(&self).work());
        }
        while workers.join_next().await.is_some() {}
        watcher.abort();
        let mut state = self.lock();
        // What was submitted by an earlier run and did not get its turn runs on all the same.
        let running = state
            .schedule
            .left()
            .filter(|work| matches!(work.action, Action::Adopt { .. }))
            .count();
        let mut done = std::mem::take(&mut state.done);
        done.running += running;
        done
    }

    /// Looks at the server's queue every now and then, where it shows one.
    async fn watch_queue(self: Arc<Self>) {
        loop {
            tokio::time::sleep(self.options.poll / LOOKS).await;
            match self.connect.queued().await {
                Ok(Some(waiting)) => {
                    let fewer = {
                        let mut state = self.lock();
                        let running = state.running;
                        state.pace.queued(waiting, running)
                    };
                    if let Some(fewer) = fewer {
                        self.tell(Event::Note {
                            message: format!(
                                "The server's queue only grows, {waiting} wait by now: {fewer} builds \
                                 at once for now, and more again as it shrinks."
                            ),
                        });
                    }
                }
                Ok(None) => return,
                // What keeps the server from answering is told by the builds.
                Err(_) => {}
            }
        }
    }

    async fn work(self: Arc<Self>) {
        let mut stop = self.stopper.listen();
        while let Some(work) = self.next().await {
            let end = item::build(&self, &work, &mut stop).await;
            self.settle(*work, end);
            self.ended.notify_waiters();
        }
    }

    /// What to do next; `None` when nothing is left.
    async fn next(&self) -> Option<Box<Work>> {
        let mut stop = self.stopper.listen();
        loop {
            let mut ended = pin!(self.ended.notified());
            ended.as_mut().enable();
            if !stop.goes_on() {
                return None;
            }
            match self.turn() {
                Dispatch::Begin(work) => return Some(work),
                Dispatch::Empty => return None,
                Dispatch::Wait => tokio::select! {
                    () = ended => {}
                    () = stop.stopping() => return None,
                },
            }
        }
    }

    fn turn(&self) -> Dispatch {
        let (turn, fewer) = {
            let mut state = self.lock();
            let running = state.running;
            let fewer = state.pace.pushed(self.connect.pushes(), running);
            let turn = if state.pace.admits(running) {
                state.schedule.next()
            } else {
                Dispatch::Wait
            };
            if let Dispatch::Begin(work) = &turn {
                state.running += 1;
                state.forecast.begun(&work.item.guid, Instant::now());
            }
            (turn, fewer)
        };
        if let Some(fewer) = fewer {
            self.tell(Event::Note {
                message: format!(
                    "The server answers that it has too much to do: {fewer} builds at once for \
                     now, and more again as it takes them."
                ),
            });
        }
        turn
    }

    /// Writes down how an item's turn ended.
    fn settle(&self, work: Work, end: End) {
        let guid = work.item.guid.clone();
        let built = match &end {
            End::Built { took, .. } => Some(*took),
            _ => None,
        };
        let retried = self.note_end(work, end);
        if retried {
            return;
        }
        let left = {
            let mut state = self.lock();
            let at_once = self.options.parallelism;
            state.forecast.ended(&guid, built, at_once, Instant::now())
        };
        if let Some(left) = left {
            self.tell(Event::Left {
                seconds: left.seconds,
                ratio: left.ratio,
                unknown: left.unknown,
            });
        }
    }

    /// Says whether it is tried again.
    fn note_end(&self, work: Work, end: End) -> bool {
        {
            let mut state = self.lock();
            let lesson = match &end {
                End::Built { .. } => RuntimeOutcome::Built,
                End::Failed {
                    reason: FailReason::Build,
                    ..
                } => RuntimeOutcome::Failed,
                _ => RuntimeOutcome::Nothing,
            };
            state.running -= 1;
            state.last_end = Some(Instant::now());
            state.schedule.learn(&work, lesson);
            state.pace.ended(self.connect.pushes());
        }
        match end {
            End::Built { bundle, took } => {
                let seconds = (took.as_secs_f64() * 1000.0).round() / 1000.0;
                self.journal.note(Record::Built {
                    guid: work.item.guid.clone(),
                    bundle: bundle.clone(),
                    seconds,
                });
                {
                    let mut state = self.lock();
                    state.done.built += 1;
                    state.longest = state.longest.max(took);
                }
                self.tell(Event::Built {
                    item: work.item,
                    bundle,
                    seconds,
                });
            }
            End::Skipped(SkipReason::Unknown) if work.required => {
                self.missing(work.item);
            }
            End::Skipped(reason) => {
                self.journal.note(Record::Skipped {
                    guid: work.item.guid.clone(),
                    reason,
                });
                self.lock().done.skipped += 1;
                self.tell(Event::Skipped {
                    item: work.item,
                    reason,
                    planned: false,
                });
            }
            End::Failed { reason, error } => return self.fail(work, reason, error),
            End::Left { running } => self.lock().done.running += usize::from(running),
            End::Fatal(error) => {
                // The first one says it; the others follow from it.
                self.lock().done.fatal.get_or_insert(error);
                self.stopper.leave();
            }
        }
        false
    }

    fn failure(&self, item: Item, reason: FailReason, error: String) -> Failure {
        self.journal.note(Record::Failed {
            guid: item.guid.clone(),
            reason,
            error: error.clone(),
        });
        if self.options.fail_fast {
            self.stopper.no_more();
        }
        Failure {
            log: Some(self.logs.path(&item.guid)),
            url: self.connect.server().dashboard(&item.guid),
            item,
            reason,
            error,
        }
    }

    /// An item that was named is not there.
    pub(crate) fn missing(&self, item: Item) {
        let failure = self.failure(item, FailReason::Missing, SkipReason::Unknown.to_string());
        self.lock().done.failures.push(failure.clone());
        self.tell(Event::Failed {
            failure,
            retry: false,
        });
    }

    fn fail(&self, work: Work, reason: FailReason, error: String) -> bool {
        let failure = self.failure(work.item.clone(), reason, error);
        let retry = work.retries > 0
            && reason != FailReason::Timeout
            && !self.options.fail_fast
            && self.stopper.listen().goes_on();
        {
            let mut state = self.lock();
            if retry {
                state.schedule.again(work);
            } else {
                state.done.failures.push(failure.clone());
            }
        }
        self.tell(Event::Failed { failure, retry });
        retry
    }

    /// How long a submission may leave no trace before it counts as not made: a build that waits
    /// for its turn on the server begins within the time that others took from submission to end.
    pub(super) fn grace(&self) -> Duration {
        (self.lock().longest * 2).clamp(Duration::from_secs(2), Duration::from_secs(300))
    }

    /// Whether a build of which nothing was heard since then stands still: it is beyond the time that
    /// others take, and others have ended since, or there are none.
    pub(super) fn outlasts(&self, since: Instant) -> bool {
        let state = self.lock();
        since.elapsed() >= state.longest * 3
            && (state.running <= 1 || state.last_end.is_some_and(|end| end > since))
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
