//! A real API server for all tests of the process, and the parts of a cluster that it lacks.
//!
//! `scripts/cluster` runs kube-apiserver and etcd. There are no nodes and no controllers, so this
//! plays them: a controller that makes pods of Deployments, and a kubelet that runs commands on
//! this machine and forwards ports to the server that a namespace's test has registered.

use std::collections::{BTreeSet, HashMap};
use std::io::{BufRead as _, BufReader};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::sync::{Arc, Mutex, OnceLock};
use std::time::Duration;

use k8s_openapi::api::apps::v1::Deployment;
use k8s_openapi::api::core::v1::{ConfigMap, Namespace as KubeNamespace, Node, Pod, Secret};
use kube::api::{DeleteParams, ListParams, Patch, PatchParams, PostParams};
use kube::{Api, Client};
use serde_json::{Value, json};
use tokio::runtime::Runtime;
use tokio::time::MissedTickBehavior;

use super::connect_server::ConnectServer;
use super::kubelet;
use super::tools::missing;
use crate::connect_stand_in::wait_until;

/// A cluster.
pub struct Cluster {
    /// Its kubeconfig, whose user may do everything.
    pub kubeconfig: PathBuf,
    client: Client,
    runtime: Runtime,
    servers: kubelet::Servers,
    // The script stops the cluster when its standard input closes: with this process.
    _script: Option<Mutex<Child>>,
}

/// The cluster, started by the first who asks. `None`: there is none, and why has been said.
pub fn cluster() -> Option<&'static Cluster> {
    static CLUSTER: OnceLock<Option<Cluster>> = OnceLock::new();
    CLUSTER.get_or_init(start).as_ref()
}

fn start() -> Option<Cluster> {
    // Somebody's own cluster, kind for instance, only where it is asked for by this name.
    let given = std::env::var_os("CONNECT_MIGRATE_TEST_KUBECONFIG").map(PathBuf::from);
    let (kubeconfig, script) = match given {
        Some(path) => (path, None),
        None => {
            let (path, script) = from_script()?;
            (path, Some(Mutex::new(script)))
        }
    };
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .unwrap();
    let servers = kubelet::Servers::default();
    let client = runtime.block_on(async {
        let _ = rustls::crypto::ring::default_provider().install_default();
        let file = kube::config::Kubeconfig::read_from(&kubeconfig).unwrap();
        let options = kube::config::KubeConfigOptions::default();
        let config = kube::Config::from_custom_kubeconfig(file, &options);
        let client = Client::try_from(config.await.unwrap()).unwrap();
        register(&client, kubelet::start(servers.clone()).await).await;
        client
    });
    Some(Cluster {
        kubeconfig,
        client,
        runtime,
        servers,
        _script: script,
    })
}

/// A kind of request.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Asked {
    /// The group of the API, empty for the core.
    pub group: String,
    /// The resource, and a part of it behind a slash.
    pub resource: String,
    /// What RBAC calls it.
    pub verb: String,
}

/// Runs a cluster beside this process.
fn from_script() -> Option<(PathBuf, Child)> {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("scripts/cluster");
    let built = Command::new(&script).arg("built").status();
    if !built.is_ok_and(|status| status.success()) {
        missing("a Kubernetes API server ('scripts/cluster build' makes one)");
        return None;
    }
    // Cargo names a folder to tests; the example of scripts/demo has none.
    let folder = option_env!("CARGO_TARGET_TMPDIR").map_or_else(std::env::temp_dir, PathBuf::from);
    let folder = folder.join(format!("cluster-{}", std::process::id()));
    let mut child = Command::new(&script)
        .arg("run")
        .arg(&folder)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut line = String::new();
    BufReader::new(child.stdout.take().unwrap())
        .read_line(&mut line)
        .unwrap();
    assert!(line.ends_with("kubeconfig\n"), "the cluster does not start");
    Some((line.trim_end().into(), child))
}

/// The one node of this process.
fn node_name() -> String {
    format!("test-{}", std::process::id())
}

