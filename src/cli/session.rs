//! Talking to a release's server: at the address that is given, or through the cluster.

use std::sync::Arc;

use anyhow::Context as _;

use super::connect::ConnectArgs;
use crate::connect::{Connect, Notice};
use crate::output;
use crate::release::{Cluster, Forward, Workload};
use crate::survey::Answer;
use crate::survey::steps::Facts;

/// A connection to a server; the way to it is closed with it.
pub(super) struct Session {
    pub connect: Connect,
    _forward: Option<Forward>,
}

impl Session {
    /// Opens a connection: to `--server`, else through the API server to a pod of the workload.
    ///
    /// # Errors
    /// There is no API key, no way to the server, or no server.
    pub(super) async fn open(
        args: &ConnectArgs,
        cluster: &Cluster,
        workload: Option<&Workload>,
    ) -> anyhow::Result<Self> {
        let key = args.key()?;
        let options = args.options()?;
        let (server, forward) = match &args.server {
            Some(server) => (server.clone(), None),
            None => {
                let workload = workload.context(
                    "the release's Deployment is not to be seen; give the server with --server URL",
                )?;
                let forward = Forward::open(cluster, workload).await?;
                (forward.url().parse()?, Some(forward))
            }
        };
        let connect = Connect::open(
            server,
            key,
            &options,
            Arc::new(|notice: Notice| output::talk(notice.to_string())),
        )
        .await?;
        Ok(Self {
            connect,
            _forward: forward,
        })
    }

    /// What the server says of itself.
    pub(super) async fn facts(&self) -> Facts {
        Facts {
            version: self.connect.version().map(|version| version.to_string()),
            role: match self.connect.user().await {
                Ok(user) => user.user_role,
                Err(_) => None,
            },
            items: self.connect.contents().await.ok().map(|items| items.len()),
            database: None,
        }
    }
}

/// Asks the server, if it is to be had.
pub(super) async fn facts(session: &anyhow::Result<Session>) -> Answer<Facts> {
    match session {
        Ok(session) => Answer::Known(session.facts().await),
        Err(error) => Answer::Unknown(format!("{error:#}")),
    }
}
