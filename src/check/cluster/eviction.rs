//! Whether the server's pods may be put off their node: the jobs of a pod that is evicted are orphaned,
//! and builds among them never end.

use serde_json::Value;

use super::Asked;
use super::Known;
use crate::check::Judgement;

/// What keeps autoscalers from a pod, and the value that says so.
pub(super) const ANNOTATIONS: [(&str, &str); 2] = [
    ("karpenter.sh/do-not-disrupt", "true"),
    ("cluster-autoscaler.kubernetes.io/safe-to-evict", "false"),
];

/// What protects pods.
#[derive(Debug, Default)]
struct Protection {
    /// Those of [`ANNOTATIONS`] that the pods have.
    annotations: Vec<&'static str>,
    /// A budget that lets no pod go.
    budget: bool,
    /// Why budgets are not known.
    unknown: Option<String>,
}

/// Judges the Deployment that is there, else the values.
pub(crate) fn eviction((facts, wanted): Known<'_>) -> Judgement {
    let own = facts
        .deployments
        .as_deref()
        .unwrap_or_default()
        .iter()
        .find(|deployment| deployment["metadata"]["name"] == wanted.own.as_str())
        .filter(|_| wanted.names_release);
    match own {
        Some(deployment) => judge(&of_cluster(deployment, &facts.budgets), "the server's pods"),
        None if wanted.is_known => {
            let annotations = ANNOTATIONS
                .iter()
                .filter(|wish| {
                    let has =
                        |(key, value): &(String, String)| (key.as_str(), value.as_str()) == **wish;
                    wanted.annotations.iter().any(has)
                })
                .map(|(key, _)| *key);
            let protection = Protection {
                annotations: annotations.collect(),
                budget: wanted
                    .budget
                    .as_ref()
                    .is_some_and(|spec| is_closed(spec, wanted.replicas)),
                unknown: None,
            };
            judge(&protection, "by these values the server's pods")
        }
        None => Judgement::not_asked(
            "neither values nor a release that is installed; -f FILE or --release NAME tells",
        ),
    }
}

fn of_cluster(deployment: &Value, budgets: &Asked<Vec<Value>>) -> Protection {
    let template = &deployment["spec"]["template"]["metadata"];
    let annotations = ANNOTATIONS
        .iter()
        .filter(|(key, value)| template["annotations"][*key] == *value)
        .map(|(key, _)| *key)
        .collect();
    let replicas = deployment["spec"]["replicas"].as_i64().unwrap_or(1);
    let covers = |budget: &&Value| {
        let labels = budget["spec"]["selector"]["matchLabels"].as_object();
        labels.is_some_and(|labels| {
            labels
                .iter()
                .all(|(key, value)| template["labels"][key.as_str()] == *value)
        })
    };
    let (budget, unknown) = match budgets {
        Ok(budgets) => {
            let mut closed = budgets.iter().filter(covers);
            (
                closed.any(|budget| is_closed(&budget["spec"], replicas)),
                None,
            )
        }
        Err(why) => (false, Some(why.clone())),
    };
    Protection {
        annotations,
        budget,
        unknown,
    }
}

/// Whether a budget lets no pod of so many go.
fn is_closed(spec: &Value, replicas: i64) -> bool {
    let number = |key: &str| match &spec[key] {
        Value::String(text) => text.trim_end_matches('%').parse().ok(),
        other => other.as_i64(),
    };
    let is_share = |key: &str| spec[key].as_str().is_some_and(|text| text.ends_with('%'));
    number("maxUnavailable") == Some(0)
        || number("minAvailable").is_some_and(|least: i64| {
            if is_share("minAvailable") {
                least >= 100
            } else {
                least >= replicas
            }
        })
}

