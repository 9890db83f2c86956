//! Content items with their bundles and jobs.

use std::collections::BTreeMap;
use std::time::Duration;

use axum::body::Bytes;
use jiff::Timestamp;
use serde_json::Value;

use super::{Build, Environment, Work};
use crate::connect_stand_in::config::Outcome;

/// Settings of an item that are null until somebody sets them, and the type each has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Setting {
    /// A whole number.
    Whole,
    /// A number.
    Number,
    /// A text.
    Text,
    /// Yes or no.
    Flag,
}

impl Setting {
    /// Those that PATCH takes, in the order in which an item shows them.
    pub(crate) const RUN: [(&'static str, Self); 15] = [
        ("connection_timeout", Self::Whole),
        ("read_timeout", Self::Whole),
        ("init_timeout", Self::Whole),
        ("idle_timeout", Self::Whole),
        ("max_processes", Self::Whole),
        ("min_processes", Self::Whole),
        ("max_conns_per_process", Self::Whole),
        ("load_factor", Self::Number),
        ("memory_request", Self::Whole),
        ("memory_limit", Self::Whole),
        ("cpu_request", Self::Number),
        ("cpu_limit", Self::Number),
        ("amd_gpu_limit", Self::Whole),
        ("nvidia_gpu_limit", Self::Whole),
        ("service_account_name", Self::Text),
    ];

    /// All that PATCH takes and that may be null.
    pub(crate) const ALL: [(&'static str, Self); 21] = {
        let mut all = [("", Self::Text); 21];
        let mut at = 0;
        while at < Self::RUN.len() {
            all[at] = Self::RUN[at];
            at += 1;
        }
        all[15] = ("default_image_name", Self::Text);
        all[16] = ("default_environment_guid", Self::Text);
        all[17] = ("default_r_environment_management", Self::Flag);
        all[18] = ("default_py_environment_management", Self::Flag);
        all[19] = ("metrics_collection_enabled", Self::Flag);
        all[20] = ("notify_on_share", Self::Flag);
        all
    };

    /// Whether a value may stand for it; null always may.
    pub(crate) fn takes(self, value: &Value) -> bool {
        value.is_null()
            || match self {
                Self::Whole => value.is_i64() || value.is_u64(),
                Self::Number => value.is_number(),
                Self::Text => value.is_string(),
                Self::Flag => value.is_boolean(),
            }
    }
}

/// One content item.
#[derive(Debug, Clone)]
pub(crate) struct Item {
    pub(crate) guid: String,
    pub(crate) id: u64,
    pub(crate) name: String,
    pub(crate) title: Option<String>,
    pub(crate) description: String,
    pub(crate) access_type: String,
    pub(crate) locked: bool,
    pub(crate) locked_message: String,
    /// What PATCH set of [`Setting`]s.
    pub(crate) settings: BTreeMap<&'static str, Value>,
    pub(crate) created: Timestamp,
    pub(crate) last_deployed: Timestamp,
    /// The bundle that is live.
    pub(crate) active: Option<u64>,
    pub(crate) app_mode: String,
    pub(crate) content_category: String,
    pub(crate) parameterized: bool,
    /// `None` until something was deployed.
    pub(crate) cluster: Option<&'static str>,
    pub(crate) image: Option<String>,
    pub(crate) environment_guid: Option<String>,
    pub(crate) r_version: Option<String>,
    pub(crate) py_version: Option<String>,
    pub(crate) quarto_version: Option<String>,
    pub(crate) run_as: Option<String>,
    pub(crate) run_as_current_user: bool,
    pub(crate) owner: String,
    pub(crate) tags: Vec<u64>,
    pub(crate) vanity: Option<(String, Timestamp)>,
    /// Environment variables: their values can't be read, so none are kept.
    pub(crate) environment: Vec<String>,
    pub(crate) permissions: Vec<Permission>,
    /// In the order of upload.
    pub(crate) bundles: Vec<Bundle>,
    /// In the order of start.
    pub(crate) jobs: Vec<Job>,
    pub(crate) rendering: Option<Rendering>,
    /// How many schedules it has.
    pub(crate) schedules: u32,
    /// How its builds end.
    pub(crate) outcome: Outcome,
    /// How long its builds take, if not as all others.
    pub(crate) build_time: Option<Duration>,
    /// How many of its builds failed so far.
    pub(crate) failures: u32,
}

impl Item {
    /// A new item, nothing deployed to it.
    pub(crate) fn new(
        guid: String,
        id: u64,
        name: String,
        owner: String,
        created: Timestamp,
    ) -> Self {
        Self {
            guid,
            id,
            name,
            title: None,
            description: String::new(),
            access_type: "acl".to_owned(),
            locked: false,
            locked_message: String::new(),
            settings: BTreeMap::new(),
            created,
            last_deployed: created,
            active: None,
            app_mode: "unknown".to_owned(),
            content_category: String::new(),
            parameterized: false,
            cluster: None,
            image: None,
            environment_guid: None,
            r_version: None,
            py_version: None,
            quarto_version: None,
            run_as: None,
            run_as_current_user: false,
            owner,
            tags: Vec::new(),
            vanity: None,
            environment: Vec::new(),
            permissions: Vec::new(),
            bundles: Vec::new(),
            jobs: Vec::new(),
            rendering: None,
            schedules: 0,
            outcome: Outcome::Succeed,
            build_time: None,
            failures: 0,
        }
    }

    /// The job of a key.
    pub(crate) fn job_mut(&mut self, key: Option<&str>) -> Option<&mut Job> {
        let mut jobs = self.jobs.iter_mut().rev();
        jobs.find(|job| Some(job.key.as_str()) == key)
    }

    /// A build of a bundle ended well, in an environment if the bundle needs one.
    pub(crate) fn built(
        &mut self,
        build: &Build,
        environment: Option<&Environment>,
        rendering: u64,
    ) {
        let id: u64 = build.bundle_id.parse().unwrap_or(0);
        if build.activate && build.work != Work::Render {
            self.active = Some(id);
        }
        if build.work == Work::Deploy {
            self.last_deployed = Timestamp::now();
        }
        let is_active = self.active == Some(id);
        let Some(bundle) = self.bundles.iter_mut().find(|bundle| bundle.id == id) else {
            return;
        };
        if let Some(environment) = environment {
            bundle.built = Some((environment.cluster(), environment.image.clone()));
        }
        if is_active {
            let version = |asked: &Option<String>, has: fn(&Environment) -> &'static str| {
                asked
                    .as_ref()
                    .and(environment)
                    .map(|one| has(one).to_owned())
            };
            self.app_mode.clone_from(&bundle.app_mode);
            self.r_version = version(&bundle.r_version, |one| one.r);
            self.py_version = version(&bundle.py_version, |one| one.python);
            self.quarto_version = version(&bundle.quarto_version, |one| one.quarto);
            self.cluster = environment.map(Environment::cluster);
            self.image = environment.and_then(|one| one.image.clone());
            self.environment_guid = environment
                .filter(|one| one.image.is_some())
                .map(|one| one.guid.clone());
        }
        if build.work != Work::Build && self.is_rendered() {
            let before = self.rendering.take();
            self.rendering = Some(Rendering {
                variant: before.as_ref().map_or(rendering, |one| one.variant),
                key: before.map_or_else(|| "default1".to_owned(), |one| one.key),
                rendering,
                rendered: Timestamp::now(),
            });
        }
    }

    pub(crate) fn bundle(&self, id: u64) -> Option<&Bundle> {
        self.bundles.iter().find(|bundle| bundle.id == id)
    }

    /// The most recently uploaded bundle: what a build without a bundle takes.
    pub(crate) fn newest_bundle(&self) -> Option<&Bundle> {
        self.bundles.last()
    }

    /// Its packages: language, name and version.
    pub(crate) fn packages(
        &self,
    ) -> impl Iterator<Item = (&'static str, &'static str, &'static str)> {
        let r = [("r", "jsonlite", "1.8.9"), ("r", "rlang", "1.1.4")];
        let python = [("python", "numpy", "2.1.1"), ("python", "pandas", "2.2.3")];
        let of = |has: bool, packages: [_; 2]| packages.into_iter().filter(move |_| has);
        of(self.r_version.is_some(), r).chain(of(self.py_version.is_some(), python))
    }

    /// Whether deploying it makes documents.
    pub(crate) fn is_rendered(&self) -> bool {
        matches!(
            self.app_mode.as_str(),
            "rmd-static" | "quarto-static" | "jupyter-static"
        )
    }

    /// Whether there is no page at its root.
    pub(crate) fn is_api(&self) -> bool {
        matches!(
            self.app_mode.as_str(),
            "api" | "python-api" | "python-fastapi" | "tensorflow-saved-model"
        )
    }

    /// What the job is called that runs it; `None` for what doesn't run.
    pub(crate) fn run_tag(&self) -> Option<&'static str> {
        Some(match self.app_mode.as_str() {
            "shiny" | "rmd-shiny" | "quarto-shiny" => "run_app",
            "api" => "run_api",
            "python-api" => "run_python_api",
            "python-fastapi" => "run_fastapi_app",
            "python-dash" => "run_dash_app",
            "python-streamlit" => "run_streamlit",
            "python-bokeh" => "run_bokeh_app",
            "python-panel" => "run_panel_app",
            "python-gradio" => "run_gradio_app",
            "python-shiny" => "run_pyshiny_app",
            "jupyter-voila" => "run_voila_app",
            "tensorflow-saved-model" => "run_tensorflow",
            _ => return None,
        })
    }

