//! What four places say about the overlay: the release's stored manifest, the live ConfigMap, the
//! pods that run, and the server itself. What a place could not be asked is part of the answer.

mod cluster;
pub(crate) mod journal;
pub(crate) mod server;
pub(crate) mod steps;

use serde::Serialize;
use serde_json::{Map, Value};

pub(crate) use cluster::{choose, in_force, survey};
pub(crate) use server::ask as ask_server;

/// What a place says, or why it could not be asked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) enum Answer<T> {
    Known(T),
    /// Why it could not be asked.
    Unknown(String),
}

impl<T> Answer<T> {
    pub(crate) const fn known(&self) -> Option<&T> {
        match self {
            Self::Known(known) => Some(known),
            Self::Unknown(_) => None,
        }
    }
}

/// How a place has the temporary settings.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
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
#[serde(rename_all = "camelCase")]
pub(crate) struct Said {
    pub overlay: Overlay,
    /// What that rests on.
    pub evidence: String,
}

/// One Connect configuration of a release.
#[derive(Debug, Clone, PartialEq, Serialize)]
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
    pub stored: Answer<Said>,
    /// The ConfigMap in the cluster.
    pub live: Answer<Said>,
    /// The pods that run.
    pub pods: Answer<Said>,
    /// The server, through its API.
    pub server: Answer<Said>,
    /// Whether the live ConfigMap's text is the one that Helm stored.
    pub edited: Option<bool>,
    #[serde(skip)]
    pub running: Option<crate::release::Workload>,
}

impl Configuration {
    /// The places in the order in which a change gets to them, with their names.
    pub(crate) fn places(&self) -> [(&'static str, &Answer<Said>); 4] {
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
        let mut said = self
            .places()
            .into_iter()
            .filter_map(|(_, answer)| answer.known().map(|said| said.overlay));
        let first = said.next();
        said.any(|other| Some(other) != first)
    }

    /// Whether every place that could be asked says that the overlay is off.
    #[must_use]
    pub(crate) fn is_off(&self) -> bool {
        self.places()
            .iter()
            .filter_map(|(_, answer)| answer.known())
            .all(|said| said.overlay == Overlay::Off)
    }
}

/// A release and its Connect configurations.
#[derive(Debug, Clone, PartialEq, Serialize)]
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
}
