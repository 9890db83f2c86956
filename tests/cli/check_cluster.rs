//! `check`, where it asks a real API server.

use std::fs;
use std::path::Path;

use k8s_openapi::api::core::v1::{PersistentVolumeClaim, ResourceQuota, Secret, ServiceAccount};
use kube::api::{Patch, PatchParams, PostParams};
use serde_json::{Value as Json, json};

use crate::support::cluster::{Namespace, cluster};
use crate::support::connect_migrate;
use crate::support::form::printed;

const VALUES: &str = "sharedStorage: {mount: true, name: connect-data}
license: {file: {secret: connect-license}}
pod:
  env:
    - {name: CONNECT_POSTGRES_PASSWORD, valueFrom: {secretKeyRef: {name: connect-secrets, key: CONNECT_POSTGRES_PASSWORD}}}
";

fn check(folder: &Path, kubeconfig: &Path, namespace: &str) -> (i32, Json) {
    fs::write(folder.join("values.yaml"), VALUES).unwrap();
    check_values(folder, kubeconfig, namespace)
}

/// The same with the values that are there.
fn check_values(folder: &Path, kubeconfig: &Path, namespace: &str) -> (i32, Json) {
    let output = connect_migrate()
        .current_dir(folder)
        .env("PATH", folder)
        .env("KUBECONFIG", kubeconfig)
        .args(["check", "--cluster", "-f", "values.yaml", "-n", namespace])
        .args(["--output", "json"])
        .output()
        .unwrap();
    let report = printed("check", &output);
    (output.status.code().unwrap(), report)
}

fn one<'a>(report: &'a Json, code: &str) -> &'a Json {
    report["checks"]
        .as_array()
        .unwrap()
        .iter()
        .find(|check| check["code"] == code)
        .unwrap()
}

fn status<'a>(report: &'a Json, code: &str) -> &'a str {
    one(report, code)["status"].as_str().unwrap()
}

fn create<K>(namespace: &Namespace, object: Json)
where
    K: kube::Resource<Scope = k8s_openapi::NamespaceResourceScope>
        + Clone
        + std::fmt::Debug
        + serde::Serialize
        + serde::de::DeserializeOwned,
    K::DynamicType: Default,
{
    let object: K = serde_json::from_value(object).unwrap();
    namespace
        .block_on(namespace.api::<K>().create(&PostParams::default(), &object))
        .unwrap();
}

/// Gives an object the status that a controller would.
fn patch_status<K>(namespace: &Namespace, name: &str, status: Json)
where
    K: kube::Resource<Scope = k8s_openapi::NamespaceResourceScope>
        + Clone
        + std::fmt::Debug
        + serde::de::DeserializeOwned,
    K::DynamicType: Default,
{
    let patch = Patch::Merge(json!({"status": status}));
    namespace
        .block_on(
            namespace
                .api::<K>()
                .patch_status(name, &PatchParams::default(), &patch),
        )
        .unwrap();
}

#[test]
fn what_the_values_expect_is_looked_for() {
    let Some(cluster) = cluster() else { return };
    let namespace = cluster.namespace("check");
    let folder = tempfile::tempdir().unwrap();
    let look = || check(folder.path(), &cluster.kubeconfig, &namespace.name);

    let (code, empty) = look();
    assert_eq!(code, 4, "{empty:#}");
    assert_eq!(status(&empty, "cluster-storage"), "fail");
    let secrets = one(&empty, "cluster-secrets");
    assert_eq!(secrets["status"], "fail");
    assert_eq!(secrets["details"].as_array().unwrap().len(), 2);
    for code in [
        "cluster-permissions",
        "cluster-quota",
        "cluster-shared-database",
    ] {
        assert_eq!(status(&empty, code), "pass", "{code}");
    }

    create::<PersistentVolumeClaim>(
        &namespace,
        json!({"metadata": {"name": "connect-data"}, "spec": {
            "accessModes": ["ReadWriteMany"], "resources": {"requests": {"storage": "1Gi"}}}}),
    );
    create::<Secret>(
        &namespace,
        json!({"metadata": {"name": "connect-license"}, "stringData": {"other.lic": "hidden"}}),
    );
    create::<Secret>(
        &namespace,
        json!({"metadata": {"name": "connect-secrets"},
            "stringData": {"CONNECT_POSTGRES_PASSWORD": "hidden"}}),
    );
    create::<ServiceAccount>(&namespace, json!({"metadata": {"name": "content"}}));
    let (_, pending) = look();
    let storage = one(&pending, "cluster-storage");
    assert_eq!(storage["status"], "fail");
    assert!(
        storage["evidence"].as_str().unwrap().contains("Pending"),
        "{storage}"
    );
    let details = one(&pending, "cluster-secrets")["details"].to_string();
    assert!(
        details.contains("no key license.lic; it has other.lic"),
        "{details}"
    );
    assert!(!pending.to_string().contains("hidden"));
    assert_eq!(
        one(&pending, "cluster-service-accounts")["details"],
        json!(["content"])
    );

    patch_status::<PersistentVolumeClaim>(&namespace, "connect-data", json!({"phase": "Bound"}));
    create::<ResourceQuota>(
        &namespace,
        json!({"metadata": {"name": "small"}, "spec": {"hard": {"pods": "10"}}}),
    );
    patch_status::<ResourceQuota>(
        &namespace,
        "small",
        json!({"hard": {"pods": "10"}, "used": {"pods": "9"}}),
    );
    let (_, bound) = look();
    assert_eq!(status(&bound, "cluster-storage"), "pass");
    assert_eq!(
        one(&bound, "cluster-quota")["details"],
        json!(["small: pods 9 of 10, and a restart of the server takes 2 more for a while"])
    );
}

