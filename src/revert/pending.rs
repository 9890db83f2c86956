//! A revision that Helm did not finish.

use std::time::Duration;

use super::Options;
use crate::output;
use crate::overlay::detect;
use crate::release::{Cluster, Record};

/// How long a Helm that may still be at work is given. It needs this long only while it waits for
/// something, and ours is not told to.
const GRACE: Duration = Duration::from_secs(10);

/// Whether the release can be upgraded. Helm upgrades none whose newest revision it has not
/// finished; where that is one of ours whose Helm is gone, it is marked as failed, as an interrupted
/// Helm does itself.
pub(super) async fn settle(
    cluster: &Cluster,
    newest: &Record,
    options: &Options,
) -> anyhow::Result<bool> {
    let (name, revision) = (&newest.name, newest.revision);
    let lays = detect(newest.manifest.as_bytes()).is_ok_and(|shown| shown.overlay.is_some());
    let why = if newest.is_revert() {
        "it is an earlier revert that was interrupted"
    } else if lays {
        "it is an upgrade of ours, with the temporary settings, that was interrupted"
    } else if options.discard_pending {
        "asked for by --discard-pending: it is not one of ours"
    } else {
        output::message(format!(
            "Error: Helm was interrupted at revision {revision} of {name}, and takes no upgrade so \
             long. '{}' shows it; '{}' goes back to the one before, or --discard-pending marks the \
             unfinished revision as failed",
            cluster.place.helm(&format!("history {name}")),
            cluster.place.helm(&format!("rollback {name}"))
        ));
        return Ok(false);
    };
    output::message(format!(
        "revision {revision} of {name} is not finished; waiting whether Helm is still at work on it"
    ));
    let deadline = tokio::time::Instant::now() + GRACE;
    while tokio::time::Instant::now() < deadline {
        let history = cluster.history(name).await?;
        let same = history
            .first()
            .is_some_and(|r| r.revision == revision && r.info.status.is_pending());
        if !same {
            return Ok(true);
        }
        tokio::time::sleep(Duration::from_millis(500)).await;
    }
    if options.dry_run {
        output::message(format!(
            "dry run: revision {revision} would be marked as failed ({why})"
        ));
        return Ok(false);
    }
    if cluster.give_up(newest).await? {
        output::message(format!("marked revision {revision} as failed: {why}"));
    }
    Ok(true)
}
