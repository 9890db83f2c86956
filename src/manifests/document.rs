//! Verified edits of one document.

use super::mapping::{self, Form, New};
use super::path::{Path, Step};
use super::scalar::{self, Edit, Place};
use super::verify::same;
use crate::yaml::{Kind, Node, Style, YamlError, load};

/// Why a document could not be edited.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum EditError {
    /// It is not YAML.
    #[error(transparent)]
    Yaml(#[from] YamlError),
    /// It is not exactly one document.
    #[error("it is not one document")]
    NotOne,
    /// There is nothing at the path, or something of another kind.
    #[error("{0} is not there, or is of another kind")]
    NotThere(Path),
    /// No way was found to write the change so that reading it again gives just that change.
    #[error("{0} cannot be edited in place (an anchor or alias may stand in the way)")]
    Impossible(Path),
}

/// What a mapping is left as when its last entry goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Emptied {
    Absent,
    /// Its key stays, without a value.
    Null,
    Braces,
}

pub(super) fn read(body: &str) -> Result<Node, EditError> {
    let mut documents = load(body)?;
    match (documents.pop(), documents.is_empty()) {
        (Some(root), true) => Ok(root),
        _ => Err(EditError::NotOne),
    }
}

/// Gives the scalar at a path a new text, in its own style where that can say it, double-quoted
/// where it cannot.
///
/// # Errors
/// The document cannot be read, has no scalar there, or cannot be edited without changing more.
pub(crate) fn set_text(body: &str, path: &Path, new: &str) -> Result<String, EditError> {
    let root = read(body)?;
    let not_there = || EditError::NotThere(path.clone());
    let value = path.find(&root).ok_or_else(not_there)?;
    let key = path.find_key(&root).ok_or_else(not_there)?;
    let Kind::Scalar(old, style) = &value.kind else {
        return Err(not_there());
    };
    if old == new {
        return Ok(body.to_owned());
    }
    let mut expected = root.clone();
    if let Some(node) = path.find_mut(&mut expected) {
        node.kind = Kind::Scalar(new.to_owned(), Style::DoubleQuoted);
    }
    let place = Place {
        body,
        key,
        value,
        line_break: line_break(body),
    };
    scalar::candidates(place, old, *style, new)
        .iter()
        .find_map(|edits| verified(body, edits, &expected))
        .ok_or_else(|| EditError::Impossible(path.clone()))
}

/// Puts texts into the mapping at a path, under keys that it does not have. Mappings on the way
/// that are absent, null or empty are made.
///
/// # Errors
/// The document cannot be read, something other than a mapping stands on the way, or the document
/// cannot be edited without changing more.
pub(crate) fn put(body: &str, path: &Path, entries: &[(&str, &str)]) -> Result<String, EditError> {
    let root = read(body)?;
    let mut new: Vec<(String, New)> = entries
        .iter()
        .map(|(key, value)| ((*key).to_owned(), New::Text((*value).to_owned())))
        .collect();
    let mut at = path.clone();
    while at.find(&root).is_none() {
        let Some((parent, Step::Key(key))) = at.parent() else {
            return Err(EditError::NotThere(path.clone()));
        };
        new = vec![(key.clone(), New::Mapping(new))];
        at = parent;
    }
    let impossible = || EditError::Impossible(path.clone());
    if new.iter().any(|(key, _)| at.key(key).find(&root).is_some()) {
        return Err(impossible());
    }
    let target = at.find(&root).ok_or_else(impossible)?;
    let mut expected = root.clone();
    let slot = at.find_mut(&mut expected).ok_or_else(impossible)?;
    let edit = match (&target.kind, &mut slot.kind) {
        (Kind::Mapping(_), Kind::Mapping(entries)) => {
            let form = Form::of(body, target);
            let (edit, index) =
                mapping::insert(body, target, &new, line_break(body)).ok_or_else(impossible)?;
            let added = new
                .iter()
                .map(|(key, value)| mapping::entry(key, value, form));
            entries.splice(index..index, added);
            edit
        }
        (Kind::Scalar(text, Style::Plain), _) if matches!(text.as_str(), "" | "~" | "null") => {
            let new = New::Mapping(new);
            *slot = new.node(Form::Flow);
            let text = format!(" {}", new.flow());
            mapping::replace_value(body, &root, &at, &text).ok_or_else(impossible)?
        }
        _ => return Err(EditError::NotThere(at)),
    };
    verified(body, &[edit], &expected).ok_or_else(impossible)
}

