//! Talking to a release's server: at the address that is given, or through the cluster.

use std::sync::Arc;

use anyhow::{Context as _, anyhow};

use super::Answer;
use super::steps::ServerFacts;
use crate::connect::{ApiKey, Connect, ConnectOptions, Notice, Server};
use crate::output;
use crate::release::{Cluster, Forward, Workload};

/// How to reach a server, as far as the user says.
#[derive(Debug, Clone)]
pub(crate) struct ServerAccess {
    /// `None`: through the cluster.
    pub server: Option<Server>,
    /// Or why there is none.
    pub key: Result<ApiKey, String>,
    pub options: ConnectOptions,
}

/// A connection to a server; the way to it is closed with it.
pub(crate) struct Session {
    pub connect: Connect,
    _forward: Option<Forward>,
}

impl Session {
    /// Opens a connection: to the server that is given, else through the API server to a pod of the
    /// workload.
    ///
    /// # Errors
    /// There is no API key, no way to the server, or no server.
    pub(crate) async fn open(
        access: &ServerAccess,
        cluster: &Cluster,
        workload: Option<&Workload>,
    ) -> anyhow::Result<Self> {
        let key = access.key.clone().map_err(|why| anyhow!(why))?;
        let (server, forward) = match &access.server {
            Some(server) => (server.clone(), None),
            None => {
                let workload = workload.context(
                    "the release's Deployment is not to be seen; give the server with --server URL",
                )?;
                let forward = Forward::open(cluster, workload).await?;
                (forward.url().parse()?, Some(forward))
            }
        };
        let tell = |notice: Notice| output::message(notice.to_string());
        let connect = Connect::open(server, key, &access.options, Arc::new(tell)).await?;
        Ok(Self {
            connect,
            _forward: forward,
        })
    }

    /// What the server says of itself.
    pub(crate) async fn facts(&self) -> ServerFacts {
        let items = self.connect.contents().await.ok();
        ServerFacts {
            address: match self._forward {
                Some(_) => None,
                None => Some(self.connect.server().to_string()),
            },
            guids: items
                .iter()
                .flatten()
                .map(|item| item.guid.as_str().to_owned())
                .collect(),
            version: self.connect.version().map(|version| version.to_string()),
            role: match self.connect.user().await {
                Ok(user) => user.user_role,
                Err(_) => None,
            },
            items: items.map(|items| items.len()),
            database: None,
        }
    }
}

/// Asks the server, if it is to be had.
pub(crate) async fn facts(session: &anyhow::Result<Session>) -> Answer<ServerFacts> {
    match session {
        Ok(session) => Answer::Known(session.facts().await),
        Err(error) => Answer::Unknown(format!("{error:#}")),
    }
}
