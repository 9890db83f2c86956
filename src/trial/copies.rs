//! A trial from what was read to proof.

use anyhow::bail;

use super::{Production, TrialRequest, harms};
use crate::chart::{Purpose, ValuesFile, coalesce};
use crate::convert::options::{SecretName, Secrets, Storage};
use crate::convert::{Conversion, Material, Options};
use crate::effective;

/// What a trial is made of, beside what any conversion is.
#[derive(Debug, Clone)]
pub(crate) struct Copies {
    /// The copy of the database; else the own values say it.
    pub database: Option<String>,
}

impl Copies {
    /// Converts, and sees that what comes of it is harmless.
    ///
    /// # Errors
    /// As [`TrialRequest::prepare`] and [`Material::convert`]; something is shared all the same.
    pub(crate) fn convert(
        &self,
        material: &Material,
        mut options: Options,
    ) -> anyhow::Result<Conversion> {
        let claim = match &options.storage {
            Some(Storage::Claim(name)) => Some(name.as_str()),
            Some(Storage::Create { .. }) | None => None,
        };
        let secret = match &options.secrets {
            Secrets::Reference(name) => name.as_str(),
            Secrets::Inline => "",
        };
        let license = options.license_secret.clone();
        let request = TrialRequest {
            documents: &material.documents,
            production: &material.production,
            base: &material.base,
            address: options.address.as_deref(),
            database: self.database.as_deref(),
            claim,
            license: license.as_ref().map(SecretName::as_str),
            secret,
        };
        let prepared = request.prepare()?;
        options.address = Some(prepared.address);
        options.substitution = prepared.substitution;
        let conversion = material.convert(&options)?;
        prove(
            material,
            &conversion,
            &prepared.production,
            license.is_some(),
        )?;
        Ok(conversion)
    }
}

/// Reads what the conversion comes to as Connect would, and holds it against production.
fn prove(
    material: &Material,
    conversion: &Conversion,
    production: &Production,
    licensed: bool,
) -> anyhow::Result<()> {
    let chart = &material.chart;
    let ours = ValuesFile::of_text("the values of the trial", &conversion.values)?;
    let files: Vec<&ValuesFile> = material.base.iter().chain([&ours]).collect();
    let release = chart.release("connect", None);
    let deployed = effective::render(chart, &release, &files, None, Purpose::Configuration)?;
    let values = coalesce(chart.defaults(), ValuesFile::merged(files));
    let found: Vec<String> = harms(&deployed, &values, production, licensed)
        .into_iter()
        .filter(|harm| harm.certain)
        .map(|harm| format!("- {}", harm.what))
        .collect();
    if !found.is_empty() {
        bail!(
            "the values would not be harmless, so nothing was written\n{}",
            found.join("\n")
        );
    }
    Ok(())
}