/// Registers the node, whose kubelet is ours.
async fn register(client: &Client, kubelet: SocketAddr) {
    let nodes: Api<Node> = Api::all(client.clone());
    let node = json!({"apiVersion": "v1", "kind": "Node", "metadata": {"name": node_name()}});
    let _ = nodes
        .create(
            &PostParams::default(),
            &serde_json::from_value(node).unwrap(),
        )
        .await;
    let status = json!({"status": {
        // Or the API server would speak SPDY to it for a command in a pod.
        "declaredFeatures": ["ExtendWebSocketsToKubelet"],
        "addresses": [{"type": "InternalIP", "address": kubelet.ip().to_string()}],
        "daemonEndpoints": {"kubeletEndpoint": {"Port": kubelet.port()}}}});
    nodes
        .patch_status(&node_name(), &PatchParams::default(), &Patch::Merge(status))
        .await
        .unwrap();
}

/// The text of the configuration by the name of the pod that has read it.
type Readings = Arc<Mutex<HashMap<String, String>>>;

/// A namespace of a test's own, with a controller at work in it.
pub struct Namespace {
    /// Its name.
    pub name: String,
    /// The Connect server behind its pods.
    pub server: ConnectServer,
    /// Whether the controller does its work.
    pub controller: Arc<AtomicBool>,
    /// Whether new pods become ready.
    pub healthy: Arc<AtomicBool>,
    /// What the containers of each pod have read when they started.
    read: Readings,
    cluster: &'static Cluster,
    stop: Arc<AtomicBool>,
}

impl Drop for Namespace {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
    }
}

impl Cluster {
    /// Makes a namespace.
    pub fn namespace(&'static self, what: &str) -> Namespace {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let count = COUNT.fetch_add(1, Ordering::Relaxed);
        let name = format!("{what}-{}-{count}", std::process::id());
        let object = json!({"metadata": {"name": name}});
        let namespaces: Api<KubeNamespace> = Api::all(self.client.clone());
        let object = serde_json::from_value(object).unwrap();
        self.runtime
            .block_on(namespaces.create(&PostParams::default(), &object))
            .unwrap();
        let server = self.runtime.block_on(ConnectServer::start());
        self.servers
            .lock()
            .unwrap()
            .insert(name.clone(), server.address);
        let namespace = Namespace {
            name,
            server,
            controller: Arc::new(AtomicBool::new(true)),
            healthy: Arc::new(AtomicBool::new(true)),
            read: Readings::default(),
            cluster: self,
            stop: Arc::default(),
        };
        let controller = Controller {
            client: self.client.clone(),
            namespace: namespace.name.clone(),
            server: namespace.server.clone(),
            works: Arc::clone(&namespace.controller),
            healthy: Arc::clone(&namespace.healthy),
            read: Arc::clone(&namespace.read),
            stop: Arc::clone(&namespace.stop),
        };
        self.runtime.spawn(controller.run());
        namespace
    }

    /// What a user asked of the API server since it runs, once per kind of request. `None`: the
    /// cluster is somebody's own, whose log is not ours to read.
    pub fn requests_of(&self, user: &str) -> Option<BTreeSet<Asked>> {
        let log = self.kubeconfig.with_file_name("audit.log");
        let Ok(text) = std::fs::read_to_string(log) else {
            missing("the API server's audit log");
            return None;
        };
        let mut asked = BTreeSet::new();
        // The last line may be half written; it is of another request then.
        for event in text.lines().flat_map(serde_json::from_str::<Value>) {
            let reference = &event["objectRef"];
            if event["impersonatedUser"]["username"] != user || reference.is_null() {
                continue;
            }
            let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
            let mut resource = text(&reference["resource"]);
            if let Some(part) = reference["subresource"].as_str() {
                resource = format!("{resource}/{part}");
            }
            asked.insert(Asked {
                group: text(&reference["apiGroup"]),
                resource,
                verb: text(&event["verb"]),
            });
        }
        Some(asked)
    }

    /// A kubeconfig whose user is somebody else, with the rights that RBAC gives.
    pub fn impersonating(&self, user: &str, folder: &Path) -> PathBuf {
        let text = std::fs::read_to_string(&self.kubeconfig).unwrap();
        let mut config: serde_json::Value = serde_yaml::from_str(&text).unwrap();
        config["users"][0]["user"]["as"] = user.into();
        let path = folder.join("kubeconfig-of-another");
        std::fs::write(&path, config.to_string()).unwrap();
        path
    }
}

