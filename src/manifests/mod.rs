//! A stream of YAML documents, edited in place.
//!
//! A stream is split by bytes, without reading what stands between the markers, so that documents
//! that nobody asks about cost nothing and come through unchanged, whatever they hold. A document
//! that is edited is read into a tree that knows its bytes; an edit replaces the fewest bytes that
//! say the new thing in the style around it, and is then *verified*: the result is read again and
//! must differ from what was there in nothing but what was asked for.

mod connect_server;
mod document;
mod lines;
mod mapping;
mod object;
mod path;
mod quote;
mod scalar;
mod stream;
mod verify;

pub(crate) use connect_server::{
    ConnectConfig, GCFG_KEY, connect_configs, runs_with, server_container,
};
pub(crate) use document::{EditError, Emptied, put, remove, set_text};
pub(crate) use lines::{Hunk, hunks, split_lines};
pub(crate) use object::{Object, ObjectName, objects};
pub(crate) use path::Path;
pub(crate) use stream::{Edited, Stream};
pub(crate) use verify::same;

#[cfg(test)]
mod document_tests;
