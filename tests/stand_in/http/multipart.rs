//! Bundles sent as a form: an archive with metadata beside it.

use axum::body::Bytes;
use serde_json::Value;

/// The archive and the metadata of a form. `None`: the body is no such form.
pub(crate) fn read(content_type: &str, body: &Bytes) -> Option<(Bytes, Value)> {
    let boundary = content_type
        .strip_prefix("multipart/form-data")?
        .split("boundary=")
        .nth(1)?;
    let delimiter = format!("--{}", boundary.trim_matches('"'));
    let mut archive = None;
    let mut metadata = Value::Object(serde_json::Map::new());
    let mut rest = 0;
    while let Some(begin) = find(body, delimiter.as_bytes(), rest) {
        let begin = begin + delimiter.len();
        let Some(end) = find(body, delimiter.as_bytes(), begin) else {
            break;
        };
        let head_end = find(body, b"\r\n\r\n", begin)?;
        let head = String::from_utf8_lossy(body.get(begin..head_end)?).into_owned();
        // The line break before the delimiter belongs to it.
        let content = body.slice(head_end + 4..end.checked_sub(2)?);
        if head.contains("name=\"archive\"") {
            archive = Some(content);
        } else if head.contains("name=\"metadata\"") {
            metadata = serde_json::from_slice(&content).ok()?;
        }
        rest = end;
    }
    Some((archive?, metadata))
}

fn find(body: &[u8], what: &[u8], from: usize) -> Option<usize> {
    let at = body
        .get(from..)?
        .windows(what.len())
        .position(|window| window == what)?;
    Some(from + at)
}
