//! Changes of a gcfg text that leave the text around them as it is, and that can be taken back.
//!
//! [`set`] and [`remove`] look at a [`Document`] and say which bytes must change; [`apply`] changes
//! them, and with [`invert`] brings the original back, byte for byte. An [`Edit`] holds only what it
//! takes away and puts in, so a list of them is small enough to be kept in an annotation.

use serde::{Deserialize, Serialize};

use super::document::{Document, Header, Item, Setting};
use super::effective::Configuration;
use super::name::{Section, SectionKey, SettingKey, SettingName};
use super::write::{self, Unwritable};
use crate::source::Span;

/// At one place, a text for another.
///
/// In a list of edits, the offsets are all of the text before the first of them is made; the list is
/// in their order, and no two touch the same bytes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Edit {
    /// Where, in bytes. A byte order mark at the text's start is not counted, as in every span.
    #[serde(rename = "at")]
    pub offset: usize,
    /// What stands there before.
    #[serde(rename = "old", default, skip_serializing_if = "String::is_empty")]
    pub deleted: String,
    /// What stands there afterwards.
    #[serde(rename = "new", default, skip_serializing_if = "String::is_empty")]
    pub inserted: String,
}

/// Edits that were made for another text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the text is not the one that the edits were made for: it differs at byte {offset}")]
pub struct Mismatch {
    /// The offset of the edit that does not fit.
    pub offset: usize,
}

/// The edits after which Connect reads these values, for settings that are not repeatable.
///
/// The last occurrence of a setting is the one that counts, so its value is replaced in place. A
/// setting that is absent is added behind the last setting of the last section of its name, or in a
/// new section at the end of the text. A setting that has its value already is left as it is
/// written. Where a name is given twice, the later value counts.
///
/// # Errors
/// A name or value has no written form.
pub fn set(document: &Document, values: &[(SettingName, String)]) -> Result<Vec<Edit>, Unwritable> {
    let layout = Layout::of(document);
    let configuration = Configuration::of(&[document]);
    let mut edits = Vec::new();
    let mut additions: Vec<Addition> = Vec::new();
    for (index, (name, value)) in values.iter().enumerate() {
        let key = name.key();
        if values[index + 1..]
            .iter()
            .any(|(later, _)| later.key() == key)
        {
            continue;
        }
        let written = write::value(value)?;
        if let Some(effective) = configuration.get(&key) {
            let setting = effective.last().item;
            if setting.text() != Some(value) {
                edits.push(layout.replace_value(setting, &written));
            }
            continue;
        }
        let line = format!("{} = {written}", write::name(&name.property)?);
        match additions
            .iter_mut()
            .find(|addition| addition.section.key() == key.section)
        {
            Some(addition) => addition.lines.push(line),
            None => additions.push(Addition {
                section: &name.section,
                lines: vec![line],
            }),
        }
    }
    // New sections share the place at the text's end.
    let mut new_sections = String::new();
    for addition in &additions {
        match layout.last_header(&addition.section.key()) {
            Some(at) => edits.push(layout.append_lines(at, &addition.lines)),
            None => {
                let header = write::header(addition.section)?;
                layout.new_section(&mut new_sections, &header, &addition.lines);
            }
        }
    }
    if !new_sections.is_empty() {
        edits.push(layout.insert(layout.text.len(), new_sections));
    }
    Ok(in_order(edits))
}

/// The edits after which these settings are absent: every line that sets them goes, with those that
/// continue it and the comment behind it.
#[must_use]
pub fn remove(document: &Document, settings: &[SettingKey]) -> Vec<Edit> {
    let layout = Layout::of(document);
    document
        .settings()
        .filter(|setting| settings.contains(&setting.name.key()))
        .map(|setting| layout.delete_line(setting))
        .collect()
}

/// Makes edits. A byte order mark at the text's start stays and is not counted.
///
/// # Errors
/// The text is not the one that the edits were made for, or they are not a list as [`Edit`] has it.
pub fn apply(text: &str, edits: &[Edit]) -> Result<String, Mismatch> {
    const BYTE_ORDER_MARK: &str = "\u{feff}";
    let body = text.strip_prefix(BYTE_ORDER_MARK).unwrap_or(text);
    let mut edited = String::with_capacity(text.len() + 64);
    edited.push_str(&text[..text.len() - body.len()]);
    let mut done = 0;
    for edit in edits {
        let mismatch = Mismatch {
            offset: edit.offset,
        };
        let kept = body.get(done..edit.offset).ok_or(mismatch)?;
        let rest = &body[edit.offset..];
        if !rest.starts_with(&edit.deleted) {
            return Err(mismatch);
        }
        edited.push_str(kept);
        edited.push_str(&edit.inserted);
        done = edit.offset + edit.deleted.len();
    }
    edited.push_str(&body[done..]);
    Ok(edited)
}

/// The edits that turn the edited text back into the one before.
#[must_use]
pub fn invert(edits: &[Edit]) -> Vec<Edit> {
    let mut deleted = 0;
    let mut inserted = 0;
    edits
        .iter()
        .map(|edit| {
            let inverse = Edit {
                offset: edit.offset - deleted + inserted,
                deleted: edit.inserted.clone(),
                inserted: edit.deleted.clone(),
            };
            deleted += edit.deleted.len();
            inserted += edit.inserted.len();
            inverse
        })
        .collect()
}

/// Lines to add to a section.
struct Addition<'a> {
    section: &'a Section,
    lines: Vec<String>,
}

