//! What `check --cluster` says, where a wrong answer is easily given: with the chart rendered by Helm,
//! and by the values alone.

use std::path::PathBuf;

use k8s_openapi::api::core::v1::{LimitRange, PersistentVolumeClaim, ResourceQuota, Secret};
use kube::api::{DeleteParams, Patch, PatchParams, PostParams};
use serde_json::{Value, json};

use super::Place;
use super::half_way::Refusal;
use crate::connect_stand_in::wait_until;
use crate::support::chart::{chart_dir, is_real};
use crate::support::cluster::cluster;
use crate::support::form::printed;
use crate::support::tools::{Helm, newest};

/// What the real chart has, too.
const MORE: &str = "{{- range .Values.extraObjects }}
---
{{ toYaml . }}
{{- end }}
";

const STORED: &str =
    "sharedStorage: {create: true, storageClassName: '', accessModes: [ReadWriteMany]}\n";

struct Answers {
    place: Place,
    chart: PathBuf,
}

impl Answers {
    fn new(helm: &Helm, what: &str) -> Option<Self> {
        let place = Place::new(helm, what)?;
        let chart = place.home.path().join("chart");
        let copied = std::process::Command::new("cp")
            .arg("-r")
            .args([&chart_dir(), &chart])
            .status();
        assert!(copied.unwrap().success());
        if !is_real() {
            std::fs::write(chart.join("templates/more.yaml"), MORE).unwrap();
        }
        Some(Self { place, chart })
    }

    /// With Helm's rendering or without; the checks by code.
    fn ask(&self, rendered: bool, values: &str, more: &[&str]) -> Value {
        let file = self.place.home.path().join("values.yaml");
        std::fs::write(&file, values).unwrap();
        let mut args = vec!["check", "--cluster", "--output", "json", "-f"];
        args.push(file.to_str().unwrap());
        if rendered {
            args.push(self.chart.to_str().unwrap());
        }
        args.extend(more);
        let run = self.place.ours(&args).output().unwrap();
        let report: Value = printed("check", &run);
        let checks = report["checks"].as_array().unwrap().iter();
        let by_code =
            checks.map(|check| (check["code"].as_str().unwrap().to_owned(), check.clone()));
        by_code.collect::<serde_json::Map<_, _>>().into()
    }

    fn create<K>(&self, object: Value)
    where
        K: kube::Resource<Scope = k8s_openapi::NamespaceResourceScope>
            + Clone
            + std::fmt::Debug
            + serde::Serialize
            + serde::de::DeserializeOwned,
        K::DynamicType: Default,
    {
        let namespace = &self.place.namespace;
        let object: K = serde_json::from_value(object).unwrap();
        let api = namespace.api::<K>();
        namespace
            .block_on(api.create(&PostParams::default(), &object))
            .unwrap();
    }

    /// What the checks say while a quota is in force.
    fn under(&self, hard: &Value, used: &Value, rendered: bool, values: &str) -> Value {
        self.under_with(hard, used, rendered, values, &[])
    }

    fn under_with(
        &self,
        hard: &Value,
        used: &Value,
        rendered: bool,
        values: &str,
        more: &[&str],
    ) -> Value {
        self.create::<ResourceQuota>(json!({"metadata": {"name": "q"}, "spec": {"hard": hard}}));
        let namespace = &self.place.namespace;
        let quotas = namespace.api::<ResourceQuota>();
        let status = Patch::Merge(json!({"status": {"hard": hard, "used": used}}));
        let params = PatchParams::default();
        namespace
            .block_on(quotas.patch_status("q", &params, &status))
            .unwrap();
        let said = self.ask(rendered, values, more);
        namespace
            .block_on(quotas.delete("q", &DeleteParams::default()))
            .unwrap();
        said
    }
}

fn status<'a>(said: &'a Value, code: &str) -> &'a str {
    said[code]["status"].as_str().unwrap()
}

