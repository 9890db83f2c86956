//! Taking the temporary settings off a release.
//!
//! It looks first, at Helm's record, the live objects, the pods and the server; then it makes the
//! difference to what must be go away: by a revision of Helm's, and where Helm leaves marks of ours
//! or pods that may still run with the settings, by a patch and by a restart. Then it looks again.
//! So it can be run in every state, again and again.

mod base;
mod change;
mod chart;
mod checks;
mod compare;
mod finish;
mod pending;
mod upgrade;
mod work;

use std::ffi::OsString;
use std::path::PathBuf;
use std::time::Duration;

use anyhow::{Context as _, bail};

use crate::helm::{ChartSource, Helm};
use crate::output::shell_word;
use crate::output::{self, ask};
use crate::release::{Access, Cluster, CommandPlace, Record};
use crate::survey::journal::journals;
use crate::survey::{
    Answer, Failed, NoRelease, Overlay, ServerAccess, Session, Survey, choose, facts, survey,
    survey_live,
};
use change::Change;
pub(crate) use chart::StaticChart;
use chart::UserValues;
use checks::{Finding, Severity, Subject, checks};
use work::Work;

/// What to revert, and how.
#[derive(Debug)]
pub(crate) struct Options {
    pub release: String,
    /// To be rendered again; `None` takes what Helm stored.
    pub chart: Option<ChartSource>,
    /// Whether Helm fetches the chart's dependencies first.
    pub dependency_update: bool,
    pub values: Vec<PathBuf>,
    pub post_renderer: Option<OsString>,
    pub post_renderer_args: Vec<OsString>,
    /// Whether Helm waits for all resources.
    pub wait: bool,
    pub timeout: Duration,
    pub dry_run: bool,
    pub yes: bool,
    /// Go on although something speaks against it.
    pub force: bool,
    /// Take fields back from whoever else owns them.
    pub force_conflicts: bool,
    /// Give up on a revision of somebody else's that Helm did not finish.
    pub discard_pending: bool,
    pub journal: Option<PathBuf>,
}

/// What a revert works with.
pub(crate) struct Tools<'a> {
    pub cluster: &'a Cluster,
    pub helm: &'a Helm,
    pub server: &'a ServerAccess,
}

/// How it ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// The settings were seen to be off, or this was a dry run.
    Off,
    /// They were not seen to be off in every place.
    NotSeen,
    /// Not done, since something speaks against it.
    Refused,
    /// There is nobody to ask.
    Unasked,
}

/// What there is to do.
enum RevertStep {
    /// A new revision without the overlay.
    Upgrade,
    /// The stored manifest is in order, and what lives is not.
    Mend,
    Nothing,
    /// Why has been said.
    Refused,
}

/// Takes the settings off, and sees that they are off.
///
/// # Errors
/// The cluster or Helm fails; what is true then is said.
pub(crate) async fn revert(options: &Options, tools: &Tools<'_>) -> anyhow::Result<Outcome> {
    let cluster = tools.cluster;
    let work = Work::take(cluster, &options.release)?;
    let mut history = match choose(cluster, Some(&options.release)).await {
        Err(error) if error.is::<NoRelease>() && lives(cluster).await => {
            return Err(error.context(
                "Helm has no record of what is alive here: something else applies the manifests, \
                 such as Argo CD. The temporary settings are in the values file that it reads: take \
                 that out, or 'helm connect-migrate overlay remove -f values.yaml' takes the \
                 settings out of yours; then let it apply them",
            ));
        }
        history => history?,
    };
    if let Some(newest) = history.first().filter(|r| r.info.status.is_pending()) {
        if !pending::settle(cluster, newest, options).await? {
            return Ok(Outcome::Refused);
        }
        history = choose(cluster, Some(&options.release)).await?;
    }
    let before = survey(cluster, &history).await;
    let base = base::of(&history, &before).context("the release has no revision")?;
    match todo(options, &before, base)? {
        RevertStep::Refused => return Ok(Outcome::Refused),
        RevertStep::Nothing => output::message(format!(
            "the temporary settings are not in revision {} of {}; looking whether they are off \
             everywhere",
            before.revision, options.release
        )),
        RevertStep::Mend => {
            if !ready(options, tools, &before).await? {
                return Ok(Outcome::Refused);
            }
            show_mending(&before);
            if let Some(outcome) = go_on(options).await {
                return Ok(outcome);
            }
        }
        RevertStep::Upgrade => {
            let first = Upgrade {
                options,
                tools,
                before: &before,
                base,
            };
            if let Some(outcome) = first.carry_out(&work).await? {
                return Ok(outcome);
            }
        }
    }
    finish::finish(options, tools, &work).await
}

