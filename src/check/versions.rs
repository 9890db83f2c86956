//! Versions of everything that takes part, and what depends on them.

use super::{Check, CheckCode};
use crate::connect::Version;
use crate::helm::HelmVersion;
use crate::yaml::{Map, Value};

/// The first Connect that has the Kubernetes backend (chart changelog, 0.9.0).
const KUBERNETES_BACKEND: &str = "2026.04.0";

/// The chart as far as its version matters.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Chart {
    pub version: String,
    /// The Connect version that it deploys unless told otherwise.
    pub app_version: String,
}

/// Everything that is known about versions; what is not is `None`.
#[derive(Debug, Clone, Default)]
pub(crate) struct Facts {
    /// The old server's Connect, and where that was learned.
    pub old_server: Option<(String, &'static str)>,
    /// The chart in use; the built-in one where none was given.
    pub chart: Option<Chart>,
    /// The chart of the release that runs now.
    pub installed_chart: Option<String>,
    /// What `helm version` says.
    pub helm: Option<HelmVersion>,
    /// The version in the plugin's manifest.
    pub plugin_manifest: Option<String>,
}

/// Judges the versions; `values` are complete, and absent where none were given.
#[must_use]
pub(crate) fn checks(facts: &Facts, values: Option<&Map>) -> Vec<Check> {
    vec![
        connect(facts, values),
        backend(facts, values),
        chart(facts),
        helm(facts),
        plugin(facts),
    ]
}

fn text<'a>(values: Option<&'a Map>, path: &[&str]) -> Option<&'a str> {
    let (first, rest) = path.split_first()?;
    values?
        .get(*first)?
        .at(rest)?
        .as_str()
        .filter(|text| !text.is_empty())
}

/// The Connect version that these values would deploy, and what says so.
#[must_use]
pub(crate) fn deployed(
    chart: Option<&Chart>,
    values: Option<&Map>,
) -> Option<(String, &'static str)> {
    if let Some(tag) = text(values, &["image", "tag"]) {
        // `2026.08.0-ubuntu-24.04`
        return Some((tag.to_owned(), "image.tag"));
    }
    if let Some(version) = text(values, &["versionOverride"]) {
        return Some((version.to_owned(), "versionOverride"));
    }
    chart.map(|chart| (chart.app_version.clone(), "the chart's appVersion"))
}

fn connect(facts: &Facts, values: Option<&Map>) -> Check {
    let code = CheckCode::ConnectVersion;
    let Some((old, whence)) = &facts.old_server else {
        return Check::not_asked(
            code,
            "the old server's version is not known; --connect-version VERSION, --inventory FILE or --server URL tells",
        );
    };
    let Some((new, says)) = deployed(facts.chart.as_ref(), values) else {
        return Check::not_asked(
            code,
            "the version to deploy is not known; CHART or -f FILE tells",
        );
    };
    match (old.parse::<Version>(), new.parse::<Version>()) {
        (Ok(one), Ok(other)) if one == other => Check::pass(
            code,
            format!("both servers run Connect {one} ({whence}; {says})"),
        ),
        (Ok(one), Ok(other)) => {
            let direction = if one < other {
                "the new one would change the database's schema, after which the old one cannot come back"
            } else {
                "an older Connect does not start on a newer one's database"
            };
            Check::fail(
                code,
                format!(
                    "the old server runs Connect {one} ({whence}), the new one would run {other} ({says}): {direction}"
                ),
                format!(
                    "upgrade the old server to {other} first, or deploy its version: versionOverride: \"{one}\""
                ),
            )
        }
        (_, Err(_)) => Check::warn(
            code,
            format!("{says} is {new:?}, which tells no version; the old server runs {old}"),
            "name the version in the tag, or make sure that the image holds the same Connect",
        ),
        (Err(_), _) => Check::warn(
            code,
            format!("{old:?} ({whence}) is no version"),
            "say the old server's version with --connect-version",
        ),
    }
}

