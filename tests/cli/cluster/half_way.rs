//! Getting a release half-way, seeing what is true then, and following what `status` says.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use k8s_openapi::api::admissionregistration::v1::{
    ValidatingAdmissionPolicy, ValidatingAdmissionPolicyBinding,
};
use k8s_openapi::api::apps::v1::Deployment;
use k8s_openapi::api::core::v1::{ConfigMap, Pod, Secret};
use kube::Api;
use kube::api::{DeleteParams, ListParams, Patch, PatchParams, PostParams};
use serde_json::{Value, json};

use super::{Place, VALUES, places};
use crate::connect_stand_in::wait_until;
use crate::support::chart::chart_dir;
use crate::support::package::{binary, write_program};
use crate::support::tools::{Helm, helms, tool};

/// The release's configuration and its workload.
pub(super) const CONFIG: &str = "rsc-rstudio-connect-config";
pub(super) const WORKLOAD: &str = "rsc-rstudio-connect";

/// Values with which the server cannot tell: the limit is 0 without the temporary settings, too.
pub(super) const ZERO: &[&str] = &["--set", "config.Scheduler.MinProcessesLimit=0"];

/// Refuses every change to a kind of object in a namespace, until it is lifted.
pub(super) struct Refusal<'a> {
    place: &'a Place,
    resource: &'static str,
    name: String,
}

impl<'a> Refusal<'a> {
    pub(super) fn of(place: &'a Place, resource: &'static str) -> Self {
        let group = if resource == "deployments" {
            "apps"
        } else {
            ""
        };
        let name = format!("{}-{resource}", place.namespace.name);
        let policy = json!({"metadata": {"name": name}, "spec": {
            "failurePolicy": "Fail",
            "matchConstraints": {"resourceRules": [{"apiGroups": [group], "apiVersions": ["v1"],
                "operations": ["UPDATE"], "resources": [resource]}]},
            "validations": [{"expression": "false", "message": "frozen by policy"}]}});
        let binding = json!({"metadata": {"name": name}, "spec": {"policyName": name,
            "validationActions": ["Deny"],
            "matchResources": {"namespaceSelector": {"matchLabels": {
                "kubernetes.io/metadata.name": place.namespace.name}}}}});
        let params = PostParams::default();
        let policies: Api<ValidatingAdmissionPolicy> = place.namespace.global();
        let bindings: Api<ValidatingAdmissionPolicyBinding> = place.namespace.global();
        let policy = serde_json::from_value(policy).unwrap();
        let binding = serde_json::from_value(binding).unwrap();
        let made = place.namespace.block_on(async {
            policies.create(&params, &policy).await?;
            bindings.create(&params, &binding).await
        });
        made.unwrap();
        let refusal = Self {
            place,
            resource,
            name,
        };
        // The API server takes note of a policy in its own time.
        wait_until("the policy is in force", || refusal.is_in_force());
        refusal
    }

    /// Whether a change that is only tried is refused.
    fn is_in_force(&self) -> bool {
        let patch = Patch::Merge(json!({"metadata": {"annotations": {"probe": "x"}}}));
        let params = PatchParams {
            dry_run: true,
            ..PatchParams::default()
        };
        let namespace = &self.place.namespace;
        namespace.block_on(async {
            match self.resource {
                "configmaps" => {
                    let api = namespace.api::<ConfigMap>();
                    api.patch(CONFIG, &params, &patch).await.is_err()
                }
                "deployments" => {
                    let api = namespace.api::<Deployment>();
                    api.patch(WORKLOAD, &params, &patch).await.is_err()
                }
                _ => {
                    let api = namespace.api::<Secret>();
                    let all = api.list(&ListParams::default()).await.unwrap();
                    let name = all.items[0].metadata.name.clone().unwrap();
                    api.patch(&name, &params, &patch).await.is_err()
                }
            }
        })
    }

    pub(super) fn lift(self) {
        let params = DeleteParams::default();
        let bindings: Api<ValidatingAdmissionPolicyBinding> = self.place.namespace.global();
        let policies: Api<ValidatingAdmissionPolicy> = self.place.namespace.global();
        let deleted = self.place.namespace.block_on(async {
            bindings.delete(&self.name, &params).await?;
            policies.delete(&self.name, &params).await
        });
        deleted.unwrap();
        wait_until("the policy is lifted", || !self.is_in_force());
    }
}

/// Whether a configuration has the temporary settings.
fn is_on(text: &str) -> bool {
    text.contains("ScheduleConcurrency = 0")
}

