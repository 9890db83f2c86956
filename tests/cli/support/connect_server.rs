//! The few answers of a Connect server that status and revert ask for.

use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};
use std::sync::{Arc, Mutex};

use axum::extract::{Request, State};
use axum::middleware::{self, Next};
use axum::response::Response;
use axum::routing::get;
use axum::{Json, Router};
use serde_json::{Value, json};

/// A running server.
#[derive(Clone)]
pub struct ConnectServer {
    /// Where it listens.
    pub address: SocketAddr,
    state: Arc<Answers>,
}

struct Answers {
    limit: AtomicI64,
    pinned: AtomicBool,
    // What answers all but the scheduler's settings, if it is another server.
    behind: Mutex<Option<String>>,
}

/// The API key that it takes.
pub const KEY: &str = "clusterTestKey0000000000000000001";

impl ConnectServer {
    /// Starts one.
    pub async fn start() -> Self {
        let state = Arc::new(Answers {
            limit: AtomicI64::new(20),
            pinned: AtomicBool::new(false),
            behind: Mutex::new(None),
        });
        let api = Router::new()
            .route(
                "/server_settings",
                get(async || Json(json!({"version": "2026.08.0"}))),
            )
            .route("/server_settings/scheduler", get(scheduler))
            .route(
                "/v1/user",
                get(async || Json(json!({"username": "admin", "user_role": "administrator"}))),
            )
            .route(
                "/v1/content",
                get(async || {
                    Json(
                        json!([{"guid": "3d6b1c1e-5a0f-4a39-9d0e-000000000001", "title": "Busy",
                    "min_processes": 2}]),
                    )
                }),
            )
            .route(
                "/v1/experimental/schedules",
                get(async || Json(json!({"schedules": [{}, {}, {}]}))),
            );
        let app = Router::new()
            .route("/__ping__", get(async || Json(json!({}))))
            .nest("/__api__", api)
            .layer(middleware::from_fn_with_state(Arc::clone(&state), behind))
            .with_state(Arc::clone(&state));
        let listener = tokio::net::TcpListener::bind(("127.0.0.1", 0))
            .await
            .unwrap();
        let address = listener.local_addr().unwrap();
        tokio::spawn(async move { axum::serve(listener, app).await });
        Self { address, state }
    }

    /// `Scheduler.MinProcessesLimit`.
    pub fn set_limit(&self, limit: i64) {
        if !self.state.pinned.load(Ordering::Relaxed) {
            self.state.limit.store(limit, Ordering::Relaxed);
        }
    }

    /// Lets another server answer, but for what the configuration decides.
    pub fn stand_before(&self, url: String) {
        *self.state.behind.lock().unwrap() = Some(url);
    }

    /// The same, whatever the configuration says from now on.
    pub fn pin_limit(&self, limit: i64) {
        self.set_limit(limit);
        self.state.pinned.store(true, Ordering::Relaxed);
    }
}

async fn scheduler(State(state): State<Arc<Answers>>) -> Json<Value> {
    Json(json!({"min_processes_limit": state.limit.load(Ordering::Relaxed)}))
}

async fn behind(State(state): State<Arc<Answers>>, request: Request, next: Next) -> Response {
    let behind = state.behind.lock().unwrap().clone();
    let path = request.uri().path_and_query().unwrap().to_string();
    let Some(url) = behind.filter(|_| !path.ends_with("/server_settings/scheduler")) else {
        return next.run(request).await;
    };
    let (head, body) = request.into_parts();
    let body = axum::body::to_bytes(body, usize::MAX).await.unwrap();
    let client = reqwest::Client::builder().no_proxy().build().unwrap();
    let answer = client
        .request(head.method, format!("{url}{path}"))
        .headers(head.headers)
        .body(body)
        .send()
        .await
        .unwrap();
    let (status, headers) = (answer.status(), answer.headers().clone());
    let mut response = Response::new(answer.bytes().await.unwrap().into());
    *response.status_mut() = status;
    *response.headers_mut() = headers;
    response
}
