//! One plain line per event on standard error.

use std::time::Duration;

use super::{Show, called};
use crate::output::human;
use crate::output::{self, Printable};
use crate::rebuild::estimate::rough;
use crate::rebuild::event::{Event, Failure, RunSummary};
use crate::rebuild::record::{CacheOutcome, Outcome};

/// One plain line per event.
#[derive(Debug, Default)]
pub(crate) struct Lines {
    total: usize,
    done: usize,
    /// The tenth of the work after which it was last said how much is left.
    tenth: usize,
}

impl Show for Lines {
    fn show(&mut self, event: &Event) {
        for line in self.lines(event) {
            output::message(line);
        }
    }
}

impl Lines {
    fn lines(&mut self, event: &Event) -> Vec<String> {
        match event {
            Event::Plan { tally, .. } => {
                self.total = tally.work();
                words(event)
            }
            Event::Left { .. } => {
                let tenth = self.done * 10 / self.total.max(1);
                if std::mem::replace(&mut self.tenth, tenth) == tenth {
                    return Vec::new();
                }
                words(event)
            }
            Event::Built { item, seconds, .. } => {
                let took = human(length(*seconds));
                vec![format!("{} built {} in {took}", self.count(), called(item))]
            }
            Event::Failed { failure, retry } => {
                let again = if *retry {
                    "; it will be tried again"
                } else {
                    ""
                };
                let count = if *retry {
                    "[retry]".to_owned()
                } else {
                    self.count()
                };
                vec![format!(
                    "{count} FAILED {}: {}{again}",
                    called(&failure.item),
                    Printable::new(&failure.error)
                )]
            }
            Event::Skipped {
                item,
                reason,
                planned: true,
            } => vec![format!("skipped {}: {reason}", called(item))],
            Event::Skipped { item, reason, .. } => {
                vec![format!(
                    "{} skipped {}: {reason}",
                    self.count(),
                    called(item)
                )]
            }
            Event::Submitted { item, bundle, .. } => {
                vec![format!("submitted {}, bundle {bundle}", called(item))]
            }
            other => words(other),
        }
    }

    fn count(&mut self) -> String {
        self.done += 1;
        format!("[{}/{}]", self.done, self.total)
    }
}

/// What is said in the same words on a terminal and elsewhere.
pub(super) fn words(event: &Event) -> Vec<String> {
    match event {
        Event::Note { message } => vec![message.clone()],
        Event::Plan {
            estimate: Some(estimate),
            ..
        } => vec![format!("time: {}", estimate.text())],
        Event::Left { ratio, .. } => {
            let left = left(event).unwrap_or_default();
            vec![format!(
                "{left} left: builds take {ratio:.1} times as long as where they were built before"
            )]
        }
        Event::Cache { cache, outcome } => vec![match outcome {
            CacheOutcome::Absent => format!("the cache {cache} is gone already"),
            _ => format!("cleared the cache {cache}"),
        }],
        Event::Adopted { item, bundle } => {
            vec![format!(
                "waiting for {}, bundle {bundle}, which was submitted before",
                called(item)
            )]
        }
        Event::Lost { item } => {
            vec![format!("the server lost the build of {}", called(item))]
        }
        Event::Stalled { item } => {
            vec![format!(
                "the build of {} stands still and shows no sign of life; it is submitted again",
                called(item)
            )]
        }
        Event::Superseded { item, bundle, by } => {
            vec![format!(
                "bundle {by} of {} was deployed while bundle {bundle} was built; it is built now, so \
                 that it stays in use",
                called(item)
            )]
        }
        Event::Summary(summary) => summing_up(summary),
        _ => Vec::new(),
    }
}

/// How much is left, in few words.
pub(super) fn left(event: &Event) -> Option<String> {
    let Event::Left {
        seconds, unknown, ..
    } = event
    else {
        return None;
    };
    let more = match unknown {
        0 => String::new(),
        unknown => format!(" and {unknown} items of unknown time"),
    };
    Some(format!("about {}{more}", rough(*seconds)))
}

/// A length in seconds, which may come from a journal: clocks go back, and what somebody wrote into it may
/// be anything.
fn length(seconds: f64) -> Duration {
    Duration::try_from_secs_f64(seconds).unwrap_or_default()
}

/// The end of a run, for a person.
fn summing_up(summary: &RunSummary) -> Vec<String> {
    let mut lines = Vec::new();
    for Failure {
        item,
        error,
        log,
        url,
        ..
    } in &summary.failures
    {
        lines.push(format!("\nFAILED {}", called(item)));
        lines.push(format!("  {}", Printable::new(error)));
        if let Some(log) = log {
            lines.push(format!("  log:     {}", log.display()));
        }
        lines.push(format!("  content: {url}"));
    }
    let mut parts = vec![format!("{} built", summary.built)];
    for (count, what) in [
        (summary.built_before, "built before"),
        (summary.failed, "failed"),
        (summary.skipped, "skipped"),
        (summary.running, "left running on the server"),
        (summary.waiting, "not submitted"),
    ] {
        if count > 0 {
            parts.push(format!("{count} {what}"));
        }
    }
    let took = human(length(summary.seconds));
    if !lines.is_empty() {
        lines.push(String::new());
    }
    lines.push(format!("{} in {took}", parts.join(", ")));
    match summary.outcome {
        Outcome::Done | Outcome::Other => {}
        Outcome::SomeFailed => lines.push(
            "Run the same command again to try those that failed once more; what is built stays \
             built."
                .to_owned(),
        ),
        Outcome::Interrupted | Outcome::Failed => lines.push(
            "Run the same command again to go on from here; what is built stays built, and what \
             the server is at is waited for."
                .to_owned(),
        ),
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::connect::{BundleId, ContentGuid};
    use crate::rebuild::event::Item;
    use crate::rebuild::record::FailReason;

    fn item() -> Item {
        Item {
            guid: ContentGuid::from("g1"),
            title: "Sales".into(),
        }
    }

    #[test]
    fn a_length_that_is_none_is_no_reason_to_end() {
        for seconds in [-1.0, f64::NAN, f64::INFINITY, 1e300] {
            assert_eq!(length(seconds), Duration::ZERO, "{seconds}");
        }
        assert_eq!(length(1.5), Duration::from_millis(1500));
    }

    #[test]
    fn counts_each_item_once() {
        let mut lines = Lines {
            total: 3,
            ..Lines::default()
        };
        let failure = Failure {
            item: item(),
            reason: FailReason::Build,
            error: "no\npackage".into(),
            log: Some("/s/g1.log".into()),
            url: "https://c/connect/#/apps/g1".into(),
        };
        let said: Vec<_> = [
            Event::Failed {
                failure: failure.clone(),
                retry: true,
            },
            Event::Failed {
                failure,
                retry: false,
            },
            Event::Built {
                item: item(),
                bundle: BundleId::from("1"),
                seconds: 61.0,
            },
        ]
        .iter()
        .flat_map(|event| lines.lines(event))
        .collect();
        assert_eq!(
            said,
            [
                "[retry] FAILED Sales (g1): no\\npackage; it will be tried again",
                "[1/3] FAILED Sales (g1): no\\npackage",
                "[2/3] built Sales (g1) in 1m01s",
            ]
        );
    }
}
