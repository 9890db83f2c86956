//! `values`: from `rstudio-connect.gcfg` to values for the chart.

use std::path::PathBuf;

use clap::Args;

use super::chart::ChartArgs;
use super::secrets::SecretArgs;
use super::trial::TrialArgs;
use super::{Exit, Global};
use crate::convert::options::{
    BackendChoice, ChartDefaults, SecretName, Storage, address, connect_version, quantity,
};
use crate::convert::{Options, Sources, Targets, table};
use crate::files::Existing;
use crate::inputs::Source;
use crate::output::{self, Format};

/// Turn rstudio-connect.gcfg into values for the rstudio-connect chart
///
/// Writes the values to standard output or --out, and an account of every setting to standard error
/// and --report. Credentials move into a Kubernetes Secret.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  # Look at what would become of each setting
  helm connect-migrate values --from /etc/rstudio-connect/rstudio-connect.gcfg > values.yaml

  # Write everything a first deployment needs, for the chart that ships the old server's Connect
  helm connect-migrate values rstudio/rstudio-connect --chart-version 0.21.0 \\
      --from rstudio-connect.gcfg --out values.yaml \\
      --secret-out secret.yaml --pvc connect-data --license-secret connect-license \\
      --address https://connect.example.com --connect-version 2026.08.0

  # The images that content needs, too
  helm connect-migrate values rstudio/rstudio-connect --from rstudio-connect.gcfg \\
      --inventory inventory.yaml --out values.yaml

  # Put it on top of your own values, and keep the account
  helm connect-migrate values --from rstudio-connect.gcfg --base my-values.yaml \\
      --out connect.yaml --report account.json

  # Try it first: a second server on copies, which can do no harm (docs/trial.md)
  helm connect-migrate values --from rstudio-connect.gcfg --trial \\
      --address https://connect-trial.example.com --pvc connect-trial-data \\
      --trial-database postgres://connect@pg-copy.example.com/connect --out trial.yaml

Exit codes: 0 done, 1 failed, 2 wrong usage, 3 the input is invalid, 4 done but the migration is
blocked (the account says why).")]
pub(super) struct Values {
    /// Configuration file of the old server; - is standard input. May repeat, in the order Connect
    /// reads them. A rstudio-connect-migration.gcfg beside the first is found by itself
    #[arg(long, value_name = "FILE", required = true)]
    from: Vec<Source>,

    /// Values file of your own that Helm will read before ours. May repeat
    #[arg(long, value_name = "FILE")]
    base: Vec<Source>,

    /// Inventory of the old server's content, as `inventory` writes it: images that have its versions
    /// go into the values
    #[arg(long, value_name = "FILE")]
    inventory: Option<Source>,

    /// Table of images to choose from, instead of the public ones
    #[arg(long, value_name = "FILE", requires = "inventory")]
    images: Option<Source>,

    /// Write the values to this file instead of standard output
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,

    /// Write the account to this file, as JSON
    #[arg(long, value_name = "FILE")]
    report: Option<PathBuf>,

    /// Replace files that exist
    #[arg(long)]
    force: bool,

    /// Write no file; show what would be written
    #[arg(long)]
    dry_run: bool,

    /// Form of the account on standard error
    #[arg(short, long, value_enum, default_value_t)]
    output: Format,

    #[command(flatten)]
    chart: ChartArgs,

    #[command(flatten)]
    pub(super) credentials: Credentials,

    #[command(flatten)]
    deployment: Deployment,

    #[command(flatten)]
    trial: TrialArgs,
}

#[derive(Debug, Args)]
#[command(next_help_heading = "Credentials")]
pub(super) struct Credentials {
    /// Write the manifest of the Kubernetes Secret to this file, readable by its owner alone
    #[arg(long, value_name = "FILE", conflicts_with = "inline_secrets")]
    secret_out: Option<PathBuf>,

    #[command(flatten)]
    pub(super) secrets: SecretArgs,
}

#[derive(Debug, Args)]
#[command(next_help_heading = "Deployment")]
struct Deployment {
    /// How content runs; auto takes what chart and Connect version have
    #[arg(long, value_enum, default_value_t)]
    backend: BackendChoice,

    /// What to do about configuration that the chart adds by default
    #[arg(long, value_enum, default_value_t)]
    chart_defaults: ChartDefaults,

    /// Existing ReadWriteMany claim with the data directory
    #[arg(long, value_name = "NAME", conflicts_with = "storage_class")]
    pvc: Option<String>,

    /// Storage class to make a ReadWriteMany claim from
    #[arg(long, value_name = "NAME")]
    storage_class: Option<String>,

    /// Size of the claim to make, such as 100Gi
    #[arg(long, value_name = "SIZE", requires = "storage_class", value_parser = quantity)]
    storage_size: Option<String>,

    /// Existing Secret with the license file under the key license.lic
    #[arg(long, value_name = "NAME", value_parser = SecretName::parse)]
    license_secret: Option<SecretName>,

    /// URL that users will reach the new server under
    #[arg(long, value_name = "URL", value_parser = address)]
    address: Option<String>,

    /// Connect version to deploy; it must be the old server's
    #[arg(long, value_name = "VERSION", value_parser = connect_version)]
    connect_version: Option<String>,
}

impl Values {
    /// Runs the command.
    pub(super) fn run(&self, global: &Global) -> anyhow::Result<Exit> {
        let (sources, targets) = (self.sources(global), self.targets());
        let material = sources.read(&targets)?;
        let conversion = match self.trial.copies() {
            Some(copies) => copies.convert(&material, self.options())?,
            None => material.convert(&self.options())?,
        };
        if !conversion.warnings.is_empty() {
            output::message(conversion.warnings.as_str());
        }
        targets.write(&conversion)?;
        match output::structured(self.output, &conversion.account)? {
            Some(text) => output::message(text),
            None => {
                output::message(table::draw(&conversion.account, output::messages_width()));
                targets
                    .told(&conversion)
                    .into_iter()
                    .for_each(output::message);
            }
        }
        Ok(if conversion.account.summary.blocked {
            Exit::Blocked
        } else {
            Exit::Done
        })
    }

    fn sources(&self, global: &Global) -> Sources {
        Sources {
            helm: global.helm(),
            chart: self.chart.source(),
            configuration: self.from.clone(),
            base: self.base.clone(),
            inventory: self.inventory.clone(),
            images: self.images.clone(),
            production: self.trial.production.clone(),
        }
    }

    fn targets(&self) -> Targets {
        Targets {
            values: self.out.clone(),
            account: self.report.clone(),
            secret: self.credentials.secret_out.clone(),
            existing: Existing::with_force(self.force),
            dry_run: self.dry_run,
            has_credentials: self.credentials.secrets.inline_secrets,
        }
    }

    fn options(&self) -> Options {
        let (deployment, credentials) = (&self.deployment, &self.credentials);
        let claim = deployment.pvc.clone().map(Storage::Claim);
        let class = deployment.storage_class.clone();
        let created = class.map(|class| Storage::Create {
            class,
            size: deployment.storage_size.clone(),
        });
        Options {
            backend: deployment.backend,
            chart_defaults: deployment.chart_defaults,
            storage: claim.or(created),
            license_secret: deployment.license_secret.clone(),
            secret_manifest: credentials.secret_out.clone(),
            address: deployment.address.clone(),
            connect_version: deployment.connect_version.clone(),
            ..credentials.secrets.options()
        }
    }
}
