//! Languages: what builds share a package cache of, and so teach each other.

use crate::connect::{Language, Languages};

/// A language in the version that a server has for an item. Its package cache is empty until one
/// build has filled it; builds that begin together on an empty one get into each other's way.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct Runtime {
    language: Language,
    version: String,
}

/// The runtimes of the languages that a build restores packages for, in versions of this server.
pub(super) fn of<'a>(
    restored: impl IntoIterator<Item = (Language, &'a str)>,
    installed: &Languages,
) -> Vec<Runtime> {
    restored
        .into_iter()
        .map(|(language, asked)| {
            let installed = installed.get(&language).map(Vec::as_slice);
            Runtime {
                language,
                version: served(asked, installed.unwrap_or_default()),
            }
        })
        .collect()
}

/// The version that a server takes for the one asked for: of the same minor version, or else the
/// newest of the same major one. Where that is not known, versions that are close count as one: a
/// build that waits in vain costs time, one that does not wait may fail.
fn served(asked: &str, installed: &[String]) -> String {
    let like = |parts: usize| {
        let newest = installed.iter().rev();
        newest
            .clone()
            .find(|have| have.split('.').take(parts).eq(asked.split('.').take(parts)))
            .cloned()
    };
    like(2)
        .or_else(|| like(1))
        .unwrap_or_else(|| asked.split('.').take(2).collect::<Vec<_>>().join("."))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_that_one_interpreter_serves_are_one() {
        let installed = ["3.10.14", "3.12.6", "3.12.9"].map(str::to_owned);
        assert_eq!(served("3.12.1", &installed), "3.12.9");
        assert_eq!(served("3.10.4", &installed), "3.10.14");
        assert_eq!(served("3.8.1", &installed), "3.12.9");
        assert_eq!(served("2.7.18", &installed), "2.7");
        assert_eq!(served("3.11.7", &[]), served("3.11.3", &[]));
    }
}
