//! A client of Posit Connect's HTTP API: what the migration needs of it, for every version met.
//!
//! Lenient in what it reads, since types drift between versions; strict in what it sends. Nothing
//! here knows about the migration's plan or its journal.

mod address;
mod affinity;
mod backoff;
mod body;
mod build;
mod bundles;
mod caches;
mod client;
mod content;
mod error;
mod failure;
mod ids;
mod jobs;
mod key;
mod language;
mod lenient;
mod licence;
mod login;
mod outage;
mod page;
mod proxy;
mod queue;
mod request;
mod runtimes;
mod scheduler;
mod server;
mod stream;
mod system_checks;
mod task;
mod tls;
mod transport;
mod usage;
mod version;

pub(crate) use address::Server;
pub(crate) use affinity::Affinity;
pub(crate) use build::Submission;
pub(crate) use bundles::Bundle;
pub(crate) use caches::{Cache, Deletion};
pub(crate) use client::Connect;
pub(crate) use content::{AppMode, Content};
pub(crate) use error::Error;
pub(crate) use ids::{BundleId, ContentGuid, JobKey, TaskId};
pub(crate) use jobs::{Job, JobState, build_time, render_time};
pub(crate) use key::ApiKey;
pub(crate) use language::{Language, Languages, version_order};
pub(crate) use licence::Licence;
pub(crate) use login::{KeyTo, Login};
pub(crate) use outage::{Notice, Patience};
pub(crate) use page::{Page, PageRequest};
pub(crate) use scheduler::{PendingStarts, Scheduler};
pub(crate) use server::{Host, User};
pub(crate) use system_checks::SystemCheck;
pub(crate) use tls::Trust;
pub(crate) use transport::ConnectOptions;
pub(crate) use usage::Usage;
pub(crate) use version::{Feature, Version};
