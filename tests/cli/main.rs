//! The binary as a user runs it: one module per feature, one test binary, so that it links once.

#![allow(clippy::print_stderr, clippy::unwrap_used)]

mod rebuild;
mod stand_in;
mod support;
mod version;
