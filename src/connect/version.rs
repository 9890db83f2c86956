//! A server's version and what depends on it.

use std::fmt;
use std::str::FromStr;

/// A calendar version, `2024.09.0`. What follows the three numbers does not count.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Version(u16, u16, u16);

impl Version {
    #[must_use]
    pub(crate) const fn new(year: u16, month: u16, patch: u16) -> Self {
        Self(year, month, patch)
    }
}

/// Something that not every version has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Feature {
    Build,
    /// The jobs of a content item under `/v1`.
    Jobs,
    Caches,
    Hits,
    /// The `activate` field of a build.
    Activate,
    /// The queue of work that waits.
    Queue,
}

impl Feature {
    /// What it is, for messages.
    #[must_use]
    pub(crate) const fn what(self) -> &'static str {
        match self {
            Self::Build => "building content through the API",
            Self::Jobs => "listing the jobs of a content item",
            Self::Caches => "managing runtime caches through the API",
            Self::Hits => "the record of content hits",
            Self::Queue => "showing the queue of work",
            Self::Activate => "building a bundle without activating it",
        }
    }

    /// Whether a version has it.
    #[must_use]
    pub(crate) fn is_in(self, version: Version) -> bool {
        version >= self.since()
    }

    /// The first version that has it.
    #[must_use]
    pub(crate) const fn since(self) -> Version {
        match self {
            Self::Build => Version(2021, 11, 1),
            Self::Jobs => Version(2022, 10, 0),
            Self::Caches => Version(2023, 5, 0),
            Self::Hits => Version(2025, 4, 0),
            Self::Queue => Version(2026, 1, 0),
            Self::Activate => Version(2025, 6, 0),
        }
    }
}

/// Why a text holds no version.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("no version in {0:?}")]
pub(crate) struct VersionError(String);

/// From `2024.09.0`, `v2024.09.0`, `Posit Connect v2024.09.0` or `2023.11.0-dev+103-g1124`.
impl FromStr for Version {
    type Err = VersionError;

    fn from_str(text: &str) -> Result<Self, VersionError> {
        text.split_whitespace()
            .find_map(|word| {
                let word = word.strip_prefix('v').unwrap_or(word);
                let mut numbers = word.splitn(3, '.').map(|part| {
                    let end = part
                        .find(|c: char| !c.is_ascii_digit())
                        .unwrap_or(part.len());
                    part[..end].parse().ok()
                });
                Some(Self(numbers.next()??, numbers.next()??, numbers.next()??))
            })
            .ok_or_else(|| VersionError(text.to_owned()))
    }
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{:02}.{}", self.0, self.1, self.2)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_what_servers_say() {
        for (text, version) in [
            ("2024.09.0", "2024.09.0"),
            ("Posit Connect v2024.09.0", "2024.09.0"),
            ("2023.11.0-dev+103-g1124deadbe", "2023.11.0"),
            ("1.8.6", "1.08.6"),
        ] {
            assert_eq!(text.parse::<Version>().unwrap().to_string(), version);
        }
        for text in ["", "Posit Connect", "2024.09", "v"] {
            assert!(text.parse::<Version>().is_err(), "{text}");
        }
    }

    #[test]
    fn compares_numbers_not_texts() {
        let version = |text: &str| text.parse::<Version>().unwrap();
        assert!(version("2024.10.0") > version("2024.9.1"));
        for (feature, last_without, first) in [
            (Feature::Jobs, "2022.9.1", "2022.10.0"),
            (Feature::Hits, "2025.03.9", "2025.04.0"),
            (Feature::Activate, "2025.05.1", "2025.06.0-dev"),
        ] {
            assert!(!feature.is_in(version(last_without)), "{last_without}");
            assert!(feature.is_in(version(first)), "{first}");
        }
    }
}
