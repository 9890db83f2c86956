//! `post-render`: lays the temporary settings over the manifests that Helm pipes through.

use std::ffi::{OsStr, OsString};
use std::io::{self, IsTerminal as _};
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use clap::Args;

use super::Exit;
use crate::inputs::stdin;
use crate::overlay::{
    self, ChainedCommand, Options, PostRenderRun, Selection, TemporarySetting, with_temporary,
};

/// Lay the temporary settings over manifests, as a Helm post-renderer
///
/// Reads manifests on standard input and writes them to standard output with three settings laid
/// over Connect's configuration while the migration runs: Scheduler.MinProcessesLimit = 0,
/// Applications.ScheduleConcurrency = 0, Applications.PythonEnvironmentReaping = false. Every later
/// 'helm upgrade' without it takes them off again.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  helm upgrade --install rsc rstudio/rstudio-connect -f values.yaml --post-renderer connect-migrate
  helm connect-migrate overlay command     # the flags for your Helm
  helm template rsc rstudio/rstudio-connect -f values.yaml | helm connect-migrate post-render
  … --post-renderer connect-migrate \\
    --post-renderer-args --set --post-renderer-args 'Server.PublicWarning=We are moving'")]
pub(super) struct PostRender {
    #[command(flatten)]
    overlay: OverlayArgs,

    /// Also write what was done to this file, as JSON
    #[arg(long, value_name = "FILE")]
    report: Option<PathBuf>,

    /// Whether our own upgrade runs this, and shows the report itself
    #[arg(long, hide = true)]
    wrapped: bool,

    /// The Helm 4 plugin that --then is
    #[arg(long, value_name = "FOLDER", hide = true)]
    then_plugin: Option<PathBuf>,

    /// Another post-renderer to run behind this one; takes the rest of the command line
    #[arg(long, num_args = 1.., allow_hyphen_values = true, value_names = ["CMD", "ARGS"])]
    then: Vec<String>,
}

/// What is laid, and over what.
#[derive(Debug, Clone, Args)]
pub(super) struct OverlayArgs {
    /// Lay one more setting (repeatable); credentials are refused
    #[arg(long = "set", value_name = "SECTION.PROPERTY=VALUE", value_parser = set)]
    settings: Vec<TemporarySetting>,

    /// Which ConfigMap, where several hold a Connect configuration (repeatable)
    #[arg(long = "configmap", value_name = "NAMESPACE/NAME")]
    config_maps: Vec<Selection>,

    /// Pass manifests without a Connect configuration through instead of refusing them
    #[arg(long)]
    allow_missing: bool,
}

/// Reads a `--set`.
pub(super) fn set(text: &str) -> Result<TemporarySetting, overlay::SetError> {
    text.parse()
}

/// Helm 3 takes a post-renderer by its name in `PATH` and adds nothing to its command line; under
/// the plugin's name we are that post-renderer, so that one spelling serves both Helms.
pub(super) fn by_name(mut args: Vec<OsString>) -> Vec<OsString> {
    let called = args.first().map(Path::new).and_then(Path::file_stem);
    if called != Some(OsStr::new("connect-migrate")) {
        return args;
    }
    let ours = [
        "--set",
        "--configmap",
        "--allow-missing",
        "--report",
        "--wrapped",
        "--then",
    ];
    let meant = match args.get(1) {
        None => !io::stdin().is_terminal(),
        Some(first) => {
            let first = first.to_string_lossy();
            let name = first.split_once('=').map_or(&*first, |(name, _)| name);
            ours.contains(&name)
        }
    };
    if meant {
        args.insert(1, "post-render".into());
    }
    args
}

impl OverlayArgs {
    fn options(&self) -> Options {
        Options {
            settings: with_temporary(&self.settings),
            selections: self.config_maps.clone(),
            allow_missing: self.allow_missing,
        }
    }
}

impl PostRender {
    /// Runs the command.
    pub(super) fn run(&self) -> anyhow::Result<Exit> {
        let input = stdin().context("cannot read the manifests")?;
        overlay::post_render(
            &input,
            &PostRenderRun {
                options: self.overlay.options(),
                then: self.then(),
                report: self.report.as_deref(),
                wrapped: self.wrapped,
            },
        )?;
        Ok(Exit::Done)
    }

    fn then(&self) -> Option<ChainedCommand> {
        let (program, args) = self.then.split_first()?;
        Some(ChainedCommand {
            program: program.clone(),
            args: args.to_vec(),
            plugin: self.then_plugin.clone(),
        })
    }
}
