//! Asking the cluster.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use k8s_openapi::api::apps::v1::Deployment;
use k8s_openapi::api::core::v1::{
    LimitRange, Namespace, PersistentVolumeClaim, ResourceQuota, ServiceAccount,
};
use k8s_openapi::api::policy::v1::PodDisruptionBudget;
use k8s_openapi::api::storage::v1::StorageClass;

use super::parts::{Part, label};
use super::references::{Named, Referent, keys};
use super::trial::{Attempt, Trial, try_pods};
use super::{Asked, Expected, Facts, Seen, Wanted, rights};
use crate::release::{AccessError, Cluster, Permission, ServedKind};

pub(super) async fn ask(cluster: &Cluster, wanted: &Wanted) -> Facts {
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
    let namespace = cluster.find_global::<Namespace>(&cluster.namespace).await;
    let mut facts = Facts {
        namespace: cluster.namespace.clone(),
        place: cluster.place.clone(),
        is_there: asked(namespace).map(|found| found.is_some()),
        claim,
        class,
        accounts: asked(cluster.list::<ServiceAccount>().await),
        quotas: asked(cluster.list::<ResourceQuota>().await),
        ranges: asked(cluster.list::<LimitRange>().await),
        deployments: asked(cluster.list::<Deployment>().await),
        budgets: asked(cluster.list::<PodDisruptionBudget>().await),
        ..Facts::default()
    };
    let mut questions = Questions {
        cluster,
        kinds: BTreeMap::new(),
        rights: BTreeMap::new(),
    };
    facts.rights = match questions.all(wanted, &mut facts).await {
        Ok(()) => Ok(questions.rights.into_iter().collect()),
        Err(error) => Err(error.to_string()),
    };
    facts
}

fn asked<T>(result: Result<T, AccessError>) -> Asked<T> {
    result.map_err(|error| error.to_string())
}

/// What is asked of the cluster once, however many objects need it.
struct Questions<'a> {
    cluster: &'a Cluster,
    kinds: BTreeMap<(String, String), Asked<Option<ServedKind>>>,
    rights: BTreeMap<Permission, bool>,
}

