//! What Helm and the plugin's own folder tell.

use std::path::Path;

use anyhow::Context as _;

use crate::check::versions::Chart;
use crate::helm::{ChartSource, Helm, HelmError};
use crate::yaml::{self, Map, Value};

/// A chart and its defaults.
pub(super) fn chart(reference: &str, helm: &Helm) -> anyhow::Result<(Chart, Map)> {
    let source = ChartSource {
        reference: reference.to_owned(),
        version: None,
        repo: None,
        flags: Vec::new(),
    };
    let shown = match helm.show_chart(&source) {
        Err(HelmError::Missing { .. }) if Path::new(reference).is_dir() => {
            return folder(Path::new(reference));
        }
        shown => shown?,
    };
    let chart = Chart {
        version: shown.version,
        app_version: shown.app_version,
    };
    Ok((chart, helm.show_values(&source)?))
}

/// Where there is no Helm, as on the old server, a chart's folder tells by itself.
fn folder(folder: &Path) -> anyhow::Result<(Chart, Map)> {
    let read = |name: &str| {
        let path = folder.join(name);
        let shown = path.display();
        let text =
            std::fs::read_to_string(&path).with_context(|| format!("cannot read {shown}"))?;
        yaml::read_values(&text).with_context(|| format!("cannot make sense of {shown}"))
    };
    let manifest = read("Chart.yaml")?;
    let text = |key: &str| manifest.get(key).map(Value::printed).unwrap_or_default();
    let chart = Chart {
        version: text("version"),
        app_version: text("appVersion"),
    };
    Ok((chart, read("values.yaml")?))
}

/// The version in the manifest of the plugin that we run as.
pub(super) fn plugin_manifest() -> Option<String> {
    let folder = std::env::var_os("HELM_PLUGIN_DIR").filter(|folder| !folder.is_empty())?;
    let text = std::fs::read_to_string(Path::new(&folder).join("plugin.yaml")).ok()?;
    let manifest = yaml::read_values(&text).ok()?;
    manifest.get("version").map(Value::printed)
}
