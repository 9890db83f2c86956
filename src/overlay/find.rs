//! Which objects of a stream are Connect's, and which of them are meant.

use std::fmt;
use std::str::FromStr;

use crate::manifests::{Object, ObjectName, Path, connect_configs, objects, runs_with};

use super::GCFG_KEY;
use super::refusal::Refusal;
use super::workspace::Workspace;

/// `NAMESPACE/NAME`, or `NAME` alone, as `--configmap` takes it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Selection {
    namespace: Option<String>,
    name: String,
}

impl Selection {
    /// Whether it means this ConfigMap. A manifest may leave the namespace to Helm, and then any
    /// will do.
    fn picks(&self, name: &ObjectName) -> bool {
        let namespaces = self.namespace.as_ref().zip(name.namespace.as_ref());
        self.name == name.name && namespaces.is_none_or(|(a, b)| a == b)
    }
}

impl FromStr for Selection {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (namespace, name) = match text.split_once('/') {
            Some((namespace, name)) => (Some(namespace.to_owned()), name),
            None => (None, text),
        };
        if name.is_empty() || name.contains('/') || namespace.as_deref() == Some("") {
            return Err("expected NAMESPACE/NAME".to_owned());
        }
        Ok(Self {
            namespace,
            name: name.to_owned(),
        })
    }
}

impl fmt::Display for Selection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(namespace) = &self.namespace {
            write!(f, "{namespace}/")?;
        }
        f.write_str(&self.name)
    }
}

/// A ConfigMap with a Connect server's configuration.
#[derive(Debug, Clone)]
pub(crate) struct Target {
    pub document: usize,
    pub path: Path,
    pub name: ObjectName,
    pub gcfg: String,
}

impl Target {
    pub(super) fn gcfg_path(&self) -> Path {
        self.path.keys(&["data", GCFG_KEY])
    }
}

/// A Deployment or StatefulSet whose pods mount the configuration.
#[derive(Debug, Clone)]
pub(super) struct Workload {
    pub document: usize,
    pub path: Path,
    pub kind: String,
    pub name: ObjectName,
}

/// Every ConfigMap of a stream with a Connect server's configuration.
///
/// # Errors
/// A document that may hold one cannot be read.
pub(crate) fn configurations(bytes: &[u8]) -> Result<Vec<Target>, Refusal> {
    targets(&Workspace::new(bytes))
}

pub(super) fn targets(workspace: &Workspace<'_>) -> Result<Vec<Target>, Refusal> {
    let mut targets = Vec::new();
    for document in workspace.containing(GCFG_KEY) {
        let root = workspace.root(document, GCFG_KEY)?;
        let found = connect_configs(&root).into_iter();
        targets.extend(found.map(|config| Target {
            document,
            path: config.path,
            name: config.name,
            gcfg: config.gcfg,
        }));
    }
    Ok(targets)
}

/// The targets that are meant: the only one, or those that were picked.
pub(super) fn pick(targets: Vec<Target>, selections: &[Selection]) -> Result<Vec<Target>, Refusal> {
    let names = |targets: &[Target]| targets.iter().map(|t| t.name.clone()).collect();
    if targets.is_empty() {
        return Err(Refusal::NoConfigMap);
    }
    let repeated = targets
        .iter()
        .enumerate()
        .find(|(index, target)| targets[..*index].iter().any(|t| t.name == target.name));
    if let Some((_, target)) = repeated {
        return Err(Refusal::Repeated(target.name.clone()));
    }
    if selections.is_empty() {
        return if targets.len() == 1 {
            Ok(targets)
        } else {
            Err(Refusal::Several(names(&targets)))
        };
    }
    for selection in selections {
        let picked: Vec<Target> = targets
            .iter()
            .filter(|target| selection.picks(&target.name))
            .cloned()
            .collect();
        match picked.len() {
            0 => {
                return Err(Refusal::NotPicked {
                    picked: selection.to_string(),
                    there: names(&targets),
                });
            }
            1 => {}
            _ => return Err(Refusal::Several(names(&picked))),
        }
    }
    Ok(targets
        .into_iter()
        .filter(|target| selections.iter().any(|s| s.picks(&target.name)))
        .collect())
}

/// Every workload whose pods mount a ConfigMap.
pub(super) fn workloads(
    workspace: &Workspace<'_>,
    config: &ObjectName,
) -> Result<Vec<Workload>, Refusal> {
    let mut found = Vec::new();
    for document in workspace.containing(&config.name) {
        let bytes = workspace.bytes(document);
        let worth_reading = ["Deployment", "StatefulSet"]
            .iter()
            .any(|kind| memchr::memmem::find(bytes, kind.as_bytes()).is_some());
        if !worth_reading {
            continue;
        }
        let root = workspace.root(document, &config.name)?;
        for object in objects(&root) {
            if let (Some(kind), Some(name), true) =
                (object.kind(), object.name(), runs_with(&object, config))
            {
                found.push(Workload {
                    document,
                    kind: kind.to_owned(),
                    path: object.path,
                    name,
                });
            }
        }
    }
    // A manifest without a namespace may be in any; one that names the same is the better match.
    if found.iter().any(|w| w.name.namespace == config.namespace) {
        found.retain(|w| w.name.namespace == config.namespace);
    }
    Ok(found)
}

/// Whether there is something and all of it is hooks: Helm 4 may hand a post-renderer those alone.
pub(super) fn hooks_only(workspace: &Workspace<'_>) -> bool {
    let mut any = false;
    workspace.stream().with_content().all(|document| {
        let hook = memchr::memmem::find(workspace.bytes(document), b"helm.sh/hook").is_some()
            && workspace.root(document, "helm.sh/hook").is_ok_and(|root| {
                let objects = objects(&root);
                !objects.is_empty() && objects.iter().all(Object::is_hook)
            });
        any |= hook;
        hook
    }) && any
}