fn judge(protection: &Protection, whose: &str) -> Judgement {
    let Protection {
        annotations,
        budget,
        unknown,
    } = protection;
    if *budget {
        return Judgement::pass(format!("{whose} have a budget that lets none be evicted"));
    }
    if annotations.len() == ANNOTATIONS.len() {
        return Judgement::pass(format!(
            "{whose} are marked so that autoscalers leave them alone"
        ));
    }
    let mut evidence = if annotations.is_empty() {
        format!(
            "{whose} may be evicted at any time; what they build is orphaned then, and never ends"
        )
    } else {
        format!(
            "{whose} are protected by {} alone",
            annotations.join(" and ")
        )
    };
    if let Some(why) = unknown {
        evidence.push_str(&format!(" (budgets are not to be seen: {why})"));
    }
    let marks: Vec<_> = ANNOTATIONS
        .iter()
        .map(|(key, value)| format!("{key}: \"{value}\""))
        .collect();
    Judgement::warn(
        evidence,
        format!(
            "where nodes come and go, put these into the values: pod.annotations: {{{}}}; and against \
             draining by hand, until the rebuild is over, podDisruptionBudget: {{maxUnavailable: 0}}",
            marks.join(", ")
        ),
    )
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::check::Status;

    fn deployed(annotations: Value, budgets: Asked<Vec<Value>>) -> Judgement {
        let deployment = json!({"spec": {"replicas": 1, "template": {"metadata": {
            "labels": {"app": "connect", "more": "x"}, "annotations": annotations}}}});
        judge(&of_cluster(&deployment, &budgets), "pods")
    }

    #[test]
    fn pods_that_may_go_are_warned_of() {
        let none = deployed(json!({}), Ok(Vec::new()));
        assert_eq!(none.status, Status::Warn);
        assert!(
            none.remedy
                .unwrap()
                .contains("karpenter.sh/do-not-disrupt: \"true\"")
        );
        let one = json!({"karpenter.sh/do-not-disrupt": "true"});
        let one = deployed(one, Err("forbidden".to_owned()));
        assert_eq!(one.status, Status::Warn);
        assert!(
            one.evidence
                .contains("do-not-disrupt alone (budgets are not to be seen"),
            "{one:?}"
        );
        let both = json!({"karpenter.sh/do-not-disrupt": "true",
            "cluster-autoscaler.kubernetes.io/safe-to-evict": "false"});
        assert_eq!(deployed(both, Ok(Vec::new())).status, Status::Pass);
        let no = json!({"karpenter.sh/do-not-disrupt": "false"});
        assert_eq!(deployed(no, Ok(Vec::new())).status, Status::Warn);
    }

    #[test]
    fn a_budget_protects_when_it_lets_none_go_and_is_theirs() {
        let of = |spec: Value| deployed(json!({}), Ok(vec![json!({"spec": spec})])).status;
        let mine = json!({"matchLabels": {"app": "connect"}});
        assert_eq!(
            of(json!({"selector": mine, "maxUnavailable": 0})),
            Status::Pass
        );
        assert_eq!(
            of(json!({"selector": mine, "maxUnavailable": "0%"})),
            Status::Pass
        );
        assert_eq!(
            of(json!({"selector": mine, "minAvailable": 1})),
            Status::Pass
        );
        assert_eq!(
            of(json!({"selector": mine, "minAvailable": "50%"})),
            Status::Warn
        );
        assert_eq!(
            of(json!({"selector": mine, "maxUnavailable": 1})),
            Status::Warn
        );
        let other = json!({"matchLabels": {"app": "other"}});
        assert_eq!(
            of(json!({"selector": other, "maxUnavailable": 0})),
            Status::Warn
        );
    }

    #[test]
    fn the_releases_own_deployment_is_judged() {
        let named = |name: &str, value: &str| {
            json!({"metadata": {"name": name}, "spec": {"template": {"metadata": {"annotations": {
                ANNOTATIONS[0].0: value, ANNOTATIONS[1].0: "false"}}}}})
        };
        let facts = super::super::Facts {
            deployments: Ok(vec![named("other", "false"), named("ours", "true")]),
            ..Default::default()
        };
        let wanted = |own: &str, names_release| super::super::wanted::Wanted {
            own: own.to_owned(),
            names_release,
            ..Default::default()
        };
        let status = |own, named| eviction((&facts, &wanted(own, named))).status;
        assert_eq!(status("ours", true), Status::Pass);
        assert_eq!(status("other", true), Status::Warn);
        assert_eq!(status("none", true), Status::NotAsked);
        assert_eq!(status("ours", false), Status::NotAsked);
    }
}
