//! The HTTP API: routes, and what happens to every request on its way.

mod builds;
mod bundles;
mod caches;
mod content;
mod details;
mod error;
mod gate;
mod jobs;
mod multipart;
mod pages;
mod request;
mod search;
mod settings;
mod system;
mod tasks;
mod usage;
mod users;
mod vanities;
mod variants;

use std::sync::Arc;

use axum::Router;
use axum::middleware;
use axum::routing::get;

pub(crate) use error::ApiError;
pub(crate) use request::Caller;

use crate::connect_stand_in::control;
use crate::connect_stand_in::server::Shared;

/// An answer, or why there is none.
pub(crate) type Reply = Result<axum::response::Response, ApiError>;

/// The whole server.
pub(crate) fn app(shared: &Arc<Shared>) -> Router {
    let api = Router::new()
        .merge(settings::routes())
        .merge(users::routes())
        .merge(content::routes())
        .merge(search::routes())
        .merge(bundles::routes())
        .merge(builds::routes())
        .merge(variants::routes())
        .merge(jobs::routes())
        .merge(tasks::routes())
        .merge(caches::routes())
        .merge(usage::routes())
        .merge(details::routes())
        .merge(vanities::routes())
        .merge(system::routes())
        .fallback(request::no_route)
        .method_not_allowed_fallback(request::no_method);
    let server = Router::new()
        .route("/__ping__", get(settings::ping))
        .route("/content/{guid}", get(pages::bare))
        .route("/content/{guid}/", get(pages::content))
        .route("/content/{guid}/{*rest}", get(pages::content))
        .nest("/__api__", api)
        .fallback(pages::other)
        .layer(middleware::from_fn_with_state(
            Arc::clone(shared),
            gate::pass,
        ));
    let server = if shared.prefix.is_empty() {
        server
    } else {
        Router::new().nest(&shared.prefix, server)
    };
    // Outside the gate: what looks into the server isn't counted, and never goes wrong.
    server
        .merge(control::routes(shared))
        .with_state(Arc::clone(shared))
}
