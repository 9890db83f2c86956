//! Content as people see it, and whatever else isn't the API.

use std::sync::Arc;

use axum::extract::{Path, Request, State};
use axum::http::StatusCode;
use axum::response::{Html, IntoResponse, Redirect, Response};

use super::{ApiError, Caller};
use crate::connect_stand_in::server::Shared;
use crate::connect_stand_in::world::Item;

pub(crate) async fn bare(State(shared): State<Arc<Shared>>, Path(guid): Path<String>) -> Response {
    Redirect::permanent(&format!("{}/content/{guid}/", shared.prefix)).into_response()
}

pub(crate) async fn content(
    State(shared): State<Arc<Shared>>,
    caller: Option<Caller>,
    Path(path): Path<std::collections::HashMap<String, String>>,
) -> Response {
    let item = {
        let world = shared.world();
        path.get("guid").and_then(|guid| world.item(guid)).cloned()
    };
    page(&shared, caller.as_ref(), item.as_deref())
}

/// Vanity paths, the dashboard, and what doesn't exist.
pub(crate) async fn other(
    State(shared): State<Arc<Shared>>,
    caller: Option<Caller>,
    request: Request,
) -> Response {
    let path = request.uri().path();
    let path = path.strip_prefix(&shared.prefix).unwrap_or(path);
    if path == "/" || path.starts_with("/connect") {
        return Html("<!DOCTYPE html><title>Posit Connect</title>").into_response();
    }
    let item = {
        let world = shared.world();
        let items = world.items();
        let mut at = items.iter().filter(|item| {
            item.vanity
                .as_ref()
                .is_some_and(|(vanity, _)| path.starts_with(vanity.as_str()))
        });
        at.next().cloned()
    };
    if item.is_none() {
        return ApiError::NoRoute.into_response();
    }
    page(&shared, caller.as_ref(), item.as_deref())
}

fn page(shared: &Shared, caller: Option<&Caller>, item: Option<&Item>) -> Response {
    let Some(item) = item else {
        return (
            StatusCode::NOT_FOUND,
            Html("<!DOCTYPE html><title>Not found</title>"),
        )
            .into_response();
    };
    let mut world = shared.world();
    // An administrator who isn't among its viewers doesn't see the content itself.
    let may = match caller {
        None => item.access_type == "all",
        Some(caller) => caller.role_in(&world, item) != "none",
    };
    if !may {
        return (
            StatusCode::FORBIDDEN,
            Html("<!DOCTYPE html><title>No access</title>"),
        )
            .into_response();
    }
    if item.locked {
        return (
            StatusCode::FORBIDDEN,
            Html("<!DOCTYPE html><title>Locked</title>"),
        )
            .into_response();
    }
    if item.active.is_none() {
        return (
            StatusCode::NOT_FOUND,
            Html("<!DOCTYPE html><title>Not deployed</title>"),
        )
            .into_response();
    }
    let (guid, title) = (
        item.guid.clone(),
        item.title.clone().unwrap_or_else(|| item.name.clone()),
    );
    let is_api = item.is_api();
    world.visit(&guid);
    if is_api {
        return (StatusCode::NOT_FOUND, "{\"detail\":\"Not Found\"}").into_response();
    }
    Html(format!(
        "<!DOCTYPE html><title>{title}</title><h1>{title}</h1>"
    ))
    .into_response()
}
