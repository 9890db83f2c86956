//! `check`: what must be known before the migration.

#[cfg(unix)]
mod data_directory;
mod helm;

use std::path::PathBuf;

use anyhow::Context as _;
use clap::Args;

use super::input::{self, Source};
use super::{Exit, Global};
use crate::chart::{self, Release};
use crate::check::{Check, Report, configuration, data_directory as data, table, values, versions};
use crate::convert::account::Account;
use crate::convert::{self, BaseFile, Inputs, Options};
use crate::gcfg::Document;
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
pub struct CheckCommand {
    /// The chart to deploy: a folder, an archive, or what else helm takes; else the one that was
    /// current when this was built
    #[arg(value_name = "CHART")]
    chart: Option<String>,

    /// Configuration file of the old server; - is standard input. May repeat, in the order Connect
    /// reads them
    #[arg(long, value_name = "FILE")]
    from: Vec<Source>,

    /// Values file of yours, as for helm. May repeat
    #[arg(short = 'f', long = "values", value_name = "FILE")]
    values: Vec<PathBuf>,

    /// Data directory of the old server, to be walked; run this on the old server, as root
    #[arg(long, value_name = "DIR")]
    data_dir: Option<PathBuf>,

    /// Release on the cluster, if it is installed already
    #[arg(long, value_name = "NAME")]
    release: Option<String>,

    /// Connect version of the old server
    #[arg(long, value_name = "VERSION")]
    connect_version: Option<String>,

    /// Form of the output
    #[arg(short, long, value_enum, default_value_t)]
    output: Format,
}

/// What the flags led to.
struct Gathered {
    documents: Vec<Document>,
    files: Vec<BaseFile>,
    /// The chart's defaults.
    defaults: Map,
    /// The user's values on top of the chart's, where any were given.
    values: Option<Map>,
    account: Option<Account>,
    release: Release,
    versions: versions::Facts,
}

impl CheckCommand {
    /// Runs the command.
    pub fn run(&self, global: &Global) -> anyhow::Result<Exit> {
        let gathered = self.gather(global)?;
        let mut checks = self.configuration(&gathered);
        checks.extend(versions::checks(
            &gathered.versions,
            gathered.values.as_ref(),
        ));
        checks.extend(self.data_directory()?);
        let report = Report::new(checks);
        self.show(&report)?;
        Ok(if report.failed() {
            Exit::Blocked
        } else {
            Exit::Done
        })
    }

    fn gather(&self, global: &Global) -> anyhow::Result<Gathered> {
        let documents = input::documents(&self.from)?;
        let files = self
            .values
            .iter()
            .map(|path| {
                let (source, values) = input::values(path)?;
                Ok(BaseFile { source, values })
            })
            .collect::<anyhow::Result<Vec<_>>>()?;
        let helm = helm::Helm::find();
        let (chart, defaults) = match &self.chart {
            Some(reference) => helm::chart(reference, helm.as_ref())?,
            None => (
                versions::Chart {
                    version: chart::VERSION.to_owned(),
                    app_version: chart::APP_VERSION.to_owned(),
                },
                chart::defaults().context("internal error: the built-in defaults")?,
            ),
        };
        let namespace = global.namespace.as_deref().unwrap_or("default");
        let mut release = Release::new(self.release.as_deref().unwrap_or("connect"), namespace);
        release.app_version.clone_from(&chart.app_version);
        let values = (!files.is_empty()).then(|| values::coalesced(&files, &defaults));
        let account = account(&documents, &files, &defaults)?;
        let versions = versions::Facts {
            old_server: self
                .connect_version
                .clone()
                .map(|version| (version, "--connect-version")),
            chart: Some(chart),
            installed_chart: self
                .release
                .as_deref()
                .and_then(|release| helm.as_ref()?.installed_chart(release, global)),
            helm: helm.as_ref().and_then(helm::Helm::version),
            plugin_manifest: helm::plugin_manifest(),
        };
        Ok(Gathered {
            documents,
            files,
            defaults,
            values,
            account,
            release,
            versions,
        })
    }

    fn configuration(&self, gathered: &Gathered) -> Vec<Check> {
        let mut checks = match &gathered.account {
            Some(account) => configuration::checks(&gathered.documents, account),
            None => configuration::not_asked(),
        };
        checks.extend(if gathered.files.is_empty() {
            values::not_asked()
        } else {
            values::checks(
                &gathered.files,
                &gathered.defaults,
                &gathered.release,
                gathered.account.as_ref(),
            )
        });
        checks
    }

    #[cfg(unix)]
    fn data_directory(&self) -> anyhow::Result<Vec<Check>> {
        Ok(match &self.data_dir {
            Some(path) => data::checks(&data_directory::look(path)?),
            None => {
                data::not_asked("no data directory given; --data-dir DIR does, on the old server")
            }
        })
    }

    #[cfg(not(unix))]
    fn data_directory(&self) -> anyhow::Result<Vec<Check>> {
        if self.data_dir.is_some() {
            anyhow::bail!("--data-dir is for the old server, which runs Linux");
        }
        Ok(data::not_asked(
            "owners and mounts are looked at on the old server, with --data-dir DIR",
        ))
    }

    fn show(&self, report: &Report) -> anyhow::Result<()> {
        let text = match output::structured(self.output, report)? {
            Some(text) => text,
            None => {
                let drawn = table::draw(report, output::data_width());
                if output::data_is_coloured() {
                    drawn
                } else {
                    anstream::adapter::strip_str(&drawn).to_string()
                }
            }
        };
        output::data(text.as_bytes())?;
        Ok(())
    }
}

/// The account of converting the configuration with these values below; `None` without one.
fn account(
    documents: &[Document],
    files: &[BaseFile],
    defaults: &Map,
) -> anyhow::Result<Option<Account>> {
    if documents.is_empty() {
        return Ok(None);
    }
    let options = Options::default();
    let convert = |base: &[BaseFile]| {
        convert::convert(&Inputs {
            documents,
            base,
            chart_values: defaults,
            options: &options,
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