#[test]
fn quotas_are_held_against_what_the_objects_ask_for() {
    for helm in newest().into_iter().skip(1) {
        let Some(answers) = Answers::new(&helm, "quota") else {
            return;
        };
        let with = |more: &str| format!("{STORED}{more}\n");
        let asks = "resources: {requests: {cpu: 1, memory: 500M}, limits: {memory: 500M}}";
        let one = json!({"services.loadbalancers": "0"});
        let used = json!({"services.loadbalancers": "0"});
        for rendered in [true, false] {
            let quota = |hard: &Value, used: &Value, values: &str| {
                let said = answers.under(hard, used, rendered, &with(values));
                (
                    status(&said, "cluster-quota").to_owned(),
                    said["cluster-quota"]["details"].to_string(),
                )
            };
            assert_eq!(quota(&one, &used, "").0, "pass", "no such service");
            assert_eq!(
                quota(&one, &used, "service: {type: LoadBalancer}").0,
                "fail"
            );
            let cpu = json!({"requests.cpu": "4"});
            let (said, details) = quota(&cpu, &json!({"requests.cpu": "0"}), "");
            assert_eq!(said, "fail");
            assert!(details.contains("names no requests.cpu"), "{details}");
            assert_eq!(quota(&cpu, &json!({"requests.cpu": "0"}), asks).0, "pass");
            let (said, details) =
                quota(&json!({"pods": "2"}), &json!({"pods": "0"}), "replicas: 3");
            assert_eq!(said, "fail");
            assert!(details.contains("needs 3 more"), "{details}");
            let memory = json!({"requests.memory": "1e9"});
            let none = json!({"requests.memory": "0"});
            // A restart has two pods for a while, which is all there is.
            assert_eq!(quota(&memory, &none, asks).0, "pass");
            let more = asks.replace("500M", "2Gi");
            assert_eq!(quota(&memory, &none, &more).0, "fail");
        }
        // Where the namespace has defaults, nothing must be named.
        answers.create::<LimitRange>(json!({"metadata": {"name": "d"}, "spec": {"limits": [
            {"type": "Container", "default": {"cpu": "1"}, "defaultRequest": {"cpu": "500m"}}]}}));
        let cpu = json!({"requests.cpu": "4"});
        let said = answers.under(&cpu, &json!({"requests.cpu": "0"}), true, STORED);
        assert_eq!(status(&said, "cluster-quota"), "pass", "{said:#}");
    }
}

#[test]
fn a_quota_that_has_room_for_few_builds_makes_the_rebuild_longer() {
    for helm in newest().into_iter().skip(1) {
        let Some(answers) = Answers::new(&helm, "builds") else {
            return;
        };
        let inventory = answers.place.home.path().join("inventory.yaml");
        let item = |number: u32| {
            format!(
                "  - guid: 0000000{number}-0000-4000-8000-000000000000\n    title: Item {number}\n    \
                 type: quarto-static\n    bundle: '1'\n    build-seconds: 600\n"
            )
        };
        let items: String = (0..8).map(item).collect();
        std::fs::write(&inventory, format!("schema: 1\ncontent:\n{items}")).unwrap();
        let more = ["--inventory", inventory.to_str().unwrap()];
        let values = format!(
            "{STORED}resources: {{requests: {{memory: 1Gi}}}}\n\
             config: {{Scheduler: {{MemoryRequest: 1073741824}}}}\n"
        );
        let time = |hard: &str| {
            let (hard, used) = (
                json!({"requests.memory": hard}),
                json!({"requests.memory": "0"}),
            );
            let said = answers.under_with(&hard, &used, true, &values, &more);
            said["rebuild-time"].clone()
        };
        // One of three is the server's own.
        let few = time("3Gi");
        assert_eq!(few["status"], "warn", "{few:#}");
        let evidence = few["evidence"].as_str().unwrap();
        assert!(evidence.starts_with("about 40 min at 2 at once"), "{few:#}");
        assert!(
            few["remedy"].as_str().unwrap().contains("--parallelism 2"),
            "{few:#}"
        );
        let many = time("9Gi");
        assert_eq!(many["status"], "pass", "{many:#}");
        let evidence = many["evidence"].as_str().unwrap();
        assert!(
            evidence.starts_with("about 20 min at 4 at once"),
            "{many:#}"
        );
        assert!(
            many["details"].to_string().contains("room for 8 more"),
            "{many:#}"
        );
    }
}