/// Holds what `status` says against what is so: the live objects, what the pods have read, and the
/// revision that Helm has deployed.
pub(super) fn truth(place: &Place, what: &str) -> Value {
    let status = place.status(&["rsc"]);
    let what = format!(
        "{what}, {}: {:#}",
        place.helm.version, status["configurations"]
    );
    let [stored, live, pods, _] = places(&status);
    let is_live = is_on(&place.live_gcfg());
    match live.as_str() {
        "on" | "unmarked" => assert!(is_live, "{what}"),
        "off" => assert!(!is_live, "{what}"),
        "partly" => {}
        other => panic!("{other}: {what}"),
    }
    let read = place.namespace.read();
    let with = read.values().filter(|text| is_on(text)).count();
    match pods.as_str() {
        "on" | "unmarked" => assert_eq!(with, read.len(), "{what}"),
        "off" => assert_eq!(with, 0, "{what}"),
        "partly" => assert!(with > 0, "{what}"),
        unknown => assert!(unknown.starts_with("unknown"), "{what}"),
    }
    let history = place
        .helm(&["history", "rsc", "--output", "json"])
        .success();
    let history: Vec<Value> = serde_json::from_slice(&history.get_output().stdout).unwrap();
    if let Some(deployed) = history.iter().rfind(|one| one["status"] == "deployed") {
        let revision = deployed["revision"].to_string();
        let get = ["get", "manifest", "rsc", "--revision", &revision];
        let manifest = place.helm(&get).success();
        let manifest = String::from_utf8_lossy(&manifest.get_output().stdout).into_owned();
        assert_eq!(stored == "on", is_on(&manifest), "{what}");
    }
    status
}

/// Runs the command that `status` names, as it is printed, until that is no way back any more; then
/// the settings are off everywhere.
pub(super) fn follow(place: &Place, what: &str) {
    let helm = place.home.path().join("helm");
    let script = format!(
        "#!/bin/sh\nif [ \"$1\" = connect-migrate ]; then shift; exec '{}' \"$@\" --yes; fi\nexec '{}' \"$@\"\n",
        binary().display(),
        place.helm.path.display()
    );
    write_program(&helm, &script);
    let mut path = vec![place.home.path().to_path_buf()];
    path.push(tool("kubectl").unwrap().parent().unwrap().to_path_buf());
    path.extend(std::env::split_paths(&std::env::var_os("PATH").unwrap()));
    let mut trace = String::new();
    for turn in 0.. {
        let status = truth(place, what);
        let next = status["next"].as_str().unwrap();
        if !next.contains("connect-migrate revert") && !next.starts_with("kubectl rollout resume") {
            break;
        }
        assert!(
            turn < 3,
            "{what}, {}: it does not end\n{trace}",
            place.helm.version
        );
        let run = std::process::Command::new("sh")
            .args(["-c", next])
            .env_clear()
            .envs(
                place
                    .process(&[])
                    .get_envs()
                    .filter_map(|(k, v)| Some((k, v?))),
            )
            .env("PATH", std::env::join_paths(&path).unwrap())
            .output()
            .unwrap();
        let said = String::from_utf8_lossy(&run.stderr);
        trace.push_str(&format!("$ {next}\n{said}\n"));
        assert!(
            run.status.success(),
            "{what}, {}:\n{trace}",
            place.helm.version
        );
        place.namespace.settled();
    }
    let what = format!("{what}, {}:\n{trace}", place.helm.version);
    let status = off(place, &what);
    // Where nothing had come of an upgrade, it is left as the failed revision that it is.
    if !trace.is_empty() {
        assert_eq!(status["status"], "deployed", "{what}");
    }
}

/// Nothing is left of the temporary settings.
pub(super) fn off(place: &Place, what: &str) -> Value {
    let status = place.status(&["rsc"]);
    let said = places(&status);
    assert_eq!(said[..3], ["off"; 3], "{what}");
    assert_ne!(said[3], "on", "{what}");
    assert!(!is_on(&place.live_gcfg()), "{what}");
    let read = place.namespace.read();
    assert!(!read.is_empty(), "{what}");
    assert!(!read.values().any(|text| is_on(text)), "{what}");
    status
}

impl Place {
    pub(super) fn live_gcfg(&self) -> String {
        let maps = self.namespace.api::<ConfigMap>();
        let map = self.namespace.block_on(maps.get(CONFIG)).unwrap();
        map.data.unwrap()["rstudio-connect.gcfg"].clone()
    }

    /// As `kubectl edit` would: the field belongs to the editor from then on.
    pub(super) fn write_gcfg(&self, text: &str) {
        let patch = Patch::Merge(json!({"data": {"rstudio-connect.gcfg": text}}));
        let params = PatchParams {
            field_manager: Some("kubectl-edit".to_owned()),
            ..PatchParams::default()
        };
        let maps = self.namespace.api::<ConfigMap>();
        let patched = maps.patch(CONFIG, &params, &patch);
        self.namespace.block_on(patched).unwrap();
    }

    pub(super) fn edit(&self, from: &str, to: &str) {
        let text = self.live_gcfg();
        assert!(text.contains(from), "{text}");
        self.write_gcfg(&text.replace(from, to));
    }