impl Namespace {
    /// Runs something that asks the API server.
    pub fn block_on<T>(&self, work: impl Future<Output = T>) -> T {
        self.cluster.runtime.block_on(work)
    }

    /// Talks to the API server.
    pub fn client(&self) -> Client {
        self.cluster.client.clone()
    }

    /// Objects of a kind.
    pub fn api<K>(&self) -> Api<K>
    where
        K: kube::Resource<Scope = k8s_openapi::NamespaceResourceScope>,
        K::DynamicType: Default,
    {
        Api::namespaced(self.cluster.client.clone(), &self.name)
    }

    /// Objects of a kind that no namespace holds.
    pub fn global<K>(&self) -> Api<K>
    where
        K: kube::Resource<Scope = k8s_openapi::ClusterResourceScope>,
        K::DynamicType: Default,
    {
        Api::all(self.cluster.client.clone())
    }

    /// Labels the namespace itself.
    pub fn label(&self, key: &str, value: &str) {
        let patch = Patch::Merge(json!({"metadata": {"labels": {key: value}}}));
        let namespaces: Api<KubeNamespace> = self.global();
        let params = PatchParams::default();
        self.block_on(namespaces.patch(&self.name, &params, &patch))
            .unwrap();
    }

    /// The configurations that the containers of the pods that are there have read, by pod.
    pub fn read(&self) -> HashMap<String, String> {
        let pods: Api<Pod> = self.api();
        let list = self.block_on(pods.list(&ListParams::default())).unwrap();
        let names = list.iter().filter_map(|pod| pod.metadata.name.clone());
        let read = self.read.lock().unwrap();
        names
            .filter_map(|name| Some((name.clone(), read.get(&name)?.clone())))
            .collect()
    }

    /// Ends the containers of every pod; the kubelet starts them again in the same pod.
    pub fn restart_containers(&self, config_map: &str) {
        self.block_on(async {
            let maps: Api<ConfigMap> = self.api();
            let text =
                maps.get(config_map).await.unwrap().data.unwrap()["rstudio-connect.gcfg"].clone();
            next_second(jiff::Timestamp::now()).await;
            let pods: Api<Pod> = self.api();
            for pod in pods.list(&ListParams::default()).await.unwrap() {
                let mut pod = serde_json::to_value(pod).unwrap();
                let statuses = pod["status"]["containerStatuses"].as_array_mut().unwrap();
                for status in statuses.iter_mut() {
                    status["state"] = running_since_now();
                }
                let patch = Patch::Merge(json!({"status": {"containerStatuses": statuses}}));
                let name = pod["metadata"]["name"].as_str().unwrap();
                let params = PatchParams::default();
                pods.patch_status(name, &params, &patch).await.unwrap();
                self.read
                    .lock()
                    .unwrap()
                    .insert(name.to_owned(), text.clone());
            }
        });
    }

    /// Waits until there are no pods.
    pub fn emptied(&self) {
        let api: Api<Pod> = self.api();
        wait_until("the pods are gone", || {
            let list = self.block_on(api.list(&ListParams::default())).unwrap();
            list.items.is_empty()
        });
    }

    /// Waits until every Deployment has been rolled out.
    pub fn settled(&self) {
        let api: Api<Deployment> = self.api();
        wait_until("the Deployments have been rolled out", || {
            let list = self.block_on(api.list(&ListParams::default())).unwrap();
            let done = list.iter().all(|deployment| {
                let status = deployment.status.clone().unwrap_or_default();
                status.observed_generation == deployment.metadata.generation
                    && status.available_replicas >= Some(1)
            });
            done && !list.items.is_empty()
        });
    }

    /// Waits until Helm has written a revision of the release that is under way.
    pub fn pending(&self, release: &str) {
        let api: Api<Secret> = self.api();
        let labels = format!("owner=helm,name={release},status=pending-upgrade");
        let params = ListParams::default().labels(&labels);
        wait_until("Helm has written its pending revision", || {
            !self.block_on(api.list(&params)).unwrap().items.is_empty()
        });
    }
}

/// Plays the Deployment controller, the scheduler and the kubelet's reports.
struct Controller {
    client: Client,
    namespace: String,
    server: ConnectServer,
    works: Arc<AtomicBool>,
    healthy: Arc<AtomicBool>,
    read: Readings,
    stop: Arc<AtomicBool>,
}

