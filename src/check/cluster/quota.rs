//! Quotas of the namespace, against what the release's objects ask for.

use std::collections::BTreeMap;

use serde_json::Value;

use super::Facts;
use super::parts::{Part, Runs, containers, pods};
use crate::check::{Check, CheckCode, count};
use crate::release::{quantity, quantity_text};

/// Share of a quota from which on it is worth a warning.
const NEARLY: f64 = 0.8;

/// How much of what is asked for, by the names that quotas have for it.
type Amounts = BTreeMap<String, f64>;

/// A resource of pods as quotas and containers call it: `requests.cpu`.
fn of_pods(resource: &str) -> Option<(&str, &str)> {
    match resource {
        "cpu" | "memory" | "ephemeral-storage" => Some(("requests", resource)),
        "requests.storage" => None,
        other => other
            .split_once('.')
            .filter(|(kind, _)| matches!(*kind, "requests" | "limits")),
    }
}

/// What a namespace gives containers that name nothing.
struct Defaults<'a>(&'a [Value]);

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
fn amount(value: &Value) -> Option<f64> {
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
struct Demand {
    /// What there would be more than there is.
    more: Amounts,
    /// What a restart takes beside that, for a while.
    restart: Amounts,
    /// Whether the pods are there already, so that the change itself is a restart.
    is_live: bool,
    /// By resource of pods: containers that name none of it.
    unnamed: BTreeMap<String, Vec<String>>,
}

impl Demand {
    fn of(parts: &[Part], quota: &Value, defaults: &Defaults<'_>, hard: &[&str]) -> Self {
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

/// Whether content needs it too, whatever the release asks for.
fn is_of_content(resource: &str) -> bool {
    of_pods(resource).is_some()
        || matches!(
            resource,
            "pods" | "count/pods" | "count/jobs.batch" | "services" | "count/services"
        )
}

#[derive(Default)]
struct Lines {
    full: Vec<String>,
    nearly: Vec<String>,
    unnamed: Vec<String>,
}

impl Lines {
    fn quota(&mut self, quota: &Value, parts: &[Part], defaults: &Defaults<'_>) {
        let name = quota["metadata"]["name"].as_str().unwrap_or_default();
        let hard = quota["status"]["hard"]
            .as_object()
            .or_else(|| quota["spec"]["hard"].as_object());
        let resources: Vec<&str> = hard
            .into_iter()
            .flat_map(|hard| hard.keys().map(String::as_str))
            .collect();
        let demand = Demand::of(parts, quota, defaults, &resources);
        for (resource, hard) in hard.into_iter().flatten() {
            let used = &quota["status"]["used"][resource.as_str()];
            let text = |value: &Value| value.as_str().unwrap_or("0").to_owned();
            if let Some((kind, what)) = of_pods(resource) {
                let unnamed = demand.unnamed.get(&format!("{kind}.{what}"));
                self.unnamed
                    .extend(unnamed.into_iter().flatten().map(|whose| {
                        format!("{name}: {resource}, and {whose} names no {kind}.{what}")
                    }));
            }
            let Some(room) = Room::of(&demand, resource, hard, used) else {
                continue;
            };
            let line = format!("{name}: {resource} {} of {}", text(used), text(hard));
            room.judge(line, resource, &demand, self);
        }
    }
}

/// What is left of one resource of a quota.
struct Room {
    hard: f64,
    used: f64,
    more: f64,
    restart: f64,
}

impl Room {
    fn of(demand: &Demand, resource: &str, hard: &Value, used: &Value) -> Option<Self> {
        let of = |amounts: &Amounts| amounts.get(resource).copied().unwrap_or_default();
        Some(Self {
            hard: amount(hard)?,
            used: amount(used).unwrap_or_default(),
            more: of(&demand.more).max(0.0),
            restart: of(&demand.restart),
        })
    }

    fn holds(&self, more: f64) -> bool {
        // Sums of fractions are not exact.
        self.used + more <= self.hard + self.hard * 1e-9
    }

    fn judge(&self, line: String, resource: &str, demand: &Demand, lines: &mut Lines) {
        let is_in_bytes = resource.contains("memory") || resource.contains("storage");
        let text = |number: f64| quantity_text(number, is_in_bytes);
        let restart = || {
            format!(
                "{line}, and a restart of the server takes {} more for a while",
                text(self.more + self.restart)
            )
        };
        if self.more > 0.0 && !self.holds(self.more) {
            lines.full.push(format!(
                "{line}, and the release needs {} more",
                text(self.more)
            ));
        } else if self.restart > 0.0 && !self.holds(self.more + self.restart) {
            if demand.is_live {
                lines.full.push(restart());
            } else {
                lines.nearly.push(restart());
            }
        } else if is_of_content(resource) && self.hard > 0.0 && self.used >= self.hard {
            lines.full.push(line);
        } else if (self.more > 0.0 || is_of_content(resource) && self.hard > 0.0)
            && self.used + self.more >= self.hard * NEARLY
            && self.used > 0.0
        {
            lines.nearly.push(line);
        }
    }
}

pub(super) fn quota(facts: &Facts) -> Check {
    let code = CheckCode::ClusterQuota;
    let quotas = match &facts.quotas {
        Ok(quotas) => quotas,
        Err(why) => return Check::not_asked(code, why.clone()),
    };
    if quotas.is_empty() {
        return Check::pass(code, "the namespace has no quota");
    }
    let ranges = facts.ranges.as_deref().unwrap_or_default();
    let mut lines = Lines::default();
    for quota in quotas {
        lines.quota(quota, &facts.parts, &Defaults(ranges));
    }
    let Lines {
        full,
        nearly,
        unnamed,
    } = lines;
    let remedy = "ask for a larger quota: each running item is a pod of its own, and builds are pods too. With a quota on cpu or memory, every pod must name requests and limits";
    if !full.is_empty() {
        return Check::fail(code, "a quota of the namespace is used up", remedy)
            .details(full)
            .details(nearly)
            .details(unnamed);
    }
    if !unnamed.is_empty() {
        return Check::fail(
            code,
            "a quota wants every pod to say what it needs, and the server's does not",
            "name it in the values (resources.requests, resources.limits), unless the namespace has a LimitRange with defaults",
        )
        .details(unnamed);
    }
    if !nearly.is_empty() {
        return Check::warn(code, "a quota of the namespace is nearly used up", remedy)
            .details(nearly);
    }
    Check::pass(
        code,
        format!(
            "{} with room left; each running item is a pod of its own",
            count(quotas.len(), "quota")
        ),
    )
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::check::Status;

    fn deployment(replicas: u32, resources: Value) -> Part {
        Part {
            group: "apps".to_owned(),
            resource: "deployments".to_owned(),
            object: json!({"kind": "Deployment", "metadata": {"name": "c"}, "spec": {
                "replicas": replicas, "strategy": {"type": "Recreate"},
                "template": {"spec": {"containers": [{"name": "connect", "resources": resources}]}}}}),
            live: None,
        }
    }

    fn service(kind: &str) -> Part {
        Part {
            resource: "services".to_owned(),
            object: json!({"kind": "Service", "spec": {"type": kind, "ports": [{}]}}),
            ..Part::default()
        }
    }

    fn of(resource: &str, used: &str, hard: &str, parts: Vec<Part>) -> (Status, Vec<String>) {
        let quota = json!({"metadata": {"name": "q"}, "status": {
            "hard": {resource: hard}, "used": {resource: used}}});
        judged(quota, Vec::new(), parts)
    }

    fn judged(quota_: Value, ranges: Vec<Value>, parts: Vec<Part>) -> (Status, Vec<String>) {
        let facts = Facts {
            quotas: Ok(vec![quota_]),
            ranges: Ok(ranges),
            parts,
            ..Facts::default()
        };
        let check = quota(&facts);
        (check.status, check.details)
    }

    #[test]
    fn what_the_objects_ask_for_is_counted_in_any_unit() {
        let memory = json!({"requests": {"memory": "1Gi"}});
        let with = |used: &str| {
            of(
                "requests.memory",
                used,
                "8Gi",
                vec![deployment(2, memory.clone())],
            )
        };
        assert_eq!(with("500Mi").0, Status::Pass);
        assert_eq!(with("5Gi").0, Status::Warn);
        let (status, details) = with("7168Mi");
        assert_eq!(status, Status::Fail);
        assert_eq!(
            details,
            ["q: requests.memory 7168Mi of 8Gi, and the release needs 2Gi more"]
        );
        // Content needs it, too.
        assert_eq!(
            of("requests.memory", "8Gi", "8Gi", Vec::new()).0,
            Status::Fail
        );
        assert_eq!(
            of("memory", "0", "1e9", vec![deployment(1, memory)]).0,
            Status::Fail
        );
    }

    #[test]
    fn what_no_object_needs_does_not_matter() {
        let plain = || vec![service("ClusterIP"), deployment(1, json!({}))];
        assert_eq!(
            of("services.loadbalancers", "0", "0", plain()).0,
            Status::Pass
        );
        let balanced = vec![service("LoadBalancer")];
        assert_eq!(
            of("services.loadbalancers", "0", "0", balanced).0,
            Status::Fail
        );
        assert_eq!(
            of("persistentvolumeclaims", "5", "5", plain()).0,
            Status::Pass
        );
        assert_eq!(
            of("pods", "0", "2", vec![deployment(3, json!({}))]).0,
            Status::Fail
        );
        assert_eq!(
            of("count/pods", "0", "4", vec![deployment(3, json!({}))]).0,
            Status::Pass
        );
        // One that is there already is not made again.
        let mut there = service("LoadBalancer");
        there.live = Some(there.object.clone());
        assert_eq!(
            of("services.loadbalancers", "1", "1", vec![there]).0,
            Status::Pass
        );
    }

    #[test]
    fn a_pod_beside_the_old_one_needs_room_as_well() {
        let mut rolling = deployment(1, json!({}));
        rolling.object["spec"]["strategy"] =
            json!({"type": "RollingUpdate", "rollingUpdate": {"maxUnavailable": 0, "maxSurge": 1}});
        let (status, details) = of("pods", "0", "1", vec![rolling.clone()]);
        assert_eq!(status, Status::Warn);
        assert!(
            details[0].contains("a restart of the server"),
            "{details:?}"
        );
        rolling.live = Some(rolling.object.clone());
        assert_eq!(of("pods", "1", "1", vec![rolling]).0, Status::Fail);
    }

    #[test]
    fn containers_that_name_nothing_are_refused_unless_the_namespace_has_defaults() {
        let quota =
            json!({"metadata": {"name": "q"}, "status": {"hard": {"cpu": "4"}, "used": {}}});
        let none = || vec![deployment(1, json!({}))];
        let (status, details) = judged(quota.clone(), Vec::new(), none());
        assert_eq!(status, Status::Fail);
        assert_eq!(
            details,
            ["q: cpu, and container connect of Deployment c names no requests.cpu"]
        );
        let limited = vec![deployment(1, json!({"limits": {"cpu": 1}}))];
        assert_eq!(judged(quota.clone(), Vec::new(), limited).0, Status::Pass);
        let range =
            json!({"spec": {"limits": [{"type": "Container", "default": {"cpu": "500m"}}]}});
        assert_eq!(judged(quota.clone(), vec![range], none()).0, Status::Pass);
        // A quota for pods of another kind.
        let mut scoped = quota;
        scoped["spec"]["scopes"] = json!(["Terminating"]);
        assert_eq!(judged(scoped, Vec::new(), none()).0, Status::Pass);
    }

    #[test]
    fn containers_before_the_others_count_by_the_largest() {
        let pod = json!({"spec": {
            "initContainers": [{"resources": {"requests": {"cpu": "3"}}},
                {"restartPolicy": "Always", "resources": {"requests": {"cpu": "500m"}}}],
            "containers": [{"resources": {"requests": {"cpu": 1}}}]}});
        let asks = Defaults(&[]).pod(&pod, "requests", "cpu");
        assert!((asks - 3.0).abs() < 1e-9, "{asks}");
    }
}
