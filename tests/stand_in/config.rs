//! What a stand-in is like when it starts.

use std::net::SocketAddr;
use std::path::Path;
use std::time::Duration;

use serde::Deserialize;

use crate::connect_stand_in::fault::Fault;
use crate::connect_stand_in::version::Version;

/// What a stand-in is like when it starts. Every field has a default; a YAML or JSON file
/// ([`Config::read`]) may set any of them by the same names.
#[derive(Debug, Clone, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Config {
    /// Where to listen; port 0 picks a free one.
    pub listen: SocketAddr,
    /// Where the control API listens by itself; it is always under `/__stand-in__/` of the server,
    /// but can't be reached there while the server is down.
    pub control_listen: Option<SocketAddr>,
    /// A path in front of everything, such as `/rsc`.
    pub prefix: String,
    /// The version it pretends to be.
    pub version: Version,
    /// `Server.HideVersion`.
    pub hide_version: bool,
    /// Where content runs.
    pub execution: Execution,
    /// The same seed gives the same content.
    pub seed: u64,
    /// How many items to make up, besides `content`.
    pub items: usize,
    /// Of what kinds the made-up items are.
    pub mix: Mix,
    /// Whether made-up items have been used in the last weeks, some more than others. Otherwise
    /// their few visits lie at fixed times.
    pub in_use: bool,
    /// Items described one by one. They come before the made-up ones.
    pub content: Vec<ItemSpec>,
    /// How long a build takes.
    #[serde(with = "duration")]
    pub build_time: Duration,
    /// By which share of it a build may be faster or slower.
    pub build_jitter: f64,
    /// The share of the made-up items whose builds fail.
    pub fail_rate: f64,
    /// How many builds run at once; more wait in a queue. `None`: any number.
    pub build_limit: Option<usize>,
    /// Builds that start within this time of another for the same language version, whose package
    /// cache is still empty, fail. 0: never.
    #[serde(with = "duration")]
    pub race_window: Duration,
    /// How many lines a build writes.
    pub log_lines: usize,
    /// How many nodes share the work; a task can be read only on its own.
    pub nodes: usize,
    /// How long a task can be read after its end. `None`: for ever.
    #[serde(with = "duration_option")]
    pub task_retention: Option<Duration>,
    /// Whether a long poll ends when there is new output; the documents speak of the end only.
    pub poll_ends_on_output: bool,
    /// How long deleting a cache takes.
    #[serde(with = "duration")]
    pub cache_delete_time: Duration,
    /// Whether caches can be deleted over the API.
    pub cache_management: bool,
    /// What every request waits for.
    #[serde(with = "duration")]
    pub latency: Duration,
    /// The administrator's API key.
    pub api_key: String,
    /// The state of the licence.
    pub licence: Licence,
    /// Faults to begin with.
    pub faults: Vec<Fault>,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            listen: SocketAddr::from(([127, 0, 0, 1], 0)),
            control_listen: None,
            prefix: String::new(),
            version: Version::new(2025, 9, 0),
            hide_version: false,
            execution: Execution::Kubernetes,
            seed: 1,
            items: 0,
            mix: Mix::Buildable,
            in_use: false,
            content: Vec::new(),
            build_time: Duration::from_millis(20),
            build_jitter: 0.0,
            fail_rate: 0.0,
            build_limit: None,
            race_window: Duration::ZERO,
            log_lines: 6,
            nodes: 1,
            task_retention: None,
            poll_ends_on_output: false,
            cache_delete_time: Duration::from_millis(20),
            cache_management: true,
            latency: Duration::ZERO,
            api_key: "standInAdministratorKey000000001".to_owned(),
            licence: Licence::Valid,
            faults: Vec::new(),
        }
    }
}

impl Config {
    /// So many items, all of which can be built.
    pub fn with_items(items: usize) -> Self {
        Self {
            items,
            ..Self::default()
        }
    }

    /// The same with another time for each build.
    pub fn build_time(mut self, time: Duration) -> Self {
        self.build_time = time;
        self
    }

    /// The same as another version.
    pub fn version(mut self, year: u16, month: u8, patch: u8) -> Self {
        self.version = Version::new(year, month, patch);
        self
    }

    /// Reads a YAML or JSON file.
    ///
    /// # Errors
    /// The file can't be read, or has something that a configuration hasn't.
    pub fn read(path: &Path) -> Result<Self, ConfigError> {
        let text = std::fs::read_to_string(path).map_err(|source| ConfigError::Read {
            path: path.display().to_string(),
            source,
        })?;
        // JSON is YAML, so one reader does for both.
        serde_yaml::from_str(&text).map_err(|source| ConfigError::Parse {
            path: path.display().to_string(),
            source,
        })
    }
}

