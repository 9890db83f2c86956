//! From files to files: what a conversion reads, where its results go, and what is said of that.

use std::path::PathBuf;

use super::{Conversion, Inputs, Options, convert};
use crate::chart::{Chart, ValuesFile};
use crate::files::{Access, Batch, Existing};
use crate::gcfg::Document;
use crate::helm::{ChartSource, Helm};
use crate::images::Suggestion;
use crate::inputs::{self, Source};
use crate::{images, inventory, output};

/// What is read.
#[derive(Debug)]
pub(crate) struct Sources {
    pub helm: Helm,
    pub chart: Option<ChartSource>,
    /// The old server's configuration, in the order Connect reads it.
    pub configuration: Vec<Source>,
    /// The administrator's own values, in Helm's order.
    pub base: Vec<Source>,
    /// The content, for the images that it needs.
    pub inventory: Option<Source>,
    /// A table of images of the user's own.
    pub images: Option<Source>,
    /// Values of production, with which a trial must share nothing.
    pub production: Vec<Source>,
}

/// What was read.
#[derive(Debug)]
pub(crate) struct Material {
    pub documents: Vec<Document>,
    pub base: Vec<ValuesFile>,
    pub chart: Chart,
    pub production: Vec<ValuesFile>,
    images: Option<Suggestion>,
}

/// Where the results go.
#[derive(Debug)]
pub(crate) struct Targets {
    /// The values; standard output where there is no file.
    pub values: Option<PathBuf>,
    pub account: Option<PathBuf>,
    /// The Secret's manifest.
    pub secret: Option<PathBuf>,
    /// What to do about files that are there.
    pub existing: Existing,
    /// Write no file.
    pub dry_run: bool,
    /// Whether the values hold credentials.
    pub has_credentials: bool,
}

impl Sources {
    /// Reads everything.
    ///
    /// # Errors
    /// A file is named twice, or cannot be read.
    pub(crate) fn read(&self, targets: &Targets) -> anyhow::Result<Material> {
        inputs::each_its_own(
            self.all().filter_map(Source::path),
            [&targets.values, &targets.account, &targets.secret],
        )?;
        inputs::one_stdin(self.all())?;
        let documents = inputs::documents(&self.configuration)?;
        let base = inputs::values_files(&self.base)?;
        let production = inputs::values_files(&self.production)?;
        let chart = Chart::ask(&self.helm, self.chart.as_ref())?;
        let mut suggestion = None;
        if let Some(source) = &self.inventory {
            let inventory = inventory::open(source)?;
            let table = images::table(self.images.as_ref())?;
            suggestion = Some(images::choose(&table, &inventory));
        }
        Ok(Material {
            documents,
            base,
            chart,
            production,
            images: suggestion,
        })
    }

    fn all(&self) -> impl Iterator<Item = &Source> {
        let files = self.configuration.iter().chain(&self.base);
        let files = files.chain(&self.inventory).chain(&self.images);
        files.chain(&self.production)
    }
}

impl Material {
    /// Converts what was read.
    ///
    /// # Errors
    /// As [`convert`].
    pub(crate) fn convert(&self, options: &Options) -> anyhow::Result<Conversion> {
        let options = Options {
            images: self.images.clone(),
            ..options.clone()
        };
        convert(&Inputs {
            documents: &self.documents,
            base: &self.base,
            chart: &self.chart,
            options: &options,
        })
    }
}

impl Targets {
    /// Writes the files, all or none, and the values to standard output where no file is named or a
    /// dry run shows them.
    ///
    /// # Errors
    /// One is there already, or cannot be written.
    pub(crate) fn write(&self, conversion: &Conversion) -> anyhow::Result<()> {
        if !self.dry_run {
            self.batch(conversion)?.commit()?;
        }
        if self.values.is_none() || self.dry_run {
            output::data(conversion.values.as_bytes())?;
        }
        Ok(())
    }

    fn batch(&self, conversion: &Conversion) -> anyhow::Result<Batch> {
        let mut batch = Batch::default();
        if let Some(path) = &self.values {
            let access = match self.has_credentials {
                true => Access::Private,
                false => Access::Usual,
            };
            batch.add(path, conversion.values.as_bytes(), access, self.existing)?;
        }
        if let (Some(path), Some(secret)) = (&self.secret, &conversion.secret) {
            let manifest = secret.expose().as_bytes();
            batch.add(path, manifest, Access::Private, self.existing)?;
        }
        if let Some(path) = &self.account {
            let account = serde_json::to_string_pretty(&conversion.account)? + "\n";
            batch.add(path, account.as_bytes(), Access::Usual, self.existing)?;
        }
        Ok(batch)
    }

    /// What became of each file, and what to do with it.
    pub(crate) fn told(&self, conversion: &Conversion) -> Vec<String> {
        let written = if self.dry_run { "would write" } else { "wrote" };
        let mut told = Vec::new();
        if let Some(path) = &self.values {
            told.push(format!("{written} the values to {}", path.display()));
        }
        match (&self.secret, &conversion.secret) {
            (Some(path), Some(_)) => told.push(format!(
                "{written} the Secret's manifest to {}; apply it with kubectl apply -f, then delete the file",
                path.display()
            )),
            (Some(path), None) if path.exists() => told.push(format!(
                "no credentials to move: {} is left as it was, from another time; delete it unless you need it",
                path.display()
            )),
            (Some(_), None) => {
                told.push("no credentials to move: no Secret's manifest written".to_owned());
            }
            (None, _) => {}
        }
        if let Some(path) = &self.account {
            told.push(format!("{written} the account to {}", path.display()));
        }
        told
    }
}
