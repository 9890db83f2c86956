//! What the administrator's own values say, and where.

use std::sync::Arc;

use crate::chart::ValuesFile;
use crate::diagnostic::Place;
use crate::gcfg::{self, fold};
use crate::yaml::{Node, Value};

/// A text, and where it stands.
#[derive(Debug, Clone)]
pub(super) struct OwnSetting {
    pub text: String,
    pub place: Place,
}

/// What a file says of a setting of `config`, as Connect reads it: names without regard to case. Null
/// says nothing.
#[must_use]
pub(super) fn setting(file: &ValuesFile, section: &str, property: &str) -> Option<OwnSetting> {
    fn find<'a>(value: &'a Value, name: &str) -> Option<(&'a str, &'a Value)> {
        let entries = value.as_map()?;
        entries
            .iter()
            .find(|(key, _)| fold(key) == fold(name))
            .map(|(key, value)| (key.as_str(), value))
    }
    let (section, settings) = find(file.values.get("config")?, section)?;
    let (property, value) = find(settings, property)?;
    let written = match value {
        Value::Null => return None,
        Value::List(items) => items.last()?.printed(),
        other => other.printed(),
    };
    Some(OwnSetting {
        text: read(&written)?,
        place: place(file, &["config", section, property]),
    })
}

/// Shows every text of a file with its path; items of lists go by their number.
pub(super) fn each(file: &ValuesFile, show: &mut impl FnMut(&[String], &str, Place)) {
    walk(file, &file.tree, &mut Vec::new(), show);
}

fn walk(
    file: &ValuesFile,
    node: &Node,
    path: &mut Vec<String>,
    show: &mut impl FnMut(&[String], &str, Place),
) {
    if let Some(text) = node.as_str() {
        let place = Place {
            source: Arc::clone(&file.source),
            span: node.span,
        };
        show(path, text, place);
    }
    for entry in node.entries() {
        path.push(entry.key.as_str().unwrap_or_default().to_owned());
        walk(file, &entry.value, path, show);
        path.pop();
    }
    for (number, item) in node.items().iter().enumerate() {
        path.push(number.to_string());
        walk(file, item, path, show);
        path.pop();
    }
}

/// Where a key stands.
#[must_use]
pub(super) fn place(file: &ValuesFile, path: &[&str]) -> Place {
    Place {
        source: Arc::clone(&file.source),
        span: file.place(path),
    }
}

/// What Connect makes of a text behind an equals sign.
fn read(written: &str) -> Option<String> {
    let document = gcfg::parse_text("", &format!("[x]\ny = {written}\n")).ok()?;
    let setting = document.settings().next()?;
    setting.text().map(str::to_owned)
}
