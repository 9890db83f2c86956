//! The text of the file.

use std::fmt::Write as _;

use super::{Action, Group};
use crate::gcfg::write;
use crate::output::Printable;

/// Writes the sections. What cannot go back is named in comments, so that the file alone tells what
/// is left to do.
pub(super) fn text(groups: &[Group]) -> String {
    let mut out = String::from(
        "; Written by helm connect-migrate gcfg: what the chart's values say, for a server that\n\
         ; runs content on its own machine.\n",
    );
    let mut left_out = Vec::new();
    for group in groups {
        let written = |action: Action| matches!(action, Action::Keep | Action::Review);
        let wholly_left_out =
            !group.settings.is_empty() && group.settings.iter().all(|s| s.action == Action::Drop);
        if wholly_left_out {
            left_out.extend(&group.settings);
            continue;
        }
        let _ = writeln!(out, "\n[{}]", group.section);
        for setting in &group.settings {
            let property = &setting.name.property;
            if let Some(reason) = &setting.reason {
                let _ = writeln!(out, "; {property}: {}", Printable::new(reason));
            }
            if setting.action == Action::Restore {
                let _ = writeln!(out, "; {property} =");
            }
            if !written(setting.action) {
                continue;
            }
            for value in setting.content.values().unwrap_or_default() {
                // What cannot be written has been left out before.
                if let Ok(value) = write::value(value) {
                    let _ = writeln!(out, "{property} = {value}");
                }
            }
        }
    }
    if !left_out.is_empty() {
        out.push_str("\n; Left out:\n");
        for setting in left_out {
            let reason = setting.reason.as_deref().unwrap_or_default();
            let _ = writeln!(out, ";   {}: {}", setting.name, Printable::new(reason));
        }
    }
    out
}
