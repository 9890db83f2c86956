//! Who looked at what.

use std::sync::Arc;

use jiff::Timestamp;

use super::{Item, World};

/// One visit, or one Shiny session.
#[derive(Debug, Clone)]
pub(crate) struct Use {
    pub(crate) id: u64,
    pub(crate) content: String,
    pub(crate) user: Option<String>,
    pub(crate) at: Timestamp,
    /// For a Shiny session its end, if it ended.
    pub(crate) ended: Option<Timestamp>,
    pub(crate) is_shiny: bool,
    pub(crate) path: String,
}

/// What a question about usage asks for.
#[derive(Debug, Default)]
pub(crate) struct Shown {
    pub(crate) content: Vec<String>,
    pub(crate) from: Option<Timestamp>,
    pub(crate) to: Option<Timestamp>,
    /// Shiny sessions, visits, or (for hits) both.
    pub(crate) shiny: Option<bool>,
}

impl World {
    /// The uses that match and that the caller may see, the oldest first.
    pub(crate) fn uses(&self, shown: &Shown, visible: impl Fn(&Arc<Item>) -> bool) -> Vec<&Use> {
        self.usage
            .iter()
            .filter(|one| shown.shiny.is_none_or(|shiny| one.is_shiny == shiny))
            .filter(|one| shown.content.is_empty() || shown.content.contains(&one.content))
            .filter(|one| shown.from.is_none_or(|from| one.at >= from))
            .filter(|one| shown.to.is_none_or(|to| one.at <= to))
            .filter(|one| self.item(&one.content).is_some_and(&visible))
            .collect()
    }
}
