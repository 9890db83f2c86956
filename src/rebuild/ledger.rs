//! Where the work stands, as the journal's entries add up to.

use std::collections::{HashMap, HashSet};

use jiff::Timestamp;

use super::record::{FailReason, Intent, JournalEntry, Outcome, Record, SkipReason};
use crate::connect::{BundleId, Cache, ContentGuid, TaskId};

/// Where the work stands.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Ledger {
    items: HashMap<ContentGuid, ItemLedger>,
    /// The items in the order in which they came.
    order: Vec<ContentGuid>,
    /// The runs so far.
    pub runs: Vec<RunLedger>,
    /// Caches that need not be looked at again.
    pub caches: HashSet<Cache>,
    /// Whether the caches are done with.
    pub caches_done: bool,
}

/// Where one item stands.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct ItemLedger {
    /// What people call it.
    pub title: String,
    /// How often it was submitted.
    pub attempts: u32,
    pub standing: ItemState,
    /// When that was noted.
    pub since: Timestamp,
}

/// Where one item stands.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum ItemState {
    /// Nothing was done yet.
    Waiting,
    /// It may have been submitted or not.
    Intended(Intent),
    Running(Running),
    Built {
        bundle: BundleId,
        /// From submission to end, in seconds.
        seconds: f64,
    },
    /// It could not be built.
    Failed {
        /// What kind of failure.
        reason: FailReason,
        error: String,
        /// The build that may still run, after a time limit.
        running: Option<Running>,
    },
    /// It was left out.
    Skipped(SkipReason),
}

impl ItemState {
    /// The build that runs, or may still run.
    const fn running(&self) -> Option<&Running> {
        match self {
            Self::Running(running)
            | Self::Failed {
                running: Some(running),
                ..
            } => Some(running),
            _ => None,
        }
    }
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Running {
    pub intent: Intent,
    pub task: TaskId,
    /// The cookies that lead to the task's node.
    pub cookies: Option<String>,
}

#[derive(Debug, Clone, PartialEq)]
pub(crate) struct RunLedger {
    pub number: u32,
    pub began: Timestamp,
    /// When the last entry was written.
    pub last: Timestamp,
    /// How it ended; `None` when it was cut off, or runs yet.
    pub outcome: Option<Outcome>,
    /// Items submitted in it.
    pub submitted: u32,
    /// Items built in it.
    pub built: u32,
    pub failed: u32,
}

/// Items by where they stand.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, serde::Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct Counts {
    pub built: usize,
    /// Could not be built.
    pub failed: usize,
    /// Submitted, end not known.
    pub running: usize,
    pub waiting: usize,
    pub skipped: usize,
}

impl Ledger {
    /// Adds up a journal.
    pub(crate) fn replay<'a>(entries: impl IntoIterator<Item = &'a JournalEntry>) -> Self {
        let mut ledger = Self::default();
        for entry in entries {
            ledger.apply(entry);
        }
        ledger
    }

    #[must_use]
    pub(crate) fn item(&self, guid: &ContentGuid) -> Option<&ItemLedger> {
        self.items.get(guid)
    }

    /// All items, in the order in which they came.
    pub(crate) fn items(&self) -> impl Iterator<Item = (&ContentGuid, &ItemLedger)> {
        self.order
            .iter()
            .filter_map(|guid| Some((guid, self.items.get(guid)?)))
    }

    /// How many items stand where.
    #[must_use]
    pub(crate) fn counts(&self) -> Counts {
        let mut counts = Counts::default();
        for item in self.items.values() {
            *match item.standing {
                ItemState::Waiting => &mut counts.waiting,
                ItemState::Intended(_) | ItemState::Running(_) => &mut counts.running,
                ItemState::Built { .. } => &mut counts.built,
                ItemState::Failed { .. } => &mut counts.failed,
                ItemState::Skipped(_) => &mut counts.skipped,
            } += 1;
        }
        counts
    }

    /// Takes one more entry.
    pub(crate) fn apply(&mut self, entry: &JournalEntry) {
        let at = entry.at;
        if let Some(run) = self.runs.last_mut() {
            run.last = at;
        }
        match &entry.record {
            Record::Header { .. } | Record::Unknown => {}
            Record::Run { run, .. } => self.runs.push(RunLedger {
                number: *run,
                began: at,
                last: at,
                outcome: None,
                submitted: 0,
                built: 0,
                failed: 0,
            }),
            Record::End { outcome } => self.in_run(|run| run.outcome = Some(*outcome)),
            Record::Item { guid, title } => {
                title.clone_into(&mut self.entry(guid, at).title);
            }
            Record::Skipped { guid, reason } => {
                self.stand(guid, at, |_| ItemState::Skipped(*reason));
            }
            Record::Cache { cache, .. } => {
                self.caches.insert(cache.clone());
            }
            Record::CachesDone => self.caches_done = true,
            Record::Intent(intent) => {
                self.stand(&intent.guid, at, |_| ItemState::Intended(intent.clone()));
            }
            Record::Submitted {
                guid,
                task,
                cookies,
            } => {
                self.entry(guid, at).attempts += 1;
                self.stand(guid, at, |standing| {
                    let intent = match (standing.running(), &standing) {
                        (Some(running), _) => running.intent.clone(),
                        (None, ItemState::Intended(intent)) => intent.clone(),
                        // Without its intent nothing is known about it.
                        _ => return standing,
                    };
                    ItemState::Running(Running {
                        intent,
                        task: task.clone(),
                        cookies: cookies.clone(),
                    })
                });
                self.in_run(|run| run.submitted += 1);
            }
            Record::Built {
                guid,
                bundle,
                seconds,
            } => {
                self.stand(guid, at, |_| ItemState::Built {
                    bundle: bundle.clone(),
                    seconds: *seconds,
                });
                self.in_run(|run| run.built += 1);
            }
            Record::Failed {
                guid,
                reason,
                error,
            } => {
                self.stand(guid, at, |standing| ItemState::Failed {
                    reason: *reason,
                    error: error.clone(),
                    // A build beyond its time may be so in several runs.
                    running: standing
                        .running()
                        .filter(|_| *reason == FailReason::Timeout)
                        .cloned(),
                });
                self.in_run(|run| run.failed += 1);
            }
        }
    }

    fn entry(&mut self, guid: &ContentGuid, at: Timestamp) -> &mut ItemLedger {
        if !self.items.contains_key(guid) {
            self.order.push(guid.clone());
        }
        self.items
            .entry(guid.clone())
            .or_insert_with(|| ItemLedger {
                title: guid.to_string(),
                attempts: 0,
                standing: ItemState::Waiting,
                since: at,
            })
    }

    fn stand(
        &mut self,
        guid: &ContentGuid,
        at: Timestamp,
        change: impl FnOnce(ItemState) -> ItemState,
    ) {
        let item = self.entry(guid, at);
        let before = std::mem::replace(&mut item.standing, ItemState::Waiting);
        item.standing = change(before);
        item.since = at;
    }

    fn in_run(&mut self, change: impl FnOnce(&mut RunLedger)) {
        if let Some(run) = self.runs.last_mut() {
            change(run);
        }
    }
}

#[cfg(test)]
mod tests;
