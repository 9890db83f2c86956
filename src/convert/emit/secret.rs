//! Credentials: the Secret's manifest, and the configuration file in it.

use crate::chart::SECOND_FILE;
use crate::convert::plan::{Plan, PlannedSecret};
use crate::gcfg::write::{self, Unwritable};
use crate::yaml::Block;

/// The configuration file in the Secret; `None` when nothing goes there.
///
/// # Errors
/// A name or value that has no written form.
pub(in crate::convert) fn secret_file(plan: &Plan) -> Result<Option<String>, Unwritable> {
    let mut text = String::new();
    let mut section = None;
    for setting in &plan.secret_file {
        if section != Some(&setting.name.section) {
            section = Some(&setting.name.section);
            text.push_str(&write::header(&setting.name.section)?);
            text.push('\n');
        }
        for value in &setting.values {
            let value = write::value(value.expose())?;
            text.push_str(&format!(
                "{} = {value}\n",
                write::name(&setting.name.property)?
            ));
        }
    }
    Ok((!text.is_empty()).then_some(text))
}

/// The manifest of the Secret that the values refer to.
#[must_use]
pub(in crate::convert) fn secret_manifest(
    name: &str,
    secrets: &[PlannedSecret],
    file: Option<&str>,
) -> String {
    let mut root = Block::new();
    root.add("apiVersion", "v1");
    root.add("kind", "Secret");
    root.block("metadata").add("name", name);
    root.add("type", "Opaque");
    let data = root.block("stringData");
    for secret in secrets {
        if let Some(value) = &secret.value {
            data.add(&secret.variable, value.expose())
                .beside(&secret.origin);
        }
    }
    if let Some(file) = file {
        data.add(SECOND_FILE, file);
    }
    format!(
        "# Credentials of Posit Connect, made by helm connect-migrate. Apply it to the release's\n# namespace, then delete this file.\n{}",
        root.to_yaml()
    )
}
