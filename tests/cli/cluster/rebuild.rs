//! `rebuild --in-cluster` on a real API server. The test plays the Job controller and the kubelet, by
//! running what the Job's pod runs, with the rights of its service account.

use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use k8s_openapi::api::batch::v1::Job;
use k8s_openapi::api::core::v1::{
    ConfigMap, Namespace as KubeNamespace, Pod, Secret, Service, ServiceAccount,
};
use k8s_openapi::api::rbac::v1::{Role, RoleBinding};
use kube::api::{ListParams, Patch, PatchParams, PostParams};
use serde_json::{Value, json};

use crate::connect_stand_in::{BuildEnd, Config, ItemSpec, StandIn, wait_until};
use crate::support::cluster::{Cluster, Namespace, cluster};
use crate::support::form::printed;
use crate::support::scrubbed;

const NAME: &str = "sales-connect-rebuild";

/// A namespace that takes only restricted pods, and a server that its Service would lead to.
struct Place {
    cluster: &'static Cluster,
    namespace: Namespace,
    home: tempfile::TempDir,
    server: StandIn,
}

impl Place {
    fn new(items: usize) -> Option<Self> {
        let cluster = cluster()?;
        let namespace = cluster.namespace("rebuild");
        let item = |_| ItemSpec {
            app_mode: Some("shiny".to_owned()),
            ..ItemSpec::default()
        };
        let server = StandIn::start(Config {
            content: (0..items).map(item).collect(),
            build_time: Duration::from_millis(80),
            ..Config::default()
        });
        let place = Self {
            cluster,
            namespace,
            home: tempfile::tempdir().unwrap(),
            server: server.unwrap(),
        };
        let restricted = json!({"metadata": {"labels": {
            "pod-security.kubernetes.io/enforce": "restricted"}}});
        place.namespace.block_on(async {
            let all: kube::Api<KubeNamespace> = kube::Api::all(place.namespace.client());
            all.patch(
                &place.namespace.name,
                &PatchParams::default(),
                &Patch::Merge(restricted),
            )
            .await
            .unwrap();
        });
        place.make::<Service>(&json!({"metadata": {"name": "sales-rstudio-connect"},
            "spec": {"selector": {"app.kubernetes.io/instance": "sales"},
                "ports": [{"name": "http", "port": 80, "targetPort": 3939}]}}));
        Some(place)
    }

    fn make<K>(&self, object: &Value)
    where
        K: kube::Resource<Scope = k8s_openapi::NamespaceResourceScope>
            + Clone
            + std::fmt::Debug
            + serde::Serialize
            + serde::de::DeserializeOwned,
        K::DynamicType: Default,
    {
        let api: kube::Api<K> = self.namespace.api();
        let object = serde_json::from_value(object.clone()).unwrap();
        self.namespace
            .block_on(api.create(&PostParams::default(), &object))
            .unwrap();
    }

    fn count<K>(&self) -> usize
    where
        K: kube::Resource<Scope = k8s_openapi::NamespaceResourceScope>
            + Clone
            + std::fmt::Debug
            + serde::de::DeserializeOwned,
        K::DynamicType: Default,
    {
        let api: kube::Api<K> = self.namespace.api();
        let ours = ListParams::default().labels("app.kubernetes.io/managed-by=connect-migrate");
        self.namespace
            .block_on(api.list(&ours))
            .unwrap()
            .items
            .len()
    }

    /// `rebuild` on the laptop.
    fn rebuild(&self, args: &[&str]) -> Command {
        let mut command = scrubbed();
        command
            .env("HOME", self.home.path())
            .env("XDG_STATE_HOME", self.home.path().join("state"))
            .env("KUBECONFIG", &self.cluster.kubeconfig)
            .env("HELM_NAMESPACE", &self.namespace.name)
            .env("CONNECT_API_KEY", self.server.api_key())
            .arg("rebuild")
            .args(args)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        command
    }

