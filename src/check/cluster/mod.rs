//! Checks of the cluster: what the values expect of it, against what it has.

mod judge;
mod wanted;

use serde_json::Value;

pub(crate) use judge::checks;
pub(crate) use wanted::{SecretUse, Wanted};

use crate::release::{Cluster, Right};

/// An answer, or why there is none.
pub(crate) type Told<T> = Result<T, String>;

/// What the cluster says.
#[derive(Debug)]
pub(crate) struct Facts {
    /// The namespace that was asked about.
    pub namespace: String,
    /// The claim, where the values name or make one; its name first.
    pub claim: Option<(String, Told<Option<Value>>)>,
    /// The storage class that a claim would be made from.
    pub class: Option<(String, Told<Option<Value>>)>,
    /// Keys of each Secret that the values name; `None` where it does not exist.
    pub secrets: Vec<(SecretUse, Told<Option<Vec<String>>>)>,
    /// What one may do.
    pub rights: Told<Vec<(Right, bool)>>,
    pub accounts: Told<Vec<Value>>,
    pub quotas: Told<Vec<Value>>,
    pub deployments: Told<Vec<Value>>,
}

/// What Helm and this plugin do in the namespace: docs/rbac.md explains each.
const RIGHTS: [Right; 17] = {
    const fn right(verb: &'static str, group: &'static str, resource: &'static str) -> Right {
        Right {
            verb,
            group,
            resource,
        }
    }
    const RBAC: &str = "rbac.authorization.k8s.io";
    [
        right("list", "", "secrets"),
        right("create", "", "secrets"),
        right("update", "", "secrets"),
        right("delete", "", "secrets"),
        right("get", "", "configmaps"),
        right("create", "", "configmaps"),
        right("patch", "", "configmaps"),
        right("create", "", "services"),
        right("create", "", "serviceaccounts"),
        right("create", "", "persistentvolumeclaims"),
        right("list", "", "pods"),
        right("create", "", "pods/portforward"),
        right("create", "apps", "deployments"),
        right("patch", "apps", "deployments"),
        right("create", RBAC, "roles"),
        right("create", RBAC, "rolebindings"),
        right("create", "networking.k8s.io", "ingresses"),
    ]
};

/// Asks the cluster. Nothing is changed; of Secrets only the names of their keys are kept.
pub(crate) async fn ask(cluster: &Cluster, wanted: &Wanted) -> Facts {
    let claim = match &wanted.claim {
        Some(name) => Some((
            name.clone(),
            told(
                cluster
                    .object("api/v1", "persistentvolumeclaims", true, name)
                    .await,
            ),
        )),
        None => None,
    };
    let class = match &wanted.class {
        Some(name) => Some((
            name.clone(),
            told(
                cluster
                    .object("apis/storage.k8s.io/v1", "storageclasses", false, name)
                    .await,
            ),
        )),
        None => None,
    };
    let mut secrets = Vec::new();
    for secret in &wanted.secrets {
        let found = cluster
            .object("api/v1", "secrets", true, &secret.name)
            .await;
        secrets.push((
            secret.clone(),
            told(found).map(|found| found.map(|object| keys(&object))),
        ));
    }
    let mut rights = Ok(Vec::new());
    for right in RIGHTS {
        match (&mut rights, cluster.may(right).await) {
            (Ok(rights), Ok(may)) => rights.push((right, may)),
            (_, Err(error)) => {
                rights = Err(error.to_string());
                break;
            }
            (Err(_), _) => break,
        }
    }
    Facts {
        namespace: cluster.namespace.clone(),
        claim,
        class,
        secrets,
        rights,
        accounts: told(cluster.objects("api/v1", "serviceaccounts").await),
        quotas: told(cluster.objects("api/v1", "resourcequotas").await),
        deployments: told(cluster.objects("apis/apps/v1", "deployments").await),
    }
}

fn told<T>(result: Result<T, crate::release::AccessError>) -> Told<T> {
    result.map_err(|error| error.to_string())
}

fn keys(secret: &Value) -> Vec<String> {
    secret["data"]
        .as_object()
        .map(|data| data.keys().cloned().collect())
        .unwrap_or_default()
}
