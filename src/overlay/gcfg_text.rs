//! Setting values in a gcfg text as Connect reads it, and reading them.

use crate::diagnostic::InvalidInput;
use crate::gcfg::{self, Document, Item, SettingKey, SettingName, write};

use super::record::Original;
use super::settings::Laying;

/// What a setting is in a text: of several places the last counts.
pub(super) fn effective(document: &Document, name: &SettingName) -> Original {
    let key = name.key();
    match document.settings().filter(|s| s.name.key() == key).last() {
        None => Original::Absent,
        Some(setting) => setting
            .text()
            .map_or(Original::Blank, |text| Original::Value(text.to_owned())),
    }
}

/// The text with every setting at its temporary value. Whether the text ends with a line feed
/// stays as it was.
///
/// # Errors
/// The text is not gcfg.
pub(super) fn lay(text: &str, settings: &[Laying]) -> Result<String, InvalidInput> {
    let mut laid = text.to_owned();
    for setting in settings {
        let document = gcfg::parse_text(super::GCFG_KEY, &laid)?;
        laid = set(&document, &laid, setting);
    }
    if !text.ends_with('\n') && laid.ends_with('\n') && !text.is_empty() {
        laid.truncate(laid.trim_end_matches(['\r', '\n']).len());
    }
    Ok(laid)
}

/// Whether a text is another with nothing changed but the settings that were laid.
pub(super) fn only_differs_in(old: &Document, new: &Document, settings: &[Laying]) -> bool {
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
            .all(|s| effective(new, &s.name) == Original::Value(s.value.clone()))
}

fn set(document: &Document, text: &str, laying: &Laying) -> String {
    // Laying holds only what can be written.
    let value = write::value(&laying.value).unwrap_or_default();
    // The document's spans do not count a byte order mark.
    let mark = text.len() - document.source().text().len();
    let (bom, text) = text.split_at(mark);
    let key = laying.name.key();
    let line_break = if text.contains("\r\n") { "\r\n" } else { "\n" };
    let line = format!("{} = {value}", laying.name.property);
    let place = document.settings().filter(|s| s.name.key() == key).last();
    let (at, written) = if let Some(setting) = place {
        match &setting.value {
            Some(old) if !old.span.range().is_empty() => (old.span.range(), value.into_owned()),
            Some(_) => {
                let end = setting.key_span.end;
                let equals = text[end..].find('=').map_or(end, |at| end + at + 1);
                let blanks = text[equals..].trim_start_matches([' ', '\t']);
                let at = text.len() - blanks.len();
                let gap = if at == equals { " " } else { "" };
                (at..at, format!("{gap}{value}"))
            }
            None => (
                setting.key_span.end..setting.key_span.end,
                format!(" = {value}"),
            ),
        }
    } else if let Some(end) = end_of_section(document, &key) {
        let end = text[end..].find('\n').map_or(text.len(), |at| end + at);
        let end = end - usize::from(text[..end].ends_with('\r'));
        (end..end, format!("{line_break}{line}"))
    } else {
        let mut written = String::new();
        if !text.is_empty() && !text.ends_with('\n') {
            written.push_str(line_break);
        }
        if !text.is_empty() {
            written.push_str(line_break);
        }
        written.push_str(&format!(
            "[{}]{line_break}{line}{line_break}",
            laying.name.section
        ));
        (text.len()..text.len(), written)
    };
    format!("{bom}{}{written}{}", &text[..at.start], &text[at.end..])
}

/// The end of the last thing that stands in a section.
fn end_of_section(document: &Document, key: &SettingKey) -> Option<usize> {
    let mut end = None;
    let mut inside = false;
    for item in document.items() {
        match item {
            Item::Header(header) => {
                inside = header.section.key() == key.section;
                if inside {
                    end = Some(header.span.end);
                }
            }
            Item::Setting(setting) if inside => end = Some(setting.span().end),
            _ => {}
        }
    }
    end
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
}
