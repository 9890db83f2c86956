//! What the objects of a release ask of a quota.

use std::collections::BTreeMap;

use serde_json::Value;

use super::parts::{Part, Runs, containers, pods};
use crate::release::quantity;

/// How much of what is asked for, by the names that quotas have for it.
pub(super) type Amounts = BTreeMap<String, f64>;

/// A resource of pods as quotas and containers call it: `requests.cpu`.
pub(super) fn of_pods(resource: &str) -> Option<(&str, &str)> {
    match resource {
        "cpu" | "memory" | "ephemeral-storage" => Some(("requests", resource)),
        "requests.storage" => None,
        other => other
            .split_once('.')
            .filter(|(kind, _)| matches!(*kind, "requests" | "limits")),
    }
}

/// What a namespace gives containers that name nothing.
pub(super) struct Defaults<'a>(pub &'a [Value]);

impl Defaults<'_> {
    fn of(&self, key: &str, what: &str) -> Option<f64> {
        let ranges = self.0.iter().flat_map(|range| {
            let limits = range["spec"]["limits"].as_array();
            limits.into_iter().flatten()
        });
        ranges
            .filter(|limit| limit["type"] == "Container")
            .find_map(|limit| amount(&limit[key][what]))
    }

    /// What a container asks for, as the API server fills it in; `None` where it names nothing.
    fn container(&self, container: &Value, kind: &str, what: &str) -> Option<f64> {
        let of = |kind: &str| amount(&container["resources"][kind][what]);
        let limit = || of("limits");
        match kind {
            "limits" => limit().or_else(|| self.of("default", what)),
            _ => of("requests")
                .or_else(limit)
                .or_else(|| self.of("defaultRequest", what))
                .or_else(|| self.of("default", what)),
        }
    }

    /// What a pod asks for: those beside each other together, or the largest of those before them.
    fn pod(&self, pod: &Value, kind: &str, what: &str) -> f64 {
        let (mut beside, mut most) = (0.0, 0.0_f64);
        for (container, runs) in containers(pod) {
            let asks = self.container(container, kind, what).unwrap_or_default();
            match runs {
                Runs::Before => most = most.max(beside + asks),
                Runs::Beside => beside += asks,
            }
        }
        let overhead = amount(&pod["spec"]["overhead"][what]).unwrap_or_default();
        beside.max(most) + overhead
    }
}

/// A quantity, as text or as the number that YAML makes of it.
pub(super) fn amount(value: &Value) -> Option<f64> {
    match value {
        Value::String(text) => quantity(text),
        other => other.as_f64(),
    }
}

/// Whether a quota counts a pod.
fn counts(quota: &Value, pod: &Value) -> bool {
    let spec = &pod["spec"];
    let names_nothing = containers(pod).all(|(container, _)| {
        ["requests", "limits"].iter().all(|kind| {
            let named = container["resources"][*kind].as_object();
            named.is_none_or(serde_json::Map::is_empty)
        })
    });
    let ends = !spec["activeDeadlineSeconds"].is_null();
    let scopes = quota["spec"]["scopes"].as_array().into_iter().flatten();
    let mut scopes = scopes.filter_map(|scope| Some((scope.as_str()?, "Exists", &Value::Null)));
    let selected = &quota["spec"]["scopeSelector"]["matchExpressions"];
    let mut selected = selected.as_array().into_iter().flatten().filter_map(|one| {
        let scope = one["scopeName"].as_str()?;
        Some((scope, one["operator"].as_str()?, &one["values"]))
    });
    let fits = |(scope, operator, values): (&str, &str, &Value)| match scope {
        "Terminating" => ends,
        "NotTerminating" => !ends,
        "BestEffort" => names_nothing,
        "NotBestEffort" => !names_nothing,
        "PriorityClass" => {
            let class = spec["priorityClassName"].as_str().unwrap_or_default();
            let listed = values
                .as_array()
                .is_some_and(|values| values.iter().any(|value| value == class));
            match operator {
                "In" => listed,
                "NotIn" => !listed,
                "DoesNotExist" => class.is_empty(),
                _ => !class.is_empty(),
            }
        }
        _ => false,
    };
    scopes.all(fits) && selected.all(fits)
}

