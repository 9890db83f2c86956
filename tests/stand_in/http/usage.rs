//! Visits, Shiny sessions, hits.

use std::collections::HashMap;
use std::sync::Arc;

use axum::extract::{Query, State};
use axum::response::IntoResponse;
use axum::routing::get;
use axum::{Json, Router};
use serde_json::{Value, json};

use super::request::since;
use super::{ApiError, Caller, Reply};
use crate::connect_stand_in::server::Shared;
use crate::connect_stand_in::version::Version;
use crate::connect_stand_in::world::{Shown, Use, World};

pub(crate) fn routes() -> Router<Arc<Shared>> {
    Router::new()
        .route("/v1/instrumentation/content/visits", get(visits))
        .route("/v1/instrumentation/shiny/usage", get(sessions))
        .route("/v1/instrumentation/content/hits", get(hits))
}

type Asked = HashMap<String, String>;

fn shown(query: &Asked, shiny: Option<bool>) -> Result<Shown, ApiError> {
    let time = |name: &str| match query.get(name) {
        None => Ok(None),
        Some(text) => text
            .parse()
            .map(Some)
            .map_err(|_| ApiError::bad_request(format!("{name} is not an RFC 3339 time."))),
    };
    let guids = query.get("content_guid").map_or("", String::as_str);
    Ok(Shown {
        content: guids
            .split('|')
            .filter(|guid| !guid.is_empty())
            .map(str::to_owned)
            .collect(),
        from: time("from")?,
        to: time("to")?,
        shiny,
    })
}

/// The uses that the caller may know of: all for an administrator, of own content for a publisher.
fn uses<'a>(world: &'a World, caller: &Caller, shown: &Shown) -> Result<Vec<&'a Use>, ApiError> {
    caller.publisher()?;
    Ok(world.uses(shown, |item| {
        caller.is_administrator() || matches!(caller.role_in(world, item), "owner" | "editor")
    }))
}

async fn visits(
    State(shared): State<Arc<Shared>>,
    caller: Caller,
    Query(query): Query<Asked>,
) -> Reply {
    let world = shared.world();
    let found = uses(&world, &caller, &shown(&query, Some(false))?)?;
    keyset(&found, &query, &caller.base, "content/visits", |one| {
        let item = world.item(&one.content);
        let rendering = item.and_then(|item| item.rendering.as_ref());
        let mut visit = json!({
            "content_guid": one.content,
            "user_guid": one.user,
            "variant_key": rendering.map(|rendering| rendering.key.clone()),
            "time": one.at.to_string(),
            "rendering_id": rendering.map(|rendering| rendering.rendering),
            "bundle_id": item.and_then(|item| item.active),
            "data_version": 3,
            "path": one.path,
        });
        if world.config.version >= Version::new(2026, 1, 0) {
            visit["user_agent"] = json!("Mozilla/5.0");
        }
        visit
    })
}

async fn sessions(
    State(shared): State<Arc<Shared>>,
    caller: Caller,
    Query(query): Query<Asked>,
) -> Reply {
    let world = shared.world();
    let found = uses(&world, &caller, &shown(&query, Some(true))?)?;
    keyset(&found, &query, &caller.base, "shiny/usage", |one| {
        json!({
            "content_guid": one.content,
            "user_guid": one.user,
            "started": one.at.to_string(),
            "ended": one.ended.map(|ended| ended.to_string()),
            "data_version": 1,
        })
    })
}

/// A page of a list that goes by keys. The links name the server as it thinks it is called, which
/// need not be how the caller calls it.
fn keyset(
    found: &[&Use],
    query: &Asked,
    base: &str,
    path: &str,
    show: impl Fn(&Use) -> Value,
) -> Reply {
    let limit: usize = match query.get("limit") {
        None => 20,
        Some(text) => text
            .parse()
            .ok()
            .filter(|limit| (1..=500).contains(limit))
            .ok_or_else(|| ApiError::bad_request("limit must be from 1 to 500."))?,
    };
    let descending = query.get("asc_order").is_some_and(|order| order == "false");
    let mut found = found.to_vec();
    if descending {
        found.reverse();
    }
    let at = |name: &str| {
        query.get(name).map(|key| {
            let place = found.iter().position(|one| one.id.to_string() == *key);
            place.ok_or_else(|| ApiError::bad_request(format!("{name} is not a cursor.")))
        })
    };
    let start = match (at("next").transpose()?, at("previous").transpose()?) {
        (Some(last), _) => last + 1,
        (None, Some(first)) => first.saturating_sub(limit),
        (None, None) => 0,
    };
    let page = found
        .get(start..(start + limit).min(found.len()))
        .unwrap_or_default();
    let own = format!("{base}/__api__/v1/instrumentation/{path}");
    let next = (start + page.len() < found.len())
        .then(|| page.last().map(|one| one.id.to_string()))
        .flatten();
    let previous = (start > 0)
        .then(|| page.first().map(|one| one.id.to_string()))
        .flatten();
    // What there isn't is absent, not null.
    let mut cursors = json!({});
    let mut paging = json!({ "first": own });
    if let Some(key) = &previous {
        cursors["previous"] = json!(key);
        paging["previous"] = json!(format!("{own}?previous={key}"));
    }
    if let Some(key) = &next {
        cursors["next"] = json!(key);
        paging["next"] = json!(format!("{own}?next={key}"));
        paging["last"] = json!(format!("{own}?last=true"));
    }
    paging["cursors"] = cursors;
    let results: Vec<Value> = page.iter().map(|one| show(one)).collect();
    Ok(Json(json!({ "paging": paging, "results": results })).into_response())
}

async fn hits(
    State(shared): State<Arc<Shared>>,
    caller: Caller,
    Query(query): Query<Asked>,
) -> Reply {
    let world = shared.world();
    since(&world, 2025, 4)?;
    let mut shown = shown(&query, None)?;
    if world.config.version < Version::new(2026, 1, 0) {
        shown.content.clear();
    }
    let rows: Vec<Value> = uses(&world, &caller, &shown)?
        .into_iter()
        .map(|one| {
            json!({
                "id": one.id,
                "user_guid": one.user,
                "content_guid": one.content,
                "timestamp": one.at.to_string(),
                "data": { "path": one.path, "user_agent": "Mozilla/5.0" },
            })
        })
        .collect();
    Ok(Json(rows).into_response())
}
