//! The server around the content: environments, hosts, schedules, packages, processes.

use std::collections::HashMap;
use std::sync::Arc;

use axum::extract::{Path, Query, State};
use axum::response::IntoResponse;
use axum::routing::get;
use axum::{Json, Router};
use serde_json::{Value, json};

use super::content::page;
use super::request::since;
use super::search::paging;
use super::{ApiError, Caller, Reply};
use crate::connect_stand_in::config::Execution;
use crate::connect_stand_in::server::Shared;
use crate::connect_stand_in::version::Version;
use crate::connect_stand_in::world::{Environment, JobState, World};

pub(crate) fn routes() -> Router<Arc<Shared>> {
    Router::new()
        .route("/v1/environments", get(environments))
        .route("/v1/environments/{guid}", get(environment))
        .route("/v1/system/hosts", get(hosts))
        .route("/v1/system/offhost/service-accounts", get(service_accounts))
        .route("/v1/packages", get(packages))
        .route("/v1/tags", get(tags))
        .route("/v1/experimental/schedules", get(schedules))
        .route("/v1/queue", get(queue))
        .route("/metrics/procs", get(processes))
}

fn environment_json(world: &World, environment: &Environment) -> Option<Value> {
    let image = environment.image.as_ref()?;
    let language = |name: &str, version: &str| json!({ "installations": [{ "version": version, "path": format!("/opt/{name}/{version}/bin/{name}") }] });
    let mut out = json!({
        "id": environment.id.to_string(),
        "guid": environment.guid,
        "created_time": "2026-05-01T10:00:00Z",
        "updated_time": "2026-05-01T10:00:00Z",
        "title": format!("R {}, Python {}", environment.r, environment.python),
        "description": null,
        "cluster_name": environment.cluster(),
        "name": image,
        "environment_type": "Kubernetes",
        "matching": "any",
        "supervisor": null,
        "python": language("python", environment.python),
        "quarto": language("quarto", environment.quarto),
        "r": language("R", environment.r),
        "tensorflow": { "installations": [] },
    });
    if let Some(out) = out.as_object_mut() {
        if world.config.version >= Version::new(2025, 9, 0) {
            out.insert("managed_by".to_owned(), Value::Null);
            out.insert("volume_mounts".to_owned(), json!([]));
        }
        if world.config.version >= Version::new(2026, 4, 0) {
            out.insert("nodejs".to_owned(), json!({ "installations": [] }));
        }
    }
    Some(out)
}

async fn environments(State(shared): State<Arc<Shared>>, caller: Caller) -> Reply {
    let world = shared.world();
    since(&world, 2023, 5)?;
    caller.publisher()?;
    let rows: Vec<Value> = world
        .environments
        .iter()
        .filter_map(|environment| environment_json(&world, environment))
        .collect();
    Ok(Json(rows).into_response())
}

async fn environment(
    State(shared): State<Arc<Shared>>,
    caller: Caller,
    Path(guid): Path<String>,
) -> Reply {
    let world = shared.world();
    since(&world, 2023, 5)?;
    caller.publisher()?;
    let found = world
        .environments
        .iter()
        .find(|environment| environment.guid == guid);
    let shown = found.and_then(|environment| environment_json(&world, environment));
    Ok(Json(shown.ok_or_else(ApiError::not_there)?).into_response())
}

async fn hosts(State(shared): State<Arc<Shared>>, caller: Caller) -> Reply {
    caller.administrator()?;
    let world = shared.world();
    let now = jiff::Timestamp::now().to_string();
    let rows: Vec<Value> = (0..world.config.nodes.max(1))
        .map(|node| {
            json!({
                "hostname": format!("connect-{node}"),
                "version": world.config.version.to_string(),
                "last_seen": now,
            })
        })
        .collect();
    Ok(Json(rows).into_response())
}

async fn service_accounts(State(shared): State<Arc<Shared>>, caller: Caller) -> Reply {
    caller.publisher()?;
    let enabled = shared.world().config.execution == Execution::Kubernetes;
    let accounts: &[&str] = if enabled { &["connect-content"] } else { &[] };
    let default = accounts.first();
    Ok(
        Json(json!({ "enabled": enabled, "default": default, "accounts": accounts }))
            .into_response(),
    )
}

