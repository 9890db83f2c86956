//! `upgrade`: `helm upgrade` with the temporary settings laid over the release.

use std::ffi::{OsStr, OsString};
use std::path::Path;
use std::time::Duration;

use anyhow::{Context as _, bail};
use clap::Args;

use super::runtime::block_on;
use super::{Exit, Global, duration};
use crate::announce::Banner;
use crate::helm::{Helm, Major};
use crate::output;
use crate::overlay::invocation::{Other, invocation};
use crate::overlay::{Laying, Report, Selection};

/// What the release's description says, where the user does not say something else: the one trace
/// that a post-renderer can leave in a release's history.
const DESCRIPTION: &str = "connect-migrate: temporary settings on";

/// Run 'helm upgrade' with the temporary settings laid over Connect's configuration
///
/// Every argument goes to 'helm upgrade', with the post-renderer added in the form that this Helm
/// takes. What the post-renderer did is printed afterwards. A post-renderer of your own runs behind
/// ours. The next 'helm upgrade' without this takes the settings off again; 'helm rollback' to this
/// revision brings them back.
#[derive(Debug, Args)]
#[command(
    override_usage = "helm connect-migrate upgrade [OVERLAY OPTIONS] [HELM UPGRADE ARGUMENTS]...",
    after_help = "\
Overlay options (all others are Helm's; see 'helm upgrade --help'):
      --overlay-set SECTION.PROPERTY=VALUE  Lay one more setting (repeatable)
      --announce TEXT                       Show a message on the new server until 'revert'
      --overlay-configmap NAMESPACE/NAME    Which ConfigMap, where there are several (repeatable)
      --overlay-allow-missing               Go on where no Connect configuration is found
      --overlay-wait[=TIME]                 Wait (10m) until the pods have restarted and the server
                                            answers, and say what comes next

Examples:
  helm connect-migrate upgrade --install rsc rstudio/rstudio-connect -f values.yaml -n connect
  helm connect-migrate upgrade rsc ./chart --announce 'We are moving: some content may be slow'"
)]
pub(super) struct Upgrade {
    /// Arguments for 'helm upgrade'
    #[arg(
        trailing_var_arg = true,
        allow_hyphen_values = true,
        value_name = "ARGS",
        hide = true
    )]
    args: Vec<OsString>,
}

/// The command line, sorted.
#[derive(Debug, Default, PartialEq, Eq)]
struct Sorted {
    /// For Helm, as they came.
    helm: Vec<OsString>,
    /// For our post-renderer.
    overlay: Vec<OsString>,
    /// The user's own post-renderer.
    other: Option<Other>,
    /// Whether the user says what the release's description is.
    described: bool,
    /// How long to wait for the server; `None`: not at all.
    wait: Option<Duration>,
}

impl Upgrade {
    /// Runs the command.
    pub(super) fn run(&self, global: &Global) -> anyhow::Result<Exit> {
        let sorted = sort(&self.args)?;
        let helm = global.helm();
        let major = helm.version()?.major()?;
        let plugins = plugin_list(&helm, major)?;
        let folder = tempfile::Builder::new()
            .prefix("connect-migrate-")
            .tempdir()
            .context("cannot make a folder for the post-renderer's report")?;
        let report = folder.path().join("report.json");
        let mut args: Vec<OsString> = vec!["--report".into(), report.clone().into()];
        args.extend(sorted.overlay);
        let told = invocation(major, &plugins, args, sorted.other.as_ref())?;
        let mut call = helm.call("upgrade").args(&sorted.helm).args(&told.flags);
        if !sorted.described {
            call = call.args(["--description", DESCRIPTION]);
        }
        if let Some(plugins) = &told.plugins {
            call = call.env("HELM_PLUGINS", plugins);
        }
        for (name, value) in &told.environment {
            call = call.env(name, value);
        }
        let status = block_on(async { Ok(call.foreground().await?) })?;
        let report = tell(&report, status.success());
        drop(told);
        if let (Some(timeout), Some(report), true) = (sorted.wait, report, status.success()) {
            return super::upgrade_wait::wait(global, &report, timeout);
        }
        Ok(match status.code() {
            Some(0) => Exit::Done,
            Some(_) => Exit::Failed,
            None => Exit::Interrupted,
        })
    }
}

/// Says what the post-renderer did, which Helm keeps to itself.
fn tell(report: &Path, succeeded: bool) -> Option<Report> {
    let report = std::fs::read(report).ok();
    let report = report.and_then(|text| serde_json::from_slice::<Report>(&text).ok());
    match &report {
        Some(report) => output::talk(format!("connect-migrate: {}", report.text())),
        None if succeeded => output::talk(
            "connect-migrate: Helm did not run the post-renderer; the temporary settings are not on",
        ),
        None => {}
    }
    report
}

