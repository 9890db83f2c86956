//! How many builds the quotas of a namespace have room for: each of them is a pod. Data in, data out.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::connect::Scheduler;
use crate::release::quantity;

/// What a build's pod asks for, unless its content says otherwise; 0 where it names nothing.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(crate) struct PodRequest {
    /// In cores.
    pub cpu: f64,
    /// In bytes.
    pub memory: f64,
}

impl From<&Scheduler> for PodRequest {
    #[allow(clippy::cast_precision_loss, reason = "no machine has as much memory")]
    fn from(scheduler: &Scheduler) -> Self {
        Self {
            cpu: scheduler.cpu_request.unwrap_or_default(),
            memory: scheduler.memory_request.unwrap_or_default() as f64,
        }
    }
}

impl PodRequest {
    /// What a pod takes of a resource that quotas count; `None` where it is none of theirs.
    fn of(&self, resource: &str) -> Option<f64> {
        let amount = match resource {
            "pods" | "count/pods" | "count/jobs.batch" => 1.0,
            "cpu" | "requests.cpu" => self.cpu,
            "memory" | "requests.memory" => self.memory,
            // What a build is limited to is not known: its content may say.
            _ => 0.0,
        };
        (amount > 0.0).then_some(amount)
    }
}

/// What is left of a quota.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct QuotaLeft {
    pub name: String,
    /// Whether it is for some pods alone (scopes); whether builds are among them is not known.
    pub is_scoped: bool,
    /// By the resource's name.
    pub left: BTreeMap<String, f64>,
}

/// Whether a quota counts some pods alone.
pub(crate) fn is_scoped(quota: &Value) -> bool {
    let spec = &quota["spec"];
    let has = |list: &Value| list.as_array().is_some_and(|list| !list.is_empty());
    has(&spec["scopes"]) || has(&spec["scopeSelector"]["matchExpressions"])
}

/// How many builds fit at once, and what limits them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct BuildRoom {
    pub builds: usize,
    pub quota: String,
    pub resource: String,
}

impl QuotaLeft {
    /// As the API server counts now.
    pub(crate) fn now(quota: &Value) -> Self {
        let status = &quota["status"];
        let left = status["hard"].as_object().into_iter().flatten();
        let left = left.filter_map(|(resource, hard)| {
            let used = status["used"][resource.as_str()].as_str().unwrap_or("0");
            Some((
                resource.clone(),
                quantity(hard.as_str()?)? - quantity(used)?,
            ))
        });
        Self {
            name: quota["metadata"]["name"]
                .as_str()
                .unwrap_or_default()
                .to_owned(),
            is_scoped: is_scoped(quota),
            left: left.collect(),
        }
    }

    /// Of the resource that has the least room; `None` where the quota limits no build, as far as is known.
    pub(crate) fn room(&self, each: &PodRequest) -> Option<BuildRoom> {
        if self.is_scoped {
            return None;
        }
        let room = self.left.iter().filter_map(|(resource, left)| {
            #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
            let builds = (left / each.of(resource)?).floor().max(0.0) as usize;
            Some((builds, resource))
        });
        let (builds, resource) = room.min()?;
        Some(BuildRoom {
            builds,
            quota: self.name.clone(),
            resource: resource.clone(),
        })
    }
}

impl QuotaLeft {
    /// For people, where it is not known for how many it has room.
    pub(crate) fn without_room(&self) -> String {
        let name = &self.name;
        if self.is_scoped {
            return format!(
                "the quota {name} counts some pods alone (scopes); whether builds are among them is not known"
            );
        }
        let limits = self.left.iter();
        let limits: Vec<_> = limits.filter(|(it, _)| it.starts_with("limits.")).collect();
        if limits.is_empty() {
            return format!("the quota {name} says nothing of it");
        }
        let named: Vec<_> = limits.iter().map(|(it, _)| it.as_str()).collect();
        let used_up = limits.iter().any(|(_, left)| **left <= 0.0);
        format!(
            "the quota {name} counts {}{}; what builds are limited to is not known",
            named.join(" and "),
            if used_up { ", and is used up" } else { "" }
        )
    }
}

impl BuildRoom {
    /// For people, with what to do where that is less than the builds that are to run at once.
    pub(crate) fn text(&self, at_once: usize) -> String {
        let Self {
            builds,
            quota,
            resource,
        } = self;
        let text = format!("the quota {quota} has room for {builds} more by its {resource}");
        match *builds < at_once {
            true => format!(
                "{text}: take --parallelism {}, or ask for a larger quota",
                (*builds).max(1)
            ),
            false => text,
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_quota_has_room_for_so_many() {
        let each = PodRequest {
            cpu: 0.5,
            memory: f64::from(1 << 30),
        };
        let of = |hard: Value, used: Value| {
            let quota = json!({"metadata": {"name": "q"}, "status": {"hard": hard, "used": used}});
            let room = QuotaLeft::now(&quota).room(&each);
            room.map(|room| room.text(8)).unwrap_or_default()
        };
        assert_eq!(
            of(
                json!({"pods": "10", "requests.cpu": "4"}),
                json!({"pods": "9", "requests.cpu": "1"})
            ),
            "the quota q has room for 1 more by its pods: take --parallelism 1, or ask for a larger quota"
        );
        assert_eq!(
            of(
                json!({"requests.memory": "20Gi"}),
                json!({"requests.memory": "2Gi"})
            ),
            "the quota q has room for 18 more by its requests.memory"
        );
        // One that is overdrawn has room for none, and one at a time is the least there is.
        assert_eq!(
            of(json!({"cpu": "1"}), json!({"cpu": "3"})),
            "the quota q has room for 0 more by its cpu: take --parallelism 1, or ask for a larger quota"
        );
        assert_eq!(of(json!({"secrets": "5"}), json!({})), "");
        // A pod that names no CPU is not counted by it.
        let quota = json!({"status": {"hard": {"cpu": "1"}}});
        assert_eq!(QuotaLeft::now(&quota).room(&PodRequest::default()), None);
        // Whether one for some pods alone counts builds is not known.
        for spec in [
            json!({"scopes": ["BestEffort"]}),
            json!({"scopeSelector": {"matchExpressions": [
                {"scopeName": "PriorityClass", "operator": "In", "values": ["high"]}]}}),
        ] {
            let status = json!({"hard": {"pods": "1"}, "used": {"pods": "1"}});
            let left = QuotaLeft::now(&json!({"spec": spec, "status": status}));
            assert_eq!(left.room(&each), None);
            assert!(left.without_room().contains("scopes"));
        }
        let of = |left: &str| {
            let status = json!({"hard": {"limits.cpu": "4"}, "used": {"limits.cpu": left}});
            QuotaLeft::now(&json!({"metadata": {"name": "q"}, "status": status})).without_room()
        };
        let text = "the quota q counts limits.cpu; what builds are limited to is not known";
        assert_eq!(of("1"), text);
        assert_eq!(of("4"), text.replace(';', ", and is used up;"));
    }
}
