//! `rebuild` itself.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use anyhow::{Context as _, bail};
use clap::Args;

use super::choice::ChoiceArgs;
use super::intend::Intended;
use super::place::PlaceArgs;
use super::{dry_run, signals};
use crate::cli::connect::{ConnectArgs, Missing};
use crate::cli::runtime::block_on;
use crate::cli::{Exit, duration};
use crate::connect::Server;
use crate::output::{self, Answer, Format, ask};
use crate::rebuild::Stopper;
use crate::rebuild::cache::{self, Scope};
use crate::rebuild::journal::Story;
use crate::rebuild::progress::{Bar, Lines, Progress, Stream};
use crate::state::{self, Lock};

/// Flags of `rebuild`.
#[derive(Debug, Args)]
pub(super) struct Run {
    #[command(flatten)]
    pub(super) choice: ChoiceArgs,

    /// Which runtime caches to clear before the first build: those of no image (local), left over
    /// from the old machine; all; or none
    #[arg(
        long,
        value_enum,
        default_value_t = Scope::Local,
        hide_possible_values = true,
        value_name = "none|local|all"
    )]
    pub(super) clear_caches: Scope,

    /// Builds at once
    #[arg(long, value_name = "N", default_value_t = 4, value_parser = clap::value_parser!(u16).range(1..=512))]
    pub(super) parallelism: u16,

    /// Pause before each further build at once, at the start of a run: builds that start together on
    /// an empty package cache get into each other's way (0: none)
    #[arg(long, value_name = "TIME", value_parser = duration::parse, default_value = "2s")]
    pub(super) ramp: Duration,

    /// How long one build may take (default: as long as it takes)
    #[arg(long, value_name = "TIME", value_parser = duration::parse)]
    pub(super) item_timeout: Option<Duration>,

    /// Submit nothing more after the first failure
    #[arg(long)]
    pub(super) fail_fast: bool,

    /// Try builds that failed again, up to N times, after all others
    #[arg(long, value_name = "N", default_value_t = 0)]
    pub(super) retry_failed: u32,

    /// How long the server may hold a question about a build; keep it below the idle timeout of
    /// proxies in between
    #[arg(long, value_name = "TIME", value_parser = duration::parse, default_value = "30s")]
    pub(super) poll: Duration,

    /// Begin afresh; the old journal is put aside
    #[arg(long, help_heading = "Journal")]
    pub(super) restart: bool,

    #[command(flatten)]
    pub(super) place: PlaceArgs,

    /// Show the plan, and what the server would do about the caches; change nothing
    #[arg(long)]
    pub(super) dry_run: bool,

    /// Do not ask
    #[arg(short, long)]
    pub(super) yes: bool,

    #[command(flatten)]
    pub(super) connect: ConnectArgs,

    /// Form of the output: a table for --dry-run and progress on standard error; or JSON lines
    #[arg(short, long, value_enum, default_value_t)]
    pub(super) output: Format,
}

impl Run {
    /// Runs the command.
    pub(super) fn run(&self) -> anyhow::Result<Exit> {
        block_on(self.start())
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
        let confirmed = tokio::select! {
            biased;
            () = stop.leaving() => Some(Exit::Interrupted),
            exit = self.confirm(&intended) => exit,
        };
        if let Some(exit) = confirmed {
            output::talk("Nothing was changed.");
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
            Format::Json | Format::Yaml => Progress::new(Stream(self.output)),
            Format::Table if output::talk_is_read_here() => Progress::new(Bar::default()),
            Format::Table => Progress::new(Lines::default()),
        }
    }

    /// `None` to go on.
    async fn confirm(&self, intended: &Intended) -> Option<Exit> {
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
        match ask(&question).await {
            Answer::Yes => None,
            Answer::No => Some(Exit::Failed),
            Answer::Nobody => {
                output::talk(format!(
                    "{question}\nThere is no terminal to ask on: --yes goes on, --dry-run shows the plan."
                ));
                Some(Exit::Usage)
            }
        }
    }
}
