//! The objects of a release that are alive.

mod managed_fields;
mod pod;
mod workload;

use k8s_openapi::api::apps::v1::{Deployment, StatefulSet};
use k8s_openapi::api::core::v1::{ConfigMap, Pod, Service};
use kube::Api;
use kube::api::{ListParams, PatchParams};
use serde_json::Value;

pub(crate) use managed_fields::{other_owners, unchanged_since};
pub(crate) use pod::{PodState, Pods, Port, start_trouble};
pub(crate) use workload::Workload;

use pod::{phase, pod_state};
use workload::{deployment, stateful_set};

use super::access::{AccessError, Cluster};

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

/// An object as JSON with the kind that lists and gets leave out.
fn json<T: serde::Serialize>(version: &str, kind: &str, object: &T) -> Value {
    let mut value = serde_json::to_value(object).unwrap_or_default();
    value["apiVersion"] = version.into();
    value["kind"] = kind.into();
    value
}
