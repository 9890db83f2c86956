//! The few answers of a Connect server that status and revert ask for.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};

use axum::extract::State;
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
}

/// The API key that it takes.
pub const KEY: &str = "clusterTestKey0000000000000000001";

impl ConnectServer {
    /// Starts one.
    pub async fn start() -> Self {
        let state = Arc::new(Answers {
            limit: AtomicI64::new(20),
            pinned: AtomicBool::new(false),
        });
        let api = Router::new()
            .route("/server_settings", get(async || Json(json!({"version": "2026.08.0"}))))
            .route("/server_settings/scheduler", get(scheduler))
            .route("/v1/user", get(async || {
                Json(json!({"username": "admin", "user_role": "administrator"}))
            }))
            .route("/v1/content", get(async || {
                Json(json!([{"guid": "3d6b1c1e-5a0f-4a39-9d0e-000000000001", "title": "Busy",
                    "min_processes": 2}]))
            }))
            .route("/v1/experimental/schedules", get(async || {
                Json(json!({"schedules": [{}, {}, {}]}))
            }));
        let app = Router::new()
            .route("/__ping__", get(async || Json(json!({}))))
            .nest("/__api__", api)
            .with_state(Arc::clone(&state));
        let listener = tokio::net::TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
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

    /// The same, whatever the configuration says from now on.
    pub fn pin_limit(&self, limit: i64) {
        self.set_limit(limit);
        self.state.pinned.store(true, Ordering::Relaxed);
    }
}

async fn scheduler(State(state): State<Arc<Answers>>) -> Json<Value> {
    Json(json!({"min_processes_limit": state.limit.load(Ordering::Relaxed)}))
}
