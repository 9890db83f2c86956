//! Moves a Posit Connect server from a virtual machine onto Kubernetes.
//!
//! The library holds the work of `helm connect-migrate`; docs/DESIGN.md walks through its rooms.

pub mod chart;
pub mod check;
pub mod cli;
pub mod connect;
pub mod convert;
pub mod datadir;
pub mod diagnostic;
pub mod effective;
pub mod files;
pub mod gcfg;
pub mod helm;
pub mod inventory;
pub mod local;
pub mod manifests;
pub mod output;
pub mod overlay;
pub mod rebuild;
pub mod release;
pub mod revert;
pub mod secret;
pub mod settings;
pub mod source;
pub mod state;
pub mod survey;
pub mod validate;
pub mod yaml;
