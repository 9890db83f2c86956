//! Taking the temporary settings off a release.

mod chart;

pub use chart::{MARKER, StaticChart, UserValues};
