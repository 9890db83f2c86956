//! Tables as Helm has them: columns, and no lines between them.

use comfy_table::{ContentArrangement, Table, presets};

use crate::rebuild::progress::printable;

/// Draws a table. Texts of the server lose what a terminal would act on.
pub(crate) fn draw<const N: usize>(
    header: [&str; N],
    rows: impl IntoIterator<Item = [String; N]>,
) -> String {
    let mut table = Table::new();
    table
        .load_style(presets::NOTHING)
        .set_content_arrangement(ContentArrangement::Disabled)
        .set_header(header);
    for row in rows {
        table.add_row(row.map(|cell| printable(&cell)));
    }
    table
        .lines()
        .map(|line| {
            line.strip_prefix(' ')
                .unwrap_or(&line)
                .trim_end()
                .to_owned()
                + "\n"
        })
        .collect()
}
