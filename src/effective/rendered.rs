//! What a chart gives to the server, whoever rendered it.

use super::{Deployed, Secrets, deployed};
use crate::chart::{Chart, Purpose, Release, RenderFailure, Rendered, ValuesFile, second_file};
use crate::diagnostic::{Code, Diagnostic, InvalidInput};
use crate::helm::HelmError;

/// Renders a chart and finds the server's configuration in it.
///
/// # Errors
/// [`InvalidInput`] where the chart refuses the values or makes no configuration of them; else Helm
/// could not be run.
pub(crate) fn render(
    chart: &Chart,
    release: &Release,
    files: &[&ValuesFile],
    config_map: Option<&str>,
    purpose: Purpose,
) -> anyhow::Result<Deployed> {
    let pod = |key: &str| {
        files
            .iter()
            .rev()
            .find_map(|file| file.values.get("pod")?.get(key))
    };
    match chart.render(release, files, purpose) {
        Ok(Rendered::Configuration { gcfg, variables }) => Ok(Deployed {
            config_map: format!("{}-config", release.name),
            gcfg,
            second_file: second_file(pod("volumes"), pod("volumeMounts")),
            variables,
            secrets: Secrets::default(),
            warnings: String::new(),
        }),
        Ok(Rendered::Manifest { text, warnings }) => match deployed(&text, config_map) {
            Ok(deployed) => Ok(Deployed {
                warnings,
                ..deployed
            }),
            Err(error) => Err(InvalidInput::from(
                Diagnostic::error(
                    Code::ManifestUnusable,
                    format!("{}: {error}", chart.proof().words),
                )
                .help("name the chart rstudio-connect itself"),
            )
            .into()),
        },
        Err(failure) => Err(refused(chart, failure)),
    }
}

/// Why the chart would not render, as an input error where the values are to blame.
fn refused(chart: &Chart, failure: RenderFailure) -> anyhow::Error {
    let (message, help) = match failure {
        RenderFailure::Rules(error) => (
            error.to_string(),
            format!(
                "so say {}; `helm template` with your chart has the last word",
                chart.proof().words
            ),
        ),
        RenderFailure::Helm(HelmError::Failed { message, .. }) => {
            (message, format!("so says {}", chart.proof().words))
        }
        RenderFailure::Helm(error) => return error.into(),
    };
    InvalidInput::from(Diagnostic::error(Code::ChartRefusesValues, message).help(help)).into()
}
