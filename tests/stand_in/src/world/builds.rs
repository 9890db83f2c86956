//! Builds: the queue, the work, and what it changes.

use std::collections::{HashMap, VecDeque};
use std::sync::Arc;
use std::time::{Duration, Instant};

use jiff::Timestamp;
use serde::Serialize;
use serde_json::{Value, json};
use tokio::sync::oneshot;

use super::{Job, JobState, Language, Rendering, World, runtimes};
use crate::config::Outcome;
use crate::server::Shared;

/// What a build was asked to do and did.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Build {
    /// The item.
    pub guid: String,
    /// The bundle.
    pub bundle_id: String,
    /// The task that its submitter polls.
    pub task_id: String,
    /// What was asked for: `build`, `deploy` or `render`.
    pub work: Work,
    /// Whether the bundle becomes the active one.
    pub activate: bool,
    /// The node that works on it.
    pub node: usize,
    /// When it was submitted, in milliseconds from the server's start.
    pub submitted_ms: u64,
    /// When it left the queue.
    pub started_ms: Option<u64>,
    /// When it ended.
    pub ended_ms: Option<u64>,
    /// How it ended.
    pub end: Option<BuildEnd>,
}

/// What is done with a bundle.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Work {
    /// Packages are restored.
    Build,
    /// The same, and documents are rendered.
    Deploy,
    /// Documents are rendered.
    Render,
}

/// How a build ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum BuildEnd {
    /// Well.
    Succeeded,
    /// With an error.
    Failed,
    /// With the server, when it was restarted.
    Lost,
    /// The item was deleted meanwhile.
    Gone,
}

/// What to build.
pub(crate) struct Order {
    pub(crate) guid: String,
    pub(crate) bundle: u64,
    pub(crate) activate: bool,
    pub(crate) work: Work,
    pub(crate) node: usize,
}

/// The queue, and all builds that ever were.
#[derive(Default)]
pub(crate) struct Builds {
    pub(crate) all: Vec<Build>,
    queue: VecDeque<oneshot::Sender<()>>,
    running: usize,
    /// The largest number that ran at once.
    pub(crate) most_running: usize,
    /// The largest number submitted and not ended at once.
    pub(crate) most_open: usize,
    open: usize,
    /// The last start for a language version, and whether its package cache has something in it.
    package_caches: HashMap<(Language, String), PackageCache>,
}

struct PackageCache {
    last_start: Instant,
    warm: bool,
}

/// What a running build does, decided at its start.
struct Course {
    job: Option<String>,
    lines: Vec<String>,
    time: Duration,
    failure: Option<String>,
    environment: Option<usize>,
}

/// Takes an order; gives the id of its task.
pub(crate) fn submit(shared: &Arc<Shared>, order: Order) -> String {
    let mut world = shared.world();
    let task_id = world.add_task(order.node);
    let index = world.builds.all.len();
    let submitted_ms = millis(world.clock());
    world.builds.all.push(Build {
        guid: order.guid,
        bundle_id: order.bundle.to_string(),
        task_id: task_id.clone(),
        work: order.work,
        activate: order.activate,
        node: order.node,
        submitted_ms,
        started_ms: None,
        ended_ms: None,
        end: None,
    });
    world.builds.open += 1;
    world.builds.most_open = world.builds.most_open.max(world.builds.open);
    let (turn, wait) = oneshot::channel();
    world.builds.queue.push_back(turn);
    world.start_builds();
    drop(world);
    tokio::spawn(run(Arc::clone(shared), index, wait));
    task_id
}

/// One build from the queue to its end.
async fn run(shared: Arc<Shared>, index: usize, turn: oneshot::Receiver<()>) {
    if turn.await.is_err() {
        return; // lost in a restart
    }
    let began = tokio::time::Instant::now();
    let Some(course) = shared.world().start_build(index) else {
        return;
    };
    let steps = u32::try_from(course.lines.len()).unwrap_or(u32::MAX).max(1);
    for (line, step) in course.lines.iter().zip(0_u32..) {
        tokio::time::sleep_until(began + course.time * step / steps).await;
        if !shared
            .world()
            .build_line(index, course.job.as_deref(), line)
        {
            return;
        }
    }
    tokio::time::sleep_until(began + course.time).await;
    shared.world().end_build(index, &course);
}

