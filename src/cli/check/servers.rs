//! Asking the servers: the old one about its license and the key, the new one about runtimes, the
//! database whether it answers.

use std::path::PathBuf;

use clap::Args;

use crate::check::database::{Connection, Target};
use crate::check::runtimes::Available;
use crate::check::{postgres, server};
use crate::cli::connect::{ConnectArgs, OtherServer, open};
use crate::connect::{ConnectOptions, Server};
use crate::secret::Secret;

/// The variable that holds the key to the new server.
const NEW_KEY: &str = "CONNECT_NEW_API_KEY";

/// The variable that Connect itself reads the password from.
const DATABASE_PASSWORD: &str = "CONNECT_POSTGRES_PASSWORD";

/// Flags about the new server.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "New server")]
pub(super) struct NewServerArgs {
    /// The new server, to ask which runtimes it has
    #[arg(long, value_name = "URL")]
    new_server: Option<Server>,

    /// File that holds the API key to the new server, instead of the variable CONNECT_NEW_API_KEY
    #[arg(long, value_name = "FILE", requires = "new_server")]
    new_api_key_file: Option<PathBuf>,
}

/// What the old server says.
pub(super) struct Old {
    /// Facts for the checks, or why it does not answer.
    pub facts: Result<server::Facts, String>,
    /// Its version, where it tells.
    pub version: Option<String>,
}

/// Asks the old server; `None` where none is given.
pub(super) async fn old(arguments: &ConnectArgs) -> anyhow::Result<Option<Old>> {
    let Some(address) = &arguments.server else {
        return Ok(None);
    };
    let key = arguments.key()?;
    let options = arguments.options()?;
    let connect = match open(address.clone(), key, &options).await {
        Ok(connect) => connect,
        Err(error) => {
            return Ok(Some(Old {
                facts: Err(error.to_string()),
                version: None,
            }));
        }
    };
    let facts = server::Facts {
        licence: connect.settings().license.clone(),
        user: Some(connect.user().await.map_err(|error| error.to_string())),
        // Only administrators may list the nodes; it is a small question.
        administrator: Some(
            connect
                .hosts()
                .await
                .map(|_| ())
                .map_err(|error| error.to_string()),
        ),
    };
    Ok(Some(Old {
        facts: Ok(facts),
        version: connect.version().map(|version| version.to_string()),
    }))
}

impl NewServerArgs {
    /// Which runtimes the new server has; `None` where none is given.
    pub(super) async fn runtimes(
        &self,
        options: &ConnectOptions,
    ) -> anyhow::Result<Option<Available>> {
        let Some(address) = &self.new_server else {
            return Ok(None);
        };
        let new = OtherServer {
            which: "new",
            key_file: self.new_api_key_file.as_deref(),
            variable: NEW_KEY,
        };
        let connect = open(address.clone(), new.key()?, options).await?;
        let runtimes = connect.runtimes().await?;
        Ok(Some(Available::of_server(
            runtimes,
            &connect.server().to_string(),
        )))
    }
}

/// Connects to the database, with the password that Connect would use: the environment's comes
/// before the file's.
pub(super) async fn database(target: &Target) -> Connection {
    let environment = std::env::var(DATABASE_PASSWORD)
        .ok()
        .filter(|text| !text.is_empty())
        .map(Secret::new);
    postgres::connect(target, environment.as_ref().or(target.password.as_ref())).await
}
