//! What a run tells, in the form in which `--output json` has it. docs/output.md describes it.

use std::path::PathBuf;

use serde::{Serialize, Serializer};

use super::estimate::Estimate;
use super::plan::Tally;
use super::record::{CacheOutcome, FailReason, Outcome, SkipReason};
use crate::connect::{BundleId, Cache, ContentGuid, TaskId};

/// The version of the events' format.
pub(crate) const SCHEMA: u32 = 2;

/// What a run tells.
#[derive(Debug, Clone, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(
    tag = "event",
    rename_all = "kebab-case",
    rename_all_fields = "camelCase"
)]
pub(crate) enum Event {
    /// What is going to be done.
    Plan {
        schema: u32,
        server: String,
        /// Its version, where known.
        server_version: Option<String>,
        journal: PathBuf,
        /// Which run of this journal it is.
        run: u32,
        /// The items by what becomes of them.
        #[serde(flatten)]
        tally: Tally,
        /// How long it may take, where that is known.
        estimate: Option<Estimate>,
    },
    /// How long it still takes, by what was seen of the builds so far.
    Left {
        seconds: f64,
        /// How many times as long builds take as they took before.
        ratio: f64,
        /// Items whose time is not known and is not counted.
        unknown: usize,
    },
    /// Something worth knowing that belongs to no item.
    Note {
        message: String,
    },
    /// A cache is gone.
    Cache {
        #[serde(flatten, serialize_with = "camel_cased")]
        #[cfg_attr(test, schemars(with = "NamedCache<'static>"))]
        cache: Cache,
        /// Whether it was there.
        outcome: CacheOutcome,
    },
    /// A build was submitted.
    Submitted {
        #[serde(flatten)]
        item: Item,
        bundle: BundleId,
        task: TaskId,
    },
    /// A build of an earlier run, or one whose submission was not answered, is waited for.
    Adopted {
        #[serde(flatten)]
        item: Item,
        bundle: BundleId,
    },
    /// The server lost a build; it is submitted again.
    Lost {
        #[serde(flatten)]
        item: Item,
    },
    /// A build stands still and will not end; it is submitted again.
    Stalled {
        #[serde(flatten)]
        item: Item,
    },
    /// Somebody deployed another bundle while one was built; that one is built now.
    Superseded {
        #[serde(flatten)]
        item: Item,
        /// What was built.
        bundle: BundleId,
        /// What is in use, or was when the build put the older one in its place.
        by: BundleId,
    },
    Built {
        #[serde(flatten)]
        item: Item,
        bundle: BundleId,
        /// From submission to end.
        seconds: f64,
    },
    /// An item turned out to be one to leave out.
    Skipped {
        #[serde(flatten)]
        item: Item,
        reason: SkipReason,
        /// Whether it was known before the work began.
        planned: bool,
    },
    /// An item could not be built.
    Failed {
        #[serde(flatten)]
        failure: Failure,
        /// Whether it is tried again in this run.
        retry: bool,
    },
    Summary(RunSummary),
}

/// An item by its id and by what people call it.
#[derive(Debug, Clone, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct Item {
    pub guid: ContentGuid,
    /// Its title or name.
    pub title: String,
}

/// An item that could not be built.
#[derive(Debug, Clone, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct Failure {
    #[serde(flatten)]
    pub item: Item,
    /// What kind of failure.
    pub reason: FailReason,
    /// The server's words, or ours.
    pub error: String,
    /// What its builds said, where that is kept on this machine.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub log: Option<PathBuf>,
    pub url: String,
}

#[derive(Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub(super) struct NamedCache<'a> {
    language: &'a str,
    version: &'a str,
    image_name: &'a str,
}

/// A cache with keys as all output has them; the API and the journal have others.
pub(super) fn camel_cased<S: Serializer>(cache: &Cache, serializer: S) -> Result<S::Ok, S::Error> {
    NamedCache {
        language: &cache.language,
        version: &cache.version,
        image_name: &cache.image_name,
    }
    .serialize(serializer)
}

/// How a run ended.
#[derive(Debug, Clone, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub(crate) struct RunSummary {
    pub outcome: Outcome,
    /// Built in this run.
    pub built: usize,
    /// Built by earlier runs.
    pub built_before: usize,
    /// Could not be built.
    pub failed: usize,
    pub skipped: usize,
    /// Submitted and left to the server, to be adopted by the next run.
    pub running: usize,
    pub waiting: usize,
    /// How long the run took.
    pub seconds: f64,
    /// Why it could not go on.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
    /// What could not be built.
    pub failures: Vec<Failure>,
}
