//! What else there is in the cluster that a trial would share.

use std::collections::HashSet;

use k8s_openapi::api::apps::v1::{DaemonSet, ReplicaSet, StatefulSet};
use k8s_openapi::api::batch::v1::{CronJob, Job};
use k8s_openapi::api::core::v1::{ConfigMap, PersistentVolume, Pod};
use k8s_openapi::api::networking::v1::Ingress;
use serde_json::{Value, json};

use super::{Asked, Expected, Facts, Wanted};
use crate::check::trial::TrialServer;
use crate::check::{Judgement, count};
use crate::effective::deployed;
use crate::gcfg;
use crate::release::Cluster;
use crate::trial::Production;

/// Where Helm says whose an object is.
const RELEASE: &str = "meta.helm.sh/release-name";

/// What the cluster says beside the facts about the release itself.
#[derive(Debug)]
pub(super) struct Neighbours {
    /// The release of the trial, where one is named.
    pub release: Option<String>,
    /// What runs pods or is one, by its kind, beside the Deployments.
    pub workloads: Vec<(&'static str, Asked<Vec<Value>>)>,
    pub config_maps: Asked<Vec<Value>>,
    /// Of every namespace, or of the trial's alone and why.
    pub ingresses: (Asked<Vec<Value>>, Option<String>),
    pub volumes: Asked<Vec<Value>>,
}

pub(super) async fn look(cluster: &Cluster, release: Option<String>) -> Neighbours {
    let said = |error: crate::release::AccessError| error.to_string();
    let ingresses = match cluster.list_everywhere::<Ingress>().await {
        Ok(all) => (Ok(all), None),
        Err(error) => (
            cluster.list::<Ingress>().await.map_err(said),
            Some(error.to_string()),
        ),
    };
    Neighbours {
        release,
        workloads: vec![
            (
                "StatefulSet",
                cluster.list::<StatefulSet>().await.map_err(said),
            ),
            ("DaemonSet", cluster.list::<DaemonSet>().await.map_err(said)),
            (
                "ReplicaSet",
                cluster.list::<ReplicaSet>().await.map_err(said),
            ),
            ("CronJob", cluster.list::<CronJob>().await.map_err(said)),
            ("Job", cluster.list::<Job>().await.map_err(said)),
            ("Pod", cluster.list::<Pod>().await.map_err(said)),
        ],
        config_maps: cluster.list::<ConfigMap>().await.map_err(said),
        ingresses,
        volumes: cluster
            .list_everywhere::<PersistentVolume>()
            .await
            .map_err(said),
    }
}

/// The trial's release and what there is beside it.
pub(in crate::check) struct Beside<'a> {
    pub(super) facts: &'a Facts,
    pub(super) wanted: &'a Wanted,
    pub(super) neighbours: &'a Neighbours,
}

impl Neighbours {
    /// Whether an object is not the trial's. Helm marks what it has installed.
    fn is_other(&self, object: &Value, namespace: &str) -> bool {
        let mark = &object["metadata"]["annotations"][RELEASE];
        let there = object["metadata"]["namespace"].as_str();
        self.release.is_none()
            || mark.as_str() != self.release.as_deref()
            || there.is_some_and(|there| there != namespace)
    }

    /// What to say of objects that may be the trial's own.
    fn hint(&self) -> &'static str {
        match self.release {
            Some(_) => "",
            None => " (--release NAME says which is the trial's own)",
        }
    }
}

fn name(object: &Value) -> String {
    let text = |key: &str| object["metadata"][key].as_str().unwrap_or("?");
    format!("{}/{}", text("namespace"), text("name"))
}

pub(in crate::check) fn other_mounts(beside: &Beside<'_>, _: &TrialServer) -> Judgement {
    mounted_by(beside)
}

