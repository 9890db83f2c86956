//! Versions of everything that takes part, and what depends on them.

use std::path::Path;

use super::Judgement;
use crate::chart::{self, Chart, never_built, numbers};
use crate::connect::Version;
use crate::convert::KUBERNETES_SINCE;
use crate::helm::{Helm, HelmError, HelmVersion};
use crate::yaml::{Map, Value, read_values};

/// Everything that is known about versions; what is not is `None`.
#[derive(Debug, Clone, Default)]
pub(crate) struct VersionsInUse {
    /// The old server's Connect, and where that was learned.
    pub old_server: Option<(String, &'static str)>,
    /// The chart of the release that runs now.
    pub installed_chart: Option<String>,
    /// What `helm version` says.
    pub helm: Option<HelmVersion>,
    /// The version in the plugin's manifest.
    pub plugin_manifest: Option<String>,
}

impl VersionsInUse {
    /// What this machine and the release tell.
    ///
    /// # Errors
    /// There is a Helm, and it cannot be run.
    pub(super) fn of(helm: &Helm, release: Option<&str>) -> Result<Self, HelmError> {
        Ok(Self {
            old_server: None,
            installed_chart: release
                .and_then(|release| Some(helm.installed_chart(release).ok()?.version)),
            helm: match helm.version() {
                Ok(version) => Some(version),
                Err(HelmError::Missing { .. }) => None,
                Err(error) => return Err(error),
            },
            plugin_manifest: plugin_manifest(),
        })
    }
}

/// The version in the manifest of the plugin that we run as.
fn plugin_manifest() -> Option<String> {
    let folder = std::env::var_os("HELM_PLUGIN_DIR").filter(|folder| !folder.is_empty())?;
    let text = std::fs::read_to_string(Path::new(&folder).join("plugin.yaml")).ok()?;
    let manifest = read_values(&text).ok()?;
    manifest.get("version").map(Value::printed)
}

/// The versions, and what would be deployed.
#[derive(Debug)]
pub(super) struct VersionFacts<'a> {
    pub in_use: &'a VersionsInUse,
    pub chart: &'a Chart,
    /// Complete, and absent where none were given.
    pub values: Option<&'a Map>,
}

pub(super) fn connect(
    &VersionFacts {
        in_use,
        chart,
        values,
    }: &VersionFacts<'_>,
) -> Judgement {
    let Some((old, place)) = &in_use.old_server else {
        return Judgement::not_asked(
            "the old server's version is not known; --connect-version VERSION, --inventory FILE or --server URL tells",
        );
    };
    let (new, says) = chart.connect_version(values);
    match (old.parse::<Version>(), new.parse::<Version>()) {
        (Ok(one), Ok(other)) if one == other => {
            Judgement::pass(format!("both servers run Connect {one} ({place}; {says})"))
        }
        (Ok(one), Ok(other)) => {
            let direction = if one < other {
                "the new one would change the database's schema, after which the old one cannot come back"
            } else {
                "an older Connect does not start on a newer one's database"
            };
            Judgement::fail(
                format!(
                    "the old server runs Connect {one} ({place}), the new one would run {other} ({says}): {direction}"
                ),
                deploy(chart, one, other),
            )
        }
        (_, Err(_)) => Judgement::warn(
            format!("{says} is {new:?}, which tells no version; the old server runs {old}"),
            "name the version in the tag, or make sure that the image holds the same Connect",
        ),
        (Err(_), _) => Judgement::warn(
            format!("{old:?} ({place}) is no version"),
            "say the old server's version with --connect-version",
        ),
    }
}

/// How to come to the same version: by another chart, where one ships it.
fn deploy(chart: &Chart, old: Version, new: Version) -> String {
    let charts = chart.shipping(old);
    match charts.as_slice() {
        [] => format!(
            "upgrade the old server to {new} first, or deploy its version: versionOverride: \"{old}\""
        ),
        charts => format!(
            "deploy chart {}, which ships {old}; or upgrade the old server to {new} first",
            charts.join(" or ")
        ),
    }
}

/// Whether the image that would be pulled is one that was built.
pub(super) fn image(&VersionFacts { chart, values, .. }: &VersionFacts<'_>) -> Judgement {
    let (version, _) = chart.connect_version(values);
    let none = Map::new();
    let Some(image) = chart.image(&version, values.unwrap_or(&none)) else {
        return Judgement::not_asked("the chart names no image");
    };
    match never_built(&image, &version) {
        None => Judgement::pass(format!("the pod pulls {image}")),
        Some(known) => Judgement::warn(
            format!(
                "the pod would pull {image}, which is not among the images known for Connect {version}"
            ),
            format!(
                "take one of them, by the chart that ships it or with image.repository and image.tag: {}; or make sure that your registry has this one",
                known.join(", ")
            ),
        ),
    }
}

