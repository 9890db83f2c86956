//! Another post-renderer behind ours, since Helm 4 takes only one.

use std::io::Write as _;
use std::path::PathBuf;
use std::process::{Command, Stdio};

use crate::manifests::{Edited, Stream};

use super::detect::detect;
use super::refusal::Refusal;

/// The command of another post-renderer.
#[derive(Debug, Clone)]
pub struct ChainedCommand {
    pub program: String,
    pub args: Vec<String>,
    /// The folder of the Helm 4 plugin that it is; Helm would tell it in the environment.
    pub plugin: Option<PathBuf>,
}

/// Runs the other post-renderer over a stream.
///
/// # Errors
/// It cannot be run, fails, is not through with its input, hands back fewer documents than it was
/// given (Helm would delete the objects) or undoes the overlay.
pub fn run(then: &ChainedCommand, stream: &Edited<'_>) -> Result<Vec<u8>, Refusal> {
    let failed = |what: String| Refusal::Then(format!("the post-renderer {} {what}", then.program));
    let mut command = Command::new(&then.program);
    command
        .args(&then.args)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped());
    if let Some(folder) = &then.plugin {
        command.env("HELM_PLUGIN_DIR", folder);
        match super::helm::plugin_name(folder) {
            Some(name) => command.env("HELM_PLUGIN_NAME", name),
            None => command.env_remove("HELM_PLUGIN_NAME"),
        };
    }
    let mut child = command
        .spawn()
        .map_err(|error| failed(format!("cannot be run: {error}")))?;
    let stdin = child.stdin.take();
    let (written, output) = std::thread::scope(|scope| {
        let writer = scope.spawn(move || {
            stdin.map_or(Ok(()), |mut stdin| {
                stream.write_to(&mut stdin).and_then(|()| stdin.flush())
            })
        });
        let output = child.wait_with_output();
        (writer.join(), output)
    });
    let output = output.map_err(|error| failed(format!("cannot be read: {error}")))?;
    if !output.status.success() {
        return Err(failed(format!("failed ({})", output.status)));
    }
    if !matches!(written, Ok(Ok(()))) {
        return Err(failed("did not read all that it was given".to_owned()));
    }
    check(stream, &output.stdout).map_err(failed)?;
    Ok(output.stdout)
}

fn check(given: &Edited<'_>, output: &[u8]) -> Result<(), String> {
    let given = given.to_vec();
    let count = |bytes: &[u8]| Stream::split(bytes).with_content().count();
    let (before, after) = (count(&given), count(output));
    if after < before {
        return Err(format!(
            "handed back {after} documents of {before}; Helm would delete what is missing"
        ));
    }
    let on = |bytes: &[u8]| {
        detect(bytes)
            .map(|shown| {
                shown
                    .config_maps
                    .iter()
                    .filter(|c| c.on && c.in_effect)
                    .count()
            })
            .map_err(|error| format!("handed back something else: {error}"))
    };
    if on(output)? < on(&given)? {
        return Err("took the temporary settings off again".to_owned());
    }
    Ok(())
}
