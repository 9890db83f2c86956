//! What other people do to content while somebody builds it.

use jiff::Timestamp;

use super::World;

impl World {
    /// A new bundle like the newest, uploaded by somebody and perhaps deployed. Gives its id.
    pub(crate) fn meanwhile_upload(&mut self, guid: &str, activate: bool) -> Option<u64> {
        let id = self.new_id();
        let item = self.item_mut(guid)?;
        let mut bundle = item.newest_bundle()?.clone();
        bundle.id = id;
        bundle.created = Timestamp::now();
        bundle.built = None;
        item.bundles.push(bundle);
        if activate {
            item.active = Some(id);
            item.last_deployed = Timestamp::now();
        }
        Some(id)
    }

    /// Locks or unlocks; says whether there is such an item.
    pub(crate) fn meanwhile_lock(&mut self, guid: &str, locked: bool) -> bool {
        let Some(item) = self.item_mut(guid) else {
            return false;
        };
        item.locked = locked;
        true
    }
}
