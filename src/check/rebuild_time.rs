//! How long the rebuild takes, by the times that the inventory has.

use super::Judgement;
use crate::inventory::Inventory;
use crate::rebuild::{AT_ONCE, of_inventory};

/// Says it; nothing is wrong with any length of time.
pub(super) fn judge(inventory: Option<&Inventory>) -> Judgement {
    let Some(inventory) = inventory else {
        return Judgement::not_asked("no inventory given; --inventory FILE does");
    };
    match of_inventory(inventory, AT_ONCE.into()) {
        (0, _) => Judgement::pass("no content has to be built"),
        (_, Some(estimate)) => Judgement::pass(estimate.text()),
        (items, None) => Judgement::not_asked(format!(
            "{items} items to build, and of none the inventory says how long its last build took \
                 (build-seconds); `inventory` records it from Connect 2022.10 on"
        )),
    }
}
