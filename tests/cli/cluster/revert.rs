//! The overlay on, looked at, and off again.

use predicates::str::contains;

use super::{Place, places};
use crate::support::tools::helms;

#[test]
fn every_helm_goes_there_and_back() {
    for helm in helms() {
        let Some(place) = Place::new(&helm, "back") else { return };
        place.deploy("rsc", true, &[]);
        let status = place.status(&[]);
        assert_eq!(places(&status), ["on"; 4], "{}", helm.version);
        let run = place.ours(&["revert", "rsc", "--yes"]).assert().success();
        run.stderr(contains("Scheduler.MinProcessesLimit: 0 -> 7"));
        let status = place.status(&["rsc"]);
        assert_eq!(places(&status), ["off"; 4], "{}", helm.version);
    }
}
