//! Following a task to its end, from anywhere: by the copy of its journal, which is whole however often
//! pods were replaced, and however often somebody looked away.

use std::collections::HashSet;
use std::path::Path;
use std::time::Duration;

use anyhow::{Context as _, bail};
use k8s_openapi::api::core::v1::Pod;
use serde_json::Value;

use super::{job, manifests, remove};
use crate::connect::Server;
use crate::output;
use crate::rebuild::event::{Event, Failure, Item, RunSummary, SCHEMA};
use crate::rebuild::journal::Story;
use crate::rebuild::ledger::{ItemState, Ledger};
use crate::rebuild::mirror::{self, ReadError, Reader};
use crate::rebuild::plan::Tally;
use crate::rebuild::progress::Progress;
use crate::rebuild::record::{JournalEntry, Outcome, Record};
use crate::rebuild::request::Ending;
use crate::release::{AccessError, Cluster, start_trouble};
use crate::state::{self, Lock};

/// How often is looked.
const PAUSE: Duration = Duration::from_secs(1);

/// How a Job ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Verdict {
    Complete,
    /// In Kubernetes' words.
    Failed(String),
}

/// Follows a task to its end, brings its journal home, and removes what was made for it.
///
/// # Errors
/// There is no such task, or it could not go on.
pub(crate) async fn follow(
    cluster: &Cluster,
    release: &str,
    home: &Path,
    progress: &Progress,
) -> anyhow::Result<Ending> {
    let name = manifests::name(release);
    if job(cluster, release).await?.is_none() {
        bail!(
            "no rebuild of {release} is under way in the namespace {}",
            cluster.namespace
        );
    }
    let mut teller = Teller::new(progress, home);
    let ended = tokio::select! {
        interrupted = tokio::signal::ctrl_c() => {
            interrupted.context("cannot listen for signals")?;
            output::message(format!(
                "Detached; the Job {name} goes on. To come back:\n  {}",
                cluster.place.helm(&format!("connect-migrate rebuild --attach --release {release}"))
            ));
            return Ok(Ending::Interrupted);
        }
        ended = watch(cluster, release, &mut teller) => ended?,
    };
    let bytes = Reader::new(&name).read(cluster).await?;
    let story = Story::parse(&bytes);
    teller.tell(&story);
    state::create_private(home)
        .with_context(|| format!("cannot make the folder {}", home.display()))?;
    {
        let _lock = Lock::take(home)
            .with_context(|| format!("the journal of the Job {name} cannot come home yet"))?;
        mirror::restore(&bytes, home)?;
    }
    let ledger = story.ledger();
    let outcome = ledger.runs.last().and_then(|run| run.outcome);
    let trouble = match (&ended, outcome) {
        (Verdict::Failed(why), None | Some(Outcome::Failed | Outcome::Interrupted)) => {
            let said = last_words(cluster, &name).await;
            Some(format!("the Job {name} failed: {why}{said}"))
        }
        _ => None,
    };
    remove(cluster, release).await?;
    let outcome = match trouble {
        Some(_) => Outcome::Failed,
        None => outcome.unwrap_or(Outcome::Done),
    };
    teller.sum_up(&ledger, outcome, trouble.clone());
    match (trouble, outcome) {
        (Some(trouble), _) => bail!(
            "{trouble}; its journal is in {}, and the same command goes on from there",
            home.display()
        ),
        (None, Outcome::SomeFailed) => Ok(Ending::SomeFailed),
        _ => Ok(Ending::Done),
    }
}

/// Tells what happens until the Job has ended.
async fn watch(
    cluster: &Cluster,
    release: &str,
    teller: &mut Teller<'_>,
) -> anyhow::Result<Verdict> {
    let name = manifests::name(release);
    let mut away = false;
    let mut reader = Reader::new(&name);
    loop {
        match look(cluster, &name, &mut reader).await {
            Ok((journal, job, pods)) => {
                if std::mem::take(&mut away) {
                    output::message("The cluster answers again.");
                }
                teller.tell(&Story::parse(&journal));
                for trouble in pods.iter().filter_map(trouble) {
                    teller.trouble(trouble);
                }
                let job = job.with_context(|| format!("somebody has removed the Job {name}"))?;
                if let Some(verdict) = verdict(&job) {
                    return Ok(verdict);
                }
            }
            Err(ReadError::Access(
                error @ (AccessError::Unreachable { .. } | AccessError::Other { .. }),
            )) => {
                if !std::mem::replace(&mut away, true) {
                    output::message(format!("{error}; the Job goes on meanwhile."));
                }
            }
            Err(error) => return Err(error.into()),
        }
        tokio::time::sleep(PAUSE).await;
    }
}

async fn look(
    cluster: &Cluster,
    name: &str,
    reader: &mut Reader,
) -> Result<(Vec<u8>, Option<Value>, Vec<Value>), ReadError> {
    // The Job first: what it wrote before its end is in the copy then.
    let job = cluster
        .find::<k8s_openapi::api::batch::v1::Job>(name)
        .await?;
    let journal = reader.read(cluster).await?;
    Ok((journal, job, pods(cluster, name).await))
}

/// The Job's pods, where they may be seen.
async fn pods(cluster: &Cluster, job: &str) -> Vec<Value> {
    let mut pods = cluster.list::<Pod>().await.unwrap_or_default();
    pods.retain(|pod| pod["metadata"]["labels"]["batch.kubernetes.io/job-name"] == job);
    pods
}

