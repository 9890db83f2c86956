//! What four places say about the overlay: the release's stored manifest, the live ConfigMap, the
//! pods that run, and the server itself. What a place could not be asked is part of the answer.

mod cluster;
pub(crate) mod journal;
mod pods;
mod reading;
mod second_file;
mod server;
mod session;
mod show;
mod status;
pub(crate) mod steps;

use serde::Serialize;
use serde_json::{Map, Value};

use crate::output::shell_word;
use crate::overlay::{CHECKSUM, GCFG_KEY, checksum};
use crate::release::{CommandPlace, other_owners};

pub(crate) use cluster::{NoRelease, choose, gcfg_of, in_force, replicas, survey, survey_live};
pub(crate) use server::ask as ask_server;
pub(crate) use session::{ServerAccess, Session, facts};
pub(crate) use show::places;
pub(crate) use status::StatusQuery;
#[cfg(test)]
pub(crate) use status::StatusReport;

/// What a place says, or why it could not be asked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub(crate) enum Answer<T> {
    Known(T),
    /// Why it could not be asked.
    Unknown(String),
    /// It answered, and why that tells nothing.
    #[serde(rename = "unknown")]
    Silent(String),
}

impl<T> Answer<T> {
    pub(crate) const fn known(&self) -> Option<&T> {
        match self {
            Self::Known(known) => Some(known),
            Self::Unknown(_) | Self::Silent(_) => None,
        }
    }
}

/// How a place has the temporary settings.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Overlay {
    On,
    Off,
    /// Partly: marked and not in effect, or on in some pods only.
    Partly,
    /// In effect without our marks: set in values or by hand.
    Unmarked,
}

impl Overlay {
    /// In a word or two.
    #[must_use]
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::On => "on",
            Self::Off => "off",
            Self::Partly => "partly on",
            Self::Unmarked => "in effect, but not marked",
        }
    }
}

/// What one place says, in detail.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub(crate) struct Reading {
    pub overlay: Overlay,
    /// What that rests on.
    pub evidence: String,
}

impl Answer<Reading> {
    /// How the place has them, where it could be asked.
    pub(crate) fn overlay(&self) -> Option<Overlay> {
        self.known().map(|reading| reading.overlay)
    }
}

/// One Connect configuration of a release.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub(crate) struct Configuration {
    /// Name of the ConfigMap.
    pub config_map: String,
    /// What mounts it: kind and name.
    pub workload: Option<(String, String)>,
    /// The settings that the stored manifest lays.
    pub settings: Map<String, Value>,
    /// What the record says that they were.
    pub originals: Map<String, Value>,
    /// The release's stored manifest.
    pub stored: Answer<Reading>,
    /// The ConfigMap in the cluster.
    pub live: Answer<Reading>,
    /// The pods that run.
    pub pods: Answer<Reading>,
    /// The server, through its API.
    pub server: Answer<Reading>,
    /// Whether the live ConfigMap's text is in no revision of Helm's, so that somebody wrote it.
    pub edited: Option<bool>,
    #[serde(skip)]
    pub running: Option<crate::release::Workload>,
    /// The live ConfigMap.
    #[serde(skip)]
    pub object: Option<Value>,
    /// Whether pods run that may have read another configuration than the live one.
    #[serde(skip)]
    pub stale: bool,
    /// Whether the ConfigMap or its workload is not there any more.
    #[serde(skip)]
    pub is_gone: bool,
    /// How many pods the stored manifest asks for.
    #[serde(skip)]
    pub stored_replicas: Option<i64>,
    /// What the settings are without the overlay, by the newest record that tells.
    #[serde(skip)]
    pub baseline: Map<String, Value>,
}

