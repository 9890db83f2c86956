//! Tables as Helm has them: columns, and no lines between them.

use comfy_table::{ContentArrangement, presets};

use super::printable::Printable;

/// Longer text in a cell is cut.
const LONGEST: usize = 4000;

/// A table under construction.
#[derive(Debug)]
pub(crate) struct Table(comfy_table::Table);

impl Table {
    /// A table with a heading for each column, as wide as it needs to be.
    #[must_use]
    pub(crate) fn new<const N: usize>(header: [&'static str; N]) -> Self {
        let mut table = Self::plain();
        table.0.set_header(header);
        table
    }

    /// A table without headings, as wide as it needs to be.
    #[must_use]
    pub(crate) fn plain() -> Self {
        let mut table = comfy_table::Table::new();
        table
            .load_style(presets::NOTHING)
            .set_content_arrangement(ContentArrangement::Disabled);
        Self(table)
    }

    /// Breaks the cells' text so that the table is no wider than this.
    #[must_use]
    pub(crate) fn within(mut self, width: u16) -> Self {
        self.0
            .set_content_arrangement(ContentArrangement::Dynamic)
            .set_width(width);
        self
    }

    /// Adds a row.
    pub(crate) fn row<T: Into<Printable>>(&mut self, cells: impl IntoIterator<Item = T>) {
        // What somebody else wrote may have any length.
        self.0.add_row(
            cells
                .into_iter()
                .map(|cell| cell.into().shortened(LONGEST).to_string()),
        );
    }

    #[must_use]
    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The lines, without blanks at either end.
    pub(super) fn lines(&self) -> impl Iterator<Item = String> {
        self.0.lines().map(|line| {
            let line = line.strip_prefix(' ').unwrap_or(&line);
            line.trim_end().to_owned()
        })
    }
}
