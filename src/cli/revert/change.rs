//! The change, and the Helm that makes it.

use std::ffi::OsString;
use std::path::PathBuf;

use anyhow::{Context as _, bail};
use serde_json::Value;

use super::Revert;
use crate::cli::Global;
use crate::files::{Access, Batch, Existing, write};
use crate::helm::{ChartSource, Helm, Major};
use crate::output;
use crate::overlay::values::remove;
use crate::overlay::{take_off, temporary};
use crate::release::Record;
use crate::revert::{StaticChart, UserValues, same_manifest};
use crate::survey::Survey;

/// What the release's description says from then on.
const DESCRIPTION: &str = "connect-migrate: temporary settings off";

/// What is to be applied.
pub(super) struct Change {
    /// What the manifest must become; `None` where a chart is rendered again.
    manifest: Option<String>,
    /// Values files without the temporary settings: those that change.
    values: Vec<(PathBuf, String)>,
}

/// A Helm command, ready to run.
pub(super) struct Upgrade {
    helm: Helm,
    args: Vec<OsString>,
    post_rendered: bool,
    _folder: tempfile::TempDir,
}

impl Change {
    /// Works out the change of a revision.
    pub(super) fn new(revert: &Revert, base: &Record) -> anyhow::Result<Self> {
        let mut values = Vec::new();
        for path in &revert.values {
            let name = path.display();
            let text =
                std::fs::read_to_string(path).with_context(|| format!("cannot read {name}"))?;
            let removed = remove(&text, None, &temporary(), false)
                .with_context(|| format!("cannot change {name}"))?;
            if !removed.unrecorded.is_empty() {
                bail!(
                    "{name} has temporary settings that no comment says the original of: {}. Put \
                     them right by hand, or use 'helm connect-migrate overlay remove --drop'",
                    removed.unrecorded.join(", ")
                );
            }
            if removed.text != text {
                values.push((path.clone(), removed.text));
            }
        }
        let manifest = match revert.chart {
            Some(_) => None,
            None => {
                let taken_off = take_off(base.manifest.as_bytes()).map_err(|refusal| {
                    anyhow::anyhow!(
                        "{refusal}. With the chart, the release can be rendered again: 'helm \
                         connect-migrate revert {} CHART -f values.yaml'",
                        base.name
                    )
                })?;
                let manifest = String::from_utf8(taken_off.to_vec());
                Some(manifest.context("the release's manifest is not UTF-8")?)
            }
        };
        Ok(Self { manifest, values })
    }

    pub(super) fn show(&self, revert: &Revert, before: &Survey, base: &Record) {
        let mut text = format!(
            "revision {} of {} becomes, in the namespace {}:\n",
            base.revision, revert.release, before.namespace
        );
        for configuration in &before.configurations {
            text.push_str(&format!("  ConfigMap {}\n", configuration.config_map));
            for (setting, now) in &configuration.settings {
                let then = match configuration.originals.get(setting) {
                    Some(original) => said(original),
                    None => "as the values say".to_owned(),
                };
                text.push_str(&format!("    {setting}: {} -> {then}\n", said(now)));
            }
            if let Some((kind, name)) = &configuration.workload {
                text.push_str(&format!("  {kind} {name}: its pods restart\n"));
            }
        }
        for (path, _) in &self.values {
            text.push_str(&format!(
                "  {}: the temporary settings are taken out\n",
                path.display()
            ));
        }
        output::talk(text.trim_end());
    }

    /// Writes the values files.
    pub(super) fn commit_values(&self) -> anyhow::Result<()> {
        let mut batch = Batch::default();
        for (path, text) in &self.values {
            let access = crate::cli::overlay::access(path);
            batch.add(path, text.as_bytes(), access, Existing::Replace)?;
        }
        batch.commit()
    }