/// Takes keys out of the mapping at a path. Keys that are not there are none to take out.
///
/// # Errors
/// The document cannot be read, has no mapping there, or cannot be edited without changing more.
pub(crate) fn remove(
    body: &str,
    path: &Path,
    keys: &[&str],
    emptied: Emptied,
) -> Result<String, EditError> {
    let mut body = body.to_owned();
    loop {
        let root = read(&body)?;
        let target = path
            .find(&root)
            .ok_or_else(|| EditError::NotThere(path.clone()))?;
        let goes =
            |entry: &crate::yaml::Entry| entry.key.as_str().is_some_and(|key| keys.contains(&key));
        let entries = target.entries();
        let Some(index) = entries.iter().position(goes) else {
            return Ok(body);
        };
        let impossible = || EditError::Impossible(path.clone());
        let mut expected = root.clone();
        if entries.iter().all(goes) {
            return empty(&body, &root, &mut expected, path, emptied)
                .and_then(|edit| verified(&body, &[edit], &expected))
                .ok_or_else(impossible);
        }
        let edit = {
            if let Some(Kind::Mapping(entries)) =
                path.find_mut(&mut expected).map(|node| &mut node.kind)
            {
                entries.remove(index);
            }
            mapping::remove(&body, target, index)
        };
        let edit = edit.ok_or_else(impossible)?;
        body = verified(&body, &[edit], &expected).ok_or_else(impossible)?;
    }
}

/// Takes out all that a mapping has.
fn empty(
    body: &str,
    root: &Node,
    expected: &mut Node,
    path: &Path,
    emptied: Emptied,
) -> Option<Edit> {
    let kind = match emptied {
        Emptied::Absent => {
            let (parent, Step::Key(key)) = path.parent()? else {
                return None;
            };
            let mapping = parent.find(root)?;
            let index = mapping
                .entries()
                .iter()
                .rposition(|entry| entry.key.as_str() == Some(key))?;
            if let Kind::Mapping(entries) = &mut parent.find_mut(expected)?.kind {
                entries.remove(index);
            }
            if mapping.entries().len() == 1 && Form::of(body, mapping) == Form::Block {
                // A mapping without entries has only one way to be written.
                return mapping::replace_value(body, root, &parent, " {}");
            }
            return mapping::remove(body, mapping, index);
        }
        Emptied::Null => Kind::Scalar(String::new(), Style::Plain),
        Emptied::Braces => Kind::Mapping(Vec::new()),
    };
    path.find_mut(expected)?.kind = kind;
    let target = path.find(root)?;
    if emptied == Emptied::Null {
        return mapping::replace_value(body, root, path, "");
    }
    if Form::of(body, target) == Form::Block {
        return mapping::replace_value(body, root, path, " {}");
    }
    let entries = target.entries();
    let start = entries.first()?.key.span.start;
    let end = mapping::end(body, entries.last()?)?;
    Some(Edit {
        at: start..end,
        text: String::new(),
    })
}

/// The edited text, if reading it gives exactly what was expected.
fn verified(body: &str, edits: &[Edit], expected: &Node) -> Option<String> {
    let text = scalar::apply(body, edits)?;
    let root = read(&text).ok()?;
    same(&root, expected).then_some(text)
}

/// How the lines of a text end: as its first one.
fn line_break(body: &str) -> &'static str {
    match body.find('\n') {
        Some(at) if body[..at].ends_with('\r') => "\r\n",
        _ => "\n",
    }
}
