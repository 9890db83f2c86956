//! Asking Helm's records and the cluster.

use anyhow::bail;
use serde_json::Value;

use super::{Answer, Configuration, Overlay, Said, Survey};
use crate::manifests::Stream;
use crate::overlay::{CHECKSUM, Found, GCFG_KEY, detect};
use crate::release::{Cluster, Pods, Record, Status, Workload};

/// There is no such release, or several that could be meant.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub(crate) struct NoRelease(pub String);

/// The release of a name, or the only one in the namespace that has a Connect configuration. All its
/// revisions, the newest first; never none.
///
/// # Errors
/// There is none, there are several, or records cannot be read.
pub(crate) async fn choose(cluster: &Cluster, name: Option<&str>) -> anyhow::Result<Vec<Record>> {
    let namespace = &cluster.namespace;
    let name = match name {
        Some(name) => name.to_owned(),
        None => {
            let releases = cluster.releases().await?;
            let mut with: Vec<_> = releases
                .iter()
                .filter(|record| !found(&record.manifest).is_empty())
                .map(|record| record.name.clone())
                .collect();
            match (with.len(), with.pop()) {
                (1, Some(name)) => name,
                (0, _) => bail!(NoRelease(format!(
                    "no release in the namespace {namespace} has a Connect configuration; \
                     -n NAMESPACE looks elsewhere"
                ))),
                (_, last) => {
                    with.extend(last);
                    bail!(NoRelease(format!(
                        "several releases in the namespace {namespace} have a Connect \
                         configuration: {}; name one",
                        with.join(", ")
                    )))
                }
            }
        }
    };
    let mut history = cluster.history(&name).await?;
    history.retain(|record| record.info.status != Status::Uninstalled);
    if history.is_empty() {
        bail!(NoRelease(format!(
            "there is no release {name} in the namespace {namespace}; 'helm list -A' shows them all"
        )));
    }
    Ok(history)
}

/// The revision whose manifest is in force: the deployed one, else the newest that Helm finished.
#[must_use]
pub(crate) fn in_force(history: &[Record]) -> Option<&Record> {
    let of = |status| history.iter().find(|record| record.info.status == status);
    of(Status::Deployed)
        .or_else(|| history.iter().find(|r| !r.info.status.is_pending()))
        .or_else(|| history.first())
}

/// Asks what the records and the cluster say. `history` is not empty.
pub(crate) async fn survey(cluster: &Cluster, history: &[Record]) -> Survey {
    let (Some(newest), Some(stored)) = (history.first(), in_force(history)) else {
        return Survey {
            release: String::new(),
            namespace: cluster.namespace.clone(),
            revision: 0,
            status: String::new(),
            chart: String::new(),
            app_version: None,
            revisions_with_overlay: Vec::new(),
            configurations: Vec::new(),
        };
    };
    let mut configurations = Vec::new();
    for found in found(&stored.manifest) {
        configurations.push(configuration(cluster, stored, &found).await);
    }
    let revisions_with_overlay = history
        .iter()
        .filter(|record| record.revision != stored.revision)
        .filter(|record| matches!(record.info.status, Status::Superseded | Status::Deployed))
        .filter(|record| self::found(&record.manifest).iter().any(|found| found.on))
        .map(|record| record.revision)
        .collect();
    let status = serde_plain(newest.info.status);
    Survey {
        release: newest.name.clone(),
        namespace: cluster.namespace.clone(),
        revision: newest.revision,
        status,
        chart: stored.chart.label(),
        app_version: stored.chart.text("appVersion").map(str::to_owned),
        revisions_with_overlay,
        configurations,
    }
}

fn serde_plain(status: Status) -> String {
    match status {
        Status::Deployed => "deployed",
        Status::Superseded => "superseded",
        Status::Failed => "failed",
        Status::Uninstalled => "uninstalled",
        Status::Uninstalling => "uninstalling",
        Status::PendingInstall => "pending-install",
        Status::PendingUpgrade => "pending-upgrade",
        Status::PendingRollback => "pending-rollback",
        Status::Unknown => "unknown",
    }
    .to_owned()
}

/// The configurations in a manifest; none where it cannot be read.
fn found(manifest: &str) -> Vec<Found> {
    detect(manifest.as_bytes()).map_or(Vec::new(), |shown| shown.config_maps)
}

async fn configuration(cluster: &Cluster, stored: &Record, found: &Found) -> Configuration {
    let name = found.name.clone().unwrap_or_default();
    let mut configuration = Configuration {
        config_map: name.clone(),
        workload: found
            .workloads
            .first()
            .map(|workload| (workload.kind.clone(), workload.name.clone())),
        settings: if found.on {
            found.settings.clone()
        } else {
            found.effective.clone()
        },
        originals: found.originals.clone(),
        stored: Answer::Known(Said {
            overlay: overlay(found),
            evidence: format!("revision {}: {}", stored.revision, wording(found)),
        }),
        live: Answer::Unknown(String::new()),
        pods: Answer::Unknown("no workload mounts the ConfigMap".to_owned()),
        server: Answer::Unknown("not asked".to_owned()),
        edited: None,
        running: None,
    };
    let live = cluster.config_map(&name).await;
    let workload = match &configuration.workload {
        Some((kind, name)) => Some(cluster.workload(kind, name).await),
        None => None,
    };
    if let Ok(object) = &live {
        let text = object["data"][GCFG_KEY].as_str();
        configuration.edited =
            gcfg_of(&stored.manifest, &name).map(|stored| text != Some(&*stored));
    }
    configuration.live = match live {
        Ok(object) => live_said(&object, workload.as_ref().and_then(|w| w.as_ref().ok())),
        Err(error) => Answer::Unknown(error.to_string()),
    };
    match workload {
        Some(Ok(workload)) => {
            configuration.pods = match cluster.pods(&workload).await {
                Ok(pods) => pods_said(&workload, &pods),
                Err(error) => Answer::Unknown(error.to_string()),
            };
            configuration.running = Some(workload);
        }
        Some(Err(error)) => configuration.pods = Answer::Unknown(error.to_string()),
        None => {}
    }
    configuration
}

