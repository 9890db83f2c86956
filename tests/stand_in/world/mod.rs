//! What a stand-in knows: users, content, tasks, builds and caches, all in memory.

mod builds;
mod caches;
mod item;
mod json;
mod meanwhile;
mod runtimes;
mod seed;
mod tasks;
mod usage;
mod users;

use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::time::{Duration, Instant};

pub use builds::{Build, BuildEnd};
pub(crate) use builds::{Order, Work, submit};
pub(crate) use caches::Cache;
pub(crate) use item::{Bundle, Item, Job, JobState, Permission, Setting};
pub(crate) use json::{Include, seconds, user_json};
pub(crate) use runtimes::{Environment, Language};
pub(crate) use tasks::Task;
pub(crate) use usage::{Shown, Use};
pub use users::Role;
pub(crate) use users::{Group, User};

use crate::connect_stand_in::config::{Config, Licence};
use crate::connect_stand_in::random::Random;

/// The state of one stand-in.
pub(crate) struct World {
    pub(crate) config: Config,
    pub(crate) random: Random,
    pub(crate) users: Vec<User>,
    pub(crate) groups: Vec<Group>,
    /// API keys that are refused although they were given out.
    pub(crate) revoked: HashSet<String>,
    pub(crate) tags: Vec<Tag>,
    items: HashMap<String, Arc<Item>>,
    pub(crate) environments: Vec<Environment>,
    pub(crate) caches: Vec<Cache>,
    pub(crate) tasks: HashMap<String, Task>,
    pub(crate) builds: builds::Builds,
    pub(crate) usage: Vec<Use>,
    next_id: u64,
    /// When it started: what its own times count from.
    pub(crate) started: Instant,
}

/// A tag.
pub(crate) struct Tag {
    pub(crate) id: u64,
    pub(crate) name: String,
    pub(crate) parent: Option<u64>,
}

impl World {
    pub(crate) fn new(config: Config) -> Self {
        seed::world(config)
    }

    /// A number that wasn't used before, for what Connect numbers.
    pub(crate) fn new_id(&mut self) -> u64 {
        self.next_id += 1;
        self.next_id
    }

    pub(crate) fn item(&self, guid: &str) -> Option<&Arc<Item>> {
        self.items.get(guid)
    }

    pub(crate) fn item_mut(&mut self, guid: &str) -> Option<&mut Item> {
        self.items.get_mut(guid).map(Arc::make_mut)
    }

    pub(crate) fn add_item(&mut self, item: Item) {
        self.items.insert(item.guid.clone(), Arc::new(item));
    }

    pub(crate) fn remove_item(&mut self, guid: &str) -> bool {
        self.items.remove(guid).is_some()
    }

    /// All items, the last deployed first.
    pub(crate) fn items(&self) -> Vec<Arc<Item>> {
        let mut items: Vec<_> = self.items.values().cloned().collect();
        items.sort_by_key(|item| std::cmp::Reverse((item.last_deployed, item.id)));
        items
    }

    pub(crate) fn user(&self, guid: &str) -> Option<&User> {
        self.users.iter().find(|user| user.guid == guid)
    }

    pub(crate) fn licence(&self) -> Licence {
        self.config.licence
    }

    /// Time since the start.
    pub(crate) fn clock(&self) -> Duration {
        self.started.elapsed()
    }
}
