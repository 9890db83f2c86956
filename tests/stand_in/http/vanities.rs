//! Vanity paths.

use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::IntoResponse;
use axum::routing::get;
use axum::{Json, Router};
use jiff::Timestamp;
use serde_json::{Value, json};

use super::request::{object, text};
use super::{ApiError, Caller, Reply};
use crate::connect_stand_in::server::Shared;
use crate::connect_stand_in::world::{Item, seconds};

pub(crate) fn routes() -> Router<Arc<Shared>> {
    Router::new().route("/v1/vanities", get(list)).route(
        "/v1/content/{guid}/vanity",
        get(show).put(put).delete(delete),
    )
}

fn json_of(item: &Item) -> Option<Value> {
    let (path, created) = item.vanity.as_ref()?;
    Some(json!({ "content_guid": item.guid, "path": path, "created_time": seconds(*created) }))
}

async fn list(State(shared): State<Arc<Shared>>, caller: Caller) -> Reply {
    caller.administrator()?;
    let items = shared.world().items();
    let rows: Vec<Value> = items.iter().filter_map(|item| json_of(item)).collect();
    Ok(Json(rows).into_response())
}

async fn show(
    State(shared): State<Arc<Shared>>,
    caller: Caller,
    Path(guid): Path<String>,
) -> Reply {
    let item = caller.item(&shared.world(), &guid)?;
    Ok(Json(json_of(&item).ok_or_else(ApiError::not_there)?).into_response())
}

async fn put(
    State(shared): State<Arc<Shared>>,
    caller: Caller,
    Path(guid): Path<String>,
    body: Bytes,
) -> Reply {
    caller.administrator()?;
    let body = object(&body, &["path", "force"])?;
    let path = text(&body, "path")?.unwrap_or_default();
    let force = body.get("force").and_then(Value::as_bool).unwrap_or(false);
    let path = format!("/{}/", path.trim_matches('/'));
    let mut world = shared.world();
    caller.item(&world, &guid)?;
    // No path may lie within another.
    let taken = world.items().into_iter().find(|other| {
        other.guid != guid
            && other.vanity.as_ref().is_some_and(|(theirs, _)| {
                path.starts_with(theirs.as_str()) || theirs.starts_with(&path)
            })
    });
    if let Some(other) = taken {
        let theirs = other.vanity.as_ref().map(|(theirs, _)| theirs.as_str());
        if !force || theirs != Some(path.as_str()) {
            return Err(ApiError::new(409, 51, "The vanity path is already in use."));
        }
        if let Some(other) = world.item_mut(&other.guid) {
            other.vanity = None;
        }
    }
    if let Some(item) = world.item_mut(&guid) {
        item.vanity = Some((path, Timestamp::now()));
    }
    let item = caller.item(&world, &guid)?;
    Ok(Json(json_of(&item)).into_response())
}

async fn delete(
    State(shared): State<Arc<Shared>>,
    caller: Caller,
    Path(guid): Path<String>,
) -> Reply {
    caller.administrator()?;
    let mut world = shared.world();
    caller.item(&world, &guid)?;
    if let Some(item) = world.item_mut(&guid) {
        item.vanity = None;
    }
    Ok(StatusCode::NO_CONTENT.into_response())
}
