//! `rebuild` itself.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use anyhow::{Context as _, bail};
use clap::Args;
use jiff::Timestamp;

use super::choice::ChoiceArgs;
use super::confirm::{Answer, ask};
use super::place::PlaceArgs;
use super::{dry_run, signals};
use crate::cli::connect::{ConnectArgs, Missing};
use crate::cli::{Exit, duration};
use crate::connect::{Connect, Content, Feature, Notice, Server, Usage};
use crate::output::{self, Format};
use crate::rebuild::cache::{self, CachePlan, Scope};
use crate::rebuild::engine::{Engine, Options};
use crate::rebuild::event::{Event, Item, SCHEMA, Summary};
use crate::rebuild::journal::Story;
use crate::rebuild::log::Logs;
use crate::rebuild::plan::{Action, Plan, plan};
use crate::rebuild::progress::{Bar, Form, Lines, Progress, Stream, human};
use crate::rebuild::record::{self, Outcome, Record};
use crate::rebuild::selection::Selection;
use crate::rebuild::{Journal, Ledger, Stopper};
use crate::state::{self, Lock};

/// Flags of `rebuild`.
#[derive(Debug, Args)]
pub struct Run {
    #[command(flatten)]
    choice: ChoiceArgs,

    /// Which runtime caches to clear before the first build: those of no image (local), left over
    /// from the old machine; all; or none
    #[arg(
        long,
        value_enum,
        default_value_t = Scope::Local,
        hide_possible_values = true,
        value_name = "none|local|all"
    )]
    clear_caches: Scope,

    /// Builds at once
    #[arg(long, value_name = "N", default_value_t = 4, value_parser = clap::value_parser!(u16).range(1..=512))]
    parallelism: u16,

    /// Pause between the first submissions: builds that start together on an empty package cache
    /// get into each other's way (0: none)
    #[arg(long, value_name = "TIME", value_parser = duration::parse, default_value = "2s")]
    ramp: Duration,

    /// How long one build may take (default: as long as it takes)
    #[arg(long, value_name = "TIME", value_parser = duration::parse)]
    item_timeout: Option<Duration>,

    /// Submit nothing more after the first failure
    #[arg(long)]
    fail_fast: bool,

    /// Try builds that failed again, up to N times, after all others
    #[arg(long, value_name = "N", default_value_t = 0)]
    retry_failed: u32,

    /// How long the server may hold a question about a build; keep it below the idle timeout of
    /// proxies in between
    #[arg(long, value_name = "TIME", value_parser = duration::parse, default_value = "30s")]
    poll: Duration,

    /// Begin afresh; the old journal is put aside
    #[arg(long, help_heading = "Journal")]
    restart: bool,

    #[command(flatten)]
    place: PlaceArgs,

    /// Show the plan, and what the server would do about the caches; change nothing
    #[arg(long)]
    dry_run: bool,

    /// Do not ask
    #[arg(short, long)]
    yes: bool,

    #[command(flatten)]
    connect: ConnectArgs,

    /// Form of the output: a table for --dry-run and progress on standard error; or JSON lines
    #[arg(short, long, value_enum, default_value_t)]
    output: Format,
}

/// What is going to be done.
struct Intended {
    connect: Connect,
    plan: Plan,
    caches: CachePlan,
    ledger: Ledger,
    /// Bytes of the journal to keep.
    good: u64,
}

impl Run {
    /// Runs the command.
    pub fn run(&self) -> anyhow::Result<Exit> {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .context("cannot start")?;
        runtime.block_on(self.start())
    }

    async fn start(&self) -> anyhow::Result<Exit> {
        let began = Instant::now();
        let selection = self.choice.selection()?;
        let server = self.connect.address()?;
        let folder = self.place.folder(Some(server))?;
        let lock = self.prepare_folder(&folder)?;
        let story = Story::read(&folder)?;
        if selection.is_none() && (self.restart || story.is_none()) {
            return Err(Missing(
                "which content? Use --from FILE, --guid GUID, --guids-file FILE, --top N or --all"
                    .to_owned(),
            )
            .into());
        }
        let story = self.story(story.unwrap_or_default(), server, lock.as_ref())?;

        let stopper = Stopper::default();
        let signalled = signals::listen(stopper.clone()).context("cannot listen for signals")?;
        let progress = Arc::new(self.progress());
        let mut stop = stopper.listen();
        let intended = tokio::select! {
            biased;
            () = stop.leaving() => {
                output::talk("Nothing was changed.");
                return Ok(Exit::Interrupted);
            }
            intended = self.intend(selection, server, &story, &progress) => intended?,
        };
        if self.dry_run {
            let rehearsals = cache::rehearse(&intended.connect, &intended.caches).await?;
            dry_run::print(
                self.output,
                &intended.connect,
                &intended.plan,
                &intended.caches,
                &rehearsals,
            )?;
            return Ok(Exit::Done);
        }
        if let Some(exit) = self.confirm(&intended) {
            return Ok(exit);
        }
        let interrupted = move || signalled.load(Ordering::Relaxed);
        self.work(intended, folder, stopper, progress, began, &interrupted)
            .await
    }

