//! Which objects are a Connect server's, by what they hold and not by what they are called: names,
//! labels and paths depend on the release, on overrides and on charts around the chart. The same for
//! manifests of Helm's, for live objects and for `List`s of them.

use super::object::{Object, ObjectName, objects};
use super::path::Path;
use crate::yaml::Node;

/// The key of a ConfigMap's data that makes it a Connect server's configuration.
pub(crate) const GCFG_KEY: &str = "rstudio-connect.gcfg";

/// Where the server reads it.
const GCFG_PATH: &str = "/etc/rstudio-connect/rstudio-connect.gcfg";

/// A ConfigMap with a Connect server's configuration.
#[derive(Debug, Clone)]
pub(crate) struct ConnectConfig {
    /// In its document.
    pub path: Path,
    pub name: ObjectName,
    pub gcfg: String,
}

/// The ConfigMaps of a document with a Connect server's configuration. A hook is none.
#[must_use]
pub(crate) fn connect_configs(root: &Node) -> Vec<ConnectConfig> {
    let found = objects(root).into_iter().filter_map(|object| {
        let gcfg = object.node.at(&["data", GCFG_KEY])?.as_str()?.to_owned();
        let is_it = object.kind() == Some("ConfigMap") && !object.is_hook();
        let name = object.name().filter(|_| is_it)?;
        let path = object.path;
        Some(ConnectConfig { path, name, gcfg })
    });
    found.collect()
}

/// Whether an object is a Deployment or StatefulSet whose pods may mount a ConfigMap: by what it
/// holds, and by its namespace as far as manifests tell. Hooks are none.
#[must_use]
pub(crate) fn runs_with(object: &Object<'_>, config: &ObjectName) -> bool {
    matches!(object.kind(), Some("Deployment" | "StatefulSet"))
        && !object.is_hook()
        && object.name().is_none_or(|name| {
            let namespaces = name.namespace.as_ref().zip(config.namespace.as_ref());
            namespaces.is_none_or(|(a, b)| a == b)
        })
        && server_container(object.node, Some(&config.name)).is_some()
}

/// The container that mounts a ConfigMap: the one that has the configuration where the server reads
/// it, before others. Without a ConfigMap's name, any will do that has a file of this name.
#[must_use]
pub(crate) fn server_container<'a>(workload: &'a Node, config: Option<&str>) -> Option<&'a Node> {
    let spec = workload.at(&["spec", "template", "spec"])?;
    let list = |node: &'a Node, key: &str| node.get(key).map_or(&[][..], Node::items);
    let text = |node: &'a Node, key: &str| node.get(key).and_then(Node::as_str);
    let is_meant = |source: &Node| {
        let name = source.at(&["configMap", "name"]).and_then(Node::as_str);
        name.is_some() && config.is_none_or(|config| name == Some(config))
    };
    let volumes: Vec<&str> = list(spec, "volumes")
        .iter()
        .filter(|volume| {
            let projected = volume.get("projected");
            is_meant(volume) || projected.is_some_and(|p| list(p, "sources").iter().any(is_meant))
        })
        .filter_map(|volume| text(volume, "name"))
        .collect();
    let mounts = |container: &'a Node, only_file: bool| {
        list(container, "volumeMounts").iter().any(|mount| {
            let is_file = text(mount, "subPath") == Some(GCFG_KEY)
                || text(mount, "mountPath") == Some(GCFG_PATH);
            text(mount, "name").is_some_and(|name| volumes.contains(&name))
                && (is_file || !only_file)
        })
    };
    let containers = || {
        list(spec, "containers")
            .iter()
            .chain(list(spec, "initContainers"))
    };
    containers()
        .find(|container| mounts(container, true))
        .or_else(|| {
            let any = config.is_some();
            containers().find(|container| any && mounts(container, false))
        })
}
