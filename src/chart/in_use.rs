//! The chart that is deployed, and who judges what it makes of values: the chart itself by Helm, or
//! our own rules.

use std::path::Path;
use std::sync::Arc;

use anyhow::{Context as _, anyhow};
use serde::Serialize;

use super::{
    Release, RenderError, ValuesFile, Variable, coalesce, config, defaults, environment, gcfg_text,
    refusals,
};
use crate::diagnostic::read_text;
use crate::helm::{ChartSource, ChartVersion, Helm, HelmError, HelmVersion, Metadata, Template};
use crate::settings::secrecy::text_exposes;
use crate::source::SourceFile;
use crate::yaml::{Map, Value};

/// The chart that is deployed.
#[derive(Debug)]
pub struct Chart {
    pub(super) metadata: Metadata,
    defaults: Map,
    judge: Judge,
    /// Other versions of it that Helm's repositories have.
    pub(super) published: Vec<ChartVersion>,
}

#[derive(Debug)]
enum Judge {
    /// Our rules, since nobody named a chart.
    Rules,
    /// Our rules, since there is no Helm; the chart was named so.
    RulesWithoutHelm(String),
    Helm {
        helm: Helm,
        source: ChartSource,
        version: HelmVersion,
    },
}

/// What a rendering is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Purpose {
    /// The configuration alone: where the values name no volume, one is assumed, since the chart
    /// would refuse to render without.
    Configuration,
    /// What would be deployed, with every refusal.
    Deployment,
}

/// What a chart made of values.
#[derive(Debug)]
pub(crate) enum Rendered {
    Manifest {
        text: String,
        /// What Helm had to say beside.
        warnings: String,
    },
    /// By our rules: the configuration file, and the server's environment.
    Configuration {
        gcfg: String,
        variables: Vec<Variable>,
    },
}

#[derive(Debug, thiserror::Error)]
pub(crate) enum RenderFailure {
    #[error(transparent)]
    Rules(#[from] RenderError),
    #[error(transparent)]
    Helm(#[from] HelmError),
}

/// Who proved the values, for account and file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct Proof {
    pub chart: String,
    pub chart_version: String,
    pub app_version: String,
    /// `None` where our own rules did.
    pub helm: Option<String>,
    /// In a sentence, with what to do for a better one.
    pub words: String,
}

impl Chart {
    /// The chart that our rules were written from.
    ///
    /// # Errors
    /// Never, as a test makes sure; its defaults are read like any others.
    pub fn built_in() -> anyhow::Result<Self> {
        Ok(Self {
            metadata: Metadata {
                name: "rstudio-connect".to_owned(),
                version: super::VERSION.to_owned(),
                app_version: super::APP_VERSION.to_owned(),
            },
            defaults: defaults().context("internal error: the built-in defaults")?,
            judge: Judge::Rules,
            published: Vec::new(),
        })
    }

    /// Asks Helm for a chart. Without one, and without a Helm, our own rules serve.
    ///
    /// # Errors
    /// Helm cannot reach the chart, or it is not one of Connect.
    pub(crate) fn ask(helm: &Helm, source: Option<&ChartSource>) -> anyhow::Result<Self> {
        let Some(source) = source else {
            return Self::built_in();
        };
        let reference = &source.reference;
        let chart = match helm.version() {
            Ok(version) => Self {
                metadata: helm.show_chart(source)?,
                defaults: helm.show_values(source)?,
                judge: Judge::Helm {
                    helm: helm.clone(),
                    source: source.clone(),
                    version,
                },
                // Whoever has no such repository has another form of reference.
                published: helm.chart_versions(reference).unwrap_or_default(),
            },
            Err(HelmError::Missing { .. }) if Path::new(reference).is_dir() => Self {
                metadata: Metadata::of(&part(reference, "Chart.yaml")?).map_err(|problem| {
                    anyhow!("{reference}/Chart.yaml is no chart's: {problem}")
                })?,
                defaults: part(reference, "values.yaml")?,
                judge: Judge::RulesWithoutHelm(shown(reference)),
                published: Vec::new(),
            },
            // What only Helm can reach says nothing here.
            Err(HelmError::Missing { .. }) => Self {
                judge: Judge::RulesWithoutHelm(shown(reference)),
                ..Self::built_in()?
            },
            Err(error) => return Err(error.into()),
        };
        if !matches!(chart.defaults.get("config"), Some(Value::Map(_))) {
            anyhow::bail!(
                "chart {} ({}) has no values for Connect's configuration (config): name the chart rstudio-connect itself, also where it is a part of another",
                chart.metadata.name,
                shown(reference)
            );
        }
        Ok(chart)
    }

    #[must_use]
    pub fn defaults(&self) -> &Map {
        &self.defaults
    }

    #[must_use]
    pub(crate) fn version(&self) -> &str {
        &self.metadata.version
    }

    /// Whether Helm judges.
    #[must_use]
    pub(crate) const fn is_judged_by_helm(&self) -> bool {
        matches!(self.judge, Judge::Helm { .. })
    }

    /// The value of a default; `None` where the chart knows no such key.
    #[must_use]
    pub(crate) fn default_at(&self, path: &[&str]) -> Option<&Value> {
        let (first, rest) = path.split_first()?;
        self.defaults.get(*first)?.at(rest)
    }

    /// A release of it.
    #[must_use]
    pub(crate) fn release(&self, name: &str, namespace: Option<&str>) -> Release {
        let mut release = Release::new(name, namespace.unwrap_or("default"));
        release.app_version = self.app_version().to_owned();
        release
    }

