//! `upgrade`: `helm upgrade` with the temporary settings laid over the release.

use std::ffi::OsString;

use clap::Args;

use super::runtime::block_on;
use super::{Exit, Global, duration};
use crate::upgrade::{Arguments, Outcome, upgrade};

/// Run 'helm upgrade' with the temporary settings laid over Connect's configuration
///
/// Every argument behind 'upgrade' goes to 'helm upgrade', with the post-renderer added in the form
/// that this Helm takes. What is true in the cluster is printed afterwards. A post-renderer of your
/// own runs behind ours. The next 'helm upgrade' without this takes the settings off again; 'helm
/// rollback' to this revision brings them back.
#[derive(Debug, Args)]
#[command(
    override_usage = "helm connect-migrate upgrade [OVERLAY OPTIONS] [HELM UPGRADE ARGUMENTS]...",
    disable_version_flag = true,
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

/// Puts a `--` behind `upgrade`, so that none of our flags shadows one of Helm's. Only its help is
/// ours, where nothing else is asked for.
pub(super) fn hand_over(mut args: Vec<OsString>) -> Vec<OsString> {
    let with_value = [
        "-n",
        "--namespace",
        "--kube-context",
        "--kubeconfig",
        "--registry-config",
        "--repository-config",
        "--repository-cache",
        "--color",
    ];
    let mut at = 1;
    while let Some(arg) = args.get(at).map(|arg| arg.to_string_lossy()) {
        if arg == "upgrade" {
            if args[at + 1..] != ["--help"] {
                args.insert(at + 1, "--".into());
            }
            break;
        }
        if !arg.starts_with('-') {
            break;
        }
        at += if with_value.contains(&&*arg) { 2 } else { 1 };
    }
    args
}

impl Upgrade {
    /// Runs the command.
    pub(super) fn run(&self, global: &Global) -> anyhow::Result<Exit> {
        let arguments = Arguments::sort(&self.args, duration::parse)?;
        let outcome = block_on(upgrade(&global.helm(), &global.access(), arguments))?;
        Ok(match outcome {
            Outcome::Done => Exit::Done,
            Outcome::Failed => Exit::Failed,
            Outcome::Interrupted => Exit::Interrupted,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_follows_upgrade_is_helms() {
        let handed = |line: &str| {
            let args = line.split(' ').map(OsString::from).collect();
            hand_over(args).join(std::ffi::OsStr::new(" "))
        };
        for (line, handed_over) in [
            ("x upgrade --version 1 -h", "x upgrade -- --version 1 -h"),
            ("x -n a upgrade -- r", "x -n a upgrade -- -- r"),
            (
                "x --debug --color=never upgrade",
                "x --debug --color=never upgrade --",
            ),
            ("x upgrade --help", "x upgrade --help"),
        ] {
            let handed_over: &std::ffi::OsStr = handed_over.as_ref();
            assert_eq!(handed(line), handed_over);
        }
        for line in ["x help upgrade", "x -n upgrade status", "x"] {
            let line: &std::ffi::OsStr = line.as_ref();
            assert_eq!(handed(&line.to_string_lossy()), line);
        }
    }
}
