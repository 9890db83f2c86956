//! Deciding what to do about each item: data in, data out.

use std::collections::{HashMap, HashSet};
use std::time::Duration;

use jiff::Timestamp;
use serde::Serialize;

use super::ledger::{ItemState, Ledger, Running};
use super::record::{FailReason, Intent, SkipReason};
use super::runtime::{self, Runtime};
use super::selection::{Selection, Wanted};
use crate::connect::{AppMode, BundleId, Content, ContentGuid, Languages, Usage};

/// What to do, in order.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Plan {
    /// Every item, the most important first.
    pub items: Vec<Planned>,
    /// Items of an earlier run that this one did not name.
    pub carried_over: usize,
}

/// What to do about one item.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Planned {
    pub guid: ContentGuid,
    /// What people call it.
    pub title: String,
    /// Its kind, where the server knows it.
    pub app_mode: Option<AppMode>,
    /// Its bundle in use.
    pub bundle: Option<BundleId>,
    /// How often it was used, where that was asked.
    pub uses: Option<u64>,
    /// When it was deployed last.
    pub last_deployed: Option<Timestamp>,
    /// How often it was submitted by earlier runs.
    pub attempts: u32,
    /// What its build restores packages for.
    pub runtimes: Vec<Runtime>,
    /// How long its last build took, where that is known.
    pub took: Option<Duration>,
    /// Whether it was named, and so must be there.
    pub required: bool,
    pub action: Action,
}

/// What to do about an item.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Action {
    Build(BuildReason),
    /// It may have been submitted: look, and submit it if not.
    Look(Intent),
    /// It was submitted: wait for it.
    Adopt {
        running: Running,
        /// The bundle that is in use by now, where it is another one: it is built after that.
        newer: Option<BundleId>,
    },
    Finished,
    Skip(SkipReason),
}

/// Why an item is built.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub(crate) enum BuildReason {
    /// It was not built yet.
    New,
    /// It could not be built before.
    FailedBefore,
    /// Another bundle was built before.
    OtherBundle,
}

/// How many items there are of each kind of action.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct Tally {
    pub build: usize,
    /// To wait for, or to look after.
    pub adopt: usize,
    pub finished: usize,
    pub skipped: usize,
    /// Named, and not on the server.
    pub missing: usize,
}

impl Tally {
    /// Items that a run has to do with.
    #[must_use]
    pub(crate) const fn work(&self) -> usize {
        self.build + self.adopt
    }
}

impl Plan {
    /// Counts the items by action.
    #[must_use]
    pub(crate) fn tally(&self) -> Tally {
        let mut tally = Tally::default();
        for item in &self.items {
            *match item.action {
                Action::Build(_) => &mut tally.build,
                Action::Look(_) | Action::Adopt { .. } => &mut tally.adopt,
                Action::Finished => &mut tally.finished,
                Action::Skip(SkipReason::Unknown) if item.required => &mut tally.missing,
                Action::Skip(_) => &mut tally.skipped,
            } += 1;
        }
        tally
    }
}

/// Makes a plan of what was asked for, what the server has, and what was done before.
///
/// Items named in a list keep the list's order. Otherwise the most used come first, and among
/// equals, or where use is not known, those deployed last. Items of earlier runs that are not named now follow at the end.
#[must_use]
pub(crate) fn plan(
    selection: &Selection,
    contents: &[Content],
    usage: Option<&Usage>,
    installed: &Languages,
    ledger: &Ledger,
) -> Plan {
    let known: HashMap<&ContentGuid, &Content> =
        contents.iter().map(|item| (&item.guid, item)).collect();
    let mut wanted: Vec<Wanted> = match &selection.listed {
        Some(listed) => listed.clone(),
        None if selection.all => by_use(contents, usage)
            .into_iter()
            .map(|item| Wanted::new(item.guid.clone()))
            .collect(),
        None => Vec::new(),
    };
    let mut seen = HashSet::new();
    wanted.retain(|item| seen.insert(item.guid.clone()));
    if let Some(top) = selection.top {
        if selection.listed.is_none() {
            // The most used of those that can be built, not of those that are left out anyway.
            wanted.retain(|item| {
                known
                    .get(&item.guid)
                    .is_some_and(|item| skip(item).is_none())
            });
        }
        wanted.truncate(top);
    }
    let named: HashSet<ContentGuid> = wanted.iter().map(|item| item.guid.clone()).collect();
    let before = ledger.items().filter(|(guid, item)| {
        !named.contains(*guid) && !matches!(item.standing, ItemState::Skipped(_))
    });
    let before: Vec<Wanted> = before
        .map(|(guid, item)| Wanted {
            guid: guid.clone(),
            title: Some(item.title.clone()),
            took: None,
        })
        .collect();
    let carried_over = before.len();
    let items = wanted
        .into_iter()
        .chain(before)
        .map(|item| {
            let before = ledger.item(&item.guid).map(|item| &item.standing);
            // An item of the journal may have been deleted since; not so one that was missing.
            let required = (selection.listed.is_some() && named.contains(&item.guid))
                || matches!(
                    before,
                    Some(ItemState::Failed {
                        reason: FailReason::Missing,
                        ..
                    })
                );
            let content = known.get(&item.guid).copied();
            Planned {
                runtimes: content
                    .map_or_else(Vec::new, |item| runtime::of(item.managed(), installed)),
                required,
                ..planned(item, content, usage, ledger)
            }
        })
        .collect();
    Plan {
        items,
        carried_over,
    }
}

