//! Bundles.

use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::http::header::CONTENT_TYPE;
use axum::http::{HeaderMap, StatusCode};
use axum::response::IntoResponse;
use axum::routing::get;
use axum::{Json, Router};
use serde_json::Value;

use super::request::since;
use super::{ApiError, Caller, Reply, multipart};
use crate::connect_stand_in::server::Shared;
use crate::connect_stand_in::world::{Bundle, Item};

pub(crate) fn routes() -> Router<Arc<Shared>> {
    Router::new()
        .route("/v1/content/{guid}/bundles", get(list).post(upload))
        .route("/v1/content/{guid}/bundles/{id}", get(show).delete(delete))
        .route("/v1/content/{guid}/bundles/{id}/download", get(download))
}

/// The newest first.
async fn list(
    State(shared): State<Arc<Shared>>,
    caller: Caller,
    Path(guid): Path<String>,
) -> Reply {
    let world = shared.world();
    let item = caller.item(&world, &guid)?;
    let bundles: Vec<Value> = item
        .bundles
        .iter()
        .rev()
        .map(|bundle| world.bundle_json(&item, bundle))
        .collect();
    Ok(Json(bundles).into_response())
}

fn find<'a>(item: &'a Item, id: &str) -> Result<&'a Bundle, ApiError> {
    let id = id.parse().map_err(|_| ApiError::bad_id("bundle id"))?;
    item.bundle(id).ok_or_else(ApiError::not_there)
}

async fn show(
    State(shared): State<Arc<Shared>>,
    caller: Caller,
    Path((guid, id)): Path<(String, String)>,
) -> Reply {
    let world = shared.world();
    let item = caller.item(&world, &guid)?;
    let bundle = find(&item, &id)?;
    Ok(Json(world.bundle_json(&item, bundle)).into_response())
}

async fn delete(
    State(shared): State<Arc<Shared>>,
    caller: Caller,
    Path((guid, id)): Path<(String, String)>,
) -> Reply {
    let mut world = shared.world();
    let item = caller.own_item(&world, &guid)?;
    let id = find(&item, &id)?.id;
    if item.active == Some(id) {
        return Err(ApiError::new(
            400,
            75,
            "The active bundle cannot be deleted.",
        ));
    }
    if let Some(item) = world.item_mut(&guid) {
        item.bundles.retain(|bundle| bundle.id != id);
    }
    Ok(StatusCode::NO_CONTENT.into_response())
}

/// Only for those who may change the item; being an administrator isn't enough.
async fn download(
    State(shared): State<Arc<Shared>>,
    caller: Caller,
    Path((guid, id)): Path<(String, String)>,
) -> Reply {
    let world = shared.world();
    let item = caller.own_item(&world, &guid)?;
    let bundle = find(&item, &id)?;
    let archive = bundle
        .archive
        .clone()
        .unwrap_or_else(|| crate::connect_stand_in::archive::made_up(bundle).into());
    Ok(([(CONTENT_TYPE, "application/gzip")], archive).into_response())
}

/// The archive as the body; since 2025.12.0 also as a form with metadata.
async fn upload(
    State(shared): State<Arc<Shared>>,
    caller: Caller,
    Path(guid): Path<String>,
    headers: HeaderMap,
    body: Bytes,
) -> Reply {
    let mut world = shared.world();
    let item = caller.own_item(&world, &guid)?;
    if item.locked {
        let error = "This content is locked. New bundles cannot be uploaded.";
        return Err(ApiError::new(409, 222, error));
    }
    let content_type = headers
        .get(CONTENT_TYPE)
        .and_then(|value| value.to_str().ok());
    let (archive, metadata) = match content_type {
        Some(form) if form.starts_with("multipart/") && since(&world, 2025, 12).is_ok() => {
            let wrong = || ApiError::bad_request("The form has no archive, or is malformed.");
            multipart::read(form, &body).ok_or_else(wrong)?
        }
        _ => (body, Value::Object(serde_json::Map::new())),
    };
    if !archive.starts_with(&[0x1f, 0x8b]) {
        return Err(ApiError::bad_request("The bundle is not a gzip archive."));
    }
    let bundle = Bundle::uploaded(world.new_id(), &item, archive, metadata);
    let answer = world.bundle_json(&item, &bundle);
    if let Some(item) = world.item_mut(&guid) {
        item.bundles.push(bundle);
    }
    Ok(Json(answer).into_response())
}
