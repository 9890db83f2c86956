//! What Helm says about charts.

use std::ffi::OsString;
use std::path::PathBuf;

use serde::Deserialize;

use super::{Call, Helm, HelmError, Printed};
use crate::yaml::{Map, Value, read_values};

/// A chart as Helm takes it, and what Helm needs to reach it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ChartSource {
    /// A folder, an archive, `repo/name`, a URL or `oci://…`.
    pub reference: String,
    pub version: Option<String>,
    /// URL of a repository that `helm repo add` need not know.
    pub repo: Option<String>,
    /// More flags for reaching it, such as `--ca-file FILE`.
    pub flags: Vec<OsString>,
}

/// What `Chart.yaml` says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Metadata {
    pub name: String,
    pub version: String,
    /// The Connect version that it deploys unless told otherwise; empty where it says none.
    pub app_version: String,
}

/// One version of a chart in a repository.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub(crate) struct ChartVersion {
    /// `repo/name`.
    #[serde(default)]
    pub name: String,
    pub version: String,
    #[serde(default)]
    pub app_version: String,
}

/// Values for a rendering, in the order of `-f`.
#[derive(Debug, Clone)]
pub(crate) enum Layer {
    File(PathBuf),
    /// Given to Helm on its standard input; of these there can be one.
    Text(String),
}

#[derive(Debug)]
pub(crate) struct Template<'a> {
    pub release: &'a str,
    pub chart: &'a ChartSource,
    pub values: &'a [Layer],
    /// As for `--set`.
    pub sets: &'a [&'a str],
}

impl Metadata {
    /// Reads what `helm show chart` prints.
    ///
    /// # Errors
    /// It has no name or version.
    fn read(text: &str) -> Result<Self, HelmError> {
        let manifest = read("show chart", text)?;
        Self::of(&manifest).map_err(|problem| unexpected("show chart", problem))
    }

    /// Of a `Chart.yaml`.
    ///
    /// # Errors
    /// It has no name or version.
    pub(crate) fn of(manifest: &Map) -> Result<Self, String> {
        let text = |key: &str| match manifest.get(key) {
            None | Some(Value::Null) => None,
            Some(value) => Some(value.printed()),
        };
        let needed = |key: &str| text(key).ok_or_else(|| format!("there is no {key}"));
        Ok(Self {
            name: needed("name")?,
            version: needed("version")?,
            app_version: text("appVersion").unwrap_or_default(),
        })
    }
}

impl Call<'_> {
    /// Names the chart. It stands behind `--`, so that none is taken for a flag.
    fn chart(self, chart: &ChartSource, before: &[&str]) -> Self {
        let mut call = self.args(&chart.flags);
        if let Some(version) = &chart.version {
            call = call.args(["--version", version]);
        }
        if let Some(repo) = &chart.repo {
            call = call.args(["--repo", repo]);
        }
        call.arg("--").args(before).arg(&chart.reference)
    }
}

impl Helm {
    /// # Errors
    /// Helm cannot reach the chart, or its `Chart.yaml` names no name and version.
    pub(crate) fn show_chart(&self, chart: &ChartSource) -> Result<Metadata, HelmError> {
        let printed = self.call("show").arg("chart").chart(chart, &[]).capture()?;
        Metadata::read(&printed.output)
    }

    /// The chart's defaults.
    ///
    /// # Errors
    /// Helm cannot reach the chart.
    pub(crate) fn show_values(&self, chart: &ChartSource) -> Result<Map, HelmError> {
        let printed = self
            .call("show")
            .arg("values")
            .chart(chart, &[])
            .capture()?;
        read("show values", &printed.output)
    }

    /// The manifest that a chart makes of some values.
    ///
    /// # Errors
    /// Helm cannot reach the chart, or the chart refuses the values.
    pub(crate) fn template(&self, template: &Template<'_>) -> Result<Printed, HelmError> {
        let mut call = self.call("template");
        for layer in template.values {
            call = match layer {
                Layer::File(path) => call.arg("--values").arg(path),
                Layer::Text(text) => call.args(["--values", "-"]).input(text.clone()),
            };
        }
        for set in template.sets {
            call = call.args(["--set", set]);
        }
        call.chart(template.chart, &[template.release]).capture()
    }

    /// The versions of a chart in the repositories that Helm knows, the newest first. `name` is
    /// `repo/name`.
    ///
    /// # Errors
    /// Helm knows no repositories.
    pub(crate) fn chart_versions(&self, name: &str) -> Result<Vec<ChartVersion>, HelmError> {
        let printed = self
            .call("search")
            .args(["repo", "--versions", "--output", "json", "--regexp"])
            .arg(format!("\\v{}\\v", escaped(name)))
            .capture()?;
        serde_json::from_str(&printed.output)
            .map_err(|error| unexpected("search repo", error.to_string()))
    }

    /// The versions of a chart, whichever of the repositories that Helm knows has them.
    ///
    /// # Errors
    /// Helm knows no repositories.
    pub(crate) fn chart_versions_of(&self, chart: &str) -> Result<Vec<ChartVersion>, HelmError> {
        let printed = self
            .call("search")
            .args(["repo", "--versions", "--output", "json", "--", chart])
            .capture()?;
        let found: Vec<ChartVersion> = serde_json::from_str(&printed.output)
            .map_err(|error| unexpected("search repo", error.to_string()))?;
        let is_it = |found: &ChartVersion| found.name.rsplit('/').next() == Some(chart);
        Ok(found.into_iter().filter(is_it).collect())
    }

    /// The chart that a release runs.
    ///
    /// # Errors
    /// There is no such release, or the cluster does not answer.
    pub(crate) fn installed_chart(&self, release: &str) -> Result<Metadata, HelmError> {
        #[derive(Deserialize)]
        #[serde(rename_all = "camelCase")]
        struct Installed {
            chart: String,
            version: String,
            #[serde(default)]
            app_version: String,
        }
        let printed = self
            .call("get")
            .args(["metadata", "--output", "json", "--", release])
            .capture()?;
        let installed: Installed = serde_json::from_str(&printed.output)
            .map_err(|error| unexpected("get metadata", error.to_string()))?;
        Ok(Metadata {
            name: installed.chart,
            version: installed.version,
            app_version: installed.app_version,
        })
    }
}

/// A text as a regular expression that means it.
fn escaped(text: &str) -> String {
    let mut out = String::new();
    for c in text.chars() {
        if !c.is_alphanumeric() && !matches!(c, '/' | '-' | '_') {
            out.push('\\');
        }
        out.push(c);
    }
    out
}

fn read(command: &str, text: &str) -> Result<Map, HelmError> {
    read_values(text).map_err(|error| unexpected(command, error.message))
}

fn unexpected(command: &str, problem: impl Into<String>) -> HelmError {
    HelmError::Unexpected {
        command: command.to_owned(),
        problem: problem.into(),
    }
}
