//! Asking the server.

use std::collections::HashMap;
use std::time::Duration;

use futures::StreamExt as _;
use jiff::{SignedDuration, Timestamp};

use super::checkpoint::Checkpoint;
use super::entry::{Entry, Inventory, ServerFacts};
use crate::connect::{Connect, Error, Feature, Languages, build_time, render_time};

/// Uses are counted in stretches of at least this length, and noted after each.
const STRETCH: SignedDuration = SignedDuration::from_hours(24);

/// In no more stretches than this, since each is a request.
const STRETCHES: i32 = 100;

/// The precision of the server's times: the next stretch begins this much later.
const TICK: SignedDuration = SignedDuration::from_micros(1);

/// Items whose jobs are asked for at once.
const QUESTIONS: usize = 8;

/// How far it has come.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Stage {
    /// So many items are listed.
    Listed(usize),
    /// Uses are counted up to a moment, from so many records in this run.
    Counted {
        /// Days of the period done.
        days: i64,
        /// Days of the whole period.
        of: i64,
        records: u64,
    },
    /// The times of so many items' builds are known or known not to be.
    Timed { items: usize, of: usize },
    /// Something is not in the inventory, since the server does not tell.
    Without(String),
}

/// Takes an inventory. `note` is called after each stretch of time; what it fails with ends the
/// taking.
///
/// # Errors
/// The server cannot be asked, or `note` failed.
pub(crate) async fn take(
    connect: &Connect,
    mut checkpoint: Checkpoint,
    tell: &mut (dyn FnMut(Stage) + Send),
    note: &mut (dyn FnMut(&Checkpoint) -> anyhow::Result<()> + Send),
) -> anyhow::Result<Inventory> {
    let mut installed = match connect.runtimes().await {
        Ok(installed) => installed,
        Err(error) => {
            without(tell, "installed versions", error)?;
            Languages::new()
        }
    };
    installed.retain(|_, versions| !versions.is_empty());
    let vanities = match connect.vanities().await {
        Ok(vanities) => vanities,
        Err(error) => {
            without(tell, "vanity paths", error)?;
            HashMap::new()
        }
    };
    let mut content = Inventory::of(&connect.contents_in_full().await?, vanities).content;
    tell(Stage::Listed(content.len()));

    match times(connect, &mut content, tell).await {
        Ok(()) => {}
        Err(error) => without(tell, "how long builds took", error)?,
    }
    let known = match uses(connect, &mut checkpoint, tell, note).await {
        Ok(()) => true,
        Err(Stop::Connect(error)) => {
            without(tell, "how often content is used", error)?;
            false
        }
        Err(Stop::Note(error)) => return Err(error),
    };
    if known {
        for entry in &mut content {
            entry.uses = Some(
                checkpoint
                    .uses
                    .get(entry.guid.as_str())
                    .copied()
                    .unwrap_or_default(),
            );
        }
    }
    let mut inventory = Inventory {
        server: ServerFacts {
            url: connect.server().to_string(),
            version: connect.version().map(|version| version.to_string()),
            execution: connect.settings().execution_type.clone(),
            taken: Some(seconds(checkpoint.until)),
            since: known.then(|| seconds(checkpoint.since)),
            installed,
        },
        content,
    };
    inventory.rank();
    Ok(inventory)
}

/// How long the last builds took, where the server has their jobs on record.
async fn times(
    connect: &Connect,
    content: &mut [Entry],
    tell: &mut (dyn FnMut(Stage) + Send),
) -> Result<(), Error> {
    connect.require(Feature::Jobs)?;
    let is_built = |entry: &Entry| entry.bundle.is_some() && !entry.languages.is_empty();
    let built: Vec<_> = content
        .iter()
        .enumerate()
        .filter(|(_, entry)| is_built(entry))
        .map(|(index, entry)| (index, entry.guid.clone()))
        .collect();
    let of = built.len();
    let mut asked = futures::stream::iter(built)
        .map(|(index, guid)| async move { (index, connect.jobs(&guid).await) })
        .buffer_unordered(QUESTIONS);
    let mut items = 0;
    while let Some((index, jobs)) = asked.next().await {
        match jobs {
            Ok(jobs) => {
                content[index].build_seconds = build_time(&jobs).map(whole);
                content[index].render_seconds = render_time(&jobs).map(whole);
            }
            Err(error) if error.is_fatal() => return Err(error),
            // An item that is gone, or not to be seen: its time is not known.
            Err(_) => {}
        }
        items += 1;
        tell(Stage::Timed { items, of });
    }
    Ok(())
}

/// To the next whole second: a build that took less took some time.
fn whole(time: Duration) -> u64 {
    time.as_secs() + u64::from(time.subsec_nanos() > 0)
}

/// What the key may not see, or the version does not have, is left out and named; anything else
/// ends the taking.
fn without(tell: &mut (dyn FnMut(Stage) + Send), what: &str, error: Error) -> Result<(), Error> {
    match error {
        error @ (Error::Forbidden { .. }
        | Error::Absent { .. }
        | Error::NotFound(_)
        | Error::Unsupported { .. }) => {
            tell(Stage::Without(format!("{what}: {error}")));
            Ok(())
        }
        error => Err(error),
    }
}

enum Stop {
    Connect(Error),
    Note(anyhow::Error),
}

async fn uses(
    connect: &Connect,
    checkpoint: &mut Checkpoint,
    tell: &mut (dyn FnMut(Stage) + Send),
    note: &mut (dyn FnMut(&Checkpoint) -> anyhow::Result<()> + Send),
) -> Result<(), Stop> {
    let mut before = 0;
    let period = checkpoint.until.duration_since(checkpoint.since);
    let stretch = STRETCH.max(period / STRETCHES);
    let days = |from: Timestamp, to: Timestamp| to.duration_since(from).as_hours() / 24;
    let of = days(checkpoint.since, checkpoint.until).max(1);
    while !checkpoint.is_complete() {
        let from = checkpoint.counted;
        let until = from
            .checked_add(stretch)
            .map_or(checkpoint.until, |end| end.min(checkpoint.until));
        let done = days(checkpoint.since, from);
        let last = if until == checkpoint.until {
            until
        } else {
            until.checked_sub(TICK).unwrap_or(until)
        };
        let found = connect
            .usage_between(from, Some(last), |records| {
                tell(Stage::Counted {
                    days: done,
                    of,
                    records: before + records,
                });
            })
            .await
            .map_err(Stop::Connect)?;
        before += found.values().sum::<u64>();
        checkpoint.add(found, until);
        note(checkpoint).map_err(Stop::Note)?;
        tell(Stage::Counted {
            days: days(checkpoint.since, until),
            of,
            records: before,
        });
    }
    Ok(())
}

/// A moment to the second, as people read it.
fn seconds(time: Timestamp) -> String {
    Timestamp::from_second(time.as_second())
        .unwrap_or(time)
        .to_string()
}
