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
mod leftovers;
pub mod log;
mod marks;
mod post_render;
mod record;
mod refusal;
mod report;
mod restart;
mod second_file;
mod settings;
mod stop_helm;
mod take_off;
mod undo;
pub mod values;
mod workspace;

pub(crate) use crate::manifests::GCFG_KEY;
pub use apply::{Applied, Options, lay};
pub use chain::{ChainedCommand, run as run_then};
pub(crate) use detect::detect_file;
pub use detect::{ConfigurationState, Shown, detect};
pub use find::Selection;
pub(crate) use find::configurations;
pub(crate) use leftovers::unmark;
pub(crate) use post_render::{PostRenderRun, post_render};
pub(crate) use record::sha256 as checksum;
pub use record::{CHECKSUM, LABEL, OVERLAY, Original, Record};
pub use refusal::Refusal;
pub(crate) use report::RunKind;
pub use report::{Result as RunResult, RunReport};
pub(crate) use restart::restarted;
pub(crate) use second_file::second_file_of;
pub use settings::{SetError, TemporarySetting, temporary, with_temporary};
pub(crate) use stop_helm::refuse;
pub use take_off::take_off;

#[cfg(test)]
mod tests;

#[cfg(test)]
mod generated_tests;
