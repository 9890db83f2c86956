//! Asking Helm's records and the cluster.

use anyhow::bail;
use serde_json::Value;

use super::pods::Live;
use super::reading::{beside, found, live_reading, reading};
use super::second_file::{SecondObject, second_object};
use super::{Answer, Configuration, Failed, Reading, Survey};
use crate::manifests::{Stream, objects, server_container};
use crate::overlay::{ConfigurationState, GCFG_KEY, configurations, detect};
use crate::release::{Cluster, Record, RevisionStatus};

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
    let history = cluster.history(&name).await?;
    // Helm keeps the history of an uninstalled release where it is told to.
    let gone = history
        .first()
        .is_none_or(|newest| newest.info.status == RevisionStatus::Uninstalled);
    if gone {
        bail!(NoRelease(format!(
            "there is no release {name} in the namespace {namespace}; '{}' shows them all",
            cluster.place.helm_anywhere("list -A")
        )));
    }
    Ok(history)
}

/// The revision whose manifest is in force: the deployed one, else the newest that Helm finished.
#[must_use]
pub(crate) fn in_force(history: &[Record]) -> Option<&Record> {
    let of = |status| history.iter().find(|record| record.info.status == status);
    of(RevisionStatus::Deployed)
        .or_else(|| history.iter().find(|r| !r.info.status.is_pending()))
        .or_else(|| history.first())
}

/// Asks what the records and the cluster say. `history` is not empty.
pub(crate) async fn survey(cluster: &Cluster, history: &[Record]) -> Survey {
    let mut survey = Survey {
        release: String::new(),
        namespace: cluster.namespace.clone(),
        place: cluster.place.clone(),
        revision: 0,
        status: String::new(),
        chart: String::new(),
        app_version: None,
        revisions_with_overlay: Vec::new(),
        configurations: Vec::new(),
        chart_name: String::new(),
        chart_version: String::new(),
        revisions: history.len(),
        foreign_pending: false,
        failed: None,
        server_side: false,
        vanished_at: None,
    };
    let (Some(newest), Some(stored)) = (history.first(), in_force(history)) else {
        return survey;
    };
    survey.release.clone_from(&newest.name);
    survey.revision = newest.revision;
    survey.status = newest.info.status.to_string();
    survey.chart = stored.chart.label();
    let text = |key| stored.chart.text(key).unwrap_or_default().to_owned();
    (survey.chart_name, survey.chart_version) = (text("name"), text("version"));
    survey.app_version = stored.chart.text("appVersion").map(str::to_owned);
    survey.server_side = newest.is_server_side();
    let is_on = |record: &Record| found(&record.manifest).iter().any(|found| found.on);
    survey.foreign_pending =
        newest.info.status.is_pending() && !newest.is_revert() && !is_on(newest);
    let did_not_end =
        newest.info.status.is_pending() || newest.info.status == RevisionStatus::Failed;
    survey.failed = did_not_end.then(|| match is_on(newest) {
        true => Failed::Applying,
        false => Failed::Removing,
    });
    let newer: Vec<&Record> = history
        .iter()
        .filter(|record| record.revision >= stored.revision)
        .collect();
    for found in found(&stored.manifest) {
        let configuration = configuration(cluster, Ok(stored), &newer, found).await;
        survey.configurations.push(configuration);
    }
    let with: Vec<&Record> = history
        .iter()
        .filter(|record| record.revision != stored.revision)
        .filter(|record| {
            matches!(
                record.info.status,
                RevisionStatus::Superseded | RevisionStatus::Deployed
            )
        })
        .filter(|record| is_on(record))
        .collect();
    survey.vanished_at = with.first().and_then(|last| {
        let then = history
            .iter()
            .rfind(|record| record.revision > last.revision)?;
        let theirs = !then.is_revert() && !is_on(stored) && then.revision <= stored.revision;
        theirs.then_some(then.revision)
    });
    survey.revisions_with_overlay = with.iter().map(|record| record.revision).collect();
    survey
}

/// Asks what is alive where Helm has no record: something else, such as Argo CD, applies what the
/// chart renders. Configurations that belong to a release of Helm's are left out.
///
/// # Errors
/// The objects cannot be listed.
pub(crate) async fn survey_live(cluster: &Cluster) -> anyhow::Result<Survey> {
    let mut survey = survey(cluster, &[]).await;
    let live = cluster.configured().await?;
    let shown = detect(live.to_string().as_bytes())?;
    for found in shown.config_maps {
        let name = found.name.clone().unwrap_or_default();
        let items = live["items"].as_array();
        let object = items.into_iter().flatten().find(|object| {
            object["kind"] == "ConfigMap" && object["metadata"]["name"] == name.as_str()
        });
        let metadata = object.map_or(&Value::Null, |object| &object["metadata"]);
        let annotation = |key: &str| metadata["annotations"][key].as_str();
        if annotation("meta.helm.sh/release-name").is_some() {
            continue;
        }
        let by = if annotation("argocd.argoproj.io/tracking-id").is_some()
            || metadata["labels"]["argocd.argoproj.io/instance"].is_string()
        {
            "Argo CD applies"
        } else {
            "something else applies"
        };
        let stored = Err(format!(
            "Helm has no record of it: {by} the manifests. 'helm connect-migrate overlay values' \
             makes the settings a values file for it"
        ));
        let configuration = configuration(cluster, stored, &[], found).await;
        survey.configurations.push(configuration);
    }
    Ok(survey)
}

