//! The configuration file as the chart's templates make it.

use std::fmt::Write as _;

use super::carried::{NotCarried, carried};
use super::{Release, checks, config};
use crate::yaml::{Map, Value};

/// Why the chart does not render with some values.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RenderError {
    #[error("launcher.enabled and backends.kubernetes.enabled exclude each other")]
    BothBackends,
    /// Content runs in other pods, but nothing holds the data that they share.
    #[error(
        "{backend} needs storage that content pods share: set sharedStorage.create or \
         sharedStorage.mount"
    )]
    NoStorage {
        /// The values key of the backend.
        backend: &'static str,
    },
    /// `config.Kubernetes.Enabled` is false though the chart enables it.
    #[error("config.Kubernetes.Enabled is false, but backends.kubernetes.enabled is true")]
    KubernetesDisabled,
    /// Two namespaces for content.
    #[error("config.Kubernetes.Namespace is {config}, but the chart sets it to {chart}")]
    NamespaceConflict {
        config: String,
        /// What `backends.kubernetes.namespace` or the release says.
        chart: String,
    },
    /// A form of `Launcher.DataDir` that the chart no longer knows.
    #[error("config.Launcher.DataDir has a colon, which the chart no longer supports")]
    LauncherDataDir,
    #[error(
        "launcher.launcherKubernetesProfilesConf has job-json-overrides, which \
         launcher.useTemplates excludes"
    )]
    JobJsonOverrides,
    /// A sub-path that content pods would not see.
    #[error("sharedStorage.subPath has no effect on content without sharedStorage.mountContent")]
    SubPathNotMounted,
    /// A sub-path with a Connect that does not know it.
    #[error("sharedStorage.subPath needs Connect 2026.08.0 or later, not {version}")]
    SubPathTooNew {
        /// The version that would run.
        version: String,
    },
    /// A sub-path out of the volume.
    #[error("sharedStorage.subPath ({path}) must be a relative path without \"..\"")]
    SubPathNotRelative { path: String },
    /// A key that the chart no longer takes.
    #[error("{key} is no longer a value of the chart; use {instead}")]
    Removed {
        key: &'static str,
        /// What took its place.
        instead: &'static str,
    },
    /// An execution environment without a name.
    #[error("executionEnvironments[{index}].name is missing")]
    UnnamedEnvironment {
        /// Its place in the list, from 0.
        index: usize,
    },
    /// A base object of the wrong kind.
    #[error("{key}.kind must be {expected}, not {found}")]
    WrongKind {
        /// The values key of the object.
        key: &'static str,
        /// The kind that it must have.
        expected: &'static str,
        /// The kind that it has.
        found: String,
    },
    /// Chronicle's own file needs a root pod.
    #[error("chronicle.localConfig needs a pod that runs as root; see pod.securityContext")]
    ChronicleNeedsRoot,
    /// The templates stop at a value that is of another type than they expect.
    #[error("the chart's templates cannot use {path}: {problem}")]
    Template {
        /// The values key, dots between its parts.
        path: String,
        /// What is the matter with it.
        problem: &'static str,
    },
    /// The rendered file would break or change the manifest that holds it.
    #[error("{setting}: {reason}")]
    NotCarried {
        /// Section and key as the values spell them.
        setting: String,
        reason: NotCarried,
    },
}

/// The text of `rstudio-connect.gcfg` that the chart puts into its ConfigMap.
///
/// `values` are complete: the user's on top of the chart's (see [`super::coalesce`]).
///
/// # Errors
/// The chart would not render with these values.
pub fn render_gcfg(values: &Map, release: &Release) -> Result<String, RenderError> {
    checks::check(values, release)?;
    gcfg_text(&config::config(values, release)?)
}

