//! How long a run may take, by how long the builds of its items took before. Data in, data out.

use std::cmp::Reverse;
use std::collections::{BinaryHeap, HashMap};
use std::time::Duration;

use serde::Serialize;

use super::plan::{Action, Plan, Planned};
use super::schedule::{Lesson, Schedule, Turn};
use crate::connect::{ContentGuid, Job, JobState};

/// The share of the work that is said to be in a few items.
const MOST: f64 = 0.9;

/// How long a run may take.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Estimate {
    /// From the first build to the last end, of those whose time is known.
    pub seconds: f64,
    pub at_once: usize,
    /// Items whose last build is on record.
    pub known: usize,
    /// Items of which nothing is known. They are in no number here.
    pub unknown: usize,
    /// So many of those that are known take nine tenths of the work.
    pub heavy: usize,
}

/// How long the last build of an item took that went well: its restores, one after the other.
pub(super) fn took(jobs: &[Job]) -> Option<Duration> {
    let well = || {
        jobs.iter()
            .filter(|job| job.is_restore() && job.state() == JobState::Ended(0))
    };
    let bundle = &well().max_by_key(|job| job.began())?.bundle_id;
    let mut last: HashMap<&Option<String>, &Job> = HashMap::new();
    for job in well().filter(|job| job.bundle_id == *bundle) {
        let kept = last.entry(&job.tag).or_insert(job);
        if job.began() > kept.began() {
            *kept = job;
        }
    }
    last.values().map(|job| job.took()).sum()
}

/// Puts the times of a plan's items together, as they would run.
pub(super) fn estimate(
    plan: &Plan,
    times: &HashMap<ContentGuid, Duration>,
    at_once: usize,
) -> Option<Estimate> {
    let to_build = |item: &&Planned| matches!(item.action, Action::Build(_));
    let build: Vec<&Planned> = plan.items.iter().filter(to_build).collect();
    let known: Vec<Planned> = build
        .iter()
        .filter(|item| times.contains_key(&item.guid))
        .map(|item| (*item).clone())
        .collect();
    if known.is_empty() {
        return None;
    }
    let mut longest: Vec<Duration> = known.iter().map(|item| times[&item.guid]).collect();
    longest.sort_unstable_by_key(|time| Reverse(*time));
    let total: Duration = longest.iter().sum();
    let mut sum = Duration::ZERO;
    let heavy = longest
        .iter()
        .take_while(|time| {
            let before = sum;
            sum += **time;
            before < total.mul_f64(MOST)
        })
        .count();
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
        seconds: run(schedule, times, at_once).as_secs_f64(),
        at_once,
        known: counted,
        unknown: build.len() - counted,
        heavy,
    })
}

/// The time from the first build to the last end.
fn run(mut schedule: Schedule, times: &HashMap<ContentGuid, Duration>, at_once: usize) -> Duration {
    let mut now = Duration::ZERO;
    let mut running = BinaryHeap::new();
    let mut works = Vec::new();
    loop {
        while running.len() < at_once {
            let Turn::Begin(work) = schedule.next() else {
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
        schedule.learn(&works[index], Lesson::Built);
    }
}

/// A length of time as a window is planned: `3 min`, `2 h 10 min`.
fn rough(seconds: f64) -> String {
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
    /// For people, with what it rests on.
    pub(super) fn text(&self) -> String {
        let Self {
            seconds,
            at_once,
            known,
            unknown,
            heavy,
        } = self;
        let mut text = format!(
            "about {} at {at_once} at once, by the last builds of {known} items where they were \
             built; {heavy} of them take nine tenths of the work",
            rough(*seconds)
        );
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

    fn times(seconds: &[u64]) -> HashMap<ContentGuid, Duration> {
        seconds
            .iter()
            .enumerate()
            .map(|(index, seconds)| {
                let guid = ContentGuid::from(format!("g{index}").as_str());
                (guid, Duration::from_secs(*seconds))
            })
            .collect()
    }

    fn planned(count: usize, fields: &str) -> Plan {
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
        plan(
            &all,
            &contents,
            None::<&Usage>,
            &Languages::default(),
            &Ledger::default(),
        )
    }

    #[test]
    fn builds_run_beside_each_other_once_their_runtime_is_open() {
        let known = times(&[60, 60, 60, 60, 60]);
        let free = estimate(&planned(5, ""), &known, 4).unwrap();
        assert_eq!((free.seconds, free.known, free.unknown), (120.0, 5, 0));
        let opened = planned(5, r#", "r_version": "4.3.1""#);
        assert_eq!(estimate(&opened, &known, 4).unwrap().seconds, 120.0);
        assert_eq!(estimate(&opened, &known, 1).unwrap().seconds, 300.0);
    }

    #[test]
    fn what_is_not_known_is_said() {
        let known = times(&[6000, 10, 10]);
        let some = estimate(&planned(7, ""), &known, 2).unwrap();
        assert_eq!((some.known, some.unknown, some.heavy), (3, 4, 1));
        assert_eq!(
            some.text(),
            "about 1 h 40 min at 2 at once, by the last builds of 3 items where they were built; 1 \
             of them take nine tenths of the work; 4 more have no build on record and are not counted"
        );
        assert_eq!(estimate(&planned(7, ""), &times(&[]), 2), None);
    }

    #[test]
    fn the_last_build_that_went_well_counts_with_all_of_its_restores() {
        let job = |tag: &str, bundle: u32, start: &str, end: &str, code: &str| {
            format!(
                r#"{{"key": "k{bundle}{tag}", "tag": "{tag}", "bundle_id": {bundle}, "status": 2,
                    "exit_code": {code}, "start_time": "2026-01-01T{start}Z",
                    "end_time": "2026-01-01T{end}Z"}}"#
            )
        };
        let jobs = [
            job("packrat_restore", 1, "08:00:00", "09:00:00", "0"),
            job("packrat_restore", 2, "10:00:00", "10:02:00", "0"),
            job("python_restore", 2, "10:02:00", "10:03:00", "0"),
            job("packrat_restore", 3, "11:00:00", "11:30:00", "1"),
            job("run_app", 2, "12:00:00", "13:00:00", "0"),
        ]
        .join(",");
        let jobs: Vec<Job> = serde_json::from_str(&format!("[{jobs}]")).unwrap();
        assert_eq!(took(&jobs), Some(Duration::from_secs(180)));
        assert_eq!(took(&[]), None);
    }
}
