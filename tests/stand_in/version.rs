//! Versions of Connect.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer};

/// A calendar version of Connect, `2025.06.0`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Version {
    /// The year.
    pub year: u16,
    /// The month.
    pub month: u8,
    /// The patch.
    pub patch: u8,
}

impl Version {
    /// `2025.06.0` is `Version::new(2025, 6, 0)`.
    pub const fn new(year: u16, month: u8, patch: u8) -> Self {
        Self { year, month, patch }
    }
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:04}.{:02}.{}", self.year, self.month, self.patch)
    }
}

impl FromStr for Version {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let wrong = || format!("{text}: not a version such as 2025.06.0");
        let mut parts = text.split('.');
        let (Some(year), Some(month), Some(patch), None) =
            (parts.next(), parts.next(), parts.next(), parts.next())
        else {
            return Err(wrong());
        };
        Ok(Self {
            year: year.parse().map_err(|_| wrong())?,
            month: month.parse().map_err(|_| wrong())?,
            patch: patch.parse().map_err(|_| wrong())?,
        })
    }
}

impl<'de> Deserialize<'de> for Version {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?
            .parse()
            .map_err(serde::de::Error::custom)
    }
}
