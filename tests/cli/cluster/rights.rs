//! The rights in docs/rbac.md are enough, and what lacks is named.

use k8s_openapi::api::rbac::v1::{Role, RoleBinding};
use kube::api::PostParams;
use predicates::prelude::PredicateBooleanExt as _;
use predicates::str::contains;
use serde_json::json;

use super::{Place, places};
use crate::support::chart::chart_dir;
use crate::support::cluster::{Asked, cluster};
use crate::support::tools::helms;

const DOCUMENT: &str = include_str!("../../../docs/rbac.md");

/// The role of a name in the document; a cluster's role is read as one of a namespace.
pub(super) fn role(kind: &str, name: &str) -> Role {
    let blocks = DOCUMENT.split("```yaml\n").skip(1);
    let mut roles = blocks.map(|block| {
        let text = block.split("```").next().unwrap();
        serde_yaml::from_str::<serde_json::Value>(text).unwrap()
    });
    let mut role = roles
        .find(|role| role["kind"] == kind && role["metadata"]["name"] == name)
        .unwrap();
    role["kind"] = "Role".into();
    serde_json::from_value(role).unwrap()
}

/// Whether a role allows it.
pub(super) fn allows(role: &Role, asked: &Asked) -> bool {
    let has = |list: &Option<Vec<String>>, one: &String| list.iter().flatten().any(|x| x == one);
    role.rules.iter().flatten().any(|rule| {
        has(&rule.api_groups, &asked.group)
            && has(&rule.resources, &asked.resource)
            && rule.verbs.contains(&asked.verb)
    })
}

pub(super) fn grant(place: &Place, role: &Role, user: &str) {
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
        let status = role("Role", "connect-migrate-status");
        let revert = role("Role", "connect-migrate-revert");

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

#[test]
fn every_request_of_every_command_is_documented() {
    let status = role("Role", "connect-migrate-status");
    let check = role("Role", "connect-migrate-check");
    let of_the_cluster = role("ClusterRole", "connect-migrate-check");
    let trial = role("Role", "connect-migrate-check-trial");
    let beside = role("ClusterRole", "connect-migrate-check-trial");
    let revert = role("Role", "connect-migrate-revert");
    let reviews = Asked {
        group: "authorization.k8s.io".to_owned(),
        resource: "selfsubjectaccessreviews".to_owned(),
        verb: "create".to_owned(),
    };
    for helm in helms() {
        let Some(mut place) = Place::new(&helm, "audit") else {
            return;
        };
        let own = place.kubeconfig.clone();
        let chart = chart_dir().display().to_string();
        let values = place.home.path().join("values.yaml");
        std::fs::write(
            &values,
            "sharedStorage: {create: true, mount: true, storageClassName: fast}\nlicense: {file: {secret: licence, secretKey: x}}\n",
        )
        .unwrap();
        let values = values.display().to_string();
        place.deploy("rsc", true, &[]);
        let from = concat!(env!("CARGO_MANIFEST_DIR"), "/testdata/rstudio-connect.gcfg");
        let commands: [(&str, Vec<&str>, Vec<&Role>); 5] = [
            ("status", vec!["status", "rsc"], vec![&status]),
            (
                "check",
                vec![
                    "check",
                    "--from",
                    from,
                    "--cluster",
                    "--release",
                    "rsc",
                    "-f",
                    &values,
                    &chart,
                ],
                vec![&check, &of_the_cluster],
            ),
            (
                "trial",
                vec!["check", "--trial", "--release", "rsc", "-f", &values],
                vec![&check, &of_the_cluster, &trial, &beside],
            ),
            (
                "upgrade",
                vec!["upgrade", "rsc", &chart, "--reuse-values"],
                vec![&status, &revert],
            ),
            (
                "revert",
                vec!["revert", "rsc", "--yes"],
                vec![&status, &revert],
            ),
        ];
        for (name, args, roles) in commands {
            let user = format!("{name}-{}", place.namespace.name);
            for (number, role) in roles.iter().enumerate() {
                // Names of its own: one may be granted twice.
                let mut role = (*role).clone();
                role.metadata.name = Some(format!("{name}-{number}"));
                grant(&place, &role, &user);
            }
            place.kubeconfig = cluster().unwrap().impersonating(&user, place.home.path());
            let run = place.ours(&args).assert();
            let said = String::from_utf8_lossy(&run.get_output().stderr).into_owned();
            place.kubeconfig.clone_from(&own);
            let Some(asked) = cluster().unwrap().requests_of(&user) else {
                return;
            };
            assert!(!asked.is_empty(), "{name} asked nothing: {said}");
            for request in asked.iter().filter(|request| **request != reviews) {
                assert!(
                    roles.iter().any(|role| allows(role, request)),
                    "{name} asks for {request:?}, which docs/rbac.md does not name ({})",
                    helm.version
                );
            }
            if !args.contains(&"check") {
                run.success();
            }
            place.namespace.settled();
        }
    }
}
