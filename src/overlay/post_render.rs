//! A run as Helm's post-renderer: manifests in, the same with the overlay out, and a record of it.

use std::io;
use std::path::Path;

use anyhow::{Context as _, anyhow};

use super::{ChainedCommand, Options, Refusal, RunReport, helm, lay, log, refuse, run_then};
use crate::files::{Access, Existing, write};
use crate::manifests::Stream;
use crate::output;

/// How to run.
pub(crate) struct PostRenderRun<'a> {
    pub options: Options,
    /// What runs behind it.
    pub then: Option<ChainedCommand>,
    /// Where to write what was done, too.
    pub report: Option<&'a Path>,
    /// Whether our own upgrade runs this, and shows the report itself.
    pub wrapped: bool,
}

/// Why nothing was handed out.
enum Failure {
    Refused(Refusal),
    Output(io::Error),
}

/// Lays the overlay over manifests and writes them to standard output.
///
/// # Errors
/// They are refused, or cannot be written. Helm 4 hears of a refusal by what is written instead.
pub(crate) fn post_render(input: &[u8], run: &PostRenderRun<'_>) -> anyhow::Result<()> {
    let documents = || Stream::split(input).with_content().count();
    match run.render(input) {
        Ok(report) => run.leave(&report),
        Err(Failure::Refused(refusal)) => {
            let mut message = refusal.to_string();
            if run.wrapped {
                // Under the names that the flags have there.
                message = message
                    .replace("--configmap", "--overlay-configmap")
                    .replace("--allow-missing", "--overlay-allow-missing");
            }
            run.leave(&RunReport::refused(message.clone(), documents()))?;
            if run.wrapped {
                "the temporary settings were refused; the reason follows".clone_into(&mut message);
            }
            if helm::is_helm_4_post_renderer() {
                let message = format!("connect-migrate: {message}");
                return Ok(output::data_by(|mut out| {
                    refuse(input, &message, &mut out)
                })?);
            }
            Err(anyhow!("{message}"))
        }
        Err(Failure::Output(error)) => {
            run.leave(&RunReport::refused(
                format!("cannot write: {error}"),
                documents(),
            ))?;
            Err(error).context("cannot write the manifests")
        }
    }
}

impl PostRenderRun<'_> {
    /// Writes the result, all at once, when nothing can be refused any more.
    fn render(&self, input: &[u8]) -> Result<RunReport, Failure> {
        let applied = lay(input, &self.options).map_err(Failure::Refused)?;
        match &self.then {
            None => output::data_by(|mut out| applied.output.write_to(&mut out)),
            Some(then) => {
                let output = run_then(then, &applied.output).map_err(Failure::Refused)?;
                output::data_by(|out| out.write_all(&output))
            }
        }
        .map_err(Failure::Output)?;
        Ok(applied.report)
    }

    /// Leaves a record in the log, and in the file that was asked for.
    fn leave(&self, report: &RunReport) -> anyhow::Result<()> {
        log::append(report);
        if let Some(path) = self.report {
            let text = serde_json::to_vec(report)?;
            write(path, &text, Access::Private, Existing::Replace)?;
        }
        Ok(())
    }
}
