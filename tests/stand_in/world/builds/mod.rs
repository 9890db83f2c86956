//! Builds: the queue, the work, and what it changes.

mod course;
mod queue;

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use serde::Serialize;
use serde_json::{Value, json};
use tokio::sync::oneshot;

use super::{Item, JobState, Language, World};
use crate::connect_stand_in::server::Shared;
use course::{Course, PackageCache};
use queue::{Hurry, Queue, Turn};

/// What a build was asked to do and did.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Build {
    /// The item.
    pub guid: String,
    /// The bundle.
    pub bundle_id: String,
    /// The task that its submitter polls.
    pub task_id: String,
    /// What was asked for.
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
    /// Never, for the server: the pod that saw to it went away.
    Orphaned,
}

/// What to build.
pub(crate) struct Order {
    pub(crate) guid: String,
    pub(crate) bundle: u64,
    pub(crate) activate: bool,
    pub(crate) work: Work,
    pub(crate) node: usize,
}

/// All builds that ever were, and the queue of those to come.
#[derive(Default)]
pub(crate) struct Builds {
    pub(crate) all: Vec<Build>,
    pub(crate) queue: Queue,
    /// Work of others in the queue, one more each time that it is looked at.
    pub(crate) crowd: Option<usize>,
    package_caches: HashMap<(Language, String), PackageCache>,
}

/// Takes an order; gives the id of its task.
pub(crate) fn submit(shared: &Arc<Shared>, order: Order) -> String {
    let mut world = shared.world();
    let task_id = world.add_task(order.node);
    let index = world.builds.all.len();
    let submitted_ms = world.clock_ms();
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
    let turn = world.builds.queue.join(index);
    world.start_builds();
    drop(world);
    tokio::spawn(run(Arc::clone(shared), index, turn));
    task_id
}

/// One build from the queue to its end.
async fn run(shared: Arc<Shared>, index: usize, turn: oneshot::Receiver<Turn>) {
    let Ok((course, hurry)) = turn.await else {
        return; // the server ends, or the build ended before it began
    };
    let began = tokio::time::Instant::now();
    if course.orphaned {
        shared.world().orphan(index, &course);
        return;
    }
    let steps = u32::try_from(course.lines.len()).unwrap_or(u32::MAX).max(1);
    for (line, step) in course.lines.iter().zip(0_u32..) {
        reached(began + course.time * step / steps, &hurry).await;
        if !shared.world().build_line(index, &course, line) {
            return;
        }
    }
    reached(began + course.time, &hurry).await;
    shared.world().end_build(index, &course);
}

/// Lets a build's time pass, unless it shall come to its end.
async fn reached(time: tokio::time::Instant, hurry: &Hurry) {
    // A copy is told again: the stretches that follow are cut short too.
    let mut hurry = hurry.clone();
    tokio::select! {
        biased;
        _ = hurry.changed() => {}
        () = tokio::time::sleep_until(time) => {}
    }
}

impl World {
    /// Lets builds leave the queue as far as the limit has room. What each will do is decided
    /// here, not when its task comes to its first line: what counts as running has begun.
    pub(crate) fn start_builds(&mut self) {
        let limit = self.config.build_limit.unwrap_or(usize::MAX);
        while let Some((index, turn)) = self.builds.queue.next(limit) {
            if let Some(course) = self.start_build(index) {
                // Nobody waits for it only when the server ends.
                let _ = turn.send((course, self.builds.queue.hurry()));
            }
        }
    }

    fn clock_ms(&self) -> u64 {
        u64::try_from(self.clock().as_millis()).unwrap_or(u64::MAX)
    }

    fn start_build(&mut self, index: usize) -> Option<Course> {
        let now = self.clock_ms();
        let build = self.builds.all.get_mut(index)?;
        if build.end.is_some() {
            // Lost in a restart while it waited: it gives its place to the next.
            self.builds.queue.leave();
            return None;
        }
        build.started_ms = Some(now);
        let build = build.clone();
        let Some(item) = self.item(&build.guid).cloned() else {
            self.finish(index, BuildEnd::Gone, "The content no longer exists");
            return None;
        };
        let bundle = build.bundle_id.parse().ok().and_then(|id| item.bundle(id));
        let Some(bundle) = bundle else {
            self.fail(index, None, "The bundle no longer exists");
            return None;
        };
        Some(self.course(&build, &item, bundle))
    }

    /// The build of this number, if it goes on.
    fn going_on(&self, index: usize) -> Option<Build> {
        let build = self.builds.all.get(index)?;
        build.end.is_none().then(|| build.clone())
    }

