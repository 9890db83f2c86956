//! Moves a Posit Connect server from a virtual machine onto Kubernetes.
//!
//! The library holds the work of `helm connect-migrate`; docs/DESIGN.md walks through its rooms.

#![warn(unreachable_pub)]

pub(crate) mod announce;
pub(crate) mod character;
pub mod chart;
pub(crate) mod check;
pub mod cli;
pub(crate) mod connect;
pub mod convert;
pub(crate) mod database;
pub(crate) mod datadir;
pub mod diagnostic;
pub(crate) mod effective;
pub(crate) mod files;
#[cfg(any(test, fuzzing))]
pub mod fuzz;
pub mod gcfg;
pub(crate) mod helm;
pub(crate) mod images;
pub(crate) mod inputs;
pub(crate) mod inventory;
pub(crate) mod manifests;
pub(crate) mod output;
pub mod overlay;
pub(crate) mod rebuild;
pub(crate) mod release;
pub(crate) mod report;
pub(crate) mod revert;
pub(crate) mod runbook;
#[cfg(test)]
mod schemas;
pub(crate) mod secret;
pub mod settings;
pub(crate) mod source;
pub(crate) mod state;
pub(crate) mod survey;
pub(crate) mod to_vm;
pub(crate) mod trial;
pub(crate) mod upgrade;
pub(crate) mod validate;
pub mod yaml;

pub use output::{Style, render};
