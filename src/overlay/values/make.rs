//! Making the values file.

use std::fmt::Write as _;

use crate::gcfg::write;
use crate::settings::Catalogue;
use crate::yaml::{Kind, Node, Style, emit};

use super::super::settings::TemporarySetting;
use super::{ABSENT, MARK, WAS, config_path, properties, sections};

/// A values file that is given to Helm before ours.
#[derive(Debug, Clone, Copy)]
pub struct Given<'a> {
    /// What messages call it.
    pub name: &'a str,
    /// The text that `root` points into.
    pub text: &'a str,
    pub root: &'a Node,
}

/// Why there is no values file.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum MakeError {
    /// A setting is a list or spans lines, and cannot be recorded in a comment.
    #[error("{setting} in {name} is not one value on one line; it cannot be recorded")]
    NotOneLine {
        name: String,
        /// The setting as the file spells it.
        setting: String,
    },
    /// An original that must not be copied.
    #[error("{setting} in {name} holds a credential; it would be copied into the overlay")]
    Credential {
        name: String,
        /// The setting as the file spells it.
        setting: String,
    },
}

/// A line to write: the spelling of section and property, and what it was.
struct Line {
    section: String,
    property: String,
    value: String,
    /// As written; `None` where it was absent.
    was: Option<String>,
}

/// The overlay as a values file to be used behind the given ones.
///
/// Helm compares keys exactly and Connect does not, so a setting is written as the given files
/// spell it; otherwise the chart would render it twice. Where they spell it in several ways, each
/// gets the temporary value.
///
/// # Errors
/// A setting cannot be recorded.
pub fn make(
    given: &[Given<'_>],
    under: Option<&str>,
    settings: &[TemporarySetting],
) -> Result<String, MakeError> {
    let path = config_path(under);
    let configs: Vec<(&Given<'_>, &Node)> = given
        .iter()
        .filter_map(|file| Some((file, file.root.at(&path)?)))
        .collect();
    let mut lines = Vec::new();
    for setting in settings {
        lines.extend(lines_for(&configs, setting)?);
    }
    lines.sort_by(|a, b| a.section.cmp(&b.section));
    let known_sections: Vec<&str> = configs
        .iter()
        .flat_map(|(_, config)| config.entries())
        .filter_map(|entry| entry.key.as_str())
        .collect();
    let mut text = header();
    for (depth, key) in path.iter().enumerate() {
        let known = given
            .iter()
            .any(|file| file.root.at(&path[..=depth]).is_some());
        key_line(&mut text, depth, key, known);
    }
    let depth = path.len();
    let mut last = None;
    for line in &lines {
        if last != Some(&line.section) {
            let known = known_sections.contains(&line.section.as_str());
            key_line(&mut text, depth, &line.section, known);
            last = Some(&line.section);
        }
        let was = line
            .was
            .as_ref()
            .map_or_else(|| ABSENT.to_owned(), |was| format!("{WAS}{was}"));
        // Writing to a string cannot fail.
        let _ = writeln!(
            text,
            "{:indent$}{}: {} {MARK}{was}",
            "",
            emit::key(&line.property),
            emit::string(&line.value),
            indent = (depth + 1) * 2
        );
    }
    Ok(text)
}

fn key_line(text: &mut String, depth: usize, key: &str, known: bool) {
    let mark = if known {
        String::new()
    } else {
        format!(" {MARK}{ABSENT}")
    };
    let _ = writeln!(
        text,
        "{:indent$}{}:{mark}",
        "",
        emit::key(key),
        indent = depth * 2
    );
}

fn lines_for(
    configs: &[(&Given<'_>, &Node)],
    setting: &TemporarySetting,
) -> Result<Vec<Line>, MakeError> {
    let value = write::value(&setting.value).map(std::borrow::Cow::into_owned);
    let value = value.unwrap_or_default();
    let mut lines: Vec<Line> = Vec::new();
    let mut spelled = None;
    for (file, config) in configs {
        for section in sections(config, &setting.name.section) {
            let section_text = section.key.as_str().unwrap_or_default();
            spelled = Some(section_text);
            for property in properties(&section.value, &setting.name.property) {
                let property_text = property.key.as_str().unwrap_or_default();
                let was = Some(as_written(file, setting, &property.value)?);
                let known = lines
                    .iter_mut()
                    .find(|l| l.section == section_text && l.property == property_text);
                match known {
                    Some(line) => line.was = was,
                    None => lines.push(Line {
                        section: section_text.to_owned(),
                        property: property_text.to_owned(),
                        value: value.clone(),
                        was,
                    }),
                }
            }
        }
    }
    if lines.is_empty() {
        let name = Catalogue::builtin().canonical_name(&setting.name);
        lines.push(Line {
            section: spelled.map_or_else(|| name.section.to_string(), str::to_owned),
            property: name.property,
            value,
            was: None,
        });
    }
    Ok(lines)
}

/// What ends a line, and with it a comment, for Helm.
const BREAKS: [char; 5] = ['\n', '\r', '\u{85}', '\u{2028}', '\u{2029}'];

fn as_written(
    file: &Given<'_>,
    setting: &TemporarySetting,
    value: &Node,
) -> Result<String, MakeError> {
    let name = || setting.name.to_string();
    let written = &file.text[value.span.range()];
    let one_line = matches!(
        value.kind,
        Kind::Scalar(_, Style::Plain | Style::SingleQuoted | Style::DoubleQuoted)
    ) && !written.contains(BREAKS)
        && !written.starts_with(['*', '&', '!']);
    if !one_line {
        return Err(MakeError::NotOneLine {
            name: file.name.to_owned(),
            setting: name(),
        });
    }
    let text = value.as_str().unwrap_or_default();
    if Catalogue::builtin().exposure(&setting.name, text).is_some() {
        return Err(MakeError::Credential {
            name: file.name.to_owned(),
            setting: name(),
        });
    }
    Ok(written.to_owned())
}

/// The comment at the top.
pub(super) fn header() -> String {
    format!(
        "{MARK}temporary-settings
#
# Settings for the time of the migration, made by 'helm connect-migrate overlay values'.
# Use this file as the last one: helm upgrade … -f values.yaml -f migration-overlay.yaml
# To take the settings off again, upgrade without this file. If you have merged it into a values
# file, keep the comments behind the settings, as they say what each one was, and run
#   helm connect-migrate overlay remove -f values.yaml
"
    )
}