pub(super) fn backend(&VersionFacts { chart, values, .. }: &VersionFacts<'_>) -> Judgement {
    let Some(values) = values else {
        return Judgement::not_asked("no values given; -f FILE does");
    };
    let (version, _) = chart.connect_version(Some(values));
    let kubernetes = values
        .get("backends")
        .and_then(|value| value.at(&["kubernetes", "enabled"]))
        .is_some_and(Value::is_truthy);
    if !kubernetes {
        return Judgement::pass(format!("the Launcher works with Connect {version}"));
    }
    match version.parse::<Version>() {
        Ok(version) if version < KUBERNETES_SINCE => Judgement::fail(
            format!(
                "backends.kubernetes needs Connect {KUBERNETES_SINCE} or later, and {version} would be deployed"
            ),
            "use launcher.enabled with this version, or upgrade the old server first",
        ),
        Err(_) => Judgement::warn(
            format!(
                "backends.kubernetes needs Connect {KUBERNETES_SINCE} or later, and {version:?} tells no version"
            ),
            "make sure that the image holds at least that version",
        ),
        Ok(_) => Judgement::pass(format!("Connect {version} has the Kubernetes backend")),
    }
}

/// Breaking changes, by the chart version that brought them (the chart's changelog).
const BREAKING: [(&str, &str); 3] = [
    (
        "0.9.1",
        "launcher.customRuntimeYaml has no default any more: name images under executionEnvironments",
    ),
    (
        "0.20.0",
        "images come from posit/*, tags are VERSION-OS, tagPrefix became image.os; launcher.customRuntimeYaml and additionalRuntimeImages are gone in favour of executionEnvironments",
    ),
    (
        "0.20.1",
        "backends.kubernetes is on and launcher off by default; service accounts of content need the label connect.posit.co/service-account",
    ),
];

pub(super) fn chart(&VersionFacts { in_use, chart, .. }: &VersionFacts<'_>) -> Judgement {
    let version = chart.version();
    let (Some(target), Some(known)) = (numbers(version), numbers(chart::VERSION)) else {
        return Judgement::warn(
            format!("{version:?} is no chart version"),
            "give a chart from the repository, or its folder",
        );
    };
    let from = in_use.installed_chart.as_deref().and_then(numbers);
    let crossed: Vec<_> = BREAKING
        .iter()
        .filter_map(|(version, what)| Some((numbers(version)?, version, what)))
        .filter(|(at, ..)| *at <= target && from.is_some_and(|from| *at > from))
        .map(|(_, version, what)| format!("{version}: {what}"))
        .collect();
    if !crossed.is_empty() {
        return Judgement::warn(
            format!(
                "from chart {} to {version} there are breaking changes",
                in_use.installed_chart.as_deref().unwrap_or_default(),
            ),
            "go through each before the upgrade",
        )
        .details(crossed);
    }
    let proof = chart.proof().words;
    if !chart.is_judged_by_helm() {
        return Judgement::not_asked(format!(
            "the chart itself was not asked: these checks are by {proof}"
        ));
    }
    if target > known {
        return Judgement::pass(format!(
            "{proof}; it is newer than {}, so look into its changelog",
            chart::VERSION
        ));
    }
    Judgement::pass(proof)
}

pub(super) fn helm(&VersionFacts { in_use, .. }: &VersionFacts<'_>) -> Judgement {
    let Some(helm) = &in_use.helm else {
        return Judgement::not_asked("no helm in the PATH, and not run by one");
    };
    match helm.numbers() {
        Some((3, minor)) if minor >= 17 => Judgement::pass(format!("Helm {helm}")),
        Some((4, minor)) if minor >= 1 => Judgement::pass(format!("Helm {helm}")),
        Some((major, minor)) if major > 4 || (major == 4 && minor == 0) => Judgement::warn(
            format!("Helm {helm} is not among those that this plugin is tested with (3.17 to 4.3)"),
            "try `template` first, and compare",
        ),
        Some(_) => Judgement::fail(
            format!("Helm {helm} is older than 3.17"),
            "upgrade Helm: the plugin's manifest and the chart need 3.17 or later",
        ),
        None => Judgement::warn(
            format!("\"{helm}\" is no Helm version"),
            "look at `helm version`",
        ),
    }
}

