//! Jobs, their logs, and kill orders.

use std::sync::Arc;

use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::IntoResponse;
use axum::routing::get;
use axum::{Json, Router};
use jiff::Timestamp;
use serde_json::{Value, json};

use super::request::since;
use super::{ApiError, Caller, Reply};
use crate::connect_stand_in::server::Shared;
use crate::connect_stand_in::world::{Job, JobState};

pub(crate) fn routes() -> Router<Arc<Shared>> {
    Router::new()
        .route("/v1/content/{guid}/jobs", get(list))
        .route("/v1/content/{guid}/jobs/{key}", get(show).delete(kill))
        .route("/v1/content/{guid}/jobs/{key}/log", get(log))
        .route("/v1/content/{guid}/jobs/{key}/error", get(error))
}

/// The newest first.
async fn list(
    State(shared): State<Arc<Shared>>,
    caller: Caller,
    Path(guid): Path<String>,
) -> Reply {
    let world = shared.world();
    since(&world, 2022, 10)?;
    let item = caller.own_item(&world, &guid)?;
    let jobs: Vec<Value> = item
        .jobs
        .iter()
        .rev()
        .map(|job| world.job_json(&item, job))
        .collect();
    Ok(Json(jobs).into_response())
}

fn find<'a>(jobs: &'a [Job], key: &str) -> Result<&'a Job, ApiError> {
    jobs.iter()
        .find(|job| job.key == key)
        .ok_or_else(ApiError::not_there)
}

async fn show(
    State(shared): State<Arc<Shared>>,
    caller: Caller,
    Path((guid, key)): Path<(String, String)>,
) -> Reply {
    let world = shared.world();
    let item = caller.own_item(&world, &guid)?;
    let job = find(&item.jobs, &key)?;
    Ok(Json(world.job_json(&item, job)).into_response())
}

async fn kill(
    State(shared): State<Arc<Shared>>,
    caller: Caller,
    Path((guid, key)): Path<(String, String)>,
) -> Reply {
    let mut world = shared.world();
    let order = world.random.guid();
    let item = caller.own_item(&world, &guid)?;
    let job = find(&item.jobs, &key)?;
    if job.state != JobState::Active {
        let error = "The specified job cannot be terminated because it is not active";
        return Err(ApiError::new(409, 163, error));
    }
    let answer = json!({
        "guid": order,
        "app_id": item.id,
        "app_guid": item.guid,
        "job_id": job.id,
        "job_key": job.key,
        "result": "Order to kill job registered",
    });
    if let Some(item) = world.item_mut(&guid) {
        for job in item.jobs.iter_mut().filter(|job| job.key == key) {
            job.state = JobState::Ended {
                at: Timestamp::now(),
                exit_code: Some(137),
            };
        }
    }
    Ok(Json(answer).into_response())
}

async fn log(
    State(shared): State<Arc<Shared>>,
    caller: Caller,
    Path((guid, key)): Path<(String, String)>,
) -> Reply {
    let world = shared.world();
    let item = caller.own_item(&world, &guid)?;
    let entries: Vec<Value> = find(&item.jobs, &key)?
        .log
        .iter()
        .map(|(at, line)| json!({ "source": "stderr", "timestamp": at.to_string(), "data": line }))
        .collect();
    Ok(Json(json!({ "entries": entries })).into_response())
}

async fn error(
    State(shared): State<Arc<Shared>>,
    caller: Caller,
    Path((guid, key)): Path<(String, String)>,
) -> Reply {
    let world = shared.world();
    let item = caller.own_item(&world, &guid)?;
    find(&item.jobs, &key)?;
    Ok(StatusCode::NO_CONTENT.into_response())
}
