//! The binary as a user runs it: one module per feature, one test binary, so that it links once.

mod support;
mod version;
