//! Taking the temporary settings off a release.

mod chart;
mod checks;
mod expected;

pub(crate) use chart::{MARKER, StaticChart, UserValues};
pub(crate) use checks::{Finding, Subject, Weight, checks};
pub(crate) use expected::{originals, restored, same_manifest};
