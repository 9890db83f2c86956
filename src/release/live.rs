//! The objects of a release that are alive.

use std::collections::BTreeMap;

use jiff::Timestamp;
use k8s_openapi::api::apps::v1::{Deployment, StatefulSet};
use k8s_openapi::api::core::v1::{ConfigMap, Pod, Service};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::LabelSelector;
use kube::Api;
use kube::api::{ListParams, PatchParams};
use serde_json::Value;

use super::access::{AccessError, Cluster};

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

/// The pods of a workload.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Pods {
    /// Each that is not on its way out.
    pub pods: Vec<PodState>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PodState {
    pub name: String,
    pub ready: bool,
    pub annotations: BTreeMap<String, String>,
    /// By ConfigMap: since when the containers run that mount it. `None` where one of them does not.
    pub started: BTreeMap<String, Option<Timestamp>>,
    /// Why it does not start, in Kubernetes' words.
    pub trouble: Option<String>,
    /// Its containers' ports by name.
    pub ports: Vec<(Option<String>, u16)>,
}

impl Cluster {
    /// A ConfigMap as JSON.
    ///
    /// # Errors
    /// It is not there, or not to be had.
    pub async fn config_map(&self, name: &str) -> Result<Value, AccessError> {
        let api: Api<ConfigMap> = Api::namespaced(self.client.clone(), &self.namespace);
        let what = self.get("the ConfigMap", name);
        let object = api.get(name).await.map_err(|e| self.explain(&what, e))?;
        Ok(json("v1", "ConfigMap", &object))
    }

    /// Every ConfigMap, Deployment and StatefulSet of the namespace, as one `List`.
    ///
    /// # Errors
    /// They cannot be listed.
    pub async fn configured(&self) -> Result<Value, AccessError> {
        let all = ListParams::default();
        let mut items = Vec::new();
        macro_rules! list {
            ($kind:ty, $version:literal, $name:literal) => {{
                let api: Api<$kind> = Api::namespaced(self.client.clone(), &self.namespace);
                let what = format!("list {}s in the namespace {}", $name, self.namespace);
                let list = api.list(&all).await.map_err(|e| self.explain(&what, e))?;
                items.extend(list.iter().map(|object| json($version, $name, object)));
            }};
        }
        list!(ConfigMap, "v1", "ConfigMap");
        list!(Deployment, "apps/v1", "Deployment");
        list!(StatefulSet, "apps/v1", "StatefulSet");
        Ok(serde_json::json!({"apiVersion": "v1", "kind": "List", "items": items}))
    }

    /// Changes an object by a JSON merge patch.
    ///
    /// # Errors
    /// The API server refuses.
    pub async fn patch(&self, kind: &str, name: &str, patch: &Value) -> Result<(), AccessError> {
        let what = format!(
            "patch the {kind} {name} in the namespace {}",
            self.namespace
        );
        let params = PatchParams::default();
        let patch = kube::api::Patch::Merge(patch);
        macro_rules! patch {
            ($kind:ty) => {
                Api::<$kind>::namespaced(self.client.clone(), &self.namespace)
                    .patch(name, &params, &patch)
                    .await
                    .map(drop)
            };
        }
        match kind {
            "ConfigMap" => patch!(ConfigMap),
            "StatefulSet" => patch!(StatefulSet),
            _ => patch!(Deployment),
        }
        .map_err(|error| self.explain(&what, error))
    }

    /// A Deployment or StatefulSet.
    ///
    /// # Errors
    /// It is not there, or not to be had.
    pub async fn workload(&self, kind: &str, name: &str) -> Result<Workload, AccessError> {
        let what = self.get(&format!("the {kind}"), name);
        if kind == "StatefulSet" {
            let api: Api<StatefulSet> = Api::namespaced(self.client.clone(), &self.namespace);
            let object = api.get(name).await.map_err(|e| self.explain(&what, e))?;
            return Ok(stateful_set(&object));
        }
        let api: Api<Deployment> = Api::namespaced(self.client.clone(), &self.namespace);
        let object = api.get(name).await.map_err(|e| self.explain(&what, e))?;
        Ok(deployment(&object))
    }

    /// The pods of a workload.
    ///
    /// # Errors
    /// They cannot be listed.
    pub async fn pods(&self, workload: &Workload) -> Result<Pods, AccessError> {
        let api: Api<Pod> = Api::namespaced(self.client.clone(), &self.namespace);
        let what = format!("list pods in the namespace {}", self.namespace);
        let picked = ListParams::default().labels(&workload.selector);
        let list = api.list(&picked).await;
        let list = list.map_err(|error| self.explain(&what, error))?;
        let mut pods: Vec<_> = list
            .iter()
            .filter(|pod| pod.metadata.deletion_timestamp.is_none())
            .filter(|pod| !matches!(phase(pod), Some("Succeeded" | "Failed")))
            .map(pod_state)
            .collect();
        pods.sort_by(|a, b| a.name.cmp(&b.name));
        Ok(Pods { pods })
    }

