//! How long a run may take, by how long the builds of its items took before. Data in, data out.

use std::cmp::Reverse;
use std::collections::{BinaryHeap, HashMap};
use std::time::Duration;

use serde::Serialize;

use super::plan::{Action, BuildReason, Plan, Planned};
use super::runtime;
use super::schedule::{Dispatch, RuntimeOutcome, Schedule};
use crate::connect::{AppMode, ContentGuid, Language};
use crate::inventory::{Entry, Inventory};

/// The share of the work that is said to be in a few items.
const MOST: f64 = 0.9;

/// How long a run may take.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub(crate) struct Estimate {
    /// From the first build to the last end, of those whose time is known.
    pub seconds: f64,
    pub at_once: usize,
    /// Items whose last build is on record.
    pub known: usize,
    /// Items of which nothing is known. They are in no number here.
    pub unknown: usize,
    /// The items that take longest, so many that they are nine tenths of the work.
    pub heavy: usize,
    /// The share of the work that is in them.
    pub share: f64,
    /// How much longer builds take than they did, by what was seen of them.
    pub ratio: Option<f64>,
}

/// Puts the times of a plan's items together, as they would run.
pub(super) fn estimate(plan: &Plan, at_once: usize) -> Option<Estimate> {
    let to_build = |item: &&Planned| matches!(item.action, Action::Build(_));
    let build = plan.items.iter().filter(to_build).count();
    let known: Vec<Planned> = plan
        .items
        .iter()
        .filter(to_build)
        .filter(|item| item.took.is_some())
        .cloned()
        .collect();
    let times: HashMap<ContentGuid, Duration> = known
        .iter()
        .filter_map(|item| Some((item.guid.clone(), item.took?)))
        .collect();
    if known.is_empty() {
        return None;
    }
    let (heavy, share) = heaviest(times.values().copied().collect());
    let counted = known.len();
    let finished = plan
        .items
        .iter()
        .filter(|item| item.action == Action::Finished);
    let items = finished.cloned().chain(known).collect();
    let schedule = Schedule::new(
        Plan {
            items,
            ..Plan::default()
        },
        0,
    );
    Some(Estimate {
        seconds: run(schedule, &times, at_once).as_secs_f64(),
        at_once,
        known: counted,
        unknown: build - counted,
        heavy,
        share,
        ratio: None,
    })
}

/// The same for an inventory's items, all of which would be built. How many those are comes first.
#[must_use]
pub(crate) fn of_inventory(inventory: &Inventory, at_once: usize) -> (usize, Option<Estimate>) {
    let is_built = |entry: &&Entry| {
        let is_static = entry.app_mode.as_deref() == Some("static");
        entry.bundle.is_some() && !entry.locked && !is_static
    };
    let items: Vec<Planned> = inventory
        .content
        .iter()
        .filter(is_built)
        .map(|entry| {
            let restored = [Language::R, Language::Python];
            let restored = restored
                .into_iter()
                .filter_map(|language| Some((language, entry.languages.get(&language)?.as_str())));
            Planned {
                guid: entry.guid.clone(),
                title: entry.label().to_owned(),
                app_mode: entry.app_mode.as_deref().map(AppMode::from),
                bundle: None,
                uses: entry.uses,
                last_deployed: None,
                attempts: 0,
                runtimes: runtime::of(restored, &inventory.server.installed),
                took: entry.build_seconds.map(Duration::from_secs),
                required: false,
                action: Action::Build(BuildReason::New),
            }
        })
        .collect();
    let plan = Plan {
        items,
        ..Plan::default()
    };
    (plan.items.len(), estimate(&plan, at_once))
}

/// How few of the longest make up most of the whole, and how much of it they are.
fn heaviest(mut times: Vec<Duration>) -> (usize, f64) {
    times.sort_unstable_by_key(|time| Reverse(*time));
    let total: Duration = times.iter().sum();
    if total.is_zero() {
        return (times.len(), 1.0);
    }
    let mut sum = Duration::ZERO;
    let heavy = times
        .iter()
        .take_while(|time| {
            let before = sum;
            let more = before < total.mul_f64(MOST);
            if more {
                sum += **time;
            }
            more
        })
        .count();
    (heavy, sum.as_secs_f64() / total.as_secs_f64())
}

/// The time from the first build to the last end.
fn run(mut schedule: Schedule, times: &HashMap<ContentGuid, Duration>, at_once: usize) -> Duration {
    let mut now = Duration::ZERO;
    let mut running = BinaryHeap::new();
    let mut works = Vec::new();
    loop {
        while running.len() < at_once {
            let Dispatch::Begin(work) = schedule.next() else {
                break;
            };
            let time = times.get(&work.item.guid).copied().unwrap_or_default();
            running.push(Reverse((now + time, works.len())));
            works.push(work);
        }
        let Some(Reverse((end, index))) = running.pop() else {
            return now;
        };
        now = end;
        schedule.learn(&works[index], RuntimeOutcome::Built);
    }
}

