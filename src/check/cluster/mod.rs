//! Checks of the cluster: what the release consists of, against what the cluster has and allows.
//!
//! Where the chart is named, Helm renders it, and every object of the manifest is judged; what is
//! installed is judged by its stored manifest. Without either, values let guess.

mod ask;
mod demand;
mod eviction;
mod judge;
mod named_in_values;
mod neighbours;
mod parts;
mod quota;
mod references;
mod rights;
mod there;
mod trial;
mod wanted;

use std::collections::BTreeMap;

use serde_json::Value;

use crate::chart::{self, Chart, Purpose, Release, Rendered, ValuesFile};
use crate::rebuild::BuildRoom;
use crate::release::{Access, Cluster, CommandPlace, Permission, Record, RevisionStatus};

use super::trial::{TrialFacts, TrialServer};
use super::{Check, code};
use parts::Part;
use references::Named;
use trial::Trial;
use wanted::{Expected, Wanted};

pub(super) use eviction::eviction;
pub(super) use judge::{accounts, shared_database, storage};
pub(super) use neighbours::{Beside, other_ingresses, other_mounts, other_servers, other_volumes};
pub(super) use quota::quota;
pub(super) use rights::permissions;
pub(super) use there::{others, release, secrets};
pub(super) use trial::dry_run;

/// What the cluster says, and what the release is expected to consist of.
pub(super) type Known<'a> = (&'a Facts, &'a Wanted);

/// What was found, or why it could not be asked.
type Asked<T> = Result<T, String>;

/// What is to be checked.
#[derive(Debug)]
pub(crate) struct Planned<'a> {
    pub chart: &'a Chart,
    /// The user's values, in their order.
    pub files: &'a [ValuesFile],
    pub release: Release,
    /// Whether the user said which release.
    pub is_named: bool,
    /// The trial that it is to be, if it is one.
    pub trial: Option<&'a TrialServer>,
}

/// Something that others name, as it is alive.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
struct Seen {
    /// Of a Secret or ConfigMap.
    keys: Vec<String>,
    /// Whether it is being deleted.
    is_going: bool,
}

/// What the cluster says.
#[derive(Debug)]
pub(super) struct Facts {
    /// The namespace that was asked about.
    namespace: String,
    /// Where commands that are printed lead.
    place: CommandPlace,
    /// Whether the namespace exists.
    is_there: Asked<bool>,
    /// The release's name where one is named, and what Helm's records say of it.
    release: Option<(String, Asked<Option<String>>)>,
    /// The claim, where the values name or make one; its name first.
    claim: Option<(String, Asked<Option<Value>>)>,
    /// The storage class that a claim would be made from.
    class: Option<(String, Asked<Option<Value>>)>,
    /// What the release names and does not bring along.
    seen: BTreeMap<Named, Asked<Option<Seen>>>,
    /// What one may do.
    rights: Asked<Vec<(Permission, bool)>>,
    accounts: Asked<Vec<Value>>,
    quotas: Asked<Vec<Value>>,
    /// What containers get that name nothing.
    ranges: Asked<Vec<Value>>,
    deployments: Asked<Vec<Value>>,
    /// What says how many pods may go at once.
    budgets: Asked<Vec<Value>>,
    /// The objects of the release.
    parts: Vec<Part>,
    trial: Trial,
}

impl Default for Facts {
    fn default() -> Self {
        Self {
            namespace: String::new(),
            place: CommandPlace::default(),
            is_there: Ok(true),
            release: None,
            claim: None,
            class: None,
            seen: BTreeMap::new(),
            rights: Ok(Vec::new()),
            accounts: Ok(Vec::new()),
            quotas: Ok(Vec::new()),
            ranges: Ok(Vec::new()),
            deployments: Ok(Vec::new()),
            budgets: Ok(Vec::new()),
            parts: Vec::new(),
            trial: Vec::new(),
        }
    }
}

/// What came of asking the cluster.
#[derive(Debug)]
pub(super) struct Examined {
    pub checks: Vec<Check>,
    /// How many builds at once the quotas have room for, where they are known and limit them.
    pub builds: Option<BuildRoom>,
}

