//! How long the rebuild takes, by the times that the inventory has.

use super::{Check, CheckCode};
use crate::inventory::Inventory;
use crate::rebuild::{AT_ONCE, of_inventory};

/// Says it; nothing is wrong with any length of time.
#[must_use]
pub(crate) fn check(inventory: Option<&Inventory>) -> Check {
    let code = CheckCode::RebuildTime;
    let Some(inventory) = inventory else {
        return Check::not_asked(code, "no inventory given; --inventory FILE does");
    };
    match of_inventory(inventory, AT_ONCE.into()) {
        (0, _) => Check::pass(code, "no content has to be built"),
        (_, Some(estimate)) => Check::pass(code, estimate.text()),
        (items, None) => Check::not_asked(
            code,
            format!(
                "{items} items to build, and of none the inventory says how long its last build took \
                 (build-seconds); `inventory` records it from Connect 2022.10 on"
            ),
        ),
    }
}
