//! What handlers ask of a request: who sent it, where to, and what is in it.

use std::convert::Infallible;
use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::{FromRequestParts, OptionalFromRequestParts};
use axum::http::header::{AUTHORIZATION, HOST};
use axum::http::request::Parts;
use serde_json::{Map, Value};

use super::{ApiError, Reply};
use crate::connect_stand_in::server::Shared;
use crate::connect_stand_in::version::Version;
use crate::connect_stand_in::world::{Item, Role, User, World};

/// Somebody with a key that is good.
#[derive(Debug, Clone)]
pub(crate) struct Caller {
    pub(crate) user: User,
    /// The server's address as the caller has it, with its prefix.
    pub(crate) base: String,
    /// The node that answers.
    pub(crate) node: usize,
}

/// The node that a request was routed to.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Node(pub(crate) usize);

impl FromRequestParts<Arc<Shared>> for Caller {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, shared: &Arc<Shared>) -> Result<Self, ApiError> {
        let header = |name: &str| {
            parts
                .headers
                .get(name)
                .and_then(|value| value.to_str().ok())
        };
        let key = header("x-rsc-authorization")
            .or_else(|| header(AUTHORIZATION.as_str()))
            .ok_or_else(|| {
                ApiError::new(401, 24, "You must be logged in to perform this operation.")
            })?;
        let key = key.strip_prefix("Key ").unwrap_or(key);
        let world = shared.world();
        let user = world
            .users
            .iter()
            .find(|user| user.key == key && !world.revoked.contains(key))
            .ok_or_else(|| ApiError::new(401, 30, "The API key is not valid."))?;
        if user.locked {
            return Err(ApiError::new(403, 50, "This user account is locked."));
        }
        Ok(Self {
            user: user.clone(),
            base: base(parts, shared),
            node: parts.extensions.get::<Node>().map_or(0, |node| node.0),
        })
    }
}

/// Where a key isn't needed: one that is no good is as none.
impl OptionalFromRequestParts<Arc<Shared>> for Caller {
    type Rejection = Infallible;

    async fn from_request_parts(
        parts: &mut Parts,
        shared: &Arc<Shared>,
    ) -> Result<Option<Self>, Infallible> {
        Ok(
            <Self as FromRequestParts<_>>::from_request_parts(parts, shared)
                .await
                .ok(),
        )
    }
}

/// The server's address as the sender of the request has it.
pub(crate) fn base(parts: &Parts, shared: &Shared) -> String {
    let host = parts
        .headers
        .get(HOST)
        .and_then(|value| value.to_str().ok());
    format!(
        "http://{}{}",
        host.unwrap_or("localhost:3939"),
        shared.prefix
    )
}

impl Caller {
    pub(crate) fn is_administrator(&self) -> bool {
        self.user.role == Role::Administrator
    }

    /// Goes on for administrators only.
    pub(crate) fn administrator(&self) -> Result<(), ApiError> {
        if self.is_administrator() {
            Ok(())
        } else {
            Err(ApiError::denied())
        }
    }

    /// Goes on for administrators and publishers.
    pub(crate) fn publisher(&self) -> Result<(), ApiError> {
        if self.user.role == Role::Viewer {
            Err(ApiError::denied())
        } else {
            Ok(())
        }
    }

    /// What the caller is to an item.
    pub(crate) fn role_in(&self, world: &World, item: &Item) -> &'static str {
        if item.owner == self.user.guid {
            return "owner";
        }
        let groups: Vec<&str> = world
            .groups
            .iter()
            .filter(|group| group.members.contains(&self.user.guid))
            .map(|group| group.guid.as_str())
            .collect();
        let mut role = if item.access_type == "acl" {
            "none"
        } else {
            "viewer"
        };
        for permission in &item.permissions {
            let mine = if permission.is_group {
                groups.contains(&permission.principal.as_str())
            } else {
                permission.principal == self.user.guid
            };
            match (mine, permission.role.as_str()) {
                (true, "owner") => return "editor",
                (true, _) => role = "viewer",
                _ => {}
            }
        }
        role
    }

    /// Whether the caller sees an item at all.
    pub(crate) fn sees(&self, world: &World, item: &Item) -> bool {
        self.is_administrator() || self.role_in(world, item) != "none"
    }

    /// The item of this guid, if there is one that the caller may see.
    pub(crate) fn item(&self, world: &World, guid: &str) -> Result<Arc<Item>, ApiError> {
        check_guid(guid)?;
        let item = world.item(guid).cloned().ok_or_else(ApiError::not_there)?;
        if self.sees(world, &item) {
            Ok(item)
        } else {
            Err(ApiError::new(
                403,
                19,
                "You don't have permission to view this content.",
            ))
        }
    }

    /// The same, if the caller may change it.
    pub(crate) fn own_item(&self, world: &World, guid: &str) -> Result<Arc<Item>, ApiError> {
        let item = self.item(world, guid)?;
        if self.is_administrator() || matches!(self.role_in(world, &item), "owner" | "editor") {
            Ok(item)
        } else {
            Err(ApiError::denied())
        }
    }
}

/// A guid looks like one.
pub(crate) fn check_guid(guid: &str) -> Result<(), ApiError> {
    let parts: Vec<&str> = guid.split('-').collect();
    let good = parts.iter().map(|part| part.len()).eq([8, 4, 4, 4, 12])
        && parts.concat().bytes().all(|byte| byte.is_ascii_hexdigit());
    if good {
        Ok(())
    } else {
        Err(ApiError::bad_id("guid"))
    }
}

/// Goes on from this version.
pub(crate) fn since(world: &World, year: u16, month: u8) -> Result<(), ApiError> {
    if world.config.version >= Version::new(year, month, 0) {
        Ok(())
    } else {
        Err(ApiError::NoRoute)
    }
}

/// A body that is an object, or nothing. Only these names may be in it, as the server is strict.
pub(crate) fn object(body: &Bytes, names: &[&str]) -> Result<Map<String, Value>, ApiError> {
    if body.is_empty() {
        return Ok(Map::new());
    }
    let Ok(Value::Object(map)) = serde_json::from_slice(body) else {
        return Err(ApiError::bad_request(
            "The request body is not a JSON object.",
        ));
    };
    match map.keys().find(|name| !names.contains(&name.as_str())) {
        Some(name) => Err(ApiError::bad_request(format!(
            "json: unknown field \"{name}\""
        ))),
        None => Ok(map),
    }
}

/// A text from a body: missing and null are the same.
pub(crate) fn text(map: &Map<String, Value>, name: &str) -> Result<Option<String>, ApiError> {
    match map.get(name) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(text)) => Ok(Some(text.clone())),
        Some(_) => Err(ApiError::bad_request(format!(
            "json: {name} must be a string"
        ))),
    }
}

/// A path of the API that isn't there.
pub(crate) async fn no_route() -> Reply {
    Err(ApiError::NoRoute)
}

/// A path that is there, for another method.
pub(crate) async fn no_method() -> Reply {
    Err(ApiError::new(
        404,
        2,
        "The request method or endpoint is not supported.",
    ))
}