/// Why a configuration file isn't used.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// It can't be read.
    #[error("{path}: {source}")]
    Read {
        /// The file.
        path: String,
        /// Why not.
        source: std::io::Error,
    },
    /// It says something else than a configuration.
    #[error("{path}: {source}")]
    Parse {
        /// The file.
        path: String,
        /// What and where.
        source: serde_yaml::Error,
    },
}

/// Where content runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Execution {
    /// On the server itself.
    Native,
    /// In pods of a Kubernetes cluster. Items read `Local` until they are built here.
    Kubernetes,
}

/// Of what kinds made-up items are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Mix {
    /// All can be built.
    Buildable,
    /// As on a server in use: some static, locked, or never deployed; some with a newer bundle that
    /// isn't active.
    Realistic,
}

/// The state of the licence.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Licence {
    /// All is well.
    Valid,
    /// `/__ping__` answers 402, and `/server_settings` says so.
    Expired,
    /// Every path answers 402.
    ExpiredEverywhere,
}

/// How an item's builds end.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(from = "WrittenOutcome")]
pub enum Outcome {
    /// Well.
    #[default]
    Succeed,
    /// Never well.
    Fail,
    /// Well after so many failures.
    FailFirst(u32),
    /// Well after so many that never end, since the pod that saw to them went away.
    OrphanFirst(u32),
}

/// An outcome as a file has it: a word, or `{fail-first: 2}`.
#[derive(Deserialize)]
#[serde(untagged)]
enum WrittenOutcome {
    Word(OutcomeWord),
    FailFirst {
        #[serde(rename = "fail-first")]
        times: u32,
    },
    OrphanFirst {
        #[serde(rename = "orphan-first")]
        times: u32,
    },
}

#[derive(Deserialize)]
#[serde(rename_all = "lowercase")]
enum OutcomeWord {
    Succeed,
    Fail,
}

impl From<WrittenOutcome> for Outcome {
    fn from(written: WrittenOutcome) -> Self {
        match written {
            WrittenOutcome::Word(OutcomeWord::Succeed) => Self::Succeed,
            WrittenOutcome::Word(OutcomeWord::Fail) => Self::Fail,
            WrittenOutcome::FailFirst { times } => Self::FailFirst(times),
            WrittenOutcome::OrphanFirst { times } => Self::OrphanFirst(times),
        }
    }
}

/// One item, described. What is left out is made up.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ItemSpec {
    /// Its guid.
    pub guid: Option<String>,
    /// Its name.
    pub name: Option<String>,
    /// Its title.
    pub title: Option<String>,
    /// Its kind, such as `shiny`, `python-fastapi` or `static`.
    pub app_mode: Option<String>,
    /// The R version asked for.
    pub r_version: Option<String>,
    /// The Python version asked for.
    pub py_version: Option<String>,
    /// The user name of its owner.
    pub owner: Option<String>,
    /// Whether it is locked.
    pub locked: bool,
    /// Never deployed: no active bundle, and none uploaded.
    pub undeployed: bool,
    /// Whether a newer bundle was uploaded and not activated.
    pub newer_bundle: bool,
    /// Its vanity path, such as `/sales/`.
    pub vanity: Option<String>,
    /// Names of tags.
    pub tags: Vec<String>,
    /// Names of environment variables.
    pub environment: Vec<String>,
    /// How many visits (or Shiny sessions) it had.
    pub visits: Option<u32>,
    /// How its builds end.
    pub outcome: Outcome,
    /// How long its builds take, if not as all others.
    #[serde(with = "duration_option")]
    pub build_time: Option<Duration>,
}

/// Durations as people write them: `200ms`, `0.2s`, `2m`.
pub(crate) mod duration {
    use std::time::Duration;

    use serde::{Deserialize, Deserializer};

    /// Reads one.
    pub(crate) fn parse(text: &str) -> Result<Duration, String> {
        let span: jiff::SignedDuration = text
            .parse()
            .map_err(|_| format!("{text}: not a duration such as 200ms, 0.2s or 2m"))?;
        Duration::try_from(span).map_err(|_| format!("{text}: a duration can't be negative"))
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Duration, D::Error> {
        parse(&String::deserialize(from)?).map_err(serde::de::Error::custom)
    }
}

/// The same, or none.
pub(crate) mod duration_option {
    use std::time::Duration;

    use serde::{Deserialize, Deserializer};

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(
        from: D,
    ) -> Result<Option<Duration>, D::Error> {
        Option::<String>::deserialize(from)?
            .map(|text| super::duration::parse(&text).map_err(serde::de::Error::custom))
            .transpose()
    }
}

/// Reads a duration such as `200ms`, `0.2s` or `2m`.
///
/// # Errors
/// It is none; the text says what one is like.
pub fn parse_duration(text: &str) -> Result<Duration, String> {
    duration::parse(text)
}
