//! Runtime caches.

use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::State;
use axum::response::IntoResponse;
use axum::routing::get;
use axum::{Json, Router};
use serde_json::{Value, json};

use super::request::{object, text};
use super::{ApiError, Caller, Reply};
use crate::connect_stand_in::server::{Shared, elapse};
use crate::connect_stand_in::world::Language;

pub(crate) fn routes() -> Router<Arc<Shared>> {
    Router::new().route("/v1/system/caches/runtime", get(list).delete(delete))
}

async fn list(State(shared): State<Arc<Shared>>, caller: Caller) -> Reply {
    caller.administrator()?;
    let world = shared.world();
    let caches: Vec<Value> = world
        .caches
        .iter()
        .map(|cache| {
            json!({
                "language": cache.language.name(),
                "version": cache.version,
                "image_name": cache.image,
            })
        })
        .collect();
    Ok(Json(json!({ "caches": caches })).into_response())
}

async fn delete(State(shared): State<Arc<Shared>>, caller: Caller, body: Bytes) -> Reply {
    caller.administrator()?;
    let body = object(&body, &["language", "version", "image_name", "dry_run"])?;
    let field = |name| Ok::<_, ApiError>(text(&body, name)?.unwrap_or_default());
    let (language, version, image) = (field("language")?, field("version")?, field("image_name")?);
    let dry_run = body
        .get("dry_run")
        .and_then(Value::as_bool)
        .unwrap_or(false);
    let Some(known) = Language::read(&language) else {
        return Err(ApiError::new(
            400,
            179,
            "The language of the runtime cache is not valid.",
        ));
    };
    if image.is_empty() || version.split('.').count() != 3 {
        return Err(ApiError::new(
            400,
            180,
            "The location of the runtime cache is not valid.",
        ));
    }
    let mut world = shared.world();
    if !world.config.cache_management {
        return Err(ApiError::new(
            400,
            194,
            "Runtime cache management is disabled.",
        ));
    }
    let Some(cache) = world.find_cache(known, &version, &image).cloned() else {
        return Err(ApiError::new(404, 4, "Cache does not exist"));
    };
    let mut task = None;
    if !dry_run {
        let id = world.add_task(caller.node);
        world.task_line(&id, "Deleting runtime cache...".to_owned());
        let time = world.config.cache_delete_time;
        let (shared, id_there) = (Arc::clone(&shared), id.clone());
        tokio::spawn(async move {
            elapse(time).await;
            let mut world = shared.world();
            world.caches.retain(|one| *one != cache);
            world.task_line(&id_there, "Successfully deleted runtime cache".to_owned());
            world.end_task(&id_there, 0, String::new(), Value::Null);
        });
        task = Some(id);
    }
    Ok(Json(json!({
        "language": language,
        "version": version,
        "image_name": image,
        "task_id": task,
    }))
    .into_response())
}