/// A length of time as a window is planned: `3 min`, `2 h 10 min`.
#[must_use]
pub(crate) fn rough(seconds: f64) -> String {
    // To the next minute: nobody plans with less.
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
    let minutes = (seconds / 60.0).ceil().max(1.0) as u64;
    match (minutes / 60, minutes % 60) {
        (0, minutes) => format!("{minutes} min"),
        (hours, 0) => format!("{hours} h"),
        (hours, minutes) => format!("{hours} h {minutes} min"),
    }
}

impl Estimate {
    /// The same, as builds take so many times as long as they did.
    #[must_use]
    pub(crate) fn scaled(mut self, ratio: f64) -> Self {
        self.seconds *= ratio;
        self.ratio = Some(ratio);
        self
    }

    /// For people, with what it rests on.
    #[must_use]
    pub(crate) fn text(&self) -> String {
        let Self {
            seconds,
            at_once,
            known,
            unknown,
            heavy,
            share,
            ratio,
        } = self;
        let items = |count: usize| format!("{count} item{}", if count == 1 { "" } else { "s" });
        let mut text = format!(
            "about {} at {at_once} at once, {:.0} % of it in {}, by the last builds of {} where they \
             were built",
            rough(*seconds),
            share * 100.0,
            items(*heavy),
            items(*known),
        );
        match ratio {
            Some(ratio) => text.push_str(&format!(
                ", times {ratio:.1} as builds here were seen to take"
            )),
            None => text.push_str(" (other machines take another time)"),
        }
        if *unknown > 0 {
            text.push_str(&format!(
                "; {unknown} more have no build on record and are not counted"
            ));
        }
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::connect::{Content, Languages, Usage};
    use crate::rebuild::ledger::Ledger;
    use crate::rebuild::plan::plan;
    use crate::rebuild::selection::Selection;

    fn planned(count: usize, fields: &str, seconds: &[u64]) -> Plan {
        let contents: Vec<Content> = (0..count)
            .map(|index| {
                let json = format!(r#"{{"guid": "g{index}", "bundle_id": "1"{fields}}}"#);
                serde_json::from_str(&json).unwrap()
            })
            .collect();
        let all = Selection {
            all: true,
            ..Selection::default()
        };
        let mut plan = plan(
            &all,
            &contents,
            None::<&Usage>,
            &Languages::default(),
            &Ledger::default(),
        );
        for (item, seconds) in plan.items.iter_mut().zip(seconds) {
            item.took = Some(Duration::from_secs(*seconds));
        }
        plan
    }

    #[test]
    fn builds_run_beside_each_other_once_their_runtime_is_open() {
        let minutes = [60; 5];
        let free = estimate(&planned(5, "", &minutes), 4).unwrap();
        assert_eq!((free.seconds, free.known, free.unknown), (120.0, 5, 0));
        let opened = planned(5, r#", "r_version": "4.3.1""#, &minutes);
        assert_eq!(estimate(&opened, 4).unwrap().seconds, 120.0);
        assert_eq!(estimate(&opened, 1).unwrap().seconds, 300.0);
    }

    #[test]
    fn what_is_not_known_is_said() {
        let some = estimate(&planned(7, "", &[6000, 10, 10]), 2).unwrap();
        assert_eq!((some.known, some.unknown, some.heavy), (3, 4, 1));
        assert_eq!(
            some.text(),
            "about 1 h 40 min at 2 at once, 100 % of it in 1 item, by the last builds of 3 items where \
             they were built (other machines take another time); 4 more have no build on record and are \
             not counted"
        );
        assert_eq!(
            estimate(&planned(3, "", &[600; 3]), 1)
                .unwrap()
                .scaled(1.5)
                .text(),
            "about 45 min at 1 at once, 100 % of it in 3 items, by the last builds of 3 items where \
             they were built, times 1.5 as builds here were seen to take"
        );
        assert_eq!(estimate(&planned(7, "", &[]), 2), None);
    }

    #[test]
    fn an_inventory_says_the_same_as_a_plan() {
        let text = "content:\n\
            - {guid: 11111111-1111-4111-8111-111111111111, bundle: '1', r: '4.3.1', build-seconds: 60}\n\
            - {guid: 22222222-2222-4222-8222-222222222222, bundle: '1', r: '4.3.2', build-seconds: 60}\n\
            - {guid: 33333333-3333-4333-8333-333333333333, bundle: '1', python: '3.11.1'}\n\
            - {guid: 44444444-4444-4444-8444-444444444444, bundle: '1', type: static}\n\
            - {guid: 55555555-5555-4555-8555-555555555555, bundle: '1', locked: true}\n\
            - {guid: 66666666-6666-4666-8666-666666666666, type: shiny}\n";
        let source = std::sync::Arc::new(crate::source::SourceFile::new("i", text));
        let inventory = crate::inventory::read(&source).unwrap();
        let (items, estimate) = of_inventory(&inventory, 4);
        let estimate = estimate.unwrap();
        assert_eq!((items, estimate.known, estimate.unknown), (3, 2, 1));
        assert_eq!(
            estimate.seconds, 120.0,
            "one opens the runtime for the other"
        );
    }
}
