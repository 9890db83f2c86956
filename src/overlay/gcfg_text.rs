//! Setting values in a gcfg text as Connect reads it, and reading them.

use crate::diagnostic::InvalidInput;
use crate::gcfg::edit::{self, Mismatch};
use crate::gcfg::write::Unwritable;
use crate::gcfg::{self, Configuration, Document, SettingKey, SettingName};

use super::record::Original;
use super::settings::TemporarySetting;

/// What a setting is in texts that are read one after another: of several places the last counts.
pub(super) fn effective(documents: &[&Document], name: &SettingName) -> Original {
    match Configuration::of(documents).get(&name.key()) {
        None => Original::Absent,
        Some(setting) => setting
            .last()
            .item
            .text()
            .map_or(Original::Blank, |text| Original::Value(text.to_owned())),
    }
}

/// The text with every setting at its temporary value. Whether the text ends with a line feed
/// stays as it was, as a block scalar cannot say both.
///
/// # Errors
/// The text is not gcfg.
pub(super) fn lay(text: &str, settings: &[TemporarySetting]) -> Result<String, LayError> {
    let document = gcfg::parse_text(super::GCFG_KEY, text)?;
    let values: Vec<_> = settings
        .iter()
        .map(|setting| (setting.name.clone(), setting.value.clone()))
        .collect();
    let edits = edit::set(&document, &values)?;
    let mut laid = edit::apply(text, &edits)?;
    if !text.is_empty() && !text.ends_with('\n') && laid.ends_with('\n') {
        laid.truncate(laid.trim_end_matches(['\r', '\n']).len());
    }
    Ok(laid)
}

/// Why the settings cannot be laid over a text.
#[derive(Debug, thiserror::Error)]
pub(super) enum LayError {
    /// It is not gcfg.
    #[error(transparent)]
    Invalid(#[from] InvalidInput),
    /// A value or name has no written form.
    #[error(transparent)]
    Unwritable(#[from] Unwritable),
    /// Edits that do not fit the text they were made for.
    #[error(transparent)]
    Mismatch(#[from] Mismatch),
}

/// Whether a text is another with nothing changed but the settings that were laid.
pub(super) fn only_differs_in(
    old: &Document,
    new: &Document,
    settings: &[TemporarySetting],
) -> bool {
    let keys: Vec<SettingKey> = settings.iter().map(|s| s.name.key()).collect();
    fn others<'a>(
        document: &'a Document,
        keys: &'a [SettingKey],
    ) -> impl Iterator<Item = (SettingKey, Option<&'a str>)> {
        document
            .settings()
            .map(|s| (s.name.key(), s.text()))
            .filter(|(key, _)| !keys.contains(key))
    }
    others(old, &keys).eq(others(new, &keys))
        && settings
            .iter()
            .all(|s| effective(&[new], &s.name) == Original::Value(s.value.clone()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::overlay::temporary;

    fn laid(text: &str) -> String {
        lay(text, &temporary()).unwrap()
    }

    #[test]
    fn what_is_there_is_changed_where_it_counts() {
        assert_eq!(
            laid(
                "[applications]\nscheduleconcurrency=3 ; c\n[Scheduler]\n[Applications]\nScheduleConcurrency = 4\nPythonEnvironmentReaping\n[scheduler]\nInitTimeout = 5m"
            ),
            "[applications]\nscheduleconcurrency=3 ; c\n[Scheduler]\n[Applications]\nScheduleConcurrency = 0\nPythonEnvironmentReaping = false\n[scheduler]\nInitTimeout = 5m\nMinProcessesLimit = 0"
        );
        assert_eq!(
            laid("[Applications]\r\nScheduleConcurrency =\r\n; end\r\n"),
            "[Applications]\r\nScheduleConcurrency = 0\r\nPythonEnvironmentReaping = false\r\n; end\r\n\r\n[Scheduler]\r\nMinProcessesLimit = 0\r\n"
        );
        assert_eq!(
            laid(""),
            "[Scheduler]\nMinProcessesLimit = 0\n\n[Applications]\nScheduleConcurrency = 0\nPythonEnvironmentReaping = false\n"
        );
    }

    #[test]
    fn laying_changes_nothing_else_and_is_idempotent() {
        for text in [
            "",
            "\u{feff}[A]\nk = \"x\\n\" ; c\n",
            "[A]\nk = a\\\n  b\n[Scheduler]\nMinProcessesLimit = 1\\\n2 ; c\n",
            "; only a comment",
            "[Scheduler] ; c\n\n\n[B]\n",
        ] {
            let settings = temporary();
            let once = laid(text);
            let (old, new) = (
                gcfg::parse_text("", text).unwrap(),
                gcfg::parse_text("", &once).unwrap(),
            );
            assert!(only_differs_in(&old, &new, &settings), "{once}");
            assert_eq!(laid(&once), once);
        }
    }

    #[test]
    fn another_change_is_noticed() {
        let settings = temporary();
        let old = gcfg::parse_text("", "[Server]\nAddress = a\n").unwrap();
        let differs = |text: &str| {
            let new = gcfg::parse_text("", text).unwrap();
            !only_differs_in(&old, &new, &settings)
        };
        let once = laid("[Server]\nAddress = a\n");
        assert!(!differs(&once));
        assert!(differs(&once.replace("= a", "= b")));
        assert!(differs(&once.replace("Address = a\n", "")));
        assert!(differs(&format!("{once}Listen = x\n")));
        assert!(differs(
            &once.replace("MinProcessesLimit = 0", "MinProcessesLimit = 1")
        ));
    }
}