fn mounted_by(beside: &Beside<'_>) -> Judgement {
    let Beside {
        facts,
        wanted,
        neighbours,
        ..
    } = *beside;
    let Some(claim) = &wanted.claim else {
        return Judgement::not_asked("the values name no claim; sharedStorage does");
    };
    let mut unseen = Vec::new();
    let mut found: Vec<Found<'_>> = Vec::new();
    let deployments = [("Deployment", &facts.deployments)];
    let workloads = neighbours.workloads.iter().map(|(kind, all)| (*kind, all));
    for (kind, all) in deployments.into_iter().chain(workloads) {
        match all {
            Ok(all) => found.extend(all.iter().map(|object| (kind, object))),
            Err(why) => unseen.push(why.clone()),
        }
    }
    found.retain(|(kind, object)| mounts(kind, object, claim) && !has_ended(object));
    // What another one of them made is that one's.
    let made: HashSet<&str> = found
        .iter()
        .filter_map(|(_, object)| object["metadata"]["uid"].as_str())
        .collect();
    let roots = found.iter().filter(|(_, object)| {
        let owners = object["metadata"]["ownerReferences"].as_array();
        let mut owners = owners.into_iter().flatten();
        !owners.any(|owner| owner["uid"].as_str().is_some_and(|uid| made.contains(uid)))
    });
    let (others, own): (Vec<Found<'_>>, Vec<_>) =
        roots.partition(|(_, object)| neighbours.is_other(object, &facts.namespace));
    // The server's own content runs in Jobs and Pods that nothing marks.
    let (content, others): (Vec<_>, Vec<_>) = others.into_iter().partition(|(kind, object)| {
        !own.is_empty()
            && matches!(*kind, "Job" | "Pod")
            && object["metadata"]["annotations"][RELEASE].is_null()
    });
    let named = |all: Vec<Found<'_>>| -> Vec<String> {
        let all = all.into_iter();
        all.map(|(kind, object)| format!("{kind} {}", name(object)))
            .collect()
    };
    if !others.is_empty() {
        return Judgement::fail(
            format!("claim {claim} is mounted by another release{}", neighbours.hint()),
            "copy the data directory onto a claim of its own: the trial would write into what the other works on",
        )
        .details(named(others));
    }
    if !unseen.is_empty() {
        return Judgement::not_asked(unseen.join("; "));
    }
    if !content.is_empty() {
        return Judgement::warn(
            format!("claim {claim} is mounted by pods of which nothing says whose they are"),
            "see that they run content of the trial",
        )
        .details(named(content));
    }
    Judgement::pass(format!(
        "nothing else in the namespace {} mounts claim {claim}",
        facts.namespace
    ))
}

/// An object with its kind, which lists do not say.
type Found<'a> = (&'a str, &'a Value);

/// Whether an object's pods have a claim.
fn mounts(kind: &str, object: &Value, claim: &str) -> bool {
    let pod = match kind {
        "Pod" => &object["spec"],
        "CronJob" => &object["spec"]["jobTemplate"]["spec"]["template"]["spec"],
        _ => &object["spec"]["template"]["spec"],
    };
    let mut volumes = pod["volumes"].as_array().into_iter().flatten();
    volumes.any(|it| it["persistentVolumeClaim"]["claimName"] == claim)
}

/// Whether it is a Pod or a Job that has run to its end, and touches nothing any more.
fn has_ended(object: &Value) -> bool {
    let status = &object["status"];
    let conditions = status["conditions"].as_array().into_iter().flatten();
    let mut ends = conditions.filter(|it| it["type"] == "Complete" || it["type"] == "Failed");
    matches!(status["phase"].as_str(), Some("Succeeded" | "Failed"))
        || ends.any(|it| it["status"] == "True")
}

/// What of a volume says where its data lies.
fn data(volume: &Value) -> Option<Value> {
    const SOURCES: [&str; 9] = [
        "nfs",
        "csi",
        "hostPath",
        "local",
        "cephfs",
        "azureFile",
        "glusterfs",
        "iscsi",
        "fc",
    ];
    let spec = &volume["spec"];
    let source = SOURCES.into_iter().find(|it| spec[*it].is_object())?;
    let text = |key: &str| {
        let text = spec[source][key].as_str().unwrap_or_default();
        text.trim_end_matches('/').to_owned()
    };
    Some(match source {
        "csi" => json!([source, text("driver"), text("volumeHandle")]),
        "nfs" => json!([source, text("server"), text("path")]),
        "hostPath" | "local" => json!([source, text("path")]),
        _ => spec[source].clone(),
    })
}

