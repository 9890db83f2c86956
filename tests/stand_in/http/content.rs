//! Content: list, show, create, change, delete.

use std::collections::HashMap;
use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use axum::response::IntoResponse;
use axum::routing::get;
use axum::{Json, Router};
use jiff::Timestamp;
use serde_json::{Map, Value, json};

use super::request::{since, text};
use super::{ApiError, Caller, Reply};
use crate::connect_stand_in::server::Shared;
use crate::connect_stand_in::version::Version;
use crate::connect_stand_in::world::{Include, Item, Permission, Setting, World};

pub(crate) fn routes() -> Router<Arc<Shared>> {
    Router::new()
        .route("/v1/content", get(list).post(create))
        .route("/v1/content/{guid}", get(show).patch(change).delete(delete))
}

/// What `include=` asks for; something that this version doesn't know is an error.
pub(crate) fn include(world: &World, query: &HashMap<String, String>) -> Result<Include, ApiError> {
    let mut include = Include::default();
    let asked = query.get("include").map_or("", String::as_str);
    for name in asked.split(',').filter(|name| !name.is_empty()) {
        let from = |year, month| world.config.version >= Version::new(year, month, 0);
        match name {
            "owner" => include.owner = true,
            "tags" => include.tags = true,
            "vanity_url" if from(2024, 6) => include.vanity = true,
            "bookmarked" if from(2026, 1) => include.bookmarked = true,
            "schedule" if from(2026, 1) => include.schedule = true,
            _ => {
                let error = format!("The include value \"{name}\" is not valid.");
                return Err(ApiError::new(400, 161, error));
            }
        }
    }
    Ok(include)
}

/// An item as the caller may see it.
pub(crate) fn shown(world: &World, caller: &Caller, item: &Item, include: Include) -> Value {
    world.item_json(
        item,
        caller.role_in(world, item),
        caller.is_administrator(),
        include,
        &caller.base,
    )
}

async fn list(
    State(shared): State<Arc<Shared>>,
    caller: Caller,
    Query(query): Query<HashMap<String, String>>,
) -> Reply {
    let world = shared.world();
    let include = include(&world, &query)?;
    let items: Vec<Value> = world
        .items()
        .iter()
        .filter(|item| caller.sees(&world, item))
        .filter(|item| query.get("name").is_none_or(|name| item.name == *name))
        .filter(|item| {
            query
                .get("owner_guid")
                .is_none_or(|owner| item.owner == *owner)
        })
        .map(|item| shown(&world, &caller, item, include))
        .collect();
    drop(world);
    Ok(Json(items).into_response())
}

async fn show(
    State(shared): State<Arc<Shared>>,
    caller: Caller,
    Path(guid): Path<String>,
    Query(query): Query<HashMap<String, String>>,
) -> Reply {
    let world = shared.world();
    let include = include(&world, &query)?;
    let item = caller.item(&world, &guid)?;
    Ok(Json(shown(&world, &caller, &item, include)).into_response())
}

fn body_object(body: &Bytes) -> Result<Map<String, Value>, ApiError> {
    match serde_json::from_slice(body) {
        Ok(Value::Object(map)) => Ok(map),
        _ => Err(ApiError::bad_request(
            "The request body is not a JSON object.",
        )),
    }
}

async fn create(State(shared): State<Arc<Shared>>, caller: Caller, body: Bytes) -> Reply {
    caller.publisher()?;
    let body = body_object(&body)?;
    let name = text(&body, "name")?.unwrap_or_default();
    let good = (3..=64).contains(&name.len())
        && name
            .chars()
            .all(|letter| letter.is_ascii_alphanumeric() || matches!(letter, '-' | '_' | '.'));
    if !good {
        return Err(ApiError::bad_request(
            "The name must have 3 to 64 letters, digits, '-', '_' or '.'.",
        ));
    }
    let mut world = shared.world();
    let taken = world
        .items()
        .iter()
        .any(|item| item.name == name && item.owner == caller.user.guid);
    if taken {
        return Err(ApiError::new(
            409,
            26,
            "An object with that name already exists.",
        ));
    }
    let (id, permission, guid) = (world.new_id(), world.new_id(), world.random.guid());
    let mut item = Item::new(
        guid.clone(),
        id,
        name,
        caller.user.guid.clone(),
        Timestamp::now(),
    );
    item.permissions.push(Permission {
        id: permission,
        principal: caller.user.guid.clone(),
        is_group: false,
        role: "owner".to_owned(),
    });
    apply(&world, &caller, &mut item, &body)?;
    world.add_item(item);
    let item = caller.item(&world, &guid)?;
    Ok(Json(shown(&world, &caller, &item, Include::default())).into_response())
}

