//! The temporary settings: laid over a stream of manifests, recognised in it, taken off again.
//!
//! While content moves, three settings keep Connect from starting work that would get in the way.
//! They are set in the ConfigMap that Helm is about to apply, which is labelled and carries, in
//! annotations, all that is needed to take them off: the edits of the text as RFC 6902 operations,
//! not copies of it. Taking off is checked, to the byte, each time before a stream is handed out.

mod apply;
mod chain;
mod detect;
mod find;
mod gcfg_text;
pub mod helm;
pub mod invocation;
pub mod log;
mod marks;
mod poison;
mod record;
mod refusal;
mod report;
mod settings;
mod take_off;
mod undo;
pub mod values;
mod workspace;

pub use apply::{Laid, Options, lay};
pub use chain::{Then, run as run_then};
pub use detect::{Found, Shown, detect, detect_gcfg};
pub use find::Selection;
pub use poison::poison;
pub use record::{CHECKSUM, LABEL, OVERLAY, Original, Record};
pub use refusal::Refusal;
pub use report::{Report, Result as RunResult};
pub use settings::{Laying, SetError, temporary, with_temporary};
pub use take_off::take_off;

/// The key of a ConfigMap's data that makes it a Connect server's configuration.
pub const GCFG_KEY: &str = "rstudio-connect.gcfg";

#[cfg(test)]
mod tests;

#[cfg(test)]
mod generated_tests;
