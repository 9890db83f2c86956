//! Mending what Helm has left, and seeing that the settings are off.

use std::time::Duration;

use super::upgrade::HelmUpgrade;
use super::work::Work;
use super::{Options, Outcome, Tools};
use crate::output::{self, Page};
use crate::overlay::{restarted, unmark};
use crate::release::{Record, wait_for_rollout};
use crate::survey::{
    Answer, Configuration, Overlay, Reading, Session, Survey, ask_server, choose, in_force, places,
    survey,
};

/// How long a server may show the old settings after its pods have restarted: a request may still
/// have gone to a pod that was on its way out.
const LAG: Duration = Duration::from_secs(15);

/// How often what lives is mended: marks first, then pods. More would not help.
const ROUNDS: usize = 3;

/// Mends what lives until it is as the stored manifest has it, then asks all places.
pub(super) async fn finish(
    options: &Options,
    tools: &Tools<'_>,
    work: &Work,
) -> anyhow::Result<Outcome> {
    let mut history;
    let mut after;
    let mut round = 0;
    loop {
        history = choose(tools.cluster, Some(&options.release)).await?;
        after = survey(tools.cluster, &history).await;
        round += 1;
        let may_mend = round <= ROUNDS && !options.dry_run;
        if may_mend && remove_marks(tools, &after).await? {
            continue;
        }
        if !options.dry_run {
            wait_for_pods(options, tools, &after).await?;
        }
        after = survey(tools.cluster, &history).await;
        if !(may_mend && restart(options, tools, work, &history, &after).await?) {
            break;
        }
    }
    for configuration in &mut after.configurations {
        configuration.server = ask_patiently(tools, configuration).await;
    }
    Ok(conclude(options, &after))
}

/// Whether there were marks of ours on live objects that the configuration does not bear out.
async fn remove_marks(tools: &Tools<'_>, after: &Survey) -> anyhow::Result<bool> {
    let mut any = false;
    for configuration in &after.configurations {
        let is_effective = matches!(
            configuration.live.overlay(),
            None | Some(Overlay::On | Overlay::Unmarked)
        );
        if is_effective || configuration.stored.overlay() != Some(Overlay::Off) {
            continue;
        }
        let config_map = configuration.object.as_ref();
        let config_map = config_map.map(|object| ("ConfigMap", &configuration.config_map, object));
        let workload = configuration.running.as_ref();
        let workload = workload.map(|w| (w.kind.as_str(), &w.name, &w.object));
        // The ConfigMap first: removing the mark of the pods restarts them.
        for (kind, name, object) in config_map.into_iter().chain(workload) {
            let unmark = unmark(object);
            if unmark.paths.is_empty() {
                continue;
            }
            output::message(format!(
                "Helm has left marks on the {kind} {name}; removing {}",
                unmark.paths.join(", ")
            ));
            tools.cluster.patch(kind, name, &unmark.patch).await?;
            any = true;
        }
    }
    Ok(any)
}

async fn wait_for_pods(options: &Options, tools: &Tools<'_>, after: &Survey) -> anyhow::Result<()> {
    for (kind, name) in after
        .configurations
        .iter()
        .filter_map(|c| c.workload.as_ref())
    {
        let tell = |line: &str| output::message(line);
        let rolled = wait_for_rollout(tools.cluster, kind, name, options.timeout, tell).await;
        if let Err(error) = rolled {
            anyhow::bail!(
                "the settings are taken off, but {error}. 'kubectl describe' and 'kubectl logs' say \
                 why; '{}' looks again",
                after.revert_command()
            );
        }
    }
    Ok(())
}

/// Whether pods were restarted that may run with the settings still, though neither the release nor
/// the live ConfigMap has them.
async fn restart(
    options: &Options,
    tools: &Tools<'_>,
    work: &Work,
    history: &[Record],
    after: &Survey,
) -> anyhow::Result<bool> {
    let stale: Vec<String> = after
        .configurations
        .iter()
        .filter(|c| c.stale && c.live.overlay() == Some(Overlay::Off))
        .filter(|c| c.stored.overlay() == Some(Overlay::Off))
        .map(|c| c.config_map.clone())
        .collect();
    let Some(base) = in_force(history).filter(|_| !stale.is_empty()) else {
        return Ok(false);
    };
    let manifest = restarted(base.manifest.as_bytes(), &stale, jiff::Timestamp::now())?;
    let manifest = String::from_utf8(manifest.to_vec())?;
    output::message(
        "the pods may run with the temporary settings still, since they did not start after the \
         ConfigMap was changed: restarting them, by a revision with an annotation that says when",
    );
    let folder = work.folder()?;
    let upgrade = HelmUpgrade::of_release(options, tools, after, base, &manifest, folder)?;
    output::message(format!("runs:\n  {}", upgrade.shown()));
    upgrade.run(after).await?;
    Ok(true)
}

/// Asks the server until it says that the settings are off, for a while.
async fn ask_patiently(tools: &Tools<'_>, configuration: &Configuration) -> Answer<Reading> {
    let deadline = tokio::time::Instant::now() + LAG;
    let workload = configuration.running.as_ref();
    if workload.is_some_and(|workload| workload.wanted == 0) && tools.server.server.is_none() {
        return Answer::Silent("it is scaled to 0".to_owned());
    }
    loop {
        let answer = match Session::open(tools.server, tools.cluster, workload).await {
            Ok(session) => ask_server(&session.connect, &configuration.baseline).await,
            Err(error) => Answer::Unknown(format!("{error:#}")),
        };
        if answer.overlay() != Some(Overlay::On) || tokio::time::Instant::now() >= deadline {
            return answer;
        }
        tokio::time::sleep(Duration::from_secs(1)).await;
    }
}

fn conclude(options: &Options, after: &Survey) -> Outcome {
    let mut seen = true;
    for configuration in &after.configurations {
        let mut page = Page::new();
        page.line(format!(
            "temporary settings of the ConfigMap {}",
            configuration.config_map
        ));
        page.page(&places(configuration));
        output::message(page);
        let is_answered = !matches!(configuration.server, Answer::Unknown(_));
        seen &= configuration.is_off() && is_answered;
    }
    if !after.revisions_with_overlay.is_empty() {
        let list = after.revisions_with_overlay.iter().map(u32::to_string);
        output::message(format!(
            "note: 'helm rollback' to revision {} would bring the temporary settings back",
            list.collect::<Vec<_>>().join(" or ")
        ));
    }
    if seen {
        output::message("the temporary settings are off");
        return Outcome::Off;
    }
    if options.dry_run {
        return Outcome::Off;
    }
    output::message(format!(
        "Error: it was not seen in every place that the temporary settings are off. '{}' looks again",
        after.revert_command()
    ));
    Outcome::NotSeen
}