    /// Changes the workload, as `manager` would.
    pub(super) fn patch_workload(&self, manager: &str, patch: Value) {
        let params = PatchParams {
            field_manager: Some(manager.to_owned()),
            ..PatchParams::default()
        };
        let workloads = self.namespace.api::<Deployment>();
        let patch = Patch::Merge(patch);
        let patched = workloads.patch(WORKLOAD, &params, &patch);
        self.namespace.block_on(patched).unwrap();
    }

    pub(super) fn secret(&self, name: &str) {
        let secret = serde_json::from_value(json!({"metadata": {"name": name}})).unwrap();
        let api = self.namespace.api::<Secret>();
        let params = PostParams::default();
        let made = api.create(&params, &secret);
        self.namespace.block_on(made).unwrap();
    }

    /// The context that the kubeconfig has.
    pub(super) fn context(&self) -> String {
        let text = std::fs::read_to_string(&self.kubeconfig).unwrap();
        let config: Value = serde_yaml::from_str(&text).unwrap();
        config["contexts"][0]["name"].as_str().unwrap().to_owned()
    }

    /// Annotates the live configuration.
    pub(super) fn annotate(&self, annotations: &[(&str, &str)]) {
        let annotations: serde_json::Map<String, Value> = annotations
            .iter()
            .map(|(key, value)| ((*key).to_owned(), Value::from(*value)))
            .collect();
        let patch = Patch::Merge(json!({"metadata": {"annotations": annotations}}));
        let maps = self.namespace.api::<ConfigMap>();
        let params = PatchParams::default();
        let patched = maps.patch(CONFIG, &params, &patch);
        self.namespace.block_on(patched).unwrap();
    }

    /// Writes a record as Helm does.
    pub(super) fn record(&self, release: &str, revision: u32, record: &Value) {
        let packed = BASE64.encode(record.to_string());
        let secret = json!({"metadata": {"name": format!("sh.helm.release.v1.{release}.v{revision}"),
                "labels": {"owner": "helm", "name": release, "status": "deployed",
                    "version": revision.to_string()}},
            "type": "helm.sh/release.v1", "stringData": {"release": packed}});
        let secret = serde_json::from_value(secret).unwrap();
        let api = self.namespace.api::<Secret>();
        let params = PostParams::default();
        let made = api.create(&params, &secret);
        self.namespace.block_on(made).unwrap();
    }

    /// How many bytes the largest Secret holds.
    pub(super) fn largest_secret(&self) -> usize {
        let api = self.namespace.api::<Secret>();
        let all = ListParams::default();
        let list = self.namespace.block_on(api.list(&all)).unwrap();
        let sizes = list.items.into_iter().filter_map(|secret| secret.data);
        let sizes = sizes.map(|data| data.values().map(|value| value.0.len()).sum());
        sizes.max().unwrap_or_default()
    }

    /// Removes the release's ConfigMap, or its workload with the pods.
    pub(super) fn remove(&self, what: &str) {
        let now = DeleteParams::default().grace_period(0);
        self.namespace.block_on(async {
            if what == "configmap" {
                let api = self.namespace.api::<ConfigMap>();
                api.delete(CONFIG, &now).await.unwrap();
            } else {
                let api = self.namespace.api::<Deployment>();
                api.delete(WORKLOAD, &now).await.unwrap();
                let pods = self.namespace.api::<Pod>();
                let all = ListParams::default();
                pods.delete_collection(&now, &all).await.unwrap();
            }
        });
    }

    /// Lays the temporary settings over the release.
    pub(super) fn lay(&self, more: &[&str]) -> assert_cmd::assert::Assert {
        let chart = chart_dir().to_string_lossy().into_owned();
        let mut args = vec!["upgrade", "rsc", &chart];
        args.extend(VALUES);
        args.extend(more);
        self.ours(&args).assert()
    }

    /// An upgrade without them.
    pub(super) fn plain(&self, more: &[&str]) -> assert_cmd::assert::Assert {
        let chart = chart_dir().to_string_lossy().into_owned();
        let mut args = vec!["upgrade", "rsc", &chart];
        args.extend(VALUES);
        args.extend(more);
        self.helm(&args)
    }
}

/// Runs a test with each Helm, beside each other: most of it is waiting. Each begins with a release
/// that has no temporary settings.
pub(super) fn each_helm(what: &str, values: &[&str], test: impl Fn(&Place) + Sync) {
    beside_each_other(helms(), what, |place| {
        place.deploy("rsc", false, values);
        test(place);
    });
}

/// Runs a test with some Helms, each in a place of its own, two at a time: with more, an API server on
/// a small machine lets requests time out.
pub(super) fn beside_each_other(helms: Vec<Helm>, what: &str, test: impl Fn(&Place) + Sync) {
    for pair in helms.chunks(2) {
        std::thread::scope(|scope| {
            for helm in pair {
                let test = &test;
                scope.spawn(move || {
                    if let Some(place) = Place::new(helm, what) {
                        test(&place);
                    }
                });
            }
        });
    }
}
