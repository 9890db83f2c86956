//! A gcfg file as it was read: every header, setting and comment with its place.

use std::sync::Arc;

use super::name::{Section, SettingName};
use crate::source::{SourceFile, Span};

/// A gcfg text and what stands in it, in file order.
#[derive(Debug, Clone)]
pub struct Document {
    source: Arc<SourceFile>,
    items: Vec<Item>,
}

impl Document {
    pub(super) fn new(source: Arc<SourceFile>, items: Vec<Item>) -> Self {
        Self { source, items }
    }

    /// The text that the spans point into.
    #[must_use]
    pub fn source(&self) -> &Arc<SourceFile> {
        &self.source
    }

    /// Everything in the file, in its order.
    #[must_use]
    pub fn items(&self) -> &[Item] {
        &self.items
    }

    /// The settings alone, in file order.
    pub fn settings(&self) -> impl Iterator<Item = &Setting> {
        self.items.iter().filter_map(|item| match item {
            Item::Setting(setting) => Some(setting),
            _ => None,
        })
    }
}

/// One thing in a gcfg file.
#[derive(Debug, Clone)]
pub enum Item {
    /// `[Name]` or `[Name "subsection"]`.
    Header(Header),
    /// `Key = value`, or a `Key` alone.
    Setting(Setting),
    /// From `;` or `#` to the end of the line.
    Comment(Comment),
}

#[derive(Debug, Clone)]
pub struct Header {
    /// The section that it opens.
    pub section: Arc<Section>,
    /// From the opening to behind the closing bracket.
    pub span: Span,
}

#[derive(Debug, Clone)]
pub struct Setting {
    /// Section and key as the file spells them.
    pub name: SettingName,
    pub key_span: Span,
    /// What stands behind the equals sign; `None` for a key alone (a blank value).
    pub value: Option<Value>,
    /// Line of the key, from 1.
    pub line: usize,
}

impl Setting {
    /// From the key to behind the value.
    #[must_use]
    pub fn span(&self) -> Span {
        let end = self
            .value
            .as_ref()
            .map_or(self.key_span.end, |v| v.span.end);
        Span::new(self.key_span.start, end)
    }

    /// The decoded value; `None` for a key alone.
    #[must_use]
    pub fn text(&self) -> Option<&str> {
        self.value.as_ref().map(|value| value.text.as_str())
    }
}

/// A value, decoded and as written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Value {
    /// What the program gets: quotes and escapes resolved, carriage returns removed.
    pub text: String,
    /// What was written, quotes and continued lines included, without blanks around it. Empty,
    /// behind the equals sign and its blanks, when nothing was written.
    pub span: Span,
}

#[derive(Debug, Clone)]
pub struct Comment {
    /// From the mark to the end of the line, a trailing carriage return not included.
    pub span: Span,
    /// Whether it has its line to itself.
    pub own_line: bool,
}

impl Comment {
    /// The text behind the comment marks, without blanks around it.
    #[must_use]
    pub fn text<'a>(&self, source: &'a SourceFile) -> &'a str {
        source
            .slice(self.span)
            .trim_start_matches([';', '#'])
            .trim()
    }
}
