//! From what was asked for to what will be done: questions to the server, and a plan.

use std::sync::Arc;

use anyhow::Context as _;
use jiff::Timestamp;

use super::run::Run;
use crate::connect::{Connect, Content, Feature, Notice, Server};
use crate::output;
use crate::rebuild::Ledger;
use crate::rebuild::cache::{self, CachePlan, Scope};
use crate::rebuild::event::Event;
use crate::rebuild::journal::Story;
use crate::rebuild::plan::{Plan, plan};
use crate::rebuild::progress::{Progress, human};
use crate::rebuild::selection::Selection;

/// What is going to be done.
pub(super) struct Intended {
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

impl Run {
    /// Asks the server for what there is, and decides.
    ///
    /// # Errors
    /// The server cannot be asked, or the key does not suffice.
    pub(super) async fn intend(
        &self,
        selection: Option<Selection>,
        server: &Server,
        story: &Story,
        progress: &Arc<Progress>,
    ) -> anyhow::Result<Intended> {
        let teller = Arc::clone(progress);
        let quiet = self.dry_run;
        let note = move |message: String| {
            if quiet {
                output::talk(message);
            } else {
                teller.tell(&Event::Note { message });
            }
        };
        let tell = note.clone();
        let connect = Connect::open(
            server.clone(),
            self.connect.key()?,
            &self.connect.options()?,
            Arc::new(move |notice| tell(notice_text(&notice))),
        )
        .await?;
        connect.require(Feature::Build)?;
        let user = connect.user().await?;
        let selection = selection.unwrap_or_default();
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
            let since = Timestamp::now() - self.choice.since;
            let read = |read| note(format!("{read} records of use read"));
            match connect.usage(since, read).await {
                Ok(found) => usage = Some(found),
                Err(error) => note(format!(
                    "How much content is used cannot be learned, so what was deployed last comes \
                     first: {error}"
                )),
            }
        }
        let plan = plan(&selection, &contents, usage.as_ref(), &ledger);
        if plan.carried_over > 0 && (selection.listed.is_some() || selection.all) {
            note(format!(
                "{} items of earlier runs are not named by this command; they stay in the plan, \
                 after the others (--restart forgets them).",
                plan.carried_over
            ));
        }
        let caches = cache::plan(&connect, self.clear_caches, &ledger)
            .await
            .context("cannot list the runtime caches (--clear-caches none goes on without)")?;
        if self.clear_caches != Scope::None
            && connect.settings().execution_type.as_deref() == Some("native")
            && !caches.clear.is_empty()
        {
            note(
                "This server runs content on its own machine: the local caches are its own, not \
                 left over from another."
                    .to_owned(),
            );
        }
        Ok(Intended {
            connect,
            plan,
            caches,
            ledger,
            good: story.good,
        })
    }
}

/// A key that does not see everything may still see what was named.
async fn ask_for_missing(
    connect: &Connect,
    selection: &Selection,
    contents: &mut Vec<Content>,
) -> anyhow::Result<()> {
    let known: std::collections::HashSet<_> =
        contents.iter().map(|item| item.guid.clone()).collect();
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

fn notice_text(notice: &Notice) -> String {
    match notice {
        Notice::Waiting { cause, at_most } => format!(
            "The server is away, and is waited for up to {} (--max-outage): {cause}",
            human(*at_most)
        ),
        Notice::Back { after } => format!("The server is back after {}.", human(*after)),
    }
}
