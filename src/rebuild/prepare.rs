//! From what was asked for to what will be done: the journal, questions to the server, and a plan.

use std::collections::HashSet;
use std::sync::Arc;

use anyhow::{Context as _, bail};
use jiff::Timestamp;

use super::cache::{self, CachePlan, Scope};
use super::journal::Story;
use super::ledger::Ledger;
use super::plan::{Plan, plan};
use super::request::Request;
use super::selection::Selection;
use crate::connect::{Connect, Content, Feature, Server};
use crate::output;
use crate::state::Lock;

/// Says something that belongs to no item.
pub(super) type Note = Arc<dyn Fn(String) + Send + Sync>;

/// What is going to be done.
pub(super) struct Prepared {
    pub connect: Connect,
    /// What becomes of each item.
    pub plan: Plan,
    /// What becomes of the caches.
    pub caches: CachePlan,
    /// Where the work stood before.
    pub ledger: Ledger,
    /// Bytes of the journal to keep.
    pub good: u64,
}

/// The journal to go on with; `None` when nothing says which content.
///
/// # Errors
/// It cannot be read, or is about another server.
pub(super) fn story(request: &Request, lock: Option<&Lock>) -> anyhow::Result<Option<Story>> {
    let story = Story::read(&request.folder)?;
    if request.selection.is_none() && (request.restart || story.is_none()) {
        return Ok(None);
    }
    if request.restart {
        return Ok(Some(Story::default()));
    }
    let story = story.unwrap_or_default();
    let other = story
        .server()
        .and_then(|server| server.parse::<Server>().ok())
        .filter(|other| other.slug() != request.server.slug());
    if let Some(other) = other {
        bail!(
            "this journal is about {other}, not {}; give another folder with --journal DIR",
            request.server
        );
    }
    if let Some(holder) = lock.and_then(Lock::left_by) {
        output::message(format!(
            "The run of process {} on {} was cut off; going on from its journal.",
            holder.pid, holder.host
        ));
    }
    story.speak_of_unreadable(&request.folder.display().to_string());
    Ok(Some(story))
}

/// Asks the server for what there is, and decides.
///
/// # Errors
/// The server cannot be asked, or the key does not suffice.
pub(super) async fn prepare(
    request: &Request,
    story: &Story,
    note: Note,
) -> anyhow::Result<Prepared> {
    let tell = Arc::clone(&note);
    let connect = Connect::open(
        request.server.clone(),
        request.key.clone(),
        &request.transport,
        Arc::new(move |notice| tell(notice.to_string())),
    )
    .await?;
    connect.require(Feature::Build)?;
    let user = connect.user().await?;
    let selection = request.selection.clone().unwrap_or_default();
    let ledger = story.ledger();
    let mut contents = connect.contents().await?;
    if user.is_lesser() {
        note(
            "The API key is not an administrator's: content that it does not see is left out."
                .to_owned(),
        );
        ask_for_missing(&connect, &selection, &mut contents).await?;
    }
    let mut usage = None;
    if selection.all {
        let since = Timestamp::now() - request.since;
        let read = |read| note(format!("{read} records of use read"));
        match connect.usage(since, read).await {
            Ok(found) => usage = Some(found),
            Err(error) => note(format!(
                "How much content is used cannot be learned, so what was deployed last comes \
                 first: {error}"
            )),
        }
    }
    // Without them, versions that are close count as one.
    let installed = connect.package_runtimes().await.unwrap_or_default();
    let mut plan = plan(&selection, &contents, usage.as_ref(), &installed, &ledger);
    if request.ignore_missing {
        for item in &mut plan.items {
            item.required = false;
        }
    }
    if plan.carried_over > 0 && (selection.listed.is_some() || selection.all) {
        note(format!(
            "{} items of earlier runs are not named by this command; they stay in the plan, \
             after the others (--restart forgets them).",
            plan.carried_over
        ));
    }
    let caches = cache::plan(&connect, request.clear_caches, &ledger)
        .await
        .context("cannot list the runtime caches (--clear-caches none goes on without)")?;
    if request.clear_caches != Scope::None
        && connect.settings().execution_type.as_deref() == Some("native")
        && !caches.clear.is_empty()
    {
        note(
            "This server runs content on its own machine: the local caches are its own, not \
             left over from another."
                .to_owned(),
        );
    }
    Ok(Prepared {
        connect,
        plan,
        caches,
        ledger,
        good: story.good,
    })
}

/// A key that does not see everything may still see what was named.
async fn ask_for_missing(
    connect: &Connect,
    selection: &Selection,
    contents: &mut Vec<Content>,
) -> anyhow::Result<()> {
    let known: HashSet<_> = contents.iter().map(|item| item.guid.clone()).collect();
    for wanted in selection.listed.iter().flatten() {
        if known.contains(&wanted.guid) {
            continue;
        }
        match connect.content(&wanted.guid).await {
            Ok(found) => contents.extend(found),
            Err(error) if error.is_fatal() => return Err(error.into()),
            Err(_) => {}
        }
    }
    Ok(())
}