    fn job(&self) -> Option<Value> {
        let api: kube::Api<Job> = self.namespace.api();
        let job = self.namespace.block_on(api.get_opt(NAME)).unwrap()?;
        Some(serde_json::to_value(job).unwrap())
    }

    /// A pod of the Job: made for the API server to judge, and its command run on this machine, with
    /// what it would see of the cluster. `disk` is its emptyDir.
    fn pod(&self, name: &str, disk: &Path) -> Child {
        let job = self.job().unwrap();
        let template = &job["spec"]["template"];
        self.make::<Pod>(&json!({"metadata": {"name": name, "labels": {
            "batch.kubernetes.io/job-name": NAME}}, "spec": template["spec"]}));
        let container = &template["spec"]["containers"][0];
        let list = disk.join("list");
        std::fs::create_dir_all(&list).unwrap();
        let maps: kube::Api<ConfigMap> = self.namespace.api();
        let found = self
            .namespace
            .block_on(maps.get_opt(&format!("{NAME}-list")))
            .unwrap();
        for (key, text) in found.and_then(|map| map.data).unwrap_or_default() {
            std::fs::write(list.join(key), text).unwrap();
        }
        let mut command = scrubbed();
        for argument in container["args"].as_array().unwrap() {
            let argument = argument.as_str().unwrap();
            command.arg(
                argument
                    .replace("=/state", &format!("={}", disk.display()))
                    .replace("=/list", &format!("={}", list.display())),
            );
        }
        for variable in container["env"].as_array().unwrap() {
            let value = match variable["name"].as_str().unwrap() {
                // The cluster's DNS.
                "CONNECT_SERVER" => {
                    let service =
                        format!("http://sales-rstudio-connect.{}.svc", self.namespace.name);
                    assert!(variable["value"].as_str().unwrap().starts_with(&service));
                    self.server.url()
                }
                _ => {
                    let reference = &variable["valueFrom"]["secretKeyRef"];
                    let secrets: kube::Api<Secret> = self.namespace.api();
                    let secret = reference["name"].as_str().unwrap();
                    let secret = self.namespace.block_on(secrets.get(secret)).unwrap();
                    let key = reference["key"].as_str().unwrap();
                    String::from_utf8(secret.data.unwrap()[key].0.clone()).unwrap()
                }
            };
            command.env(variable["name"].as_str().unwrap(), value);
        }
        let account = template["spec"]["serviceAccountName"].as_str().unwrap();
        let user = format!("system:serviceaccount:{}:{account}", self.namespace.name);
        command
            .env("KUBECONFIG", self.cluster.impersonating(&user, disk))
            .env("HOME", disk)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap()
    }

    /// What the Job controller says at the end.
    fn complete(&self) {
        let now = "2026-11-22T10:00:00Z";
        let condition = |kind: &str| {
            json!({"type": kind, "status": "True",
            "lastProbeTime": now, "lastTransitionTime": now})
        };
        let status = json!({"status": {"startTime": now, "completionTime": now, "succeeded": 1,
            "conditions": [condition("SuccessCriteriaMet"), condition("Complete")]}});
        let api: kube::Api<Job> = self.namespace.api();
        self.namespace
            .block_on(api.patch_status(NAME, &PatchParams::default(), &Patch::Merge(status)))
            .unwrap();
    }

    fn built(&self) -> usize {
        self.server.control().succeeded().len()
    }
}

