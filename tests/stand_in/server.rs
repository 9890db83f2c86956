//! The listener, its connections, and the server's ups and downs.

use std::net::SocketAddr;
use std::sync::atomic::AtomicUsize;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use axum::Router;
use hyper::service::Service;
use hyper_util::rt::TokioIo;
use hyper_util::service::TowerToHyperService;
use serde::Deserialize;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Notify, watch};
use tokio::time::Instant;

use crate::connect_stand_in::config::{self, Config};
use crate::connect_stand_in::counters::Counters;
use crate::connect_stand_in::fault::Faults;
use crate::connect_stand_in::world::World;

/// Why a stand-in doesn't start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The address is taken, or isn't ours.
    #[error("can't listen at {address}: {source}")]
    Listen {
        /// Where.
        address: SocketAddr,
        /// Why not.
        source: std::io::Error,
    },
    /// No threads.
    #[error("can't start a runtime: {0}")]
    Runtime(#[source] std::io::Error),
}

/// A restart of the server.
#[derive(Debug, Clone, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Restart {
    /// For how long connections are refused.
    #[serde(with = "config::duration")]
    pub down: Duration,
    /// What becomes of builds that run or wait.
    pub builds: Interrupted,
    /// Only this node of a cluster restarts; the others go on answering.
    pub node: Option<usize>,
}

impl Default for Restart {
    fn default() -> Self {
        Self {
            down: Duration::from_millis(200),
            builds: Interrupted::Lost,
            node: None,
        }
    }
}

/// What becomes of builds when the server restarts. Their tasks are forgotten in any case.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Interrupted {
    /// They end with it.
    Lost,
    /// Their processes run to the end.
    GoOn,
}

/// What everything that serves has in common.
pub(crate) struct Shared {
    world: Mutex<World>,
    counters: Mutex<Counters>,
    faults: Mutex<Faults>,
    /// Raised to close every connection at once.
    connections: watch::Sender<u64>,
    /// Until when connections are refused.
    down: watch::Sender<Option<Instant>>,
    pub(crate) next_node: AtomicUsize,
    pub(crate) prefix: String,
}

impl Shared {
    pub(crate) fn new(config: Config) -> Self {
        Self {
            prefix: config.prefix.trim_end_matches('/').to_owned(),
            counters: Mutex::default(),
            faults: Mutex::new(Faults::new(config.faults.clone(), config.seed)),
            world: Mutex::new(World::new(config)),
            connections: watch::Sender::new(0),
            down: watch::Sender::new(None),
            next_node: AtomicUsize::new(0),
        }
    }

    pub(crate) fn world(&self) -> MutexGuard<'_, World> {
        lock(&self.world)
    }

    pub(crate) fn counters(&self) -> MutexGuard<'_, Counters> {
        lock(&self.counters)
    }

    pub(crate) fn faults(&self) -> MutexGuard<'_, Faults> {
        lock(&self.faults)
    }

    /// Restarts the server, or one of its nodes.
    pub(crate) fn restart(&self, restart: &Restart) {
        if restart.node.is_none() {
            self.down.send_replace(Some(Instant::now() + restart.down));
        }
        self.world()
            .forget_tasks(restart.node, restart.builds == Interrupted::Lost);
        if restart.node.is_none() {
            self.close_connections();
        }
    }

    /// Ends a time of being down early.
    pub(crate) fn come_up(&self) {
        self.down.send_replace(None);
    }

    /// Closes every connection, whatever is being answered on it.
    pub(crate) fn close_connections(&self) {
        self.connections.send_modify(|epoch| *epoch += 1);
    }
}

/// A panic elsewhere has failed the test already; what it left is good enough to go on.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// What is to be done once an answer has arrived.
type Afterwards = Box<dyn FnOnce() + Send>;

/// The connection that a request came by, for faults that close it.
#[derive(Clone, Default)]
pub(crate) struct Connection {
    close: Arc<Notify>,
    afterwards: Arc<Mutex<Option<Afterwards>>>,
}

impl Connection {
    /// Closes it. Nothing that comes later is sent.
    pub(crate) fn close(&self) {
        self.close.notify_one();
    }

    /// Does something when the connection has ended. The answer must say that it is the last one.
    pub(crate) fn afterwards(&self, work: impl FnOnce() + Send + 'static) {
        *lock(&self.afterwards) = Some(Box::new(work));
    }

    /// Serves the connection, which has this as its handle, to its end.
    async fn serve(&self, stream: TcpStream, app: Router) {
        let service = TowerToHyperService::new(app);
        let handle = self.clone();
        let service = hyper::service::service_fn(move |mut request: hyper::Request<_>| {
            request.extensions_mut().insert(handle.clone());
            service.call(request)
        });
        // How a client ends a connection is its own business.
        let _ = hyper::server::conn::http1::Builder::new()
            .serve_connection(TokioIo::new(stream), service)
            .await;
        let afterwards = lock(&self.afterwards).take();
        if let Some(work) = afterwards {
            work();
        }
    }
}

/// Lets time pass that the server's own work takes.
pub(crate) async fn elapse(time: Duration) {
    tokio::time::sleep(time).await;
}

pub(crate) async fn listen(address: SocketAddr) -> Result<TcpListener, StartError> {
    TcpListener::bind(address)
        .await
        .map_err(|source| StartError::Listen { address, source })
}

/// Accepts connections as long as the server isn't down. Ends with the runtime.
pub(crate) async fn serve(shared: Arc<Shared>, listener: TcpListener, app: Router) {
    let Ok(address) = listener.local_addr() else {
        return;
    };
    let mut down = shared.down.subscribe();
    let mut listener = Some(listener);
    loop {
        let until = *down.borrow_and_update();
        if let Some(until) = until.filter(|until| *until > Instant::now()) {
            drop(listener.take());
            shared.close_connections();
            tokio::select! {
                () = tokio::time::sleep_until(until) => {}
                _ = down.changed() => {}
            }
            continue;
        }
        let Some(open) = &listener else {
            match listen(address).await {
                Ok(open) => listener = Some(open),
                // Something else took the port meanwhile: wait for it to go.
                Err(_) => elapse(Duration::from_millis(50)).await,
            }
            continue;
        };
        tokio::select! {
            _ = down.changed() => {}
            accepted = open.accept() => match accepted {
                Ok((stream, _)) => {
                    shared.counters().connections += 1;
                    tokio::spawn(connection(Arc::clone(&shared), stream, app.clone()));
                }
                // No more file descriptors: some will be free again.
                Err(_) => elapse(Duration::from_millis(10)).await,
            }
        }
    }
}

/// Serves the control API where it listens by itself: it never goes down.
pub(crate) async fn serve_control(listener: TcpListener, app: Router) {
    while let Ok((stream, _)) = listener.accept().await {
        let app = app.clone();
        tokio::spawn(async move { Connection::default().serve(stream, app).await });
    }
}

async fn connection(shared: Arc<Shared>, stream: TcpStream, app: Router) {
    let mut all = shared.connections.subscribe();
    all.borrow_and_update();
    let _ = stream.set_nodelay(true);
    let connection = Connection::default();
    tokio::select! {
        biased;
        () = connection.close.notified() => {}
        _ = all.changed() => {}
        () = connection.serve(stream, app) => {}
    }
}
