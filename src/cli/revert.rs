//! `revert`: takes the temporary settings off a release.

use std::ffi::OsString;
use std::path::PathBuf;
use std::time::Duration;

use clap::Args;

use super::connect::ConnectArgs;
use super::runtime::block_on;
use super::{Exit, Global, duration};
use crate::helm::ChartSource;
use crate::helm::release_name;
use crate::output;
use crate::revert::{Options, Outcome, Tools, interrupted, revert};

/// Take the temporary settings off a release, and see that they are off
///
/// Looks first whether server and rebuild are ready for it, shows the change and asks, runs 'helm
/// upgrade', waits until the pods have restarted, and asks the server. Without CHART, the new
/// revision is made from what Helm stored: nothing but the temporary settings changes. It can be
/// run again at any time, also after it was interrupted.
#[derive(Debug, Args)]
#[command(
    disable_version_flag = true,
    after_help = "\
Examples:
  helm connect-migrate revert rsc -n connect
  helm connect-migrate revert rsc -n connect --dry-run
  helm connect-migrate revert rsc rstudio/rstudio-connect -n connect -f values.yaml --yes

A later 'helm rollback' to a revision with the temporary settings brings them back.

Exit codes: 0 the settings were seen to be off, 1 failed or not seen, 2 wrong usage,
4 not done, since something speaks against it (the message names the flag that goes on),
6 interrupted."
)]
pub(super) struct Revert {
    /// Release
    #[arg(value_name = "RELEASE", value_parser = release_name)]
    release: String,

    /// Chart, as for 'helm upgrade'; without it, the release itself is taken
    #[arg(value_name = "CHART")]
    chart: Option<String>,

    /// Values for CHART (repeatable); temporary settings in these files are taken out in place
    #[arg(short = 'f', long = "values", value_name = "FILE", requires = "chart")]
    values: Vec<PathBuf>,

    /// Post-renderer of your own, as for 'helm upgrade'; without CHART there is no need for it
    #[arg(long, value_name = "NAME", requires = "chart")]
    post_renderer: Option<OsString>,

    /// Argument of the post-renderer (repeatable)
    #[arg(
        long,
        value_name = "ARG",
        requires = "post_renderer",
        allow_hyphen_values = true
    )]
    post_renderer_args: Vec<OsString>,

    /// Have Helm wait for all resources of the release too
    #[arg(long)]
    wait: bool,

    /// How long the pods may take to restart
    #[arg(long, value_name = "TIME", value_parser = duration::parse, default_value = "10m")]
    timeout: Duration,

    /// Show the change and what Helm makes of it, and change nothing
    #[arg(long)]
    dry_run: bool,

    /// Do not ask
    #[arg(short, long)]
    yes: bool,

    /// Go on although something speaks against it; says what it overrides
    #[arg(long)]
    force: bool,

    /// Take back what somebody else changed in the live objects, and owns since (Helm 4)
    #[arg(long)]
    force_conflicts: bool,

    /// Mark a revision of somebody else's as failed that Helm did not finish
    #[arg(long)]
    discard_pending: bool,

    /// Folder of the rebuild's journal, instead of those below $XDG_STATE_HOME
    #[arg(long, value_name = "DIR")]
    journal: Option<PathBuf>,

    #[command(flatten)]
    connect: ConnectArgs,

    #[command(flatten)]
    reach: ChartArgs,
}

/// How Helm reaches the chart: its own flags, handed on as they are.
#[derive(Debug, Args)]
#[command(next_help_heading = "Reaching the chart")]
struct ChartArgs {
    /// Version of CHART, where it is not to be the release's
    #[arg(long, value_name = "VERSION", requires = "chart")]
    version: Option<String>,

    /// URL of the chart's repository
    #[arg(long, value_name = "URL", requires = "chart")]
    repo: Option<String>,

    /// User name for the repository
    #[arg(long, value_name = "NAME", requires = "chart")]
    username: Option<String>,

    /// Certificates of the repository to trust
    #[arg(long, value_name = "FILE", requires = "chart")]
    ca_file: Option<String>,

    /// Certificate to show to the repository
    #[arg(long, value_name = "FILE", requires = "chart")]
    cert_file: Option<String>,

    /// Its key
    #[arg(long, value_name = "FILE", requires = "chart")]
    key_file: Option<String>,

    /// Keys that the chart may be signed with
    #[arg(long, value_name = "FILE", requires = "chart")]
    keyring: Option<String>,

