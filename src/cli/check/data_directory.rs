//! Walking the data directory, with progress.

use std::path::Path;

use anyhow::Context as _;

use crate::check::data_directory::{Facts, bytes};
use crate::datadir::mounts;
use crate::datadir::{self, Progress};
use crate::output;

/// Questions at once: enough for a network filesystem to answer in parallel.
const WORKERS: usize = 8;

/// Lines of progress where there is no terminal come this many seconds apart.
const PAUSE: u32 = 10;

/// Looks at everything in a data directory.
pub fn look(path: &Path) -> anyhow::Result<Facts> {
    let named = || format!("cannot walk {}", path.display());
    let path = std::fs::canonicalize(path).with_context(named)?;
    let bar = indicatif::ProgressBar::new_spinner();
    let interactive = !bar.is_hidden();
    let mut seconds = 0_u32;
    let summary = datadir::walk(&path, WORKERS, |progress| {
        seconds += 1;
        let line = line(progress);
        if interactive {
            bar.set_message(line);
            bar.tick();
        } else if seconds.is_multiple_of(PAUSE) {
            output::talk(line);
        }
    })
    .with_context(named)?;
    bar.finish_and_clear();
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

fn line(progress: &Progress) -> String {
    format!(
        "{} entries, {}",
        progress.entries(),
        bytes(progress.bytes())
    )
}