async fn change(
    State(shared): State<Arc<Shared>>,
    caller: Caller,
    Path(guid): Path<String>,
    body: Bytes,
) -> Reply {
    caller.publisher()?;
    let body = body_object(&body)?;
    let mut world = shared.world();
    let mut item = Item::clone(&*caller.own_item(&world, &guid)?);
    apply(&world, &caller, &mut item, &body)?;
    let answer = shown(&world, &caller, &item, Include::default());
    world.add_item(item);
    Ok(Json(answer).into_response())
}

/// Sets what a body says; fields that can't be set are ignored as long as Connect does so.
fn apply(
    world: &World,
    caller: &Caller,
    item: &mut Item,
    body: &Map<String, Value>,
) -> Result<(), ApiError> {
    let wrong = |name: &str| ApiError::bad_request(format!("json: {name} has the wrong type"));
    for (name, value) in body {
        if matches!(
            name.as_str(),
            "owner_guid" | "run_as" | "run_as_current_user" | "service_account_name"
        ) && !value.is_null()
        {
            caller.administrator()?;
        }
        let words = || value.as_str().map(str::to_owned).ok_or_else(|| wrong(name));
        match name.as_str() {
            "name" => item.name = words()?,
            "title" if value.is_null() => item.title = None,
            "title" => item.title = Some(words()?),
            "description" => item.description = words()?,
            "access_type" => {
                let access = words()?;
                if !matches!(access.as_str(), "all" | "logged_in" | "acl") {
                    return Err(ApiError::bad_request("The access type is not valid."));
                }
                item.access_type = access;
            }
            "locked" if since(world, 2024, 8).is_ok() => {
                item.locked = value.as_bool().ok_or_else(|| wrong(name))?
            }
            "locked_message" if since(world, 2024, 8).is_ok() => item.locked_message = words()?,
            "owner_guid" => item.owner = words()?,
            "run_as" => item.run_as = value.as_str().map(str::to_owned),
            "run_as_current_user" => {
                item.run_as_current_user = value.as_bool().ok_or_else(|| wrong(name))?
            }
            "content_category" => item.content_category = words()?,
            _ => {
                let Some((known, kind)) = Setting::ALL.iter().find(|(known, _)| known == name)
                else {
                    continue;
                };
                if !kind.takes(value) {
                    return Err(wrong(name));
                }
                if value.is_null() {
                    item.settings.remove(known);
                } else {
                    item.settings.insert(known, value.clone());
                }
            }
        }
    }
    let number = |name: &str| item.settings.get(name).and_then(Value::as_i64);
    if let (Some(least), Some(most)) = (number("min_processes"), number("max_processes"))
        && least > most
    {
        return Err(ApiError::new(
            400,
            114,
            "min_processes is greater than max_processes.",
        ));
    }
    Ok(())
}

async fn delete(
    State(shared): State<Arc<Shared>>,
    caller: Caller,
    Path(guid): Path<String>,
) -> Reply {
    let mut world = shared.world();
    caller.own_item(&world, &guid)?;
    world.remove_item(&guid);
    Ok(StatusCode::NO_CONTENT.into_response())
}

/// What a list that has pages answers.
pub(crate) fn page(results: &[Value], total: usize, number: usize) -> Value {
    json!({ "results": results, "total": total, "current_page": number })
}
