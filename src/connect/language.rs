//! The languages that content is written in.

use std::collections::BTreeMap;

/// A language, with everything that is known of it by name. A new one is one more variant.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Language {
    R,
    Python,
    Quarto,
    Nodejs,
    Tensorflow,
}

impl Language {
    /// Every language, in the order of files and tables.
    pub(crate) const ALL: [Self; 5] = [
        Self::R,
        Self::Python,
        Self::Quarto,
        Self::Nodejs,
        Self::Tensorflow,
    ];

    /// Its key in files of ours, in execution environments and in the API's paths.
    #[must_use]
    pub(crate) const fn key(self) -> &'static str {
        match self {
            Self::R => "r",
            Self::Python => "python",
            Self::Quarto => "quarto",
            Self::Nodejs => "nodejs",
            Self::Tensorflow => "tensorflow",
        }
    }

    #[must_use]
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::R => "R",
            Self::Python => "Python",
            Self::Quarto => "Quarto",
            Self::Nodejs => "Node.js",
            Self::Tensorflow => "TensorFlow",
        }
    }

    /// The field with its version in a content item, where items tell.
    #[must_use]
    pub(super) const fn field(self) -> Option<&'static str> {
        match self {
            Self::R => Some("r_version"),
            Self::Python => Some("py_version"),
            Self::Quarto => Some("quarto_version"),
            Self::Nodejs => Some("node_version"),
            Self::Tensorflow => None,
        }
    }
}

/// Versions of each language.
pub(crate) type Languages = BTreeMap<Language, Vec<String>>;

/// The numbers of a version, to compare by: `4.10.1` comes behind `4.2.0`.
#[must_use]
pub(crate) fn version_order(version: &str) -> (Vec<u64>, &str) {
    let numbers = version
        .split(|c: char| !c.is_ascii_digit())
        .filter_map(|part| part.parse().ok())
        .collect();
    (numbers, version)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_sort_by_their_numbers() {
        let mut versions = ["4.10.1", "4.2.0", "4.2"];
        versions.sort_by_key(|version| version_order(version));
        assert_eq!(versions, ["4.2", "4.2.0", "4.10.1"]);
    }
}
