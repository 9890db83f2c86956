//! Proving the new server: is each item there, as it was, and does it answer?
//!
//! `look` asks the new server about an item, `judge` compares what it saw with the inventory and,
//! where it still answers, with the old server. Nothing is changed; but a page that is looked at
//! starts the item's process, and counts as a visit.

mod by_hand;
mod gather;
mod in_pod;
mod judge;
mod look;
mod prove;
mod remembered;
pub(crate) mod report;

pub(crate) use by_hand::ByHand;
pub(crate) use prove::Proving;
pub(crate) use remembered::remembered;
