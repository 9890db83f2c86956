//! Looking at the data directory in the new server's pod.

use anyhow::Context as _;

use crate::check::{Check, data_in_pod};
use crate::datadir::listing;
use crate::gcfg;
use crate::manifests::{objects, server_container};
use crate::release::Cluster;
use crate::survey::{Configuration, choose, survey};
use crate::yaml;

/// Where Connect keeps its data, unless its configuration says otherwise.
const FOLDER: &str = "/var/lib/rstudio-connect";

/// Runs a listing in a pod of a release, and judges it.
///
/// # Errors
/// There is no such release or no pod of it that runs, or commands may not be run in it.
pub(super) async fn look(cluster: &Cluster, release: &str) -> anyhow::Result<Vec<Check>> {
    let history = choose(cluster, Some(release)).await?;
    let survey = survey(cluster, &history).await;
    let configuration = survey.configurations.first();
    let configuration = configuration.context("the release has no Connect configuration")?;
    let workload = configuration.running.as_ref();
    let workload = workload.context("the release's Deployment is not to be seen")?;
    let pods = cluster.pods(workload).await?;
    let pod = pods.pods.iter().find(|pod| pod.ready);
    let pod =
        pod.with_context(|| format!("no pod of {} {} is ready", workload.kind, workload.name))?;
    let container = container(configuration).context("no container mounts the configuration")?;
    let folder = folder(configuration).unwrap_or_else(|| FOLDER.to_owned());
    let command = ["sh", "-c", listing::SCRIPT, "sh", &folder];
    let run = cluster.exec(&pod.name, &container, &command).await?;
    data_in_pod(&folder, &run)
        .map_err(|why| anyhow::anyhow!("the pod {} cannot list {folder}: {why}", pod.name))
}

fn container(configuration: &Configuration) -> Option<String> {
    let workload = configuration.running.as_ref()?.object.to_string();
    let roots = yaml::load(&workload).ok()?;
    let object = roots.iter().flat_map(objects).next()?;
    let container = server_container(object.node, Some(&configuration.config_map))?;
    Some(container.get("name")?.as_str()?.to_owned())
}

fn folder(configuration: &Configuration) -> Option<String> {
    let document = gcfg::parse_text("", configuration.live_gcfg()?).ok()?;
    let folder = gcfg::Configuration::of(&[&document]).value("Server", "DataDir")?;
    Some(folder.to_owned())
}
