//! `check`: what must be known before the migration.

#[cfg(unix)]
mod data_directory;
mod helm;
mod servers;

use std::path::PathBuf;

use clap::Args;

use super::chart::ChartArgs;
use super::connect::ConnectArgs;
use super::runtime::block_on;
use super::{Exit, Global};
use crate::chart::{self, Chart, Release, ValuesFile};
use crate::check::{
    Check, Group, Report, cluster, configuration, data_directory as data, database, rebuild_time,
    runtimes, server, table, values, versions,
};
use crate::convert::account::Account;
use crate::convert::options::{SecretName, Secrets};
use crate::convert::{self, Inputs, Options};
use crate::gcfg::{Document, SettingName};
use crate::helm::release_name;
use crate::helm::{Helm, HelmError, HelmVersion};
use crate::images;
use crate::inputs::{self, Source};
use crate::inventory::Inventory;
use crate::output::{self, Format};
use crate::yaml::Map;

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

Exit codes: 0 no check failed, 1 could not go on, 2 wrong usage, 3 the input is invalid, 4 a check
failed.")]
pub(super) struct CheckCommand {
    #[command(flatten)]
    chart: ChartArgs,

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

    /// Secret in the cluster with the database's password
    #[arg(long, value_name = "NAME", default_value = SecretName::DEFAULT, value_parser = SecretName::parse)]
    secret_name: SecretName,

    /// Credentials that no environment variable carries go into a file in the Secret, as for values
    #[arg(long, conflicts_with = "inline_secrets")]
    secret_file: bool,

    /// A credential that is encrypted and stays in config, as for values. May repeat
    #[arg(long, value_name = "SETTING")]
    encrypted: Vec<SettingName>,

    /// Credentials stay in config, as for values
    #[arg(long)]
    inline_secrets: bool,

    #[command(flatten)]
    old_server: ConnectArgs,

    #[command(flatten)]
    new_server: servers::NewServerArgs,

    /// Form of the output
    #[arg(short, long, value_enum, default_value_t)]
    output: Format,
}

const NO_CONFIGURATION: &str = "no configuration given; --from FILE does";
const NO_SERVER: &str =
    "no server given; --server URL does, with CONNECT_API_KEY or --api-key-file FILE";

/// What servers said.
struct Asked {
    cluster: Vec<Check>,
    old: Option<servers::Old>,
    target: Option<Result<database::Target, database::TargetError>>,
    connection: Option<database::Connection>,
    available: Option<runtimes::Available>,
}

/// What the flags led to.
struct Gathered {
    documents: Vec<Document>,
    files: Vec<ValuesFile>,
    chart: Chart,
    /// The user's values on top of the chart's, where any were given.
    values: Option<Map>,
    account: Option<Account>,
    release: Release,
    versions: versions::VersionsInUse,
    inventory: Option<Inventory>,
}

impl CheckCommand {
    /// How the configuration would be converted.
    fn options(&self) -> Options {
        Options {
            secret_file: self.secret_file,
            encrypted: self.encrypted.clone(),
            secrets: if self.inline_secrets {
                Secrets::Inline
            } else {
                Secrets::Reference(self.secret_name.clone())
            },
            ..Options::default()
        }
    }

    /// Runs the command.
    pub(super) fn run(&self, global: &Global) -> anyhow::Result<Exit> {
        let mut gathered = self.gather(global)?;
        let asked = block_on(self.ask(global, &gathered))?;
        self.learn_version(&mut gathered, &asked);
        let mut checks = self.configuration(&gathered)?;
        checks.extend(versions::checks(
            &gathered.versions,
            &gathered.chart,
            gathered.values.as_ref(),
        ));
        checks.extend(self.database(&asked));
        checks.extend(runtimes::checks(
            gathered.inventory.as_ref(),
            asked.available.as_ref(),
        ));
        checks.push(rebuild_time::check(gathered.inventory.as_ref()));
        checks.extend(match asked.old {
            None => [Group::License, Group::ApiKey]
                .into_iter()
                .flat_map(|group| Check::none_asked(group, NO_SERVER))
                .collect(),
            Some(servers::Old {
                facts: Err(error), ..
            }) => server::unanswered(&error),
            Some(servers::Old {
                facts: Ok(facts), ..
            }) => server::checks(&facts, gathered.values.as_ref()),
        });
        checks.extend(self.data_directory()?);
        checks.extend(asked.cluster);
        let report = Report::new(checks);
        self.show(&report)?;
        if let (true, Some(inventory)) = (self.suggest, &gathered.inventory) {
            let connect = gathered.chart.connect_version(gathered.values.as_ref()).0;
            let form = images::Form::of(&gathered.chart, &connect);
            let table = self.images.as_ref().map(Source::file).transpose()?;
            let suggestion = images::choose(&images::table(table.as_ref())?, inventory);
            // A chart of another age than Connect's: the form of today says at least which.
            let text = suggestion.text(form.unwrap_or(images::Form::Environments));
            output::data(text.as_bytes())?;
        }
        Ok(if report.failed() {
            Exit::Blocked
        } else {
            Exit::Done
        })
    }