impl World {
    /// Lets builds leave the queue as far as the limit has room.
    pub(crate) fn start_builds(&mut self) {
        let limit = self.config.build_limit.unwrap_or(usize::MAX);
        while self.builds.running < limit {
            let Some(turn) = self.builds.queue.pop_front() else {
                break;
            };
            // One that was lost meanwhile no longer listens.
            if turn.send(()).is_ok() {
                self.builds.running += 1;
                self.builds.most_running = self.builds.most_running.max(self.builds.running);
            }
        }
    }

    /// The number that were submitted and haven't ended.
    pub(crate) fn open_builds(&self) -> usize {
        self.builds.open
    }

    fn start_build(&mut self, index: usize) -> Option<Course> {
        let now = millis(self.clock());
        let build = self.builds.all.get_mut(index)?;
        if build.end.is_some() {
            // Lost in a restart while it waited: it gives its place to the next.
            self.builds.running -= 1;
            self.start_builds();
            return None;
        }
        build.started_ms = Some(now);
        let build = build.clone();
        let Some(item) = self.item(&build.guid).cloned() else {
            self.finish(index, BuildEnd::Gone, 1, "The content no longer exists");
            return None;
        };
        let Some(bundle) = build
            .bundle_id
            .parse()
            .ok()
            .and_then(|id| item.bundle(id))
            .cloned()
        else {
            self.fail(index, None, "The bundle no longer exists");
            return None;
        };
        let base = item.build_time.unwrap_or(self.config.build_time);
        let jitter = self.config.build_jitter * (self.random.unit() * 2.0 - 1.0);
        let mut course = Course {
            job: None,
            lines: Vec::new(),
            time: base.mul_f64((1.0 + jitter).max(0.0)),
            failure: None,
            environment: None,
        };
        if bundle.app_mode == "static" {
            course.lines.push("Building static content...".to_owned());
            course.time = course.time.min(Duration::from_millis(5));
            return Some(course);
        }
        let (r, python) = (bundle.r_version.clone(), bundle.py_version.clone());
        match runtimes::choose(&self.environments, r.as_deref(), python.as_deref()) {
            Ok(environment) => {
                let id = environment.id;
                course.environment = self.environments.iter().position(|one| one.id == id);
            }
            Err(error) => course.failure = Some(error),
        }
        let fails = match item.outcome {
            Outcome::Succeed => false,
            Outcome::Fail => true,
            Outcome::FailFirst(times) => item.failures < times,
        };
        if fails && course.failure.is_none() {
            course.failure = Some("An error occurred while building the content".to_owned());
        }
        self.race(&mut course);
        self.start_job(&build, &bundle, &mut course);
        course.lines = self.lines(&build, &bundle, &course);
        Some(course)
    }

    /// Builds that begin together for an empty package cache get into each other's way: the first
    /// goes on, those close behind it fail.
    fn race(&mut self, course: &mut Course) {
        let window = self.config.race_window;
        let Some(environment) = course.environment.and_then(|at| self.environments.get(at)) else {
            return;
        };
        if window.is_zero() {
            return;
        }
        let now = Instant::now();
        for key in [
            (Language::R, environment.r.to_owned()),
            (Language::Python, environment.python.to_owned()),
        ] {
            let cache = self.builds.package_caches.entry(key);
            let state = cache.or_insert(PackageCache {
                last_start: now.checked_sub(window * 2).unwrap_or(now),
                warm: false,
            });
            if !state.warm && now.duration_since(state.last_start) < window {
                course.failure.get_or_insert_with(|| {
                    "An error occurred while building the content".to_owned()
                });
            }
            state.last_start = now;
        }
    }

