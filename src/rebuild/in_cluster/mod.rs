//! A rebuild as a Job in the release's namespace: it outlasts the terminal that began it.
//!
//! The Job runs this very program. Its journal is copied to a ConfigMap as it grows, which is what a
//! pod goes on from when its node goes away, and what one follows from anywhere.

mod follow;
mod manifests;

use std::path::Path;

use anyhow::{Context as _, bail};
use serde_json::Value;

pub(crate) use follow::follow;
pub(crate) use manifests::{KeyReference, Task};

use super::Ending;
use super::journal::{FILE, Journal, Story, header, line};
use super::mirror::{self, ReadError, Reader};
use super::selection::{Selection, TooLong};
use super::status::Overview;
use crate::connect::ApiKey;
use crate::output::{self, Answer, ask};
use crate::release::{Cluster, Made};
use crate::state::{self, Lock};

/// Everything that a task consists of, in the order in which it is made; a Secret is not among it.
///
/// # Errors
/// The journal cannot be compressed.
pub(crate) fn print(task: &Task) -> anyhow::Result<Vec<Value>> {
    let mut all = task.around();
    all.extend(task.journal(&[])?);
    all.push(task.job());
    Ok(all)
}

/// The list of content that a task's ConfigMap holds; `None` where the arguments say which.
///
/// # Errors
/// It is too long.
pub(crate) fn list(selection: &Selection) -> Result<Option<String>, TooLong> {
    selection.as_list(mirror::LIMIT)
}

/// How a task is begun.
#[derive(Debug)]
pub(crate) struct Start<'a> {
    /// A key that gets a Secret of its own.
    pub key: Option<ApiKey>,
    /// The folder of the journal at home.
    pub home: &'a Path,
    /// Begin afresh; the old journal is put aside.
    pub afresh: bool,
    /// Whether to ask first.
    pub asks: bool,
}

impl Start<'_> {
    /// Starts a task once the user agrees; else how it ends.
    ///
    /// # Errors
    /// One is under way already, or the cluster refuses something.
    pub(crate) async fn confirmed(
        self,
        cluster: &Cluster,
        task: &Task,
    ) -> anyhow::Result<Option<Ending>> {
        if self.asks {
            let question = format!(
                "Rebuild content of {} by a Job in the namespace {}, with the image {}. Go on?",
                task.release, task.namespace, task.image
            );
            match ask(&question).await {
                Answer::Yes => {}
                Answer::No => return Ok(Some(Ending::Declined)),
                Answer::Nobody => {
                    output::message(question);
                    output::message("There is no terminal to ask on: --yes goes on.");
                    return Ok(Some(Ending::NobodyToAsk));
                }
            }
        }
        start(cluster, task, self.key.as_ref(), self.home, self.afresh).await?;
        Ok(None)
    }
}

/// Starts a task, with the journal that is at home unless it begins afresh. A key that is given gets a
/// Secret of its own.
///
/// # Errors
/// One is under way already, or the cluster refuses something.
async fn start(
    cluster: &Cluster,
    task: &Task,
    key: Option<&ApiKey>,
    home: &Path,
    afresh: bool,
) -> anyhow::Result<()> {
    if job(cluster, &task.release).await?.is_some() {
        bail!(
            "a rebuild of {} is in the namespace {} already; --attach follows it",
            task.release,
            task.namespace
        );
    }
    // Nobody else writes the journal at home, or puts it aside, while it is read.
    let _lock = home.exists().then(|| Lock::take(home)).transpose()?;
    if afresh {
        Journal::put_aside(home)?;
        for map in task.journal(&[])? {
            cluster.remove(&map).await?;
        }
    }
    let journal = state::read(&home.join(FILE))?.unwrap_or_default();
    // Only whole lines were relied upon.
    let good = usize::try_from(Story::parse(&journal).good).unwrap_or(0);
    let mut copy = journal[..good].to_vec();
    if afresh {
        // By its first line a pod sees that a journal on the claim is another.
        copy = line(header(task.server.clone(), Some(task.release.clone())))?;
    }
    for object in task.around() {
        cluster.apply(&object).await?;
    }
    if let Some(key) = key {
        cluster.apply(&task.secret(key.expose())).await?;
    }
    // A copy that is there already is of a run whose end nobody saw: it goes on.
    for map in task.journal(&copy)? {
        cluster.make(&map).await?;
    }
    if cluster.make(&task.job()).await? == Made::Before {
        bail!(
            "another rebuild of {} was begun just now; --attach follows it",
            task.release
        );
    }
    Ok(())
}

