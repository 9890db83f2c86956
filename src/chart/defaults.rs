//! The chart's own values.

use crate::yaml::{Map, ResolveError, read_values};

/// The chart whose defaults are built in.
pub const VERSION: &str = "0.21.0";

/// The Connect that this chart runs unless told otherwise.
pub const APP_VERSION: &str = "2026.08.0";

/// The built-in defaults: those of chart [`VERSION`] that decide how the server is configured,
/// started and reached.
///
/// # Errors
/// Never, as a test makes sure; the text is read like any other.
pub fn defaults() -> Result<Map, ResolveError> {
    read_values(include_str!("defaults.yaml"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::yaml::Value;

    #[test]
    fn the_built_in_defaults_can_be_read() {
        let defaults = Value::Map(defaults().unwrap());
        let listen = defaults.at(&["config", "HTTP", "Listen"]).unwrap();
        assert_eq!(listen.as_str(), Some(":3939"));
    }
}
