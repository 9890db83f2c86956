//! Made-up credentials in what a cluster holds, and what the commands that read it say.

use k8s_openapi::ByteString;
use k8s_openapi::api::core::v1::{ConfigMap, Secret};
use kube::api::{DeleteParams, PostParams};
use serde_json::json;

use super::Place;
use crate::support::tools::{Helm, helms};

const CANARY: &str = "qx0vkz";

/// A record as Helm stores it, but for the gzip that Helm reads without, too.
fn record(name: &str, data: &str) -> Secret {
    use base64::Engine as _;
    let packed = base64::engine::general_purpose::STANDARD.encode(data);
    let mut secret: Secret = serde_json::from_value(json!({
        "metadata": {
            "name": format!("sh.helm.release.v1.{name}.v1"),
            "labels": {"owner": "helm", "name": name, "status": "deployed", "version": "1"},
        },
        "type": "helm.sh/release.v1",
    }))
    .unwrap();
    let data = ByteString(packed.into_bytes());
    secret.data = Some([("release".to_owned(), data)].into());
    secret
}

#[test]
fn records_and_configurations_that_cannot_be_read_are_not_quoted() {
    let helm: Helm = helms().remove(1);
    let Some(place) = Place::new(&helm, "canary") else {
        return;
    };
    let create = |secret: &Secret| {
        let secrets = place.namespace.api::<Secret>();
        place
            .namespace
            .block_on(secrets.create(&PostParams::default(), secret))
            .unwrap();
    };
    let gcfg = format!("[Postgres]\n  Password = {CANARY}\n  = {CANARY}\n  {CANARY}");
    let map = format!(
        "---\n# Source: rstudio-connect/templates/configmap.yaml\napiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: odd-config\ndata:\n  rstudio-connect.gcfg: |\n    {}\n",
        gcfg.replace('\n', "\n    ")
    );
    let good = json!({
        "name": "odd", "version": 1, "namespace": place.namespace.name,
        "info": {"status": "deployed", "description": CANARY, "notes": CANARY},
        "chart": {"metadata": {"name": "rstudio-connect", "version": "0.20.0"}},
        "config": {"config": {"SMTP": CANARY}},
        "manifest": format!("{map}---\nkind: Secret\n  broken: [{CANARY}\n"),
    });
    let mut names = Vec::new();
    for (name, data) in [
        (
            "cut",
            format!("{{\"name\": \"cut\", \"version\": 1, \"config\": {{\"a\": \"{CANARY}"),
        ),
        (
            "typed",
            format!("{{\"name\": \"typed\", \"version\": \"{CANARY}\"}}"),
        ),
        ("text", CANARY.to_owned()),
        ("odd", good.to_string()),
    ] {
        let name = format!("{name}-x");
        create(&record(&name, &data));
        names.push(name);
    }
    // Live, as somebody edited it.
    let live: ConfigMap = serde_json::from_value(json!({
        "metadata": {"name": "odd-config", "labels": {"app.kubernetes.io/managed-by": "Helm"},
            "annotations": {"meta.helm.sh/release-name": "odd-x"}},
        "data": {"rstudio-connect.gcfg": gcfg},
    }))
    .unwrap();
    let maps = place.namespace.api::<ConfigMap>();
    place
        .namespace
        .block_on(maps.create(&PostParams::default(), &live))
        .unwrap();
    for name in &names {
        for format in ["table", "json", "yaml"] {
            for args in [
                &["status", name, "--output", format][..],
                &["revert", name, "--yes"],
                &["revert", name, "--yes", "--dry-run"],
                &["check", "--cluster", "--release", name, "--output", format],
            ] {
                let output = place.process(args).arg("--debug").output().unwrap();
                let said =
                    [&output.stdout, &output.stderr].map(|text| String::from_utf8_lossy(text));
                assert!(!said.concat().contains(CANARY), "{args:?}: {said:?}");
                assert!(!said[1].contains("panicked"), "{args:?}: {said:?}");
            }
        }
        // One that cannot be read stops every look at the namespace: one after the other.
        let secrets = place.namespace.api::<Secret>();
        let record = format!("sh.helm.release.v1.{name}.v1");
        place
            .namespace
            .block_on(secrets.delete(&record, &DeleteParams::default()))
            .unwrap();
    }
}
