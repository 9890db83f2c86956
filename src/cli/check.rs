//! `check`: what must be known before the migration.

use std::path::PathBuf;

use clap::Args;

use super::chart::ChartArgs;
use super::connect::ConnectArgs;
use super::runtime::block_on;
use super::secrets::SecretArgs;
use super::{Exit, Global};
use crate::check::{Examination, Report, Scope, draw};
use crate::connect::{KeyTo, Login, Server};
use crate::helm::release_name;
use crate::inputs::Source;
use crate::output::{self, Format};

/// Check everything that must be known before the migration
///
/// Each check passes, warns or fails, with what was seen and what to do about it, or was not asked
/// since nobody said where to look. Give as much as there is: the old server's configuration, your
/// values, its inventory, the data directory. Nothing is changed anywhere.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  # The configuration and your own values, before anything else
  helm connect-migrate check --from /etc/rstudio-connect/rstudio-connect.gcfg -f values.yaml

  # On the old server: the data directory, read file by file
  helm connect-migrate check --data-dir /var/lib/rstudio-connect

  # Everything at once, for a program to read
  helm connect-migrate check ./rstudio-connect --from rstudio-connect.gcfg -f values.yaml \\
      --inventory inventory.yaml --release connect --output json

  # A trial on copies: that it can do no harm, by its values and in its namespace
  helm connect-migrate check --trial --from rstudio-connect.gcfg --production values.yaml \\
      -f trial.yaml --release trial -n connect-trial

Exit codes: 0 no check failed, 1 could not go on, 2 wrong usage, 3 the input is invalid, 4 a check
failed.")]
pub(super) struct CheckCommand {
    /// Configuration file of the old server; - is standard input. May repeat, in the order Connect
    /// reads them
    #[arg(long, value_name = "FILE")]
    from: Vec<Source>,

    /// Values file of yours, as for helm. May repeat
    #[arg(short = 'f', long = "values", value_name = "FILE")]
    values: Vec<Source>,

    /// Data directory of the old server, to be walked; run this on the old server, as root
    #[arg(long, value_name = "DIR")]
    data_dir: Option<PathBuf>,

    /// Release on the cluster, if it is installed already
    #[arg(long, value_name = "NAME", value_parser = release_name)]
    release: Option<String>,

    /// Judge the values as those of a trial, too: that it does no harm, and shares nothing with
    /// production
    #[arg(long)]
    trial: bool,

    /// Values that production is, or will be, installed with, for --trial. May repeat
    #[arg(long, value_name = "FILE", requires = "trial")]
    production: Vec<Source>,

    /// Ask the cluster, too; --release does that as well
    #[arg(long)]
    cluster: bool,

    /// Connect version of the old server
    #[arg(long, value_name = "VERSION")]
    connect_version: Option<String>,

    /// Inventory of the old server's content, as `inventory` writes it
    #[arg(long, value_name = "FILE")]
    inventory: Option<Source>,

    /// Print values that name images for the inventory's content, from public ones, in the form that
    /// CHART takes; the checks go to standard error then
    #[arg(long, requires = "inventory")]
    suggest: bool,

    /// Table of images to suggest from, instead of the public ones
    #[arg(long, value_name = "FILE", requires = "suggest")]
    images: Option<Source>,

    /// Connect to the database of --from, with CONNECT_POSTGRES_PASSWORD or the file's password
    #[arg(long, requires = "from")]
    connect_database: bool,

    /// Form of the output
    #[arg(short, long, value_enum, default_value_t)]
    output: Format,

    #[command(flatten)]
    chart: ChartArgs,

    #[command(flatten)]
    pub(super) secrets: SecretArgs,

    #[command(flatten)]
    old_server: ConnectArgs,

    #[command(flatten)]
    new_server: NewServerArgs,
}

/// Flags about the new server.
#[derive(Debug, Args)]
#[command(next_help_heading = "New server")]
struct NewServerArgs {
    /// The new server, to ask which runtimes it has
    #[arg(long, value_name = "URL")]
    new_server: Option<Server>,

    /// File that holds the API key to the new server, instead of the variable CONNECT_NEW_API_KEY
    #[arg(long, value_name = "FILE", requires = "new_server")]
    new_api_key_file: Option<PathBuf>,
}

impl CheckCommand {
    /// Runs the command.
    pub(super) fn run(&self, global: &Global) -> anyhow::Result<Exit> {
        let examination = block_on(Examination::of(self.scope(global)?))?;
        self.show(&examination.report)?;
        if self.suggest {
            output::data(examination.suggestion()?.as_bytes())?;
        }
        Ok(if examination.report.failed() {
            Exit::Blocked
        } else {
            Exit::Done
        })
    }

    fn scope(&self, global: &Global) -> anyhow::Result<Scope> {
        let options = self.old_server.options()?;
        let old_server = match &self.old_server.server {
            Some(_) => Some(self.old_server.login()?),
            None => None,
        };
        let new_server = match self.new_server.new_server.clone() {
            Some(server) => Some(Login {
                server,
                key: KeyTo::NewServer.find(self.new_server.new_api_key_file.as_deref())?,
                options,
            }),
            None => None,
        };
        Ok(Scope {
            helm: global.helm(),
            chart: self.chart.source(),
            configuration: self.from.clone(),
            values: self.values.clone(),
            trial: self.trial.then(|| self.production.clone()),
            inventory: self.inventory.clone(),
            images: self.images.clone(),
            data_directory: self.data_dir.clone(),
            release: self.release.clone(),
            access: global.access(),
            asks_cluster: self.cluster,
            connect_version: self.connect_version.clone(),
            connects_to_database: self.connect_database,
            secret_name: self.secrets.secret_name.clone(),
            options: self.secrets.options(),
            old_server,
            new_server,
        })
    }

    fn show(&self, report: &Report) -> anyhow::Result<()> {
        if !self.suggest {
            return output::result(self.output, report, |width| draw(report, width));
        }
        // Data is the block of images then.
        match output::structured(self.output, report)? {
            Some(text) => output::message(text),
            None => output::message(draw(report, output::messages_width())),
        }
        Ok(())
    }
}
