//! Judging what the cluster says.

use serde_json::Value;

use super::Known;

use crate::check::{Judgement, count, plural};
use crate::manifests::server_container;

/// The label that the Kubernetes backend wants on service accounts of content.
const LABEL: &str = "connect.posit.co/service-account";

fn has_many(object: &Value, path: &[&str]) -> bool {
    let mut at = object;
    for key in path {
        at = &at[*key];
    }
    at.as_array()
        .is_some_and(|modes| modes.iter().any(|mode| mode == "ReadWriteMany"))
}

pub(crate) fn storage((facts, wanted): Known<'_>) -> Judgement {
    let Some((name, claim)) = &facts.claim else {
        return Judgement::not_asked("the values name no claim; -f FILE with sharedStorage tells");
    };
    match claim {
        Err(why) => Judgement::not_asked(why.clone()),
        Ok(Some(claim)) => {
            let phase = claim["status"]["phase"].as_str().unwrap_or("unknown");
            if claim["metadata"]["deletionTimestamp"].is_string() {
                return Judgement::fail(
                    format!("claim {name} is being deleted"),
                    "wait until it is gone, then make it anew; what is on it may be lost with it",
                );
            }
            if !has_many(claim, &["spec", "accessModes"]) {
                return Judgement::fail(
                    format!(
                        "claim {name} is not ReadWriteMany, so content pods on other nodes could not mount it"
                    ),
                    "make a claim with accessModes [ReadWriteMany] from storage that offers it (NFS, EFS, Azure Files, Filestore, CephFS)",
                );
            }
            if phase != "Bound" {
                return Judgement::fail(format!("claim {name} is {phase}, not Bound"),
                    "look at its events: the class may wait for a first pod, or offer no ReadWriteMany",
                )
                .command(facts.place.kubectl(&format!("describe pvc {name}")));
            }
            Judgement::pass(format!("claim {name} is ReadWriteMany and Bound"))
        }
        Ok(None) if !wanted.creates_claim => Judgement::fail(
            format!(
                "claim {name} does not exist in the namespace {}",
                facts.namespace
            ),
            "make it first, or let the chart make one (sharedStorage.create)",
        ),
        Ok(None) if !wanted.shares_claim => Judgement::fail(
            format!("the chart would make claim {name} without ReadWriteMany"),
            "content pods on other nodes could not mount it: sharedStorage.accessModes: [ReadWriteMany]",
        ),
        Ok(None) => match &facts.class {
            None => Judgement::warn(
                format!("the chart makes claim {name} from the cluster's default class"),
                "most default classes offer no ReadWriteMany: name one that does with sharedStorage.storageClassName",
            ),
            Some((class, Err(why))) => Judgement::not_asked(format!(
                "the chart makes claim {name} from class {class}, which is not to be seen: {why}"
            )),
            Some((class, Ok(None))) => Judgement::fail(
                format!("the chart makes claim {name} from class {class}, which does not exist"),
                "name a class that does",
            )
            .command(facts.place.kubectl_anywhere("get storageclass")),
            Some((class, Ok(Some(object)))) => {
                let by = object["provisioner"].as_str().unwrap_or("unknown");
                if block_storage(by) {
                    return Judgement::fail(
                        format!(
                            "the chart makes claim {name} from class {class}, whose provisioner {by} offers disks for one node at a time"
                        ),
                        "name a class for a shared filesystem in sharedStorage.storageClassName",
                    );
                }
                Judgement::pass(format!(
                    "the chart makes claim {name} from class {class} ({by}); whether that offers ReadWriteMany, its documentation says"
                ))
            }
        },
    }
}

/// Provisioners of disks, which attach to one node.
fn block_storage(provisioner: &str) -> bool {
    matches!(
        provisioner,
        "ebs.csi.aws.com"
            | "kubernetes.io/aws-ebs"
            | "pd.csi.storage.gke.io"
            | "kubernetes.io/gce-pd"
            | "disk.csi.azure.com"
            | "kubernetes.io/azure-disk"
            | "rancher.io/local-path"
            | "kubernetes.io/no-provisioner"
            | "topolvm.io"
    )
}