fn backend(facts: &Facts, values: Option<&Map>) -> Check {
    let code = CheckCode::BackendVersion;
    let Some(values) = values else {
        return Check::not_asked(code, "no values given; -f FILE does");
    };
    let Some((version, _)) = deployed(facts.chart.as_ref(), Some(values)) else {
        return Check::not_asked(code, "the version to deploy is not known; CHART tells");
    };
    let kubernetes = values
        .get("backends")
        .and_then(|value| value.at(&["kubernetes", "enabled"]))
        .is_some_and(Value::is_truthy);
    match (
        kubernetes,
        version.parse::<Version>(),
        KUBERNETES_BACKEND.parse::<Version>(),
    ) {
        (true, Ok(version), Ok(since)) if version < since => Check::fail(
            code,
            format!(
                "backends.kubernetes needs Connect {since} or later, and {version} would be deployed"
            ),
            "use launcher.enabled with this version, or upgrade the old server first",
        ),
        (true, Err(_), _) => Check::warn(
            code,
            format!(
                "backends.kubernetes needs Connect {KUBERNETES_BACKEND} or later, and {version:?} tells no version"
            ),
            "make sure that the image holds at least that version",
        ),
        (true, _, _) => Check::pass(
            code,
            format!("Connect {version} has the Kubernetes backend"),
        ),
        (false, _, _) => Check::pass(code, format!("the Launcher works with Connect {version}")),
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

fn numbers(version: &str) -> Option<[u64; 3]> {
    let core = version.trim_start_matches('v').split(['-', '+']).next()?;
    let mut parts = core.split('.').map(|part| part.parse().ok());
    Some([
        parts.next()??,
        parts.next()??,
        parts.next().unwrap_or(Some(0))?,
    ])
}

fn chart(facts: &Facts) -> Check {
    let code = CheckCode::ChartVersion;
    let Some(chart) = &facts.chart else {
        return Check::not_asked(code, "no chart given; CHART does");
    };
    let (Some(target), Some(known)) = (numbers(&chart.version), numbers(crate::chart::VERSION))
    else {
        return Check::warn(
            code,
            format!("{:?} is no chart version", chart.version),
            "give a chart from the repository, or its folder",
        );
    };
    let newer = target > known;
    let from = facts.installed_chart.as_deref().and_then(numbers);
    let crossed: Vec<_> = BREAKING
        .iter()
        .filter_map(|(version, what)| Some((numbers(version)?, version, what)))
        .filter(|(at, ..)| *at <= target && from.is_some_and(|from| *at > from))
        .map(|(_, version, what)| format!("{version}: {what}"))
        .collect();
    if !crossed.is_empty() {
        return Check::warn(
            code,
            format!(
                "from chart {} to {} there are breaking changes",
                facts.installed_chart.as_deref().unwrap_or_default(),
                chart.version
            ),
            "go through each before the upgrade",
        )
        .details(crossed);
    }
    if newer {
        return Check::warn(
            code,
            format!(
                "chart {} is newer than {}, the newest that this plugin was made with",
                chart.version,
                crate::chart::VERSION
            ),
            "look for an update of the plugin, and read the chart's changelog for breaking changes",
        );
    }
    if target < [0, 20, 0] {
        return Check::warn(
            code,
            format!(
                "chart {} is older than 0.20.0, whose image names and runtime keys this plugin writes",
                chart.version
            ),
            format!(
                "use chart {}; `values --chart-values` takes another's defaults",
                crate::chart::VERSION
            ),
        );
    }
    Check::pass(code, format!("chart {} is known", chart.version))
}

fn helm(facts: &Facts) -> Check {
    let code = CheckCode::HelmVersion;
    let Some(helm) = &facts.helm else {
        return Check::not_asked(code, "no helm in the PATH, and not run by one");
    };
    match helm.numbers() {
        Some((3, minor)) if minor >= 17 => Check::pass(code, format!("Helm {helm}")),
        Some((4, minor)) if minor >= 1 => Check::pass(code, format!("Helm {helm}")),
        Some((major, minor)) if major > 4 || (major == 4 && minor == 0) => Check::warn(
            code,
            format!("Helm {helm} is not among those that this plugin is tested with (3.17 to 4.3)"),
            "try `template` first, and compare",
        ),
        Some(_) => Check::fail(
            code,
            format!("Helm {helm} is older than 3.17"),
            "upgrade Helm: the plugin's manifest and the chart need 3.17 or later",
        ),
        None => Check::warn(
            code,
            format!("\"{helm}\" is no Helm version"),
            "look at `helm version`",
        ),
    }
}

fn plugin(facts: &Facts) -> Check {
    let code = CheckCode::PluginVersion;
    let own = env!("CARGO_PKG_VERSION");
    match &facts.plugin_manifest {
        None => Check::pass(code, format!("connect-migrate {own}, run by itself")),
        Some(version) if version == own => Check::pass(
            code,
            format!("connect-migrate {own}, as the plugin's manifest says"),
        ),
        Some(version) => Check::fail(
            code,
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

    fn facts(old: &str, chart: &str) -> Facts {
        Facts {
            old_server: Some((old.to_owned(), "--connect-version")),
            chart: Some(Chart {
                version: chart.to_owned(),
                app_version: "2026.08.0".to_owned(),
            }),
            ..Facts::default()
        }
    }

    fn status(checks: &[Check], code: CheckCode) -> Status {
        checks.iter().find(|c| c.code == code).unwrap().status
    }

    #[test]
    fn both_servers_must_run_one_version() {
        let of = |old: &str, values: &str| {
            let values = read_values(values).unwrap();
            status(
                &checks(&facts(old, "0.21.0"), Some(&values)),
                CheckCode::ConnectVersion,
            )
        };
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
        let of = |values: &str| {
            let values = read_values(values).unwrap();
            status(
                &checks(&facts("2026.08.0", "0.21.0"), Some(&values)),
                CheckCode::BackendVersion,
            )
        };
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
        let mut facts = facts("2026.08.0", "0.21.0");
        assert_eq!(
            status(&checks(&facts, None), CheckCode::ChartVersion),
            Status::Pass
        );
        facts.installed_chart = Some("0.9.5".to_owned());
        let chart = chart(&facts);
        assert_eq!(chart.status, Status::Warn);
        assert_eq!(chart.details.len(), 2, "{chart:?}");
        facts.installed_chart = None;
        facts.chart.as_mut().unwrap().version = "0.22.0".to_owned();
        assert_eq!(super::chart(&facts).status, Status::Warn);
    }

    #[test]
    fn helms_are_known() {
        let of = |helm: &str| {
            let facts = Facts {
                helm: Some(HelmVersion::new(helm)),
                ..Facts::default()
            };
            super::helm(&facts).status
        };
        assert_eq!(of("v3.19.0+g3d8990f"), Status::Pass);
        assert_eq!(of("v4.1.4"), Status::Pass);
        assert_eq!(of("v3.9.0"), Status::Fail);
        assert_eq!(of("v5.0.0"), Status::Warn);
        assert_eq!(of("x"), Status::Warn);
    }
}