pub(super) fn plugin(&VersionFacts { in_use, .. }: &VersionFacts<'_>) -> Judgement {
    let own = env!("CARGO_PKG_VERSION");
    match &in_use.plugin_manifest {
        None => Judgement::pass(format!("connect-migrate {own}, run by itself")),
        Some(version) if version == own => Judgement::pass(format!(
            "connect-migrate {own}, as the plugin's manifest says"
        )),
        Some(version) => Judgement::fail(
            format!("the plugin's manifest is of version {version}, the binary of {own}"),
            "install the plugin again",
        )
        .command("helm plugin uninstall connect-migrate && helm plugin install …"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::Status;
    use crate::yaml::read_values;

    fn facts(old: &str) -> VersionsInUse {
        VersionsInUse {
            old_server: Some((old.to_owned(), "--connect-version")),
            ..VersionsInUse::default()
        }
    }

    /// By the rules of the built-in chart.
    fn of(
        judge: impl Fn(&VersionFacts<'_>) -> Judgement,
        in_use: &VersionsInUse,
        values: Option<&str>,
    ) -> Judgement {
        judge(&VersionFacts {
            in_use,
            chart: &Chart::built_in().unwrap(),
            values: values.map(|text| read_values(text).unwrap()).as_ref(),
        })
    }

    #[test]
    fn both_servers_must_run_one_version() {
        let of = |old: &str, values: &str| of(connect, &facts(old), Some(values)).status;
        assert_eq!(of("2026.08.0", ""), Status::Pass);
        assert_eq!(of("2026.8.0", ""), Status::Pass);
        assert_eq!(of("2025.09.1", ""), Status::Fail);
        assert_eq!(of("2025.09.1", "versionOverride: 2025.09.1"), Status::Pass);
        assert_eq!(of("2026.08.0", "versionOverride: 2025.09.1"), Status::Fail);
        assert_eq!(
            of("2025.09.1", "image: {tag: 2025.09.1-ubuntu-22.04}"),
            Status::Pass
        );
        assert_eq!(of("2026.08.0", "image: {tag: mine}"), Status::Warn);
    }

    #[test]
    fn the_kubernetes_backend_needs_a_new_connect() {
        let of = |values: &str| of(backend, &facts("2026.08.0"), Some(values)).status;
        let on = "backends: {kubernetes: {enabled: true}}";
        assert_eq!(of(on), Status::Pass);
        assert_eq!(
            of(&format!("{on}\nversionOverride: 2026.03.1")),
            Status::Fail
        );
        assert_eq!(
            of("launcher: {enabled: true}\nversionOverride: 2024.03.1"),
            Status::Pass
        );
    }

    #[test]
    fn breaking_changes_between_charts_are_named() {
        let mut facts = facts("2026.08.0");
        // Nobody asked the chart itself.
        assert_eq!(of(chart, &facts, None).status, Status::NotAsked);
        facts.installed_chart = Some("0.9.5".to_owned());
        let crossed = of(chart, &facts, None);
        assert_eq!(crossed.status, Status::Warn);
        assert_eq!(crossed.details.len(), 2, "{crossed:?}");
    }

    #[test]
    fn the_chart_that_ships_the_old_connect_is_named() {
        let check = of(connect, &facts("2025.09.1"), None);
        assert_eq!(check.status, Status::Fail);
        let remedy = check.remedy.unwrap();
        assert!(remedy.contains("chart 0.8.11 or 0.8.12"), "{remedy}");
    }

    #[test]
    fn an_image_that_was_never_built_is_warned_of() {
        let of = |values: &str| of(image, &VersionsInUse::default(), Some(values)).status;
        assert_eq!(of(""), Status::Pass);
        assert_eq!(of("versionOverride: 2025.09.1"), Status::Warn);
        assert_eq!(
            of("{versionOverride: 2025.09.1, image: {os: ubuntu-22.04}}"),
            Status::Pass
        );
        assert_eq!(
            of("{versionOverride: 2025.09.1, image: {repository: registry.example.com/x}}"),
            Status::Pass
        );
    }

    #[test]
    fn helms_are_known() {
        let of = |text: &str| {
            let in_use = VersionsInUse {
                helm: Some(HelmVersion::new(text)),
                ..VersionsInUse::default()
            };
            of(helm, &in_use, None).status
        };
        assert_eq!(of("v3.19.0+g3d8990f"), Status::Pass);
        assert_eq!(of("v4.1.4"), Status::Pass);
        assert_eq!(of("v3.9.0"), Status::Fail);
        assert_eq!(of("v5.0.0"), Status::Warn);
        assert_eq!(of("x"), Status::Warn);
    }
}
