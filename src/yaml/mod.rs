//! YAML with places: values files and manifests as trees whose every node knows its bytes.
//!
//! Reading through serde would lose where things stand and how they were written; both are needed
//! to edit a user's text in place and to read scalars as Helm does.

mod load;
mod node;

pub use load::{YamlError, load};
pub use node::{Entry, Kind, Node, Style};