/// A workload beside the server's, with all that a pod can name.
const NAMING: &str = "
pod:
  env:
    - {name: A, valueFrom: {secretKeyRef: {name: brought, key: a}}}
  volumes:
    - {name: maybe, secret: {secretName: maybe, optional: true}}
extraObjects:
  - {apiVersion: v1, kind: Secret, metadata: {name: brought}, stringData: {a: b}}
  - apiVersion: networking.k8s.io/v1
    kind: Ingress
    metadata: {name: i, annotations: {cert-manager.io/cluster-issuer: x}}
    spec: {ingressClassName: nowhere, tls: [{hosts: [c.example.com], secretName: issued}],
      defaultBackend: {service: {name: s, port: {number: 80}}}}
  - apiVersion: apps/v1
    kind: Deployment
    metadata: {name: beside}
    spec:
      selector: {matchLabels: {a: b}}
      template:
        metadata: {labels: {a: b}}
        spec:
          serviceAccountName: nobody
          priorityClassName: unheard
          initContainers:
            - {name: first, image: i, envFrom: [{secretRef: {name: of-init}}]}
            - {name: side, image: i, restartPolicy: Always, env: [{name: B, valueFrom: {secretKeyRef: {name: of-side, key: k}}}]}
          containers:
            - {name: c, image: i, envFrom: [{configMapRef: {name: map}}]}
          volumes:
            - {name: p, projected: {sources: [{secret: {name: projected}}]}}
            - {name: k, secret: {secretName: half, items: [{key: there, path: a}, {key: gone, path: b}]}}
            - {name: d, persistentVolumeClaim: {claimName: own-claim}}
";

#[test]
fn everything_that_is_named_is_looked_for() {
    for helm in newest() {
        let Some(answers) = Answers::new(&helm, "named") else {
            return;
        };
        answers
            .create::<Secret>(json!({"metadata": {"name": "half"}, "stringData": {"there": "x"}}));
        let values = format!("{STORED}{NAMING}");
        let said = answers.ask(true, &values, &[]);
        let secrets = said["cluster-secrets"]["details"].to_string();
        for lacks in [
            "of-init",
            "of-side",
            "projected",
            "half (Deployment beside: volume k) has no key gone",
        ] {
            assert!(secrets.contains(lacks), "{lacks}: {secrets}");
        }
        for there in ["brought", "maybe", "no key there"] {
            assert!(!secrets.contains(there), "{there}: {secrets}");
        }
        assert!(
            secrets.contains("issued (Ingress i) is not there yet; cert-manager"),
            "{secrets}"
        );
        let others = said["cluster-references"]["details"].to_string();
        for lacks in [
            "ConfigMap map",
            "ServiceAccount nobody",
            "PriorityClass unheard",
            "IngressClass nowhere",
            "PersistentVolumeClaim own-claim",
        ] {
            assert!(others.contains(lacks), "{lacks}: {others}");
        }
        // By the values alone the Secrets are seen, and nothing else is guessed at.
        let said = answers.ask(false, &values, &[]);
        let secrets = said["cluster-secrets"]["details"].to_string();
        for lacks in ["of-init", "of-side", "projected", "no key gone"] {
            assert!(secrets.contains(lacks), "{lacks}: {secrets}");
        }
        assert!(
            !secrets.contains("maybe") && !secrets.contains("brought"),
            "{secrets}"
        );
        assert_eq!(status(&said, "cluster-references"), "not-asked");
        assert_eq!(status(&said, "cluster-dry-run"), "not-asked");
    }
}