    /// The port of the pods that the release's Service leads to: the first one of a Service whose
    /// selector picks the workload's pods, `http` before others.
    ///
    /// # Errors
    /// Services cannot be listed.
    pub async fn service_port(&self, workload: &Workload) -> Result<Option<Port>, AccessError> {
        let api: Api<Service> = Api::namespaced(self.client.clone(), &self.namespace);
        let what = format!("list Services in the namespace {}", self.namespace);
        let list = api.list(&ListParams::default()).await;
        let list = list.map_err(|error| self.explain(&what, error))?;
        let labels = &workload.object["spec"]["template"]["metadata"]["labels"];
        let mut found = Vec::new();
        for service in list {
            let Some(spec) = service.spec else { continue };
            let selector = spec.selector.unwrap_or_default();
            let picks = !selector.is_empty()
                && selector
                    .iter()
                    .all(|(key, value)| labels[key] == value.as_str());
            if !picks {
                continue;
            }
            for port in spec.ports.unwrap_or_default() {
                use k8s_openapi::apimachinery::pkg::util::intstr::IntOrString;
                let target = match port.target_port {
                    Some(IntOrString::String(name)) => Port::Named(name),
                    Some(IntOrString::Int(number)) => Port::number(number),
                    None => Port::number(port.port),
                };
                found.push((port.name.as_deref() != Some("http"), target));
            }
        }
        found.sort_by_key(|(other, _)| *other);
        Ok(found.into_iter().map(|(_, port)| port).next())
    }

    fn get(&self, what: &str, name: &str) -> String {
        format!("get {what} {name} in the namespace {}", self.namespace)
    }
}

/// A port of a pod.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Port {
    Number(u16),
    /// By the name that a container gives it.
    Named(String),
}

impl Port {
    fn number(number: i32) -> Self {
        Self::Number(u16::try_from(number).unwrap_or_default())
    }

    /// Its number in a pod.
    #[must_use]
    pub fn in_pod(&self, pod: &PodState) -> Option<u16> {
        match self {
            Self::Number(number) => Some(*number),
            Self::Named(wanted) => {
                let mut ports = pod.ports.iter();
                ports
                    .find(|(name, _)| name.as_ref() == Some(wanted))
                    .map(|(_, number)| *number)
            }
        }
    }
}

/// An object as JSON with the kind that lists and gets leave out.
fn json<T: serde::Serialize>(version: &str, kind: &str, object: &T) -> Value {
    let mut value = serde_json::to_value(object).unwrap_or_default();
    value["apiVersion"] = version.into();
    value["kind"] = kind.into();
    value
}

