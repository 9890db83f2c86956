//! Having the API server try each object of a release: it knows about admission, quotas, pod security
//! and fields that cannot be changed what nobody could guess.

use serde_json::{Value, json};

use super::Expected;
use super::Known;
use super::parts::{label, pods};
use crate::check::{Judgement, count, plural};
use crate::release::{AccessError, Cluster};

/// What came of trying one object.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Attempt {
    Taken,
    /// In the API server's words.
    Refused(String),
    /// Why it was not tried.
    Untried(String),
}

impl Attempt {
    pub(super) fn of(answer: Result<Option<String>, AccessError>) -> Self {
        match answer {
            Ok(None) => Self::Taken,
            Ok(Some(why)) => Self::Refused(why),
            Err(error) => Self::Untried(error.to_string()),
        }
    }
}

/// What was tried, by name, and how that went.
pub(crate) type Trial = Vec<(String, Attempt)>;

/// A pod as a workload would make it; `None` for what makes none. The service account that the release
/// itself brings along is not there yet.
pub(super) fn pod_of(workload: &Value, brings: impl Fn(&str) -> bool) -> Option<Value> {
    let (template, number) = pods(workload)?;
    if workload["kind"] == "Pod" || number == 0.0 {
        return None;
    }
    let mut pod = json!({"apiVersion": "v1", "kind": "Pod",
        "metadata": template["metadata"].clone(), "spec": template["spec"].clone()});
    if pod["metadata"].is_null() {
        pod["metadata"] = json!({});
    }
    pod["metadata"]["generateName"] = "connect-migrate-check-".into();
    if let Some(namespace) = workload["metadata"]["namespace"].as_str() {
        pod["metadata"]["namespace"] = namespace.into();
    }
    let account = pod["spec"]["serviceAccountName"].as_str();
    if account.is_some_and(brings)
        && let Some(spec) = pod["spec"].as_object_mut()
    {
        spec.remove("serviceAccountName");
        spec.remove("serviceAccount");
    }
    Some(pod)
}

/// Tries the pods of a workload.
pub(super) async fn try_pods(
    cluster: &Cluster,
    workload: &Value,
    may: bool,
    brings: impl Fn(&str) -> bool,
) -> Option<(String, Attempt)> {
    let pod = pod_of(workload, brings)?;
    let attempt = if may {
        Attempt::of(cluster.try_pod(&pod).await)
    } else {
        Attempt::Untried("you may not create pods, which this alone needs".to_owned())
    };
    Some((format!("a pod of {}", label(workload)), attempt))
}

pub(crate) fn dry_run((facts, wanted): Known<'_>) -> Judgement {
    let of = match &wanted.expected {
        Expected::Assumed { why, .. } => return Judgement::not_asked(why.clone()),
        Expected::Manifest { of, .. } => of,
    };
    if facts.is_there == Ok(false) {
        return Judgement::not_asked(format!("the namespace {} does not exist", facts.namespace));
    }
    let of_kind = |refused: bool| {
        facts
            .trial
            .iter()
            .filter_map(move |(what, attempt)| match attempt {
                Attempt::Refused(why) if refused => Some(format!("{what}: {why}")),
                Attempt::Untried(why) if !refused => Some(format!("{what}: not tried, {why}")),
                _ => None,
            })
    };
    let refused: Vec<String> = of_kind(true).collect();
    let untried: Vec<String> = of_kind(false).collect();
    if !refused.is_empty() {
        return Judgement::fail(
            format!(
                "the API server would refuse {} of {of}",
                count(refused.len(), "object")
            ),
            "its own words say why; change the values, or ask whoever runs the cluster",
        )
        .details(refused)
        .details(untried);
    }
    let taken = facts.trial.len() - untried.len();
    if taken == 0 {
        return Judgement::not_asked(format!("no object of {of} could be tried")).details(untried);
    }
    let verb = plural(taken, "object was", "objects were");
    Judgement::pass(format!(
        "{verb} tried at the API server, and none refused, of {of}"
    ))
    .details(untried)
}

#[cfg(test)]
mod tests {
    use super::super::{Facts, Wanted};
    use super::*;
    use crate::check::Status;

    #[test]
    fn a_pod_is_tried_as_its_workload_would_make_it() {
        let workload = json!({"kind": "Deployment", "metadata": {"name": "c", "namespace": "n"},
            "spec": {"template": {"metadata": {"labels": {"a": "b"}},
                "spec": {"serviceAccountName": "c", "containers": []}}}});
        let pod = pod_of(&workload, |account| account == "c").unwrap();
        assert_eq!(pod["metadata"]["namespace"], "n");
        assert_eq!(pod["metadata"]["labels"], json!({"a": "b"}));
        assert_eq!(pod["spec"], json!({"containers": []}));
        let mut none = workload;
        none["spec"]["replicas"] = 0.into();
        assert_eq!(pod_of(&none, |_| false), None);
    }

    #[test]
    fn what_is_refused_is_said_in_the_api_servers_words() {
        let wanted = Wanted {
            expected: Expected::Manifest {
                objects: Vec::new(),
                of: "the chart".to_owned(),
            },
            ..Wanted::default()
        };
        let of = |trial: Trial| {
            let facts = Facts {
                is_there: Ok(true),
                trial,
                ..Facts::default()
            };
            dry_run((&facts, &wanted))
        };
        let tried = |attempt: Attempt| vec![("Service s".to_owned(), attempt)];
        assert_eq!(of(tried(Attempt::Taken)).status, Status::Pass);
        let refused = of(tried(Attempt::Refused("frozen".to_owned())));
        assert_eq!(refused.status, Status::Fail);
        assert_eq!(refused.details, ["Service s: frozen"]);
        let untried = of(tried(Attempt::Untried("no".to_owned())));
        assert_eq!(untried.status, Status::NotAsked);
    }
}
