//! A revision that Helm did not finish.

use std::time::Duration;

use crate::output;
use crate::release::{Cluster, Record};
use crate::revert::MARKER;

/// How long a Helm that may still be at work is given. It needs this long only while it waits for
/// something, and ours is not told to.
const GRACE: Duration = Duration::from_secs(10);

/// What has become of it.
pub(super) enum Settled {
    /// The release can be upgraded.
    Ready,
    /// It cannot; why has been said.
    Refused,
}

/// Helm upgrades no release whose newest revision it has not finished. Where that revision is one
/// of ours whose Helm is gone, its record is removed, and the upgrade is done again.
pub(super) async fn settle(
    cluster: &Cluster,
    newest: &Record,
    force: bool,
    dry_run: bool,
) -> anyhow::Result<Settled> {
    let (name, revision) = (&newest.name, newest.revision);
    output::talk(format!(
        "revision {revision} of {name} is not finished; waiting whether Helm is still at work on it"
    ));
    let deadline = tokio::time::Instant::now() + GRACE;
    while tokio::time::Instant::now() < deadline {
        let history = cluster.history(name).await?;
        let same = history
            .first()
            .is_some_and(|r| r.revision == revision && r.info.status.is_pending());
        if !same {
            return Ok(Settled::Ready);
        }
        tokio::time::sleep(Duration::from_millis(500)).await;
    }
    let ours = newest.has_template(MARKER);
    if !ours && !force {
        output::talk(format!(
            "Error: Helm was interrupted at revision {revision} of {name}, and takes no upgrade so \
             long. 'helm history {name}' shows it; 'helm rollback {name}' goes back to the one before, \
             or --force removes the record of the unfinished revision"
        ));
        return Ok(Settled::Refused);
    }
    let why = if ours {
        "it is an earlier revert that was interrupted"
    } else {
        "overridden by --force: it is not one of ours"
    };
    if dry_run {
        output::talk(format!(
            "dry run: the record of revision {revision} would be removed ({why})"
        ));
        return Ok(Settled::Refused);
    }
    cluster.forget(newest).await?;
    output::talk(format!("removed the record of revision {revision}: {why}"));
    Ok(Settled::Ready)
}