fn add(amounts: &mut Amounts, resource: impl Into<String>, more: f64) {
    *amounts.entry(resource.into()).or_default() += more;
}

/// What the objects of the release ask of one quota.
pub(super) struct Demand {
    /// What there would be more than there is.
    pub more: Amounts,
    /// What a restart takes beside that, for a while.
    pub restart: Amounts,
    /// Whether the pods are there already, so that the change itself is a restart.
    pub is_live: bool,
    /// By resource of pods: containers that name none of it.
    pub unnamed: BTreeMap<String, Vec<String>>,
}

impl Demand {
    pub(super) fn of(
        parts: &[Part],
        quota: &Value,
        defaults: &Defaults<'_>,
        hard: &[&str],
    ) -> Self {
        let mut demand = Self {
            more: Amounts::new(),
            restart: Amounts::new(),
            is_live: false,
            unnamed: BTreeMap::new(),
        };
        for part in parts {
            demand.object(part);
            if let Some((template, number)) = pods(&part.object)
                && counts(quota, template)
            {
                demand.pods(part, template, number, defaults, hard);
            }
        }
        demand
    }

    /// What the object counts as by itself.
    fn object(&mut self, part: &Part) {
        let new = of_object(part, &part.object);
        let old = part.live.as_ref().map(|live| of_object(part, live));
        for (resource, amount) in new {
            let old = old.as_ref().and_then(|old| old.get(&resource));
            add(&mut self.more, resource, amount - old.unwrap_or(&0.0));
        }
    }

    fn pods(
        &mut self,
        part: &Part,
        template: &Value,
        number: f64,
        defaults: &Defaults<'_>,
        hard: &[&str],
    ) {
        let live = part.live.as_ref().and_then(pods);
        self.is_live |= live.is_some_and(|(_, number)| number > 0.0);
        let beside = restart(&part.object).min(number);
        for resource in hard {
            let each = |pod: &Value| match *resource {
                "pods" | "count/pods" => Some(1.0),
                other => of_pods(other).map(|(kind, what)| defaults.pod(pod, kind, what)),
            };
            let Some(new) = each(template) else { continue };
            let old = live.map_or(0.0, |(pod, number)| each(pod).unwrap_or_default() * number);
            add(&mut self.more, *resource, new * number - old);
            add(&mut self.restart, *resource, new * beside);
            if let Some((kind, what)) = of_pods(resource) {
                let without = containers(template)
                    .filter(|(one, _)| defaults.container(one, kind, what).is_none())
                    .filter_map(|(one, _)| one["name"].as_str());
                let labels = without.map(|name| format!("container {name} of {}", part.label()));
                let unnamed = self.unnamed.entry(format!("{kind}.{what}")).or_default();
                unnamed.extend(labels);
            }
        }
    }
}

/// How many pods a workload has beside those that it is to have, until a restart gets further.
fn restart(workload: &Value) -> f64 {
    let strategy = &workload["spec"]["strategy"];
    if workload["kind"] != "Deployment" || strategy["type"] == "Recreate" {
        return 0.0;
    }
    let replicas = workload["spec"]["replicas"].as_i64().unwrap_or(1);
    let may_go = match &strategy["rollingUpdate"]["maxUnavailable"] {
        Value::String(text) => match text.trim_end_matches('%').parse::<i64>() {
            Ok(share) => replicas * share / 100,
            Err(_) => 0,
        },
        Value::Number(number) => number.as_i64().unwrap_or_default(),
        _ => replicas / 4,
    };
    if may_go > 0 { 0.0 } else { 1.0 }
}

