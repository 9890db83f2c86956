//! What an inventory holds.

use std::cmp::Reverse;
use std::collections::{BTreeMap, HashMap};

use crate::connect::{Content, ContentGuid, Language, Languages};

/// The server that an inventory was taken of.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct ServerFacts {
    pub url: String,
    /// Its Connect version, where it tells.
    pub version: Option<String>,
    /// Where its content runs.
    pub execution: Option<String>,
    /// When the inventory was taken.
    pub taken: Option<String>,
    /// The beginning of the period whose use is counted.
    pub since: Option<String>,
    /// Versions that it has.
    pub installed: Languages,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Entry {
    /// Its id for life.
    pub guid: ContentGuid,
    /// What people call it.
    pub title: Option<String>,
    /// Its name in URLs of old.
    pub name: Option<String>,
    /// What kind of content it is; `None` where a person wrote the entry.
    pub app_mode: Option<String>,
    /// The bundle in use.
    pub bundle: Option<String>,
    /// Visits, hits or sessions in the period; `None` where they are not known.
    pub uses: Option<u64>,
    pub languages: BTreeMap<Language, String>,
    /// The name of its owner's account.
    pub owner: Option<String>,
    /// Who may see it: `all`, `logged_in` or `acl`.
    pub access: Option<String>,
    pub vanity: Option<String>,
    /// Processes that are always there.
    pub min_processes: u64,
    /// The account that it runs as, where it is not the server's; `current-user` for whoever looks.
    pub run_as: Option<String>,
    /// How many schedules it has; `None` where the server does not tell.
    pub schedules: Option<u64>,
    /// Seconds that its last build took that went well, and its last rendering; `None` where no such
    /// job is on record.
    pub build_seconds: Option<u64>,
    pub render_seconds: Option<u64>,
    /// Whether it is out of service.
    pub locked: bool,
    /// When it was deployed last.
    pub deployed: Option<String>,
}

impl Entry {
    /// An item as the server tells of it.
    #[must_use]
    pub(crate) fn of(details: &Content, uses: Option<u64>, vanity: Option<String>) -> Self {
        Self {
            guid: details.guid.clone(),
            title: details.title.clone(),
            name: details.name.clone(),
            app_mode: Some(details.app_mode.as_str().to_owned()),
            bundle: details.bundle_id.as_ref().map(ToString::to_string),
            uses,
            languages: details.languages.clone(),
            owner: details
                .owner
                .as_ref()
                .and_then(|owner| owner.username.clone())
                .or_else(|| details.owner_guid.clone()),
            access: details.access_type.clone(),
            vanity,
            min_processes: details
                .min_processes
                .and_then(|number| u64::try_from(number).ok())
                .unwrap_or_default(),
            run_as: if details.run_as_current_user == Some(true) {
                Some("current-user".to_owned())
            } else {
                details.run_as.clone()
            },
            schedules: details
                .schedules
                .as_ref()
                .map(|schedules| schedules.len() as u64),
            build_seconds: None,
            render_seconds: None,
            locked: details.locked == Some(true),
            deployed: details.last_deployed_time.map(|time| time.to_string()),
        }
    }

    /// What to call it: the title, else the name, else the GUID.
    #[must_use]
    pub(crate) fn label(&self) -> &str {
        self.title
            .as_deref()
            .or(self.name.as_deref())
            .unwrap_or(self.guid.as_str())
    }
}

#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Inventory {
    pub server: ServerFacts,
    /// The items, the most important first.
    pub content: Vec<Entry>,
}

impl Inventory {
    /// The items as a server tells of them, in the order of [`Inventory::rank`].
    #[must_use]
    pub(crate) fn of(contents: &[Content], mut vanities: HashMap<ContentGuid, String>) -> Self {
        let mut inventory = Self {
            server: ServerFacts::default(),
            content: contents
                .iter()
                .map(|content| Entry::of(content, None, vanities.remove(&content.guid)))
                .collect(),
        };
        inventory.rank();
        inventory
    }

    /// Puts the most used items first; of those used alike, those that always run, then those with a
    /// schedule, then those deployed last. The rest of the order is the GUID's, so that two
    /// inventories differ only in what changed.
    pub(crate) fn rank(&mut self) {
        self.content.sort_by(|one, other| {
            let key = |entry: &Entry| {
                (
                    Reverse(entry.uses),
                    Reverse(entry.min_processes > 0),
                    Reverse(entry.schedules.unwrap_or_default() > 0),
                    Reverse(entry.deployed.clone()),
                )
            };
            key(one)
                .cmp(&key(other))
                .then_with(|| one.guid.cmp(&other.guid))
        });
    }

    /// How many items use each version of each language.
    #[must_use]
    pub(crate) fn used(&self) -> BTreeMap<Language, BTreeMap<String, usize>> {
        let mut used: BTreeMap<Language, BTreeMap<String, usize>> = BTreeMap::new();
        for entry in &self.content {
            for (language, version) in &entry.languages {
                *used
                    .entry(*language)
                    .or_default()
                    .entry(version.clone())
                    .or_default() += 1;
            }
        }
        used
    }
}
