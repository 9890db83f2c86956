//! How to reach a release's server, from the command line.

use super::connect::ConnectArgs;
use crate::survey::ServerAccess;

impl ConnectArgs {
    /// How to reach the server of a release. A key that is not there is missed once it is needed.
    ///
    /// # Errors
    /// The file of certificates cannot be used.
    pub(super) fn server_access(&self) -> anyhow::Result<ServerAccess> {
        Ok(ServerAccess {
            server: self.server.clone(),
            key: self.key().map_err(|error| format!("{error:#}")),
            options: self.options()?,
        })
    }
}