/// What an object counts as, its pods apart.
fn of_object(part: &Part, object: &Value) -> Amounts {
    let mut amounts = Amounts::new();
    let resource = &part.resource;
    let spec = &object["spec"];
    if part.group.is_empty() {
        add(&mut amounts, format!("count/{resource}"), 1.0);
        add(&mut amounts, resource, 1.0);
    } else {
        add(
            &mut amounts,
            format!("count/{resource}.{}", part.group),
            1.0,
        );
    }
    match object["kind"].as_str() {
        Some("Deployment") => add(&mut amounts, "count/replicasets.apps", 1.0),
        Some("Service") => {
            #[allow(clippy::cast_precision_loss, reason = "nobody has as many ports")]
            let ports = spec["ports"]
                .as_array()
                .map_or(1.0, |ports| ports.len() as f64);
            let kind = spec["type"].as_str().unwrap_or_default();
            if kind == "LoadBalancer" {
                add(&mut amounts, "services.loadbalancers", 1.0);
            }
            let has_ports = spec["allocateLoadBalancerNodePorts"] != false;
            if kind == "NodePort" || kind == "LoadBalancer" && has_ports {
                add(&mut amounts, "services.nodeports", ports);
            }
        }
        Some("PersistentVolumeClaim") => {
            let size = amount(&spec["resources"]["requests"]["storage"]).unwrap_or_default();
            add(&mut amounts, "requests.storage", size);
            if let Some(class) = spec["storageClassName"].as_str() {
                let class = format!("{class}.storageclass.storage.k8s.io");
                add(&mut amounts, format!("{class}/requests.storage"), size);
                add(&mut amounts, format!("{class}/persistentvolumeclaims"), 1.0);
            }
        }
        _ => {}
    }
    amounts
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn containers_before_the_others_count_by_the_largest() {
        let pod = json!({"spec": {
            "initContainers": [{"resources": {"requests": {"cpu": "3"}}},
                {"restartPolicy": "Always", "resources": {"requests": {"cpu": "500m"}}}],
            "containers": [{"resources": {"requests": {"cpu": 1}}}]}});
        let asks = Defaults(&[]).pod(&pod, "requests", "cpu");
        assert!((asks - 3.0).abs() < 1e-9, "{asks}");
    }

    #[test]
    fn ports_of_nodes_count_where_a_service_gets_them() {
        let nodeports = |mut spec: Value| {
            spec["ports"] = json!([{"port": 80}, {"port": 443}]);
            let part = Part {
                group: String::new(),
                resource: "services".to_owned(),
                object: json!({"kind": "Service", "spec": spec}),
                live: None,
            };
            let amounts = of_object(&part, &part.object);
            let ports = amounts.get("services.nodeports");
            ports.map_or_else(|| "none".to_owned(), f64::to_string)
        };
        for (spec, ports) in [
            (json!({}), "none"),
            (json!({"type": "ClusterIP"}), "none"),
            (json!({"type": "NodePort"}), "2"),
            (json!({"type": "LoadBalancer"}), "2"),
            (
                json!({"type": "LoadBalancer", "allocateLoadBalancerNodePorts": false}),
                "none",
            ),
        ] {
            assert_eq!(nodeports(spec.clone()), ports, "{spec}");
        }
    }

    #[test]
    fn a_restart_needs_room_for_a_pod_unless_an_old_one_may_go_first() {
        let rolling = |replicas: i64, unavailable: Value| {
            json!({"kind": "Deployment", "spec": {"replicas": replicas,
                "strategy": {"rollingUpdate": {"maxUnavailable": unavailable}}}})
        };
        for (workload, beside) in [
            (json!({"kind": "StatefulSet"}), "0"),
            (
                json!({"kind": "Deployment", "spec": {"strategy": {"type": "Recreate"}}}),
                "0",
            ),
            (json!({"kind": "Deployment", "spec": {}}), "1"),
            (json!({"kind": "Deployment", "spec": {"replicas": 4}}), "0"),
            (json!({"kind": "Deployment", "spec": {"replicas": 3}}), "1"),
            (rolling(4, json!(0)), "1"),
            (rolling(4, json!(1)), "0"),
            (rolling(4, json!("25%")), "0"),
            (rolling(3, json!("25%")), "1"),
            (rolling(3, json!("odd")), "1"),
        ] {
            assert_eq!(restart(&workload).to_string(), beside, "{workload}");
        }
    }
}
