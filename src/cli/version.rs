//! `version`: which version this is.

use clap::Args;
use serde::Serialize;

use super::Exit;
use crate::output::{self, Format};

/// Print the version
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  helm connect-migrate version\n  helm connect-migrate version --output json"
)]
pub(super) struct Version {
    /// Form of the output
    #[arg(short, long, value_enum, default_value_t)]
    output: Format,
}

#[derive(Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct Build {
    schema: u32,
    version: &'static str,
    os: &'static str,
    arch: &'static str,
}

impl Version {
    /// Runs the command.
    pub(super) fn run(&self) -> anyhow::Result<Exit> {
        let report = Build {
            schema: 1,
            version: env!("CARGO_PKG_VERSION"),
            os: std::env::consts::OS,
            arch: std::env::consts::ARCH,
        };
        output::result(self.output, &report, |_| {
            format!(
                "connect-migrate {} ({}/{})\n",
                report.version, report.os, report.arch
            )
        })?;
        Ok(Exit::Done)
    }
}
