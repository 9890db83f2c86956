//! Doing what was decided, and summing up.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Instant;

use super::intend::Intended;
use super::run::Run;
use crate::cli::Exit;
use crate::connect::Connect;
use crate::output;
use crate::rebuild::cache::{self, Scope};
use crate::rebuild::engine::{Engine, Options, Report};
use crate::rebuild::event::{Event, Item, SCHEMA, Summary};
use crate::rebuild::ledger::Standing;
use crate::rebuild::log::Logs;
use crate::rebuild::plan::{Action, Plan};
use crate::rebuild::progress::Progress;
use crate::rebuild::record::{self, Outcome, Record};
use crate::rebuild::{Journal, Ledger, Stopper};

impl Run {
    /// Does it.
    ///
    /// # Errors
    /// The run could not go on; what it did is in the journal.
    pub(super) async fn work(
        &self,
        intended: Intended,
        folder: PathBuf,
        stopper: Stopper,
        progress: Arc<Progress>,
        began: Instant,
        interrupted: &(dyn Fn() -> bool + Sync),
    ) -> anyhow::Result<Exit> {
        if self.restart
            && let Some(aside) = Journal::put_aside(&folder)?
        {
            output::talk(format!("The old journal is now {}.", aside.display()));
        }
        let Intended {
            connect,
            plan,
            caches,
            ledger,
            good,
        } = intended;
        let journal = Journal::open(&folder, good)?;
        let tally = plan.tally();
        let run = ledger.runs.last().map_or(1, |last| last.number + 1);
        self.begin(&journal, &connect, &plan, &ledger, run, good == 0)
            .await?;
        let teller = Arc::clone(&progress);
        let engine = Arc::new(Engine::new(
            connect,
            journal,
            Logs::new(&folder),
            Options {
                parallelism: self.parallelism.into(),
                ramp: self.ramp,
                item_timeout: self.item_timeout,
                fail_fast: self.fail_fast,
                retry_failed: self.retry_failed,
                poll: self.poll,
            },
            stopper.clone(),
            Arc::new(move |event| teller.tell(&event)),
        ));
        engine.tell(Event::Plan {
            schema: SCHEMA,
            server: engine.connect.server().to_string(),
            server_version: engine.connect.version().map(|version| version.to_string()),
            journal: folder,
            run,
            tally,
        });
        for item in &plan.items {
            if let Action::Skip(reason) = item.action {
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
        let mut report = Report::default();
        if let Some(note) = caches.note {
            engine.tell(Event::Note {
                message: format!("Caches: {note}."),
            });
        }
        let cleared = if self.clear_caches == Scope::None || ledger.caches_done {
            Ok(true)
        } else {
            cache::clear(&engine, &caches, &mut stopper.listen()).await
        };
        match cleared {
            Ok(true) => report = Arc::clone(&engine).run(plan).await,
            Ok(false) => {}
            Err(error) => report.fatal = Some(error),
        }
        let outcome = if report.fatal.is_some() {
            Outcome::Failed
        } else if interrupted() {
            Outcome::Interrupted
        } else if report.failures.is_empty() {
            Outcome::Done
        } else {
            Outcome::SomeFailed
        };
        engine.journal.note(Record::End { outcome });
        let closed = engine.journal.close().await;
        let fatal = report.fatal.or_else(|| closed.err().map(Into::into));
        let outcome = if fatal.is_some() {
            Outcome::Failed
        } else {
            outcome
        };
        let ended = report.built + report.failures.len() + report.skipped + report.running;
        engine.tell(Event::Summary(Summary {
            outcome,
            built: report.built,
            built_before: tally.finished,
            failed: report.failures.len(),
            skipped: tally.skipped + report.skipped,
            running: report.running,
            waiting: tally.work().saturating_sub(ended),
            seconds: began.elapsed().as_secs_f64(),
            error: fatal.as_ref().map(|error| format!("{error:#}")),
            failures: report.failures,
        }));
        match (outcome, fatal) {
            (_, Some(error)) => Err(error),
            (Outcome::Interrupted, _) => Ok(Exit::Interrupted),
            (Outcome::SomeFailed, _) => Ok(Exit::SomeFailed),
            _ => Ok(Exit::Done),
        }
    }

    /// Writes down what the run is about.
    async fn begin(
        &self,
        journal: &Journal,
        connect: &Connect,
        plan: &Plan,
        ledger: &Ledger,
        run: u32,
        fresh: bool,
    ) -> anyhow::Result<()> {
        if fresh {
            journal.note(Record::Header {
                schema: record::SCHEMA,
                // As it was given: that is what the folder is named after, wherever it redirects to.
                server: self.connect.address()?.to_string(),
                release: self.place.release.clone(),
                made_by: env!("CARGO_PKG_VERSION").to_owned(),
            });
        }
        journal.note(Record::Run {
            run,
            parallelism: self.parallelism.into(),
            server_version: connect.version().map(|version| version.to_string()),
        });
        for item in &plan.items {
            if ledger.item(&item.guid).is_none() {
                journal.note(Record::Item {
                    guid: item.guid.clone(),
                    title: item.title.clone(),
                });
            }
            let known = ledger.item(&item.guid).map(|item| &item.standing);
            if let Action::Skip(reason) = item.action
                && known != Some(&Standing::Skipped(reason))
            {
                journal.note(Record::Skipped {
                    guid: item.guid.clone(),
                    reason,
                });
            }
        }
        Ok(journal.close().await?)
    }
}