/// The command that reverts, with its arguments.
fn again(place: &CommandPlace, arguments: &str) -> String {
    place.helm(&format!("connect-migrate revert {arguments}"))
}

/// What to say where it was interrupted.
pub(crate) fn interrupted(access: &Access, release: &str) -> String {
    let command = again(&access.place(), &shell_word(release));
    format!("interrupted; '{command}' goes on from here")
}

/// Whether a Connect server lives here that is of no release.
async fn lives(cluster: &Cluster) -> bool {
    let live = survey_live(cluster).await;
    live.is_ok_and(|live| !live.configurations.is_empty())
}

/// The first revision that takes the settings off.
struct Upgrade<'a> {
    options: &'a Options,
    tools: &'a Tools<'a>,
    before: &'a Survey,
    base: &'a Record,
}

impl Upgrade<'_> {
    /// `None`: done, and to be looked at.
    async fn carry_out(&self, work: &Work) -> anyhow::Result<Option<Outcome>> {
        let (options, before) = (self.options, self.before);
        if !ready(options, self.tools, before).await? || !self.is_free() {
            return Ok(Some(Outcome::Refused));
        }
        let change = Change::new(options, self.base)?;
        change.show(options, before, self.base);
        let upgrade = change.prepare(options, self.tools, before, self.base, work.folder()?)?;
        output::message(format!("runs:\n  {}", upgrade.shown()));
        let differences = upgrade.check(&change, before)?;
        if !differences.is_empty() {
            output::message("besides the temporary settings, this would change:");
            for line in differences.iter().take(SHOWN) {
                output::message(format!("  {line}"));
            }
            if differences.len() > SHOWN {
                output::message(format!("  and {} more", differences.len() - SHOWN));
            }
            if !options.force {
                output::message(format!(
                    "Error: nothing was changed; --force takes these changes too, and '{}' without \
                     a chart changes nothing else",
                    again(&before.place, &options.release)
                ));
                return Ok(Some(Outcome::Refused));
            }
        }
        if let Some(outcome) = go_on(options).await {
            return Ok(Some(outcome));
        }
        change.commit_values()?;
        upgrade.run(before).await?;
        Ok(None)
    }

    /// Whether nobody else owns what must change. A server-side apply would refuse after it has
    /// changed a part.
    fn is_free(&self) -> bool {
        let conflicts = self.before.conflicts();
        if conflicts.is_empty() {
            return true;
        }
        let owners = conflicts.join(", ");
        if self.options.force_conflicts {
            output::message(format!(
                "taking back by --force-conflicts what {owners} changed"
            ));
            return true;
        }
        output::message(format!(
            "Error: what must change was changed by {owners}, and belongs to that since: Helm would \
             refuse. --force-conflicts takes it back"
        ));
        false
    }
}

/// How many differences are shown.
const SHOWN: usize = 20;

