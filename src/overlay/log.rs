//! The log of runs: what Helm 4 keeps a post-renderer from saying is found here.

use std::fs;
use std::io::Write as _;
use std::path::PathBuf;

use super::report::RunReport;
use crate::files::{Access, Existing, write};
use crate::state;

/// How large the log may grow, in bytes; then its older half goes.
const LIMIT: u64 = 1 << 20;

/// The file: `connect-migrate/overlay.jsonl` in the state folder.
#[must_use]
pub fn path() -> Option<PathBuf> {
    Some(state::root()?.join("overlay.jsonl"))
}

/// Adds a run. Nobody is told if that fails: a run must not fail for its log.
pub fn append(report: &RunReport) {
    let Some(path) = path() else { return };
    let stamped = RunReport {
        time: Some(
            jiff::Timestamp::now()
                .strftime("%Y-%m-%dT%H:%M:%SZ")
                .to_string(),
        ),
        ..report.clone()
    };
    let Ok(mut line) = serde_json::to_vec(&stamped) else {
        return;
    };
    line.push(b'\n');
    if let Some(folder) = path.parent() {
        let _ = state::create_private(folder);
    }
    if fs::metadata(&path).is_ok_and(|file| file.len() > LIMIT)
        && let Ok(Some(text)) = state::read(&path)
    {
        let half = text.len() / 2;
        let from = text[half..].iter().position(|&b| b == b'\n');
        let kept = &text[half + from.map_or(0, |at| at + 1)..];
        let _ = write(&path, kept, Access::Private, Existing::Replace);
    }
    // One write, so that runs at the same time do not mix.
    if let Ok(mut file) = state::append_private(&path) {
        let _ = file.write_all(&line);
    }
}

/// The runs, the oldest first. Lines that cannot be read are left out.
///
/// # Errors
/// The file is there and cannot be read.
pub fn read() -> anyhow::Result<Vec<RunReport>> {
    let Some(path) = path() else {
        return Ok(Vec::new());
    };
    let text = state::read(&path)?.unwrap_or_default();
    Ok(String::from_utf8_lossy(&text)
        .lines()
        .filter_map(|line| serde_json::from_str(line).ok())
        .collect())
}
