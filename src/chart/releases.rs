//! Which chart ships which Connect, and which images were built.
//!
//! `releases.txt` has one line for each chart up to the one that our rules were written from: its
//! version and its `appVersion`. Newer ones are asked of Helm's repositories.

use std::fmt;

use crate::connect::Version;

const RELEASES: &str = include_str!("releases.txt");

/// Where Connect's images were published before chart 0.20.0, and from then on.
const OLD_REPOSITORY: &str = "ghcr.io/rstudio/rstudio-connect";
const NEW_REPOSITORY: &str = "posit/connect";

/// The charts that ship a Connect, the oldest first.
pub(crate) fn shipping(connect: Version) -> impl Iterator<Item = &'static str> {
    RELEASES.lines().filter_map(move |line| {
        let (chart, app) = line.split_once(' ')?;
        (app.parse::<Version>().ok()? == connect).then_some(chart)
    })
}

/// An image of Connect's.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Image {
    pub repository: String,
    pub tag: String,
}

impl fmt::Display for Image {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.repository, self.tag)
    }
}

/// The images of a Connect that are known to have been built: those that charts pulled, and those
/// of the build matrix of the new repository. Empty where nothing is known.
fn built(connect: Version) -> Vec<Image> {
    let mut images: Vec<Image> = Vec::new();
    let mut add = |repository: &str, tag: String| {
        let image = Image {
            repository: repository.to_owned(),
            tag,
        };
        if !images.contains(&image) {
            images.push(image);
        }
    };
    for chart in shipping(connect) {
        match numbers(chart) {
            Some(chart) if chart >= [0, 20, 0] => {
                for os in ["ubuntu-24.04", "ubuntu-22.04"] {
                    add(NEW_REPOSITORY, format!("{connect}-{os}"));
                }
            }
            Some(chart) if chart >= [0, 5, 0] => {
                add(OLD_REPOSITORY, format!("ubuntu2204-{connect}"));
            }
            // Charts from 0.3.5 say it in front of the version.
            Some(chart) if chart >= [0, 3, 5] => add(OLD_REPOSITORY, format!("bionic-{connect}")),
            _ => add(OLD_REPOSITORY, connect.to_string()),
        }
    }
    // The build matrix of posit-dev/images-connect as of April 2026. It says nothing of others.
    for (version, systems) in [
        ("2025.05.0", &["ubuntu-22.04"][..]),
        ("2025.06.0", &["ubuntu-22.04"]),
        ("2025.07.0", &["ubuntu-22.04"]),
        ("2025.09.1", &["ubuntu-22.04"]),
        ("2025.10.0", &["ubuntu-22.04"]),
        ("2025.11.0", &["ubuntu-22.04"]),
        ("2025.12.1", &["ubuntu-24.04", "ubuntu-22.04"]),
        ("2026.01.1", &["ubuntu-24.04", "ubuntu-22.04"]),
        ("2026.02.1", &["ubuntu-24.04", "ubuntu-22.04"]),
        ("2026.03.1", &["ubuntu-24.04", "ubuntu-22.04"]),
    ] {
        if version
            .parse()
            .is_ok_and(|version: Version| version == connect)
        {
            for os in systems {
                add(NEW_REPOSITORY, format!("{connect}-{os}"));
            }
        }
    }
    images
}

/// The images known for a Connect, where the one in question is of the public repositories and not
/// among them. Of a repository of the administrator's own nothing is known.
pub(crate) fn never_built(image: &Image, connect: &str) -> Option<Vec<String>> {
    let built = built(connect.parse().ok()?);
    let named = |image: &Image| {
        let name = [NEW_REPOSITORY, "rstudio/rstudio-connect"]
            .into_iter()
            .find(|name| image.repository.ends_with(name))?;
        Some((name, image.tag.clone()))
    };
    let wanted = named(image)?;
    let known = built.is_empty() || built.iter().any(|one| named(one).as_ref() == Some(&wanted));
    (!known).then(|| built.iter().map(ToString::to_string).collect())
}

/// The three numbers of a chart's version.
pub(crate) fn numbers(version: &str) -> Option<[u64; 3]> {
    let core = version.trim_start_matches('v').split(['-', '+']).next()?;
    let mut parts = core.split('.').map(|part| part.parse().ok());
    Some([
        parts.next()??,
        parts.next()??,
        parts.next().unwrap_or(Some(0))?,
    ])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn charts(connect: &str) -> Vec<&'static str> {
        shipping(connect.parse().unwrap()).collect()
    }

    #[test]
    fn charts_are_found_by_their_connect() {
        assert_eq!(charts("2025.09.1"), ["0.8.11", "0.8.12"]);
        assert_eq!(charts("2026.08.0"), ["0.20.13", "0.21.0"]);
        assert!(charts("1999.01.0").is_empty());
        let last = RELEASES.lines().last().unwrap();
        assert_eq!(last.split(' ').next().unwrap(), crate::chart::VERSION);
        for line in RELEASES.lines() {
            let (chart, app) = line.split_once(' ').unwrap();
            assert!(
                numbers(chart).is_some() && app.parse::<Version>().is_ok(),
                "{line}"
            );
        }
    }

    #[test]
    fn images_are_those_that_were_built() {
        let of = |connect: &str| -> Vec<String> {
            let images = built(connect.parse().unwrap());
            images.iter().map(ToString::to_string).collect()
        };
        assert_eq!(
            of("2025.09.1"),
            [
                "ghcr.io/rstudio/rstudio-connect:ubuntu2204-2025.09.1",
                "posit/connect:2025.09.1-ubuntu-22.04"
            ]
        );
        assert_eq!(
            of("2023.03.0")[0],
            "ghcr.io/rstudio/rstudio-connect:bionic-2023.03.0"
        );
        // A chart before 0.3.5, and one of each kind.
        let old = "ghcr.io/rstudio/rstudio-connect";
        assert_eq!(of("2022.08.1"), [format!("{old}:2022.08.1")]);
        assert_eq!(
            of("2022.09.0"),
            [
                format!("{old}:2022.09.0"),
                format!("{old}:bionic-2022.09.0")
            ]
        );
        assert!(of("2026.08.0").contains(&"posit/connect:2026.08.0-ubuntu-24.04".to_owned()));
        assert!(of("2027.01.0").is_empty());
    }
}
