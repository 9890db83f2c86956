//! Many items.

use std::time::Duration;

use super::{Rig, config};
use crate::support::form::printed;

#[test]
fn ten_thousand_items() {
    let mut config = config(10_000);
    config.build_time = Duration::from_millis(1);
    config.log_lines = 2;
    let rig = Rig::new(config);
    rig.run_to(
        0,
        &[
            "--all",
            "--clear-caches",
            "none",
            "--parallelism",
            "32",
            "--poll",
            "30s",
        ],
    );
    assert_eq!(rig.control().builds().len(), 10_000);
    assert_eq!(rig.control().succeeded().len(), 10_000);
    // What is written about an item does not depend on how many there are.
    let text = rig.journal_text();
    assert_eq!(text.lines().count(), 3 + 4 * 10_000);
    assert!(text.len() < 10_000 * 1000, "{}", text.len());
    let status = rig
        .command(&["status", "--output", "json"])
        .output()
        .unwrap();
    let status: serde_json::Value = printed("rebuild-status", &status);
    assert_eq!(status["counts"]["built"], 10_000);
}