/// All content by a Job of this image, without a question.
fn in_cluster<'a>(image: &'a str, more: &[&'a str]) -> Vec<&'a str> {
    let mut arguments = vec!["--in-cluster", "--release", "sales", "--image", image];
    arguments.extend(["--all", "--yes"]);
    arguments.extend(more);
    arguments
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

#[test]
fn a_job_goes_on_in_another_pod_and_brings_its_journal_home() {
    let Some(place) = Place::new(30) else { return };
    let arguments = in_cluster("registry.example.com/cm:1", &["--parallelism", "4"]);
    let first = place.rebuild(&arguments).spawn().unwrap();
    wait_until("the Job is there", || place.job().is_some());

    // Nothing secret in it, and the key by reference only.
    let job = place.job().unwrap();
    assert!(!job.to_string().contains(&place.server.api_key()));

    // The first pod is killed in the middle, and its disk is gone with its node.
    let disk = tempfile::tempdir().unwrap();
    let mut pod = place.pod("one", disk.path());
    wait_until("some are built", || {
        place.built() >= 8 || pod.try_wait().unwrap().is_some()
    });
    pod.kill().unwrap();
    let said = text(&pod.wait_with_output().unwrap().stderr);
    assert!(place.built() >= 8, "{said}");
    drop(disk);

    // Somebody else looks, and is told the same.
    let status = place
        .rebuild(&[
            "status",
            "--in-cluster",
            "--release",
            "sales",
            "--output",
            "json",
        ])
        .output()
        .unwrap();
    let status: Value = printed("rebuild-status", &status);
    assert!(status["counts"]["built"].as_u64() >= Some(1), "{status}");

    let disk = tempfile::tempdir().unwrap();
    let pod = place.pod("two", disk.path()).wait_with_output().unwrap();
    assert_eq!(pod.status.code(), Some(0), "{}", text(&pod.stderr));
    place.complete();
    let first = first.wait_with_output().unwrap();
    let said = text(&first.stderr);
    assert_eq!(first.status.code(), Some(0), "{said}");
    assert!(said.contains("30 built"), "{said}");

    // Nothing was built twice.
    let well = |build: &crate::connect_stand_in::Build| build.end == Some(BuildEnd::Succeeded);
    let builds = place.server.control().builds();
    assert_eq!(builds.iter().filter(|build| well(build)).count(), 30);
    assert_eq!(builds.len(), 30);

    // Everything that was made is removed, and the journal is at home.
    assert!(place.job().is_none());
    assert_eq!(place.count::<ConfigMap>() + place.count::<Secret>(), 0);
    assert_eq!(
        place.count::<Role>() + place.count::<RoleBinding>() + place.count::<ServiceAccount>(),
        0
    );
    let server = format!("http://sales-rstudio-connect.{}.svc", place.namespace.name);
    let history = place
        .rebuild(&["status", "--release", "sales", "--server", &server])
        .output()
        .unwrap();
    assert!(
        text(&history.stdout).contains("30 built"),
        "{}{}",
        text(&history.stdout),
        text(&history.stderr)
    );
}

#[test]
fn a_journal_of_many_items_goes_into_several_maps_and_comes_home_whole() {
    let Some(place) = Place::new(12) else { return };
    let base = [
        "--in-cluster",
        "--release",
        "sales",
        "--image",
        "i:1",
        "--yes",
    ];
    let run = |more: &[&str]| {
        let command = place.rebuild(&[&base, more].concat()).spawn().unwrap();
        wait_until("the Job is there", || place.job().is_some());
        // Two pods, so that one reads what the other wrote.
        let disk = tempfile::tempdir().unwrap();
        let before = place.built();
        let mut one = place.pod("one", disk.path());
        wait_until("some are built", || {
            place.built() >= before + 2 || one.try_wait().unwrap().is_some()
        });
        one.kill().unwrap();
        one.wait_with_output().unwrap();
        let disk = tempfile::tempdir().unwrap();
        let pod = place.pod("two", disk.path()).wait_with_output().unwrap();
        assert_eq!(pod.status.code(), Some(0), "{}", text(&pod.stderr));
        for name in ["one", "two"] {
            let api: kube::Api<Pod> = place.namespace.api();
            let now = kube::api::DeleteParams::default().grace_period(0);
            place.namespace.block_on(api.delete(name, &now)).unwrap();
        }
        let maps = place.count::<ConfigMap>();
        place.complete();
        let ended = command.wait_with_output().unwrap();
        assert_eq!(ended.status.code(), Some(0), "{}", text(&ended.stderr));
        maps
    };
    let maps = run(&["--top", "6"]);
    let state = place.home.path().join("state/connect-migrate");
    let folders = std::fs::read_dir(state).unwrap();
    let mut journals = folders.map(|entry| entry.unwrap().path().join("sales/rebuild.jsonl"));
    let journal = journals.find(|path| path.exists()).unwrap();

    // A long history, of events that this version does not know.
    let mut random = fastrand::Rng::with_seed(7);
    let mut long = std::fs::read_to_string(&journal).unwrap();
    while long.len() < 3 << 20 {
        let said: String = (0..40).map(|_| random.alphanumeric()).collect();
        long += &format!(
            "{{\"at\":\"2026-11-22T10:00:00Z\",\"event\":\"said\",\"text\":\"{said}\"}}\n"
        );
    }
    std::fs::write(&journal, &long).unwrap();
    assert_eq!(run(&["--all"]), maps);
    let home = std::fs::read_to_string(&journal).unwrap();
    assert!(home.starts_with(&long), "{} of {}", home.len(), long.len());
    assert_eq!(home[long.len()..].matches("\"event\":\"built\"").count(), 6);
    assert_eq!(place.server.control().builds().len(), 12);
    assert_eq!(place.count::<ConfigMap>(), 0);
}

#[test]
fn what_would_be_made_is_printed_without_a_key() {
    let Some(place) = Place::new(1) else { return };
    let authority = rcgen::generate_simple_self_signed(vec!["sales".to_owned()]).unwrap();
    let certificates = place.home.path().join("ca.pem");
    std::fs::write(&certificates, authority.cert.pem()).unwrap();
    let arguments = [
        "--in-cluster",
        "--release",
        "sales",
        "--image",
        "i:1",
        "--all",
        "--print",
        "--claim",
        "work",
        "--cacert",
        certificates.to_str().unwrap(),
        "--insecure",
        "--api-key-secret",
        "connect-key/token",
    ];
    let address = "https://connect.other:8443/rsc";
    let elsewhere = [&arguments[..], &["--service-url", address]].concat();
    let output = place.rebuild(&elsewhere).output().unwrap();
    let printed = text(&output.stdout);
    assert!(printed.contains(address), "{printed}");
    let output = place.rebuild(&arguments).output().unwrap();
    let printed = text(&output.stdout);
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    assert!(!printed.contains(&place.server.api_key()));
    assert!(
        printed.contains("name: connect-key") && printed.contains("key: token"),
        "{printed}"
    );
    for part in [
        "claimName: work",
        "--cacert=/ca/ca.crt",
        "--insecure",
        "BEGIN CERTIFICATE",
    ] {
        assert!(printed.contains(part), "{part}: {printed}");
    }
    assert!(place.job().is_none(), "nothing is made");

    // A key of its own cannot be printed.
    let output = place
        .rebuild(&arguments[..arguments.len() - 2])
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(2));
    assert!(
        text(&output.stderr).contains("--api-key-secret"),
        "{}",
        text(&output.stderr)
    );
}

/// By what the copy begins with, the pod sees that the journal on the claim is of other runs.
#[test]
fn to_begin_afresh_counts_with_a_claim() {
    let Some(place) = Place::new(1) else { return };
    let arguments = in_cluster("i:1", &["--claim", "work", "--restart"]);
    let mut first = place.rebuild(&arguments).spawn().unwrap();
    wait_until("the Job is there", || place.job().is_some());
    let status = place
        .rebuild(&[
            "status",
            "--in-cluster",
            "--release",
            "sales",
            "--output",
            "json",
        ])
        .output()
        .unwrap();
    first.kill().unwrap();
    first.wait().unwrap();
    let status: Value = printed("rebuild-status", &status);
    let service = format!("http://sales-rstudio-connect.{}.svc", place.namespace.name);
    let server = status["server"].as_str().unwrap_or_default();
    assert!(server.starts_with(&service), "{status}");

    // Which content is said anew, since no journal says it.
    let output = place
        .rebuild(&[
            "--in-cluster",
            "--release",
            "sales",
            "--image",
            "i:1",
            "--restart",
            "--yes",
        ])
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(2), "{}", text(&output.stderr));
}