    /// Makes the Helm command.
    pub(super) fn prepare(
        &self,
        revert: &Revert,
        global: &Global,
        base: &Record,
        folder: tempfile::TempDir,
    ) -> anyhow::Result<Upgrade> {
        let helm = global.helm();
        let major = helm.version()?.major()?;
        let mut args: Vec<OsString> = vec![revert.release.clone().into()];
        match (&revert.chart, &self.manifest) {
            (Some(chart), _) => {
                args.push(chart.into());
                let version = version(&helm, revert, chart, base)?;
                args.extend(["--version".into(), version.into()]);
            }
            (None, Some(manifest)) => {
                let chart = folder.path().join("chart");
                StaticChart::new(base, manifest)?.write(&chart)?;
                args.push(chart.into());
            }
            (None, None) => bail!("there is nothing to upgrade to"),
        }
        args.push("--reset-values".into());
        if revert.values.is_empty() {
            let values = UserValues::new(base.config.as_ref())?;
            if let Some(text) = values.file {
                let path = folder.path().join("values.json");
                write(&path, text.as_bytes(), Access::Private, Existing::Replace)?;
                args.extend(["--values".into(), path.into()]);
            }
            for set in values.sets {
                args.extend(["--set".into(), set.into()]);
            }
        }
        for path in &revert.values {
            args.extend(["--values".into(), path.into()]);
        }
        if let Some(name) = &revert.post_renderer {
            args.extend(["--post-renderer".into(), name.clone()]);
        }
        for arg in &revert.post_renderer_args {
            args.extend(["--post-renderer-args".into(), arg.clone()]);
        }
        if revert.wait {
            let timeout = format!("{}s", revert.timeout.as_secs());
            args.extend(["--wait".into(), "--timeout".into(), timeout.into()]);
        }
        if revert.force && major == Major::Four {
            // Fields that somebody changed by hand belong to them, until Helm takes them back.
            args.push("--force-conflicts".into());
        }
        args.extend(["--description".into(), DESCRIPTION.into()]);
        Ok(Upgrade {
            helm,
            args,
            post_rendered: revert.post_renderer.is_some(),
            _folder: folder,
        })
    }
}

/// The chart's version: what is asked for, else the release's, which the chart must then have.
fn version(helm: &Helm, revert: &Revert, chart: &str, base: &Record) -> anyhow::Result<String> {
    if let Some(version) = &revert.chart_version {
        return Ok(version.clone());
    }
    let wanted = base.chart.text("version").unwrap_or_default();
    let there = &helm
        .show_chart(&ChartSource {
            reference: chart.to_owned(),
            version: Some(wanted.to_owned()),
            repo: None,
            flags: Vec::new(),
        })?
        .version;
    if there != wanted {
        bail!(
            "the release is of chart version {wanted}, and {chart} is {there}; --version {there} \
             says that this is meant"
        );
    }
    Ok(wanted.to_owned())
}

fn said(value: &Value) -> String {
    match value {
        Value::Null => "(not set)".to_owned(),
        Value::String(text) => text.clone(),
        _ => "(a key without a value)".to_owned(),
    }
}

impl Upgrade {
    /// The command as it could be typed.
    pub(super) fn shown(&self) -> String {
        let words = self.args.iter().map(|arg| {
            let text = arg.to_string_lossy();
            let plain = |c: char| c.is_ascii_alphanumeric() || "-_./:=@%+,".contains(c);
            if !text.is_empty() && text.chars().all(plain) {
                text.into_owned()
            } else {
                format!("'{}'", text.replace('\'', "'\\''"))
            }
        });
        format!("helm upgrade {}", words.collect::<Vec<_>>().join(" "))
    }

    /// Has Helm render without applying, and compares.
    pub(super) fn check(&self, change: &Change) -> anyhow::Result<()> {
        if !change.values.is_empty() {
            // The files are not changed yet, so that Helm would render the old ones.
            return Ok(());
        }
        let mut args = self.args.clone();
        args.extend(["--dry-run=server".into(), "--output".into(), "json".into()]);
        let printed = self
            .helm
            .call("upgrade")
            .args(&args)
            .capture()
            .context("Helm would not do this")?;
        let release: Value = serde_json::from_str(&printed.output)
            .context("cannot read what Helm says about its dry run")?;
        let manifest = release["manifest"].as_str().unwrap_or_default();
        match &change.manifest {
            Some(wanted) if !self.post_rendered && !same_manifest(manifest, wanted) => bail!(
                "Helm would make something else of the release than it was before the overlay; \
                 nothing was changed. Give the chart: 'helm connect-migrate revert RELEASE CHART'"
            ),
            _ => Ok(()),
        }
    }

    pub(super) fn run(self, release: &str) -> anyhow::Result<()> {
        // Helm's report is talk of ours.
        match self.helm.call("upgrade").args(&self.args).capture() {
            Ok(_) => Ok(()),
            Err(error) => bail!(
                "{error}\nThe temporary settings may still be on: 'helm connect-migrate status \
                 {release}' tells. Running revert again is safe"
            ),
        }
    }
}