/// Two claims may lead to one place.
pub(in crate::check) fn other_volumes(beside: &Beside<'_>, _: &TrialServer) -> Judgement {
    volumes_of_others(beside)
}

fn volumes_of_others(beside: &Beside<'_>) -> Judgement {
    let Beside {
        facts, neighbours, ..
    } = *beside;
    let Some((name, claim)) = &facts.claim else {
        return Judgement::not_asked("the values name no claim; sharedStorage does");
    };
    let bound = match claim {
        Err(why) => return Judgement::not_asked(why.clone()),
        Ok(None) => {
            return Judgement::pass(format!("claim {name} is yet to be made"));
        }
        Ok(Some(claim)) => claim["spec"]["volumeName"].as_str().unwrap_or_default(),
    };
    let volumes = match &neighbours.volumes {
        Ok(volumes) => volumes,
        Err(why) => return Judgement::not_asked(why.clone()),
    };
    let own = volumes.iter().find(|it| it["metadata"]["name"] == bound);
    let Some(place) = own.and_then(data) else {
        return Judgement::not_asked(format!(
            "where the data of claim {name} lies cannot be told from its volume"
        ));
    };
    let others: Vec<String> = volumes
        .iter()
        .filter(|volume| {
            volume["metadata"]["name"] != bound && data(volume).as_ref() == Some(&place)
        })
        .map(|volume| {
            let claim = &volume["spec"]["claimRef"];
            let text = |value: &Value| value.as_str().unwrap_or("?").to_owned();
            format!(
                "volume {}, claim {}/{}",
                text(&volume["metadata"]["name"]),
                text(&claim["namespace"]),
                text(&claim["name"])
            )
        })
        .collect();
    if others.is_empty() {
        return Judgement::pass(format!(
            "no other volume of the cluster leads to where claim {name} does"
        ));
    }
    Judgement::fail(
        format!("the data of claim {name} is that of other volumes, too"),
        "copy the data directory to a place of its own: two claims on one folder are one folder",
    )
    .details(others)
}

pub(in crate::check) fn other_servers(beside: &Beside<'_>, trial: &TrialServer) -> Judgement {
    let Beside {
        facts, neighbours, ..
    } = *beside;
    let (deployments, maps) = match (&facts.deployments, &neighbours.config_maps) {
        (Ok(deployments), Ok(maps)) => (deployments, maps),
        (Err(why), _) | (_, Err(why)) => return Judgement::not_asked(why.clone()),
    };
    let mut shared = Vec::new();
    let mut unseen = Vec::new();
    let mut servers = 0;
    for map in maps {
        let is_connect = map["data"]["rstudio-connect.gcfg"].is_string();
        if !is_connect || !neighbours.is_other(map, &facts.namespace) {
            continue;
        }
        servers += 1;
        let named = map["metadata"]["name"].as_str().unwrap_or_default();
        let found = deployed(&stream(map, deployments), Some(named)).ok();
        let document = found.and_then(|found| {
            let variables: Vec<_> = found.variables.into_iter().map(|it| it.name).collect();
            let hidden = variables.iter().any(|it| it == "CONNECT_POSTGRES_URL");
            Some((gcfg::parse_text(named, &found.gcfg).ok()?, hidden))
        });
        match document {
            Some((document, hidden)) => {
                let theirs = Production::of(std::slice::from_ref(&document), &[]);
                let databases = trial.databases_of(&theirs);
                if !databases.is_empty() {
                    shared.extend(
                        databases
                            .into_iter()
                            .map(|what| format!("{what} ({})", name(map))),
                    );
                } else if hidden || !theirs.has_database() {
                    unseen.push(format!(
                        "{}: its Postgres.URL is not in its ConfigMap",
                        name(map)
                    ));
                }
            }
            None => unseen.push(format!("{}: its configuration cannot be read", name(map))),
        }
    }
    if !shared.is_empty() {
        return Judgement::fail(
            format!(
                "the trial would work on the database of another Connect in the namespace{}",
                neighbours.hint()
            ),
            "restore a backup into a database of its own, and convert again with --trial-database",
        )
        .details(shared);
    }
    if !unseen.is_empty() {
        return Judgement::warn("which database another Connect in the namespace works on is not to be seen",
            "look yourself, and give what it is installed with as --production FILE; Secrets are not read here",
        )
        .details(unseen);
    }
    Judgement::pass(match servers {
        0 => format!(
            "no other Connect in the namespace {}; other namespaces were not asked",
            facts.namespace
        ),
        _ => format!(
            "{} of Connect in the namespace, on other databases as far as names tell; other namespaces were not asked",
            count(servers, "other configuration")
        ),
    })
}