/// Asks the cluster, and judges. Nothing is changed; of Secrets only the names of their keys are kept.
///
/// # Errors
/// There is no usable kubeconfig.
pub(crate) async fn examine(
    access: &Access,
    mut deployment: Planned<'_>,
) -> anyhow::Result<Examined> {
    let cluster = access.open().await?;
    deployment.release.namespace.clone_from(&cluster.namespace);
    let records = match deployment.is_named {
        true => Some(deployment.records(&cluster).await),
        false => None,
    };
    let newest = records
        .as_ref()
        .and_then(|found| found.as_ref().ok()?.first());
    let mut wanted = deployment.wanted(newest);
    wanted.names_release = deployment.is_named;
    let mut facts = ask::ask(&cluster, &wanted).await;
    facts.release = records.map(|found| {
        let said = found.map(|records| records.first().map(there::said));
        (deployment.release.name.clone(), said)
    });
    let mut checks = code::cluster((&facts, &wanted));
    if let Some(server) = deployment.trial {
        let release = deployment.is_named.then(|| deployment.release.name.clone());
        let neighbours = neighbours::look(&cluster, release).await;
        let cluster = Some(Beside {
            facts: &facts,
            wanted: &wanted,
            neighbours: &neighbours,
        });
        checks.extend(code::trial(&TrialFacts { server, cluster }));
    }
    Ok(Examined {
        builds: quota::build_room(&facts, &wanted),
        checks,
    })
}

impl Planned<'_> {
    /// The release's revisions, the newest first; none where it is not installed.
    async fn records(&self, cluster: &Cluster) -> Asked<Vec<Record>> {
        let found = cluster.history(&self.release.name).await;
        let mut records = found.map_err(|error| error.to_string())?;
        let gone = |newest: &Record| newest.info.status == RevisionStatus::Uninstalled;
        if records.first().is_some_and(gone) {
            records.clear();
        }
        Ok(records)
    }

    /// What the release is expected to consist of.
    fn wanted(&self, installed: Option<&Record>) -> Wanted {
        let own = installed.and_then(|record| values_of(record.config.as_ref()?));
        let kept = own.as_ref().filter(|_| self.files.is_empty());
        let files: Vec<&ValuesFile> = self.files.iter().chain(kept).collect();
        let stored = installed.filter(|_| self.files.is_empty() && !self.chart.is_judged_by_helm());
        let defaults = stored
            .and_then(|record| values_of(record.chart.values.as_ref()?))
            .map_or_else(|| self.chart.defaults().clone(), |file| file.values);
        if files.is_empty() && stored.is_none() && !self.chart.is_judged_by_helm() {
            return Wanted {
                expected: unrendered("neither chart nor values given; CHART and -f FILE tell"),
                ..Wanted::default()
            };
        }
        let values = chart::coalesce(&defaults, ValuesFile::merged(files.iter().copied()));
        let wanted = Wanted::of(&values, &self.release);
        match stored {
            Some(record) => with_manifest(
                wanted,
                &record.manifest,
                format!("revision {} of {}", record.revision, record.name),
            ),
            None => self.rendered(wanted, &files),
        }
    }

    fn rendered(&self, mut wanted: Wanted, files: &[&ValuesFile]) -> Wanted {
        let why = match self.chart.render(&self.release, files, Purpose::Deployment) {
            Ok(Rendered::Manifest { text, .. }) => {
                let proof = self.chart.proof();
                let of = format!("chart {} {}", proof.chart, proof.chart_version);
                return with_manifest(wanted, &text, of);
            }
            Ok(Rendered::Configuration { .. }) => {
                "nothing renders the chart; CHART does, where there is a Helm".to_owned()
            }
            Err(error) => format!("the chart does not render: {error}"),
        };
        if let Expected::Assumed { why: reason, .. } = &mut wanted.expected {
            *reason = why;
        }
        wanted
    }
}

fn with_manifest(mut wanted: Wanted, manifest: &str, of: String) -> Wanted {
    match parts::of_manifest(manifest) {
        Ok(objects) => wanted.with_manifest(objects, of),
        Err(error) => {
            if let Expected::Assumed { why, .. } = &mut wanted.expected {
                *why = format!("what is rendered is no YAML: {error}");
            }
            wanted
        }
    }
}

fn unrendered(why: &str) -> Expected {
    Expected::Assumed {
        parts: Vec::new(),
        why: why.to_owned(),
    }
}

/// Values as Helm has stored them.
fn values_of(stored: &serde_json::Map<String, Value>) -> Option<ValuesFile> {
    let text = serde_json::to_string(stored).ok()?;
    ValuesFile::of_text("the release's values", &text).ok()
}
