//! `/v1/tasks/{id}`.

use std::sync::Arc;
use std::time::Duration;

use axum::extract::{Path, Query, State};
use axum::response::IntoResponse;
use axum::routing::get;
use axum::{Json, Router};
use serde::Deserialize;
use tokio::time::Instant;

use super::{ApiError, Caller, Reply};
use crate::connect_stand_in::server::Shared;

pub(crate) fn routes() -> Router<Arc<Shared>> {
    Router::new().route("/v1/tasks/{id}", get(show))
}

#[derive(Deserialize)]
struct Poll {
    #[serde(default)]
    first: usize,
    /// In seconds.
    #[serde(default)]
    wait: f64,
}

/// Answers when the task has ended, or when the wait is over.
async fn show(
    State(shared): State<Arc<Shared>>,
    caller: Caller,
    Path(id): Path<String>,
    Query(poll): Query<Poll>,
) -> Reply {
    let wait = Duration::try_from_secs_f64(poll.wait.max(0.0)).unwrap_or_default();
    let until = Instant::now() + wait;
    loop {
        let mut change = {
            let world = shared.world();
            let task = world.task(&id, caller.node).ok_or_else(|| {
                ApiError::new(
                    404,
                    141,
                    "The specified task does not exist. If this server has several nodes, the \
                     session cookie of the request that began the task must be sent.",
                )
            })?;
            let has_news = world.config.poll_ends_on_output && task.output.len() > poll.first;
            if task.end.is_some() || has_news || Instant::now() >= until {
                return Ok(Json(task.json(&id, poll.first)).into_response());
            }
            let mut change = Box::pin(Arc::clone(&task.changed).notified_owned());
            change.as_mut().enable();
            change
        };
        tokio::select! {
            () = change.as_mut() => {}
            () = tokio::time::sleep_until(until) => {}
        }
    }
}
