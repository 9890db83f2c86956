//! The course of a build, decided at its start.

use std::time::{Duration, Instant};

use jiff::Timestamp;

use super::super::{Bundle, Environment, Item, Job, JobState, Language, World, runtimes};
use super::{Build, Work, times};
use crate::connect_stand_in::config::Outcome;

/// What a build will do, unless something happens to it.
pub(super) struct Course {
    /// Its job's key.
    pub(super) job: Option<String>,
    /// What it writes, spread evenly over its time.
    pub(super) lines: Vec<String>,
    pub(super) time: Duration,
    /// Why it fails, if it does.
    pub(super) failure: Option<String>,
    /// Whether nobody will bring it to its end.
    pub(super) orphaned: bool,
    /// Where it takes place.
    pub(super) environment: Option<Environment>,
    /// The languages of the bundle, with the versions that the environment has.
    pub(super) languages: Vec<(Language, String)>,
}

/// The packages of one language version, as far as it matters who comes first.
pub(super) struct PackageCache {
    last_start: Instant,
    /// Something was built with it.
    pub(super) warm: bool,
}

const FAILURE: &str = "An error occurred while building the content";

impl World {
    /// What the build of a bundle will do. Its job starts.
    pub(super) fn course(&mut self, build: &Build, item: &Item, bundle: &Bundle) -> Course {
        let base = item.build_time.unwrap_or(self.config.build_time);
        let jitter = self.config.build_jitter * self.random.unit().mul_add(2.0, -1.0);
        let mut course = Course {
            job: None,
            lines: Vec::new(),
            time: times(base, 1.0 + jitter),
            failure: None,
            orphaned: matches!(item.outcome, Outcome::OrphanFirst(times) if item.failures < times),
            environment: None,
            languages: Vec::new(),
        };
        if bundle.app_mode == "static" {
            course.lines.push("Building static content...".to_owned());
            course.time = course.time.min(Duration::from_millis(5));
            return course;
        }
        let (r, python) = (bundle.r_version.as_deref(), bundle.py_version.as_deref());
        match runtimes::choose(&self.environments, r, python) {
            Ok(environment) => {
                let of = |asked: Option<_>, language, version: &str| {
                    asked.map(|_| (language, version.to_owned()))
                };
                course.languages.extend(of(r, Language::R, environment.r));
                course
                    .languages
                    .extend(of(python, Language::Python, environment.python));
                course.environment = Some(environment.clone());
            }
            Err(error) => course.failure = Some(error),
        }
        let fails = match item.outcome {
            Outcome::Succeed | Outcome::OrphanFirst(_) => false,
            Outcome::Fail => true,
            Outcome::FailFirst(times) => item.failures < times,
        };
        if self.race_is_lost(&course.languages) || fails {
            course.failure.get_or_insert_with(|| FAILURE.to_owned());
        }
        self.start_job(build, bundle, &mut course);
        course.lines = self.lines(build, bundle, &course);
        course
    }

    /// Builds that begin together with an empty package cache get into each other's way: the first
    /// goes on, those close behind it fail.
    fn race_is_lost(&mut self, languages: &[(Language, String)]) -> bool {
        let window = self.config.race_window;
        let now = Instant::now();
        let mut lost = false;
        for key in languages {
            let before = self.builds.package_caches.get(key);
            let warm = before.is_some_and(|cache| cache.warm);
            lost |=
                !warm && before.is_some_and(|cache| now.duration_since(cache.last_start) < window);
            let cache = PackageCache {
                last_start: now,
                warm,
            };
            self.builds.package_caches.insert(key.clone(), cache);
        }
        lost
    }

    fn start_job(&mut self, build: &Build, bundle: &Bundle, course: &mut Course) {
        let tag = match (build.work, &bundle.r_version, &bundle.py_version) {
            (Work::Render, _, Some(_)) => "build_jupyter",
            (Work::Render, ..) => "build_report",
            (_, Some(_), _) => "packrat_restore",
            (_, None, Some(_)) => "python_restore",
            _ => return,
        };
        let (id, key) = (self.new_id(), self.random.key(16));
        course.job = Some(key.clone());
        if let Some(item) = self.item_mut(&build.guid) {
            item.jobs.push(Job {
                id,
                key,
                tag,
                bundle: bundle.id,
                started: Timestamp::now(),
                state: JobState::Active,
                image: course
                    .environment
                    .as_ref()
                    .and_then(|one| one.image.clone()),
                stopped: None,
                log: Vec::new(),
            });
        }
    }

    fn lines(&self, build: &Build, bundle: &Bundle, course: &Course) -> Vec<String> {
        let what = match build.work {
            Work::Render => "Rendering",
            Work::Build | Work::Deploy => "Building",
        };
        let mut lines = vec![
            format!("{what} {} ({})...", bundle.app_mode, build.guid),
            format!(
                "Bundle requested R version {}; Python version {}",
                bundle.r_version.as_deref().unwrap_or("none"),
                bundle.py_version.as_deref().unwrap_or("none")
            ),
        ];
        if let Some(environment) = &course.environment {
            lines.push(format!(
                "Using R {}, Python {} from {}",
                environment.r,
                environment.python,
                environment.image.as_deref().unwrap_or("Local")
            ));
        }
        let packages = self.config.log_lines.saturating_sub(lines.len() + 1);
        lines.extend((1..=packages).map(|one| format!("Installing package {one} of {packages}")));
        lines.push(match &course.failure {
            Some(error) => format!("Build error: {error}"),
            None => "Completed environment restore.".to_owned(),
        });
        lines
    }
}