/// Removes what was made for a task; a Secret that was there before stays.
async fn remove(cluster: &Cluster, release: &str) -> anyhow::Result<()> {
    let name = manifests::name(release);
    let maps = [format!("{name}-list"), format!("{name}-ca")].into_iter();
    let maps = maps
        .chain(mirror::names(&name))
        .map(|map| ("v1", "ConfigMap", map));
    let objects = [("batch/v1", "Job", name.clone())]
        .into_iter()
        .chain(maps)
        .chain([
            ("v1", "Secret", made_secret(release)),
            ("rbac.authorization.k8s.io/v1", "RoleBinding", name.clone()),
            ("rbac.authorization.k8s.io/v1", "Role", name.clone()),
            ("v1", "ServiceAccount", name.clone()),
        ]);
    for (api_version, kind, name) in objects {
        let object = serde_json::json!({
            "apiVersion": api_version, "kind": kind, "metadata": {"name": name},
        });
        cluster.remove(&object).await?;
    }
    Ok(())
}

/// The Secret that is made where none is named.
pub(crate) fn made_secret(release: &str) -> String {
    format!("{}-key", manifests::name(release))
}

/// Where a task stands, by the copy of its journal.
///
/// # Errors
/// There is none, or it is not to be had.
pub(crate) async fn overview(
    cluster: &Cluster,
    release: &str,
    all: bool,
) -> anyhow::Result<Overview> {
    let name = manifests::name(release);
    let journal = match Reader::new(&name).read(cluster).await {
        Err(ReadError::Access(error)) if error.is_missing() => bail!(
            "no rebuild of {release} is in the namespace {}",
            cluster.namespace
        ),
        journal => journal?,
    };
    let place = format!("ConfigMap {name} in the namespace {}", cluster.namespace);
    let story = Story::known(&journal, &place)?;
    story.speak_of_unreadable(&place);
    let under_way = match job(cluster, release).await? {
        Some(job) => follow::verdict(&job).is_none(),
        None => false,
    };
    Ok(Overview::in_cluster(&place, &story, under_way, all))
}

/// The address of the release's server in the cluster.
///
/// # Errors
/// Services are not to be seen, or none is the release's.
pub(crate) async fn service(cluster: &Cluster, release: &str) -> anyhow::Result<String> {
    let services = cluster
        .list::<k8s_openapi::api::core::v1::Service>()
        .await?;
    let of_release = |service: &&Value| {
        let instance = "app.kubernetes.io/instance";
        let labels = &service["metadata"]["labels"];
        service["spec"]["selector"][instance] == release
            && labels["app.kubernetes.io/managed-by"] != "connect-migrate"
    };
    let found = services.iter().find(of_release).with_context(|| {
        format!(
            "no Service of the release {release} is in the namespace {}; name the server's address \
             in the cluster with --service-url URL",
            cluster.namespace
        )
    })?;
    let name = found["metadata"]["name"].as_str().unwrap_or_default();
    let ports = found["spec"]["ports"]
        .as_array()
        .cloned()
        .unwrap_or_default();
    let port = ports
        .iter()
        .find(|port| port["name"] == "http")
        .or(ports.first())
        .and_then(|port| port["port"].as_u64())
        .unwrap_or(80);
    Ok(format!("http://{name}.{}.svc:{port}", cluster.namespace))
}

async fn job(cluster: &Cluster, release: &str) -> anyhow::Result<Option<Value>> {
    let name = manifests::name(release);
    Ok(cluster
        .find::<k8s_openapi::api::batch::v1::Job>(&name)
        .await?)
}
