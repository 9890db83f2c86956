//! What must be true afterwards.

use serde_json::{Map, Value};

use crate::overlay::detect;
use crate::release::Record;

/// The setting that the API shows.
const SHOWN: &str = "Scheduler.MinProcessesLimit";

/// What the settings were, by the newest revision that has the overlay.
#[must_use]
pub(crate) fn originals(history: &[Record]) -> Option<Map<String, Value>> {
    history.iter().find_map(|record| {
        let shown = detect(record.manifest.as_bytes()).ok()?;
        shown.overlay.is_some().then_some(shown.originals)
    })
}

/// Whether the limit that the server shows is the original one. `None` where neither tells.
#[must_use]
pub(crate) fn restored(limit: Option<i64>, originals: &Map<String, Value>) -> Option<bool> {
    let limit = limit?;
    match originals.get(SHOWN) {
        Some(Value::String(text)) => Some(text.trim().parse() == Ok(limit)),
        // It was not set; Connect's default is not 0, or the overlay would have no use.
        _ => Some(limit != 0),
    }
}

/// Whether two manifests have the same documents from the same files in the same order. Blank lines
/// around documents are Helm's, and not all versions set them alike.
#[must_use]
pub(crate) fn same_manifest(a: &str, b: &str) -> bool {
    documents(a) == documents(b)
}

fn documents(manifest: &str) -> Vec<&[u8]> {
    let stream = crate::manifests::Stream::split(manifest.as_bytes());
    stream
        .with_content()
        .map(|index| stream.body(index).trim_ascii())
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_original_limit_must_be_back() {
        let with = |value: Value| [(SHOWN.to_owned(), value)].into_iter().collect();
        assert_eq!(restored(Some(7), &with("7".into())), Some(true));
        assert_eq!(restored(Some(0), &with("7".into())), Some(false));
        assert_eq!(restored(Some(0), &with("0".into())), Some(true));
        assert_eq!(restored(Some(0), &with(Value::Null)), Some(false));
        assert_eq!(restored(Some(20), &Map::new()), Some(true));
        assert_eq!(restored(None, &Map::new()), None);
    }

    #[test]
    fn manifests_are_compared_without_the_lines_around() {
        assert!(same_manifest(
            "---\n# s\na: 1\n",
            "---\n# s\na: 1\n\n---\n# only a comment\n"
        ));
        assert!(!same_manifest("---\na: 1\n", "---\na:  1\n"));
        assert!(!same_manifest(
            "---\na: 1\n---\nb: 1\n",
            "---\nb: 1\n---\na: 1\n"
        ));
    }
}
