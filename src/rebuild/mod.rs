//! Clearing the runtime caches and building content anew, so that nothing is lost and nothing is
//! built twice, whatever happens in between.
//!
//! [`plan`](mod@plan) decides, [`Journal`] remembers, [`engine`] does; [`progress`] tells.

pub(crate) mod cache;
pub(crate) mod engine;
mod estimate;
mod event;
mod evidence;
mod follow;
mod forecast;
pub(crate) mod history;
pub(crate) mod in_cluster;
mod item;
pub(crate) mod journal;
mod ledger;
pub(crate) mod log;
mod mirror;
mod pace;
mod plan;
mod prepare;
pub(crate) mod progress;
mod quota;
mod record;
pub(crate) mod rehearsal;
mod request;
mod room;
mod run;
mod runtime;
mod schedule;
pub(crate) mod selection;
mod signals;
pub(crate) mod status;
mod stop;
mod successor;
mod writer;

pub(crate) use estimate::{of_inventory, rough};
pub(crate) use quota::{BuildRoom, PodRequest, QuotaLeft, is_scoped};
/// Builds at once where nothing else is said: few enough for a small server.
pub(crate) const AT_ONCE: u16 = 4;

pub(crate) use request::{Ending, JournalCopy, Request};
pub(crate) use run::{rehearse, run};
