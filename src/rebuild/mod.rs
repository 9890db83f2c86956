//! Clearing the runtime caches and building content anew, so that nothing is lost and nothing is
//! built twice, whatever happens in between.
//!
//! [`plan`](mod@plan) decides, [`Journal`] remembers, [`engine`] does; [`progress`] tells.

pub(crate) mod cache;
pub(crate) mod engine;
pub(crate) mod event;
pub(crate) mod evidence;
mod follow;
pub(crate) mod inventory;
mod item;
pub(crate) mod journal;
pub(crate) mod ledger;
pub(crate) mod log;
pub(crate) mod plan;
pub(crate) mod progress;
pub(crate) mod record;
pub(crate) mod selection;
mod stop;
mod writer;

pub(crate) use journal::Journal;
pub(crate) use ledger::Ledger;
pub(crate) use stop::Stopper;
