//! How content runs: what the chart and the Connect version have between them.

use serde::Serialize;

use super::account::Blocker;
use super::options::{Backend, BackendChoice, Options};
use super::reason;
use crate::chart::Chart;
use crate::connect::Version;
use crate::yaml::{Map, Value};

/// The first Connect that has the Kubernetes backend (chart changelog, 0.9.0).
pub(crate) const KUBERNETES_SINCE: Version = Version::new(2026, 4, 0);

/// The backend and why it is that one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct ChosenBackend {
    pub backend: Backend,
    pub reason: String,
}

/// The Connect version that will run: what is asked for, what the administrator's own values say,
/// else the chart's.
pub(super) fn connect_version(options: &Options, chart: &Chart, base: &Map) -> String {
    options
        .connect_version
        .clone()
        .unwrap_or_else(|| chart.connect_version(Some(base)).0)
}

/// Whether the chart has keys for a backend.
fn has(chart: &Chart, backend: Backend) -> bool {
    let path: &[&str] = match backend {
        Backend::Kubernetes => &["backends", "kubernetes"],
        Backend::Launcher => &["launcher"],
    };
    matches!(chart.default_at(path), Some(Value::Map(_)))
}

/// Chooses, or judges what was chosen.
pub(super) fn choose(
    options: &Options,
    chart: &Chart,
    base: &Map,
) -> (ChosenBackend, Option<Blocker>) {
    let text = connect_version(options, chart, base);
    let version: Option<Version> = text.parse().ok();
    let old = version.is_some_and(|version| version < KUBERNETES_SINCE);
    let name = chart.proof();
    let chart_name = format!("chart {}", name.chart_version);
    let (backend, reason) = match options.backend {
        BackendChoice::Kubernetes => (Backend::Kubernetes, "as --backend says".to_owned()),
        BackendChoice::Launcher => (Backend::Launcher, "as --backend says".to_owned()),
        BackendChoice::Auto if !has(chart, Backend::Kubernetes) => (
            Backend::Launcher,
            format!("{chart_name} has no backends.kubernetes"),
        ),
        BackendChoice::Auto if old => (
            Backend::Launcher,
            format!(
                "Connect {text} is older than {KUBERNETES_SINCE}, the first with the Kubernetes backend"
            ),
        ),
        BackendChoice::Auto => (
            Backend::Kubernetes,
            format!("{chart_name} has backends.kubernetes, and Connect {text} knows it"),
        ),
    };
    let blocked = |reason: String| Blocker {
        setting: backend.enabled_key().to_owned(),
        code: reason::BACKEND.into(),
        reason,
    };
    let blocker = if !has(chart, backend) {
        let instead = match backend {
            Backend::Kubernetes => "--backend launcher, or chart 0.9.0 or later",
            Backend::Launcher => "--backend kubernetes, or an older chart",
        };
        Some(blocked(format!(
            "{chart_name} has no such backend: use {instead}"
        )))
    } else if backend == Backend::Kubernetes && old {
        Some(blocked(format!(
            "Connect {text} does not have this backend, which came with {KUBERNETES_SINCE}: use --backend launcher, or upgrade the old server first"
        )))
    } else {
        None
    };
    (ChosenBackend { backend, reason }, blocker)
}