fn todo(options: &Options, before: &Survey, base: &Record) -> anyhow::Result<RevertStep> {
    let release = &options.release;
    if before.configurations.is_empty() {
        bail!(
            "revision {} of {release} has no Connect configuration",
            base.revision
        );
    }
    let any =
        |is: &dyn Fn(&crate::survey::Configuration) -> bool| before.configurations.iter().any(is);
    let stored = |overlay| any(&|c| c.stored.overlay() == Some(overlay));
    let live = |overlay| any(&|c| c.live.overlay() == Some(overlay));
    if stored(Overlay::Unmarked) && options.values.is_empty() {
        output::message(format!(
            "Error: the temporary settings of {release} come from its values, not from the \
             post-renderer. Give chart and values files: '{}' takes them out of the files and \
             upgrades",
            again(&before.place, &format!("{release} CHART -f values.yaml"))
        ));
        return Ok(RevertStep::Refused);
    }
    if before.is_set_by_hand() && !options.force {
        output::message(format!(
            "Error: Helm's record of {release} has no temporary settings, but the live ConfigMap \
             has, without marks of ours: somebody set them by hand. --force has Helm put the stored \
             configuration back"
        ));
        return Ok(RevertStep::Refused);
    }
    let is_stored = stored(Overlay::On) || stored(Overlay::Partly) || stored(Overlay::Unmarked);
    let is_gone = any(&|c| c.is_gone);
    if is_stored
        || live(Overlay::On)
        || live(Overlay::Unmarked)
        || is_gone
        || before.failed == Some(Failed::Applying)
        || options.chart.is_some()
    {
        return Ok(RevertStep::Upgrade);
    }
    if any(&|c| c.is_marked_live() || c.is_half_way()) {
        return Ok(RevertStep::Mend);
    }
    Ok(RevertStep::Nothing)
}

fn show_mending(before: &Survey) {
    output::message(format!(
        "the temporary settings are not in revision {} of {}, and live objects differ:",
        before.revision, before.release
    ));
    for configuration in &before.configurations {
        if configuration.is_marked_live() {
            output::message("  marks that Helm has left are removed");
        }
        if let Some((kind, name)) = &configuration.workload {
            output::message(format!(
                "  {kind} {name}: its pods restart where they may run with them"
            ));
        }
    }
}

/// Asks. `None`: go on.
async fn go_on(options: &Options) -> Option<Outcome> {
    if options.dry_run {
        output::message("dry run: nothing was changed");
        return Some(Outcome::Off);
    }
    if options.yes {
        return None;
    }
    match ask("Take the temporary settings off?").await {
        output::Answer::Yes => None,
        output::Answer::No => {
            output::message("nothing was changed");
            Some(Outcome::Refused)
        }
        output::Answer::Nobody => {
            output::message("Error: there is no terminal to ask on; --yes goes on without");
            Some(Outcome::Unasked)
        }
    }
}

/// Whether nothing speaks against it. Says what does.
async fn ready(options: &Options, tools: &Tools<'_>, before: &Survey) -> anyhow::Result<bool> {
    let workload = before.configurations.iter().find_map(|c| c.running.clone());
    let session = Session::open(tools.server, tools.cluster, workload.as_ref()).await;
    let server = facts(&session).await;
    let starting = match &session {
        Ok(session) => session.connect.pending_starts().await.ok(),
        Err(_) => None,
    };
    if let Answer::Known(facts) = &server {
        output::message(format!(
            "the server answers: Connect {}, the key is {}'s",
            facts.version.as_deref().unwrap_or("(version hidden)"),
            facts.role.as_deref().unwrap_or("somebody")
        ));
    }
    let slug = tools.server.server.as_ref().map(|server| server.slug());
    let mut rebuilds = journals(options.journal.as_deref(), slug.as_deref(), before)?;
    if options.journal.is_none() {
        let facts = server.known();
        rebuilds.iter_mut().for_each(|rebuild| rebuild.meet(facts));
    }
    let findings = checks(&Subject {
        survey: before,
        server: &server,
        starting: starting.as_ref(),
        rebuilds: &rebuilds,
    });
    Ok(weigh(options, &findings))
}

fn weigh(options: &Options, findings: &[Finding]) -> bool {
    for finding in findings {
        let word = match finding.severity {
            Severity::Note => "note",
            Severity::Warn => "warning",
            Severity::Refuse if options.force => "overridden by --force",
            Severity::Refuse => "Error",
        };
        output::message(format!("{word}: {}", finding.text));
    }
    let refused = findings.iter().any(|f| f.severity == Severity::Refuse);
    if refused && !options.force {
        output::message("nothing was changed; --force goes on all the same");
    }
    !refused || options.force
}
