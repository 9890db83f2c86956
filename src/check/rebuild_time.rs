//! How long the rebuild takes, by the times that the inventory has and the room that the cluster has.

use super::Judgement;
use super::runtimes::RuntimeFacts;
use crate::rebuild::{AT_ONCE, of_inventory};

/// Says it. No length of time is wrong, but a quota that keeps builds from starting is.
pub(super) fn judge(facts: &RuntimeFacts<'_>) -> Judgement {
    let Some(inventory) = facts.inventory else {
        return Judgement::not_asked("no inventory given; --inventory FILE does");
    };
    let usual = usize::from(AT_ONCE);
    let narrow = facts.builds.filter(|room| room.builds < usual);
    let at_once = narrow.map_or(usual, |room| room.builds.max(1));
    let text = match of_inventory(inventory, at_once) {
        (0, _) => return Judgement::pass("no content has to be built"),
        (_, Some(estimate)) => estimate.text(),
        (items, None) => {
            let text = format!(
                "{items} items to build, and of none the inventory says how long its last build took \
                 (build-seconds); `inventory` records it from Connect 2022.10 on"
            );
            match narrow {
                None => return Judgement::not_asked(text),
                Some(_) => text,
            }
        }
    };
    match (narrow, facts.builds) {
        (Some(room), _) => {
            let remedy = format!("each build is a pod, and {}", room.text(usual));
            Judgement::warn(text, remedy)
        }
        (None, Some(room)) => Judgement::pass(text).details([room.text(usual)]),
        (None, None) => Judgement::pass(text),
    }
}