    /// Whether it is used through Shiny sessions instead of visits.
    pub(crate) fn is_shiny(&self) -> bool {
        matches!(
            self.app_mode.as_str(),
            "shiny" | "rmd-shiny" | "quarto-shiny"
        )
    }
}

/// A bundle.
#[derive(Debug, Clone)]
pub(crate) struct Bundle {
    pub(crate) id: u64,
    pub(crate) created: Timestamp,
    pub(crate) app_mode: String,
    pub(crate) r_version: Option<String>,
    pub(crate) py_version: Option<String>,
    pub(crate) quarto_version: Option<String>,
    /// Where it was built last.
    pub(crate) built: Option<(&'static str, Option<String>)>,
    pub(crate) metadata: Value,
    /// What was uploaded; a made-up bundle has none, only a size.
    pub(crate) archive: Option<Bytes>,
    pub(crate) size: u64,
}

impl Bundle {
    /// A bundle that somebody sent. It is for the same as the one before it, as a look into the
    /// archive would say.
    pub(crate) fn uploaded(id: u64, item: &Item, archive: Bytes, metadata: Value) -> Self {
        let before = item.newest_bundle();
        Self {
            id,
            created: Timestamp::now(),
            app_mode: before.map_or_else(|| "static".to_owned(), |one| one.app_mode.clone()),
            r_version: before.and_then(|one| one.r_version.clone()),
            py_version: before.and_then(|one| one.py_version.clone()),
            quarto_version: before.and_then(|one| one.quarto_version.clone()),
            built: None,
            metadata,
            size: archive.len() as u64,
            archive: Some(archive),
        }
    }
}

/// A permission on an item.
#[derive(Debug, Clone)]
pub(crate) struct Permission {
    pub(crate) id: u64,
    pub(crate) principal: String,
    pub(crate) is_group: bool,
    pub(crate) role: String,
}

/// What the default variant of a document has.
#[derive(Debug, Clone)]
pub(crate) struct Rendering {
    pub(crate) variant: u64,
    pub(crate) key: String,
    pub(crate) rendering: u64,
    pub(crate) rendered: Timestamp,
}

/// A process, running or ended.
#[derive(Debug, Clone)]
pub(crate) struct Job {
    pub(crate) id: u64,
    pub(crate) key: String,
    pub(crate) tag: &'static str,
    pub(crate) bundle: u64,
    pub(crate) started: Timestamp,
    pub(crate) state: JobState,
    pub(crate) image: Option<String>,
    /// When its heart stopped, if it did.
    pub(crate) stopped: Option<Timestamp>,
    pub(crate) log: Vec<(Timestamp, String)>,
}

/// Where a job is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum JobState {
    /// Running.
    Active,
    /// Ended; the exit code isn't always known.
    Ended {
        /// When.
        at: Timestamp,
        /// With what; `None` where Connect didn't see the end.
        exit_code: Option<i32>,
    },
}
