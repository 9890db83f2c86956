//! Checks of the cluster: what the values expect of it, against what it has.

mod eviction;
mod judge;
mod wanted;

use serde_json::Value;

pub(crate) use judge::checks;
pub(crate) use wanted::{SecretUse, Wanted};

use k8s_openapi::api::apps::v1::Deployment;
use k8s_openapi::api::core::v1::{
    Namespace, PersistentVolumeClaim, ResourceQuota, Secret, ServiceAccount,
};
use k8s_openapi::api::policy::v1::PodDisruptionBudget;
use k8s_openapi::api::storage::v1::StorageClass;

use crate::release::{Cluster, Permission};

/// What was found, or why it could not be asked.
pub(crate) type Asked<T> = Result<T, String>;

/// What the cluster says.
#[derive(Debug)]
pub(crate) struct Facts {
    /// The namespace that was asked about.
    pub namespace: String,
    /// Whether the namespace exists.
    pub is_there: Asked<bool>,
    /// The claim, where the values name or make one; its name first.
    pub claim: Option<(String, Asked<Option<Value>>)>,
    /// The storage class that a claim would be made from.
    pub class: Option<(String, Asked<Option<Value>>)>,
    /// Keys of each Secret that the values name; `None` where it does not exist.
    pub secrets: Vec<(SecretUse, Asked<Option<Vec<String>>>)>,
    /// What one may do.
    pub rights: Asked<Vec<(Permission, bool)>>,
    pub accounts: Asked<Vec<Value>>,
    pub quotas: Asked<Vec<Value>>,
    pub deployments: Asked<Vec<Value>>,
    /// What says how many pods may go at once.
    pub budgets: Asked<Vec<Value>>,
}

/// What Helm and this plugin do in the namespace: docs/rbac.md explains each. Helm reads, makes and
/// patches every kind of object that the chart makes.
fn permissions(wanted: &Wanted) -> Vec<Permission> {
    let always = [
        ("", "configmaps"),
        ("", "services"),
        ("", "serviceaccounts"),
        ("apps", "deployments"),
    ];
    let made = always.into_iter().chain(wanted.makes.iter().copied());
    let made = made.flat_map(|(group, resource)| {
        ["get", "create", "patch"].map(|verb| (group, resource, verb))
    });
    [
        ("", "secrets", "list"),
        ("", "secrets", "create"),
        ("", "secrets", "update"),
        ("", "secrets", "delete"),
        ("", "pods", "list"),
        ("", "pods/portforward", "create"),
    ]
    .into_iter()
    .chain(made)
    .map(|(group, resource, verb)| Permission {
        group: group.to_owned(),
        resource: resource.to_owned(),
        verb,
    })
    .collect()
}

/// Asks the cluster. Nothing is changed; of Secrets only the names of their keys are kept.
pub(crate) async fn ask(cluster: &Cluster, wanted: &Wanted) -> Facts {
    let claim = match &wanted.claim {
        Some(name) => {
            let found = cluster.find::<PersistentVolumeClaim>(name).await;
            Some((name.clone(), asked(found)))
        }
        None => None,
    };
    let class = match &wanted.class {
        Some(name) => {
            let found = cluster.find_global::<StorageClass>(name).await;
            Some((name.clone(), asked(found)))
        }
        None => None,
    };
    let mut secrets = Vec::new();
    for secret in &wanted.secrets {
        let found = asked(cluster.find::<Secret>(&secret.name).await);
        let keys = found.map(|found| found.map(|object| keys(&object)));
        secrets.push((secret.clone(), keys));
    }
    let mut rights = Ok(Vec::new());
    for permission in permissions(wanted) {
        match (&mut rights, cluster.may(&permission).await) {
            (Ok(rights), Ok(may)) => rights.push((permission, may)),
            (_, Err(error)) => {
                rights = Err(error.to_string());
                break;
            }
            (Err(_), _) => break,
        }
    }
    let namespace = cluster.find_global::<Namespace>(&cluster.namespace).await;
    Facts {
        namespace: cluster.namespace.clone(),
        is_there: asked(namespace).map(|found| found.is_some()),
        claim,
        class,
        secrets,
        rights,
        accounts: asked(cluster.list::<ServiceAccount>().await),
        quotas: asked(cluster.list::<ResourceQuota>().await),
        deployments: asked(cluster.list::<Deployment>().await),
        budgets: asked(cluster.list::<PodDisruptionBudget>().await),
    }
}

fn asked<T>(result: Result<T, crate::release::AccessError>) -> Asked<T> {
    result.map_err(|error| error.to_string())
}

fn keys(secret: &Value) -> Vec<String> {
    secret["data"]
        .as_object()
        .map(|data| data.keys().cloned().collect())
        .unwrap_or_default()
}
