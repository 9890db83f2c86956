//! What a run tells, in the form in which `--output json` has it. docs/output.md describes it.

use std::path::PathBuf;

use serde::Serialize;

use super::plan::Tally;
use super::record::{CacheOutcome, FailReason, Outcome, SkipReason};
use crate::connect::{BundleId, Cache, ContentGuid, TaskId};

/// The version of the events' format.
pub const SCHEMA: u32 = 1;

/// What a run tells.
#[derive(Debug, Clone, Serialize)]
#[serde(tag = "event", rename_all = "kebab-case")]
pub enum Event {
    /// What is going to be done.
    Plan {
        /// The format's version.
        schema: u32,
        /// The server.
        server: String,
        /// Its version, where known.
        server_version: Option<String>,
        /// The state folder.
        journal: PathBuf,
        /// Which run of this journal it is.
        run: u32,
        /// The items by what becomes of them.
        #[serde(flatten)]
        tally: Tally,
    },
    /// Something worth knowing that belongs to no item.
    Note {
        /// The words.
        message: String,
    },
    /// A cache is gone.
    Cache {
        /// Which.
        #[serde(flatten)]
        cache: Cache,
        /// Whether it was there.
        outcome: CacheOutcome,
    },
    /// A build was submitted.
    Submitted {
        /// Which.
        #[serde(flatten)]
        item: Item,
        /// The bundle.
        bundle: BundleId,
        /// The task.
        task: TaskId,
    },
    /// A build of an earlier run, or one whose submission was not answered, is waited for.
    Adopted {
        /// Which.
        #[serde(flatten)]
        item: Item,
        /// The bundle.
        bundle: BundleId,
    },
    /// The server lost a build; it is submitted again.
    Lost {
        /// Which.
        #[serde(flatten)]
        item: Item,
    },
    /// A build succeeded.
    Built {
        /// Which.
        #[serde(flatten)]
        item: Item,
        /// The bundle.
        bundle: BundleId,
        /// From submission to end.
        seconds: f64,
    },
    /// An item turned out to be one to leave out.
    Skipped {
        /// Which.
        #[serde(flatten)]
        item: Item,
        /// Why.
        reason: SkipReason,
        /// Whether it was known before the work began.
        planned: bool,
    },
    /// An item could not be built.
    Failed {
        /// What is known.
        #[serde(flatten)]
        failure: Failure,
        /// Whether it is tried again in this run.
        retry: bool,
    },
    /// The end.
    Summary(Summary),
}

/// An item by its id and by what people call it.
#[derive(Debug, Clone, Serialize)]
pub struct Item {
    /// Its id.
    pub guid: ContentGuid,
    /// Its title or name.
    pub title: String,
}

/// An item that could not be built.
#[derive(Debug, Clone, Serialize)]
pub struct Failure {
    /// Which.
    #[serde(flatten)]
    pub item: Item,
    /// What kind of failure.
    pub reason: FailReason,
    /// The server's words, or ours.
    pub error: String,
    /// The build's log.
    pub log: PathBuf,
    /// The item's page.
    pub url: String,
}

/// How a run ended.
#[derive(Debug, Clone, Serialize)]
pub struct Summary {
    /// How.
    pub outcome: Outcome,
    /// Built in this run.
    pub built: usize,
    /// Built by earlier runs.
    pub built_before: usize,
    /// Could not be built.
    pub failed: usize,
    /// Left out.
    pub skipped: usize,
    /// Submitted and left to the server, to be adopted by the next run.
    pub running: usize,
    /// Not submitted.
    pub waiting: usize,
    /// How long the run took.
    pub seconds: f64,
    /// Why it could not go on.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
    /// What could not be built.
    pub failures: Vec<Failure>,
}
