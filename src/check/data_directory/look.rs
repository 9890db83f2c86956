//! Walking the data directory, with progress.

use std::path::Path;

use anyhow::Context as _;

use super::{Facts, bytes};
use crate::datadir::{self, mounts};
use crate::output::Ticker;

/// Questions at once: enough for a network filesystem to answer in parallel.
const WORKERS: usize = 8;

/// Looks at everything in a data directory.
pub(super) fn look(path: &Path) -> anyhow::Result<Facts> {
    let named = || format!("cannot walk {}", path.display());
    let path = std::fs::canonicalize(path).with_context(named)?;
    let mut ticker = Ticker::new();
    let summary = datadir::walk(&path, WORKERS, |progress| {
        ticker.at(|| {
            format!(
                "{} entries, {}",
                progress.entries(),
                bytes(progress.bytes())
            )
        });
    })
    .with_context(named)?;
    ticker.end();
    let mounts = std::fs::read_to_string("/proc/self/mountinfo")
        .map(|text| mounts::parse(&text))
        .unwrap_or_default();
    let free = rustix::fs::statvfs(&path).ok().map(|found| {
        let bytes = found.f_bavail.saturating_mul(found.f_frsize);
        // Filesystems without a fixed number of inodes say none.
        (bytes, (found.f_files > 0).then_some(found.f_favail))
    });
    Ok(Facts {
        path,
        summary,
        mounts,
        free,
    })
}