impl Configuration {
    /// The places in the order in which a change gets to them, with their names.
    pub(crate) fn places(&self) -> [(&'static str, &Answer<Reading>); 4] {
        [
            ("stored manifest", &self.stored),
            ("live ConfigMap", &self.live),
            ("running pods", &self.pods),
            ("server", &self.server),
        ]
    }

    /// Whether two places that could be asked say different things.
    #[must_use]
    pub(crate) fn disagree(&self) -> bool {
        let mut readings = self
            .places()
            .into_iter()
            .filter_map(|(_, answer)| answer.overlay());
        let first = readings.next();
        readings.any(|other| Some(other) != first)
    }

    /// Whether the overlay was seen to be off: in the cluster, and at the server where that tells.
    #[must_use]
    pub(crate) fn is_off(&self) -> bool {
        [&self.stored, &self.live, &self.pods]
            .iter()
            .all(|answer| answer.overlay() == Some(Overlay::Off))
            && !self.is_marked_live()
            && self
                .server
                .overlay()
                .is_none_or(|overlay| overlay == Overlay::Off)
    }

    /// Whether live objects carry marks of ours.
    #[must_use]
    pub(crate) fn is_marked_live(&self) -> bool {
        let workload = self.running.as_ref();
        workload.is_some_and(|workload| workload.pod_annotations.contains_key(CHECKSUM))
            || self.live.overlay() == Some(Overlay::On)
            || self.live.overlay() == Some(Overlay::Partly)
    }

    /// Whether a change stopped between two places, so that it will not get further by itself.
    #[must_use]
    pub(crate) fn is_half_way(&self) -> bool {
        if self.is_gone {
            return true;
        }
        let (stored, live) = (self.stored.overlay(), self.live.overlay());
        let differ = stored
            .zip(live)
            .is_some_and(|(stored, live)| stored != live);
        let old_pods = live == Some(Overlay::Off)
            && (self.stale
                || self.is_marked_live()
                || self.pods.overlay().is_some_and(|pods| pods != Overlay::Off));
        differ || old_pods || live == Some(Overlay::Partly) || self.is_unread()
    }

    /// Whether the pods were not made to read the overlay that is live, and will not be.
    fn is_unread(&self) -> bool {
        let (Some(workload), Some(text)) = (&self.running, self.live_gcfg()) else {
            return false;
        };
        let is_told = workload.pod_annotations.get(CHECKSUM) == Some(&checksum(text));
        // While pods are being replaced, old ones are there still.
        self.live.overlay() == Some(Overlay::On)
            && self.stale
            && (!is_told || workload.is_rolled_out())
    }

    /// The live ConfigMap's gcfg text.
    #[must_use]
    pub(crate) fn live_gcfg(&self) -> Option<&str> {
        self.object.as_ref()?["data"][GCFG_KEY].as_str()
    }

    /// How many pods there are to be now, and how many Helm would make of that.
    #[must_use]
    pub(crate) fn scaling(&self) -> Option<(i64, i64)> {
        let now = i64::from(self.running.as_ref()?.wanted);
        let then = self.stored_replicas.unwrap_or(1);
        (now != then).then_some((now, then))
    }

    /// Who besides Helm owns what would have to change, so that a server-side apply would not
    /// change it.
    #[must_use]
    pub(crate) fn other_owners(&self) -> Vec<String> {
        let mut owners = Vec::new();
        if let (Some(object), Some(true)) = (&self.object, self.edited) {
            owners = other_owners(object, &["data", GCFG_KEY]);
        }
        if let (Some(workload), Some(_)) = (&self.running, self.scaling()) {
            owners.extend(other_owners(&workload.object, &["spec", "replicas"]));
        }
        owners
    }
}

/// What a revision was to do with the temporary settings that did not end well.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Failed {
    /// It has them.
    Applying,
    /// It does not have them.
    Removing,
}

/// A release and its Connect configurations.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub(crate) struct Survey {
    pub release: String,
    pub namespace: String,
    pub revision: u32,
    /// What Helm says of it.
    pub status: String,
    /// The chart's name and version.
    pub chart: String,
    /// The Connect version that the chart is for.
    pub app_version: Option<String>,
    /// Earlier revisions that would bring the temporary settings back.
    pub revisions_with_overlay: Vec<u32>,
    pub configurations: Vec<Configuration>,
    /// Where commands that are printed lead.
    #[serde(skip)]
    pub place: CommandPlace,
    #[serde(skip)]
    pub chart_name: String,
    #[serde(skip)]
    pub chart_version: String,
    /// How many revisions Helm keeps.
    #[serde(skip)]
    pub revisions: usize,
    /// Whether the newest revision is unfinished and not one of ours.
    #[serde(skip)]
    pub foreign_pending: bool,
    /// What the newest revision was to do, where Helm has not finished it or gave up on it.
    #[serde(skip)]
    pub failed: Option<Failed>,
    /// Whether the newest revision was applied server-side.
    #[serde(skip)]
    pub server_side: bool,
    /// The revision of a plain upgrade that took the temporary settings off, where no revert did.
    #[serde(skip)]
    pub vanished_at: Option<u32>,
}

impl Survey {
    /// Whether a change of the overlay stopped half-way.
    #[must_use]
    pub(crate) fn is_half_way(&self) -> bool {
        let took_off = self.failed == Some(Failed::Removing);
        let is_pending = self.status.starts_with("pending-");
        let mut configurations = self.configurations.iter();
        is_pending
            || configurations
                .any(|c| c.is_half_way() || took_off && c.stored.overlay() == Some(Overlay::On))
    }

    /// Whether somebody set the temporary settings by hand, behind Helm's back.
    #[must_use]
    pub(crate) fn is_set_by_hand(&self) -> bool {
        self.configurations.iter().any(|configuration| {
            configuration.stored.overlay() == Some(Overlay::Off)
                && configuration.live.overlay() == Some(Overlay::Unmarked)
                && configuration.edited == Some(true)
        })
    }

    /// Who besides Helm owns what a server-side apply would have to change.
    #[must_use]
    pub(crate) fn conflicts(&self) -> Vec<String> {
        if !self.server_side {
            return Vec::new();
        }
        let mut owners: Vec<String> = self
            .configurations
            .iter()
            .flat_map(Configuration::other_owners)
            .collect();
        owners.sort();
        owners.dedup();
        owners
    }

    /// The command that takes the overlay off from here, as it can be run.
    #[must_use]
    pub(crate) fn revert_command(&self) -> String {
        let paused = self.configurations.iter().find_map(|configuration| {
            let workload = configuration.running.as_ref()?;
            (workload.paused && workload.updated < workload.wanted).then_some(workload)
        });
        if let Some(workload) = paused {
            return self.place.kubectl(&workload.resume_command());
        }
        let revert = format!("connect-migrate revert {}", shell_word(&self.release));
        let mut command = self.place.helm(&revert);
        for (needed, flag) in [
            (self.foreign_pending, " --discard-pending"),
            (self.is_set_by_hand(), " --force"),
            (!self.conflicts().is_empty(), " --force-conflicts"),
        ] {
            if needed {
                command.push_str(flag);
            }
        }
        command
    }
}