impl Questions<'_> {
    /// # Errors
    /// The cluster does not say what one may do; there is no use in asking more.
    async fn all(&mut self, wanted: &Wanted, facts: &mut Facts) -> Result<(), AccessError> {
        for right in rights::of_every_release(self.cluster) {
            self.may(&right).await?;
        }
        facts.seen = self.named(wanted).await;
        match &wanted.expected {
            Expected::Assumed { parts, .. } => {
                for part in parts {
                    for right in rights::of_resource(self.cluster, &part.group, &part.resource) {
                        self.may(&right).await?;
                    }
                }
                facts.parts.clone_from(parts);
                live_from(&mut facts.parts, &facts.deployments, wanted);
            }
            Expected::Manifest { objects, .. } => {
                let is_there = facts.is_there != Ok(false);
                for object in objects {
                    self.object(object, is_there, wanted, facts).await?;
                }
            }
        }
        Ok(())
    }

    async fn may(&mut self, right: &Permission) -> Result<bool, AccessError> {
        if let Some(may) = self.rights.get(right) {
            return Ok(*may);
        }
        let may = self.cluster.may(right).await?;
        self.rights.insert(right.clone(), may);
        Ok(may)
    }

    async fn kind(&mut self, api_version: &str, kind: &str) -> Asked<Option<ServedKind>> {
        let key = (api_version.to_owned(), kind.to_owned());
        if let Some(known) = self.kinds.get(&key) {
            return known.clone();
        }
        let found = asked(self.cluster.served(api_version, kind).await);
        self.kinds.insert(key, found.clone());
        found
    }

    /// What of an object is alive, and whether the API server would take it.
    async fn object(
        &mut self,
        object: &Value,
        is_there: bool,
        wanted: &Wanted,
        facts: &mut Facts,
    ) -> Result<(), AccessError> {
        let text = |key: &str| object[key].as_str().unwrap_or_default();
        let (api_version, kind) = (text("apiVersion"), text("kind"));
        let kind = match self.kind(api_version, kind).await {
            Ok(Some(kind)) => kind,
            Ok(None) => {
                let why = format!("the API server has no {kind} in {api_version}");
                facts.trial.push((label(object), Attempt::Refused(why)));
                return Ok(());
            }
            Err(why) => {
                facts.trial.push((label(object), Attempt::Untried(why)));
                return Ok(());
            }
        };
        let namespace = self.cluster.namespace_of(object).to_owned();
        for right in rights::of_kind(&kind, &namespace) {
            self.may(&right).await?;
        }
        let live = if self.may(&kind.right("get", &namespace)).await? {
            self.cluster.alive(&kind, object).await.ok().flatten()
        } else {
            None
        };
        facts.parts.push(Part {
            group: kind.group().to_owned(),
            resource: kind.plural().to_owned(),
            object: object.clone(),
            live,
        });
        if is_there {
            self.attempt(object, &kind, &namespace, wanted, &mut facts.trial)
                .await?;
        }
        Ok(())
    }

    async fn attempt(
        &mut self,
        object: &Value,
        kind: &ServedKind,
        namespace: &str,
        wanted: &Wanted,
        trial: &mut Trial,
    ) -> Result<(), AccessError> {
        for verb in ["patch", "create"] {
            if !self.may(&kind.right(verb, namespace)).await? {
                let why = format!("you may not {verb} {}", kind.plural());
                trial.push((label(object), Attempt::Untried(why)));
                return Ok(());
            }
        }
        let attempt = Attempt::of(self.cluster.try_applying(kind, object).await);
        let is_taken = attempt == Attempt::Taken;
        trial.push((label(object), attempt));
        if is_taken {
            // Not among the rights that a release needs.
            let may = self
                .cluster
                .may(&rights::to_make_pods(self.cluster))
                .await?;
            let brings = |account: &str| {
                let named = (Referent::ServiceAccount, account.to_owned());
                wanted.made.contains_key(&named)
            };
            trial.extend(try_pods(self.cluster, object, may, brings).await);
        }
        Ok(())
    }

    /// What the release names, as it is alive.
    async fn named(&mut self, wanted: &Wanted) -> BTreeMap<Named, Asked<Option<Seen>>> {
        let names: BTreeSet<Named> = wanted
            .references
            .iter()
            .map(|reference| (reference.to, reference.name.clone()))
            .filter(|named| !wanted.made.contains_key(named))
            .collect();
        let mut seen = BTreeMap::new();
        for (to, name) in names {
            let found = self.look(to, &name).await;
            seen.insert((to, name), found);
        }
        seen
    }

    async fn look(&mut self, to: Referent, name: &str) -> Asked<Option<Seen>> {
        let kind = self.kind(to.api_version(), to.as_str()).await?;
        let Some(kind) = kind else { return Ok(None) };
        let object = json!({"metadata": {"name": name}});
        let found = asked(self.cluster.alive(&kind, &object).await)?;
        Ok(found.map(|object| Seen {
            keys: keys(&object),
            is_going: object["metadata"]["deletionTimestamp"].is_string(),
        }))
    }
}

/// Values alone do not tell what is alive; the release's Deployment is known by its name.
fn live_from(parts: &mut [Part], deployments: &Asked<Vec<Value>>, wanted: &Wanted) {
    let deployments = deployments.as_deref().unwrap_or_default();
    let own = deployments
        .iter()
        .find(|one| one["metadata"]["name"] == wanted.own.as_str());
    let Some(own) = own.filter(|_| wanted.names_release) else {
        return;
    };
    for part in parts {
        if part.resource == "deployments" {
            let mut live = own.clone();
            live["kind"] = "Deployment".into();
            part.live = Some(live);
        }
    }
}
