//! The Helm that makes a revision.

use std::ffi::OsString;
use std::path::PathBuf;
use std::time::Duration;

use anyhow::{Context as _, bail};
use serde_json::Value;

use super::change::Change;
use super::compare::differences;
use super::{Options, StaticChart, Tools, UserValues};
use crate::files::{Access, Existing, write};
use crate::helm::{ChartSource, Helm, Major};
use crate::output::shell_word;
use crate::release::{REVERT_DESCRIPTION, Record};
use crate::survey::{Survey, gcfg_of};

/// A Helm command, ready to run.
pub(super) struct HelmUpgrade {
    helm: Helm,
    args: Vec<OsString>,
    /// For the dry run: values files as they will be.
    dry_values: Vec<(PathBuf, PathBuf)>,
    /// Whether what is rendered must be the stored manifest to the byte.
    is_static: bool,
    _folder: tempfile::TempDir,
}

impl HelmUpgrade {
    /// An upgrade to a manifest, by a chart made of the release.
    pub(super) fn of_release(
        options: &Options,
        tools: &Tools<'_>,
        before: &Survey,
        base: &Record,
        manifest: &str,
        folder: tempfile::TempDir,
    ) -> anyhow::Result<Self> {
        let chart = folder.path().join("chart");
        StaticChart::new(base, manifest)?.write(&chart)?;
        let mut args: Vec<OsString> = vec![options.release.clone().into(), chart.into()];
        args.push("--reset-values".into());
        args.extend(user_values(base, &folder)?);
        let helm = tools.helm.clone();
        args.extend(common(options, &helm, before)?);
        Ok(Self {
            helm,
            args,
            dry_values: Vec::new(),
            is_static: true,
            _folder: folder,
        })
    }

    /// An upgrade by the chart itself.
    pub(super) fn of_chart(
        options: &Options,
        tools: &Tools<'_>,
        before: &Survey,
        base: &Record,
        chart: &ChartSource,
        changed: &[(PathBuf, String)],
        folder: tempfile::TempDir,
    ) -> anyhow::Result<Self> {
        let helm = tools.helm.clone();
        let version = version(&helm, chart, base)?;
        let mut args: Vec<OsString> = vec![
            options.release.clone().into(),
            chart.reference.clone().into(),
            "--version".into(),
            version.into(),
        ];
        if let Some(repo) = &chart.repo {
            args.extend(["--repo".into(), repo.into()]);
        }
        args.extend(chart.flags.iter().cloned());
        if options.dependency_update {
            args.push("--dependency-update".into());
        }
        args.push("--reset-values".into());
        if options.values.is_empty() {
            args.extend(user_values(base, &folder)?);
        }
        let mut dry_values = Vec::new();
        for (index, path) in options.values.iter().enumerate() {
            args.extend(["--values".into(), path.into()]);
            if let Some((_, text)) = changed.iter().find(|(changed, _)| changed == path) {
                let copy = folder.path().join(format!("values-{index}.yaml"));
                write(&copy, text.as_bytes(), Access::Private, Existing::Refuse)?;
                dry_values.push((path.clone(), copy));
            }
        }
        if let Some(name) = &options.post_renderer {
            args.extend(["--post-renderer".into(), name.clone()]);
        }
        for arg in &options.post_renderer_args {
            args.extend(["--post-renderer-args".into(), arg.clone()]);
        }
        args.extend(common(options, &helm, before)?);
        Ok(Self {
            helm,
            args,
            dry_values,
            is_static: false,
            _folder: folder,
        })
    }

    /// The command as it could be typed.
    pub(super) fn shown(&self) -> String {
        let words = self
            .args
            .iter()
            .map(|arg| shell_word(&arg.to_string_lossy()));
        format!("helm upgrade {}", words.collect::<Vec<_>>().join(" "))
    }

    /// Has Helm render without applying. What it would change beside the overlay is returned, in
    /// lines for people.
    pub(super) fn check(&self, change: &Change, before: &Survey) -> anyhow::Result<Vec<String>> {
        let is_changed = |arg: &OsString| {
            let changed = self
                .dry_values
                .iter()
                .find(|(path, _)| path.as_os_str() == arg);
            changed.map(|(_, copy)| copy.clone().into_os_string())
        };
        let args = self.args.iter();
        let args = args.map(|arg| is_changed(arg).unwrap_or_else(|| arg.clone()));
        let call = self.helm.call("upgrade").args(args);
        let call = call.args(["--dry-run=server", "--output", "json"]);
        let printed = call.capture().context("Helm would not do this")?;
        let release: Value = serde_json::from_str(&printed.output)
            .context("cannot read what Helm says about its dry run")?;
        let manifest = release["manifest"].as_str().unwrap_or_default();
        if self.is_static {
            if !same_manifest(manifest, &change.manifest) {
                bail!(
                    "Helm would make something else of the release than it was before the overlay; \
                     nothing was changed. Give the chart: 'helm connect-migrate revert RELEASE CHART'"
                );
            }
            return Ok(Vec::new());
        }
        for configuration in &before.configurations {
            if gcfg_of(manifest, &configuration.config_map).is_none() {
                bail!(
                    "what the chart makes has no Connect configuration {} any more; nothing was \
                     changed",
                    configuration.config_map
                );
            }
        }
        differences(&change.manifest, manifest)
    }

