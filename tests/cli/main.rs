//! The binary as a user runs it: one module per feature, one test binary, so that it links once.

#![allow(clippy::print_stderr, clippy::unwrap_used)]

mod chart_rules;
mod diff;
mod gcfg_back;
mod support;
mod version;
