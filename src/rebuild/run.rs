//! A run from its request to its summary.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Instant;

use anyhow::Context as _;
use futures::StreamExt as _;

use super::cache::{self, Scope};
use super::engine::{Done, Engine};
use super::estimate::estimate;
use super::event::{Event, Item, RunSummary, SCHEMA};
use super::journal::{Journal, header};
use super::ledger::ItemState;
use super::log::Logs;
use super::mirror::{self, Mirror};
use super::plan::{Action, Plan, Planned};
use super::prepare::{Note, Prepared, prepare, story};
use super::progress::Progress;
use super::record::{Outcome, Record, SkipReason};
use super::rehearsal::Rehearsal;
use super::request::{Ending, Request};
use super::room::Room;
use super::signals;
use super::stop::Stopper;
use crate::connect::{Connect, ContentGuid, Error, build_time};
use crate::output::{self, Answer, ask};
use crate::release::Access;
use crate::state::{self, Lock};

/// Questions about items at once, for a rehearsal.
const QUESTIONS: usize = 8;

/// Says what a run would do; `None` when nothing says which content. It leaves no trace.
///
/// # Errors
/// The journal cannot be read, or the server not be asked.
pub(crate) async fn rehearse(
    request: &Request,
    cluster: Option<Access>,
) -> anyhow::Result<Option<Rehearsal>> {
    let Some(story) = story(request, None)? else {
        return Ok(None);
    };
    let note: Note = Arc::new(output::message);
    let mut prepared = prepare(request, &story, note).await?;
    let caches = cache::rehearse(&prepared.connect, &prepared.caches).await?;
    times(&prepared.connect, &mut prepared.plan).await?;
    let estimate = estimate(&prepared.plan, request.options.parallelism);
    let room = Room::ask(&prepared.connect, cluster).await?;
    let limits = room.lines(request.options.parallelism);
    Ok(Some(Rehearsal::new(&prepared, caches, estimate, limits)))
}

/// How long the last builds of the items to build took, where no list says so and the server has them
/// on record.
async fn times(connect: &Connect, plan: &mut Plan) -> Result<(), Error> {
    let to_build = |item: &Planned| matches!(item.action, Action::Build(_)) && item.took.is_none();
    let unknown: Vec<(usize, ContentGuid)> = plan
        .items
        .iter()
        .enumerate()
        .filter(|(_, item)| to_build(item))
        .map(|(index, item)| (index, item.guid.clone()))
        .collect();
    let mut asked = futures::stream::iter(unknown)
        .map(|(index, guid)| async move { (index, connect.jobs(&guid).await) })
        .buffer_unordered(QUESTIONS);
    while let Some((index, jobs)) = asked.next().await {
        match jobs {
            Ok(jobs) => plan.items[index].took = build_time(&jobs),
            Err(error) if error.is_fatal() => return Err(error),
            Err(_) => {}
        }
    }
    Ok(())
}

/// Does what was asked for. A second signal leaves at once, with the exit code `left`.
///
/// # Errors
/// The run could not go on; what it did is in the journal.
pub(crate) async fn run(
    request: &Request,
    progress: Progress,
    left: i32,
) -> anyhow::Result<Ending> {
    let began = Instant::now();
    let folder = &request.folder;
    state::create_private(folder)
        .with_context(|| format!("cannot make the folder {}", folder.display()))?;
    let lock = Lock::take(folder)?;
    let mut mirror = None;
    if let Some(copy) = &request.copy {
        let (opened, bytes) =
            Mirror::open(copy.access.open().await?, &copy.name, copy.may_fall_behind).await?;
        mirror::restore(&bytes, folder)?;
        mirror = Some(opened);
    }
    let Some(story) = story(request, Some(&lock))? else {
        return Ok(Ending::NothingChosen);
    };
    let stopper = Stopper::default();
    let signalled = signals::listen(stopper.clone(), left).context("cannot listen for signals")?;
    let progress = Arc::new(progress);
    let teller = Arc::clone(&progress);
    let note: Note = Arc::new(move |message| teller.tell(&Event::Note { message }));
    let mut stop = stopper.listen();
    let asked = async {
        let prepared = prepare(request, &story, note).await?;
        let answer = confirm(request, &prepared).await;
        anyhow::Ok((prepared, answer))
    };
    let (prepared, refused) = tokio::select! {
        biased;
        () = stop.leaving() => {
            output::message("Nothing was changed.");
            return Ok(Ending::Interrupted);
        }
        asked = asked => asked?,
    };
    if let Some(ending) = refused {
        output::message("Nothing was changed.");
        return Ok(ending);
    }
    if request.restart
        && let Some(aside) = Journal::put_aside(folder)?
    {
        output::message(format!("The old journal is now {}.", aside.display()));
    }
    let journal = Journal::open(folder, prepared.good, mirror)?;
    let interrupted = move || signalled.load(Ordering::Relaxed);
    work(
        request,
        prepared,
        journal,
        stopper,
        progress,
        began,
        &interrupted,
    )
    .await
}

