//! Quotas of the namespace, against what the release's objects ask for.

use serde_json::Value;

use super::Known;
use super::demand::{Amounts, Defaults, Demand, amount, of_pods};
use super::parts::Part;
use super::{Facts, Wanted};
use crate::check::{Judgement, count};
use crate::rebuild::{BuildRoom, QuotaLeft, is_scoped};
use crate::release::quantity_text;

/// Share of a quota from which on it is worth a warning.
const NEARLY: f64 = 0.8;

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
            // Whether content is among the pods that a quota with scopes counts is not known.
            let is_of_content = is_of_content(resource) && !is_scoped(quota);
            room.judge(line, resource, is_of_content, &demand, self);
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

    fn judge(
        &self,
        line: String,
        resource: &str,
        is_of_content: bool,
        demand: &Demand,
        lines: &mut Lines,
    ) {
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
        } else if is_of_content && self.hard > 0.0 && self.used >= self.hard {
            lines.full.push(line);
        } else if (self.more > 0.0 || is_of_content && self.hard > 0.0)
            && self.used + self.more >= self.hard * NEARLY
            && self.used > 0.0
        {
            lines.nearly.push(line);
        }
    }
}

pub(crate) fn quota((facts, _): Known<'_>) -> Judgement {
    let quotas = match &facts.quotas {
        Ok(quotas) => quotas,
        Err(why) => return Judgement::not_asked(why.clone()),
    };
    if quotas.is_empty() {
        return Judgement::pass("the namespace has no quota");
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
        return Judgement::fail("a quota of the namespace is used up", remedy)
            .details(full)
            .details(nearly)
            .details(unnamed);
    }
    if !unnamed.is_empty() {
        return Judgement::fail("a quota wants every pod to say what it needs, and the server's does not",
            "name it in the values (resources.requests, resources.limits), unless the namespace has a LimitRange with defaults",
        )
        .details(unnamed);
    }
    if !nearly.is_empty() {
        return Judgement::warn("a quota of the namespace is nearly used up", remedy)
            .details(nearly);
    }
    Judgement::pass(format!(
        "{} with room left; each running item is a pod of its own",
        count(quotas.len(), "quota")
    ))
}

/// How many builds the quotas have room for once the release is there; `None` where they limit none,
/// or are not known.
pub(super) fn build_room(facts: &Facts, wanted: &Wanted) -> Option<BuildRoom> {
    let quotas = facts.quotas.as_ref().ok()?;
    let defaults = Defaults(facts.ranges.as_deref().unwrap_or_default());
    let rooms = quotas.iter().filter_map(|quota| {
        let mut now = QuotaLeft::now(quota);
        let resources: Vec<&str> = now.left.keys().map(String::as_str).collect();
        let demand = Demand::of(&facts.parts, quota, &defaults, &resources);
        for (resource, left) in &mut now.left {
            *left -= demand
                .more
                .get(resource)
                .copied()
                .unwrap_or_default()
                .max(0.0);
        }
        now.room(&wanted.build)
    });
    rooms.min_by_key(|room| room.builds)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::{Facts, Wanted};
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
        let check = quota((&facts, &Wanted::default()));
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
        assert_eq!(judged(scoped.clone(), Vec::new(), none()).0, Status::Pass);
        scoped["status"] = json!({"hard": {"pods": "1"}, "used": {"pods": "1"}});
        assert_eq!(judged(scoped, Vec::new(), none()).0, Status::Pass);
    }
}