#[test]
fn rights_are_those_that_the_manifest_needs() {
    for helm in newest().into_iter().skip(1) {
        let Some(mut answers) = Answers::new(&helm, "needs") else {
            return;
        };
        let folder = answers.place.home.path().to_path_buf();
        answers.place.kubeconfig = cluster().unwrap().impersonating("nobody-at-all", &folder);
        let lacking = |rendered: bool, more: &str| {
            let said = answers.ask(rendered, &format!("{STORED}{more}"), &[]);
            said["cluster-permissions"]["details"].to_string()
        };
        for rendered in [true, false] {
            let said = lacking(rendered, "");
            for right in [
                "get services",
                "create deployments.apps",
                "update secrets",
                "patch persistentvolumeclaims",
            ] {
                assert!(said.contains(&format!("{right}\"")), "{right}: {said}");
            }
            assert!(
                !said.contains("ingresses") && !said.contains("poddisruption"),
                "{said}"
            );
        }
        let more = "extraObjects:
  - {apiVersion: policy/v1, kind: PodDisruptionBudget, metadata: {name: b}, spec: {maxUnavailable: 0}}
  - {apiVersion: networking.k8s.io/v1, kind: Ingress, metadata: {name: i}, spec: {}}
  - {apiVersion: v1, kind: ConfigMap, metadata: {name: m, namespace: elsewhere}}
  - {apiVersion: rbac.authorization.k8s.io/v1, kind: ClusterRole, metadata: {name: r}}
";
        let said = lacking(true, more);
        for right in [
            "get poddisruptionbudgets.policy",
            "create ingresses.networking.k8s.io",
            "patch configmaps (in the namespace elsewhere)",
            "create clusterroles.rbac.authorization.k8s.io (in the whole cluster)",
        ] {
            assert!(said.contains(right), "{right}: {said}");
        }
    }
}

#[test]
fn claims_must_be_shared_and_stay() {
    for helm in newest().into_iter().skip(1) {
        let Some(answers) = Answers::new(&helm, "claims") else {
            return;
        };
        let once = STORED.replace("ReadWriteMany", "ReadWriteOnce");
        for rendered in [true, false] {
            let said = answers.ask(rendered, &once, &[]);
            assert_eq!(status(&said, "cluster-storage"), "fail");
            let said = answers.ask(rendered, STORED, &[]);
            assert_eq!(status(&said, "cluster-storage"), "warn");
        }
        answers.create::<PersistentVolumeClaim>(json!({
            "metadata": {"name": "data", "finalizers": ["kubernetes.io/pvc-protection"]},
            "spec": {"accessModes": ["ReadWriteMany"], "resources": {"requests": {"storage": "1Gi"}}}}));
        let namespace = &answers.place.namespace;
        let claims = namespace.api::<PersistentVolumeClaim>();
        let bound = Patch::Merge(json!({"status": {"phase": "Bound"}}));
        namespace
            .block_on(claims.patch_status("data", &PatchParams::default(), &bound))
            .unwrap();
        let values = "sharedStorage: {mount: true, name: data}\n";
        assert_eq!(
            status(&answers.ask(true, values, &[]), "cluster-storage"),
            "pass"
        );
        namespace
            .block_on(claims.delete("data", &DeleteParams::default()))
            .unwrap();
        for rendered in [true, false] {
            let said = answers.ask(rendered, values, &[]);
            let storage = said["cluster-storage"].to_string();
            assert!(storage.contains("is being deleted"), "{storage}");
        }
        let free = Patch::Merge(json!({"metadata": {"finalizers": null}}));
        namespace
            .block_on(claims.patch("data", &PatchParams::default(), &free))
            .unwrap();
    }
}

