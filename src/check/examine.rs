//! The whole examination: what was named is read and asked, and each group judges its part.

use std::path::PathBuf;

use super::trial::{TrialFacts, TrialServer};
use super::{
    Group, Report, cluster, code, configuration, data_directory, database, runtimes, server,
    values, versions,
};
use crate::chart::{self, Chart, Release, ValuesFile};
use crate::connect::Login;
use crate::convert::account::Account;
use crate::convert::options::SecretName;
use crate::convert::{self, Inputs, Options};
use crate::gcfg::Document;
use crate::helm::{ChartSource, Helm};
use crate::images;
use crate::inputs::{self, Source};
use crate::inventory::{self, Inventory};
use crate::release::Access;
use crate::trial::Production;
use crate::yaml::Map;

/// Where to look. What is not named is not asked.
#[derive(Debug)]
pub(crate) struct Scope {
    pub helm: Helm,
    pub chart: Option<ChartSource>,
    /// The old server's configuration, in the order Connect reads it.
    pub configuration: Vec<Source>,
    /// The administrator's own values, in Helm's order.
    pub values: Vec<Source>,
    /// Where the values are a trial's: those of production.
    pub trial: Option<Vec<Source>>,
    pub inventory: Option<Source>,
    /// A table of images of the user's own, to suggest from.
    pub images: Option<Source>,
    pub data_directory: Option<PathBuf>,
    pub release: Option<String>,
    /// How to reach the cluster, and whether to ask it without a release, too.
    pub access: Access,
    pub asks_cluster: bool,
    /// The old server's, as the user knows it.
    pub connect_version: Option<String>,
    pub connects_to_database: bool,
    /// The Secret that holds the database's password in the cluster.
    pub secret_name: SecretName,
    /// How the configuration would be converted.
    pub options: Options,
    pub old_server: Option<Login>,
    pub new_server: Option<Login>,
}

/// What came of it.
#[derive(Debug)]
pub(crate) struct Examination {
    pub report: Report,
    chart: Chart,
    values: Option<Map>,
    inventory: Option<Inventory>,
    images: Option<Source>,
}

/// What is read before a server is asked, so that what is wrong with it is told first.
struct Given {
    documents: Vec<Document>,
    files: Vec<ValuesFile>,
    chart: Chart,
    /// The user's values on top of the chart's, where any were given.
    values: Option<Map>,
    account: Option<Account>,
    trial: Option<TrialServer>,
    release: Release,
    inventory: Option<Inventory>,
}

impl Examination {
    /// Reads, asks and judges. Nothing is changed anywhere.
    ///
    /// # Errors
    /// [`crate::diagnostic::InvalidInput`] for files that are none; something that was named cannot be
    /// looked at.
    pub(crate) async fn of(scope: Scope) -> anyhow::Result<Self> {
        let given = scope.read()?;
        let values = given.values.as_ref();
        let mut in_use = versions::VersionsInUse::of(&scope.helm, scope.release.as_deref())?;
        let database = database::examine(
            &given.documents,
            scope.connects_to_database,
            scope.secret_name.as_str(),
        )
        .await;
        let available = match scope.new_server.clone() {
            Some(login) => Some(runtimes::Available::on(login).await?),
            None => values.and_then(runtimes::Available::of_values),
        };
        let cluster = scope.cluster(&given).await?;
        let old = match scope.old_server.clone() {
            Some(login) => Some(server::ask(login).await),
            None => None,
        };
        let inventory = given.inventory.as_ref();
        in_use.old_server =
            scope.connect_version(old.as_ref().and_then(|old| old.as_ref().ok()), inventory);

        let mut checks = match &given.account {
            Some(account) => code::configuration(&configuration::ConfigurationFacts {
                documents: &given.documents,
                account,
            }),
            None => Group::Configuration.unasked(),
        };
        checks.extend(match given.files.as_slice() {
            [] => Group::Values.unasked(),
            files => {
                let (release, account) = (&given.release, given.account.as_ref());
                code::values(&values::ValuesFacts::of(
                    files,
                    &given.chart,
                    release,
                    account,
                )?)
            }
        });
        checks.extend(code::versions(&versions::VersionFacts {
            in_use: &in_use,
            chart: &given.chart,
            values,
        }));
        checks.extend(database);
        checks.extend(code::runtimes(&runtimes::RuntimeFacts {
            inventory,
            available: available.as_ref(),
            builds: cluster.builds.as_ref(),
        }));
        checks.extend(server::examine(old.as_ref(), values));
        checks.extend(data_directory::examine(scope.data_directory.as_deref())?);
        checks.extend(cluster.checks);
        Ok(Self {
            report: Report::new(checks),
            chart: given.chart,
            values: given.values,
            inventory: given.inventory,
            images: scope.images,
        })
    }

