//! `values`: from `rstudio-connect.gcfg` to values for the chart.

use std::path::PathBuf;

use clap::Args;

use super::chart::ChartArgs;
use super::{Exit, Global};
use crate::connect::{Server, Version};
use crate::convert::options::{BackendChoice, ChartDefaults, SecretName, Secrets, Storage};
use crate::convert::{self, Conversion, Inputs, Options, table};
use crate::files::{Access, Batch, Existing};
use crate::gcfg::SettingName;
use crate::images;
use crate::inputs::{self, Source};
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

Exit codes: 0 done, 1 failed, 2 wrong usage, 3 the input is invalid, 4 done but the migration is
blocked (the account says why).")]
pub(super) struct Values {
    #[command(flatten)]
    chart: ChartArgs,

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
    credentials: Credentials,

    #[command(flatten)]
    deployment: Deployment,
}

#[derive(Debug, Args)]
#[command(next_help_heading = "Credentials")]
struct Credentials {
    /// Write the manifest of the Kubernetes Secret to this file, readable by its owner alone
    #[arg(long, value_name = "FILE", conflicts_with = "inline_secrets")]
    secret_out: Option<PathBuf>,

    /// Name of the Kubernetes Secret that the values refer to
    #[arg(long, value_name = "NAME", default_value = SecretName::DEFAULT, value_parser = SecretName::parse, conflicts_with = "inline_secrets")]
    secret_name: SecretName,

    /// Put credentials that no environment variable carries, such as a bind password, into a
    /// configuration file in the Secret, which is mounted beside the main one
    #[arg(long, conflicts_with = "inline_secrets")]
    secret_file: bool,

    /// Leave this credential in config, since it is encrypted already: Section.Property, or
    /// 'Section "name".Property'. May repeat
    #[arg(long, value_name = "SETTING")]
    encrypted: Vec<SettingName>,