/// Sections and settings as the chart writes them: sorted by bytes, `Key = value` without quotes, a
/// list as one line per item.
///
/// # Errors
/// A section that is a scalar, or a text that the manifest cannot hold.
pub fn gcfg_text(config: &Map) -> Result<String, RenderError> {
    let mut out = String::new();
    for (section, settings) in sorted(config) {
        check(section, section)?;
        let _ = write!(out, "[{section}]");
        match settings {
            Value::Map(settings) => {
                for (key, value) in sorted(settings) {
                    write_setting(&mut out, section, key, value)?;
                }
            }
            Value::List(items) => {
                for (index, value) in items.iter().enumerate() {
                    write_setting(&mut out, section, &index.to_string(), value)?;
                }
            }
            Value::Null => {}
            Value::Bool(_) | Value::Number(_) | Value::String(_) => {
                return Err(RenderError::Template {
                    path: format!("config.{section}"),
                    problem: "a section must be a mapping",
                });
            }
        }
        out.push_str("\n\n");
    }
    // A literal block keeps one line feed at its end.
    out.truncate(out.trim_end_matches('\n').len());
    if !out.is_empty() {
        out.push('\n');
    }
    Ok(out)
}

fn sorted(map: &Map) -> Vec<(&String, &Value)> {
    let mut entries: Vec<_> = map.iter().collect();
    entries.sort_unstable_by_key(|(key, _)| *key);
    entries
}

fn write_setting(
    out: &mut String,
    section: &str,
    key: &str,
    value: &Value,
) -> Result<(), RenderError> {
    let items = match value {
        Value::List(items) => items.as_slice(),
        other => std::slice::from_ref(other),
    };
    for item in items {
        let start = out.len();
        let _ = write!(out, "\n{key} = {}", item.printed());
        if let Err(reason) = carried(&out[start..]) {
            return Err(not_carried(format!("{section}.{key}"), reason));
        }
    }
    Ok(())
}

fn check(text: &str, name: &str) -> Result<(), RenderError> {
    carried(text).map_err(|reason| not_carried(name.to_owned(), reason))
}

fn not_carried(setting: String, reason: NotCarried) -> RenderError {
    RenderError::NotCarried {
        setting: setting.escape_debug().to_string(),
        reason,
    }
}

/// Values as templates read them: a missing key is null, but nothing can be looked up in a null.
#[derive(Debug, Clone, Copy)]
pub(super) struct Reader<'a> {
    values: &'a Map,
}

impl<'a> Reader<'a> {
    pub(super) fn new(values: &'a Map) -> Self {
        Self { values }
    }

    pub(super) fn values(self) -> &'a Map {
        self.values
    }

    pub(super) fn get(self, path: &[&str]) -> Result<&'a Value, RenderError> {
        static NULL: Value = Value::Null;
        let mut map = self.values;
        for (depth, key) in path.iter().enumerate() {
            let value = map.get(*key).unwrap_or(&NULL);
            if depth + 1 == path.len() {
                return Ok(value);
            }
            map = value
                .as_map()
                .ok_or_else(|| template(&path[..=depth], "it must be a mapping"))?;
        }
        Ok(&NULL)
    }

    pub(super) fn is_truthy(self, path: &[&str]) -> Result<bool, RenderError> {
        self.get(path).map(Value::is_truthy)
    }

    /// A value that goes into a function for strings. Null and false are taken for "not set".
    pub(super) fn string(self, path: &[&str]) -> Result<&'a str, RenderError> {
        match self.get(path)? {
            Value::String(text) => Ok(text),
            other if !other.is_truthy() => Ok(""),
            _ => Err(template(path, "it must be a string")),
        }
    }

    /// `dig section key "" .Values.config`: a missing section is none, but any other thing than a
    /// mapping in its place stops the template.
    pub(super) fn dig(self, section: &str, key: &str) -> Result<Option<&'a Value>, RenderError> {
        let Value::Map(config) = self.get(&["config"])? else {
            return Err(template(&["config"], "it must be a mapping"));
        };
        match config.get(section) {
            None => Ok(None),
            Some(Value::Map(settings)) => Ok(settings.get(key)),
            Some(_) => Err(template(&["config", section], "it must be a mapping")),
        }
    }
}

pub(super) fn template(path: &[&str], problem: &'static str) -> RenderError {
    RenderError::Template {
        path: path.join("."),
        problem,
    }
}
