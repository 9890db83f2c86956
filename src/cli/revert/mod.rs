//! `revert`: takes the temporary settings off a release.

mod afterwards;
mod change;
mod pending;

use std::ffi::OsString;
use std::path::PathBuf;
use std::time::Duration;

use anyhow::{Context as _, bail};
use clap::Args;

use super::connect::ConnectArgs;
use super::duration;
use super::runtime::block_on;
use super::session::{Session, facts};
use super::{Exit, Global};
use crate::output::{self, Answer as Said, ask};
use crate::release::{Cluster, Record};
use crate::revert::{Finding, Subject, Weight, checks};
use crate::state::{self, Lock};
use crate::survey::journal::journals;
use crate::survey::{Answer, Overlay, Survey, choose, in_force, survey};

/// Take the temporary settings off a release, and see that they are off
///
/// Looks first whether server and rebuild are ready for it, shows the change and asks, runs 'helm
/// upgrade', waits until the pods have restarted, and asks the server. Without CHART, the new
/// revision is made from what Helm stored: nothing but the temporary settings changes. It can be
/// run again at any time, also after it was interrupted.
#[derive(Debug, Args)]
#[command(
    disable_version_flag = true,
    after_help = "\
Examples:
  helm connect-migrate revert rsc -n connect
  helm connect-migrate revert rsc -n connect --dry-run
  helm connect-migrate revert rsc rstudio/rstudio-connect -n connect -f values.yaml --yes

A later 'helm rollback' to a revision with the temporary settings brings them back.

Exit codes: 0 the settings were seen to be off, 1 failed or not seen, 2 wrong usage,
4 not done, since something speaks against it (--force overrides)."
)]
pub(super) struct Revert {
    /// Release
    #[arg(value_name = "RELEASE")]
    release: String,

    /// Chart, as for 'helm upgrade'; without it, the release itself is taken
    #[arg(value_name = "CHART")]
    chart: Option<String>,

    /// Values for CHART (repeatable); temporary settings in these files are taken out in place
    #[arg(short = 'f', long = "values", value_name = "FILE", requires = "chart")]
    values: Vec<PathBuf>,

    /// Version of CHART, where it is not to be the release's
    #[arg(long = "version", value_name = "VERSION", requires = "chart")]
    chart_version: Option<String>,

    /// Have Helm wait for all resources of the release too
    #[arg(long)]
    wait: bool,

    /// How long the pods may take to restart
    #[arg(long, value_name = "TIME", value_parser = duration::parse, default_value = "10m")]
    timeout: Duration,

    /// Show the change and what Helm makes of it, and change nothing
    #[arg(long)]
    dry_run: bool,

    /// Do not ask
    #[arg(short, long)]
    yes: bool,

    /// Go on although something speaks against it; says what it overrides
    #[arg(long)]
    force: bool,

    /// Post-renderer of your own, as for 'helm upgrade'
    #[arg(long, value_name = "NAME")]
    post_renderer: Option<OsString>,

    /// Argument of the post-renderer (repeatable)
    #[arg(
        long,
        value_name = "ARG",
        requires = "post_renderer",
        allow_hyphen_values = true
    )]
    post_renderer_args: Vec<OsString>,

    /// Folder of the rebuild's journal, instead of those below $XDG_STATE_HOME
    #[arg(long, value_name = "DIR")]
    journal: Option<PathBuf>,

    #[command(flatten)]
    connect: ConnectArgs,
}

/// A place for the chart, and the right to be the only one at it on this machine.
struct Work {
    _lock: Option<Lock>,
    folder: Option<PathBuf>,
}

/// What folders for charts are called.
const CHART: &str = "chart-";

impl Work {
    /// Takes the place for a release, and clears what a killed run has left there: values may be
    /// secrets.
    fn take(cluster: &Cluster, release: &str) -> anyhow::Result<Self> {
        let Some(root) = state::root() else {
            return Ok(Self {
                _lock: None,
                folder: None,
            });
        };
        let name = format!("{}__{release}", cluster.namespace);
        let folder = root.join("releases").join(name);
        state::create_private(&folder)?;
        let lock = match Lock::take(&folder) {
            Ok(lock) => lock,
            Err(state::Busy::Held(_)) => bail!("another revert of {release} is under way"),
            Err(error) => return Err(error.into()),
        };
        for entry in std::fs::read_dir(&folder)?.flatten() {
            if entry.file_name().to_string_lossy().starts_with(CHART) {
                std::fs::remove_dir_all(entry.path())?;
            }
        }
        Ok(Self {
            _lock: Some(lock),
            folder: Some(folder),
        })
    }

    /// A folder of this run, only for its owner; removed when dropped.
    fn folder(&self) -> anyhow::Result<tempfile::TempDir> {
        let mut builder = tempfile::Builder::new();
        builder.prefix(CHART);
        match &self.folder {
            Some(folder) => builder.tempdir_in(folder),
            None => builder.tempdir(),
        }
        .context("cannot make a folder for the chart")
    }
}

impl Revert {
    /// Runs the command.
    pub(super) fn run(&self, global: &Global) -> anyhow::Result<Exit> {
        block_on(async {
            tokio::select! {
                result = self.revert(global) => result,
                // A Helm that runs has got the signal too, and is waited for: it has things to put
                // in order.
                interrupted = tokio::signal::ctrl_c() => {
                    interrupted?;
                    output::talk(format!(
                        "interrupted; 'helm connect-migrate revert {}' goes on from here",
                        self.release
                    ));
                    Ok(Exit::Interrupted)
                }
            }
        })
    }