/// A document with the lines that its items stand on.
struct Layout<'a> {
    items: &'a [Item],
    text: &'a str,
    /// The line end of a text that has none where we need one.
    line_end: &'static str,
}

impl<'a> Layout<'a> {
    fn of(document: &'a Document) -> Self {
        let text = document.source().text();
        let line_end = match text.find('\n') {
            Some(at) => line_end_at(text, at),
            None => "\n",
        };
        Self {
            items: document.items(),
            text,
            line_end,
        }
    }

    /// The index of the last header of a section.
    fn last_header(&self, key: &SectionKey) -> Option<usize> {
        self.items
            .iter()
            .rposition(|item| matches!(item, Item::Header(header) if header.section.key() == *key))
    }

    fn replace_value(&self, setting: &Setting, written: &str) -> Edit {
        let Some(value) = &setting.value else {
            return self.insert(setting.key_span.end, format!(" = {written}"));
        };
        let Span { start, end } = value.span;
        if start < end {
            return Edit {
                offset: start,
                deleted: self.text[start..end].to_owned(),
                inserted: written.to_owned(),
            };
        }
        // Behind the equals sign and one blank, not behind the carriage return of the line's end.
        let bare = self.text[..start].trim_end_matches([' ', '\t', '\r']).len();
        let blanks = self.text[bare..]
            .chars()
            .take_while(|c| matches!(c, ' ' | '\t'));
        let (offset, before) = match blanks.count() {
            0 => (bare, " "),
            _ => (bare + 1, ""),
        };
        let after = if self.text[offset..].starts_with([';', '#']) {
            " "
        } else {
            ""
        };
        self.insert(offset, format!("{before}{written}{after}"))
    }

    /// Adds lines behind the last setting under a header, indented like it.
    fn append_lines(&self, header: usize, lines: &[String]) -> Edit {
        let under = self.items[header + 1..]
            .iter()
            .take_while(|item| !matches!(item, Item::Header(_)));
        let last = under
            .filter_map(|item| match item {
                Item::Setting(setting) => Some(setting),
                _ => None,
            })
            .last();
        let (start, end) = match (last, &self.items[header]) {
            (Some(setting), _) => (setting.key_span.start, setting.span().end),
            (None, Item::Header(Header { span, .. })) => (span.start, span.end),
            // The index is a header's.
            (None, _) => (self.text.len(), self.text.len()),
        };
        let indent = &self.text[self.line_start(start)..start];
        match memchr::memchr(b'\n', &self.text.as_bytes()[end..]) {
            Some(at) => {
                let line_end = line_end_at(self.text, end + at);
                let added = lines.iter().map(|line| format!("{indent}{line}{line_end}"));
                self.insert(end + at + 1, added.collect())
            }
            // The text ends without a line end, and goes on doing so.
            None => {
                let added = lines
                    .iter()
                    .map(|line| format!("{}{indent}{line}", self.line_end));
                self.insert(self.text.len(), added.collect())
            }
        }
    }

    /// Writes a section to stand at the text's end, behind others that are to stand there.
    fn new_section(&self, added: &mut String, header: &str, lines: &[String]) {
        let end = self.line_end;
        let complete = self.ends_with_line_end();
        let before = if added.is_empty() {
            self.text
        } else {
            added.as_str()
        };
        let mut section = String::new();
        if !before.is_empty() && !complete {
            section.push_str(end);
        }
        if !before.is_empty() && !before.ends_with(&end.repeat(2)) {
            section.push_str(end);
        }
        section.push_str(header);
        for line in lines {
            section.push_str(end);
            section.push_str(line);
        }
        // What ended without a line end goes on doing so.
        if complete {
            section.push_str(end);
        }
        added.push_str(&section);
    }

    /// Whether what is added to the text begins a line. A last value that ends in a continuation
    /// would take it in.
    fn ends_with_line_end(&self) -> bool {
        let continued = self
            .items
            .iter()
            .rev()
            .find_map(|item| match item {
                Item::Setting(setting) => Some(setting.span().end == self.text.len()),
                Item::Header(_) => Some(false),
                Item::Comment(_) => None,
            })
            .unwrap_or(false);
        self.text.is_empty() || self.text.ends_with('\n') && !continued
    }

    /// Deletes the lines of a setting.
    fn delete_line(&self, setting: &Setting) -> Edit {
        let start = self.line_start(setting.key_span.start);
        let end = setting.span().end;
        let end = memchr::memchr(b'\n', &self.text.as_bytes()[end..])
            .map_or(self.text.len(), |at| end + at + 1);
        Edit {
            offset: start,
            deleted: self.text[start..end].to_owned(),
            inserted: String::new(),
        }
    }

    fn insert(&self, offset: usize, inserted: String) -> Edit {
        Edit {
            offset,
            deleted: String::new(),
            inserted,
        }
    }

    fn line_start(&self, offset: usize) -> usize {
        memchr::memrchr(b'\n', &self.text.as_bytes()[..offset]).map_or(0, |at| at + 1)
    }
}

/// The line end whose line feed stands at an offset.
fn line_end_at(text: &str, line_feed: usize) -> &'static str {
    if text[..line_feed].ends_with('\r') {
        "\r\n"
    } else {
        "\n"
    }
}

/// Edits in the order of their places. Of two insertions at one place, the first one made stays
/// first.
fn in_order(mut edits: Vec<Edit>) -> Vec<Edit> {
    edits.sort_by_key(|edit| edit.offset);
    edits
}

#[cfg(test)]
mod tests;
