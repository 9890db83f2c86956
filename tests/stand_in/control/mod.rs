//! What looks into a stand-in and makes it fail: for tests in this process, and over HTTP.

mod routes;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::connect_stand_in::config::{Licence, Outcome};
use crate::connect_stand_in::counters::Counters;
use crate::connect_stand_in::fault::Fault;
use crate::connect_stand_in::server::{Restart, Shared};
use crate::connect_stand_in::world::{Build, BuildEnd};

pub(crate) use routes::routes;

/// Waits until something holds, looking every few milliseconds. The end is far away: it is there for
/// what never comes, and says nothing about how fast a machine has to be.
///
/// # Panics
/// It doesn't hold within minutes.
#[track_caller]
pub fn wait_until(what: &str, mut holds: impl FnMut() -> bool) {
    let end = Instant::now() + Duration::from_secs(240);
    while !holds() {
        assert!(Instant::now() < end, "waited in vain for: {what}");
        std::thread::sleep(Duration::from_millis(5));
    }
}

/// What looks into a stand-in and makes it fail. Cheap to clone; use it from any thread.
#[derive(Clone)]
pub struct Control {
    shared: Arc<Shared>,
}

impl Control {
    pub(crate) fn new(shared: Arc<Shared>) -> Self {
        Self { shared }
    }

    /// What was asked of the server.
    pub fn counters(&self) -> Counters {
        self.shared.counters().clone()
    }

    /// Counts from zero again; builds are kept.
    pub fn clear_counters(&self) {
        let mut counters = self.shared.counters();
        *counters = Counters {
            in_flight: counters.in_flight,
            ..Counters::default()
        };
    }

    /// Every build that was ever submitted, in that order.
    pub fn builds(&self) -> Vec<Build> {
        self.shared.world().builds.all.clone()
    }

    /// How many builds of each item ended well.
    pub fn succeeded(&self) -> BTreeMap<String, u32> {
        let mut counts = BTreeMap::new();
        for build in &self.shared.world().builds.all {
            if build.end == Some(BuildEnd::Succeeded) {
                *counts.entry(build.guid.clone()).or_default() += 1;
            }
        }
        counts
    }

    /// How many builds of each item were submitted, however they ended.
    pub fn submitted(&self) -> BTreeMap<String, u32> {
        let mut counts = BTreeMap::new();
        for build in &self.shared.world().builds.all {
            *counts.entry(build.guid.clone()).or_default() += 1;
        }
        counts
    }

    /// The largest number of builds that ran at once.
    pub fn most_running(&self) -> usize {
        self.shared.world().builds.queue.most_running
    }

    /// The largest number of builds that were submitted and hadn't ended at once.
    pub fn most_open(&self) -> usize {
        self.shared.world().builds.queue.most_open
    }

    /// How many builds are submitted and haven't ended.
    pub fn open(&self) -> usize {
        self.shared.world().builds.queue.open
    }

    /// Waits until something holds of the builds, looking every few milliseconds.
    ///
    /// # Panics
    /// It doesn't hold within minutes.
    #[track_caller]
    pub fn wait_until(&self, what: &str, holds: impl Fn(&Self) -> bool) {
        wait_until(what, || holds(self));
    }

    /// The guids of all items, the last deployed first, as `/v1/content` lists them.
    pub fn guids(&self) -> Vec<String> {
        let items = self.shared.world().items();
        items.iter().map(|item| item.guid.clone()).collect()
    }

    /// The active bundle of an item.
    pub fn active_bundle(&self, guid: &str) -> Option<String> {
        let world = self.shared.world();
        world.item(guid)?.active.map(|id| id.to_string())
    }

    /// The newest bundle of an item, active or not.
    pub fn newest_bundle(&self, guid: &str) -> Option<String> {
        let world = self.shared.world();
        world
            .item(guid)?
            .newest_bundle()
            .map(|bundle| bundle.id.to_string())
    }

