//! Which revision the release is to be without the overlay.

use crate::release::Record;
use crate::survey::{Survey, gcfg_of, in_force};

/// The newest revision whose configuration is alive, so that nothing but the overlay changes; it may
/// be one that Helm gave up on. Else the one in force.
pub(super) fn of<'a>(history: &'a [Record], survey: &Survey) -> Option<&'a Record> {
    let in_force = in_force(history)?;
    let is_alive = |record: &&Record| {
        survey.configurations.iter().any(|configuration| {
            let live = configuration.live_gcfg();
            live.is_some()
                && gcfg_of(&record.manifest, &configuration.config_map).as_deref() == live
        })
    };
    history
        .iter()
        .filter(|record| record.revision > in_force.revision && !record.info.status.is_pending())
        .find(is_alive)
        .filter(|_| !is_alive(&in_force))
        .or(Some(in_force))
}
