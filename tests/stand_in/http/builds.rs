//! Build and deploy.

use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::IntoResponse;
use axum::routing::post;
use axum::{Json, Router};
use serde_json::{Value, json};

use super::request::{object, text};
use super::{ApiError, Caller, Reply};
use crate::connect_stand_in::server::Shared;
use crate::connect_stand_in::version::Version;
use crate::connect_stand_in::world::{Item, Order, Work, World, submit};

pub(crate) fn routes() -> Router<Arc<Shared>> {
    Router::new()
        .route("/v1/content/{guid}/build", post(build))
        .route("/v1/content/{guid}/deploy", post(deploy))
}

async fn build(
    State(shared): State<Arc<Shared>>,
    caller: Caller,
    Path(guid): Path<String>,
    body: Bytes,
) -> Reply {
    let task = order(&shared, &caller, guid, &body, Work::Build)?;
    Ok(Json(json!({ "task_id": task })).into_response())
}

async fn deploy(
    State(shared): State<Arc<Shared>>,
    caller: Caller,
    Path(guid): Path<String>,
    body: Bytes,
) -> Reply {
    let task = order(&shared, &caller, guid, &body, Work::Deploy)?;
    Ok((StatusCode::ACCEPTED, Json(json!({ "task_id": task }))).into_response())
}

fn order(
    shared: &Arc<Shared>,
    caller: &Caller,
    guid: String,
    body: &Bytes,
    work: Work,
) -> Result<String, ApiError> {
    let (bundle, activate) = {
        let world = shared.world();
        caller.publisher()?;
        let item = caller.own_item(&world, &guid)?;
        if item.locked {
            return Err(ApiError::new(
                409,
                222,
                "This content is locked. New bundles cannot be deployed.",
            ));
        }
        what(&world, &item, body)?
    };
    Ok(submit(
        shared,
        Order {
            guid,
            bundle,
            activate,
            work,
            node: caller.node,
        },
    ))
}

/// Which bundle, and whether it becomes the active one.
fn what(world: &World, item: &Item, body: &Bytes) -> Result<(u64, bool), ApiError> {
    let drafts = world.config.version >= Version::new(2025, 6, 0);
    let names: &[&str] = if drafts {
        &["bundle_id", "activate"]
    } else {
        &["bundle_id"]
    };
    let body = object(body, names)?;
    let activate = match body.get("activate") {
        None | Some(Value::Null) => true,
        Some(Value::Bool(activate)) => *activate,
        Some(_) => return Err(ApiError::bad_request("json: activate must be a boolean")),
    };
    let Some(bundle) = text(&body, "bundle_id")? else {
        // Not the active one: the one uploaded last.
        let newest = item.newest_bundle().map(|bundle| bundle.id);
        return newest
            .map(|bundle| (bundle, activate))
            .ok_or_else(|| ApiError::new(404, 28, "There is no bundle to deploy."));
    };
    let bundle: u64 = bundle.parse().map_err(|_| ApiError::bad_id("bundle id"))?;
    if item.bundle(bundle).is_some() {
        return Ok((bundle, activate));
    }
    let elsewhere = world
        .items()
        .iter()
        .any(|other| other.bundle(bundle).is_some());
    Err(if elsewhere {
        ApiError::new(400, 82, "The bundle does not belong to this content.")
    } else {
        ApiError::not_there()
    })
}
