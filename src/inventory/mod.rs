//! The inventory: what there is on the old server, ranked by use.
//!
//! It is a file that a person reads and edits, and that `rebuild`, `validate` and `check` take: the
//! order of its list is the priority. `take` asks the server, `write` makes the text, `read` takes
//! it back.

mod checkpoint;
pub(crate) mod entry;
mod read;
mod table;
mod take;
mod write;

pub(crate) use checkpoint::Checkpoint;
pub(crate) use entry::{Entry, Inventory};
pub(crate) use read::read;
pub(crate) use table::drawn;
pub(crate) use take::{Stage, take};
pub(crate) use write::write;

use crate::inputs::Source;

/// Reads an inventory that a flag names.
///
/// # Errors
/// It cannot be read, or is none.
pub(crate) fn open(source: &Source) -> anyhow::Result<Inventory> {
    Ok(read(&source.file()?)?)
}