/// How a Job ended, if it has.
pub(super) fn verdict(job: &Value) -> Option<Verdict> {
    let conditions = job["status"]["conditions"].as_array()?;
    conditions
        .iter()
        .filter(|condition| condition["status"] == "True")
        .find_map(|condition| match condition["type"].as_str()? {
            "Complete" => Some(Verdict::Complete),
            "Failed" => {
                let said = |key: &str| condition[key].as_str().unwrap_or_default();
                Some(Verdict::Failed(format!(
                    "{} ({})",
                    said("message"),
                    said("reason")
                )))
            }
            _ => None,
        })
}

/// What keeps a pod from starting.
fn trouble(pod: &Value) -> Option<String> {
    let pod: Pod = serde_json::from_value(pod.clone()).ok()?;
    let why = start_trouble(&pod)?;
    let name = pod.metadata.name.unwrap_or_default();
    Some(format!("The pod {name} does not start: {why}"))
}

/// What the last pod that failed said.
async fn last_words(cluster: &Cluster, job: &str) -> String {
    let pods = pods(cluster, job).await;
    let said = pods.iter().rev().find_map(|pod| {
        let statuses = pod["status"]["containerStatuses"].as_array()?;
        statuses
            .iter()
            .find_map(|status| status["state"]["terminated"]["message"].as_str())
    });
    said.map_or_else(String::new, |said| format!(". It said: {}", said.trim()))
}

/// Tells the records of a journal as the events that they were.
struct Teller<'a> {
    progress: &'a Progress,
    home: &'a Path,
    told: usize,
    troubles: HashSet<String>,
}

impl<'a> Teller<'a> {
    fn new(progress: &'a Progress, home: &'a Path) -> Self {
        Self {
            progress,
            home,
            told: 0,
            troubles: HashSet::new(),
        }
    }

    fn tell(&mut self, story: &Story) {
        let ledger = story.ledger();
        if ledger.runs.is_empty() {
            return;
        }
        if self.told == 0 {
            let counts = ledger.counts();
            self.progress.tell(&Event::Plan {
                schema: SCHEMA,
                server: story.server().unwrap_or_default().to_owned(),
                server_version: None,
                journal: self.home.to_path_buf(),
                run: ledger.runs.last().map_or(1, |run| run.number),
                tally: Tally {
                    build: counts.waiting + counts.failed + counts.built,
                    adopt: counts.running,
                    skipped: counts.skipped,
                    ..Tally::default()
                },
                estimate: None,
            });
        }
        let server = story.server().and_then(|server| server.parse().ok());
        for entry in story.entries.iter().skip(self.told) {
            if let Some(event) = event(entry, &ledger, server.as_ref()) {
                self.progress.tell(&event);
            }
        }
        self.told = self.told.max(story.entries.len());
    }

    fn trouble(&mut self, message: String) {
        if self.troubles.insert(message.clone()) {
            self.progress.tell(&Event::Note { message });
        }
    }

    fn sum_up(&self, ledger: &Ledger, outcome: Outcome, error: Option<String>) {
        let counts = ledger.counts();
        let failures = ledger
            .items()
            .filter_map(|(guid, item)| match &item.standing {
                ItemState::Failed { reason, error, .. } => Some(Failure {
                    item: Item {
                        guid: guid.clone(),
                        title: item.title.clone(),
                    },
                    reason: *reason,
                    error: error.clone(),
                    log: None,
                    url: String::new(),
                }),
                _ => None,
            });
        let failures = failures.collect();
        let seconds = ledger
            .runs
            .last()
            .map_or(0.0, |run| run.last.duration_since(run.began).as_secs_f64());
        self.progress.tell(&Event::Summary(RunSummary {
            outcome,
            built: counts.built,
            built_before: 0,
            failed: counts.failed,
            skipped: counts.skipped,
            running: counts.running,
            waiting: counts.waiting,
            seconds,
            error,
            failures,
        }));
    }
}

fn event(entry: &JournalEntry, ledger: &Ledger, server: Option<&Server>) -> Option<Event> {
    let item = |guid: &crate::connect::ContentGuid| Item {
        guid: guid.clone(),
        title: ledger
            .item(guid)
            .map_or_else(|| guid.to_string(), |item| item.title.clone()),
    };
    Some(match &entry.record {
        Record::Cache { cache, outcome } => Event::Cache {
            cache: cache.clone(),
            outcome: *outcome,
        },
        Record::Submitted { guid, task, .. } => {
            let bundle = match &ledger.item(guid)?.standing {
                ItemState::Running(running) => running.intent.bundle.clone(),
                ItemState::Built { bundle, .. } => bundle.clone(),
                _ => return None,
            };
            Event::Submitted {
                item: item(guid),
                bundle,
                task: task.clone(),
            }
        }
        Record::Built {
            guid,
            bundle,
            seconds,
        } => Event::Built {
            item: item(guid),
            bundle: bundle.clone(),
            seconds: *seconds,
        },
        Record::Failed {
            guid,
            reason,
            error,
        } => Event::Failed {
            failure: Failure {
                item: item(guid),
                reason: *reason,
                error: error.clone(),
                log: None,
                url: server
                    .map(|server| server.dashboard(guid))
                    .unwrap_or_default(),
            },
            retry: false,
        },
        Record::Skipped { guid, reason } => Event::Skipped {
            item: item(guid),
            reason: *reason,
            planned: true,
        },
        _ => return None,
    })
}