/// The gcfg text of a ConfigMap in a manifest.
fn gcfg_of(manifest: &str, name: &str) -> Option<String> {
    let stream = Stream::split(manifest.as_bytes());
    stream.containing(GCFG_KEY).into_iter().find_map(|index| {
        let text = std::str::from_utf8(stream.body(index)).ok()?;
        let roots = crate::yaml::load(text).ok()?;
        roots
            .iter()
            .flat_map(crate::manifests::objects)
            .find_map(|object| {
                let is_it = object.kind() == Some("ConfigMap") && object.name()?.name == name;
                let text = object.node.at(&["data", GCFG_KEY])?.as_str()?;
                is_it.then(|| text.to_owned())
            })
    })
}

fn live_said(config_map: &Value, workload: Option<&Workload>) -> Answer<Said> {
    let mut stream = config_map.to_string();
    if let Some(workload) = workload {
        stream.push_str("\n---\n");
        stream.push_str(&workload.object.to_string());
    }
    match detect(stream.as_bytes()) {
        Ok(shown) => match shown.config_maps.first() {
            Some(found) => Answer::Known(Said {
                overlay: overlay(found),
                evidence: wording(found).to_owned(),
            }),
            None => Answer::Unknown(format!("the ConfigMap has no {GCFG_KEY} any more")),
        },
        Err(refusal) => Answer::Unknown(refusal.to_string()),
    }
}

fn overlay(found: &Found) -> Overlay {
    match (found.on, found.in_effect) {
        (true, true) => Overlay::On,
        (true, false) => Overlay::Partly,
        (false, true) => Overlay::Unmarked,
        (false, false) => Overlay::Off,
    }
}

const fn wording(found: &Found) -> &'static str {
    match (found.on, found.in_effect, found.intact) {
        (true, _, Some(false)) => "marked as on, but changed since",
        (true, true, _) => "marked, and the temporary settings are in effect",
        (true, false, _) => "marked as on, but not all temporary settings are in effect",
        (false, true, _) => "not marked, but the temporary settings are in effect",
        (false, false, _) => "not marked, and the temporary settings are not in effect",
    }
}

/// The pods read the file once, when they start: their annotation says which one it was.
fn pods_said(workload: &Workload, pods: &Pods) -> Answer<Said> {
    if pods.pods.is_empty() {
        return Answer::Unknown(format!("{} {} has no pods", workload.kind, workload.name));
    }
    let template = workload.pod_annotations.get(CHECKSUM);
    let count = pods.pods.len();
    let with = |wanted: Option<&String>| {
        let has = |pod: &&crate::release::PodState| pod.annotations.get(CHECKSUM) == wanted;
        pods.pods.iter().filter(has).count()
    };
    let new = with(template);
    let laid = count - with(None);
    let overlay = match laid {
        0 => Overlay::Off,
        laid if laid == count => Overlay::On,
        _ => Overlay::Partly,
    };
    let evidence = if new == count {
        format!("{new} of {count} started with the present configuration")
    } else {
        format!(
            "{new} of {count} started with the present configuration; the others have not restarted"
        )
    };
    Answer::Known(Said { overlay, evidence })
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::release::PodState;

    fn pod(checksum: Option<&str>) -> PodState {
        PodState {
            name: "p".into(),
            ready: true,
            annotations: checksum
                .map(|sum| (CHECKSUM.to_owned(), sum.to_owned()))
                .into_iter()
                .collect(),
            trouble: None,
            ports: Vec::new(),
        }
    }

    #[test]
    fn pods_tell_with_which_configuration_they_started() {
        let workload = |sum: Option<&str>| Workload {
            pod_annotations: sum
                .map(|sum| (CHECKSUM.to_owned(), sum.to_owned()))
                .into_iter()
                .collect::<BTreeMap<_, _>>(),
            ..Workload::default()
        };
        let said = |template: Option<&str>, pods: &[Option<&str>]| {
            let pods = Pods {
                pods: pods.iter().map(|sum| pod(*sum)).collect(),
            };
            pods_said(&workload(template), &pods)
                .known()
                .map(|said| said.overlay)
        };
        assert_eq!(said(Some("a"), &[Some("a"), Some("a")]), Some(Overlay::On));
        assert_eq!(said(Some("a"), &[Some("a"), None]), Some(Overlay::Partly));
        assert_eq!(said(None, &[None]), Some(Overlay::Off));
        // The pods are older than the template: the overlay is still on in them.
        assert_eq!(said(None, &[Some("a")]), Some(Overlay::On));
        assert_eq!(said(None, &[]), None);
    }

    #[test]
    fn the_deployed_revision_is_in_force() {
        let record = |revision: u32, status: &str| -> Record {
            serde_json::from_value(serde_json::json!({"name": "r", "version": revision,
                "info": {"status": status}}))
            .unwrap()
        };
        let history = [
            record(3, "failed"),
            record(2, "deployed"),
            record(1, "superseded"),
        ];
        assert_eq!(in_force(&history).unwrap().revision, 2);
        let history = [record(3, "pending-upgrade"), record(2, "failed")];
        assert_eq!(in_force(&history).unwrap().revision, 2);
        let history = [record(1, "pending-install")];
        assert_eq!(in_force(&history).unwrap().revision, 1);
    }
}
