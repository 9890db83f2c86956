//! Clearing the runtime caches and building content anew, so that nothing is lost and nothing is
//! built twice, whatever happens in between.
//!
//! [`plan`](mod@plan) decides, [`Journal`] remembers, [`engine`] does; [`progress`] tells.

pub mod cache;
pub mod engine;
pub mod event;
pub mod evidence;
mod follow;
pub mod inventory;
mod item;
pub mod journal;
pub mod ledger;
pub mod log;
pub mod plan;
pub mod progress;
pub mod record;
pub mod selection;
mod stop;
mod writer;

pub use journal::Journal;
pub use ledger::Ledger;
pub use stop::{Stop, Stopper};
