//! What Helm and the plugin's own folder tell.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, bail};

use crate::check::versions::Chart;
use crate::cli::Global;
use crate::yaml::{self, Map, Value};

/// A helm binary.
#[derive(Debug, Clone)]
pub struct Helm(OsString);

impl Helm {
    /// The helm that runs us, or the one in the PATH, if it answers.
    pub fn find() -> Option<Self> {
        let name = std::env::var_os("HELM_BIN").unwrap_or_else(|| "helm".into());
        let helm = Self(name);
        helm.run(&["version", "--short"]).ok().map(|_| helm)
    }

    /// Its version, such as `v3.19.0+g3d8990f`.
    pub fn version(&self) -> Option<String> {
        let text = self.run(&["version", "--short"]).ok()?;
        text.lines().next().map(|line| line.trim().to_owned())
    }

    /// The version of the chart that a release runs; `None` where there is no such release.
    pub fn installed_chart(&self, release: &str, global: &Global) -> Option<String> {
        let mut arguments = vec!["get", "metadata", release, "--output", "json"];
        for (flag, value) in [
            ("--namespace", &global.namespace),
            ("--kube-context", &global.kube_context),
            ("--kubeconfig", &global.kubeconfig),
        ] {
            if let Some(value) = value.as_deref().filter(|value| !value.is_empty()) {
                arguments.extend([flag, value]);
            }
        }
        let metadata: serde_json::Value = serde_json::from_str(&self.run(&arguments).ok()?).ok()?;
        metadata.get("version")?.as_str().map(str::to_owned)
    }

    fn run(&self, arguments: &[&str]) -> anyhow::Result<String> {
        let output = Command::new(&self.0)
            .args(arguments)
            .output()
            .with_context(|| format!("cannot run {}", self.0.display()))?;
        if !output.status.success() {
            bail!(
                "helm {}: {}",
                arguments.join(" "),
                String::from_utf8_lossy(&output.stderr).trim()
            );
        }
        Ok(String::from_utf8_lossy(&output.stdout).into_owned())
    }
}

/// A chart and its defaults: from its folder, or through helm.
pub fn chart(reference: &str, helm: Option<&Helm>) -> anyhow::Result<(Chart, Map)> {
    let folder = Path::new(reference);
    let (chart, values) = if folder.is_dir() {
        let read = |name: &str| {
            let path: PathBuf = folder.join(name);
            std::fs::read_to_string(&path)
                .with_context(|| format!("cannot read {}", path.display()))
        };
        (read("Chart.yaml")?, read("values.yaml")?)
    } else {
        let helm = helm.with_context(|| {
            format!("{reference} is no folder, and there is no helm in the PATH to ask for it")
        })?;
        (
            helm.run(&["show", "chart", reference])?,
            helm.run(&["show", "values", reference])?,
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
pub fn plugin_manifest() -> Option<String> {
    let folder = std::env::var_os("HELM_PLUGIN_DIR").filter(|folder| !folder.is_empty())?;
    let text = std::fs::read_to_string(Path::new(&folder).join("plugin.yaml")).ok()?;
    let manifest = yaml::read_values(&text).ok()?;
    manifest.get("version").map(Value::printed)
}
