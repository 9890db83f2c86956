//! Deployments and StatefulSets, read alike.

use std::collections::BTreeMap;

use k8s_openapi::api::apps::v1::{Deployment, StatefulSet};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::LabelSelector;
use serde_json::Value;

use super::json;

/// A Deployment or StatefulSet.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Workload {
    pub kind: String,
    pub name: String,
    /// What picks its pods.
    pub selector: String,
    /// The annotations that its pods get.
    pub pod_annotations: BTreeMap<String, String>,
    /// How many pods it is to have.
    pub wanted: i32,
    /// How many it has.
    pub total: i32,
    /// How many of these are of the present template.
    pub updated: i32,
    pub available: i32,
    /// Whether the controller has seen the present template.
    pub observed: bool,
    /// Why the controller has given up.
    pub gave_up: Option<String>,
    /// Whether somebody has paused its rollout.
    pub paused: bool,
    /// Why its pods are not made.
    pub refused: Option<String>,
    /// The object, as JSON.
    pub object: Value,
}

impl Workload {
    /// What lets a paused rollout go on, behind `kubectl`.
    #[must_use]
    pub(crate) fn resume_command(&self) -> String {
        let name = crate::output::shell_word(&self.name);
        format!("rollout resume {}/{name}", self.kind.to_lowercase())
    }

    /// Whether its pods are of the present template, all of them.
    #[must_use]
    pub fn is_rolled_out(&self) -> bool {
        self.observed && self.updated >= self.wanted && self.total <= self.updated
    }
}

pub(super) fn deployment(object: &Deployment) -> Workload {
    let spec = object.spec.clone().unwrap_or_default();
    let status = object.status.clone().unwrap_or_default();
    let conditions = status.conditions.unwrap_or_default();
    let gave_up = conditions
        .iter()
        .find(|c| {
            c.type_ == "Progressing" && c.reason.as_deref() == Some("ProgressDeadlineExceeded")
        })
        .map(|c| c.message.clone().unwrap_or_default());
    // A quota or an admission policy refuses the pods themselves, so that none could say why.
    let refused = conditions
        .iter()
        .find(|c| c.type_ == "ReplicaFailure" && c.status == "True")
        .and_then(|c| c.message.clone());
    Workload {
        kind: "Deployment".to_owned(),
        name: object.metadata.name.clone().unwrap_or_default(),
        selector: selector(&spec.selector),
        pod_annotations: spec
            .template
            .metadata
            .and_then(|metadata| metadata.annotations)
            .unwrap_or_default(),
        wanted: spec.replicas.unwrap_or(1),
        total: status.replicas.unwrap_or_default(),
        updated: status.updated_replicas.unwrap_or_default(),
        available: status.available_replicas.unwrap_or_default(),
        observed: status.observed_generation >= object.metadata.generation,
        gave_up,
        paused: spec.paused == Some(true),
        refused,
        object: json("apps/v1", "Deployment", object),
    }
}

pub(super) fn stateful_set(object: &StatefulSet) -> Workload {
    let spec = object.spec.clone().unwrap_or_default();
    let status = object.status.clone().unwrap_or_default();
    Workload {
        kind: "StatefulSet".to_owned(),
        name: object.metadata.name.clone().unwrap_or_default(),
        selector: selector(&spec.selector),
        pod_annotations: spec
            .template
            .metadata
            .and_then(|metadata| metadata.annotations)
            .unwrap_or_default(),
        wanted: spec.replicas.unwrap_or(1),
        total: status.replicas,
        // Once all are of the new revision, the count of updated ones is dropped.
        updated: if status.update_revision == status.current_revision {
            status.replicas
        } else {
            status.updated_replicas.unwrap_or_default()
        },
        available: status.available_replicas.unwrap_or_default(),
        observed: status.observed_generation >= object.metadata.generation,
        gave_up: None,
        paused: false,
        refused: None,
        object: json("apps/v1", "StatefulSet", object),
    }
}

/// A selector as the API takes it.
fn selector(selector: &LabelSelector) -> String {
    let labels = selector.match_labels.iter().flatten();
    let mut parts: Vec<String> = labels
        .map(|(key, value)| format!("{key}={value}"))
        .collect();
    for expression in selector.match_expressions.iter().flatten() {
        let values = expression.values.clone().unwrap_or_default().join(",");
        let key = &expression.key;
        parts.push(match expression.operator.as_str() {
            "In" => format!("{key} in ({values})"),
            "NotIn" => format!("{key} notin ({values})"),
            "DoesNotExist" => format!("!{key}"),
            _ => key.clone(),
        });
    }
    parts.join(",")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_deployment_is_read() {
        let object: Deployment = serde_json::from_value(serde_json::json!({
            "metadata": {"name": "c", "generation": 3},
            "spec": {"replicas": 2,
                "selector": {"matchLabels": {"a": "b"},
                    "matchExpressions": [{"key": "k", "operator": "In", "values": ["x", "y"]}]},
                "template": {"metadata": {"annotations": {"p": "q"}}}},
            "status": {"observedGeneration": 2, "replicas": 3, "updatedReplicas": 1,
                "conditions": [{"type": "Progressing", "status": "False",
                    "reason": "ProgressDeadlineExceeded", "message": "too slow"}]},
        }))
        .unwrap();
        let read = deployment(&object);
        assert_eq!(read.selector, "a=b,k in (x,y)");
        assert_eq!(
            (read.wanted, read.total, read.updated, read.available),
            (2, 3, 1, 0)
        );
        assert!(!read.observed);
        assert_eq!(read.gave_up.as_deref(), Some("too slow"));
        assert_eq!(read.pod_annotations["p"], "q");
    }
}