    /// A line more. Says whether the build goes on.
    fn build_line(&mut self, index: usize, course: &Course, line: &str) -> bool {
        let Some(build) = self.going_on(index) else {
            return false;
        };
        self.task_line(&build.task_id, line.to_owned());
        if self.is_gone_or_killed(index, &build, course) {
            return false;
        }
        let item = self.item_mut(&build.guid);
        if let Some(job) = item.and_then(|item| item.job_mut(course.job.as_deref())) {
            job.log.push((Timestamp::now(), line.to_owned()));
        }
        true
    }

    /// Ends the build if its item was deleted, or its job got a kill order.
    fn is_gone_or_killed(&mut self, index: usize, build: &Build, course: &Course) -> bool {
        let Some(item) = self.item_mut(&build.guid) else {
            self.finish(index, BuildEnd::Gone, "The content no longer exists");
            return true;
        };
        let job = item.job_mut(course.job.as_deref());
        let killed = job.is_some_and(|job| job.state != JobState::Active);
        if killed {
            self.fail(index, None, "The build was ended by a kill order");
        }
        killed
    }

    fn end_build(&mut self, index: usize, course: &Course) {
        let Some(build) = self.going_on(index) else {
            return;
        };
        if self.is_gone_or_killed(index, &build, course) {
            return;
        }
        if let Some(error) = &course.failure {
            self.fail(index, course.job.as_deref(), error);
            return;
        }
        let environment = course.environment.clone();
        let rendering = self.new_id();
        if let Some(item) = self.item_mut(&build.guid) {
            end_job(item, course.job.as_deref(), 0);
            item.built(&build, environment.as_ref(), rendering);
        }
        if let Some(environment) = environment {
            for (language, version) in &course.languages {
                self.fill_cache(*language, version, environment.image.as_deref());
                let key = (*language, version.clone());
                if let Some(cache) = self.builds.package_caches.get_mut(&key) {
                    cache.warm = true;
                }
            }
        }
        self.finish(index, BuildEnd::Succeeded, "");
    }

    /// What an evicted pod of the server leaves behind: a task and a job that nobody ends.
    fn orphan(&mut self, index: usize, course: &Course) {
        let now = self.clock_ms();
        let Some(build) = self.builds.all.get_mut(index) else {
            return;
        };
        (build.end, build.ended_ms) = (Some(BuildEnd::Orphaned), Some(now));
        let guid = build.guid.clone();
        self.builds.queue.leave();
        self.builds.queue.close();
        self.start_builds();
        if let Some(item) = self.item_mut(&guid) {
            item.failures += 1;
            if let Some(job) = item.job_mut(course.job.as_deref()) {
                job.stopped = Some(Timestamp::now() - jiff::SignedDuration::from_mins(10));
            }
        }
    }

    fn fail(&mut self, index: usize, job: Option<&str>, error: &str) {
        let guid = self.builds.all.get(index).map(|build| build.guid.clone());
        if let Some(item) = guid.and_then(|guid| self.item_mut(&guid)) {
            item.failures += 1;
            end_job(item, job, 1);
        }
        self.finish(index, BuildEnd::Failed, error);
    }

    /// The end of a build that had left the queue.
    fn finish(&mut self, index: usize, end: BuildEnd, error: &str) {
        let now = self.clock_ms();
        let Some(build) = self.builds.all.get_mut(index) else {
            return;
        };
        build.end = Some(end);
        build.ended_ms = Some(now);
        let task = build.task_id.clone();
        self.builds.queue.leave();
        self.builds.queue.close();
        self.start_builds();
        let (code, result) = if end == BuildEnd::Succeeded {
            (0, Value::Null)
        } else {
            (1, json!({ "type": "build-failed-error", "data": error }))
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
        let now = self.clock_ms();
        let mut lost = Vec::new();
        for build in &mut self.builds.all {
            if build.end.is_some() || !concerned(build.node) {
                continue;
            }
            build.end = Some(BuildEnd::Lost);
            build.ended_ms = Some(now);
            self.builds.queue.close();
            if build.started_ms.is_some() {
                self.builds.queue.leave();
            }
            lost.push(build.guid.clone());
        }
        for guid in lost {
            let jobs = self.item_mut(&guid).map(|item| &mut item.jobs);
            for job in jobs.into_iter().flatten() {
                if job.state == JobState::Active {
                    job.state = JobState::Ended {
                        at: Timestamp::now(),
                        exit_code: None,
                    };
                }
            }
        }
        self.start_builds();
    }
}

fn end_job(item: &mut Item, key: Option<&str>, exit_code: i32) {
    if let Some(job) = item.job_mut(key) {
        job.state = JobState::Ended {
            at: Timestamp::now(),
            exit_code: Some(exit_code),
        };
    }
}

/// A share of a time, for a number that is one.
fn times(time: Duration, factor: f64) -> Duration {
    Duration::try_from_secs_f64(time.as_secs_f64() * factor.max(0.0)).unwrap_or(time)
}
