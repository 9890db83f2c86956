//! The binary as a user runs it: one module per feature, one test binary, so that it links once.

#![allow(clippy::print_stderr, clippy::unwrap_used)]

mod chart_rules;
#[cfg(unix)]
mod check;
#[cfg(unix)]
mod check_cluster;
#[cfg(unix)]
mod check_servers;
mod cluster;
mod gcfg_oracle;
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
mod stand_in;
mod support;
#[cfg(unix)]
mod upgrade;
mod validate;
mod values;
mod version;
#[cfg(unix)]
mod version_script;
