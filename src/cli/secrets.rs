//! The flags about where credentials go.

use clap::Args;

use crate::convert::Options;
use crate::convert::options::{SecretName, Secrets};
use crate::gcfg::SettingName;

#[derive(Debug, Args)]
#[command(next_help_heading = "Credentials")]
pub(super) struct SecretArgs {
    /// Name of the Kubernetes Secret that the values refer to
    #[arg(long, value_name = "NAME", default_value = SecretName::DEFAULT, default_value_if("trial", "true", SecretName::OF_TRIAL), value_parser = SecretName::parse, conflicts_with = "inline_secrets")]
    pub(super) secret_name: SecretName,

    /// Put credentials that no environment variable carries, such as a bind password, into a
    /// configuration file in the Secret, which is mounted beside the main one
    #[arg(long, conflicts_with = "inline_secrets")]
    secret_file: bool,

    /// Leave this credential in config, since it is encrypted already: Section.Property, or
    /// 'Section "name".Property'. May repeat
    #[arg(long, value_name = "SETTING")]
    encrypted: Vec<SettingName>,

    /// Leave credentials in config, for those who encrypt the whole values file
    #[arg(long)]
    pub(super) inline_secrets: bool,
}

impl SecretArgs {
    /// What a conversion does about credentials, and nothing else.
    pub(super) fn options(&self) -> Options {
        Options {
            secrets: Secrets::of(self.inline_secrets, &self.secret_name),
            secret_file: self.secret_file,
            encrypted: self.encrypted.clone(),
            ..Options::default()
        }
    }
}

#[cfg(test)]
mod tests {
    use clap::Parser as _;

    use super::super::{Cli, Command};

    /// The trial's Secret has a name of its own, for whoever writes it and for whoever looks for it.
    #[test]
    fn a_trial_has_a_secret_of_its_own() {
        for (args, name) in [
            ("values --from c.gcfg", "rstudio-connect-secrets"),
            (
                "values --from c.gcfg --trial",
                "rstudio-connect-trial-secrets",
            ),
            ("check --from c.gcfg", "rstudio-connect-secrets"),
            (
                "check --from c.gcfg --trial",
                "rstudio-connect-trial-secrets",
            ),
            ("check --trial --secret-name mine", "mine"),
        ] {
            let words = ["connect-migrate"].into_iter().chain(args.split(' '));
            let found = match Cli::try_parse_from(words).unwrap().command {
                Command::Values(values) => values.credentials.secrets.secret_name,
                Command::Check(check) => check.secrets.secret_name,
                _ => unreachable!(),
            };
            assert_eq!(found.as_str(), name, "{args}");
        }
    }
}
