//! The interpreters of the server, and which of them an item gets.

use crate::connect_stand_in::config::Execution;
use crate::connect_stand_in::random::Random;

/// What has packages, and so a runtime cache.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Language {
    /// R.
    R,
    /// Python.
    Python,
}

impl Language {
    /// As the cache list writes it.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::R => "R",
            Self::Python => "Python",
        }
    }

    pub(crate) fn read(text: &str) -> Option<Self> {
        [Self::R, Self::Python]
            .into_iter()
            .find(|language| language.name().eq_ignore_ascii_case(text))
    }
}

/// An execution environment: an image and what is in it. A native server has one without a name.
#[derive(Debug, Clone)]
pub(crate) struct Environment {
    pub(crate) id: u64,
    pub(crate) guid: String,
    pub(crate) image: Option<String>,
    pub(crate) r: &'static str,
    pub(crate) python: &'static str,
    pub(crate) quarto: &'static str,
}

impl Environment {
    pub(crate) const fn cluster(&self) -> &'static str {
        if self.image.is_some() {
            "Kubernetes"
        } else {
            "Local"
        }
    }
}

const INSTALLED: [(&str, &str, &str); 3] = [
    ("4.2.3", "3.10.14", "1.4.557"),
    ("4.3.3", "3.11.9", "1.5.57"),
    ("4.4.2", "3.12.6", "1.5.57"),
];

/// The environments of a server.
pub(crate) fn environments(execution: Execution, random: &mut Random) -> Vec<Environment> {
    INSTALLED
        .into_iter()
        .zip(1..)
        .map(|((r, python, quarto), id)| Environment {
            id,
            guid: random.guid(),
            image: (execution == Execution::Kubernetes)
                .then(|| format!("ghcr.io/example/content:r{r}-py{python}-jammy")),
            r,
            python,
            quarto,
        })
        .collect()
}

/// The environment for an item that asks for these versions: one with the same minor versions,
/// or else the newest with the same major ones.
///
/// # Errors
/// None has; the text is what a build then says.
pub(crate) fn choose<'a>(
    environments: &'a [Environment],
    r: Option<&str>,
    python: Option<&str>,
) -> Result<&'a Environment, String> {
    let same = |asked: Option<&str>, have: &str, parts: usize| {
        asked.is_none_or(|asked| asked.split('.').take(parts).eq(have.split('.').take(parts)))
    };
    let with = |parts: usize| {
        environments.iter().rev().find(|environment| {
            same(r, environment.r, parts) && same(python, environment.python, parts)
        })
    };
    with(2).or_else(|| with(1)).ok_or_else(|| {
        let cluster = environments.first().map_or("Local", Environment::cluster);
        let asked = [("R", r), ("Python", python)]
            .into_iter()
            .filter_map(|(name, version)| {
                version.map(|version| format!("{name} version {version}"))
            })
            .collect::<Vec<_>>()
            .join(" and ");
        format!(
            "Cannot find compatible environment: no compatible {cluster} environment with {asked}"
        )
    })
}