impl Controller {
    async fn run(self) {
        let mut seen = HashMap::new();
        let mut turns = tokio::time::interval(Duration::from_millis(100));
        turns.set_missed_tick_behavior(MissedTickBehavior::Delay);
        while !self.stop.load(Ordering::Relaxed) {
            turns.tick().await;
            if self.works.load(Ordering::Relaxed) {
                // The API server is taken down in some tests.
                let _ = self.turn(&mut seen).await;
            }
        }
    }

    async fn turn(&self, seen: &mut HashMap<String, (i64, bool)>) -> kube::Result<()> {
        let deployments: Api<Deployment> = Api::namespaced(self.client.clone(), &self.namespace);
        for deployment in deployments.list(&ListParams::default()).await? {
            let name = deployment.metadata.name.clone().unwrap_or_default();
            let generation = deployment.metadata.generation.unwrap_or_default();
            let healthy = self.healthy.load(Ordering::Relaxed);
            // A pod that answers goes on to do so.
            if seen
                .get(&name)
                .is_some_and(|(at, well)| *at == generation && (*well || !healthy))
            {
                continue;
            }
            let spec = deployment.spec.as_ref();
            if spec.and_then(|spec| spec.paused) == Some(true) {
                self.paused(&deployment, &name).await?;
                seen.insert(name, (generation, healthy));
                continue;
            }
            let wanted = spec.and_then(|spec| spec.replicas) != Some(0);
            let pods = if wanted {
                self.pods(&deployment, &name, healthy).await?
            } else {
                let pods: Api<Pod> = Api::namespaced(self.client.clone(), &self.namespace);
                let now = DeleteParams::default().grace_period(0);
                pods.delete_collection(&now, &ListParams::default()).await?;
                0
            };
            let up = i32::from(wanted);
            let status = json!({"status": {"observedGeneration": generation, "replicas": pods,
                "updatedReplicas": up, "readyReplicas": up,
                "availableReplicas": if healthy { up } else { 0 }}});
            let patch = Patch::Merge(status);
            deployments
                .patch_status(&name, &PatchParams::default(), &patch)
                .await?;
            seen.insert(name, (generation, healthy));
        }
        Ok(())
    }

    /// A rollout that is paused: the pods stay as they are.
    async fn paused(&self, deployment: &Deployment, name: &str) -> kube::Result<()> {
        let pods: Api<Pod> = Api::namespaced(self.client.clone(), &self.namespace);
        let all = pods.list(&ListParams::default()).await?;
        let new = pod_name(deployment, name);
        let count = |is_new: bool| {
            let names = all.iter().filter_map(|pod| pod.metadata.name.as_ref());
            names.filter(|name| !is_new || **name == new).count()
        };
        let status = json!({"status": {"observedGeneration": deployment.metadata.generation,
            "replicas": count(false), "updatedReplicas": count(true),
            "readyReplicas": count(false), "availableReplicas": count(false)}});
        let deployments: Api<Deployment> = Api::namespaced(self.client.clone(), &self.namespace);
        let params = PatchParams::default();
        let patch = Patch::Merge(status);
        deployments
            .patch_status(name, &params, &patch)
            .await
            .map(drop)
    }

