//! The environment variables that the chart gives to the server.

use super::render::{Reader, RenderError, template};
use crate::yaml::{Map, Value};

/// An environment variable of the server's container.
#[derive(Debug, Clone, PartialEq)]
pub struct Variable {
    pub name: String,
    /// Where its value comes from.
    pub value: VariableValue,
}

/// Where the value of an environment variable comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum VariableValue {
    Text(String),
    /// A key of a Secret.
    Secret {
        /// Name of the Secret.
        name: String,
        key: String,
    },
    /// A key of a ConfigMap.
    ConfigMap {
        /// Name of the ConfigMap.
        name: String,
        key: String,
    },
    /// Something that only the cluster knows, such as the pod's address.
    Cluster,
}

/// The variables of `pod.env`, and the one that the chart adds for `OpenTelemetry.Enabled`.
///
/// # Errors
/// `pod.env` is no list of variables.
pub fn environment(values: &Map) -> Result<Vec<Variable>, RenderError> {
    let reader = Reader::new(values);
    let mut variables = Vec::new();
    let own = reader.get(&["pod", "env"])?;
    if own.is_truthy() {
        let items = own
            .as_list()
            .ok_or_else(|| template(&["pod", "env"], "it must be a list"))?;
        for item in items {
            variables.extend(variable(item));
        }
    }
    let advertised = "CONNECT_OPENTELEMETRY_COLLECTORADVERTISEHOST";
    let telemetry = reader.dig("OpenTelemetry", "Enabled")?;
    if telemetry.is_some_and(Value::is_truthy)
        && variables.iter().all(|variable| variable.name != advertised)
    {
        variables.push(Variable {
            name: advertised.to_owned(),
            value: VariableValue::Cluster,
        });
    }
    Ok(variables)
}

/// One entry of a container's `env`; `None` for what has no name.
#[must_use]
pub fn variable(entry: &Value) -> Option<Variable> {
    let name = entry.get("name")?.as_str()?.to_owned();
    let reference = |kind: &str| {
        let reference = entry.at(&["valueFrom", kind])?;
        let text = |key| reference.get(key).map(Value::printed).unwrap_or_default();
        Some((text("name"), text("key")))
    };
    let value = if let Some((name, key)) = reference("secretKeyRef") {
        VariableValue::Secret { name, key }
    } else if let Some((name, key)) = reference("configMapKeyRef") {
        VariableValue::ConfigMap { name, key }
    } else if entry.get("valueFrom").is_some_and(Value::is_truthy) {
        VariableValue::Cluster
    } else {
        let text = entry.get("value").map(Value::printed);
        VariableValue::Text(text.unwrap_or_default())
    };
    Some(Variable { name, value })
}