    async fn revert(&self, global: &Global) -> anyhow::Result<Exit> {
        let cluster = global.access().open().await?;
        let work = Work::take(&cluster, &self.release)?;
        let mut history = choose(&cluster, Some(&self.release)).await?;
        if let Some(newest) = history.first().filter(|r| r.info.status.is_pending()) {
            match pending::settle(&cluster, newest, self.force, self.dry_run).await? {
                pending::Settled::Ready => {}
                pending::Settled::Refused => return Ok(Exit::Blocked),
            }
            history = choose(&cluster, Some(&self.release)).await?;
        }
        let before = survey(&cluster, &history).await;
        let base = in_force(&history).context("the release has no revision")?;
        let Some(plan) = self.plan(&before, base)? else {
            return Ok(Exit::Blocked);
        };
        if let Some(plan) = plan {
            match self
                .carry_out(global, &cluster, &before, base, &plan, &work)
                .await?
            {
                Exit::Done if !self.dry_run => {}
                exit => return Ok(exit),
            }
            history = choose(&cluster, Some(&self.release)).await?;
        } else {
            output::talk(format!(
                "the temporary settings are not in revision {} of {}; looking whether they are off \
                 everywhere",
                base.revision, self.release
            ));
        }
        self.afterwards(&cluster, &history).await
    }

    /// What is to be changed. The outer `None`: it is refused, and why has been said; the inner one:
    /// nothing is to be changed.
    fn plan(
        &self,
        before: &Survey,
        base: &Record,
    ) -> anyhow::Result<Option<Option<change::Change>>> {
        if before.configurations.is_empty() {
            bail!(
                "revision {} of {} has no Connect configuration",
                base.revision,
                self.release
            );
        }
        let stored = |overlay| {
            before
                .configurations
                .iter()
                .any(|c| c.stored.known().is_some_and(|said| said.overlay == overlay))
        };
        let live_on = before.configurations.iter().any(|c| {
            c.live
                .known()
                .is_some_and(|said| said.overlay != Overlay::Off)
        });
        if stored(Overlay::Unmarked) && self.values.is_empty() {
            output::talk(format!(
                "Error: the temporary settings of {} come from its values, not from the \
                 post-renderer. Give chart and values files: 'helm connect-migrate revert {} CHART \
                 -f values.yaml' takes them out of the files and upgrades",
                self.release, self.release
            ));
            return Ok(None);
        }
        let on = stored(Overlay::On) || stored(Overlay::Partly) || stored(Overlay::Unmarked);
        if !on && live_on && !self.force && before.status != "failed" {
            output::talk(format!(
                "Error: Helm's record of {} has no temporary settings, but the live ConfigMap has: \
                 somebody set them by hand. --force has Helm put the stored configuration back",
                self.release
            ));
            return Ok(None);
        }
        if !on && !live_on {
            return Ok(Some(None));
        }
        Ok(Some(Some(change::Change::new(self, base)?)))
    }

    async fn carry_out(
        &self,
        global: &Global,
        cluster: &Cluster,
        before: &Survey,
        base: &Record,
        change: &change::Change,
        work: &Work,
    ) -> anyhow::Result<Exit> {
        if !self.ready(cluster, before).await? {
            return Ok(Exit::Blocked);
        }
        change.show(self, before, base);
        let helm = change.prepare(self, global, base, work.folder()?)?;
        output::talk(format!("runs:\n  {}", helm.shown()));
        helm.check(change)?;
        if self.dry_run {
            output::talk("dry run: nothing was changed");
            return Ok(Exit::Done);
        }
        if !self.yes {
            match ask("Take the temporary settings off?").await {
                Said::Yes => {}
                Said::No => {
                    output::talk("nothing was changed");
                    return Ok(Exit::Blocked);
                }
                Said::Nobody => {
                    output::talk("Error: there is no terminal to ask on; --yes goes on without");
                    return Ok(Exit::Usage);
                }
            }
        }
        change.commit_values()?;
        helm.run(&self.release)?;
        Ok(Exit::Done)
    }

    /// Whether nothing speaks against it. Says what does.
    async fn ready(&self, cluster: &Cluster, before: &Survey) -> anyhow::Result<bool> {
        let workload = before.configurations.iter().find_map(|c| c.running.clone());
        let session = Session::open(&self.connect, cluster, workload.as_ref()).await;
        let server = facts(&session).await;
        let waking = match &session {
            Ok(session) => session.connect.waking().await.ok(),
            Err(_) => None,
        };
        if let Answer::Known(facts) = &server {
            output::talk(format!(
                "the server answers: Connect {}, the key is {}'s",
                facts.version.as_deref().unwrap_or("(version hidden)"),
                facts.role.as_deref().unwrap_or("somebody")
            ));
        }
        let slug = self.connect.server.as_ref().map(|server| server.slug());
        let rebuilds = journals(self.journal.as_deref(), slug.as_deref(), &self.release)?;
        let findings = checks(&Subject {
            survey: before,
            server: &server,
            waking: waking.as_ref(),
            rebuilds: &rebuilds,
        });
        Ok(self.weigh(&findings))
    }

    fn weigh(&self, findings: &[Finding]) -> bool {
        for finding in findings {
            let word = match finding.weight {
                Weight::Note => "note",
                Weight::Warn => "warning",
                Weight::Refuse if self.force => "overridden by --force",
                Weight::Refuse => "Error",
            };
            output::talk(format!("{word}: {}", finding.text));
        }
        let refused = findings.iter().any(|f| f.weight == Weight::Refuse);
        if refused && !self.force {
            output::talk("nothing was changed; --force goes on all the same");
        }
        !refused || self.force
    }
}