/// A ConfigMap and the Deployments beside it, as a manifest. Lists do not say what their items are.
fn stream(map: &Value, deployments: &[Value]) -> String {
    let typed = |object: &Value, version: &str, kind: &str| {
        let mut object = object.clone();
        object["apiVersion"] = version.into();
        object["kind"] = kind.into();
        object.to_string()
    };
    let mut documents = vec![typed(map, "v1", "ConfigMap")];
    documents.extend(
        deployments
            .iter()
            .map(|it| typed(it, "apps/v1", "Deployment")),
    );
    documents.join("\n---\n")
}

pub(in crate::check) fn other_ingresses(beside: &Beside<'_>, trial: &TrialServer) -> Judgement {
    let Beside {
        facts,
        wanted,
        neighbours,
        ..
    } = *beside;
    let (ingresses, narrowed) = &neighbours.ingresses;
    let ingresses = match ingresses {
        Ok(ingresses) => ingresses,
        Err(why) => return Judgement::not_asked(why.clone()),
    };
    let mut ours: Vec<String> = trial.host().into_iter().collect();
    if let Expected::Manifest { objects, .. } = &wanted.expected {
        ours.extend(
            objects
                .iter()
                .filter(|it| it["kind"] == "Ingress")
                .flat_map(hosts),
        );
    }
    let ours: Vec<String> = ours.iter().map(|host| host.to_lowercase()).collect();
    if ours.is_empty() {
        return Judgement::not_asked("the values say no address; config.Server.Address does");
    }
    let others: Vec<String> = ingresses
        .iter()
        .filter(|object| neighbours.is_other(object, &facts.namespace))
        .flat_map(|object| hosts(object).into_iter().map(|host| (name(object), host)))
        .filter(|(_, host)| ours.contains(&host.to_lowercase()))
        .map(|(name, host)| format!("Ingress {name} serves {host}"))
        .collect();
    if !others.is_empty() {
        return Judgement::fail(
            format!(
                "the host of the trial is that of another Ingress{}",
                neighbours.hint()
            ),
            "give the trial a host of its own: which of the two gets a request is not defined",
        )
        .details(others);
    }
    match narrowed {
        None => Judgement::pass("no other Ingress of the cluster serves the trial's host"),
        Some(why) => Judgement::pass(format!(
            "no other Ingress of the namespace {} serves the trial's host; other namespaces were not to be seen: {why}",
            facts.namespace
        )),
    }
}

