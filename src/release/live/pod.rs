//! Pods: whether they are ready, and since when each runs with what it mounts.

use std::collections::BTreeMap;

use jiff::Timestamp;
use k8s_openapi::api::core::v1::Pod;

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

/// A port of a pod.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Port {
    Number(u16),
    /// By the name that a container gives it.
    Named(String),
}

impl Port {
    pub(super) fn number(number: i32) -> Self {
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

pub(super) fn phase(pod: &Pod) -> Option<&str> {
    pod.status.as_ref()?.phase.as_deref()
}

pub(super) fn pod_state(pod: &Pod) -> PodState {
    let status = pod.status.clone().unwrap_or_default();
    let ready = status
        .conditions
        .iter()
        .flatten()
        .any(|condition| condition.type_ == "Ready" && condition.status == "True");
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
        trouble: start_trouble(pod),
        ports,
    }
}

/// Why a pod does not start, in Kubernetes' words.
pub(crate) fn start_trouble(pod: &Pod) -> Option<String> {
    let status = pod.status.as_ref()?;
    // What waits for an init container says only that.
    let mut containers = (status.init_container_statuses.iter())
        .chain(&status.container_statuses)
        .flatten();
    let waiting = containers.find_map(|container| {
        let waiting = container.state.as_ref()?.waiting.as_ref()?;
        let reason = waiting.reason.clone()?;
        let usual = ["ContainerCreating", "PodInitializing"].contains(&reason.as_str());
        let message = waiting.message.as_ref().map(|said| format!(": {said}"));
        // These two are on every pod's way, and trouble when something more is said.
        (!usual || message.is_some()).then(|| reason + &message.unwrap_or_default())
    });
    let unscheduled = || {
        let mut conditions = status.conditions.iter().flatten();
        let refused = conditions.find(|c| c.type_ == "PodScheduled" && c.status == "False")?;
        refused.message.clone()
    };
    waiting.or_else(unscheduled)
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

#[cfg(test)]
mod tests {
    use super::*;

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
    fn what_keeps_a_pod_from_starting_is_told_and_the_usual_way_is_not() {
        let trouble = |status: serde_json::Value| {
            let pod = serde_json::json!({"metadata": {"name": "p"}, "status": status});
            start_trouble(&serde_json::from_value(pod).unwrap())
        };
        let waiting = |reason: &str, message: Option<&str>| {
            serde_json::json!([{"name": "c", "image": "", "imageID": "", "ready": false, "restartCount": 0,
                "state": {"waiting": {"reason": reason, "message": message}}}])
        };
        let of = |reason, message| {
            trouble(serde_json::json!({"containerStatuses": waiting(reason, message)}))
        };
        assert_eq!(of("ContainerCreating", None), None);
        assert_eq!(of("PodInitializing", None), None);
        assert_eq!(of("CrashLoopBackOff", None).unwrap(), "CrashLoopBackOff");
        assert_eq!(
            of("ErrImagePull", Some("no i:1")).unwrap(),
            "ErrImagePull: no i:1"
        );
        let initial = trouble(serde_json::json!({
            "initContainerStatuses": waiting("ErrImagePull", Some("no i:2")),
            "containerStatuses": waiting("PodInitializing", None)}));
        assert_eq!(initial.unwrap(), "ErrImagePull: no i:2");
        let unscheduled = trouble(serde_json::json!({"conditions": [
            {"type": "PodScheduled", "status": "False", "message": "0/3 nodes are available"}]}));
        assert_eq!(unscheduled.unwrap(), "0/3 nodes are available");
    }
}
