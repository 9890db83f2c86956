//! YAML with places: values files and manifests as trees whose every node knows its bytes.
//!
//! Reading through serde would lose where things stand and how they were written; both are needed
//! to edit a user's text in place and to read scalars as Helm does.

mod block;
mod data;
pub mod emit;
mod load;
mod node;
mod resolve;
mod scalar;
mod value;

pub use block::{Block, BlockEntry, Item, Tree};
pub(crate) use data::{document, documents};
pub use load::{MAX_DEPTH, YamlError, load};
pub use node::{Entry, Kind, Node, Style};
pub use resolve::{ResolveError, merged, read_documents, read_values, resolve};
pub use value::{Map, Value, go_float};
