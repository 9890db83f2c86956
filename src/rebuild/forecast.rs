//! How long a run still takes, corrected by what was seen. The old machine's times are not those of the
//! cluster: after some builds, theirs count by how much they differ. Data in, data out.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use super::plan::{Action, Plan};
use crate::connect::ContentGuid;

/// Builds that must have been seen before their times say something about the others.
const ENOUGH: usize = 10;

/// It is told this often in the course of a run, at most.
const TIMES: usize = 100;

/// What is left of a run.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Left {
    pub seconds: f64,
    /// How many times as long builds take as they took before.
    pub ratio: f64,
    /// Items whose time is not known and is in no number.
    pub unknown: usize,
}

#[derive(Debug)]
struct Open {
    /// How long it took before, where that is known.
    took: Option<Duration>,
    began: Option<Instant>,
}

/// The builds that have not ended, and what was learned of the others.
#[derive(Debug, Default)]
pub(super) struct Forecast {
    open: HashMap<ContentGuid, Open>,
    items: usize,
    ended: usize,
    seen: usize,
    before: Duration,
    now: Duration,
}

impl Forecast {
    pub(super) fn new(plan: &Plan) -> Self {
        let works = |action: &Action| {
            matches!(
                action,
                Action::Build(_) | Action::Look(_) | Action::Adopt { .. }
            )
        };
        let open: HashMap<_, _> = plan
            .items
            .iter()
            .filter(|item| works(&item.action))
            .map(|item| {
                let open = Open {
                    took: item.took,
                    began: None,
                };
                (item.guid.clone(), open)
            })
            .collect();
        Self {
            items: open.len(),
            open,
            ..Self::default()
        }
    }

    pub(super) fn begun(&mut self, guid: &ContentGuid, now: Instant) {
        if let Some(open) = self.open.get_mut(guid) {
            open.began = Some(now);
        }
    }

    /// A build has ended, after this time where it was built. `Some` is worth telling.
    pub(super) fn ended(
        &mut self,
        guid: &ContentGuid,
        built: Option<Duration>,
        at_once: usize,
        now: Instant,
    ) -> Option<Left> {
        let open = self.open.remove(guid)?;
        self.ended += 1;
        if let (Some(before), Some(built)) = (open.took, built) {
            self.seen += 1;
            self.before += before;
            self.now += built;
        }
        let is_due = self.seen == ENOUGH || self.ended.is_multiple_of((self.items / TIMES).max(1));
        if is_due {
            self.left(at_once, now)
        } else {
            None
        }
    }

    /// What is left; `None` while too little was seen, or nothing is known.
    fn left(&self, at_once: usize, now: Instant) -> Option<Left> {
        if self.seen < ENOUGH || self.before.is_zero() {
            return None;
        }
        let ratio = self.now.as_secs_f64() / self.before.as_secs_f64();
        let (mut all, mut longest, mut unknown) = (0.0, 0.0_f64, 0);
        for open in self.open.values() {
            let Some(took) = open.took else {
                unknown += 1;
                continue;
            };
            let begun = open
                .began
                .map_or(0.0, |began| now.duration_since(began).as_secs_f64());
            let left = (took.as_secs_f64() * ratio - begun).max(0.0);
            all += left;
            longest = longest.max(left);
        }
        #[allow(clippy::cast_precision_loss, reason = "nobody builds as many at once")]
        let seconds = longest.max(all / at_once.max(1) as f64);
        Some(Left {
            seconds,
            ratio,
            unknown,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rebuild::plan::{BuildReason, Planned};

    fn plan(known: usize, unknown: usize) -> Plan {
        let item = |index: usize| Planned {
            guid: ContentGuid::from(format!("g{index}").as_str()),
            title: String::new(),
            app_mode: None,
            bundle: None,
            uses: None,
            last_deployed: None,
            attempts: 0,
            runtimes: Vec::new(),
            took: (index < known).then_some(Duration::from_secs(10)),
            required: false,
            action: Action::Build(BuildReason::New),
        };
        Plan {
            items: (0..known + unknown).map(item).collect(),
            ..Plan::default()
        }
    }

    #[test]
    fn after_ten_builds_the_others_are_taken_to_differ_alike() {
        let mut forecast = Forecast::new(&plan(30, 2));
        let start = Instant::now();
        let end = start + Duration::from_secs(15);
        let mut told = Vec::new();
        for index in 0..10 {
            let guid = ContentGuid::from(format!("g{index}").as_str());
            forecast.begun(&guid, start);
            told.push(forecast.ended(&guid, Some(Duration::from_secs(15)), 4, end));
        }
        assert!(told[..9].iter().all(Option::is_none), "{told:?}");
        let left = told[9].unwrap();
        assert_eq!((left.seconds, left.ratio, left.unknown), (75.0, 1.5, 2));
        // One that runs is so much nearer to its end.
        let guid = ContentGuid::from("g10");
        forecast.begun(&guid, start);
        let left = forecast.ended(
            &ContentGuid::from("g11"),
            None,
            4,
            start + Duration::from_secs(11),
        );
        assert_eq!(left.unwrap().seconds, (18.0 * 15.0 + 4.0) / 4.0);
    }

    #[test]
    fn nothing_is_said_where_nothing_is_known() {
        let mut forecast = Forecast::new(&plan(0, 20));
        let now = Instant::now();
        for index in 0..20 {
            let guid = ContentGuid::from(format!("g{index}").as_str());
            assert_eq!(
                forecast.ended(&guid, Some(Duration::from_secs(1)), 4, now),
                None
            );
        }
    }
}
