//! A client of Posit Connect's HTTP API: what the migration needs of it, for every version met.
//!
//! Lenient in what it reads, since types drift between versions; strict in what it sends. Nothing
//! here knows about the migration's plan or its journal.

mod address;
mod affinity;
mod backoff;
mod build;
mod caches;
mod client;
mod content;
mod error;
mod failure;
mod ids;
mod jobs;
mod key;
mod lenient;
mod outage;
mod request;
mod scheduler;
mod server;
mod stream;
mod task;
mod tls;
mod transport;
mod usage;
mod version;

pub use address::{AddressError, Server};
pub use affinity::Affinity;
pub use backoff::{Backoff, retry_after};
pub use build::Submission;
pub use caches::{Cache, Deletion};
pub use client::Connect;
pub use content::{AppMode, Content};
pub use error::{ApiFault, Error, Needs};
pub use ids::{BundleId, ContentGuid, GuidError, JobKey, TaskId};
pub use jobs::{Job, JobState};
pub use key::{ApiKey, KeyError, readable_by_others};
pub use outage::{Notice, Patience};
pub use scheduler::{Scheduler, Waking};
pub use server::{Host, Settings, User};
pub use task::Task;
pub use tls::{Trust, TrustError};
pub use transport::Options;
pub use usage::Usage;
pub use version::{Feature, Version};
