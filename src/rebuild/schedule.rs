//! Which item's turn it is: in the plan's order, but for those whose runtime is being opened.
//!
//! The first build of each runtime opens it for the others, which are passed over meanwhile, so that
//! no place idles while there is work. Data in, data out: no clock and no server.

use std::collections::{HashMap, VecDeque};

use super::engine::Work;
use super::plan::{Action, BuildReason, Plan, Planned};
use super::runtime::Runtime;

/// Builds that may fail at opening a runtime before it counts as open all the same: so many in a row
/// fail for reasons of their own.
const FAILURES: u32 = 3;

/// Whose turn it is.
#[derive(Debug)]
pub(super) enum Dispatch {
    Begin(Box<Work>),
    /// Whatever is left waits for something that runs.
    Wait,
    /// Nothing is left.
    Empty,
}

/// What the end of a build says about the runtimes that it used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum RuntimeOutcome {
    /// Their caches are filled.
    Built,
    /// It failed, alone as it was.
    Failed,
    /// Nothing: it did not come to be built.
    Nothing,
}

#[derive(Debug, Clone, Copy)]
enum Cache {
    /// Nothing was built with it yet, but for so many builds that failed.
    Cold(u32),
    /// One is built with it.
    Opening(u32),
    Warm,
}

/// The work that is left, and what is known of the runtimes.
#[derive(Debug, Default)]
pub(super) struct Schedule {
    queue: VecDeque<Work>,
    caches: HashMap<Runtime, Cache>,
}

impl Schedule {
    /// The work of a plan: first what may run already, then the rest in the plan's order. What was
    /// built before has opened its runtimes.
    pub(super) fn new(plan: Plan, retries: u32) -> Self {
        let mut schedule = Self::default();
        let mut later = VecDeque::new();
        for planned in plan.items {
            let list = match planned.action {
                Action::Adopt { .. } | Action::Look(_) => &mut schedule.queue,
                Action::Build(_) => &mut later,
                Action::Finished => {
                    for runtime in planned.runtimes {
                        schedule.caches.insert(runtime, Cache::Warm);
                    }
                    continue;
                }
                Action::Skip(_) => continue,
            };
            list.push_back(work(planned, retries));
        }
        schedule.queue.append(&mut later);
        schedule
    }

    /// Whose turn it is.
    pub(super) fn next(&mut self) -> Dispatch {
        if self.queue.is_empty() {
            return Dispatch::Empty;
        }
        let waits = |work: &Work| {
            matches!(work.action, Action::Build(_))
                && work
                    .runtimes
                    .iter()
                    .any(|runtime| matches!(self.caches.get(runtime), Some(Cache::Opening(_))))
        };
        let Some(at) = self.queue.iter().position(|work| !waits(work)) else {
            return Dispatch::Wait;
        };
        let Some(work) = self.queue.remove(at) else {
            return Dispatch::Wait;
        };
        for runtime in &work.runtimes {
            let cache = self.caches.entry(runtime.clone()).or_insert(Cache::Cold(0));
            if let Cache::Cold(failures) = *cache {
                *cache = Cache::Opening(failures);
            }
        }
        Dispatch::Begin(Box::new(work))
    }

    /// A build has ended.
    pub(super) fn learn(&mut self, work: &Work, lesson: RuntimeOutcome) {
        for runtime in &work.runtimes {
            let Some(cache) = self.caches.get_mut(runtime) else {
                continue;
            };
            *cache = match (*cache, lesson) {
                (_, RuntimeOutcome::Built) | (Cache::Warm, _) => Cache::Warm,
                (Cache::Opening(failures) | Cache::Cold(failures), RuntimeOutcome::Failed) => {
                    if failures + 1 < FAILURES {
                        Cache::Cold(failures + 1)
                    } else {
                        Cache::Warm
                    }
                }
                (Cache::Opening(failures) | Cache::Cold(failures), RuntimeOutcome::Nothing) => {
                    Cache::Cold(failures)
                }
            };
        }
    }

    /// Another attempt at something, after all others.
    pub(super) fn again(&mut self, mut work: Work) {
        work.retries -= 1;
        work.attempts += 1;
        work.action = Action::Build(BuildReason::FailedBefore);
        self.queue.push_back(work);
    }

    /// What has not had its turn.
    pub(super) fn left(&self) -> impl Iterator<Item = &Work> {
        self.queue.iter()
    }
}

fn work(planned: Planned, retries: u32) -> Work {
    Work {
        item: super::event::Item {
            guid: planned.guid,
            title: planned.title,
        },
        action: planned.action,
        runtimes: planned.runtimes,
        required: planned.required,
        attempts: planned.attempts,
        retries,
    }
}

#[cfg(test)]
mod tests;
