//! Taking the temporary settings off a release.

mod chart;
mod checks;
mod expected;

pub use chart::{MARKER, StaticChart, UserValues};
pub use checks::{Finding, Subject, Weight, checks};
pub use expected::{originals, restored, same_manifest};
