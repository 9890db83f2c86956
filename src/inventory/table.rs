//! The inventory for a first look.

use super::entry::Inventory;
use crate::connect::version_order;
use crate::output::Page;

/// Items that are shown.
const FIRST: usize = 10;

/// The versions in use, and the most used items.
#[must_use]
pub(crate) fn drawn(inventory: &Inventory) -> Page {
    let mut out = Page::new();
    for (language, versions) in inventory.used() {
        let mut counts: Vec<_> = versions.into_iter().collect();
        counts.sort_by(|(one, _), (other, _)| version_order(one).cmp(&version_order(other)));
        let counts: Vec<_> = counts
            .into_iter()
            .map(|(version, count)| format!("{version} ({count})"))
            .collect();
        out.line(format!("{}: {}", language.name(), counts.join(", ")));
    }
    for entry in inventory.content.iter().take(FIRST) {
        let uses = entry
            .uses
            .map_or_else(|| "?".to_owned(), |uses| uses.to_string());
        out.line(format!("{uses:>8}  {}  {}", entry.guid, entry.label()));
    }
    if inventory.content.len() > FIRST {
        out.line(format!(
            "          … {} items in all",
            inventory.content.len()
        ));
    }
    out
}
