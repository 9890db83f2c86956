//! The rstudio-connect chart: what it makes of values.
//!
//! The chart turns `config` into the server's configuration file, adds what its other values ask
//! for, and refuses some combinations. This room does the same without Helm, so that a conversion
//! can be proved before anything is installed. Tests hold it against the chart's own output.

mod carried;
mod checks;
mod config;
mod defaults;
mod deploys;
mod environment;
mod in_use;
mod misread;
mod release;
mod releases;
mod render;
mod second_file;
mod values;
mod values_file;
mod version;
mod wrapped;

pub use carried::{NotCarried, carried};
pub(crate) use checks::refusals;
pub use config::config;
pub use defaults::{APP_VERSION, VERSION, defaults};
pub use environment::{Variable, VariableValue, environment, variable};
pub use in_use::{Chart, Proof};
pub(crate) use in_use::{Purpose, RenderFailure, Rendered};
pub(crate) use misread::{Misread, MisreadKind, cut, misread};
pub use release::Release;
pub(crate) use releases::{Image, never_built, numbers, shipping};
pub use render::{RenderError, gcfg_text, render_gcfg};
pub use second_file::{SECOND_FILE, SECOND_PATH, second_file};
pub use values::{coalesce, merge};
pub use values_file::ValuesFile;
pub(crate) use wrapped::values_below;