/// A Secret that somebody else makes, as External Secrets or sealed secrets do: `values` names it, and
/// `check` looks for its keys.
#[test]
fn a_secret_of_somebody_else_is_looked_into_for_every_key() {
    let Some(cluster) = cluster() else { return };
    let namespace = cluster.namespace("external");
    let folder = tempfile::tempdir().unwrap();
    let gcfg = "[Server]\nAddress = https://c.example.com\n[Database]\nProvider = postgres\n\
        [Postgres]\nURL = postgres://u@h/d\nPassword = hidden\n[LDAP \"x\"]\nBindPassword = hidden\n";
    fs::write(folder.path().join("c.gcfg"), gcfg).unwrap();
    let status = connect_migrate()
        .current_dir(folder.path())
        .args(["values", "--from", "c.gcfg", "--secret-file"])
        .args(["--secret-name", "team-secrets", "--pvc", "data"])
        .args(["--out", "values.yaml"])
        .output()
        .unwrap()
        .status;
    assert_eq!(status.code(), Some(0));
    let look = || {
        let (_, report) = check_values(folder.path(), &cluster.kubeconfig, &namespace.name);
        assert!(!report.to_string().contains("hidden"));
        one(&report, "cluster-secrets").clone()
    };
    let absent = look();
    assert_eq!(absent["status"], "fail");
    assert!(absent.to_string().contains("team-secrets"), "{absent}");

    let secret = |data: Json| {
        let secret: Secret = serde_json::from_value(
            json!({"metadata": {"name": "team-secrets"}, "stringData": data}),
        )
        .unwrap();
        let secrets = namespace.api::<Secret>();
        let patch = Patch::Apply(&secret);
        let params = PatchParams::apply("somebody-else").force();
        namespace
            .block_on(secrets.patch("team-secrets", &params, &patch))
            .unwrap();
    };
    secret(json!({"CONNECT_POSTGRES_PASSWORD": "hidden"}));
    let half = look();
    assert_eq!(half["status"], "fail");
    assert!(
        half["details"]
            .to_string()
            .contains("no key rstudio-connect-migration.gcfg"),
        "{half}"
    );
    secret(
        json!({"CONNECT_POSTGRES_PASSWORD": "hidden", "rstudio-connect-migration.gcfg": "hidden"}),
    );
    let whole = look();
    assert_eq!(whole["status"], "pass", "{whole}");
}

#[test]
fn rights_that_lack_are_named() {
    let Some(cluster) = cluster() else { return };
    let namespace = cluster.namespace("check-rights");
    let folder = tempfile::tempdir().unwrap();
    let kubeconfig = cluster.impersonating("nobody-in-particular", folder.path());
    let (code, report) = check(folder.path(), &kubeconfig, &namespace.name);
    assert_eq!(code, 4);
    let rights = one(&report, "cluster-permissions");
    assert_eq!(rights["status"], "fail");
    let details = rights["details"].to_string();
    assert!(details.contains("create deployments.apps"), "{details}");
    let storage = one(&report, "cluster-storage");
    assert_eq!(storage["status"], "not-asked");
    assert!(
        storage["evidence"].as_str().unwrap().contains("may not"),
        "{storage}"
    );
}