    /// One pod of the present template; old ones go once it answers.
    async fn pods(
        &self,
        deployment: &Deployment,
        name: &str,
        healthy: bool,
    ) -> kube::Result<usize> {
        let pods: Api<Pod> = Api::namespaced(self.client.clone(), &self.namespace);
        let template = serde_json::to_value(&deployment.spec.as_ref().unwrap().template).unwrap();
        let new = pod_name(deployment, name);
        let labels = &template["metadata"]["labels"];
        let mut pod = json!({"apiVersion": "v1", "kind": "Pod",
            "metadata": {"name": new, "labels": labels,
                // Without a ReplicaSet between them.
                "ownerReferences": [{"apiVersion": "apps/v1", "kind": "Deployment", "name": name,
                    "uid": deployment.metadata.uid, "controller": true}],
                "annotations": template["metadata"]["annotations"]},
            "spec": template["spec"]});
        pod["spec"]["nodeName"] = node_name().into();
        let pod = serde_json::from_value(pod).unwrap();
        match pods.create(&PostParams::default(), &pod).await {
            Err(kube::Error::Api(status)) if status.code == 409 => {}
            other => drop(other?),
        }
        let pod = pods.get(&new).await?;
        let is_up = pod.status.is_some_and(|status| {
            let conditions = status.conditions.unwrap_or_default();
            conditions
                .iter()
                .any(|one| one.type_ == "Ready" && one.status == "True")
        });
        if is_up {
            return self.without_others(&pods, labels, &new).await;
        }
        // No container starts within the second in which its pod is made.
        if let Some(made) = pod.metadata.creation_timestamp {
            next_second(made.0).await;
        }
        if healthy {
            self.read_configuration(deployment, &new).await?;
        }
        let state = if healthy {
            running_since_now()
        } else {
            json!({"waiting": {"reason": "CrashLoopBackOff", "message": "back-off"}})
        };
        let containers = template["spec"]["containers"].as_array().unwrap().iter();
        let containers: Vec<_> = containers
            .map(|container| {
                json!({"name": container["name"], "image": "i", "imageID": "", "ready": healthy,
                    "restartCount": 3, "state": state})
            })
            .collect();
        let status = json!({"status": {"phase": "Running",
            "conditions": [{"type": "Ready", "status": if healthy { "True" } else { "False" }}],
            "containerStatuses": containers}});
        pods.patch_status(&new, &PatchParams::default(), &Patch::Merge(status))
            .await?;
        if healthy {
            return self.without_others(&pods, labels, &new).await;
        }
        let all = pods.list(&selected(labels)).await?;
        Ok(all.items.len())
    }

    /// Old pods go.
    async fn without_others(
        &self,
        pods: &Api<Pod>,
        labels: &Value,
        new: &str,
    ) -> kube::Result<usize> {
        let all = pods.list(&selected(labels)).await?;
        for old in all.iter().filter_map(|pod| pod.metadata.name.as_deref()) {
            if old != new {
                let now = DeleteParams::default().grace_period(0);
                pods.delete(old, &now).await?;
            }
        }
        Ok(1)
    }

    /// The server reads its configuration when a pod starts.
    async fn read_configuration(&self, deployment: &Deployment, pod: &str) -> kube::Result<()> {
        let spec = deployment
            .spec
            .as_ref()
            .unwrap()
            .template
            .spec
            .as_ref()
            .unwrap();
        let maps: Api<ConfigMap> = Api::namespaced(self.client.clone(), &self.namespace);
        for volume in spec.volumes.iter().flatten() {
            let Some(name) = volume.config_map.as_ref().map(|map| map.name.clone()) else {
                continue;
            };
            let map = maps.get(&name).await?;
            let data = map.data.unwrap_or_default();
            if let Some(text) = data.get("rstudio-connect.gcfg") {
                self.read
                    .lock()
                    .unwrap()
                    .insert(pod.to_owned(), text.clone());
                let document = connect_migrate::gcfg::parse_text("", text).unwrap();
                let limit = document
                    .settings()
                    .filter(|s| s.name.to_string() == "Scheduler.MinProcessesLimit")
                    .last()
                    .and_then(|setting| setting.text()?.parse().ok());
                self.server.set_limit(limit.unwrap_or(20));
            }
        }
        Ok(())
    }
}

/// What the pods of the present template are called.
fn pod_name(deployment: &Deployment, name: &str) -> String {
    use std::hash::{DefaultHasher, Hash as _, Hasher as _};
    let template = serde_json::to_string(&deployment.spec.as_ref().unwrap().template).unwrap();
    let mut hasher = DefaultHasher::new();
    template.hash(&mut hasher);
    format!("{name}-{:08x}", hasher.finish() >> 32)
}

fn selected(labels: &Value) -> ListParams {
    let selector: Vec<_> = labels
        .as_object()
        .unwrap()
        .iter()
        .map(|(key, value)| format!("{key}={}", value.as_str().unwrap()))
        .collect();
    ListParams::default().labels(&selector.join(","))
}

fn running_since_now() -> Value {
    json!({"running": {"startedAt": jiff::Timestamp::now().strftime("%FT%TZ").to_string()}})
}

/// Clocks of Kubernetes' tell whole seconds.
async fn next_second(of: jiff::Timestamp) {
    while jiff::Timestamp::now().as_second() <= of.as_second() {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}
