//! What one may do, against what the release's objects need.

use super::Known;
use crate::check::{Judgement, plural};
use crate::release::{Cluster, Permission, ServedKind, record_resource};

/// What Helm does with every object of a release: reads it, makes it, changes it.
const OF_HELM: [&str; 3] = ["get", "create", "patch"];

/// What Helm's records and this plugin need, whatever the release consists of. docs/rbac.md explains
/// each.
pub(super) fn of_every_release(cluster: &Cluster) -> Vec<Permission> {
    let records = record_resource().into_iter().flat_map(|resource| {
        ["get", "list", "create", "update", "delete"].map(|verb| (resource, verb))
    });
    records
        .chain([("pods", "list"), ("pods/portforward", "create")])
        .map(|(resource, verb)| right(cluster, "", resource, verb))
        .collect()
}

/// What Helm needs for objects of a kind that the chart is known to make.
pub(super) fn of_resource(cluster: &Cluster, group: &str, resource: &str) -> Vec<Permission> {
    OF_HELM
        .map(|verb| right(cluster, group, resource, verb))
        .into()
}

/// What Helm needs for objects of a kind, in the namespace where they are.
pub(super) fn of_kind(kind: &ServedKind, namespace: &str) -> Vec<Permission> {
    OF_HELM.map(|verb| kind.right(verb, namespace)).into()
}

/// The right to make a pod by oneself, which nothing but the trial needs.
pub(super) fn to_make_pods(cluster: &Cluster) -> Permission {
    right(cluster, "", "pods", "create")
}

fn right(cluster: &Cluster, group: &str, resource: &str, verb: &'static str) -> Permission {
    Permission {
        namespace: Some(cluster.namespace.clone()),
        group: group.to_owned(),
        resource: resource.to_owned(),
        verb,
    }
}

pub(crate) fn permissions((facts, _): Known<'_>) -> Judgement {
    if facts.is_there == Ok(false) {
        return Judgement::fail(
            format!("the namespace {} does not exist", facts.namespace),
            "make it first, or have Helm make it (--create-namespace)",
        )
        .command(
            facts
                .place
                .kubectl_anywhere(&format!("create namespace {}", facts.namespace)),
        );
    }
    let rights = match &facts.rights {
        Ok(rights) => rights,
        // Everybody whom the cluster knows may ask this.
        Err(why) => {
            return Judgement::fail(
                why.clone(),
                "mend the access first: nothing else can be asked of the cluster",
            );
        }
    };
    let lacking: Vec<String> = rights
        .iter()
        .filter(|(_, may)| !may)
        .map(|(right, _)| shown(right, &facts.namespace))
        .collect();
    if lacking.is_empty() {
        return Judgement::pass(format!(
            "you may do all that Helm and this plugin do in the namespace {}",
            facts.namespace
        ));
    }
    Judgement::fail(
        format!(
            "{} lacking in the namespace {}",
            plural(lacking.len(), "right is", "rights are"),
            facts.namespace
        ),
        "ask for them (docs/rbac.md has roles), or let somebody who has them run the deployment",
    )
    .details(lacking)
}

fn shown(right: &Permission, here: &str) -> String {
    let mut text = format!("{} {}", right.verb, right.resource);
    if !right.group.is_empty() {
        text.push_str(&format!(".{}", right.group));
    }
    match right.namespace.as_deref() {
        None => text.push_str(" (in the whole cluster)"),
        Some(other) if other != here => text.push_str(&format!(" (in the namespace {other})")),
        Some(_) => {}
    }
    text
}

#[cfg(test)]
mod tests {
    use super::super::{Facts, Wanted};
    use super::*;

    #[test]
    fn rights_that_lack_are_named() {
        let right = |namespace: Option<&str>| Permission {
            namespace: namespace.map(str::to_owned),
            verb: "create",
            group: "apps".to_owned(),
            resource: "deployments".to_owned(),
        };
        let rights = [Some("ns"), Some("other"), None].map(|place| (right(place), false));
        let facts = Facts {
            namespace: "ns".to_owned(),
            is_there: Ok(true),
            rights: Ok(rights.into()),
            ..Facts::default()
        };
        assert_eq!(
            permissions((&facts, &Wanted::default())).details,
            [
                "create deployments.apps",
                "create deployments.apps (in the namespace other)",
                "create deployments.apps (in the whole cluster)"
            ]
        );
    }
}