fn by_use<'a>(contents: &'a [Content], usage: Option<&Usage>) -> Vec<&'a Content> {
    let mut items: Vec<_> = contents.iter().collect();
    items.sort_by(|a, b| {
        let uses = |item: &Content| usage.and_then(|usage| usage.get(&item.guid)).copied();
        uses(b)
            .cmp(&uses(a))
            .then_with(|| b.last_deployed_time.cmp(&a.last_deployed_time))
            .then_with(|| a.guid.cmp(&b.guid))
    });
    items
}

fn planned(
    wanted: Wanted,
    content: Option<&Content>,
    usage: Option<&Usage>,
    ledger: &Ledger,
) -> Planned {
    let before = ledger.item(&wanted.guid);
    let title = content
        .map(|item| item.label().to_owned())
        .or(wanted.title)
        .unwrap_or_else(|| wanted.guid.to_string());
    Planned {
        title,
        app_mode: content.map(|item| item.app_mode.clone()),
        bundle: content.and_then(|item| item.bundle_id.clone()),
        uses: usage.map(|usage| usage.get(&wanted.guid).copied().unwrap_or(0)),
        last_deployed: content.and_then(|item| item.last_deployed_time),
        attempts: before.map_or(0, |item| item.attempts),
        runtimes: Vec::new(),
        took: wanted.took,
        required: false,
        action: action(content, before.map(|item| &item.standing)),
        guid: wanted.guid,
    }
}

fn action(content: Option<&Content>, before: Option<&ItemState>) -> Action {
    let adopt = |running: &Running| Action::Adopt {
        running: running.clone(),
        newer: content
            .and_then(|item| item.bundle_id.clone())
            .filter(|bundle| running.intent.is_foreign(bundle)),
    };
    // What runs is seen to its end, whatever became of the item meanwhile.
    match before {
        Some(ItemState::Running(running))
        | Some(ItemState::Failed {
            running: Some(running),
            ..
        }) => return adopt(running),
        Some(ItemState::Intended(intent)) => return Action::Look(intent.clone()),
        _ => {}
    }
    let Some(content) = content else {
        return Action::Skip(SkipReason::Unknown);
    };
    if let Some(reason) = skip(content) {
        return Action::Skip(reason);
    }
    match before {
        Some(ItemState::Built { bundle, .. }) if content.bundle_id.as_ref() == Some(bundle) => {
            Action::Finished
        }
        Some(ItemState::Built { .. }) => Action::Build(BuildReason::OtherBundle),
        Some(ItemState::Failed { .. }) => Action::Build(BuildReason::FailedBefore),
        _ => Action::Build(BuildReason::New),
    }
}

/// Why an item cannot be built, if so.
#[must_use]
pub(crate) fn skip(content: &Content) -> Option<SkipReason> {
    if content.bundle_id.is_none() {
        Some(SkipReason::NeverDeployed)
    } else if content.app_mode.is_static() {
        Some(SkipReason::Static)
    } else if content.locked == Some(true) {
        Some(SkipReason::Locked)
    } else {
        None
    }
}

#[cfg(test)]
mod tests;
