//! What was asked for: lists of GUIDs as people write them.

use std::sync::Arc;
use std::time::Duration;

use crate::connect::ContentGuid;
use crate::diagnostic::{Code, Diagnostic, InvalidInput};
use crate::inventory::Entry;
use crate::source::{SourceFile, Span};

/// What was asked for.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Selection {
    /// These, in this order.
    pub listed: Option<Vec<Wanted>>,
    /// Everything on the server, where nothing is listed.
    pub all: bool,
    /// No more than so many of them, from the top.
    pub top: Option<usize>,
}

/// A list of content has more items than the place for it holds.
#[derive(Debug, thiserror::Error)]
#[error(
    "the list is of {0} items, which is more than a ConfigMap holds; rebuild it in parts, or all of \
     the server's content with --all"
)]
pub(crate) struct TooLong(usize);

impl Selection {
    /// What is listed as a file of GUIDs of at most `limit` bytes, each with its title behind it, unless
    /// the titles make it too long. `None` where nothing is listed.
    ///
    /// # Errors
    /// It is longer without them.
    pub(crate) fn as_list(&self, limit: usize) -> Result<Option<String>, TooLong> {
        let Some(listed) = &self.listed else {
            return Ok(None);
        };
        let titled = listed.iter().map(|wanted| {
            let title = wanted.title.as_deref().unwrap_or_default();
            let title = title.split_whitespace().collect::<Vec<_>>().join(" ");
            format!("{} {title}", wanted.guid).trim_end().to_owned() + "\n"
        });
        let titled: String = titled.collect();
        if titled.len() <= limit {
            return Ok(Some(titled));
        }
        let plain: String = listed
            .iter()
            .map(|wanted| format!("{}\n", wanted.guid))
            .collect();
        match plain.len() <= limit {
            true => Ok(Some(plain)),
            false => Err(TooLong(listed.len())),
        }
    }
}

/// One item that was asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Wanted {
    pub guid: ContentGuid,
    /// What the list calls it.
    pub title: Option<String>,
    /// How long its last build took, where the list says so.
    pub took: Option<Duration>,
}

impl Wanted {
    /// An item of an inventory.
    #[must_use]
    pub(crate) fn of(entry: Entry) -> Self {
        Self {
            guid: entry.guid,
            title: entry.title.or(entry.name),
            took: entry.build_seconds.map(Duration::from_secs),
        }
    }

    /// An item without a title.
    #[must_use]
    pub(crate) const fn new(guid: ContentGuid) -> Self {
        Self {
            guid,
            title: None,
            took: None,
        }
    }
}

/// Reads a list: one GUID or content URL a line, what follows a `#` or white space is a comment.
///
/// # Errors
/// A line has no GUID in it; every such line is named.
pub(crate) fn read_list(source: &Arc<SourceFile>) -> Result<Vec<Wanted>, InvalidInput> {
    let mut wanted = Vec::new();
    let mut wrong = Vec::new();
    let mut at = 0;
    for line in source.text().split_inclusive('\n') {
        let start = at;
        at += line.len();
        let trimmed = line.trim_start_matches('\u{feff}').trim();
        if trimmed.is_empty() || trimmed.starts_with('#') {
            continue;
        }
        // The dashboard's addresses have a `#` in them, so only white space ends the word.
        let word = trimmed.split_whitespace().next().unwrap_or(trimmed);
        let indent = line.find(word).unwrap_or(0);
        match word.parse() {
            Ok(guid) => wanted.push(Wanted::new(guid)),
            Err(_) => wrong.push(
                Diagnostic::error(
                    Code::ContentGuidInvalid,
                    format!("no content GUID in {word:?}"),
                )
                .at(
                    source,
                    Span {
                        start: start + indent,
                        end: start + indent + word.len(),
                    },
                )
                .help("a line is a GUID, or an address of the content with the GUID in it"),
            ),
        }
    }
    if wrong.is_empty() {
        Ok(wanted)
    } else {
        Err(InvalidInput(wrong))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const A: &str = "8ce6eaca-60af-4c2f-93a0-f5f3cddf5ee5";
    const B: &str = "9ce6eaca-60af-4c2f-93a0-f5f3cddf5ee5";

    fn list(text: &str) -> Result<Vec<Wanted>, InvalidInput> {
        read_list(&Arc::new(SourceFile::new("guids.txt", text)))
    }

    #[test]
    fn reads_guids_addresses_and_comments() {
        let text = format!(
            "\u{feff}# first\r\n\r\n  {A}   the report\r\nhttps://c/connect/#/apps/{B}/access # b\n"
        );
        let guids: Vec<_> = list(&text)
            .unwrap()
            .into_iter()
            .map(|item| item.guid)
            .collect();
        assert_eq!(guids, [ContentGuid::from(A), ContentGuid::from(B)]);
    }

    #[test]
    fn names_every_line_that_is_wrong() {
        let error = list(&format!("{A}\n  sales\n{B}\n42\n")).unwrap_err();
        let places: Vec<_> = error.0.iter().map(ToString::to_string).collect();
        assert_eq!(
            places,
            [
                "guids.txt:2:3: no content GUID in \"sales\" [content-guid-invalid]",
                "guids.txt:4:1: no content GUID in \"42\" [content-guid-invalid]"
            ]
        );
    }

    #[test]
    fn a_list_that_titles_make_too_long_goes_without_them_and_one_that_is_too_long_not_at_all() {
        let mut wanted = Wanted::new(ContentGuid::from(A));
        wanted.title = Some("The  report".to_owned());
        let chosen = Selection {
            listed: Some(vec![wanted]),
            ..Selection::default()
        };
        let of = |limit| chosen.as_list(limit);
        assert_eq!(of(100).unwrap().unwrap(), format!("{A} The report\n"));
        assert_eq!(of(40).unwrap().unwrap(), format!("{A}\n"));
        assert!(of(30).unwrap_err().to_string().contains("of 1 items"));
        assert!(Selection::default().as_list(0).unwrap().is_none());
    }
}