/// The folders that Helm 4 looks for plugins in; Helm 3 needs none from us.
pub(super) fn plugin_list(helm: &Helm, major: Major) -> anyhow::Result<OsString> {
    if major == Major::Three {
        return Ok(OsString::new());
    }
    if let Some(list) = std::env::var_os("HELM_PLUGINS").filter(|list| !list.is_empty()) {
        return Ok(list);
    }
    Ok(helm
        .call("env")
        .arg("HELM_PLUGINS")
        .capture()?
        .output
        .trim()
        .into())
}

/// Sorts the command line into Helm's and ours.
fn sort(args: &[OsString]) -> anyhow::Result<Sorted> {
    let mut sorted = Sorted::default();
    let mut other_args = Vec::new();
    let mut args = args.iter();
    while let Some(arg) = args.next() {
        let text = arg.to_string_lossy();
        let (name, attached) = match text.split_once('=') {
            Some((name, value)) => (name, Some(OsString::from(value))),
            None => (&*text, None),
        };
        let mut value = || -> anyhow::Result<OsString> {
            attached
                .clone()
                .or_else(|| args.next().cloned())
                .with_context(|| format!("{name} needs a value"))
        };
        match name {
            "--overlay-set" => {
                let value = value()?;
                value.to_string_lossy().parse::<Laying>()?;
                sorted.overlay.extend(["--set".into(), value]);
            }
            "--announce" => {
                let value = value()?;
                for banner in Banner::ALL {
                    let laying = format!("{}={}", banner.setting(), value.to_string_lossy());
                    laying.parse::<Laying>()?;
                    sorted.overlay.extend(["--set".into(), laying.into()]);
                }
            }
            "--overlay-configmap" => {
                let value = value()?;
                let parsed = value.to_string_lossy().parse::<Selection>();
                parsed.map_err(anyhow::Error::msg)?;
                sorted.overlay.extend(["--configmap".into(), value]);
            }
            "--overlay-wait" => {
                let time = attached.as_ref().map(|time| time.to_string_lossy());
                let time = duration::parse(time.as_deref().unwrap_or("10m"));
                sorted.wait = Some(time.map_err(anyhow::Error::msg)?);
            }
            "--overlay-allow-missing" => sorted.overlay.push("--allow-missing".into()),
            "--post-renderer" => {
                let name = value()?;
                sorted.other = Some(Other {
                    name,
                    args: Vec::new(),
                });
            }
            "--post-renderer-args" => other_args.push(value()?),
            name if name.starts_with("--overlay-") => bail!("unknown option {name}"),
            _ => {
                sorted.described |= name == OsStr::new("--description");
                sorted.helm.push(arg.clone());
            }
        }
    }
    match &mut sorted.other {
        Some(other) => other.args = other_args,
        None if other_args.is_empty() => {}
        None => bail!("--post-renderer-args without --post-renderer"),
    }
    Ok(sorted)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sorted(line: &str) -> anyhow::Result<Sorted> {
        sort(&line.split(' ').map(OsString::from).collect::<Vec<_>>())
    }

    #[test]
    fn an_announcement_is_two_settings() {
        let sorted = sorted("rsc c --announce Moved").unwrap();
        assert_eq!(
            sorted.overlay,
            [
                "--set",
                "Server.PublicWarning=Moved",
                "--set",
                "Server.LoggedInWarning=Moved"
            ]
        );
    }

    #[test]
    fn only_our_options_are_ours() {
        let line = "-i rsc c --set a=b --overlay-set Server.PublicWarning=x --post-renderer=k --post-renderer-args -x --description d --overlay-configmap n/c";
        let sorted = sorted(line).unwrap();
        assert_eq!(
            sorted.helm,
            ["-i", "rsc", "c", "--set", "a=b", "--description", "d"]
        );
        assert_eq!(
            sorted.overlay,
            ["--set", "Server.PublicWarning=x", "--configmap", "n/c"]
        );
        let other = Other {
            name: "k".into(),
            args: vec!["-x".into()],
        };
        assert_eq!(sorted.other, Some(other));
        assert!(sorted.described);
    }

    #[test]
    fn what_cannot_be_meant_is_refused_before_helm_runs() {
        for line in [
            "--overlay-set",
            "--overlay-set Postgres.Password=x",
            "--overlay-sets x",
            "--overlay-wait=soon",
            "--overlay-configmap a/b/c",
            "--post-renderer-args x",
        ] {
            assert!(sorted(line).is_err(), "{line}");
        }
    }
}
