//! The inventory: what there is on the old server, ranked by use.
//!
//! It is a file that a person reads and edits, and that `rebuild`, `validate` and `check` take: the
//! order of its list is the priority. `take` asks the server, `write` makes the text, `read` takes
//! it back.

mod checkpoint;
mod entry;
mod read;
mod take;
mod write;

pub use checkpoint::Checkpoint;
pub use entry::{Entry, Inventory, Language, Languages, ServerFacts, version_order};
pub use read::read;
pub use take::{Ask, Stage, take};
pub use write::write;