    /// Applies it.
    pub(super) async fn run(self, before: &Survey) -> anyhow::Result<()> {
        let interrupt = tokio::spawn(tokio::signal::ctrl_c());
        let call = self.helm.call("upgrade").args(&self.args);
        // An interrupt goes to Helm too, which has things to put in order: it is waited for.
        let ended = tokio::task::block_in_place(|| call.capture());
        let patience = match ended {
            Ok(_) => Duration::ZERO,
            Err(_) => NOTICE,
        };
        if tokio::time::timeout(patience, interrupt).await.is_ok() {
            // Whoever runs us has seen it as well, and answers it.
            std::future::pending::<()>().await;
        }
        ended.map(drop).map_err(|error| {
            let status = format!("connect-migrate status {}", shell_word(&before.release));
            anyhow::anyhow!(
                "{error}\nThe temporary settings may still be on: '{}' tells, and which command goes on",
                before.place.helm(&status)
            )
        })
    }
}

/// How long an interrupt that has ended Helm may take to be noticed here.
const NOTICE: Duration = Duration::from_secs(1);

/// The flags for the values that the user gave the release.
fn user_values(base: &Record, folder: &tempfile::TempDir) -> anyhow::Result<Vec<OsString>> {
    let mut args: Vec<OsString> = Vec::new();
    let values = UserValues::new(base.config.as_ref())?;
    if let Some(text) = values.file {
        let path = folder.path().join("values.json");
        write(&path, text.as_bytes(), Access::Private, Existing::Refuse)?;
        args.extend(["--values".into(), path.into()]);
    }
    for set in values.sets {
        args.extend(["--set".into(), set.into()]);
    }
    Ok(args)
}

/// Flags of every revision that we make.
fn common(options: &Options, helm: &Helm, before: &Survey) -> anyhow::Result<Vec<OsString>> {
    let mut args: Vec<OsString> = Vec::new();
    if options.wait {
        let timeout = format!("{}s", options.timeout.as_secs());
        args.extend(["--wait".into(), "--timeout".into(), timeout.into()]);
    }
    // Helm takes it only where fields have owners.
    if options.force_conflicts && before.server_side && helm.version()?.major()? == Major::Four {
        args.push("--force-conflicts".into());
    }
    // Helm cuts the history to ten unless it is told otherwise, each time.
    if before.revisions >= 10 && std::env::var_os("HELM_MAX_HISTORY").is_none_or(|n| n.is_empty()) {
        let keep = (before.revisions + 1).to_string();
        args.extend(["--history-max".into(), keep.into()]);
    }
    args.extend(["--description".into(), REVERT_DESCRIPTION.into()]);
    Ok(args)
}

/// The chart's version: what is asked for, else the release's, which the chart must then have. Its
/// name must be the release's in any case.
fn version(helm: &Helm, chart: &ChartSource, base: &Record) -> anyhow::Result<String> {
    let wanted = base.chart.text("version").unwrap_or_default();
    let mut exact = chart.clone();
    exact.version.get_or_insert_with(|| wanted.to_owned());
    let there = helm.show_chart(&exact)?;
    let name = base.chart.text("name").unwrap_or_default();
    if there.name != name {
        bail!(
            "the release is of the chart {name}, and {} is {}: it would delete what it does not \
             have",
            chart.reference,
            there.name
        );
    }
    if chart.version.is_none() && there.version != wanted {
        bail!(
            "the release is of chart version {wanted}, and {} is {}; --version {1} says that this \
             is meant",
            chart.reference,
            there.version
        );
    }
    Ok(exact.version.unwrap_or_default())
}

/// Whether two manifests have the same documents from the same files in the same order. Blank lines
/// around documents are Helm's, and not all versions set them alike.
fn same_manifest(a: &str, b: &str) -> bool {
    documents(a) == documents(b)
}

fn documents(manifest: &str) -> Vec<&[u8]> {
    let stream = crate::manifests::Stream::split(manifest.as_bytes());
    stream
        .with_content()
        .map(|index| stream.body(index).trim_ascii())
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn manifests_are_compared_without_the_lines_around() {
        assert!(same_manifest(
            "---\n# s\na: 1\n",
            "---\n# s\na: 1\n\n---\n# only a comment\n"
        ));
        assert!(!same_manifest("---\na: 1\n", "---\na:  1\n"));
        assert!(!same_manifest(
            "---\na: 1\n---\nb: 1\n",
            "---\nb: 1\n---\na: 1\n"
        ));
    }
}