pub(crate) fn accounts((facts, wanted): Known<'_>) -> Judgement {
    if !wanted.labels_accounts {
        return Judgement::pass("only the Kubernetes backend wants a label");
    }
    let accounts = match &facts.accounts {
        Ok(accounts) => accounts,
        Err(why) => return Judgement::not_asked(why.clone()),
    };
    let names = |labelled: bool| {
        accounts
            .iter()
            .filter(move |account| account["metadata"]["labels"].get(LABEL).is_some() == labelled)
            .filter_map(|account| account["metadata"]["name"].as_str())
            .filter(|name| *name != "default" && *name != wanted.own)
            .map(str::to_owned)
    };
    let without: Vec<String> = names(false).collect();
    if without.is_empty() {
        return Judgement::pass(format!(
            "{} for content in the namespace",
            plural(names(true).count(), "service account", "service accounts")
        ));
    }
    Judgement::warn(
        format!(
            "{} without the label {LABEL}",
            count(without.len(), "service account")
        ),
        "label those that content is to run as; the others need nothing",
    )
    .command(
        facts
            .place
            .kubectl(&format!("label serviceaccount NAME {LABEL}=true")),
    )
    .details(without)
}

/// Deployments of Connect with pods, the release's own among them.
pub(crate) fn shared_database((facts, wanted): Known<'_>) -> Judgement {
    let deployments = match &facts.deployments {
        Ok(deployments) => deployments,
        Err(why) => return Judgement::not_asked(why.clone()),
    };
    let servers: Vec<(&str, i64)> = deployments
        .iter()
        .filter(|deployment| is_connect(deployment))
        .filter_map(|deployment| {
            let replicas = deployment["spec"]["replicas"].as_i64().unwrap_or(1);
            Some((deployment["metadata"]["name"].as_str()?, replicas))
        })
        .filter(|(_, replicas)| *replicas > 0)
        .collect();
    let details = servers.iter().map(|(name, replicas)| {
        format!(
            "{name}: {}",
            count(usize::try_from(*replicas).unwrap_or_default(), "replica")
        )
    });
    // Without the release's name, one of them is taken for its own.
    let others = if wanted.names_release {
        servers
            .iter()
            .filter(|(name, _)| *name != wanted.own)
            .count()
    } else {
        servers.len().saturating_sub(1)
    };
    if others > 0 {
        return Judgement::warn(format!(
                "{} of Connect in the namespace besides the release's own",
                count(others, "Deployment")
            ),
            "make sure that they use another database: two servers on one run every schedule twice, and mail twice",
        )
        .details(details);
    }
    if servers.iter().any(|(_, replicas)| *replicas > 1) {
        return Judgement::warn("the release runs several replicas",
            "keep to one until the move is over (replicas: 1), then go up: builds and caches are easier to follow",
        )
        .details(details);
    }
    Judgement::pass("no two servers in the namespace")
}