#[test]
fn a_cluster_that_does_not_answer_fails() {
    let folder = tempfile::tempdir().unwrap();
    let kubeconfig = folder.path().join("kubeconfig");
    fs::write(
        &kubeconfig,
        r#"{"apiVersion": "v1", "kind": "Config", "current-context": "c",
            "clusters": [{"name": "c", "cluster": {"server": "http://127.0.0.1:9"}}],
            "users": [{"name": "c", "user": {}}],
            "contexts": [{"name": "c", "context": {"cluster": "c", "user": "c"}}]}"#,
    )
    .unwrap();
    let (code, report) = check(folder.path(), &kubeconfig, "ns");
    assert_eq!(code, 4);
    let rights = one(&report, "cluster-permissions");
    assert!(
        rights["evidence"].as_str().unwrap().contains("127.0.0.1:9"),
        "{rights}"
    );
}

/// What another release in the namespace has, a trial must not have, too.
#[test]
fn a_trial_shares_nothing_with_its_neighbours() {
    let Some(cluster) = cluster() else { return };
    let namespace = cluster.namespace("trial");
    let folder = tempfile::tempdir().unwrap();
    let values = |database: &str| {
        let text = format!(
            "sharedStorage: {{mount: true, name: files}}
backends: {{kubernetes: {{enabled: true}}}}
config:
  Server: {{Address: 'https://{}.example.com', EmailProvider: none, PublicWarning: x, LoggedInWarning: x}}
  Applications: {{ScheduleConcurrency: 0, PythonEnvironmentReaping: false}}
  Scheduler: {{MinProcessesLimit: 0}}
  Git: {{Enabled: false}}
  Postgres: {{URL: 'postgres://t@pg.example.com/{database}'}}
",
            namespace.name
        );
        fs::write(folder.path().join("values.yaml"), text).unwrap();
    };
    let look = |release: &[&str]| {
        let output = connect_migrate()
            .current_dir(folder.path())
            .env("PATH", folder.path())
            .env("KUBECONFIG", &cluster.kubeconfig)
            .args(["check", "--trial", "--cluster", "-f", "values.yaml"])
            .args(["-n", &namespace.name, "--output", "json"])
            .args(release)
            .output()
            .unwrap();
        printed("check", &output)
    };
    values("copy");
    let alone = look(&[]);
    for code in [
        "trial-claim",
        "trial-database",
        "trial-ingress",
        "trial-storage",
    ] {
        assert_eq!(status(&alone, code), "pass", "{alone:#}");
    }
    // Nothing says what production is.
    assert_eq!(status(&alone, "trial-values"), "warn", "{alone:#}");

    let marks = json!({"meta.helm.sh/release-name": "production"});
    create::<k8s_openapi::api::core::v1::ConfigMap>(
        &namespace,
        json!({"metadata": {"name": "production-config", "annotations": marks}, "data": {
            "rstudio-connect.gcfg": "[Postgres]\nURL = \"postgres://c:HUNTER@pg.example.com/connect\"\n"}}),
    );
    create::<k8s_openapi::api::apps::v1::Deployment>(
        &namespace,
        json!({"metadata": {"name": "production-connect", "annotations": marks}, "spec": {
            "selector": {"matchLabels": {"app": "c"}},
            "template": {"metadata": {"labels": {"app": "c"}}, "spec": {
                "containers": [{"name": "connect", "image": "i", "volumeMounts": [
                    {"name": "v", "mountPath": "/etc/rstudio-connect/rstudio-connect.gcfg", "subPath": "rstudio-connect.gcfg"}]}],
                "volumes": [{"name": "v", "configMap": {"name": "production-config"}},
                    {"name": "d", "persistentVolumeClaim": {"claimName": "files"}}]}}}}),
    );
    create::<k8s_openapi::api::networking::v1::Ingress>(
        &namespace,
        json!({"metadata": {"name": "production-ingress", "annotations": marks}, "spec": {
            "rules": [{"host": format!("{}.example.com", namespace.name)}]}}),
    );
    let beside = look(&["--release", "copy"]);
    assert_eq!(status(&beside, "trial-claim"), "fail", "{beside:#}");
    assert_eq!(status(&beside, "trial-ingress"), "fail", "{beside:#}");
    assert_eq!(status(&beside, "trial-database"), "pass", "{beside:#}");
    let mounted = one(&beside, "trial-claim")["details"].clone();
    assert_eq!(
        mounted,
        json!([format!("Deployment {}/production-connect", namespace.name)])
    );
    values("connect");
    let same = look(&["--release", "copy"]);
    let database = one(&same, "trial-database");
    assert_eq!(database["status"], "fail", "{same:#}");
    assert!(!same.to_string().contains("HUNTER"), "{same:#}");
    // What is the trial's own is no neighbour.
    let own = look(&["--release", "production"]);
    for code in ["trial-claim", "trial-database", "trial-ingress"] {
        assert_eq!(status(&own, code), "pass", "{own:#}");
    }
}