    fn gather(&self, global: &Global) -> anyhow::Result<Gathered> {
        inputs::one_stdin(
            self.from
                .iter()
                .chain(&self.values)
                .chain(&self.inventory)
                .chain(&self.images),
        )?;
        let documents = inputs::documents(&self.from)?;
        let files = inputs::values_files(&self.values)?;
        let inventory = self
            .inventory
            .as_ref()
            .map(super::inventory::read)
            .transpose()?;
        let helm = global.helm();
        let chart = self.chart.ask(global)?;
        let release = self.release.as_deref().unwrap_or("connect");
        let release = chart.release(release, global.namespace.as_deref());
        let values = (!files.is_empty())
            .then(|| chart::coalesce(chart.defaults(), ValuesFile::merged(&files)));
        let account = account(&documents, &files, &chart, &self.options())?;
        let versions = versions::VersionsInUse {
            old_server: self
                .connect_version
                .clone()
                .map(|version| (version, "--connect-version")),
            installed_chart: self
                .release
                .as_deref()
                .and_then(|release| Some(helm.installed_chart(release).ok()?.version)),
            helm: version_of(&helm)?,
            plugin_manifest: helm::plugin_manifest(),
        };
        Ok(Gathered {
            documents,
            files,
            chart,
            values,
            account,
            release,
            versions,
            inventory,
        })
    }

    async fn ask(&self, global: &Global, gathered: &Gathered) -> anyhow::Result<Asked> {
        let target =
            (!gathered.documents.is_empty()).then(|| database::Target::of(&gathered.documents));
        let connection = match &target {
            Some(Ok(target)) if self.connect_database => Some(servers::database(target).await),
            _ => None,
        };
        let available = self
            .new_server
            .runtimes(&self.old_server.options()?)
            .await?
            .or_else(|| runtimes::Available::of_values(gathered.values.as_ref()?));
        Ok(Asked {
            cluster: self.cluster(global, gathered).await?,
            old: servers::old(&self.old_server).await?,
            target,
            connection,
            available,
        })
    }

    async fn cluster(&self, global: &Global, gathered: &Gathered) -> anyhow::Result<Vec<Check>> {
        if !self.cluster && self.release.is_none() {
            return Ok(Check::none_asked(
                Group::Cluster,
                "the cluster was not asked; --cluster or --release NAME does",
            ));
        }
        let planned = cluster::Planned {
            chart: &gathered.chart,
            files: &gathered.files,
            release: gathered.release.clone(),
            is_named: self.release.is_some(),
        };
        cluster::examine(&global.access(), planned).await
    }

    /// The flag knows best, then the server itself, then the inventory.
    fn learn_version(&self, gathered: &mut Gathered, asked: &Asked) {
        let server = asked
            .old
            .as_ref()
            .and_then(|old| Some((old.version.clone()?, "--server")));
        let inventory = gathered
            .inventory
            .as_ref()
            .and_then(|inventory| Some((inventory.server.version.clone()?, "the inventory")));
        let versions = &mut gathered.versions;
        versions.old_server = versions.old_server.take().or(server).or(inventory);
    }

    fn database(&self, asked: &Asked) -> Vec<Check> {
        match &asked.target {
            None => Check::none_asked(Group::Database, NO_CONFIGURATION),
            Some(target) => {
                database::checks(target, asked.connection.as_ref(), self.secret_name.as_str())
            }
        }
    }

    fn configuration(&self, gathered: &Gathered) -> anyhow::Result<Vec<Check>> {
        let mut checks = match &gathered.account {
            Some(account) => configuration::checks(&gathered.documents, account),
            None => Check::none_asked(Group::Configuration, NO_CONFIGURATION),
        };
        checks.extend(if gathered.files.is_empty() {
            Check::none_asked(Group::Values, "no values given; -f FILE does")
        } else {
            values::checks(
                &gathered.files,
                &gathered.chart,
                &gathered.release,
                gathered.account.as_ref(),
            )?
        });
        Ok(checks)
    }

    #[cfg(unix)]
    fn data_directory(&self) -> anyhow::Result<Vec<Check>> {
        Ok(match &self.data_dir {
            Some(path) => data::checks(&data_directory::look(path)?),
            None => Check::none_asked(
                Group::DataDirectory,
                "no data directory given; --data-dir DIR does, on the old server",
            ),
        })
    }

    #[cfg(not(unix))]
    fn data_directory(&self) -> anyhow::Result<Vec<Check>> {
        if self.data_dir.is_some() {
            anyhow::bail!("--data-dir is for the old server, which runs Linux");
        }
        Ok(Check::none_asked(
            Group::DataDirectory,
            "owners and mounts are looked at on the old server, with --data-dir DIR",
        ))
    }

    fn show(&self, report: &Report) -> anyhow::Result<()> {
        if !self.suggest {
            return output::result(self.output, report, |width| table::draw(report, width));
        }
        // Data is the block of images then.
        match output::structured(self.output, report)? {
            Some(text) => output::message(text),
            None => output::message(table::draw(report, output::talk_width())),
        }
        Ok(())
    }
}

/// The Helm at hand; `None` where there is none.
fn version_of(helm: &Helm) -> Result<Option<HelmVersion>, HelmError> {
    match helm.version() {
        Ok(version) => Ok(Some(version)),
        Err(HelmError::Missing { .. }) => Ok(None),
        Err(error) => Err(error),
    }
}

/// The account of converting the configuration with these values below; `None` without one.
fn account(
    documents: &[Document],
    files: &[ValuesFile],
    chart: &Chart,
    options: &Options,
) -> anyhow::Result<Option<Account>> {
    if documents.is_empty() {
        return Ok(None);
    }
    let convert = |base: &[ValuesFile]| {
        convert::convert(&Inputs {
            documents,
            base,
            chart,
            options,
        })
    };
    // Values that contradict themselves have checks of their own; the configuration is judged
    // without them then.
    let conversion = match convert(files) {
        Err(_) if !files.is_empty() => convert(&[])?,
        other => other?,
    };
    Ok(Some(conversion.account))
}