    /// Who judges.
    #[must_use]
    pub(crate) fn proof(&self) -> Proof {
        let Metadata {
            name,
            version,
            app_version,
        } = &self.metadata;
        let rules = format!("our own rules of chart rstudio-connect {}", super::VERSION);
        let (helm, words) = match &self.judge {
            Judge::Helm { version: helm, .. } => (
                Some(helm.to_string()),
                format!("chart {name} {version}, rendered by Helm {helm}"),
            ),
            Judge::Rules => (
                None,
                format!(
                    "{rules}; name the chart that you deploy (CHART, --chart-version) and Helm renders it"
                ),
            ),
            Judge::RulesWithoutHelm(reference) => (
                None,
                format!(
                    "{rules}, since there is no Helm here; where there is one, run it again with {reference}"
                ),
            ),
        };
        Proof {
            chart: name.clone(),
            chart_version: version.clone(),
            app_version: app_version.clone(),
            helm,
            words,
        }
    }

    /// What it makes of some values.
    ///
    /// # Errors
    /// It refuses the values.
    pub(crate) fn render(
        &self,
        release: &Release,
        files: &[&ValuesFile],
        purpose: Purpose,
    ) -> Result<Rendered, RenderFailure> {
        let merged = ValuesFile::merged(files.iter().copied());
        let stand_in = purpose == Purpose::Configuration && !names_storage(&merged);
        if let Judge::Helm { helm, source, .. } = &self.judge {
            let printed = helm.template(&Template {
                release: &release.name,
                chart: source,
                values: &ValuesFile::layers(files),
                sets: if stand_in {
                    &["sharedStorage.mount=true"]
                } else {
                    &[]
                },
            })?;
            return Ok(Rendered::Manifest {
                text: printed.output,
                warnings: printed.warnings,
            });
        }
        if purpose == Purpose::Deployment
            && let Some(refusal) = self.refusals(release, merged.clone()).into_iter().next()
        {
            return Err(refusal.into());
        }
        let values = coalesce(&self.readable_defaults(), merged);
        let gcfg = gcfg_text(&config(&values, release)?)?;
        Ok(Rendered::Configuration {
            gcfg,
            variables: environment(&values)?,
        })
    }

    /// Why the chart would refuse some values, by our rules, storage apart; `None` where Helm is the
    /// judge.
    pub(crate) fn refusal(&self, release: &Release, files: &[&ValuesFile]) -> Option<RenderError> {
        if self.is_judged_by_helm() {
            return None;
        }
        self.refusals(release, ValuesFile::merged(files.iter().copied()))
            .into_iter()
            .find(|error| !matches!(error, RenderError::NoStorage { .. }))
    }

    /// What our rules say against some values. What they say against the defaults of a chart by
    /// themselves is none: the chart renders with them, so it is another than the rules'.
    fn refusals(&self, release: &Release, values: Map) -> Vec<RenderError> {
        let mut refusals = refusals(&coalesce(&self.readable_defaults(), values), release);
        if !self.is_the_rules_own() {
            let own = refusals_of_defaults(&self.readable_defaults(), release);
            refusals.retain(|refusal| !own.contains(refusal));
        }
        refusals
    }

    /// Whether it is the chart that our rules were written from.
    fn is_the_rules_own(&self) -> bool {
        self.metadata.version == super::VERSION
    }

    /// The defaults as our rules can read them: a chart of another age lacks mappings that they look
    /// into.
    fn readable_defaults(&self) -> Map {
        let mut readable = self.defaults.clone();
        if !self.is_the_rules_own() {
            for path in [
                &["config", "Launcher"][..],
                &["backends", "kubernetes", "defaultInitContainer"],
                &["chronicle"],
                &["image"],
                &["launcher", "defaultInitContainer"],
                &["license"],
                &["pod", "securityContext"],
                &["prometheus"],
                &["sharedStorage"],
            ] {
                add_mappings(&mut readable, path);
            }
        }
        readable
    }
}

fn refusals_of_defaults(defaults: &Map, release: &Release) -> Vec<RenderError> {
    let mut refusals = refusals(&coalesce(defaults, Map::new()), release);
    // No chart says by default where its data lies.
    refusals.retain(|refusal| !matches!(refusal, RenderError::NoStorage { .. }));
    refusals
}

/// Makes the parts of a path mappings, where there is nothing.
fn add_mappings(values: &mut Map, path: &[&str]) {
    let Some((first, rest)) = path.split_first() else {
        return;
    };
    let slot = values
        .entry((*first).to_owned())
        .or_insert_with(|| Value::Map(Map::new()));
    if let Value::Map(inner) = slot {
        add_mappings(inner, rest);
    }
}

fn names_storage(values: &Map) -> bool {
    ["create", "mount"].iter().any(|key| {
        let storage = values.get("sharedStorage");
        storage
            .and_then(|storage| storage.get(key))
            .is_some_and(Value::is_truthy)
    })
}

/// A chart as it was typed, unless that may hold a credential: a URL may have a user or token in it.
fn shown(reference: &str) -> String {
    if text_exposes(reference) {
        "the chart that you named".to_owned()
    } else {
        reference.to_owned()
    }
}

/// A file of a chart's folder.
fn part(folder: &str, name: &str) -> anyhow::Result<Map> {
    let path = Path::new(folder).join(name);
    let source = SourceFile::new(path.display().to_string(), read_text(&path)?);
    Ok(ValuesFile::read(Arc::new(source), None)?.values)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whether_there_is_storage_is_no_refusal_and_hides_none() {
        let chart = Chart::built_in().unwrap();
        let release = chart.release("connect", None);
        let refusal = |text: &str| {
            let file = ValuesFile::of_text("v.yaml", text).unwrap();
            chart.refusal(&release, &[&file])
        };
        assert!(refusal("").is_none());
        let refused = refusal("image: {tagPrefix: x}");
        assert!(matches!(refused, Some(RenderError::Removed { .. })));
    }
}