    fn start_job(&mut self, build: &Build, bundle: &super::Bundle, course: &mut Course) {
        let tag = match (build.work, &bundle.r_version, &bundle.py_version) {
            (Work::Render, _, Some(_)) => "build_jupyter",
            (Work::Render, ..) => "build_report",
            (_, Some(_), _) => "packrat_restore",
            (_, None, Some(_)) => "python_restore",
            _ => return,
        };
        let (id, key) = (self.new_id(), self.random.key(16));
        let image = course
            .environment
            .and_then(|at| self.environments.get(at))
            .and_then(|environment| environment.image.clone());
        course.job = Some(key.clone());
        if let Some(item) = self.item_mut(&build.guid) {
            item.jobs.push(Job {
                id,
                key,
                tag,
                bundle: bundle.id,
                started: Timestamp::now(),
                state: JobState::Active,
                image,
                log: Vec::new(),
            });
        }
    }

    fn lines(&self, build: &Build, bundle: &super::Bundle, course: &Course) -> Vec<String> {
        let what = match build.work {
            Work::Render => "Rendering",
            Work::Build | Work::Deploy => "Building",
        };
        let mut lines = vec![format!("{what} {} ({})...", bundle.app_mode, build.guid)];
        lines.push(format!(
            "Bundle requested R version {}; Python version {}",
            bundle.r_version.as_deref().unwrap_or("none"),
            bundle.py_version.as_deref().unwrap_or("none")
        ));
        if let Some(environment) = course.environment.and_then(|at| self.environments.get(at)) {
            lines.push(format!(
                "Using R {}, Python {} from {}",
                environment.r,
                environment.python,
                environment.image.as_deref().unwrap_or("Local")
            ));
        }
        while lines.len() + 1 < self.config.log_lines {
            lines.push(format!(
                "Installing package {} of {}",
                lines.len() - 2,
                self.config.log_lines.saturating_sub(4)
            ));
        }
        lines.push(match &course.failure {
            Some(error) => format!("Build error: {error}"),
            None => "Completed environment restore.".to_owned(),
        });
        lines
    }

    /// Whether the build still goes on.
    fn build_line(&mut self, index: usize, job: Option<&str>, line: &str) -> bool {
        let Some(build) = self
            .builds
            .all
            .get(index)
            .filter(|build| build.end.is_none())
        else {
            return false;
        };
        let (task, guid) = (build.task_id.clone(), build.guid.clone());
        self.task_line(&task, line.to_owned());
        let Some(item) = self.item_mut(&guid) else {
            self.finish(index, BuildEnd::Gone, 1, "The content no longer exists");
            return false;
        };
        if let Some(job) = item
            .jobs
            .iter_mut()
            .rev()
            .find(|one| Some(one.key.as_str()) == job)
        {
            if matches!(job.state, JobState::Ended { .. }) {
                self.fail(index, None, "The build was ended by a kill order");
                return false;
            }
            job.log.push((Timestamp::now(), line.to_owned()));
        }
        true
    }

    fn end_build(&mut self, index: usize, course: &Course) {
        let Some(build) = self
            .builds
            .all
            .get(index)
            .filter(|build| build.end.is_none())
            .cloned()
        else {
            return;
        };
        let Some(item) = self.item(&build.guid) else {
            self.finish(index, BuildEnd::Gone, 1, "The content no longer exists");
            return;
        };
        let killed = item.jobs.iter().any(|job| {
            Some(&job.key) == course.job.as_ref() && matches!(job.state, JobState::Ended { .. })
        });
        if killed {
            self.fail(index, None, "The build was ended by a kill order");
            return;
        }
        if let Some(error) = &course.failure {
            self.fail(index, course.job.as_deref(), error);
            return;
        }
        let environment = course
            .environment
            .and_then(|at| self.environments.get(at))
            .cloned();
        let bundle_id: u64 = build.bundle_id.parse().unwrap_or(0);
        let rendering = self.new_id();
        let Some(item) = self.item_mut(&build.guid) else {
            return;
        };
        end_job(item, course.job.as_deref(), 0);
        if build.activate && build.work != Work::Render {
            item.active = Some(bundle_id);
        }
        if build.work != Work::Build && item.is_rendered() {
            item.rendering = Some(Rendering {
                variant: item.rendering.as_ref().map_or(rendering, |one| one.variant),
                key: item
                    .rendering
                    .as_ref()
                    .map_or_else(|| "default1".to_owned(), |one| one.key.clone()),
                rendering,
                rendered: Timestamp::now(),
            });
        }
        if build.work == Work::Deploy {
            item.last_deployed = Timestamp::now();
        }
        let is_active = item.active == Some(bundle_id);
        let bundle = item
            .bundles
            .iter_mut()
            .find(|bundle| bundle.id == bundle_id);
        if let (Some(environment), Some(bundle)) = (&environment, bundle) {
            bundle.built = Some((environment.cluster(), environment.image.clone()));
            let (mode, r, python, quarto) = (
                bundle.app_mode.clone(),
                bundle.r_version.as_ref().map(|_| environment.r.to_owned()),
                bundle
                    .py_version
                    .as_ref()
                    .map(|_| environment.python.to_owned()),
                bundle
                    .quarto_version
                    .as_ref()
                    .map(|_| environment.quarto.to_owned()),
            );
            if is_active {
                item.app_mode = mode;
                item.cluster = Some(environment.cluster());
                item.image.clone_from(&environment.image);
                item.environment_guid =
                    environment.image.as_ref().map(|_| environment.guid.clone());
                (item.r_version, item.py_version, item.quarto_version) =
                    (r.clone(), python.clone(), quarto);
            }
            for (language, version) in [(Language::R, r), (Language::Python, python)] {
                if let Some(version) = version {
                    self.fill_cache(language, &version, environment.image.as_deref());
                    if let Some(cache) = self.builds.package_caches.get_mut(&(language, version)) {
                        cache.warm = true;
                    }
                }
            }
        }
        self.finish(index, BuildEnd::Succeeded, 0, "");
    }

