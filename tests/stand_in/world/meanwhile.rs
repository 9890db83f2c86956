//! What people do to content: use it, or change it while somebody builds it.

use jiff::Timestamp;

use super::{Job, JobState, World};

impl World {
    /// A new bundle like the newest, uploaded by somebody and perhaps deployed. Gives its id.
    pub(crate) fn meanwhile_upload(&mut self, guid: &str, activate: bool) -> Option<u64> {
        let (id, job, key) = (self.new_id(), self.new_id(), self.random.key(16));
        let item = self.item_mut(guid)?;
        let mut bundle = item.newest_bundle()?.clone();
        bundle.id = id;
        bundle.created = Timestamp::now();
        bundle.built = None;
        item.bundles.push(bundle);
        if activate {
            item.active = Some(id);
            item.last_deployed = Timestamp::now();
            let now = Timestamp::now();
            item.jobs.push(Job {
                id: job,
                key,
                tag: "packrat_restore",
                bundle: id,
                started: now,
                state: JobState::Ended {
                    at: now,
                    exit_code: Some(0),
                },
                image: item.image.clone(),
                stopped: None,
                log: Vec::new(),
            });
        }
        Some(id)
    }

    /// Forgets the jobs of an item; says whether there is such an item.
    pub(crate) fn meanwhile_forget_jobs(&mut self, guid: &str) -> bool {
        let Some(item) = self.item_mut(guid) else {
            return false;
        };
        item.jobs.clear();
        true
    }

    /// Locks or unlocks; says whether there is such an item.
    pub(crate) fn meanwhile_lock(&mut self, guid: &str, locked: bool) -> bool {
        let Some(item) = self.item_mut(guid) else {
            return false;
        };
        item.locked = locked;
        true
    }

    /// Somebody opens an item: one that runs is started, if it doesn't run yet.
    pub(crate) fn visit(&mut self, guid: &str) {
        let (id, key) = (self.new_id(), self.random.key(16));
        let Some(item) = self.item_mut(guid) else {
            return;
        };
        let (Some(tag), Some(bundle)) = (item.run_tag(), item.active) else {
            return;
        };
        let runs = |job: &Job| job.tag == tag && job.state == JobState::Active;
        if !item.jobs.iter().any(runs) {
            let image = item.image.clone();
            item.jobs.push(Job {
                id,
                key,
                tag,
                bundle,
                started: Timestamp::now(),
                state: JobState::Active,
                image,
                stopped: None,
                log: Vec::new(),
            });
        }
    }
}
