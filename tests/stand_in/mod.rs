//! A server that speaks the parts of Posit Connect's HTTP API that `helm connect-migrate` uses.
//!
//! Connect is proprietary, so this stands in for it: content with bundles, builds that take time
//! and wait in a queue, tasks to poll, caches, usage. It can be told to fail in every way that a
//! server on a network can fail, and it counts what was asked of it. docs/stand-in.md describes it;
//! the real clients (rsconnect-python, posit-sdk) are run against it by the tests of the CLI.
//!
//! ```text
//! use connect_stand_in::{Config, StandIn};
//!
//! let connect = StandIn::start(Config::with_items(20)).unwrap();
//! println!("{} {}", connect.url(), connect.api_key());
//! assert_eq!(connect.control().builds().len(), 0);
//! // stopped when dropped
//! ```

mod archive;
pub mod config;
mod control;
mod counters;
mod fault;
mod handle;
mod http;
mod random;
mod server;
mod version;
mod world;

pub use config::{Config, ConfigError, Execution, ItemSpec, Licence, Mix, Outcome};
pub use control::{Control, wait_until};
pub use counters::Counters;
pub use fault::{Action, Fault};
pub use handle::StandIn;
pub use server::{Interrupted, Restart, StartError};
pub use version::Version;
pub use world::{Build, BuildEnd, Role};
