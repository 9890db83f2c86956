//! What an item has around it: variables, permissions, packages, tags, a repository.

use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::http::header::CONTENT_TYPE;
use axum::response::IntoResponse;
use axum::routing::get;
use axum::{Json, Router};
use serde_json::{Value, json};

use super::request::{object, since, text};
use super::{ApiError, Caller, Reply};
use crate::connect_stand_in::server::Shared;
use crate::connect_stand_in::world::{Item, Permission};

pub(crate) fn routes() -> Router<Arc<Shared>> {
    Router::new()
        .route(
            "/v1/content/{guid}/environment",
            get(variables).patch(merge).put(replace),
        )
        .route(
            "/v1/content/{guid}/permissions",
            get(permissions).post(permit),
        )
        .route(
            "/v1/content/{guid}/permissions/{id}",
            get(permission).delete(forbid),
        )
        .route("/v1/content/{guid}/packages", get(packages))
        .route("/v1/content/{guid}/lockfile", get(lockfile))
        .route("/v1/content/{guid}/tags", get(tags))
        .route("/v1/content/{guid}/repository", get(repository))
}

/// Names only: values can't be read.
async fn variables(
    State(shared): State<Arc<Shared>>,
    caller: Caller,
    Path(guid): Path<String>,
) -> Reply {
    let item = caller.own_item(&shared.world(), &guid)?;
    Ok(Json(&item.environment).into_response())
}

/// Name and whether it has a value, from a body such as `[{"name": "A", "value": null}]`.
fn pairs(body: &Bytes) -> Result<Vec<(String, bool)>, ApiError> {
    let wrong = || ApiError::bad_request("The request body is not a list of names and values.");
    let rows: Vec<Value> = serde_json::from_slice(body).map_err(|_| wrong())?;
    rows.iter()
        .map(|row| {
            let name = row.get("name").and_then(Value::as_str).ok_or_else(wrong)?;
            Ok((
                name.to_owned(),
                row.get("value").is_some_and(|value| !value.is_null()),
            ))
        })
        .collect()
}

async fn merge(
    State(shared): State<Arc<Shared>>,
    caller: Caller,
    Path(guid): Path<String>,
    body: Bytes,
) -> Reply {
    set_variables(&shared, &caller, &guid, &body, false)
}

async fn replace(
    State(shared): State<Arc<Shared>>,
    caller: Caller,
    Path(guid): Path<String>,
    body: Bytes,
) -> Reply {
    set_variables(&shared, &caller, &guid, &body, true)
}

fn set_variables(shared: &Shared, caller: &Caller, guid: &str, body: &Bytes, all: bool) -> Reply {
    let pairs = pairs(body)?;
    let mut world = shared.world();
    let mut names = caller.own_item(&world, guid)?.environment.clone();
    if all {
        names.clear();
    }
    for (name, has_value) in pairs {
        names.retain(|one| *one != name);
        if has_value {
            names.push(name);
        }
    }
    names.sort();
    if let Some(item) = world.item_mut(guid) {
        item.environment.clone_from(&names);
    }
    Ok(Json(names).into_response())
}

fn permission_json(item: &Item, permission: &Permission) -> Value {
    json!({
        "id": permission.id,
        "content_guid": item.guid,
        "principal_guid": permission.principal,
        "principal_type": if permission.is_group { "group" } else { "user" },
        "role": permission.role,
    })
}

async fn permissions(
    State(shared): State<Arc<Shared>>,
    caller: Caller,
    Path(guid): Path<String>,
) -> Reply {
    let item = caller.item(&shared.world(), &guid)?;
    let rows: Vec<Value> = item
        .permissions
        .iter()
        .map(|one| permission_json(&item, one))
        .collect();
    Ok(Json(rows).into_response())
}

async fn permission(
    State(shared): State<Arc<Shared>>,
    caller: Caller,
    Path((guid, id)): Path<(String, u64)>,
) -> Reply {
    let item = caller.item(&shared.world(), &guid)?;
    let one = item
        .permissions
        .iter()
        .find(|one| one.id == id)
        .ok_or_else(ApiError::not_there)?;
    Ok(Json(permission_json(&item, one)).into_response())
}

async fn permit(
    State(shared): State<Arc<Shared>>,
    caller: Caller,
    Path(guid): Path<String>,
    body: Bytes,
) -> Reply {
    let body = object(&body, &["principal_guid", "principal_type", "role"])?;
    let field = |name| Ok::<_, ApiError>(text(&body, name)?.unwrap_or_default());
    let (principal, kind, role) = (
        field("principal_guid")?,
        field("principal_type")?,
        field("role")?,
    );
    let mut world = shared.world();
    let item = caller.own_item(&world, &guid)?;
    let permission = Permission {
        id: world.new_id(),
        principal,
        is_group: kind == "group",
        role,
    };
    let answer = permission_json(&item, &permission);
    if let Some(item) = world.item_mut(&guid) {
        item.permissions.push(permission);
    }
    Ok(Json(answer).into_response())
}

async fn forbid(
    State(shared): State<Arc<Shared>>,
    caller: Caller,
    Path((guid, id)): Path<(String, u64)>,
) -> Reply {
    let mut world = shared.world();
    caller.own_item(&world, &guid)?;
    if let Some(item) = world.item_mut(&guid) {
        item.permissions.retain(|one| one.id != id);
    }
    Ok(StatusCode::NO_CONTENT.into_response())
}

async fn packages(
    State(shared): State<Arc<Shared>>,
    caller: Caller,
    Path(guid): Path<String>,
) -> Reply {
    let world = shared.world();
    since(&world, 2024, 11)?;
    let item = caller.item(&world, &guid)?;
    if item.active.is_none() {
        return Ok(StatusCode::NO_CONTENT.into_response());
    }
    let rows: Vec<Value> = item
        .packages()
        .map(|(language, name, version)| {
            let mut row = json!({ "language": language, "name": name, "version": version });
            if language == "r"
                && let Some(row) = row.as_object_mut()
            {
                row.insert("hash".to_owned(), json!(format!("{:032x}", name.len())));
            }
            row
        })
        .collect();
    Ok(Json(rows).into_response())
}

async fn lockfile(
    State(shared): State<Arc<Shared>>,
    caller: Caller,
    Path(guid): Path<String>,
) -> Reply {
    let world = shared.world();
    since(&world, 2025, 12)?;
    let item = caller.item(&world, &guid)?;
    let Some(python) = &item.py_version else {
        return Err(ApiError::new(
            404,
            4,
            "This content has no managed Python environment.",
        ));
    };
    let lines: Vec<String> = item
        .packages()
        .filter(|(language, ..)| *language == "python")
        .map(|(_, name, version)| format!("{name}=={version}\n"))
        .collect();
    let generated = format!("connect; python={python}");
    let headers = [
        (CONTENT_TYPE.as_str(), "text/plain; charset=utf-8"),
        ("generated-by", &generated),
    ];
    Ok((headers, lines.concat()).into_response())
}

async fn tags(
    State(shared): State<Arc<Shared>>,
    caller: Caller,
    Path(guid): Path<String>,
) -> Reply {
    let world = shared.world();
    let item = caller.item(&world, &guid)?;
    Ok(Json(world.tags_json(&item.tags)).into_response())
}

/// No item comes from a repository; an empty object says so.
async fn repository(
    State(shared): State<Arc<Shared>>,
    caller: Caller,
    Path(guid): Path<String>,
) -> Reply {
    caller.item(&shared.world(), &guid)?;
    Err(ApiError::Empty404)
}