/// Starts a Job and looks away from it.
fn detached(place: &Place, arguments: &[&str]) -> String {
    let mut first = place.rebuild(arguments).spawn().unwrap();
    wait_until("the Job is there", || place.job().is_some());
    // It follows once it has made the Job, and hears signals from then on.
    wait_until("it is detached", || {
        let id = first.id().to_string();
        let _ = Command::new("kill")
            .args(["-INT", &id])
            .stderr(Stdio::null())
            .status();
        first.try_wait().unwrap().is_some()
    });
    let output = first.wait_with_output().unwrap();
    assert!(place.job().is_some(), "{}", text(&output.stderr));
    text(&output.stderr)
}

/// The Job's one pod runs to its end.
fn run_to_the_end(place: &Place) {
    let disk = tempfile::tempdir().unwrap();
    let pod = place.pod("one", disk.path()).wait_with_output().unwrap();
    assert_eq!(pod.status.code(), Some(0), "{}", text(&pod.stderr));
    place.complete();
}

fn attach(place: &Place) -> (Option<i32>, String) {
    let attached = place.rebuild(&["--attach", "--release", "sales"]);
    let output = { attached }.output().unwrap();
    (output.status.code(), text(&output.stderr))
}

#[test]
fn an_interrupt_detaches_and_attach_comes_back() {
    let Some(place) = Place::new(3) else { return };
    let arguments = in_cluster("i:1", &["--claim", "work"]);
    detached(&place, &arguments);

    let again = place.rebuild(&arguments).output().unwrap();
    assert_eq!(again.status.code(), Some(1));
    assert!(
        text(&again.stderr).contains("--attach"),
        "{}",
        text(&again.stderr)
    );

    run_to_the_end(&place);
    let (code, said) = attach(&place);
    assert_eq!(code, Some(0), "{said}");
    assert!(said.contains("3 built"), "{said}");
    assert!(place.job().is_none());
}