/// A Deployment that mounts Connect's configuration file, whatever it is called.
fn is_connect(deployment: &Value) -> bool {
    let roots = crate::yaml::load(&deployment.to_string()).unwrap_or_default();
    roots
        .iter()
        .any(|root| server_container(root, None).is_some())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::{Facts, Wanted};
    use super::*;
    use crate::check::Status;

    fn facts() -> Facts {
        Facts {
            namespace: "ns".to_owned(),
            is_there: Ok(true),
            claim: Some((
                "data".to_owned(),
                Ok(Some(
                    json!({"spec": {"accessModes": ["ReadWriteMany"]}, "status": {"phase": "Bound"}}),
                )),
            )),
            ..Facts::default()
        }
    }

    fn wanted() -> Wanted {
        Wanted {
            own: "connect-rstudio-connect".to_owned(),
            labels_accounts: true,
            names_release: true,
            is_known: true,
            shares_claim: true,
            replicas: 1,
            ..Wanted::default()
        }
    }

    #[test]
    fn a_claim_must_be_shared_and_bound() {
        let of = |claim: Option<Value>| {
            let facts = Facts {
                claim: Some(("data".to_owned(), Ok(claim))),
                ..facts()
            };
            storage((&facts, &wanted())).status
        };
        let claim = |mode: &str, phase: &str| {
            Some(json!({"spec": {"accessModes": [mode]}, "status": {"phase": phase}}))
        };
        assert_eq!(of(claim("ReadWriteMany", "Bound")), Status::Pass);
        assert_eq!(of(claim("ReadWriteOnce", "Bound")), Status::Fail);
        assert_eq!(of(claim("ReadWriteMany", "Pending")), Status::Fail);
        let mut going = claim("ReadWriteMany", "Bound").unwrap();
        going["metadata"]["deletionTimestamp"] = "2026-11-21T20:00:00Z".into();
        assert_eq!(of(Some(going)), Status::Fail);
        assert_eq!(of(None), Status::Fail);
    }

    #[test]
    fn a_class_for_disks_cannot_be_shared() {
        let wanted = Wanted {
            creates_claim: true,
            ..wanted()
        };
        let of = |class: Option<Option<&str>>| {
            let class =
                class.map(|by| ("c".to_owned(), Ok(by.map(|by| json!({"provisioner": by})))));
            let facts = Facts {
                claim: Some(("data".to_owned(), Ok(None))),
                class,
                ..self::facts()
            };
            storage((&facts, &wanted)).status
        };
        assert_eq!(of(Some(Some("efs.csi.aws.com"))), Status::Pass);
        assert_eq!(of(Some(Some("ebs.csi.aws.com"))), Status::Fail);
        let alone = Wanted {
            shares_claim: false,
            ..wanted.clone()
        };
        let facts = Facts {
            claim: Some(("data".to_owned(), Ok(None))),
            ..facts()
        };
        assert_eq!(storage((&facts, &alone)).status, Status::Fail);
        assert_eq!(of(Some(None)), Status::Fail);
        assert_eq!(of(None), Status::Warn);
    }

    #[test]
    fn accounts_of_content_need_a_label() {
        let facts = Facts {
            accounts: Ok(vec![
                json!({"metadata": {"name": "default"}}),
                json!({"metadata": {"name": "connect-rstudio-connect"}}),
                json!({"metadata": {"name": "a", "labels": {"connect.posit.co/service-account": "true"}}}),
                json!({"metadata": {"name": "b"}}),
            ]),
            ..facts()
        };
        assert_eq!(accounts((&facts, &wanted())).details, ["b"]);
    }

    #[test]
    fn two_servers_are_one_too_many() {
        let deployment = |name: &str, replicas: i64| {
            json!({"metadata": {"name": name}, "spec": {"replicas": replicas, "template": {"spec": {
                "containers": [{"volumeMounts": [{"name": "v", "subPath": "rstudio-connect.gcfg"}]}],
                "volumes": [{"name": "v", "configMap": {"name": "c"}}]}}}})
        };
        let of = |deployments: Vec<Value>| {
            let facts = Facts {
                deployments: Ok(deployments),
                ..facts()
            };
            shared_database((&facts, &wanted())).status
        };
        let own = deployment("connect-rstudio-connect", 1);
        assert_eq!(of(vec![own.clone()]), Status::Pass);
        assert_eq!(of(vec![own.clone(), deployment("other", 0)]), Status::Pass);
        assert_eq!(of(vec![own, deployment("other", 1)]), Status::Warn);
        assert_eq!(
            of(vec![deployment("connect-rstudio-connect", 3)]),
            Status::Warn
        );
        assert_eq!(of(vec![json!({"metadata": {"name": "web"}})]), Status::Pass);
    }
}