    /// Makes the state folder and takes its lock; a dry run leaves no trace.
    fn prepare_folder(&self, folder: &Path) -> anyhow::Result<Option<Lock>> {
        if self.dry_run {
            return Ok(None);
        }
        state::create_private(folder)
            .with_context(|| format!("cannot make the folder {}", folder.display()))?;
        Ok(Some(Lock::take(folder)?))
    }

    /// The journal to go on with.
    fn story(&self, story: Story, server: &Server, lock: Option<&Lock>) -> anyhow::Result<Story> {
        if self.restart {
            return Ok(Story::default());
        }
        let other = story
            .server()
            .and_then(|server| server.parse::<Server>().ok())
            .filter(|other| other.slug() != server.slug());
        if let Some(other) = other {
            bail!(
                "this journal is about {other}, not {server}; give another folder with --journal DIR"
            );
        }
        if let Some(holder) = lock.and_then(Lock::left_by) {
            output::talk(format!(
                "The run of process {} on {} was cut off; going on from its journal.",
                holder.pid, holder.host
            ));
        }
        if story.unreadable > 0 {
            output::talk(format!(
                "warning: {} lines of the journal cannot be read and do not count",
                story.unreadable
            ));
        }
        Ok(story)
    }

    fn progress(&self) -> Progress {
        match self.output {
            Format::Json => Progress::new(Stream(Form::JsonLines)),
            Format::Yaml => Progress::new(Stream(Form::YamlDocuments)),
            Format::Table if std::io::IsTerminal::is_terminal(&std::io::stderr()) => {
                Progress::new(Bar::default())
            }
            Format::Table => Progress::new(Lines::default()),
        }
    }

    /// Asks the server for what there is, and decides.
    async fn intend(
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
        let usage = if selection.all {
            let since = Timestamp::now() - self.choice.since;
            connect
                .usage(since, |read| note(format!("{read} records of use read")))
                .await
                .unwrap_or_else(|error| {
                    note(format!(
                        "How much content is used cannot be learned, so what was deployed last \
                         comes first: {error}"
                    ));
                    Usage::new()
                })
        } else {
            Usage::new()
        };
        let plan = plan(&selection, &contents, &usage, &ledger);
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

    /// `None` to go on.
    fn confirm(&self, intended: &Intended) -> Option<Exit> {
        let tally = intended.plan.tally();
        if self.yes || (tally.work() == 0 && intended.caches.clear.is_empty()) {
            return None;
        }
        let mut parts = Vec::new();
        for (count, what) in [
            (intended.caches.clear.len(), "runtime caches cleared"),
            (tally.build, "items built"),
            (tally.adopt, "builds submitted before waited for"),
        ] {
            if count > 0 {
                parts.push(format!("{count} {what}"));
            }
        }
        let question = format!(
            "On {}: {} ({} built before, {} skipped). Go on?",
            intended.connect.server(),
            parts.join(", "),
            tally.finished,
            tally.skipped
        );
        match ask(&question) {
            Answer::Yes => None,
            Answer::No => {
                output::talk("Nothing was changed.");
                Some(Exit::Failed)
            }
            Answer::Nobody => {
                output::talk(format!(
                    "{question}\nThere is no terminal to ask on: --yes goes on, --dry-run shows the plan."
                ));
                Some(Exit::Usage)
            }
        }
    }

    async fn work(
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
        let mut report = crate::rebuild::engine::Report::default();
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
                server: connect.server().to_string(),
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
            if let Action::Skip(reason) = item.action {
                journal.note(Record::Skipped {
                    guid: item.guid.clone(),
                    reason,
                });
            }
        }
        Ok(journal.close().await?)
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