/// The journal of a Job comes home while nobody writes the one that is there, and takes nothing from it.
#[test]
fn a_journal_at_home_is_not_lost_to_the_one_that_comes() {
    let Some(place) = Place::new(2) else { return };
    detached(&place, &in_cluster("i:1", &[]));
    run_to_the_end(&place);
    let host = format!("sales-rstudio-connect.{}.svc", place.namespace.name);
    let state = place.home.path().join("state/connect-migrate");
    let home = state.join(host).join("sales");
    std::fs::create_dir_all(&home).unwrap();
    let journal = home.join("rebuild.jsonl");
    let other =
        "{\"at\":\"2026-11-22T10:00:00Z\",\"event\":\"said\",\"text\":\"of another machine\"}\n";
    std::fs::write(&journal, other).unwrap();
    {
        let lock = std::fs::File::create(home.join("lock")).unwrap();
        lock.lock().unwrap();
        let (code, said) = attach(&place);
        assert_eq!(code, Some(1), "{said}");
        assert!(said.contains("cannot come home yet"), "{said}");
        assert_eq!(std::fs::read_to_string(&journal).unwrap(), other);
        assert!(place.job().is_some(), "nothing is taken away");
        assert!(place.count::<ConfigMap>() > 0);
    }
    let (code, said) = attach(&place);
    assert_eq!(code, Some(0), "{said}");
    assert!(said.contains("tells of other runs"), "{said}");
    let files = std::fs::read_dir(&home).unwrap();
    let texts: Vec<String> = files
        .map(|file| file.unwrap().path())
        .filter(|path| path != &journal && path.is_file())
        .map(|path| std::fs::read_to_string(path).unwrap())
        .collect();
    assert!(texts.iter().any(|text| text == other), "{texts:?}");
    let came = std::fs::read_to_string(&journal).unwrap();
    assert_eq!(came.matches("\"event\":\"built\"").count(), 2, "{came}");
    assert!(place.job().is_none());
    assert_eq!(place.count::<ConfigMap>(), 0);
}
