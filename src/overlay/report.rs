//! What a run did, for the log, for the wrapper and for the one who asks.

use serde::{Deserialize, Serialize};
use serde_json::Value;

/// What a run did. It holds no secrets: credentials are not laid, and messages name places only.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct RunReport {
    /// When, in RFC 3339.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub time: Option<String>,
    pub version: String,
    pub result: Result,
    /// Documents in the stream that hold something.
    pub documents: usize,
    /// The configurations that the settings were laid over.
    #[serde(default)]
    pub config_maps: Vec<ConfigMap>,
    /// Why it was refused or passed through.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
}

/// Whether what was laid has been applied.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum RunKind {
    Applied,
    DryRun,
}

/// How a run ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub enum Result {
    /// The settings were laid.
    Applied,
    /// There was nothing to do, and that was in order.
    PassedThrough,
    /// The stream was refused, and Helm stopped.
    Refused,
}

/// What was done to one configuration.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct ConfigMap {
    /// `None` where the manifest leaves it to Helm.
    pub namespace: Option<String>,
    pub name: String,
    /// Whether the stream came with the overlay on.
    pub already_on: bool,
    pub settings: Vec<Setting>,
    /// What restarts with it, as `Deployment/name`.
    pub workloads: Vec<String>,
}

/// What was done to one setting.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct Setting {
    pub setting: String,
    /// What it was: null (absent), true (a key alone) or its value.
    pub was: Value,
    pub now: String,
}

impl RunReport {
    /// A report without particulars yet.
    #[must_use]
    pub fn new(result: Result, documents: usize) -> Self {
        Self {
            time: None,
            version: env!("CARGO_PKG_VERSION").to_owned(),
            result,
            documents,
            config_maps: Vec::new(),
            message: None,
        }
    }

    /// The report of a refusal.
    #[must_use]
    pub fn refused(message: String, documents: usize) -> Self {
        Self {
            message: Some(message),
            ..Self::new(Result::Refused, documents)
        }
    }

    #[must_use]
    pub(crate) fn is_refused(&self) -> bool {
        self.result == Result::Refused
    }

    /// The report for people, in lines without a line feed at the end.
    #[must_use]
    pub(crate) fn text(&self, kind: RunKind) -> String {
        let mut lines = Vec::new();
        match (self.result, &self.message) {
            (Result::Refused, message) => {
                let message = message.as_deref().unwrap_or("no reason was recorded");
                lines.push(format!("Refused: {message}"));
            }
            (Result::PassedThrough, message) => {
                let message = message.as_deref().unwrap_or("nothing to do");
                lines.push(format!("Passed through unchanged: {message}"));
            }
            (Result::Applied, _) => {}
        }
        for config in &self.config_maps {
            let namespace = config.namespace.as_ref();
            let namespace = namespace.map(|n| format!("{n}/")).unwrap_or_default();
            lines.push(format!(
                "Temporary settings {} on in the ConfigMap {namespace}{}:",
                match kind {
                    RunKind::Applied => "are",
                    RunKind::DryRun => "would be",
                },
                config.name
            ));
            for setting in &config.settings {
                let was = match &setting.was {
                    Value::Null => "was not set".to_owned(),
                    Value::String(text) => format!("was {text}"),
                    _ => "was a key without a value".to_owned(),
                };
                lines.push(format!("  {} = {} ({was})", setting.setting, setting.now));
            }
            if !config.workloads.is_empty() {
                lines.push(format!(
                    "  restarts with it: {}",
                    config.workloads.join(", ")
                ));
            }
        }
        lines.join("\n")
    }
}
