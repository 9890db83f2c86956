//! A second configuration file that the cluster alone holds: the release knows where it is mounted,
//! and not what is in it.

use k8s_openapi::ByteString;
use k8s_openapi::api::core::v1::Secret;
use kube::api::{ObjectMeta, PostParams};
use predicates::prelude::PredicateBooleanExt as _;
use predicates::str::contains;

use super::{Place, places};
use crate::support::chart::chart_dir;
use crate::support::tools::newest;

const VOLUMES: &[&str] = &[
    "--set-json",
    r#"pod.volumes=[{"name": "second", "secret": {"secretName": "theirs"}}]"#,
    "--set-json",
    r#"pod.volumeMounts=[{"name": "second", "mountPath": "/etc/rstudio-connect/rstudio-connect-migration.gcfg", "subPath": "second.gcfg"}]"#,
];

/// A server with the overlay whose second file says something.
fn with_second_file(place: &Place, says: &str) {
    let secret = Secret {
        metadata: ObjectMeta {
            name: Some("theirs".to_owned()),
            ..ObjectMeta::default()
        },
        data: Some([("second.gcfg".to_owned(), ByteString(says.into()))].into()),
        ..Secret::default()
    };
    let secrets = place.namespace.api::<Secret>();
    let params = PostParams::default();
    let created = secrets.create(&params, &secret);
    place.namespace.block_on(created).unwrap();
    place.deploy("rsc", true, VOLUMES);
}

#[test]
fn what_it_says_counts() {
    for helm in newest() {
        let Some(place) = Place::new(&helm, "second") else {
            return;
        };
        with_second_file(
            &place,
            "[LDAP \"x\"]\nBindPassword = hunter2\n[Applications]\nScheduleConcurrency = 2\n",
        );
        let status = place.status(&["rsc"]);
        assert_eq!(
            places(&status)[..2],
            ["partly", "partly"].map(str::to_owned)
        );
        place.ours(&["status", "rsc"]).assert().success().stdout(
            contains("Secret theirs key second.gcfg sets Applications.ScheduleConcurrency")
                .and(contains("hunter2").not()),
        );
        let chart = chart_dir().to_string_lossy().into_owned();
        let mut again = vec!["upgrade", "rsc", &chart, "--reuse-values"];
        again.extend(VOLUMES);
        place
            .ours(&again)
            .assert()
            .stderr(contains("Secret theirs key second.gcfg sets"));
        place.namespace.settled();
        place.ours(&["revert", "rsc", "--yes"]).assert().success();
        let off = "off".to_owned();
        assert_eq!(
            places(&place.status(&["rsc"]))[..3],
            [off.clone(), off.clone(), off]
        );
    }
}
