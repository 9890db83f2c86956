//! A stand-in in this process.

use std::net::SocketAddr;
use std::sync::Arc;

use crate::connect_stand_in::config::Config;
use crate::connect_stand_in::control::{self, Control};
use crate::connect_stand_in::http;
use crate::connect_stand_in::server::{self, Shared, StartError};
use crate::connect_stand_in::world::Role;

/// A running stand-in, with threads of its own. It stops when it is dropped.
pub struct StandIn {
    shared: Arc<Shared>,
    address: SocketAddr,
    control_address: Option<SocketAddr>,
    runtime: Option<tokio::runtime::Runtime>,
}

impl StandIn {
    /// Starts one. It accepts connections when this returns.
    ///
    /// # Errors
    /// It can't listen where the configuration says.
    pub fn start(config: Config) -> Result<Self, StartError> {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(2)
            .thread_name("connect-stand-in")
            .enable_all()
            .build()
            .map_err(StartError::Runtime)?;
        let (listen, control_listen) = (config.listen, config.control_listen);
        let shared = Arc::new(Shared::new(config));
        let listener = runtime.block_on(server::listen(listen))?;
        let address = listener.local_addr().map_err(StartError::Runtime)?;
        let app = http::app(&shared);
        runtime.spawn(server::serve(Arc::clone(&shared), listener, app));
        let mut control_address = None;
        if let Some(listen) = control_listen {
            let listener = runtime.block_on(server::listen(listen))?;
            control_address = Some(listener.local_addr().map_err(StartError::Runtime)?);
            let app = control::routes(&shared).with_state(Arc::clone(&shared));
            runtime.spawn(server::serve_control(listener, app));
        }
        Ok(Self {
            shared,
            address,
            control_address,
            runtime: Some(runtime),
        })
    }

    /// What `CONNECT_SERVER` is set to, without a slash at the end.
    pub fn url(&self) -> String {
        format!("http://{}{}", self.address, self.shared.prefix)
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Where its control API listens by itself, if it does.
    pub fn control_url(&self) -> Option<String> {
        self.control_address
            .map(|address| format!("http://{address}/__stand-in__"))
    }

    /// The administrator's API key.
    pub fn api_key(&self) -> String {
        self.key(Role::Administrator)
    }

    /// The API key of somebody with this role.
    pub fn key(&self, role: Role) -> String {
        let world = self.shared.world();
        let user = world.users.iter().find(|user| user.role == role);
        user.map(|user| user.key.clone()).unwrap_or_default()
    }

    /// What looks into it and makes it fail.
    pub fn control(&self) -> Control {
        Control::new(Arc::clone(&self.shared))
    }

    /// Lives until the process ends.
    pub fn run_forever(mut self) {
        if let Some(runtime) = self.runtime.take() {
            runtime.block_on(std::future::pending::<()>());
        }
    }
}

impl Drop for StandIn {
    fn drop(&mut self) {
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}
