//! Judging what the cluster says.

use serde_json::Value;

use super::eviction::eviction;
use super::{Facts, Wanted};
use crate::check::{Check, CheckCode, count, plural};
use crate::manifests::server_container;
use crate::release::quantity;

/// Share of a quota from which on it is worth a warning.
const NEARLY: f64 = 0.8;

/// The label that the Kubernetes backend wants on service accounts of content.
const LABEL: &str = "connect.posit.co/service-account";

#[must_use]
pub(crate) fn checks(facts: &Facts, wanted: &Wanted) -> Vec<Check> {
    vec![
        storage(facts, wanted),
        secrets(facts),
        permissions(facts),
        accounts(facts, wanted),
        quota(facts, wanted),
        shared_database(facts, wanted),
        eviction(facts, wanted),
    ]
}

fn has_many(object: &Value, path: &[&str]) -> bool {
    let mut at = object;
    for key in path {
        at = &at[*key];
    }
    at.as_array()
        .is_some_and(|modes| modes.iter().any(|mode| mode == "ReadWriteMany"))
}

fn storage(facts: &Facts, wanted: &Wanted) -> Check {
    let code = CheckCode::ClusterStorage;
    let Some((name, claim)) = &facts.claim else {
        return Check::not_asked(
            code,
            "the values name no claim; -f FILE with sharedStorage tells",
        );
    };
    match claim {
        Err(why) => Check::not_asked(code, why.clone()),
        Ok(Some(claim)) => {
            let phase = claim["status"]["phase"].as_str().unwrap_or("unknown");
            if claim["metadata"]["deletionTimestamp"].is_string() {
                return Check::fail(
                    code,
                    format!("claim {name} is being deleted"),
                    "wait until it is gone, then make it anew; what is on it may be lost with it",
                );
            }
            if !has_many(claim, &["spec", "accessModes"]) {
                return Check::fail(
                    code,
                    format!(
                        "claim {name} is not ReadWriteMany, so content pods on other nodes could not mount it"
                    ),
                    "make a claim with accessModes [ReadWriteMany] from storage that offers it (NFS, EFS, Azure Files, Filestore, CephFS)",
                );
            }
            if phase != "Bound" {
                return Check::fail(
                    code,
                    format!("claim {name} is {phase}, not Bound"),
                    "look at its events: the class may wait for a first pod, or offer no ReadWriteMany",
                )
                .command(format!("kubectl describe pvc {name} --namespace {}", facts.namespace));
            }
            Check::pass(code, format!("claim {name} is ReadWriteMany and Bound"))
        }
        Ok(None) if !wanted.creates_claim => Check::fail(
            code,
            format!(
                "claim {name} does not exist in the namespace {}",
                facts.namespace
            ),
            "make it first, or let the chart make one (sharedStorage.create)",
        ),
        Ok(None) if !wanted.shares_claim => Check::fail(
            code,
            format!("the chart would make claim {name} without ReadWriteMany"),
            "content pods on other nodes could not mount it: sharedStorage.accessModes: [ReadWriteMany]",
        ),
        Ok(None) => match &facts.class {
            None => Check::warn(
                code,
                format!("the chart makes claim {name} from the cluster's default class"),
                "most default classes offer no ReadWriteMany: name one that does with sharedStorage.storageClassName",
            ),
            Some((class, Err(why))) => Check::not_asked(
                code,
                format!(
                    "the chart makes claim {name} from class {class}, which is not to be seen: {why}"
                ),
            ),
            Some((class, Ok(None))) => Check::fail(
                code,
                format!("the chart makes claim {name} from class {class}, which does not exist"),
                "name a class that does",
            )
            .command("kubectl get storageclass"),
            Some((class, Ok(Some(object)))) => {
                let by = object["provisioner"].as_str().unwrap_or("unknown");
                if block_storage(by) {
                    return Check::fail(
                        code,
                        format!(
                            "the chart makes claim {name} from class {class}, whose provisioner {by} offers disks for one node at a time"
                        ),
                        "name a class for a shared filesystem in sharedStorage.storageClassName",
                    );
                }
                Check::pass(
                    code,
                    format!(
                        "the chart makes claim {name} from class {class} ({by}); whether that offers ReadWriteMany, its documentation says"
                    ),
                )
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

fn secrets(facts: &Facts) -> Check {
    let code = CheckCode::ClusterSecrets;
    if facts.secrets.is_empty() {
        return Check::not_asked(code, "the values name no Secret; -f FILE tells");
    }
    let mut missing = Vec::new();
    let mut unseen = Vec::new();
    for (wanted, found) in &facts.secrets {
        let name = &wanted.name;
        match (found, &wanted.key) {
            (Err(why), _) => unseen.push(format!("{name} ({}): {why}", wanted.path)),
            (Ok(None), _) => missing.push(format!("{name} ({}) does not exist", wanted.path)),
            (Ok(Some(keys)), Some(key)) if !keys.contains(key) => missing.push(format!(
                "{name} ({}) has no key {key}; it has {}",
                wanted.path,
                if keys.is_empty() {
                    "none".to_owned()
                } else {
                    keys.join(", ")
                }
            )),
            (Ok(Some(_)), _) => {}
        }
    }
    if !missing.is_empty() {
        return Check::fail(
            code,
            format!("{} the values name {} not there", plural(missing.len(), "Secret that", "Secrets that"), if missing.len() == 1 { "is" } else { "are" }),
            "make them in the release's namespace before the deployment: the pod does not start without",
        )
        .details(missing);
    }
    if !unseen.is_empty() {
        return Check::not_asked(
            code,
            format!(
                "{} not to be seen",
                plural(unseen.len(), "Secret is", "Secrets are")
            ),
        )
        .details(unseen);
    }
    Check::pass(
        code,
        format!(
            "{} that the values name, with their keys",
            count(facts.secrets.len(), "use of a Secret")
                .replace("use of a Secrets", "uses of Secrets")
        ),
    )
}

fn permissions(facts: &Facts) -> Check {
    let code = CheckCode::ClusterPermissions;
    if facts.is_there == Ok(false) {
        return Check::fail(
            code,
            format!("the namespace {} does not exist", facts.namespace),
            "make it first, or have Helm make it (--create-namespace)",
        )
        .command(format!("kubectl create namespace {}", facts.namespace));
    }
    let rights = match &facts.rights {
        Ok(rights) => rights,
        // Everybody whom the cluster knows may ask this.
        Err(why) => {
            return Check::fail(
                code,
                why.clone(),
                "mend the access first: nothing else can be asked of the cluster",
            );
        }
    };
    let lacking: Vec<String> = rights
        .iter()
        .filter(|(_, may)| !may)
        .map(|(right, _)| {
            let group = if right.group.is_empty() {
                String::new()
            } else {
                format!(".{}", right.group)
            };
            format!("{} {}{group}", right.verb, right.resource)
        })
        .collect();
    if lacking.is_empty() {
        return Check::pass(
            code,
            format!(
                "you may do all that Helm and this plugin do in the namespace {}",
                facts.namespace
            ),
        );
    }
    Check::fail(
        code,
        format!(
            "{} lacking in the namespace {}",
            plural(lacking.len(), "right is", "rights are"),
            facts.namespace
        ),
        "ask for them (docs/rbac.md has roles), or let somebody who has them run the deployment",
    )
    .details(lacking)
}

fn accounts(facts: &Facts, wanted: &Wanted) -> Check {
    let code = CheckCode::ClusterServiceAccounts;
    if !wanted.labels_accounts {
        return Check::pass(code, "only the Kubernetes backend wants a label");
    }
    let accounts = match &facts.accounts {
        Ok(accounts) => accounts,
        Err(why) => return Check::not_asked(code, why.clone()),
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
        return Check::pass(
            code,
            format!(
                "{} for content in the namespace",
                plural(names(true).count(), "service account", "service accounts")
            ),
        );
    }
    Check::warn(
        code,
        format!(
            "{} without the label {LABEL}",
            count(without.len(), "service account")
        ),
        "label those that content is to run as; the others need nothing",
    )
    .command(format!(
        "kubectl label serviceaccount NAME {LABEL}=true --namespace {}",
        facts.namespace
    ))
    .details(without)
}

/// How many objects of a kind the release makes that a quota counts; `None` where it counts
/// something else.
fn made(resource: &str, wanted: &Wanted) -> Option<f64> {
    let is = |made: bool| Some(f64::from(u8::from(made)));
    match resource.trim_start_matches("count/") {
        "services.loadbalancers" => is(wanted.service_type == "LoadBalancer"),
        "services.nodeports" => is(matches!(
            wanted.service_type.as_str(),
            "NodePort" | "LoadBalancer"
        )),
        "persistentvolumeclaims" => is(wanted.creates_claim),
        "ingresses.networking.k8s.io" => {
            is(wanted.makes.contains(&("networking.k8s.io", "ingresses")))
        }
        #[allow(clippy::cast_precision_loss, reason = "nobody has as many pods")]
        "pods" if wanted.is_known => Some(wanted.replicas as f64),
        "replicationcontrollers" => Some(0.0),
        _ => None,
    }
}

fn quota(facts: &Facts, wanted: &Wanted) -> Check {
    let code = CheckCode::ClusterQuota;
    let quotas = match &facts.quotas {
        Ok(quotas) => quotas,
        Err(why) => return Check::not_asked(code, why.clone()),
    };
    if quotas.is_empty() {
        return Check::pass(code, "the namespace has no quota");
    }
    let (mut full, mut nearly, mut unnamed) = (Vec::new(), Vec::new(), Vec::new());
    for quota in quotas {
        let name = quota["metadata"]["name"].as_str().unwrap_or_default();
        let hard = quota["status"]["hard"]
            .as_object()
            .or_else(|| quota["spec"]["hard"].as_object());
        // Those with a scope are about pods of another kind, or may be.
        let is_scoped =
            !quota["spec"]["scopes"].is_null() || !quota["spec"]["scopeSelector"].is_null();
        for (resource, hard) in hard.into_iter().flatten() {
            let hard_text = hard.as_str().unwrap_or_default();
            let used_text = quota["status"]["used"][resource.as_str()]
                .as_str()
                .unwrap_or("0");
            let asks = match resource.as_str() {
                "cpu" | "memory" | "ephemeral-storage" => format!("requests.{resource}"),
                other => other.to_owned(),
            };
            let is_of_pods = asks.starts_with("requests.") || asks.starts_with("limits.");
            if is_of_pods && asks != "requests.storage" && !is_scoped && wanted.is_known
                && !wanted.resources.contains(&asks)
                // A limit is taken for the request, too.
                && !wanted.resources.contains(&asks.replace("requests.", "limits."))
            {
                unnamed.push(format!("{name}: {resource}, and the values name no {asks}"));
            }
            let (Some(hard), Some(used)) = (quantity(hard_text), quantity(used_text)) else {
                continue;
            };
            let line = format!("{name}: {resource} {used_text} of {hard_text}");
            match made(resource, wanted) {
                // What it has already, it need not make again; nobody knows whose those are.
                Some(more) if more > 0.0 && more > hard => {
                    full.push(format!("{line}, and the release needs {more}"));
                }
                Some(more) if more > 0.0 && used >= hard => full.push(line),
                Some(more) if more > 0.0 && used >= hard * NEARLY => nearly.push(line),
                Some(_) => {}
                None if used >= hard && hard > 0.0 => full.push(line),
                None if used >= hard * NEARLY && hard > 0.0 => nearly.push(line),
                None => {}
            }
        }
    }
    let remedy = "ask for a larger quota: each running item is a pod of its own, and builds are pods too. With a quota on cpu or memory, every pod must name requests and limits";
    if !full.is_empty() {
        return Check::fail(code, "a quota of the namespace is used up", remedy)
            .details(full)
            .details(nearly);
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

/// Deployments of Connect with pods, the release's own among them.
fn shared_database(facts: &Facts, wanted: &Wanted) -> Check {
    let code = CheckCode::ClusterSharedDatabase;
    let deployments = match &facts.deployments {
        Ok(deployments) => deployments,
        Err(why) => return Check::not_asked(code, why.clone()),
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
    let others = servers.iter().any(|(name, _)| *name != wanted.own) && wanted.names_release;
    if others || servers.len() > 1 {
        return Check::warn(
            code,
            format!("{} of Connect in the namespace besides the release's own", count(servers.iter().filter(|(name, _)| *name != wanted.own).count(), "Deployment")),
            "make sure that they use another database: two servers on one run every schedule twice, and mail twice",
        )
        .details(details);
    }
    if servers.iter().any(|(_, replicas)| *replicas > 1) {
        return Check::warn(
            code,
            "the release runs several replicas",
            "keep to one until the move is over (replicas: 1), then go up: builds and caches are easier to follow",
        )
        .details(details);
    }
    Check::pass(code, "no two servers in the namespace")
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

    use super::*;
    use crate::check::Status;
    use crate::check::cluster::SecretUse;
    use crate::release::Permission;

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
            class: None,
            secrets: Vec::new(),
            rights: Ok(Vec::new()),
            accounts: Ok(Vec::new()),
            quotas: Ok(Vec::new()),
            deployments: Ok(Vec::new()),
            budgets: Ok(Vec::new()),
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
            storage(&facts, &wanted()).status
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
            storage(&facts, &wanted).status
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
        assert_eq!(storage(&facts, &alone).status, Status::Fail);
        assert_eq!(of(Some(None)), Status::Fail);
        assert_eq!(of(None), Status::Warn);
    }

    #[test]
    fn secrets_need_their_keys() {
        let of = |found: Result<Option<Vec<String>>, String>| {
            let secret = SecretUse {
                name: "db".to_owned(),
                key: Some("password".to_owned()),
                path: "pod.env".to_owned(),
            };
            let facts = Facts {
                secrets: vec![(secret, found)],
                ..facts()
            };
            secrets(&facts).status
        };
        assert_eq!(of(Ok(Some(vec!["password".to_owned()]))), Status::Pass);
        assert_eq!(of(Ok(Some(vec!["passwort".to_owned()]))), Status::Fail);
        assert_eq!(of(Ok(None)), Status::Fail);
        assert_eq!(of(Err("forbidden".to_owned())), Status::NotAsked);
    }

    #[test]
    fn rights_that_lack_are_named() {
        let right = Permission {
            verb: "create",
            group: "apps".to_owned(),
            resource: "deployments".to_owned(),
        };
        let facts = Facts {
            rights: Ok(vec![(right, false)]),
            ..facts()
        };
        assert_eq!(permissions(&facts).details, ["create deployments.apps"]);
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
        assert_eq!(accounts(&facts, &wanted()).details, ["b"]);
    }

    #[test]
    fn quotas_are_counted_in_any_unit() {
        let of = |used: &str| {
            let facts = Facts {
                quotas: Ok(vec![json!({"metadata": {"name": "q"}, "status": {
                    "hard": {"requests.memory": "8Gi"}, "used": {"requests.memory": used}}})]),
                ..facts()
            };
            quota(&facts, &with_requests()).status
        };
        assert_eq!(of("500Mi"), Status::Pass);
        assert_eq!(of("7Gi"), Status::Warn);
        assert_eq!(of("8192Mi"), Status::Fail);
        assert_eq!(quantity("1500m"), Some(1.5));
        assert_eq!(quantity("1e9"), Some(1e9));
        assert_eq!(quantity("2x"), None);
    }

    fn with_requests() -> Wanted {
        Wanted {
            resources: vec!["requests.memory".to_owned()],
            ..wanted()
        }
    }

    #[test]
    fn quotas_matter_as_far_as_the_release_needs_them() {
        let of = |resource: &str, hard: &str, wanted: &Wanted| {
            let facts = Facts {
                quotas: Ok(vec![json!({"metadata": {"name": "q"}, "status": {
                    "hard": {resource: hard}, "used": {resource: "0"}}})]),
                ..facts()
            };
            quota(&facts, wanted).status
        };
        let balanced = Wanted {
            service_type: "LoadBalancer".to_owned(),
            ..wanted()
        };
        assert_eq!(of("services.loadbalancers", "0", &wanted()), Status::Pass);
        assert_eq!(of("services.loadbalancers", "0", &balanced), Status::Fail);
        assert_eq!(of("requests.cpu", "4", &wanted()), Status::Fail);
        assert_eq!(of("requests.memory", "4Gi", &with_requests()), Status::Pass);
        let three = Wanted {
            replicas: 3,
            ..wanted()
        };
        assert_eq!(of("pods", "2", &three), Status::Fail);
        assert_eq!(of("count/pods", "3", &three), Status::Pass);
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
            shared_database(&facts, &wanted()).status
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