fn hosts(ingress: &Value) -> Vec<String> {
    let rules = ingress["spec"]["rules"].as_array().into_iter().flatten();
    rules
        .filter_map(|rule| Some(rule["host"].as_str()?.to_owned()))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::Status;

    fn volume(name: &str, path: &str) -> Value {
        json!({"metadata": {"name": name}, "spec": {
            "nfs": {"server": "files", "path": path},
            "claimRef": {"namespace": "production", "name": "data"}}})
    }

    #[test]
    fn two_claims_on_one_folder_are_one() {
        let of = |volumes: Asked<Vec<Value>>, bound: &str| {
            let claim = json!({"spec": {"volumeName": bound}});
            let facts = Facts {
                claim: Some(("copy".to_owned(), Ok(Some(claim)))),
                ..Facts::default()
            };
            let neighbours = Neighbours {
                release: None,
                workloads: Vec::new(),
                config_maps: Ok(Vec::new()),
                ingresses: (Ok(Vec::new()), None),
                volumes,
            };
            let beside = Beside {
                facts: &facts,
                wanted: &Wanted::default(),
                neighbours: &neighbours,
            };
            volumes_of_others(&beside)
        };
        let two = |path: &str| Ok(vec![volume("a", "/data"), volume("b", path)]);
        assert_eq!(of(two("/copy"), "b").status, Status::Pass);
        let same = of(two("/data/"), "b");
        assert_eq!(same.status, Status::Fail);
        assert_eq!(same.details, ["volume a, claim production/data"]);
        assert_eq!(of(two("/copy"), "unknown").status, Status::NotAsked);
        assert_eq!(of(Err("no".to_owned()), "b").status, Status::NotAsked);
    }

    /// Whoever has the claim: each kind is found, what it made is not told again, and what has ended
    /// has let go.
    #[test]
    fn whatever_mounts_the_claim_is_found() {
        let pod = json!({"volumes": [{"persistentVolumeClaim": {"claimName": "files"}}]});
        let object = |kind: &str, uid: &str, owner: &str| {
            let spec = match kind {
                "Pod" => pod.clone(),
                "CronJob" => json!({"jobTemplate": {"spec": {"template": {"spec": pod}}}}),
                _ => json!({"template": {"spec": pod}}),
            };
            json!({"metadata": {"namespace": "n", "name": uid, "uid": uid,
                "ownerReferences": [{"uid": owner}]}, "spec": spec})
        };
        let of = |deployments: Vec<Value>, workloads: Vec<(&'static str, Asked<Vec<Value>>)>| {
            let facts = Facts {
                namespace: "n".to_owned(),
                deployments: Ok(deployments),
                ..Facts::default()
            };
            let neighbours = Neighbours {
                release: Some("trial".to_owned()),
                workloads,
                config_maps: Ok(Vec::new()),
                ingresses: (Ok(Vec::new()), None),
                volumes: Ok(Vec::new()),
            };
            let wanted = Wanted {
                claim: Some("files".to_owned()),
                ..Wanted::default()
            };
            mounted_by(&Beside {
                facts: &facts,
                wanted: &wanted,
                neighbours: &neighbours,
            })
        };
        for kind in [
            "StatefulSet",
            "DaemonSet",
            "ReplicaSet",
            "CronJob",
            "Job",
            "Pod",
        ] {
            let made = Ok(vec![object("Pod", "made", "root")]);
            let found = of(
                vec![],
                vec![(kind, Ok(vec![object(kind, "root", "x")])), ("Pod", made)],
            );
            assert_eq!(found.status, Status::Fail, "{kind}");
            assert_eq!(found.details, [format!("{kind} n/root")]);
        }
        for status in [
            json!({"phase": "Succeeded"}),
            json!({"conditions": [{"type": "Complete", "status": "True"}]}),
        ] {
            let mut ended = object("Job", "root", "x");
            ended["status"] = status;
            assert_eq!(
                of(vec![], vec![("Job", Ok(vec![ended]))]).status,
                Status::Pass
            );
        }
        // The trial's server with its content; and with what could not be asked.
        let mut own = object("Deployment", "trial", "x");
        own["metadata"]["annotations"] = json!({RELEASE: "trial"});
        let content = || vec![("Pod", Ok(vec![object("Pod", "content", "x")]))];
        assert_eq!(of(vec![own.clone()], content()).status, Status::Warn);
        assert_eq!(of(vec![], content()).status, Status::Fail);
        let forbidden = || vec![("Job", Err("you may not".to_owned()))];
        assert_eq!(of(vec![own.clone()], forbidden()).status, Status::NotAsked);
        assert_eq!(
            of(vec![object("Deployment", "d", "x")], forbidden()).status,
            Status::Fail
        );
        assert_eq!(of(vec![own], Vec::new()).status, Status::Pass);
    }
}
