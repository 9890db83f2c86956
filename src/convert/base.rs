//! The administrator's own values: what Connect could not read is said before anything is made of
//! them.

use super::account::Task;
use super::reason;
use crate::chart::{self, Misread, MisreadKind, ValuesFile, misread};
use crate::diagnostic::{Code, Diagnostic, InvalidInput};

/// Refuses values that Connect would not start with.
///
/// # Errors
/// Each of them with its place.
pub(super) fn check(files: &[ValuesFile]) -> Result<(), InvalidInput> {
    let mut errors = Vec::new();
    for file in files {
        for Misread { path, span, kind } in misread(file) {
            let problem = match kind {
                MisreadKind::Refused(problem) => problem,
                MisreadKind::Lines => "it spans lines, and the chart would write each".to_owned(),
                // Connect starts; the account says it.
                MisreadKind::Cut(_) => continue,
            };
            errors.push(
                Diagnostic::error(
                    Code::ValuesUnreadable,
                    format!("Connect could not read {path}: {problem}"),
                )
                .at(&file.source, span)
                .help("the chart writes it as it stands: put what Connect is to read into double quotes inside the quotes of YAML, with \\\\ for a backslash, such as '\"CORP\\\\svc\"'"),
            );
        }
    }
    if errors.is_empty() {
        Ok(())
    } else {
        Err(InvalidInput(errors))
    }
}

/// What comment signs cut from values.
pub(super) fn cut(files: &[ValuesFile]) -> Vec<Task> {
    chart::cut(files)
        .into_iter()
        .map(|(path, how)| Task {
            code: reason::OWN_VALUE_CUT.into(),
            what: format!("{path} {how}"),
            command: None,
        })
        .collect()
}
