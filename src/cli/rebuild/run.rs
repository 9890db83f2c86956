//! `rebuild` itself.

use std::time::Duration;

use clap::{Args, ValueEnum as _};

use super::choice::ChoiceArgs;
use super::in_cluster::{InClusterArgs, argument};
use super::place::PlaceArgs;
use crate::cli::connect::{ConnectArgs, Missing};
use crate::cli::runtime::block_on;
use crate::cli::{Exit, Global, duration};
use crate::output::{self, Format};
use crate::rebuild::cache::Scope;
use crate::rebuild::engine::BuildOptions;
use crate::rebuild::progress::Progress;
use crate::rebuild::{self, Ending, JournalCopy, Request};

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
    clear_caches: Scope,

    /// Builds at once, at most: fewer for as long as the server pushes back
    #[arg(long, value_name = "N", default_value_t = rebuild::AT_ONCE, value_parser = clap::value_parser!(u16).range(1..=512))]
    parallelism: u16,

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

    /// How long a build may show no sign of life before its jobs are looked at; one that stands still
    /// is submitted again, once
    #[arg(long, value_name = "TIME", value_parser = duration::parse, default_value = "10m")]
    stalled_after: Duration,

    /// Leave out items of the list that are not on the server, instead of counting them as failures
    #[arg(long, help_heading = "Content")]
    ignore_missing: bool,

    /// Begin afresh; the old journal is put aside
    #[arg(long, help_heading = "Journal")]
    pub(super) restart: bool,

    #[command(flatten)]
    pub(super) place: PlaceArgs,

    #[command(flatten)]
    in_cluster: InClusterArgs,

    /// Show the plan, and what the server would do about the caches; change nothing
    #[arg(long)]
    dry_run: bool,

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
    pub(super) fn run(&self, global: &Global) -> anyhow::Result<Exit> {
        if self.in_cluster.is_asked_for() {
            return block_on(self.in_cluster.run(self, global));
        }
        let request = self.request(global)?;
        if self.dry_run {
            let cluster = self.place.release.as_ref().map(|_| global.access());
            let rehearsal = block_on(rebuild::rehearse(&request, cluster))?;
            let rehearsal = rehearsal.ok_or_else(|| self.nothing_chosen())?;
            output::result(self.output, &rehearsal, |_| rehearsal.drawn())?;
            return Ok(Exit::Done);
        }
        let progress = Progress::of(self.output);
        let left = Exit::Interrupted as i32;
        Ok(self.exit(block_on(rebuild::run(&request, progress, left))?)?)
    }

    /// The exit code of an ending.
    pub(super) fn exit(&self, ending: Ending) -> Result<Exit, Missing> {
        Ok(match ending {
            Ending::Done => Exit::Done,
            Ending::SomeFailed => Exit::SomeFailed,
            Ending::Interrupted => Exit::Interrupted,
            Ending::Declined => Exit::Failed,
            Ending::NobodyToAsk => Exit::Usage,
            Ending::NothingChosen => return Err(self.nothing_chosen()),
        })
    }

    /// Neither the command line nor a journal says which content.
    pub(super) fn nothing_chosen(&self) -> Missing {
        Missing(
            "which content? Use --from FILE, --guid GUID, --guids-file FILE, --top N or --all"
                .to_owned(),
        )
    }

    /// What another process must be told to do the same, beside list, journal and server.
    pub(super) fn arguments(&self) -> Vec<String> {
        let mut arguments = self.choice.arguments();
        let scope = self.clear_caches.to_possible_value();
        let scope = scope.map(|scope| format!("--clear-caches={}", scope.get_name()));
        arguments.extend(scope);
        arguments.push(format!("--parallelism={}", self.parallelism));
        arguments.push(format!("--retry-failed={}", self.retry_failed));
        arguments.push(argument("poll", self.poll));
        arguments.push(argument("stalled-after", self.stalled_after));
        arguments.extend(self.connect.arguments());
        arguments.extend(self.item_timeout.map(|time| argument("item-timeout", time)));
        for (flag, given) in [
            ("--fail-fast", self.fail_fast),
            ("--ignore-missing", self.ignore_missing),
        ] {
            arguments.extend(given.then(|| flag.to_owned()));
        }
        arguments
    }

    fn request(&self, global: &Global) -> anyhow::Result<Request> {
        let server = self.connect.address()?;
        Ok(Request {
            server: server.clone(),
            folder: self.place.folder(Some(server))?,
            selection: self.choice.selection()?,
            key: self.connect.key()?,
            transport: self.connect.options()?,
            release: self.place.release.clone(),
            since: self.choice.since,
            ignore_missing: self.ignore_missing,
            clear_caches: self.clear_caches,
            options: BuildOptions {
                parallelism: self.parallelism.into(),
                item_timeout: self.item_timeout,
                fail_fast: self.fail_fast,
                retry_failed: self.retry_failed,
                poll: self.poll,
                stalled_after: self.stalled_after,
            },
            copy: self
                .in_cluster
                .journal_copy
                .clone()
                .map(|name| JournalCopy {
                    access: global.access(),
                    name,
                    may_fall_behind: self.in_cluster.journal_kept,
                }),
            restart: self.restart,
            yes: self.yes,
        })
    }
}