    /// Speak plain HTTP to the repository
    #[arg(long, requires = "chart")]
    plain_http: bool,

    /// Accept any certificate of the repository
    #[arg(long, requires = "chart")]
    insecure_skip_tls_verify: bool,

    /// Send the user name to other hosts too
    #[arg(long, requires = "chart")]
    pass_credentials: bool,

    /// Check the chart's signature
    #[arg(long, requires = "chart")]
    verify: bool,

    /// Fetch the chart's dependencies first
    #[arg(long, requires = "chart")]
    dependency_update: bool,
}

impl ChartArgs {
    fn source(&self, reference: &str) -> ChartSource {
        let values = [
            ("--username", &self.username),
            ("--ca-file", &self.ca_file),
            ("--cert-file", &self.cert_file),
            ("--key-file", &self.key_file),
            ("--keyring", &self.keyring),
        ];
        let switches = [
            ("--plain-http", self.plain_http),
            ("--insecure-skip-tls-verify", self.insecure_skip_tls_verify),
            ("--pass-credentials", self.pass_credentials),
            ("--verify", self.verify),
        ];
        let values = values.into_iter().filter_map(|(flag, value)| {
            let value = value.as_ref()?;
            Some(OsString::from(format!("{flag}={value}")))
        });
        let switches = switches.into_iter().filter(|(_, on)| *on);
        ChartSource {
            reference: reference.to_owned(),
            version: self.version.clone(),
            repo: self.repo.clone(),
            flags: values
                .chain(switches.map(|(flag, _)| flag.into()))
                .collect(),
        }
    }
}

impl Revert {
    /// Runs the command.
    pub(super) fn run(&self, global: &Global) -> anyhow::Result<Exit> {
        block_on(async {
            tokio::select! {
                outcome = self.revert(global) => outcome,
                // A Helm that runs has got the signal too, and is waited for: it has things to put
                // in order.
                signal = tokio::signal::ctrl_c() => {
                    signal?;
                    output::message(interrupted(&global.access(), &self.release));
                    Ok(Exit::Interrupted)
                }
            }
        })
    }

    async fn revert(&self, global: &Global) -> anyhow::Result<Exit> {
        let options = Options {
            release: self.release.clone(),
            chart: self.chart.as_ref().map(|chart| self.reach.source(chart)),
            dependency_update: self.reach.dependency_update,
            values: self.values.clone(),
            post_renderer: self.post_renderer.clone(),
            post_renderer_args: self.post_renderer_args.clone(),
            wait: self.wait,
            timeout: self.timeout,
            dry_run: self.dry_run,
            yes: self.yes,
            force: self.force,
            force_conflicts: self.force_conflicts,
            discard_pending: self.discard_pending,
            journal: self.journal.clone(),
        };
        let tools = Tools {
            cluster: &global.access().open().await?,
            helm: &global.helm(),
            server: &self.connect.server_access()?,
        };
        Ok(match revert(&options, &tools).await? {
            Outcome::Off => Exit::Done,
            Outcome::NotSeen => Exit::Failed,
            Outcome::Refused => Exit::Blocked,
            Outcome::Unasked => Exit::Usage,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::Cli;
    use clap::{CommandFactory as _, Parser};

    #[derive(Parser)]
    struct Line {
        #[command(flatten)]
        revert: Revert,
    }

    /// Every flag under the heading reaches Helm, whichever is added.
    #[test]
    fn each_flag_for_reaching_the_chart_is_handed_on() {
        let mut command = Cli::command();
        let revert = command.find_subcommand_mut("revert").unwrap();
        let flags: Vec<(String, bool)> = revert
            .get_arguments()
            .filter(|arg| arg.get_help_heading() == Some("Reaching the chart"))
            .map(|arg| {
                let flag = format!("--{}", arg.get_long().unwrap());
                (flag, arg.get_action().takes_values())
            })
            .collect();
        assert!(flags.len() > 10, "{flags:?}");
        for (flag, takes) in flags {
            let given = if takes {
                format!("{flag}=v")
            } else {
                flag.clone()
            };
            let line = Line::parse_from(["revert", "rsc", "./chart", &given]);
            let source = line.revert.reach.source("./chart");
            let handed_on = match flag.as_str() {
                "--version" => source.version.as_deref() == Some("v"),
                "--repo" => source.repo.as_deref() == Some("v"),
                "--dependency-update" => line.revert.reach.dependency_update,
                _ => source.flags == [OsString::from(given)],
            };
            assert!(handed_on, "{flag}: {source:?}");
        }
    }
}
