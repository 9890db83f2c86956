//! Looking at many items at once.

use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use tokio::task::JoinSet;

use super::by_hand::{ByHand, is_page};
use super::judge::judge;
use super::look::look;
use super::report::{DataDirectory, ItemFindings, SystemFindings, Validation};
use crate::connect::{Connect, Error};
use crate::inventory::Entry;

/// Whom to ask.
pub(super) struct Servers {
    pub new: Connect,
    /// The old server, to compare with as it is now.
    pub old: Option<Connect>,
    /// How much longer than other answers a page may take.
    pub page_time: Duration,
    /// What a person has looked at.
    pub by_hand: ByHand,
}

/// How long the server may check itself.
const SYSTEM_CHECKS: Duration = Duration::from_secs(120);

/// Looks at every item, so many at once, and judges it. `done` is told how many are.
///
/// # Errors
/// Those that no other item would fare better with.
pub(super) async fn gather(
    servers: Servers,
    entries: Vec<Entry>,
    parallelism: u16,
    data_directory: DataDirectory,
    mut done: impl FnMut(usize),
) -> anyhow::Result<Validation> {
    let servers = Arc::new(servers);
    let mut items = Vec::with_capacity(entries.len());
    let mut waiting = entries.into_iter().enumerate();
    let mut under_way: JoinSet<Result<ItemFindings, Error>> = JoinSet::new();
    loop {
        while under_way.len() < usize::from(parallelism)
            && let Some((index, entry)) = waiting.next()
        {
            let servers = Arc::clone(&servers);
            under_way.spawn(async move { servers.look_at(index + 1, &entry).await });
        }
        let Some(finished) = under_way.join_next().await else {
            break;
        };
        items.push(finished.context("internal error: an item's task ended early")??);
        done(items.len());
    }
    let system = servers.new.system_checks(SYSTEM_CHECKS).await;
    Ok(Validation::new(
        servers.new.server().to_string(),
        items,
        SystemFindings::of(system),
        data_directory,
    ))
}

impl Servers {
    async fn look_at(&self, priority: usize, entry: &Entry) -> Result<ItemFindings, Error> {
        let seen = look(&self.new, entry, self.page_time).await?;
        let old = match &self.old {
            // An old server that goes away meanwhile is no longer compared with.
            Some(old) => look(old, entry, self.page_time).await.ok(),
            None => None,
        };
        let off_host = self
            .new
            .settings()
            .execution_type
            .as_deref()
            .is_some_and(|kind| kind != "native");
        let mut findings = judge(entry, &seen, old.as_ref(), off_host);
        let by_hand = self.by_hand.of(&entry.guid);
        if let Some(tick) = by_hand {
            tick.settle(&mut findings);
        }
        let open = findings.iter().any(is_page).then(|| {
            let page = self
                .new
                .server()
                .page(&["content", entry.guid.as_str(), ""]);
            page.to_string()
        });
        let title = match &seen.details {
            Ok(Some(details)) => details.label(),
            _ => entry.label(),
        };
        Ok(ItemFindings::new(
            priority,
            entry.guid.clone(),
            title,
            findings,
            open,
        ))
    }
}