fn deployment(object: &Deployment) -> Workload {
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

fn stateful_set(object: &StatefulSet) -> Workload {
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

fn phase(pod: &Pod) -> Option<&str> {
    pod.status.as_ref()?.phase.as_deref()
}

fn pod_state(pod: &Pod) -> PodState {
    let status = pod.status.clone().unwrap_or_default();
    let ready = status
        .conditions
        .iter()
        .flatten()
        .any(|condition| condition.type_ == "Ready" && condition.status == "True");
    let waiting = status
        .container_statuses
        .iter()
        .flatten()
        .filter_map(|container| container.state.as_ref()?.waiting.clone())
        .find_map(|waiting| {
            let reason = waiting.reason?;
            let message = waiting.message.map(|m| format!(": {m}"));
            Some(reason + &message.unwrap_or_default())
        });
    let unscheduled = status
        .conditions
        .iter()
        .flatten()
        .find(|c| c.type_ == "PodScheduled" && c.status == "False")
        .and_then(|c| c.message.clone());
    let containers = pod.spec.iter().flat_map(|spec| &spec.containers);
    let ports = containers
        .flat_map(|container| container.ports.iter().flatten())
        .filter_map(|port| Some((port.name.clone(), u16::try_from(port.container_port).ok()?)))
        .collect();
    PodState {
        name: pod.metadata.name.clone().unwrap_or_default(),
        ready,
        annotations: pod.metadata.annotations.clone().unwrap_or_default(),
        started: started(pod),
        trouble: waiting.or(unscheduled),
        ports,
    }
}

/// Since when the containers of a pod run, by the ConfigMaps that they mount.
fn started(pod: &Pod) -> BTreeMap<String, Option<Timestamp>> {
    let Some(spec) = &pod.spec else {
        return BTreeMap::new();
    };
    let statuses = pod
        .status
        .iter()
        .flat_map(|s| s.container_statuses.iter().flatten());
    let running: BTreeMap<&str, Timestamp> = statuses
        .filter_map(|status| {
            let since = status
                .state
                .as_ref()?
                .running
                .as_ref()?
                .started_at
                .as_ref()?;
            Some((status.name.as_str(), since.0))
        })
        .collect();
    let mut started: BTreeMap<String, Option<Timestamp>> = BTreeMap::new();
    for volume in spec.volumes.iter().flatten() {
        let projected = volume
            .projected
            .iter()
            .flat_map(|p| p.sources.iter().flatten());
        let maps = volume
            .config_map
            .iter()
            .map(|map| &map.name)
            .chain(projected.filter_map(|source| Some(&source.config_map.as_ref()?.name)));
        for map in maps {
            for container in &spec.containers {
                let mut mounts = container.volume_mounts.iter().flatten();
                if !mounts.any(|mount| mount.name == volume.name) {
                    continue;
                }
                let since = running.get(container.name.as_str()).copied();
                let known = started.entry(map.clone()).or_insert(since);
                // The one that has run longest counts.
                *known = known.zip(since).map(|(a, b)| a.min(b));
            }
        }
    }
    started
}

/// Since when a field of a live object has been as it is: `path` is of field names as in
/// `managedFields`. Not earlier than that; `None` where the API server does not say.
#[must_use]
pub(crate) fn unchanged_since(object: &Value, path: &[&str]) -> Option<Timestamp> {
    owners(object, path)
        .filter_map(|entry| entry["time"].as_str()?.parse().ok())
        .max()
}

/// Who besides Helm owns a field of a live object, as server-side apply sees it.
#[must_use]
pub(crate) fn other_owners(object: &Value, path: &[&str]) -> Vec<String> {
    let mut managers: Vec<String> = owners(object, path)
        .filter_map(|entry| entry["manager"].as_str())
        .filter(|manager| *manager != "helm")
        .map(str::to_owned)
        .collect();
    managers.sort();
    managers.dedup();
    managers
}

fn owners<'a>(object: &'a Value, path: &[&str]) -> impl Iterator<Item = &'a Value> {
    let path: Vec<String> = path.iter().map(|field| format!("f:{field}")).collect();
    let entries = object["metadata"]["managedFields"].as_array();
    entries.into_iter().flatten().filter(move |entry| {
        let fields = path
            .iter()
            .try_fold(&entry["fieldsV1"], |at, field| at.get(field));
        fields.is_some()
    })
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

    #[test]
    fn a_named_port_is_looked_up_in_the_pod() {
        let pod = PodState {
            name: "p".into(),
            ready: true,
            annotations: BTreeMap::new(),
            started: BTreeMap::new(),
            trouble: None,
            ports: vec![(None, 1), (Some("http".into()), 3939)],
        };
        assert_eq!(Port::Named("http".into()).in_pod(&pod), Some(3939));
        assert_eq!(Port::Named("other".into()).in_pod(&pod), None);
        assert_eq!(Port::Number(80).in_pod(&pod), Some(80));
    }

    #[test]
    fn the_container_that_has_run_longest_counts() {
        let pod: Pod = serde_json::from_value(serde_json::json!({
            "metadata": {"name": "p"},
            "spec": {"containers": [
                {"name": "connect", "volumeMounts": [{"name": "v", "mountPath": "/x"}]},
                {"name": "sidecar", "volumeMounts": [{"name": "v", "mountPath": "/x"}]},
                {"name": "other"}],
                "volumes": [{"name": "v", "configMap": {"name": "c"}}]},
            "status": {"containerStatuses": [
                {"name": "connect", "image": "", "imageID": "", "ready": true, "restartCount": 0,
                 "state": {"running": {"startedAt": "2026-11-21T20:00:09Z"}}},
                {"name": "sidecar", "image": "", "imageID": "", "ready": true, "restartCount": 1,
                 "state": {"running": {"startedAt": "2026-11-21T20:05:00Z"}}}]}}))
        .unwrap();
        let since = started(&pod)["c"].unwrap();
        assert_eq!(since, "2026-11-21T20:00:09Z".parse().unwrap());
        let mut stopped = pod;
        stopped
            .status
            .as_mut()
            .unwrap()
            .container_statuses
            .as_mut()
            .unwrap()
            .pop();
        assert_eq!(started(&stopped)["c"], None);
    }

    #[test]
    fn a_field_has_been_as_it_is_since_its_last_owner_wrote() {
        let object = serde_json::json!({"metadata": {"managedFields": [
            {"manager": "helm", "time": "2026-11-21T20:00:00Z",
                "fieldsV1": {"f:data": {"f:rstudio-connect.gcfg": {}}}},
            {"manager": "kubectl-edit", "time": "2026-11-21T20:01:00Z",
                "fieldsV1": {"f:data": {"f:rstudio-connect.gcfg": {}}}},
            {"manager": "kubectl-label", "time": "2026-11-21T20:02:00Z",
                "fieldsV1": {"f:metadata": {"f:labels": {"f:a": {}}}}}]}});
        let path = ["data", "rstudio-connect.gcfg"];
        let since = unchanged_since(&object, &path);
        assert_eq!(since, Some("2026-11-21T20:01:00Z".parse().unwrap()));
        assert_eq!(other_owners(&object, &path), ["kubectl-edit"]);
        assert_eq!(unchanged_since(&object, &["data", "x"]), None);
    }
}
