//! The rights in docs/rbac.md are enough, and what lacks is named.

use k8s_openapi::api::rbac::v1::{Role, RoleBinding};
use kube::api::PostParams;
use predicates::prelude::PredicateBooleanExt as _;
use predicates::str::contains;
use serde_json::json;

use super::{Place, places};
use crate::support::cluster::cluster;
use crate::support::tools::helms;

const DOCUMENT: &str = include_str!("../../../docs/rbac.md");

/// The roles in the document.
fn roles() -> Vec<Role> {
    let blocks = DOCUMENT.split("```yaml\n").skip(1);
    blocks
        .map(|block| serde_yaml::from_str(block.split("```").next().unwrap()).unwrap())
        .collect()
}

fn grant(place: &Place, role: &Role, user: &str) {
    let name = role.metadata.name.clone().unwrap();
    let create = PostParams::default();
    place
        .namespace
        .block_on(place.namespace.api::<Role>().create(&create, role))
        .unwrap();
    let binding = json!({"metadata": {"name": name},
        "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "Role", "name": name},
        "subjects": [{"apiGroup": "rbac.authorization.k8s.io", "kind": "User", "name": user}]});
    let binding: RoleBinding = serde_json::from_value(binding).unwrap();
    place
        .namespace
        .block_on(
            place
                .namespace
                .api::<RoleBinding>()
                .create(&create, &binding),
        )
        .unwrap();
}

#[test]
fn the_documented_rights_are_enough_and_lacking_ones_are_named() {
    for helm in helms() {
        let Some(mut place) = Place::new(&helm, "rights") else {
            return;
        };
        place.deploy("rsc", true, &[]);
        let user = place.namespace.name.clone();
        let own = place.kubeconfig.clone();
        place.kubeconfig = cluster().unwrap().impersonating(&user, place.home.path());
        place
            .ours(&["status", "rsc"])
            .assert()
            .code(1)
            .stderr(contains("you may not list Secrets").and(contains("docs/rbac.md")));
        let [status, revert] = <[Role; 2]>::try_from(roles()).unwrap();

        // A right less: the rest is shown, and what lacks is said.
        let mut fewer = status.clone();
        fewer.metadata.name = Some("fewer".to_owned());
        let rules = fewer.rules.as_mut().unwrap();
        rules.retain(|rule| rule.resources.as_ref().unwrap()[0] != "pods/portforward");
        grant(&place, &fewer, &user);
        let said = places(&place.status(&["rsc"]));
        assert_eq!(said[..3], ["on", "on", "on"], "{}", helm.version);
        assert!(
            said[3].contains("you may not forward a port"),
            "{}",
            said[3]
        );

        grant(&place, &status, &user);
        assert_eq!(
            places(&place.status(&["rsc"])),
            ["on"; 4],
            "{}",
            helm.version
        );
        place
            .ours(&["revert", "rsc", "--yes"])
            .assert()
            .code(1)
            .stderr(contains("forbidden"));
        assert_eq!(
            places(&place.status(&["rsc"])),
            ["on"; 4],
            "{}",
            helm.version
        );

        grant(&place, &revert, &user);
        place.ours(&["revert", "rsc", "--yes"]).assert().success();
        place.kubeconfig = own;
        assert_eq!(
            places(&place.status(&["rsc"])),
            ["off"; 4],
            "{}",
            helm.version
        );
    }
}
