//! Users and groups.

use std::collections::HashMap;
use std::sync::Arc;

use axum::extract::{Path, Query, State};
use axum::response::IntoResponse;
use axum::routing::get;
use axum::{Json, Router};
use serde_json::{Value, json};

use super::content::page;
use super::search::paging;
use super::{ApiError, Caller, Reply};
use crate::connect_stand_in::server::Shared;
use crate::connect_stand_in::world::user_json;

pub(crate) fn routes() -> Router<Arc<Shared>> {
    Router::new()
        .route("/v1/user", get(me))
        .route("/me", get(me))
        .route("/v1/users", get(users))
        .route("/v1/users/{guid}", get(user))
        .route("/v1/groups", get(groups))
        .route("/v1/groups/{guid}/members", get(members))
}

async fn me(caller: Caller) -> Reply {
    let mut user = user_json(&caller.user);
    if let Some(user) = user.as_object_mut() {
        user.insert("password".to_owned(), json!(""));
        user.insert("preferences".to_owned(), json!({}));
        user.insert(
            "privileges".to_owned(),
            json!(caller.user.role.privileges()),
        );
    }
    Ok(Json(user).into_response())
}

fn paged(all: &[Value], query: &HashMap<String, String>) -> Reply {
    let (number, size) = paging(query, 500)?;
    let shown: Vec<Value> = all
        .iter()
        .skip((number - 1) * size)
        .take(size)
        .cloned()
        .collect();
    Ok(Json(page(&shown, all.len(), number)).into_response())
}

async fn users(
    State(shared): State<Arc<Shared>>,
    _caller: Caller,
    Query(query): Query<HashMap<String, String>>,
) -> Reply {
    let world = shared.world();
    let begins = query.get("prefix").map_or("", String::as_str);
    let all: Vec<Value> = world
        .users
        .iter()
        .filter(|user| user.username.starts_with(begins))
        .map(user_json)
        .collect();
    paged(&all, &query)
}

async fn user(
    State(shared): State<Arc<Shared>>,
    _caller: Caller,
    Path(guid): Path<String>,
) -> Reply {
    let world = shared.world();
    let user = world.user(&guid).ok_or_else(ApiError::not_there)?;
    Ok(Json(user_json(user)).into_response())
}

async fn groups(
    State(shared): State<Arc<Shared>>,
    _caller: Caller,
    Query(query): Query<HashMap<String, String>>,
) -> Reply {
    let world = shared.world();
    let all: Vec<Value> = world
        .groups
        .iter()
        .map(|group| json!({ "guid": group.guid, "name": group.name, "owner_guid": group.owner }))
        .collect();
    paged(&all, &query)
}

async fn members(
    State(shared): State<Arc<Shared>>,
    _caller: Caller,
    Path(guid): Path<String>,
    Query(query): Query<HashMap<String, String>>,
) -> Reply {
    let world = shared.world();
    let group = world
        .groups
        .iter()
        .find(|group| group.guid == guid)
        .ok_or_else(ApiError::not_there)?;
    let all: Vec<Value> = group
        .members
        .iter()
        .filter_map(|guid| world.user(guid))
        .map(user_json)
        .collect();
    paged(&all, &query)
}
