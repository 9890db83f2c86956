//! The binary as a user runs it: one module per feature, one test binary, so that it links once.

#![allow(clippy::print_stderr, clippy::unwrap_used)]
#![recursion_limit = "256"] // the stand-in's server_settings has many fields

mod account;
#[cfg(unix)]
mod announce;
mod arguments;
mod canary;
mod chart_forms;
mod chart_in_use;
mod chart_rules;
#[cfg(unix)]
mod check;
#[cfg(unix)]
mod check_cluster;
#[cfg(unix)]
mod check_servers;
mod cluster;
#[cfg(unix)]
mod completion;
#[path = "../stand_in/mod.rs"]
#[allow(dead_code, unused_imports)] // shared with the example
mod connect_stand_in;
mod diagnostics;
mod diff;
#[cfg(unix)]
mod docs;
mod gcfg_back;
mod gcfg_oracle;
mod gitops;
#[cfg(unix)]
mod hostile_children;
mod hostile_files;
mod hostile_server;
#[cfg(unix)]
mod install_hook;
mod inventory;
#[cfg(unix)]
mod overlay;
#[cfg(unix)]
mod package;
#[cfg(unix)]
mod plugin;
#[cfg(unix)]
mod plugin_post_renderer;
#[cfg(unix)]
mod post_render;
mod rebuild;
mod report;
#[cfg(unix)]
mod runaway;
mod schemas;
mod stand_in;
mod support;
#[cfg(unix)]
mod terminal;
mod trial;
#[cfg(unix)]
mod upgrade;
mod validate;
mod values;
mod values_helm;
mod version;
#[cfg(unix)]
mod version_script;