    /// Leave credentials in config, for those who encrypt the whole values file
    #[arg(long)]
    inline_secrets: bool,
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
        inputs::each_its_own(
            self.sources().filter_map(Source::path),
            [&self.out, &self.report, &self.credentials.secret_out],
        )?;
        inputs::one_stdin(self.sources())?;
        let documents = inputs::documents(&self.from)?;
        let base = inputs::values_files(&self.base)?;
        let chart = self.chart.ask(global)?;
        let conversion = convert::convert(&Inputs {
            documents: &documents,
            base: &base,
            chart: &chart,
            options: &self.options()?,
        })?;
        if !conversion.warnings.is_empty() {
            output::message(conversion.warnings.as_str());
        }
        self.write(&conversion)?;
        self.tell(&conversion)?;
        Ok(if conversion.account.summary.blocked {
            Exit::Blocked
        } else {
            Exit::Done
        })
    }

    fn sources(&self) -> impl Iterator<Item = &Source> {
        let files = self.from.iter().chain(&self.base);
        files.chain(&self.inventory).chain(&self.images)
    }

    fn options(&self) -> anyhow::Result<Options> {
        let inventory = self.inventory.as_ref().map(super::inventory::read);
        let table = self.images.as_ref().map(Source::file).transpose()?;
        let images = inventory.transpose()?.map(|inventory| {
            let table = images::table(table.as_ref())?;
            anyhow::Ok(images::choose(&table, &inventory))
        });
        let deployment = &self.deployment;
        let storage = match (&deployment.pvc, &deployment.storage_class) {
            (Some(name), _) => Some(Storage::Claim(name.clone())),
            (None, Some(class)) => Some(Storage::Create {
                class: class.clone(),
                size: deployment.storage_size.clone(),
            }),
            (None, None) => None,
        };
        Ok(Options {
            images: images.transpose()?,
            backend: deployment.backend,
            chart_defaults: deployment.chart_defaults,
            storage,
            license_secret: deployment
                .license_secret
                .as_ref()
                .map(|name| name.as_str().to_owned()),
            secrets: if self.credentials.inline_secrets {
                Secrets::Inline
            } else {
                Secrets::Reference(self.credentials.secret_name.clone())
            },
            secret_file: self.credentials.secret_file,
            encrypted: self.credentials.encrypted.clone(),
            secret_manifest: self
                .credentials
                .secret_out
                .as_ref()
                .map(|path| path.display().to_string()),
            address: deployment.address.clone(),
            connect_version: deployment.connect_version.clone(),
        })
    }

    fn write(&self, conversion: &Conversion) -> anyhow::Result<()> {
        let existing = if self.force {
            Existing::Replace
        } else {
            Existing::Refuse
        };
        if self.dry_run {
            if self.out.is_some() {
                output::data(conversion.values.as_bytes())?;
            }
        } else {
            let mut batch = Batch::default();
            if let Some(path) = &self.out {
                let access = if self.credentials.inline_secrets {
                    Access::Private
                } else {
                    Access::Usual
                };
                batch.add(path, conversion.values.as_bytes(), access, existing)?;
            }
            if let (Some(path), Some(secret)) = (&self.credentials.secret_out, &conversion.secret) {
                batch.add(path, secret.expose().as_bytes(), Access::Private, existing)?;
            }
            if let Some(path) = &self.report {
                let report = serde_json::to_string_pretty(&conversion.account)? + "\n";
                batch.add(path, report.as_bytes(), Access::Usual, existing)?;
            }
            batch.commit()?;
        }
        if self.out.is_none() {
            output::data(conversion.values.as_bytes())?;
        }
        Ok(())
    }

    fn tell(&self, conversion: &Conversion) -> anyhow::Result<()> {
        if let Some(text) = output::structured(self.output, &conversion.account)? {
            output::message(text);
            return Ok(());
        }
        output::message(table::draw(&conversion.account, output::talk_width()));
        let written = if self.dry_run { "would write" } else { "wrote" };
        if let Some(path) = &self.out {
            output::message(format!("{written} the values to {}", path.display()));
        }
        match (&self.credentials.secret_out, &conversion.secret) {
            (Some(path), Some(_)) => output::message(format!(
                "{written} the Secret's manifest to {}; apply it with kubectl apply -f, then delete the file",
                path.display()
            )),
            (Some(path), None) if path.exists() => output::message(format!(
                "no credentials to move: {} is left as it was, from another time; delete it unless you need it",
                path.display()
            )),
            (Some(_), None) => {
                output::message("no credentials to move: no Secret's manifest written")
            }
            (None, _) => {}
        }
        if let Some(path) = &self.report {
            output::message(format!("{written} the account to {}", path.display()));
        }
        Ok(())
    }
}

/// The address that users will have, as Connect takes it.
fn address(text: &str) -> Result<String, String> {
    match text.parse::<Server>() {
        Ok(_) if text.contains(['?', '#']) => Err("give it without a query or fragment".to_owned()),
        Ok(_) => Ok(text.to_owned()),
        Err(error) => Err(error.to_string()),
    }
}

/// A version as image tags have it.
fn connect_version(text: &str) -> Result<String, String> {
    let text = text.strip_prefix('v').unwrap_or(text);
    let known = text.starts_with(|c: char| c.is_ascii_digit()) && !text.contains(' ');
    match text.parse::<Version>() {
        Ok(_) if known => Ok(text.to_owned()),
        _ => Err("write it as the old server says it, such as 2026.08.0".to_owned()),
    }
}

/// An amount as Kubernetes writes it.
fn quantity(text: &str) -> Result<String, String> {
    let number = text.trim_end_matches(|c: char| c.is_ascii_alphabetic());
    let unit = &text[number.len()..];
    let known = ["", "k", "M", "G", "T", "P", "Ki", "Mi", "Gi", "Ti", "Pi"].contains(&unit);
    if known && number.parse::<f64>().is_ok_and(|number| number > 0.0) {
        Ok(text.to_owned())
    } else {
        Err("write a number and a unit, such as 100Gi".to_owned())
    }
}
