//! What the places say, for people.

use super::{Answer, Configuration};
use crate::output::{Page, Table};

/// What each place says about one configuration.
pub(crate) fn places(configuration: &Configuration) -> Page {
    let mut table = Table::new(["PLACE", "OVERLAY", "EVIDENCE"]);
    for (place, answer) in configuration.places() {
        match answer {
            Answer::Known(reading) => {
                table.row([place, reading.overlay.as_str(), &reading.evidence]);
            }
            Answer::Unknown(why) | Answer::Silent(why) => table.row([place, "unknown", why]),
        }
    }
    let mut page = Page::new();
    page.table(0, &table);
    if configuration.disagree() {
        page.line("These places disagree: a change is under way, or stopped half-way.");
    }
    if configuration.edited == Some(true) {
        page.line(
            "The live ConfigMap is not one that Helm stored: somebody changed it by hand, and the \
             next upgrade overwrites that.",
        );
    }
    if let Some((now, then)) = configuration.scaling() {
        page.line(format!(
            "It is scaled to {now} by hand, and Helm has {then}: the next upgrade makes that {then}."
        ));
    }
    page
}
