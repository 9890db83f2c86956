//! Rendering documents: the endpoint of its own, and the older way by variants.

use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::IntoResponse;
use axum::routing::{get, post};
use axum::{Json, Router};
use serde_json::{Value, json};

use super::request::{object, since, text};
use super::{ApiError, Caller, Reply};
use crate::connect_stand_in::server::Shared;
use crate::connect_stand_in::world::{Item, Order, Work, submit};

pub(crate) fn routes() -> Router<Arc<Shared>> {
    Router::new()
        .route("/v1/content/{guid}/render", post(render))
        .route("/applications/{guid}/variants", get(variants))
        .route("/variants/{id}/render", post(render_variant))
        .route("/variants/{id}/schedules", get(schedules))
}

/// What to render: the active bundle, of a document.
fn order(item: &Item, node: usize) -> Result<Order, ApiError> {
    if !item.is_rendered() {
        return Err(ApiError::new(
            400,
            39,
            "The action is not valid for this type of content.",
        ));
    }
    if item.locked {
        return Err(ApiError::new(409, 223, "This content is locked."));
    }
    Ok(Order {
        guid: item.guid.clone(),
        bundle: item
            .active
            .ok_or_else(|| ApiError::new(404, 28, "There is no bundle to render."))?,
        activate: false,
        work: Work::Render,
        node,
    })
}

async fn render(
    State(shared): State<Arc<Shared>>,
    caller: Caller,
    Path(guid): Path<String>,
    body: Bytes,
) -> Reply {
    let order = {
        let world = shared.world();
        since(&world, 2026, 4)?;
        let item = caller.own_item(&world, &guid)?;
        let body = object(&body, &["variant_key"])?;
        let key = text(&body, "variant_key")?;
        if key.is_some() && key.as_ref() != item.rendering.as_ref().map(|one| &one.key) {
            return Err(ApiError::not_there());
        }
        order(&item, caller.node)?
    };
    let task = submit(&shared, order);
    Ok((StatusCode::ACCEPTED, Json(json!({ "task_id": task }))).into_response())
}

async fn variants(
    State(shared): State<Arc<Shared>>,
    caller: Caller,
    Path(guid): Path<String>,
) -> Reply {
    let item = caller.item(&shared.world(), &guid)?;
    let rows: Vec<Value> = item
        .rendering
        .iter()
        .map(|rendering| {
            json!({
                "id": rendering.variant,
                "app_id": item.id,
                "key": rendering.key,
                "bundle_id": item.active,
                "is_default": true,
                "name": "default",
                "email_collaborators": false,
                "email_viewers": false,
                "email_all": false,
                "created_time": item.created.to_string(),
                "rendering_id": rendering.rendering,
                "render_time": rendering.rendered.to_string(),
                "render_duration": 1_500_000_000,
                "visibility": "public",
                "owner_id": 0,
            })
        })
        .collect();
    Ok(Json(rows).into_response())
}

/// The item of a variant that the caller may change.
fn by_variant(shared: &Shared, caller: &Caller, id: u64) -> Result<Arc<Item>, ApiError> {
    let world = shared.world();
    let mut items = world.items().into_iter();
    let has = |item: &Item| item.rendering.as_ref().is_some_and(|one| one.variant == id);
    let item = items
        .find(|item| has(item))
        .ok_or_else(ApiError::not_there)?;
    caller.own_item(&world, &item.guid)
}

/// Answers with a task of the old shape; it is polled as any other.
async fn render_variant(
    State(shared): State<Arc<Shared>>,
    caller: Caller,
    Path(id): Path<u64>,
) -> Reply {
    let item = by_variant(&shared, &caller, id)?;
    let task = submit(&shared, order(&item, caller.node)?);
    Ok(Json(json!({
        "id": task,
        "user_id": 1,
        "status": [],
        "result": null,
        "finished": false,
        "code": 0,
        "error": "",
        "last_status": 0,
    }))
    .into_response())
}

async fn schedules(
    State(shared): State<Arc<Shared>>,
    caller: Caller,
    Path(id): Path<u64>,
) -> Reply {
    by_variant(&shared, &caller, id)?;
    Ok(Json(json!([])).into_response())
}
