//! `helm upgrade` with the temporary settings laid over the release, and what came of it.

mod arguments;
mod wait;

use std::ffi::OsString;
use std::path::Path;

use anyhow::Context as _;

use crate::helm::{Helm, Major};
use crate::output::shell_word;
use crate::output::{self, Page};
use crate::overlay::invocation::invocation;
use crate::overlay::{RunKind, RunReport};
use crate::release::Access;
use crate::survey::{Overlay, Survey, choose, places, survey};
pub(crate) use arguments::Arguments;

/// What the release's description says, where the user does not say something else: the one trace
/// that a post-renderer can leave in a release's history.
const DESCRIPTION: &str = "connect-migrate: temporary settings on";

/// How Helm ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Outcome {
    Done,
    Failed,
    Interrupted,
}

/// Runs Helm on our terminal, and says what is true afterwards. `access` leads to the cluster unless
/// the arguments for Helm say otherwise.
///
/// # Errors
/// Helm cannot be run.
pub(crate) async fn upgrade(
    helm: &Helm,
    access: &Access,
    arguments: Arguments,
) -> anyhow::Result<Outcome> {
    let flags = arguments.flags;
    if flags.help {
        let ended = run(helm.call("upgrade").args(&arguments.helm)).await?;
        output::message(
            "This goes through connect-migrate; 'helm connect-migrate help upgrade' shows the \
             options of the temporary settings.",
        );
        return Ok(ended);
    }
    let major = helm.version()?.major()?;
    let plugins = plugin_list(helm, major)?;
    let folder = tempfile::Builder::new()
        .prefix("connect-migrate-")
        .tempdir()
        .context("cannot make a folder for the post-renderer's report")?;
    let report = folder.path().join("report.json");
    let mut args: Vec<OsString> =
        vec!["--wrapped".into(), "--report".into(), report.clone().into()];
    args.extend(arguments.overlay);
    let invocation = invocation(major, &plugins, args, arguments.other.as_ref())?;
    // In front of the user's own, behind which there may be a `--`.
    let mut call = helm.call("upgrade").args(&invocation.flags);
    if !flags.description {
        call = call.args(["--description", DESCRIPTION]);
    }
    call = call.args(&arguments.helm);
    if let Some(plugins) = &invocation.plugins {
        call = call.env("HELM_PLUGINS", plugins);
    }
    for (name, value) in &invocation.environment {
        call = call.env(name, value);
    }
    let ended = run(call).await?;
    let report = read(&report);
    drop(invocation);
    if flags.dry_run {
        tell_dry_run(report.as_ref());
        return Ok(ended);
    }
    let mut access = access.clone();
    access.namespace = flags.namespace.or(access.namespace);
    access.context = flags.kube_context.or(access.context);
    access.kubeconfig = flags.kubeconfig.or(access.kubeconfig);
    tell(&access, flags.release.as_deref(), report.as_ref(), ended).await;
    if let (Some(timeout), Some(report), Outcome::Done) = (arguments.wait, report, ended) {
        wait::wait(&access, &report, timeout).await?;
    }
    Ok(ended)
}

/// Runs Helm to its end. An interrupt goes to Helm too, which has things to put in order.
async fn run(call: crate::helm::Call<'_>) -> anyhow::Result<Outcome> {
    let interrupt = tokio::spawn(tokio::signal::ctrl_c());
    let status = call.foreground().await?;
    let interrupted = interrupt.is_finished();
    interrupt.abort();
    Ok(match status.code() {
        _ if interrupted => Outcome::Interrupted,
        Some(0) => Outcome::Done,
        Some(_) => Outcome::Failed,
        None => Outcome::Interrupted,
    })
}

/// What the post-renderer did, which Helm keeps to itself.
fn read(report: &Path) -> Option<RunReport> {
    serde_json::from_slice(&std::fs::read(report).ok()?).ok()
}

fn tell_dry_run(report: Option<&RunReport>) {
    if let Some(report) = report {
        output::message(format!("connect-migrate: {}", report.text(RunKind::DryRun)));
    }
    output::message("connect-migrate: a dry run; nothing was changed");
}

/// Says what is true now. What was meant matters only where the cluster cannot be asked.
async fn tell(access: &Access, release: Option<&str>, report: Option<&RunReport>, ended: Outcome) {
    let refused = report.is_some_and(RunReport::is_refused);
    if let Some(report) = report.filter(|_| refused || ended == Outcome::Done) {
        output::message(format!(
            "connect-migrate: {}",
            report.text(RunKind::Applied)
        ));
    }
    if report.is_none() && ended == Outcome::Done {
        output::message(
            "connect-migrate: Helm did not run the post-renderer; this upgrade does not lay the \
             temporary settings",
        );
    }
    if ended == Outcome::Interrupted {
        output::message("connect-migrate: interrupted");
    }
    let Some(release) = release else {
        return;
    };
    let now = match look(access, release).await {
        Ok(now) => now,
        Err(error) => {
            let known = if ended == Outcome::Done && !refused {
                "whether they are live could not be asked"
            } else {
                "what is live could not be asked"
            };
            output::message(format!("connect-migrate: {known}: {error:#}"));
            return;
        }
    };
    let is_live = now
        .configurations
        .iter()
        .any(|c| c.live.overlay() == Some(Overlay::On) && c.stored.overlay() == Some(Overlay::On));
    if ended == Outcome::Done && is_live && !now.is_half_way() {
        return;
    }
    output::message(state(&now));
}

async fn look(access: &Access, release: &str) -> anyhow::Result<Survey> {
    let cluster = access.open().await?;
    let history = choose(&cluster, Some(release)).await?;
    Ok(survey(&cluster, &history).await)
}

/// Which objects carry what, and the command that goes on.
fn state(now: &Survey) -> Page {
    let mut page = Page::new();
    page.line(format!(
        "connect-migrate: revision {} of {} is {}; what is true now:",
        now.revision, now.release, now.status
    ));
    for configuration in &now.configurations {
        let workload = configuration.workload.as_ref();
        let workload = workload.map_or(String::new(), |(kind, name)| format!(" and {kind} {name}"));
        page.line(format!("ConfigMap {}{workload}", configuration.config_map));
        page.page(&places(configuration));
    }
    let is_off = now.configurations.iter().all(|c| c.is_off());
    if now.is_half_way() {
        page.line("The temporary settings are on in part. Run the same command again once its cause is mended, or take them off:");
        page.line(format!("next: {}", now.revert_command()));
    } else if is_off {
        page.line("The temporary settings are not on.");
    } else {
        let status = format!("connect-migrate status {}", shell_word(&now.release));
        page.line(format!("next: {}", now.place.helm(&status)));
    }
    page
}

/// The folders that Helm 4 looks for plugins in; Helm 3 needs none from us.
///
/// # Errors
/// Helm does not say.
pub(crate) fn plugin_list(helm: &Helm, major: Major) -> anyhow::Result<OsString> {
    if major == Major::Three {
        return Ok(OsString::new());
    }
    if let Some(list) = std::env::var_os("HELM_PLUGINS").filter(|list| !list.is_empty()) {
        return Ok(list);
    }
    let printed = helm.call("env").arg("HELM_PLUGINS").capture()?;
    Ok(printed.output.trim().into())
}
