//! What Helm and the plugin's own folder tell.

use std::path::Path;

use anyhow::Context as _;

use crate::check::versions::Chart;
use crate::cli::Global;
use crate::helm::Helm;
use crate::yaml::{self, Map, Value};

/// The helm that runs us, or the one in the PATH, where the user's flags point to.
pub(super) fn find(global: &Global) -> Helm {
    Helm::find()
        .namespace(global.namespace.as_deref())
        .kube_context(global.kube_context.as_deref())
        .kubeconfig(global.kubeconfig.as_deref())
}

/// Its version, such as `v3.19.0+g3d8990f`; `None` where there is none.
pub(super) fn version(helm: &Helm) -> Option<String> {
    let printed = helm.run(["version", "--short"]).ok()?;
    let line = printed.output.lines().next()?;
    Some(line.trim().to_owned())
}

/// The version of the chart that a release runs; `None` where there is no such release.
pub(super) fn installed_chart(helm: &Helm, release: &str) -> Option<String> {
    let printed = helm
        .run(["get", "metadata", release, "--output", "json"])
        .ok()?;
    let metadata: serde_json::Value = serde_json::from_str(&printed.output).ok()?;
    metadata.get("version")?.as_str().map(str::to_owned)
}

/// A chart and its defaults: from its folder, or through helm.
pub(super) fn chart(reference: &str, helm: &Helm) -> anyhow::Result<(Chart, Map)> {
    let folder = Path::new(reference);
    let (chart, values) = if folder.is_dir() {
        let read = |name: &str| {
            let path = folder.join(name);
            std::fs::read_to_string(&path)
                .with_context(|| format!("cannot read {}", path.display()))
        };
        (read("Chart.yaml")?, read("values.yaml")?)
    } else {
        (
            helm.run(["show", "chart", reference])?.output,
            helm.run(["show", "values", reference])?.output,
        )
    };
    let read = |what: &str, text: &str| {
        yaml::read_values(text)
            .with_context(|| format!("cannot make sense of the {what} of {reference}"))
    };
    let manifest = read("Chart.yaml", &chart)?;
    let text = |key: &str| {
        manifest
            .get(key)
            .map(Value::printed)
            .with_context(|| format!("the Chart.yaml of {reference} has no {key}"))
    };
    Ok((
        Chart {
            version: text("version")?,
            app_version: text("appVersion")?,
        },
        read("values.yaml", &values)?,
    ))
}

/// The version in the manifest of the plugin that we run as.
pub(super) fn plugin_manifest() -> Option<String> {
    let folder = std::env::var_os("HELM_PLUGIN_DIR").filter(|folder| !folder.is_empty())?;
    let text = std::fs::read_to_string(Path::new(&folder).join("plugin.yaml")).ok()?;
    let manifest = yaml::read_values(&text).ok()?;
    manifest.get("version").map(Value::printed)
}
