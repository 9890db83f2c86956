//! Splitting a stream into documents, and putting it together again.

use std::collections::BTreeMap;
use std::io::{self, Write};
use std::ops::Range;

use memchr::memmem;

/// A stream of YAML documents as it was read.
///
/// A document ends where a line begins with `---` or `...` and a blank or the line's end follows:
/// YAML allows these nowhere else, not even inside a block scalar, so that splitting needs no
/// parser.
#[derive(Debug, Clone)]
pub(crate) struct Stream<'a> {
    bytes: &'a [u8],
    bodies: Vec<Range<usize>>,
}

impl<'a> Stream<'a> {
    #[must_use]
    pub(crate) fn split(bytes: &'a [u8]) -> Self {
        let mut bodies = Vec::new();
        let mut start = if bytes.starts_with("\u{feff}".as_bytes()) {
            3
        } else {
            0
        };
        let mut markers = markers(bytes, start);
        markers.sort_unstable();
        for marker in markers {
            bodies.push(start..marker);
            start = marker + 3;
        }
        bodies.push(start..bytes.len());
        Self { bytes, bodies }
    }

    /// How many bodies there are, empty ones included.
    #[must_use]
    pub(crate) fn len(&self) -> usize {
        self.bodies.len()
    }

    /// The bytes of a document: everything between two markers. One that is not there is empty.
    #[must_use]
    pub(crate) fn body(&self, index: usize) -> &'a [u8] {
        self.bodies
            .get(index)
            .map_or(&[], |range| &self.bytes[range.clone()])
    }

    /// Line of the stream that a document's body begins on, from 1.
    #[must_use]
    pub(crate) fn line(&self, index: usize) -> usize {
        let start = self.bodies.get(index).map_or(0, |range| range.start);
        memchr::memchr_iter(b'\n', &self.bytes[..start]).count() + 1
    }

    /// The documents whose bytes contain `needle`, in the order of the stream.
    #[must_use]
    pub(crate) fn containing(&self, needle: &str) -> Vec<usize> {
        let mut found = Vec::new();
        for at in memmem::find_iter(self.bytes, needle.as_bytes()) {
            let index = self.bodies.partition_point(|range| range.end <= at);
            let inside = self
                .bodies
                .get(index)
                .is_some_and(|range| range.start <= at);
            if inside && found.last() != Some(&index) {
                found.push(index);
            }
        }
        found
    }

    /// The documents that hold something: more than blanks, comments and directives.
    pub(crate) fn with_content(&self) -> impl Iterator<Item = usize> + '_ {
        (0..self.len()).filter(|&index| has_content(self.body(index)))
    }

    /// The stream with some documents replaced.
    #[must_use]
    pub(crate) fn edited(&self, replaced: BTreeMap<usize, String>) -> Edited<'a> {
        Edited {
            bytes: self.bytes,
            replaced: replaced
                .into_iter()
                .filter_map(|(index, text)| Some((self.bodies.get(index)?.clone(), text)))
                .collect(),
        }
    }
}

/// Where the marker lines begin, unsorted.
fn markers(bytes: &[u8], start: usize) -> Vec<usize> {
    let is_marker = |at: usize| bytes[at..].starts_with(b"---") || bytes[at..].starts_with(b"...");
    let ends = |at: usize| matches!(bytes.get(at + 3), None | Some(b' ' | b'\t' | b'\r' | b'\n'));
    let mut markers = Vec::new();
    if is_marker(start.min(bytes.len())) && ends(start) {
        markers.push(start);
    }
    for needle in ["\n---", "\n..."] {
        markers.extend(
            memmem::find_iter(bytes, needle.as_bytes())
                .map(|at| at + 1)
                .filter(|&at| at >= start && ends(at)),
        );
    }
    markers
}

/// Whether a body holds more than blanks, comments and directives.
fn has_content(body: &[u8]) -> bool {
    body.split(|&byte| byte == b'\n').any(|line| {
        let line = line.trim_ascii();
        !line.is_empty() && !line.starts_with(b"#") && !line.starts_with(b"%")
    })
}

/// A stream in which some documents have a new text. The bytes between are the ones that were
/// read, not copies, so that a large stream is in memory once.
#[derive(Debug, Clone)]
pub struct Edited<'a> {
    bytes: &'a [u8],
    replaced: Vec<(Range<usize>, String)>,
}

impl Edited<'_> {
    /// The pieces that make up the stream, in order.
    pub fn pieces(&self) -> impl Iterator<Item = &[u8]> {
        let mut from = 0;
        let last = self.replaced.last().map_or(0, |(range, _)| range.end);
        self.replaced
            .iter()
            .flat_map(move |(range, text)| {
                let kept = &self.bytes[std::mem::replace(&mut from, range.end)..range.start];
                [kept, text.as_bytes()]
            })
            .chain(std::iter::once(&self.bytes[last..]))
    }

    /// Writes the stream.
    ///
    /// # Errors
    /// The writer's.
    pub fn write_to(&self, out: &mut impl Write) -> io::Result<()> {
        self.pieces().try_for_each(|piece| out.write_all(piece))
    }

    /// The stream as one text.
    #[must_use]
    pub fn to_vec(&self) -> Vec<u8> {
        self.pieces().flatten().copied().collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bodies(text: &str) -> Vec<&str> {
        let stream = Stream::split(text.as_bytes());
        (0..stream.len())
            .map(|index| std::str::from_utf8(stream.body(index)).unwrap())
            .collect()
    }

    #[test]
    fn markers_end_documents_and_look_alikes_do_not() {
        assert_eq!(
            bodies("---\na: 1\n---\nb: 2\n"),
            ["", "\na: 1\n", "\nb: 2\n"]
        );
        assert_eq!(
            bodies("--- {a: 1}\n...\n# c\n---"),
            ["", " {a: 1}\n", "\n# c\n", ""]
        );
        assert_eq!(bodies("a: |\n ---\n  ...\n"), ["a: |\n ---\n  ...\n"]);
        assert_eq!(bodies("a: 1\n---b\n----\n-- -\n...x\n").len(), 1);
        assert_eq!(
            bodies("a: 1\r\n---\r\nb: 2\r\n"),
            ["a: 1\r\n", "\r\nb: 2\r\n"]
        );
        assert_eq!(bodies("\u{feff}---\na: 1\n"), ["", "\na: 1\n"]);
        assert_eq!(bodies(""), [""]);
    }

    #[test]
    fn documents_without_content_are_known() {
        let stream =
            Stream::split(b"# c\n---\n\n---\n%YAML 1.2\n---\n  # d\n---\na: 1\n--- |\n x\n");
        assert_eq!(stream.with_content().collect::<Vec<_>>(), [4, 5]);
    }

    #[test]
    fn needles_belong_to_the_document_that_holds_them() {
        let stream = Stream::split(b"x\n---\nno\n---\nx x\n---\nx");
        assert_eq!(stream.containing("x"), [0, 2, 3]);
        assert_eq!(stream.line(2), 4);
        // A marker is in no document.
        assert!(stream.containing("-").is_empty());
    }

    #[test]
    fn replaced_documents_change_nothing_else() {
        let stream = Stream::split(b"a\n---\nb\n---\nc");
        let edited = stream.edited(BTreeMap::from([(1, "\nB\n".to_owned())]));
        assert_eq!(edited.to_vec(), b"a\n---\nB\n---\nc");
        assert_eq!(stream.edited(BTreeMap::new()).to_vec(), stream.bytes);
    }
}