/// `None` to go on.
async fn confirm(request: &Request, prepared: &Prepared) -> Option<Ending> {
    let tally = prepared.plan.tally();
    if request.yes || (tally.work() == 0 && prepared.caches.clear.is_empty()) {
        return None;
    }
    let mut parts = Vec::new();
    for (count, what) in [
        (prepared.caches.clear.len(), "runtime caches cleared"),
        (tally.build, "items built"),
        (tally.adopt, "builds submitted before waited for"),
    ] {
        if count > 0 {
            parts.push(format!("{count} {what}"));
        }
    }
    let missing = match tally.missing {
        0 => String::new(),
        missing => format!(", {missing} not on the server"),
    };
    let question = format!(
        "On {}: {} ({} built before, {} skipped{missing}). Go on?",
        prepared.connect.server(),
        parts.join(", "),
        tally.finished,
        tally.skipped
    );
    match ask(&question).await {
        Answer::Yes => None,
        Answer::No => Some(Ending::Declined),
        Answer::Nobody => {
            output::message(question);
            output::message(
                "There is no terminal to ask on: --yes goes on, --dry-run shows the plan.",
            );
            Some(Ending::NobodyToAsk)
        }
    }
}

async fn work(
    request: &Request,
    prepared: Prepared,
    journal: Journal,
    stopper: Stopper,
    progress: Arc<Progress>,
    began: Instant,
    interrupted: &(dyn Fn() -> bool + Sync),
) -> anyhow::Result<Ending> {
    let folder = &request.folder;
    let tally = prepared.plan.tally();
    let number = prepared
        .ledger
        .runs
        .last()
        .map_or(1, |last| last.number + 1);
    begin(&journal, request, &prepared, number).await?;
    let Prepared {
        connect,
        plan,
        caches,
        ledger,
        ..
    } = prepared;
    let teller = Arc::clone(&progress);
    let engine = Arc::new(Engine::new(
        connect,
        journal,
        Logs::new(folder),
        request.options.clone(),
        stopper.clone(),
        Arc::new(move |event| teller.tell(&event)),
    ));
    engine.tell(Event::Plan {
        schema: SCHEMA,
        server: engine.connect.server().to_string(),
        server_version: engine.connect.version().map(|version| version.to_string()),
        journal: folder.clone(),
        run: number,
        tally,
        estimate: estimate(&plan, request.options.parallelism),
    });
    for item in &plan.items {
        if let Action::Skip(reason) = item.action
            && !missing(item)
        {
            engine.tell(Event::Skipped {
                item: Item {
                    guid: item.guid.clone(),
                    title: item.title.clone(),
                },
                reason,
                planned: true,
            });
        }
    }
    if let Some(note) = caches.note {
        engine.tell(Event::Note {
            message: format!("Caches: {note}."),
        });
    }
    let cleared = if request.clear_caches == Scope::None || ledger.caches_done {
        Ok(true)
    } else {
        cache::clear(&engine, &caches, &mut stopper.listen()).await
    };
    let mut done = Done::default();
    match cleared {
        Ok(true) => {
            for item in plan.items.iter().filter(|item| missing(item)) {
                engine.missing(Item {
                    guid: item.guid.clone(),
                    title: item.title.clone(),
                });
            }
            done = Arc::clone(&engine).run(plan).await;
        }
        Ok(false) => {}
        Err(error) => done.fatal = Some(error),
    }
    let outcome = if done.fatal.is_some() {
        Outcome::Failed
    } else if interrupted() {
        Outcome::Interrupted
    } else if done.failures.is_empty() {
        Outcome::Done
    } else {
        Outcome::SomeFailed
    };
    engine.journal.note(Record::End { outcome });
    let closed = engine.journal.close().await;
    let fatal = done.fatal.or_else(|| closed.err().map(Into::into));
    let outcome = if fatal.is_some() {
        Outcome::Failed
    } else {
        outcome
    };
    let ended = done.built + done.failures.len() + done.skipped + done.running;
    engine.tell(Event::Summary(RunSummary {
        outcome,
        built: done.built,
        built_before: tally.finished,
        failed: done.failures.len(),
        skipped: tally.skipped + done.skipped,
        running: done.running,
        waiting: (tally.work() + tally.missing).saturating_sub(ended),
        seconds: began.elapsed().as_secs_f64(),
        error: fatal.as_ref().map(|error| format!("{error:#}")),
        failures: done.failures,
    }));
    match (outcome, fatal) {
        (_, Some(error)) => Err(error),
        (Outcome::Interrupted, _) => Ok(Ending::Interrupted),
        (Outcome::SomeFailed, _) => Ok(Ending::SomeFailed),
        _ => Ok(Ending::Done),
    }
}

/// Whether an item was named and is not there.
fn missing(item: &Planned) -> bool {
    item.required && item.action == Action::Skip(SkipReason::Unknown)
}

/// Writes down what the run is about.
async fn begin(
    journal: &Journal,
    request: &Request,
    prepared: &Prepared,
    number: u32,
) -> anyhow::Result<()> {
    if prepared.good == 0 {
        journal.note(header(request.server.to_string(), request.release.clone()));
    }
    let version = prepared.connect.version();
    journal.note(Record::Run {
        run: number,
        parallelism: request.options.parallelism,
        server_version: version.map(|version| version.to_string()),
    });
    for item in &prepared.plan.items {
        let before = prepared.ledger.item(&item.guid);
        if before.is_none() {
            journal.note(Record::Item {
                guid: item.guid.clone(),
                title: item.title.clone(),
            });
        }
        let known = before.map(|item| &item.standing);
        if let Action::Skip(reason) = item.action
            && !missing(item)
            && known != Some(&ItemState::Skipped(reason))
        {
            journal.note(Record::Skipped {
                guid: item.guid.clone(),
                reason,
            });
        }
    }
    Ok(journal.close().await?)
}