#[test]
fn a_namespace_or_release_that_is_not_there_is_said() {
    for helm in newest() {
        let Some(answers) = Answers::new(&helm, "where") else {
            return;
        };
        let said = answers.ask(true, STORED, &["-n", "nowhere-at-all"]);
        let rights = said["cluster-permissions"].to_string();
        assert!(
            rights.contains("namespace nowhere-at-all does not exist"),
            "{rights}"
        );
        assert_eq!(status(&said, "cluster-dry-run"), "not-asked");
        let said = answers.ask(true, STORED, &["--release", "rsc"]);
        assert_eq!(status(&said, "cluster-release"), "warn");
        answers.place.deploy("rsc", false, &[]);
        // The release's own Deployment is no other server.
        let said = answers.ask(true, STORED, &[]);
        assert_eq!(status(&said, "cluster-shared-database"), "pass");
        let said = answers.ask(true, STORED, &["--release", "rsc"]);
        assert_eq!(status(&said, "cluster-release"), "pass");
        assert_eq!(status(&said, "cluster-shared-database"), "pass");
        // Installed, it is judged by what Helm has stored, and with a chart by its own values.
        for chart in [None, answers.chart.to_str()] {
            let mut args = vec!["check", "--release", "rsc", "--output", "json"];
            args.extend(chart);
            let run = answers.place.ours(&args).output().unwrap();
            let report: Value = printed("check", &run);
            let mut checks = report["checks"].as_array().unwrap().iter();
            let tried = checks
                .find(|check| check["code"] == "cluster-dry-run")
                .unwrap();
            assert_eq!(tried["status"], "pass", "{tried:#}");
            let of = if chart.is_some() {
                "of chart"
            } else {
                "of revision 1 of rsc"
            };
            assert!(
                tried["evidence"].as_str().unwrap().contains(of),
                "{tried:#}"
            );
        }
    }
}

#[test]
fn the_api_server_is_asked_for_what_nobody_can_guess() {
    for helm in newest() {
        let Some(answers) = Answers::new(&helm, "trial") else {
            return;
        };
        let release = ["--release", "rsc"];
        let tried = |values: &str| {
            let said = answers.ask(true, values, &release);
            (
                status(&said, "cluster-dry-run").to_owned(),
                said["cluster-dry-run"]["details"].to_string(),
            )
        };
        assert_eq!(tried(STORED).0, "pass");
        let monitor = "extraObjects: [{apiVersion: monitoring.example.com/v1, kind: ServiceMonitor, metadata: {name: m}}]";
        let (said, details) = tried(&format!("{STORED}{monitor}"));
        assert_eq!(said, "fail");
        assert!(
            details.contains("has no ServiceMonitor in monitoring.example.com/v1"),
            "{details}"
        );
        // A field that cannot be changed, and a policy; nothing is changed by the asking.
        answers.place.deploy("rsc", false, &[]);
        let revision = answers.place.live_gcfg();
        let other = "extraObjects:
  - apiVersion: apps/v1
    kind: Deployment
    metadata: {name: rsc-rstudio-connect}
    spec: {selector: {matchLabels: {a: b}}, template: {metadata: {labels: {a: b}}, spec: {containers: [{name: c, image: i}]}}}
";
        let (said, details) = tried(&format!("{STORED}{other}"));
        assert_eq!(said, "fail");
        assert!(details.contains("field is immutable"), "{details}");
        let refusal = Refusal::of(&answers.place, "deployments");
        let (said, details) = tried(&format!("{STORED}replicas: 2\n"));
        refusal.lift();
        assert_eq!(said, "fail");
        assert!(details.contains("frozen by policy"), "{details}");
        assert_eq!(answers.place.live_gcfg(), revision);
        // Pods are refused where their workload is not.
        answers
            .place
            .namespace
            .label("pod-security.kubernetes.io/enforce", "restricted");
        wait_until("pod security is in force", || tried(STORED).0 == "fail");
        let (_, details) = tried(STORED);
        assert!(
            details.contains("a pod of Deployment rsc-rstudio-connect"),
            "{details}"
        );
        assert!(details.contains("violates PodSecurity"), "{details}");
        // For people, without what a terminal would take for a command.
        let file = answers.place.home.path().join("values.yaml");
        let args = [
            "check",
            "--cluster",
            "-f",
            file.to_str().unwrap(),
            answers.chart.to_str().unwrap(),
        ];
        let run = answers.place.ours(&args).output().unwrap();
        let text = String::from_utf8(run.stdout).unwrap();
        assert!(text.contains("violates PodSecurity"), "{text}");
        assert!(
            !text.contains(|c: char| c != '\n' && c.is_control()),
            "{text:?}"
        );
    }
}