    /// The runtime caches, as language, version and image.
    pub fn caches(&self) -> Vec<(String, String, String)> {
        let world = self.shared.world();
        let caches = world.caches.iter();
        caches
            .map(|cache| {
                (
                    cache.language.name().to_owned(),
                    cache.version.clone(),
                    cache.image.clone(),
                )
            })
            .collect()
    }

    /// One rule more.
    pub fn fault(&self, fault: Fault) {
        self.shared.faults().rules.push(fault);
    }

    /// Nothing goes wrong any more.
    pub fn clear_faults(&self) {
        self.shared.faults().rules.clear();
    }

    /// Restarts the server, or a node of it. Returns at once.
    pub fn restart(&self, restart: &Restart) {
        self.shared.restart(restart);
    }

    /// Ends a restart's time of being down early.
    pub fn come_up(&self) {
        self.shared.come_up();
    }

    /// Closes every connection, whatever is being answered on it.
    pub fn close_connections(&self) {
        self.shared.close_connections();
    }

    /// Somebody deploys a new bundle; gives its id.
    pub fn deploy(&self, guid: &str) -> Option<String> {
        let id = self.shared.world().meanwhile_upload(guid, true);
        id.map(|id| id.to_string())
    }

    /// Somebody uploads a bundle without activating it; gives its id.
    pub fn upload(&self, guid: &str) -> Option<String> {
        let id = self.shared.world().meanwhile_upload(guid, false);
        id.map(|id| id.to_string())
    }

    /// The jobs of an item are no longer known; says whether there is such an item.
    pub fn forget_jobs(&self, guid: &str) -> bool {
        self.shared.world().meanwhile_forget_jobs(guid)
    }

    /// Somebody locks an item, or unlocks it; says whether there is such an item.
    pub fn lock(&self, guid: &str, locked: bool) -> bool {
        self.shared.world().meanwhile_lock(guid, locked)
    }

    /// Somebody deletes an item; says whether there was such an item.
    pub fn delete(&self, guid: &str) -> bool {
        self.shared.world().remove_item(guid)
    }

    /// How an item's builds end from now on; says whether there is such an item.
    pub fn outcome(&self, guid: &str, outcome: Outcome) -> bool {
        let mut world = self.shared.world();
        let item = world.item_mut(guid);
        item.map(|item| (item.outcome, item.failures) = (outcome, 0))
            .is_some()
    }

    /// How long an item's builds take from now on; says whether there is such an item.
    pub fn build_time_of(&self, guid: &str, time: Duration) -> bool {
        let mut world = self.shared.world();
        let item = world.item_mut(guid);
        item.map(|item| item.build_time = Some(time)).is_some()
    }

    /// How long all other builds take that start from now on.
    pub fn build_time(&self, time: Duration) {
        self.shared.world().config.build_time = time;
    }

    /// The builds that run now come to their end, however long they would have taken.
    pub fn finish_builds(&self) {
        self.shared.world().builds.queue.finish();
    }

    /// How many builds run at once from now on.
    pub fn build_limit(&self, limit: Option<usize>) {
        let mut world = self.shared.world();
        world.config.build_limit = limit;
        world.start_builds();
    }

    /// Others put more work into the queue each time that somebody looks at it; or all of theirs is done.
    pub fn crowd(&self, grows: bool) {
        self.shared.world().builds.crowd = grows.then_some(0);
    }

    /// What every request waits for from now on.
    pub fn latency(&self, latency: Duration) {
        self.shared.world().config.latency = latency;
    }

    /// The state of the licence from now on.
    pub fn licence(&self, licence: Licence) {
        self.shared.world().config.licence = licence;
    }

    /// A key is refused from now on, or taken again.
    pub fn revoke(&self, key: &str, revoked: bool) {
        let mut world = self.shared.world();
        if revoked {
            world.revoked.insert(key.to_owned());
        } else {
            world.revoked.remove(key);
        }
    }

    /// An account is locked from now on, or not.
    pub fn lock_user(&self, username: &str, locked: bool) {
        let mut world = self.shared.world();
        for user in world
            .users
            .iter_mut()
            .filter(|user| user.username == username)
        {
            user.locked = locked;
        }
    }
}
