//! The chart to deploy, and what Helm needs to reach it.

use std::ffi::OsString;

use clap::Args;

use super::Global;
use crate::chart::Chart;
use crate::helm::ChartSource;

/// Flags about the chart, with Helm's names but for `--version`, which is our own.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Chart")]
pub(super) struct ChartArgs {
    /// The chart to deploy, as Helm takes it: a folder, an archive, repo/name, a URL or oci://. It
    /// says its defaults and renders the values. Without it our own rules of the chart serve
    #[arg(value_name = "CHART")]
    pub chart: Option<String>,

    /// Version of the chart; else the newest
    #[arg(long, value_name = "VERSION", requires = "chart")]
    chart_version: Option<String>,

    /// URL of the repository that has the chart, where it is not among Helm's
    #[arg(long, value_name = "URL", requires = "chart")]
    repo: Option<String>,

    /// Certificates to trust the repository by
    #[arg(long, value_name = "FILE", requires = "chart", hide_short_help = true)]
    ca_file: Option<String>,

    /// Certificate to show the repository
    #[arg(long, value_name = "FILE", requires = "chart", hide_short_help = true)]
    cert_file: Option<String>,

    /// Key of the certificate to show
    #[arg(long, value_name = "FILE", requires = "chart", hide_short_help = true)]
    key_file: Option<String>,

    /// Do not look at the repository's certificate
    #[arg(long, requires = "chart", hide_short_help = true)]
    insecure_skip_tls_verify: bool,

    /// Reach an OCI registry without TLS
    #[arg(long, requires = "chart", hide_short_help = true)]
    plain_http: bool,

    /// Let Helm verify the chart's signature
    #[arg(long, requires = "chart", hide_short_help = true)]
    verify: bool,

    /// Keys to verify the chart by
    #[arg(long, value_name = "FILE", requires = "verify", hide_short_help = true)]
    keyring: Option<String>,

    /// Take a version that is still in development
    #[arg(long, requires = "chart", hide_short_help = true)]
    devel: bool,
}

impl ChartArgs {
    /// The chart, asked through Helm.
    pub(super) fn ask(&self, global: &Global) -> anyhow::Result<Chart> {
        Chart::ask(&global.helm(), self.source().as_ref())
    }

    /// The chart, if one was named.
    pub(super) fn named(&self, global: &Global) -> anyhow::Result<Option<Chart>> {
        self.chart.as_ref().map(|_| self.ask(global)).transpose()
    }

    pub(super) fn source(&self) -> Option<ChartSource> {
        let mut flags: Vec<OsString> = Vec::new();
        for (flag, value) in [
            ("--ca-file", &self.ca_file),
            ("--cert-file", &self.cert_file),
            ("--key-file", &self.key_file),
            ("--keyring", &self.keyring),
        ] {
            if let Some(value) = value {
                flags.extend([flag.into(), value.into()]);
            }
        }
        for (flag, given) in [
            ("--insecure-skip-tls-verify", self.insecure_skip_tls_verify),
            ("--plain-http", self.plain_http),
            ("--verify", self.verify),
            ("--devel", self.devel),
        ] {
            if given {
                flags.push(flag.into());
            }
        }
        Some(ChartSource {
            reference: self.chart.clone()?,
            version: self.chart_version.clone(),
            repo: self.repo.clone(),
            flags,
        })
    }
}
