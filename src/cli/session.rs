//! Talking to a release's server: at the address that is given, or through the cluster.

use anyhow::Context as _;

use super::connect::{ConnectArgs, open};
use crate::connect::Connect;
use crate::release::{Cluster, Forward, Workload};
use crate::survey::steps::Facts;
use crate::survey::{Answer, server};

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
        let connect = open(server, key, &options).await?;
        Ok(Self {
            connect,
            _forward: forward,
        })
    }
}

/// Asks the server, if it is to be had.
pub(super) async fn facts(session: &anyhow::Result<Session>) -> Answer<Facts> {
    match session {
        Ok(session) => Answer::Known(server::facts(&session.connect).await),
        Err(error) => Answer::Unknown(format!("{error:#}")),
    }
}