    /// Values that name images for the inventory's content; empty without one.
    ///
    /// # Errors
    /// The table of images cannot be used.
    pub(crate) fn suggestion(&self) -> anyhow::Result<String> {
        let Some(inventory) = &self.inventory else {
            return Ok(String::new());
        };
        let connect = self.chart.connect_version(self.values.as_ref()).0;
        let form = images::Form::of(&self.chart, &connect);
        let suggestion = images::choose(&images::table(self.images.as_ref())?, inventory);
        // A chart of another age than Connect's: the form of today says at least which.
        Ok(suggestion.text(form.unwrap_or(images::Form::Environments)))
    }
}

impl Scope {
    fn read(&self) -> anyhow::Result<Given> {
        let sources = self.configuration.iter().chain(&self.values);
        let sources = sources.chain(&self.inventory).chain(&self.images);
        inputs::one_stdin(sources.chain(self.trial.iter().flatten()))?;
        let documents = inputs::documents(&self.configuration)?;
        let files = inputs::values_files(&self.values)?;
        let inventory = self.inventory.as_ref().map(inventory::open).transpose()?;
        let chart = Chart::ask(&self.helm, self.chart.as_ref())?;
        let release = self.release.as_deref().unwrap_or("connect");
        let release = chart.release(release, self.access.namespace.as_deref());
        let values = (!files.is_empty())
            .then(|| chart::coalesce(chart.defaults(), ValuesFile::merged(&files)));
        let account = account(&documents, &files, &chart, &self.options)?;
        let trial = match &self.trial {
            Some(production) => {
                let production = Production::of(&documents, &inputs::values_files(production)?);
                Some(TrialServer::of(&chart, &release, &files, production)?)
            }
            None => None,
        };
        Ok(Given {
            documents,
            files,
            chart,
            values,
            account,
            trial,
            release,
            inventory,
        })
    }

    async fn cluster(&self, given: &Given) -> anyhow::Result<cluster::Examined> {
        if !self.asks_cluster && self.release.is_none() {
            let mut checks = Group::Cluster.unasked();
            if let Some(server) = &given.trial {
                let cluster = None;
                checks.extend(code::trial(&TrialFacts { server, cluster }));
            }
            return Ok(cluster::Examined {
                checks,
                builds: None,
            });
        }
        let planned = cluster::Planned {
            chart: &given.chart,
            files: &given.files,
            release: given.release.clone(),
            is_named: self.release.is_some(),
            trial: given.trial.as_ref(),
        };
        cluster::examine(&self.access, planned).await
    }

    /// The old server's version, and where it was learned: the flag knows best, then the server
    /// itself, then the inventory.
    fn connect_version(
        &self,
        old: Option<&server::OldServer>,
        inventory: Option<&Inventory>,
    ) -> Option<(String, &'static str)> {
        let server = || Some((old?.version.clone()?, "--server"));
        let inventory = || Some((inventory?.server.version.clone()?, "the inventory"));
        let flag = self.connect_version.clone();
        flag.map(|version| (version, "--connect-version"))
            .or_else(server)
            .or_else(inventory)
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
