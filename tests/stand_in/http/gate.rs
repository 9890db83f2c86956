//! What happens to every request: it is counted, routed to a node, and perhaps made to fail.

use std::convert::Infallible;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::task::{Context, Poll};

use axum::body::{Body, Bytes, HttpBody};
use axum::extract::{MatchedPath, Request, State};
use axum::http::header::{CONTENT_LENGTH, CONTENT_TYPE, COOKIE, LOCATION, RETRY_AFTER, SET_COOKIE};
use axum::http::{HeaderName, HeaderValue};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

use hyper::body::Frame;

use super::ApiError;
use super::request::Node;
use crate::connect_stand_in::config::Licence;
use crate::connect_stand_in::fault::Action;
use crate::connect_stand_in::server::{self, Connection, Shared};

/// The cookie that keeps a client on its node.
const NODE_COOKIE: &str = "stand-in-node";
const CORRELATION: HeaderName = HeaderName::from_static("x-correlation-id");

/// Counts the request as being answered until it is dropped, which a closed connection does.
struct InFlight<'a>(&'a Shared);

impl Drop for InFlight<'_> {
    fn drop(&mut self) {
        self.0.counters().in_flight -= 1;
    }
}

pub(crate) async fn pass(
    State(shared): State<Arc<Shared>>,
    mut request: Request,
    next: Next,
) -> Response {
    let path = request.uri().path().to_owned();
    let method = request.method().as_str().to_owned();
    let route = route(&request, &shared.prefix);
    shared.counters().begin(&method, &route);
    let _in_flight = InFlight(&shared);

    let correlation = request.headers().get(CORRELATION).cloned();
    let (nodes, latency, licence) = {
        let world = shared.world();
        (
            world.config.nodes.max(1),
            world.config.latency,
            world.licence(),
        )
    };
    let asked = node_cookie(&request).filter(|node| *node < nodes);
    let node = asked.unwrap_or_else(|| shared.next_node.fetch_add(1, Ordering::Relaxed) % nodes);
    request.extensions_mut().insert(Node(node));
    if !latency.is_zero() {
        server::elapse(latency).await;
    }

    let connection = request.extensions().get::<Connection>().cloned();
    let action = shared.faults().strike(&method, &route, &path);
    if action.is_some() {
        shared.counters().faults += 1;
    }
    let mut response = match action {
        None if licence == Licence::ExpiredEverywhere => {
            ApiError::new(402, 0, "The license has expired.").into_response()
        }
        None => next.run(request).await,
        Some(action) => strike(&shared, action, connection, &path, request, next).await,
    };

    let headers = response.headers_mut();
    let generated = || HeaderValue::from_str(&shared.world().random.guid()).ok();
    if let Some(id) = correlation.or_else(generated) {
        headers.insert(CORRELATION, id);
    }
    if nodes > 1
        && asked.is_none()
        && let Ok(cookie) =
            HeaderValue::from_str(&format!("{NODE_COOKIE}={node}; Path=/; HttpOnly"))
    {
        headers.append(SET_COOKIE, cookie);
    }
    let length = http_body_length(&response);
    shared
        .counters()
        .answered(response.status().as_u16(), length);
    response
}

/// The route as its name in the counters: without the prefix and `/__api__`.
fn route(request: &Request, prefix: &str) -> String {
    let Some(matched) = request.extensions().get::<MatchedPath>() else {
        return "(none)".to_owned();
    };
    let route = matched.as_str();
    let route = route.strip_prefix(prefix).unwrap_or(route);
    route.strip_prefix("/__api__").unwrap_or(route).to_owned()
}

fn node_cookie(request: &Request) -> Option<usize> {
    request
        .headers()
        .get_all(COOKIE)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(';'))
        .find_map(|pair| {
            pair.trim()
                .strip_prefix(NODE_COOKIE)?
                .strip_prefix('=')?
                .parse()
                .ok()
        })
}

fn http_body_length(response: &Response) -> Option<u64> {
    response.body().size_hint().exact()
}

/// Makes the request fail.
async fn strike(
    shared: &Shared,
    action: Action,
    connection: Option<Connection>,
    path: &str,
    request: Request,
    next: Next,
) -> Response {
    match action {
        Action::Status {
            status,
            retry_after,
        } => {
            let mut response =
                ApiError::new(status, 1, "An internal failure has occurred.").into_response();
            if let Some(seconds) = retry_after {
                response
                    .headers_mut()
                    .insert(RETRY_AFTER, HeaderValue::from(seconds));
            }
            response
        }
        Action::DropBefore => closed(connection).await,
        Action::DropAfter => {
            drop(next.run(request).await);
            closed(connection).await
        }
        Action::Truncate => truncated(next.run(request).await),
        Action::HangBefore { time } => {
            server::elapse(time).await;
            closed(connection).await
        }
        Action::HangAfter { time } => {
            drop(next.run(request).await);
            server::elapse(time).await;
            closed(connection).await
        }
        Action::Slow { time } => {
            let response = next.run(request).await;
            server::elapse(time).await;
            response
        }
        Action::Html => (
            [(CONTENT_TYPE, "text/html; charset=utf-8")],
            "<!DOCTYPE html><title>Sign in</title><form method=post></form>",
        )
            .into_response(),
        Action::Redirect { to } => {
            let mut response = axum::http::StatusCode::FOUND.into_response();
            if let Ok(to) = HeaderValue::from_str(&to) {
                response.headers_mut().insert(LOCATION, to);
            }
            response
        }
        Action::Deploy | Action::Upload | Action::Lock | Action::Delete => {
            if let Some(guid) = path.split('/').find(|part| part.len() == 36) {
                let mut world = shared.world();
                match action {
                    Action::Deploy => drop(world.meanwhile_upload(guid, true)),
                    Action::Upload => drop(world.meanwhile_upload(guid, false)),
                    Action::Lock => drop(world.meanwhile_lock(guid, true)),
                    _ => drop(world.remove_item(guid)),
                }
            }
            next.run(request).await
        }
    }
}

/// Closes the connection, and answers nothing.
async fn closed(connection: Option<Connection>) -> Response {
    if let Some(connection) = connection {
        connection.close();
    }
    std::future::pending().await
}

/// Promises more than it sends: the client sees the connection end within the body.
fn truncated(response: Response) -> Response {
    let length = http_body_length(&response).unwrap_or(0).max(2);
    let (mut parts, _) = response.into_parts();
    parts
        .headers
        .insert(CONTENT_LENGTH, HeaderValue::from(length));
    Response::from_parts(parts, Body::new(OneByte(true)))
}

/// A body that ends after its first byte, of a length that it doesn't tell.
struct OneByte(bool);

impl HttpBody for OneByte {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        let first = std::mem::take(&mut self.0);
        Poll::Ready(first.then(|| Ok(Frame::data(Bytes::from_static(b"{")))))
    }
}