/// What one configuration is. `stored` is the record that it was found in, or why there is none;
/// `records` are those that the live objects may be of.
async fn configuration(
    cluster: &Cluster,
    stored: Result<&Record, String>,
    records: &[&Record],
    found: ConfigurationState,
) -> Configuration {
    let name = found.name.clone().unwrap_or_default();
    let workload = match found.workloads.first() {
        Some(mounting) => Some(cluster.workload(&mounting.kind, &mounting.name).await),
        None => None,
    };
    let second = match &workload {
        Some(Ok(workload)) => second_object(cluster, workload, &name).await,
        _ => SecondObject::default(),
    };
    let (stored, found) = match stored {
        Ok(record) => {
            let found = beside(record, &name, &second).unwrap_or(found);
            let reading = reading(&found, &second);
            let evidence = format!("revision {}: {}", record.revision, reading.evidence);
            (
                Answer::Known(Reading {
                    evidence,
                    ..reading
                }),
                found,
            )
        }
        Err(why) => (Answer::Unknown(why), found),
    };
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
        stored,
        live: Answer::Unknown(String::new()),
        pods: Answer::Unknown("no workload mounts the ConfigMap".to_owned()),
        server: Answer::Unknown("not asked".to_owned()),
        edited: None,
        running: None,
        object: None,
        stale: false,
        is_gone: false,
        stored_replicas: records
            .last()
            .and_then(|record| replicas(&record.manifest, &name)),
        baseline: if found.on {
            found.originals.clone()
        } else {
            found.effective.clone()
        },
    };
    match cluster.config_map(&name).await {
        Ok(object) => {
            let text = object["data"][GCFG_KEY].as_str();
            configuration.edited = (!records.is_empty()).then(|| {
                let mut texts = records
                    .iter()
                    .map(|record| gcfg_of(&record.manifest, &name));
                texts.all(|stored| stored.as_deref() != text)
            });
            let workload = workload.as_ref().and_then(|w| w.as_ref().ok());
            let (reading, originals) = live_reading(&object, workload, &second);
            configuration.live = reading;
            // A change that stopped half-way left its record in the live object alone.
            if let (true, Some((settings, originals))) = (!found.on, originals) {
                configuration.baseline.clone_from(&originals);
                (configuration.settings, configuration.originals) = (settings, originals);
            }
            configuration.object = Some(object);
        }
        Err(error) => {
            configuration.is_gone = error.is_missing();
            configuration.live = Answer::Unknown(error.to_string());
        }
    }
    match workload {
        Some(Ok(workload)) => {
            match cluster.pods(&workload).await {
                Ok(pods) => {
                    let live = Live::of(&configuration);
                    (configuration.pods, configuration.stale) = live.pods(&workload, &pods);
                }
                Err(error) => configuration.pods = Answer::Unknown(error.to_string()),
            }
            configuration.running = Some(workload);
        }
        Some(Err(error)) => {
            configuration.is_gone |= error.is_missing();
            configuration.pods = Answer::Unknown(error.to_string());
        }
        None => {}
    }
    configuration
}

/// How many pods a manifest asks for that mount a ConfigMap.
#[must_use]
pub(crate) fn replicas(manifest: &str, config_map: &str) -> Option<i64> {
    let stream = Stream::split(manifest.as_bytes());
    stream.containing(config_map).into_iter().find_map(|index| {
        let text = std::str::from_utf8(stream.body(index)).ok()?;
        let roots = crate::yaml::load(text).ok()?;
        roots.iter().flat_map(objects).find_map(|object| {
            server_container(object.node, Some(config_map))?;
            object
                .node
                .at(&["spec", "replicas"])?
                .as_str()?
                .parse()
                .ok()
        })
    })
}

/// The gcfg text of a ConfigMap in a manifest.
#[must_use]
pub(crate) fn gcfg_of(manifest: &str, name: &str) -> Option<String> {
    configurations(manifest.as_bytes())
        .ok()?
        .into_iter()
        .find(|target| target.name.name == name)
        .map(|target| target.gcfg)
}

#[cfg(test)]
mod tests {
    use super::*;

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
