//! Doing the work: as many items at once as allowed, the next one the moment one ends.

use std::collections::VecDeque;
use std::pin::pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use tokio::sync::Notify;
use tokio::task::JoinSet;

use super::event::{Event, Failure, Item};
use super::item::{self, End};
use super::journal::Journal;
use super::log::Logs;
use super::plan::{Action, Plan, Planned};
use super::record::{FailReason, Record};
use super::stop::{Stop, Stopper};
use crate::connect::Connect;

#[derive(Debug, Clone)]
pub(crate) struct BuildOptions {
    pub parallelism: usize,
    /// The pause before each further build at once.
    pub ramp: Duration,
    /// How long a build may take.
    pub item_timeout: Option<Duration>,
    /// Stop at the first failure.
    pub fail_fast: bool,
    /// How often a failed build is tried again.
    pub retry_failed: u32,
    /// How long the server may hold a question about a task.
    pub poll: Duration,
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
    /// Told when the queue is empty.
    drained: Notify,
}

#[derive(Default)]
struct State {
    queue: VecDeque<Work>,
    done: Done,
    /// The longest time from a submission to its end.
    longest: Duration,
}

#[derive(Debug, Clone)]
pub(crate) struct Work {
    pub item: Item,
    pub action: Action,
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
            options,
            stopper,
            teller,
            state: Mutex::default(),
            drained: Notify::new(),
        }
    }

    pub(crate) fn tell(&self, event: Event) {
        (self.teller)(event);
    }

    /// Works off a plan.
    pub(crate) async fn run(self: Arc<Self>, plan: Plan) -> Done {
        {
            let mut state = self.lock();
            state.queue = queue(plan, self.options.retry_failed);
        }
        let mut workers = JoinSet::new();
        let mut turn = Instant::now();
        for _ in 0..self.options.parallelism {
            workers.spawn(Arc::clone(&self).work(turn));
            turn += self.options.ramp;
        }
        while workers.join_next().await.is_some() {}
        let mut state = self.lock();
        // What was submitted by an earlier run and did not get its turn runs on all the same.
        let running = state
            .queue
            .iter()
            .filter(|work| matches!(work.action, Action::Adopt { .. }))
            .count();
        let mut done = std::mem::take(&mut state.done);
        done.running += running;
        done
    }

    async fn work(self: Arc<Self>, turn: Instant) {
        let mut stop = self.stopper.listen();
        self.ramp(turn, &mut stop).await;
        while let Some(work) = self.next() {
            let end = item::build(&self, &work, &mut stop).await;
            self.settle(work, end);
        }
    }

    fn next(&self) -> Option<Work> {
        if !self.stopper.listen().goes_on() {
            return None;
        }
        let mut state = self.lock();
        let work = state.queue.pop_front();
        if state.queue.is_empty() {
            self.drained.notify_waiters();
        }
        work
    }

    /// Writes down how an item's turn ended.
    fn settle(&self, mut work: Work, end: End) {
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
            End::Failed { reason, error } => {
                self.journal.note(Record::Failed {
                    guid: work.item.guid.clone(),
                    reason,
                    error: error.clone(),
                });
                let failure = Failure {
                    log: self.logs.path(&work.item.guid),
                    url: self.connect.server().dashboard(&work.item.guid),
                    item: work.item.clone(),
                    reason,
                    error,
                };
                let retry = work.retries > 0
                    && reason != FailReason::Timeout
                    && !self.options.fail_fast
                    && self.stopper.listen().goes_on();
                if self.options.fail_fast {
                    self.stopper.no_more();
                }
                {
                    let mut state = self.lock();
                    if retry {
                        work.retries -= 1;
                        work.attempts += 1;
                        work.action = Action::Build(super::plan::Why::FailedBefore);
                        state.queue.push_back(work);
                    } else {
                        state.done.failures.push(failure.clone());
                    }
                }
                self.tell(Event::Failed { failure, retry });
            }
            End::Left { running } => self.lock().done.running += usize::from(running),
            End::Fatal(error) => {
                // The first one says it; the others follow from it.
                self.lock().done.fatal.get_or_insert(error);
                self.stopper.leave();
            }
        }
    }

    /// Waits until a worker may begin. Builds that start together on an empty package cache get into
    /// each other's way, so the workers begin one after the other. What is only looked after needs no
    /// pause, and a queue that others have emptied meanwhile needs no further worker.
    async fn ramp(&self, turn: Instant, stop: &mut Stop) {
        loop {
            let mut drained = pin!(self.drained.notified());
            drained.as_mut().enable();
            let must_wait = match self.lock().queue.front() {
                Some(work) => matches!(work.action, Action::Build(_)),
                None => false,
            };
            if !must_wait || Instant::now() >= turn {
                return;
            }
            tokio::select! {
                () = tokio::time::sleep_until(turn.into()) => {}
                () = drained => {}
                () = stop.stopping() => return,
            }
        }
    }

    /// How long a submission may leave no trace before it counts as not made: a build that waits
    /// for its turn on the server begins within the time that others took from submission to end.
    pub(super) fn grace(&self) -> Duration {
        (self.lock().longest * 2).clamp(Duration::from_secs(2), Duration::from_secs(300))
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The work of a plan: first what may run already, then the rest in the plan's order.
fn queue(plan: Plan, retries: u32) -> VecDeque<Work> {
    let (mut first, mut then) = (VecDeque::new(), VecDeque::new());
    for planned in plan.items {
        let list = match planned.action {
            Action::Adopt { .. } | Action::Look(_) => &mut first,
            Action::Build(_) => &mut then,
            Action::Finished | Action::Skip(_) => continue,
        };
        let Planned {
            guid,
            title,
            attempts,
            action,
            ..
        } = planned;
        list.push_back(Work {
            item: Item { guid, title },
            action,
            attempts,
            retries,
        });
    }
    first.append(&mut then);
    first
}
