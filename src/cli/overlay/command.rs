//! `overlay command`: how to run the post-renderer without the wrapper.

use clap::Args;

use super::super::{Exit, Global};
use crate::output::shell_word;
use crate::output::{self, Format};
use crate::overlay::Selection;
use crate::overlay::TemporarySetting;
use crate::overlay::invocation::invocation;
use crate::upgrade::plugin_list;

/// Print the flags with which this Helm runs the post-renderer, ready to paste
///
/// 'helm connect-migrate upgrade' adds them by itself. Every later 'helm upgrade' without them takes
/// the temporary settings off again.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  helm connect-migrate overlay command
  helm connect-migrate overlay command --set 'Server.PublicWarning=We are moving'")]
pub(super) struct CommandFlags {
    /// Lay one more setting (repeatable); credentials are refused
    #[arg(long = "set", value_name = "SECTION.PROPERTY=VALUE")]
    settings: Vec<String>,

    /// Which ConfigMap, where several hold a Connect configuration (repeatable)
    #[arg(long = "configmap", value_name = "NAMESPACE/NAME")]
    config_maps: Vec<Selection>,

    /// Form of the output
    #[arg(short, long, value_enum, default_value_t)]
    output: Format,
}

impl CommandFlags {
    /// Runs the command.
    pub(super) fn run(&self, global: &Global) -> anyhow::Result<Exit> {
        let helm = global.helm();
        let major = helm.version()?.major()?;
        let mut args = Vec::new();
        for setting in &self.settings {
            setting.parse::<TemporarySetting>()?;
            args.extend(["--set".into(), setting.into()]);
        }
        for config_map in &self.config_maps {
            args.extend(["--configmap".into(), config_map.to_string().into()]);
        }
        let invocation = invocation(major, &plugin_list(&helm, major)?, args, None)?;
        if invocation.folder.is_some() {
            anyhow::bail!(
                "Helm 4 takes a post-renderer only from a plugin, and this program is not in one: install the plugin connect-migrate, or use '{} upgrade'",
                std::env::current_exe()?.display()
            );
        }
        let report = invocation.report();
        output::result(self.output, &report, |_| {
            let words: Vec<String> = report.flags.iter().map(|flag| shell_word(flag)).collect();
            let words = words.join(" ");
            match report.environment.get("HELM_PLUGINS") {
                None => format!("{words}\n"),
                Some(plugins) => format!(
                    "HELM_PLUGINS={} helm upgrade --install RELEASE CHART -f values.yaml {words}\n",
                    shell_word(plugins)
                ),
            }
        })?;
        Ok(Exit::Done)
    }
}
