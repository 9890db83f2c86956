//! What the journal holds. docs/journal.md describes it for others.

use std::fmt;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::connect::{BundleId, Cache, ContentGuid, JobKey, TaskId};

/// The version of the format. A journal with a higher one is not touched.
pub(crate) const SCHEMA: u32 = 1;

/// One line of the journal.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct JournalEntry {
    /// When it was written.
    pub at: Timestamp,
    #[serde(flatten)]
    pub record: Record,
}

impl JournalEntry {
    /// Something that happened now.
    #[must_use]
    pub(crate) fn now(record: Record) -> Self {
        Self {
            at: Timestamp::now(),
            record,
        }
    }
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "event", rename_all = "kebab-case")]
pub(crate) enum Record {
    Header {
        schema: u32,
        /// The server's base URL.
        server: String,
        /// The Helm release, where one was named.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        release: Option<String>,
        /// The version of the tool.
        made_by: String,
    },
    Run {
        run: u32,
        parallelism: usize,
        /// The server's version, where known.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        server_version: Option<String>,
    },
    /// An item belongs to the work.
    Item {
        guid: ContentGuid,
        /// What people call it.
        title: String,
    },
    /// An item is left out.
    Skipped {
        guid: ContentGuid,
        reason: SkipReason,
    },
    /// A cache is gone.
    Cache {
        cache: Cache,
        /// Whether it was there to be deleted.
        outcome: CacheOutcome,
    },
    /// The caches are done with, once for this journal.
    CachesDone,
    /// A build is about to be submitted. On the disk before the request leaves.
    Intent(Intent),
    /// The server took it.
    Submitted {
        guid: ContentGuid,
        task: TaskId,
        /// The cookies that lead to the task's node. Secret.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        cookies: Option<String>,
    },
    Built {
        guid: ContentGuid,
        /// The bundle that was built.
        bundle: BundleId,
        /// From submission to end, in seconds.
        seconds: f64,
    },
    /// An item could not be built.
    Failed {
        guid: ContentGuid,
        /// What kind of failure.
        reason: FailReason,
        /// The server's words, or ours.
        error: String,
    },
    /// A run ends in an orderly way.
    End { outcome: Outcome },
    /// Something that a later version of the tool wrote.
    #[serde(other)]
    Unknown,
}

/// A build that is about to be submitted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Intent {
    pub guid: ContentGuid,
    /// Its bundle in use, read just before.
    pub bundle: BundleId,
    /// The bundle in use, where another one is built so that it takes its place again.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub replaces: Option<BundleId>,
    /// The server's clock. Jobs of this submission began no earlier.
    pub server_time: Timestamp,
    /// How many package restores the build consists of, one per language.
    #[serde(default = "one")]
    pub restores: usize,
    /// Jobs that were there before, where an earlier attempt left some.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub known_jobs: Vec<JobKey>,
}

impl Intent {
    /// Whether a bundle that is seen in use is somebody's deployment, made since.
    pub(crate) fn is_foreign(&self, in_use: &BundleId) -> bool {
        *in_use != self.bundle && self.replaces.as_ref() != Some(in_use)
    }
}

const fn one() -> usize {
    1
}

/// Why an item is left out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub(crate) enum SkipReason {
    /// It has no bundle in use.
    NeverDeployed,
    /// It has no environment.
    Static,
    /// It is out of service, and the server builds nothing that is locked.
    Locked,
    /// The server does not know it, or does not show it to this key.
    Unknown,
    /// A reason that a later version of the tool gave.
    #[serde(other)]
    Other,
}

impl fmt::Display for SkipReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NeverDeployed => "never deployed",
            Self::Static => "static, nothing to build",
            Self::Locked => "locked",
            Self::Unknown => "not on the server, or not visible to this key",
            Self::Other => "left out",
        })
    }
}

/// What kind of failure kept an item from being built.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub(crate) enum FailReason {
    /// The build itself failed.
    Build,
    /// The server did not take it.
    Refused,
    /// It took longer than `--item-timeout` allows. It may still run.
    Timeout,
    /// The server lost it several times.
    Lost,
    /// It was named, and the server does not know it, or does not show it to this key.
    Missing,
    /// A reason that a later version of the tool gave.
    #[serde(other)]
    Other,
}

/// What became of a cache.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub(crate) enum CacheOutcome {
    Deleted,
    /// Not there any more.
    Absent,
    /// An outcome that a later version of the tool gave.
    #[serde(other)]
    Other,
}

/// How a run ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) enum Outcome {
    Done,
    /// Some items could not be built.
    SomeFailed,
    Interrupted,
    /// It could not go on.
    Failed,
    /// An outcome that a later version of the tool gave.
    #[serde(other)]
    Other,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_reads_as_documented() {
        let entry = JournalEntry {
            at: "2026-11-22T10:00:00Z".parse().unwrap(),
            record: Record::Intent(Intent {
                guid: ContentGuid::from("g"),
                bundle: BundleId::from("101"),
                replaces: None,
                server_time: "2026-11-22T09:59:58Z".parse().unwrap(),
                restores: 2,
                known_jobs: Vec::new(),
            }),
        };
        let line = serde_json::to_string(&entry).unwrap();
        assert_eq!(
            line,
            r#"{"at":"2026-11-22T10:00:00Z","event":"intent","guid":"g","bundle":"101","server_time":"2026-11-22T09:59:58Z","restores":2}"#
        );
        assert_eq!(serde_json::from_str::<JournalEntry>(&line).unwrap(), entry);
    }

    #[test]
    fn later_versions_are_tolerated() {
        let entry: JournalEntry =
            serde_json::from_str(r#"{"at":"2026-11-22T10:00:00Z","event":"moved","to":{"a":1}}"#)
                .unwrap();
        assert_eq!(entry.record, Record::Unknown);
        let entry: JournalEntry = serde_json::from_str(
            r#"{"at":"2026-11-22T10:00:00Z","event":"skipped","guid":"g","reason":"asleep","x":1}"#,
        )
        .unwrap();
        assert_eq!(
            entry.record,
            Record::Skipped {
                guid: ContentGuid::from("g"),
                reason: SkipReason::Other
            }
        );
    }
}
