//! Clearing the runtime caches, once before everything else: a build does not purge anything, so
//! packages that were compiled on the old machine would live on.

use anyhow::{Context as _, bail};
use serde::Serialize;

use super::engine::Engine;
use super::event::Event;
use super::ledger::Ledger;
use super::record::{CacheOutcome, Record};
use super::stop::Stop;
use crate::connect::{Affinity, Cache, Connect, Deletion, Error, TaskId};

/// Which caches to clear.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Scope {
    /// None.
    None,
    /// Those of no image: left over from the machine that Connect ran on.
    Local,
    /// All.
    All,
}

impl Scope {
    /// Whether a cache is to be cleared.
    #[must_use]
    pub(crate) fn covers(self, cache: &Cache) -> bool {
        match self {
            Self::None => false,
            Self::Local => cache.is_local(),
            Self::All => true,
        }
    }
}

/// What is to be done about caches.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct CachePlan {
    /// To clear.
    pub clear: Vec<Cache>,
    /// Why none is, where there is something to say.
    pub note: Option<&'static str>,
}

/// Decides about the caches.
///
/// # Errors
/// The server cannot be asked.
pub(crate) async fn plan(
    connect: &Connect,
    scope: Scope,
    ledger: &Ledger,
) -> Result<CachePlan, Error> {
    if scope == Scope::None {
        return Ok(CachePlan::default());
    }
    if ledger.caches_done {
        return Ok(CachePlan {
            clear: Vec::new(),
            note: Some("the caches were cleared by an earlier run"),
        });
    }
    let Some(caches) = connect.caches().await? else {
        return Ok(CachePlan {
            clear: Vec::new(),
            note: Some(
                "this server does not manage runtime caches (it is too old, or has it switched off)",
            ),
        });
    };
    let clear = caches
        .into_iter()
        .filter(|cache| scope.covers(cache) && !ledger.caches.contains(cache))
        .collect();
    Ok(CachePlan { clear, note: None })
}

/// What the server says that it would do about a cache.
#[derive(Debug, Clone, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct Answered {
    /// The cache.
    #[serde(flatten, serialize_with = "super::event::camel_cased")]
    #[cfg_attr(test, schemars(with = "super::event::NamedCache<'static>"))]
    pub cache: Cache,
    /// Its answer.
    pub answer: String,
}

/// Asks the server what it would do.
///
/// # Errors
/// It cannot be asked.
pub(crate) async fn rehearse(connect: &Connect, plan: &CachePlan) -> Result<Vec<Answered>, Error> {
    let mut answers = Vec::new();
    for cache in &plan.clear {
        let answer = match connect.delete_cache(cache, true).await {
            Ok(Deletion::Granted | Deletion::Started { .. }) => "would be deleted".to_owned(),
            Ok(Deletion::Absent) => "is not there any more".to_owned(),
            Err(error) if error.is_fatal() => return Err(error),
            Err(error) => error.to_string(),
        };
        answers.push(Answered {
            cache: cache.clone(),
            answer,
        });
    }
    Ok(answers)
}

/// Clears the caches. `false` when a signal came before the end.
///
/// # Errors
/// A cache cannot be cleared, or the journal cannot be written.
pub(crate) async fn clear(
    engine: &Engine,
    plan: &CachePlan,
    stop: &mut Stop,
) -> anyhow::Result<bool> {
    for cache in &plan.clear {
        let outcome = tokio::select! {
            biased;
            () = stop.stopping() => return Ok(false),
            outcome = clear_one(engine, cache) => outcome.with_context(|| {
                format!(
                    "cannot clear the cache {cache}, and content built on it may fail; \
                     --clear-caches none goes on without"
                )
            })?,
        };
        let record = Record::Cache {
            cache: cache.clone(),
            outcome,
        };
        engine.journal.append(record).await?;
        engine.tell(Event::Cache {
            cache: cache.clone(),
            outcome,
        });
    }
    engine.journal.append(Record::CachesDone).await?;
    Ok(true)
}

async fn clear_one(engine: &Engine, cache: &Cache) -> anyhow::Result<CacheOutcome> {
    // A task that is lost with its node is not known to have ended; deleting again is harmless.
    for _ in 0..5 {
        match engine.connect.delete_cache(cache, false).await? {
            Deletion::Absent => return Ok(CacheOutcome::Absent),
            Deletion::Granted => return Ok(CacheOutcome::Deleted),
            Deletion::Started { task, affinity } => {
                if watch(engine, &task, &affinity).await? {
                    return Ok(CacheOutcome::Deleted);
                }
            }
        }
    }
    bail!("the server loses the task again and again")
}

/// `false` when the task is lost.
async fn watch(engine: &Engine, task: &TaskId, affinity: &Affinity) -> anyhow::Result<bool> {
    let mut first = 0;
    let mut pace = super::follow::Polls::default();
    loop {
        let poll = engine.options.poll;
        let Some(state) = engine.connect.task(task, first, poll, affinity).await? else {
            return Ok(false);
        };
        first = state.last().unwrap_or(first);
        match state.ended() {
            Some(Ok(())) => return Ok(true),
            Some(Err(error)) => bail!(error),
            None => pace.rest(poll).await,
        }
    }
}
