//! What a revert makes of a release.

use std::path::PathBuf;

use anyhow::{Context as _, bail};
use serde_json::Value;

use super::upgrade::HelmUpgrade;
use super::{Options, Tools};
use crate::diagnostic::read_text;
use crate::files::{Batch, Existing, access_of};
use crate::output;
use crate::overlay::values::remove;
use crate::overlay::{take_off, temporary};
use crate::release::Record;
use crate::survey::{Survey, replicas};

/// What is to be applied.
pub(super) struct Change {
    /// The manifest as it was before the overlay.
    pub manifest: String,
    /// Values files without the temporary settings: those that change.
    pub values: Vec<(PathBuf, String)>,
}

impl Change {
    /// Works out the change of a revision.
    pub(super) fn new(options: &Options, base: &Record) -> anyhow::Result<Self> {
        let mut values = Vec::new();
        for path in &options.values {
            let name = path.display();
            let text = read_text(path)?;
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
        let taken_off = take_off(base.manifest.as_bytes()).map_err(|refusal| {
            anyhow::anyhow!(
                "{refusal}. With the chart, the release can be rendered again: 'helm \
                 connect-migrate revert {} CHART -f values.yaml'",
                base.name
            )
        });
        let manifest = match (taken_off, &options.chart) {
            (Ok(edited), _) => String::from_utf8(edited.to_vec()),
            (Err(_), Some(_)) => Ok(base.manifest.clone()),
            (Err(error), None) => return Err(error),
        };
        Ok(Self {
            manifest: manifest.context("the release's manifest is not UTF-8")?,
            values,
        })
    }

    pub(super) fn show(&self, options: &Options, before: &Survey, base: &Record) {
        let mut text = format!(
            "revision {} of {} becomes, in the namespace {}:\n",
            base.revision, options.release, before.namespace
        );
        for configuration in &before.configurations {
            text.push_str(&format!("  ConfigMap {}\n", configuration.config_map));
            for (setting, now) in &configuration.settings {
                let then = match configuration.originals.get(setting) {
                    Some(original) => shown(original),
                    None => "as the values say".to_owned(),
                };
                text.push_str(&format!("    {setting}: {} -> {then}\n", shown(now)));
            }
            let Some((kind, name)) = &configuration.workload else {
                continue;
            };
            // Of the revision that it becomes, which need not be the one in force.
            let then = replicas(&self.manifest, &configuration.config_map).unwrap_or(1);
            let now = configuration.running.as_ref();
            let now = now.map(|running| i64::from(running.wanted));
            let scaling = now.filter(|now| *now != then).map(|now| (now, then));
            text.push_str(&match scaling {
                Some((0, then)) => format!("  {kind} {name}: replicas 0 -> {then}; it starts\n"),
                Some((now, then)) => {
                    format!("  {kind} {name}: replicas {now} -> {then}, and its pods restart\n")
                }
                None => format!("  {kind} {name}: its pods restart\n"),
            });
        }
        for (path, _) in &self.values {
            text.push_str(&format!(
                "  {}: the temporary settings are taken out\n",
                path.display()
            ));
        }
        output::message(text.trim_end());
    }

    /// Writes the values files.
    pub(super) fn commit_values(&self) -> anyhow::Result<()> {
        let mut batch = Batch::default();
        for (path, text) in &self.values {
            batch.add(path, text.as_bytes(), access_of(path), Existing::Replace)?;
        }
        batch.commit()
    }

    /// Makes the Helm command.
    pub(super) fn prepare(
        &self,
        options: &Options,
        tools: &Tools<'_>,
        before: &Survey,
        base: &Record,
        folder: tempfile::TempDir,
    ) -> anyhow::Result<HelmUpgrade> {
        match &options.chart {
            None => HelmUpgrade::of_release(options, tools, before, base, &self.manifest, folder),
            Some(chart) => {
                HelmUpgrade::of_chart(options, tools, before, base, chart, &self.values, folder)
            }
        }
    }
}

fn shown(value: &Value) -> String {
    match value {
        Value::Null => "(not set)".to_owned(),
        Value::String(text) => text.clone(),
        _ => "(a key without a value)".to_owned(),
    }
}
