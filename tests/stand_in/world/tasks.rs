//! Tasks: work that goes on after the answer to the request that began it.

use std::sync::Arc;
use std::time::Instant;

use serde_json::{Value, json};
use tokio::sync::Notify;

use super::World;

/// One task. What a build does to it is in `builds`.
pub(crate) struct Task {
    /// The node it runs on, the only one that knows it.
    pub(crate) node: usize,
    pub(crate) output: Vec<String>,
    pub(crate) end: Option<TaskEnd>,
    /// Told of every line and of the end.
    pub(crate) changed: Arc<Notify>,
}

/// How a task ended.
pub(crate) struct TaskEnd {
    pub(crate) code: i64,
    pub(crate) error: String,
    pub(crate) result: Value,
    at: Instant,
}

impl Task {
    /// What `/v1/tasks/{id}` shows, without the first lines.
    pub(crate) fn json(&self, id: &str, skip: usize) -> Value {
        json!({
            "id": id,
            "output": self.output.get(skip..).unwrap_or_default(),
            "result": self.end.as_ref().map_or(Value::Null, |end| end.result.clone()),
            "finished": self.end.is_some(),
            "code": self.end.as_ref().map_or(0, |end| end.code),
            "error": self.end.as_ref().map_or("", |end| &end.error),
            "last": self.output.len(),
        })
    }
}

impl World {
    /// A new task on a node; gives its id.
    pub(crate) fn add_task(&mut self, node: usize) -> String {
        let id = self.random.key(16);
        self.tasks.insert(
            id.clone(),
            Task {
                node,
                output: Vec::new(),
                end: None,
                changed: Arc::new(Notify::new()),
            },
        );
        id
    }

    /// A line more. Nothing happens where the task is no longer known.
    pub(crate) fn task_line(&mut self, id: &str, line: String) {
        if let Some(task) = self.tasks.get_mut(id) {
            task.output.push(line);
            task.changed.notify_waiters();
        }
    }

    /// The end of it.
    pub(crate) fn end_task(&mut self, id: &str, code: i64, error: String, result: Value) {
        if let Some(task) = self.tasks.get_mut(id) {
            task.end = Some(TaskEnd {
                code,
                error,
                result,
                at: Instant::now(),
            });
            task.changed.notify_waiters();
        }
    }

    /// The task, if this node knows it (still).
    pub(crate) fn task(&self, id: &str, node: usize) -> Option<&Task> {
        let task = self.tasks.get(id).filter(|task| task.node == node)?;
        let forgotten = match (&task.end, self.config.task_retention) {
            (Some(end), Some(retention)) => end.at.elapsed() > retention,
            _ => false,
        };
        (!forgotten).then_some(task)
    }
}
