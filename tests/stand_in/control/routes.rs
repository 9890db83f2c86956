//! The same over HTTP, under `/__stand-in__`.

use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::http::header::CONNECTION;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Extension, Json, Router};
use serde::Deserialize;
use serde_json::json;

use super::Control;
use crate::connect_stand_in::config::{self, Licence, Outcome};
use crate::connect_stand_in::fault::Fault;
use crate::connect_stand_in::server::{Connection, Restart, Shared};

pub(crate) fn routes(shared: &Arc<Shared>) -> Router<Arc<Shared>> {
    let control = Control::new(Arc::clone(shared));
    Router::new()
        .route("/__stand-in__", get(summary))
        .route("/__stand-in__/", get(summary))
        .route(
            "/__stand-in__/counters",
            get(counters).delete(clear_counters),
        )
        .route("/__stand-in__/builds", get(builds))
        .route("/__stand-in__/faults", post(fault).delete(clear_faults))
        .route("/__stand-in__/restart", post(restart))
        .route("/__stand-in__/settings", post(settings))
        .route("/__stand-in__/close-connections", post(close))
        .route("/__stand-in__/items/{guid}", post(change))
        .route("/__stand-in__/items/{guid}/{event}", post(event))
        .route("/__stand-in__/quit", post(quit))
        .with_state(control)
}

async fn summary(State(control): State<Control>) -> Response {
    let builds = control.builds();
    let ended = |end| builds.iter().filter(|build| build.end == Some(end)).count();
    use crate::connect_stand_in::world::BuildEnd::{Failed, Gone, Lost, Succeeded};
    Json(json!({
        "counters": control.counters(),
        "items": control.guids().len(),
        "builds": {
            "submitted": builds.len(),
            "items": control.submitted().len(),
            "most_of_one_item": control.submitted().values().max(),
            "open": control.open(),
            "succeeded": ended(Succeeded),
            "failed": ended(Failed),
            "lost": ended(Lost),
            "gone": ended(Gone),
            "most_running": control.most_running(),
            "most_open": control.most_open(),
        },
    }))
    .into_response()
}

async fn counters(State(control): State<Control>) -> Response {
    Json(control.counters()).into_response()
}

async fn clear_counters(State(control): State<Control>) -> StatusCode {
    control.clear_counters();
    StatusCode::NO_CONTENT
}

async fn builds(State(control): State<Control>) -> Response {
    Json(control.builds()).into_response()
}

/// Reads a body, or says what is wrong with it.
fn read<'a, T: Deserialize<'a>>(body: &'a Bytes) -> Result<T, (StatusCode, String)> {
    let text: &[u8] = if body.is_empty() { b"{}" } else { body };
    serde_json::from_slice(text).map_err(|error| (StatusCode::BAD_REQUEST, format!("{error}\n")))
}

async fn fault(
    State(control): State<Control>,
    body: Bytes,
) -> Result<StatusCode, (StatusCode, String)> {
    control.fault(read::<Fault>(&body)?);
    Ok(StatusCode::NO_CONTENT)
}

async fn clear_faults(State(control): State<Control>) -> StatusCode {
    control.clear_faults();
    StatusCode::NO_CONTENT
}

async fn restart(
    State(control): State<Control>,
    Extension(connection): Extension<Connection>,
    body: Bytes,
) -> Result<Response, (StatusCode, String)> {
    let restart: Restart = read(&body)?;
    // The answer first: the restart closes this connection too.
    connection.afterwards(move || control.restart(&restart));
    Ok(last_answer())
}

/// The answer behind which the connection ends.
fn last_answer() -> Response {
    (StatusCode::NO_CONTENT, [(CONNECTION, "close")]).into_response()
}

async fn close(State(control): State<Control>) -> StatusCode {
    control.close_connections();
    StatusCode::NO_CONTENT
}

/// What can be changed while the server runs.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Settings {
    #[serde(default, with = "config::duration_option")]
    build_time: Option<std::time::Duration>,
    #[serde(default, with = "config::duration_option")]
    latency: Option<std::time::Duration>,
    /// 0: no limit.
    build_limit: Option<usize>,
    licence: Option<Licence>,
    /// Keys to refuse.
    #[serde(default)]
    revoke: Vec<String>,
}

async fn settings(
    State(control): State<Control>,
    body: Bytes,
) -> Result<StatusCode, (StatusCode, String)> {
    let settings: Settings = read(&body)?;
    if let Some(time) = settings.build_time {
        control.build_time(time);
    }
    if let Some(latency) = settings.latency {
        control.latency(latency);
    }
    if let Some(limit) = settings.build_limit {
        control.build_limit((limit > 0).then_some(limit));
    }
    if let Some(licence) = settings.licence {
        control.licence(licence);
    }
    for key in &settings.revoke {
        control.revoke(key, true);
    }
    Ok(StatusCode::NO_CONTENT)
}

/// How an item's builds go from now on.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Change {
    outcome: Option<Outcome>,
    #[serde(default, with = "config::duration_option")]
    build_time: Option<std::time::Duration>,
}

async fn change(
    State(control): State<Control>,
    Path(guid): Path<String>,
    body: Bytes,
) -> Result<StatusCode, (StatusCode, String)> {
    let change: Change = read(&body)?;
    let mut known = true;
    if let Some(outcome) = change.outcome {
        known &= control.outcome(&guid, outcome);
    }
    if let Some(time) = change.build_time {
        known &= control.build_time_of(&guid, time);
    }
    Ok(if known {
        StatusCode::NO_CONTENT
    } else {
        StatusCode::NOT_FOUND
    })
}

/// What other people do to an item.
async fn event(
    State(control): State<Control>,
    Path((guid, event)): Path<(String, String)>,
) -> Response {
    let done = match event.as_str() {
        "deploy" => control.deploy(&guid).is_some(),
        "upload" => control.upload(&guid).is_some(),
        "lock" => control.lock(&guid, true),
        "unlock" => control.lock(&guid, false),
        "delete" => control.delete(&guid),
        _ => false,
    };
    let status = if done {
        StatusCode::NO_CONTENT
    } else {
        StatusCode::NOT_FOUND
    };
    status.into_response()
}

/// Ends the process: for scripts that started it.
async fn quit(Extension(connection): Extension<Connection>) -> Response {
    connection.afterwards(|| std::process::exit(0));
    last_answer()
}