    fn fail(&mut self, index: usize, job: Option<&str>, error: &str) {
        let guid = self.builds.all.get(index).map(|build| build.guid.clone());
        if let Some(item) = guid.and_then(|guid| self.item_mut(&guid)) {
            item.failures += 1;
            end_job(item, job, 1);
        }
        self.finish(index, BuildEnd::Failed, 1, error);
    }

    fn finish(&mut self, index: usize, end: BuildEnd, code: i64, error: &str) {
        let now = millis(self.clock());
        let Some(build) = self.builds.all.get_mut(index) else {
            return;
        };
        build.end = Some(end);
        build.ended_ms = Some(now);
        let task = build.task_id.clone();
        self.builds.open -= 1;
        self.builds.running -= 1;
        self.start_builds();
        let result = if code == 0 {
            Value::Null
        } else {
            json!({ "type": "build-failed-error", "data": error })
        };
        self.end_task(&task, code, error.to_owned(), result);
    }

    /// What a restart of a node (or, without one, of all) does: its tasks are no longer known;
    /// its builds end with it, or go on.
    pub(crate) fn forget_tasks(&mut self, node: Option<usize>, builds_end: bool) {
        let concerned = |at: usize| node.is_none_or(|node| node == at);
        for task in self.tasks.values().filter(|task| concerned(task.node)) {
            task.changed.notify_waiters();
        }
        self.tasks.retain(|_, task| !concerned(task.node));
        if !builds_end {
            return;
        }
        let now = millis(self.clock());
        let lost: Vec<String> = self
            .builds
            .all
            .iter_mut()
            .filter(|build| build.end.is_none() && concerned(build.node))
            .map(|build| {
                build.end = Some(BuildEnd::Lost);
                build.ended_ms = Some(now);
                if build.started_ms.is_some() {
                    self.builds.running -= 1;
                }
                self.builds.open -= 1;
                build.guid.clone()
            })
            .collect();
        for guid in lost {
            if let Some(item) = self.item_mut(&guid) {
                for job in &mut item.jobs {
                    if job.state == JobState::Active {
                        job.state = JobState::Ended {
                            at: Timestamp::now(),
                            exit_code: None,
                        };
                    }
                }
            }
        }
        self.start_builds();
    }
}

fn end_job(item: &mut super::Item, key: Option<&str>, exit_code: i32) {
    if let Some(job) = item
        .jobs
        .iter_mut()
        .rev()
        .find(|job| Some(job.key.as_str()) == key)
    {
        job.state = JobState::Ended {
            at: Timestamp::now(),
            exit_code: Some(exit_code),
        };
    }
}

fn millis(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}