async fn packages(
    State(shared): State<Arc<Shared>>,
    caller: Caller,
    Query(query): Query<HashMap<String, String>>,
) -> Reply {
    let world = shared.world();
    since(&world, 2024, 11)?;
    caller.publisher()?;
    let (number, size) = paging(&query, usize::MAX)?;
    let items = world.items();
    let rows: Vec<Value> = items
        .iter()
        .filter(|item| item.active.is_some())
        .flat_map(|item| {
            item.packages().map(|(language, name, version)| {
                let language_version = if language == "r" {
                    &item.r_version
                } else {
                    &item.py_version
                };
                json!({
                    "language": language,
                    "language_version": language_version,
                    "name": name,
                    "version": version,
                    "hash": null,
                    "bundle_id": item.active.map(|id| id.to_string()),
                    "app_id": item.id.to_string(),
                    "app_guid": item.guid,
                })
            })
        })
        .collect();
    let shown: Vec<Value> = rows
        .iter()
        .skip((number - 1).saturating_mul(size))
        .take(size)
        .cloned()
        .collect();
    Ok(Json(page(&shown, rows.len(), number)).into_response())
}

async fn tags(State(shared): State<Arc<Shared>>, _caller: Caller) -> Reply {
    let world = shared.world();
    let all: Vec<u64> = world.tags.iter().map(|tag| tag.id).collect();
    Ok(Json(world.tags_json(&all)).into_response())
}

/// Gone from the document of 2026.
async fn schedules(State(shared): State<Arc<Shared>>, caller: Caller) -> Reply {
    caller.publisher()?;
    if since(&shared.world(), 2026, 1).is_ok() {
        return Err(ApiError::NoRoute);
    }
    Ok(Json(json!({ "schedules": [] })).into_response())
}

async fn queue(
    State(shared): State<Arc<Shared>>,
    caller: Caller,
    Query(query): Query<HashMap<String, String>>,
) -> Reply {
    let mut world = shared.world();
    since(&world, 2026, 1)?;
    caller.administrator()?;
    let (number, size) = paging(&query, 500)?;
    if let Some(others) = &mut world.builds.crowd {
        *others += 1;
    }
    let began =
        jiff::Timestamp::now() - jiff::SignedDuration::try_from(world.clock()).unwrap_or_default();
    let at = |ms: u64| {
        let since = jiff::SignedDuration::from_millis(i64::try_from(ms).unwrap_or(0));
        (began + since).to_string()
    };
    let open = world.builds.all.iter().filter(|build| build.end.is_none());
    let builds = open.map(|build| (at(build.submitted_ms), build.started_ms.map(at)));
    let others = (0..world.builds.crowd.unwrap_or(0)).map(|_| (at(0), None));
    let rows: Vec<Value> = builds
        .chain(others)
        .enumerate()
        .map(|(id, (created, started))| {
            json!({
                "id": (id + 1).to_string(), "name": "default", "job_type": "build",
                "created_time": created, "updated_time": created, "started_time": started,
            })
        })
        .collect();
    let shown: Vec<Value> = rows
        .iter()
        .skip((number - 1) * size)
        .take(size)
        .cloned()
        .collect();
    Ok(Json(page(&shown, rows.len(), number)).into_response())
}

/// Processes that run, by their ids.
async fn processes(State(shared): State<Arc<Shared>>, caller: Caller) -> Reply {
    caller.administrator()?;
    let world = shared.world();
    let mut rows = serde_json::Map::new();
    for item in world.items() {
        for job in item.jobs.iter().filter(|job| job.state == JobState::Active) {
            rows.insert(
                (job.id + 2000).to_string(),
                json!({
                    "pid": job.id + 2000,
                    "appId": item.id,
                    "appGuid": item.guid,
                    "appName": item.name,
                    "appUrl": format!("{}/content/{}/", caller.base, item.guid),
                    "appRunAs": "rstudio-connect",
                    "type": item.app_mode,
                    "cpuCurrent": 0.0,
                    "cpuTotal": 1,
                    "ram": 50_000_000,
                }),
            );
        }
    }
    Ok(Json(rows).into_response())
}
