//! The ConfigMaps that a journal is copied to. Data in, data out.
//!
//! Each write sends a ConfigMap whole, and the cluster keeps each version for a while: so the journal
//! goes into several, and only the last of them is written. One that is followed by another is marked as
//! full before that is begun, which changes its version: whoever still writes to it notices.

use std::io::{self, Read as _, Write as _};

use anyhow::{Context as _, bail};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use flate2::Compression;
use flate2::read::GzDecoder;
use flate2::write::GzEncoder;
use serde_json::{Map, Value, json};

/// The journal's key in a ConfigMap, compressed.
const KEY: &str = "rebuild.jsonl.gz";

/// Says in a ConfigMap that the journal goes on in the next.
const FULL: &str = "full";

/// How many ConfigMaps there are for a journal. The pod may write those that were made for it, and make
/// none.
const PARTS: usize = 8;

/// Bytes of the journal after which the next ConfigMap is begun: some six hundred items, which compress to
/// a tenth of it, and would fit if nothing in them could be compressed.
pub(super) const PART: usize = 1 << 19;

/// The most that is put into one, base64 and the object around it included. Only the last comes near.
pub(in crate::rebuild) const LIMIT: usize = 1_000_000;

/// The most that one unpacks to: a journal compresses to a tenth, and what somebody else has put there to
/// anything.
const UNPACKED: u64 = 64 << 20;

/// The names of the ConfigMaps, in their order.
pub(in crate::rebuild) fn names(first: &str) -> Vec<String> {
    let name = |number| match number {
        1 => first.to_owned(),
        _ => format!("{first}-{number}"),
    };
    (1..=PARTS).map(name).collect()
}

/// A journal as the ConfigMaps hold it: `binaryData` and `data` of each that is not empty.
///
/// # Errors
/// It cannot be compressed.
pub(in crate::rebuild) fn split(journal: &[u8]) -> io::Result<Vec<Map<String, Value>>> {
    let mut rest = journal;
    let mut parts = Vec::new();
    while !rest.is_empty() {
        let is_last = parts.len() + 1 == PARTS || rest.len() <= PART;
        let end = if is_last { rest.len() } else { PART };
        parts.push(fields(&rest[..end], !is_last)?);
        rest = &rest[end..];
    }
    Ok(parts)
}

/// The fields of a ConfigMap that holds these bytes.
pub(super) fn fields(bytes: &[u8], is_full: bool) -> io::Result<Map<String, Value>> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(bytes)?;
    let packed = STANDARD.encode(encoder.finish()?);
    let mut fields = Map::new();
    fields.insert("binaryData".to_owned(), json!({ KEY: packed }));
    if is_full {
        fields.insert("data".to_owned(), json!({ FULL: "true" }));
    }
    Ok(fields)
}

/// How much a ConfigMap would hold with these fields.
pub(super) fn size(fields: &Map<String, Value>) -> usize {
    fields["binaryData"][KEY].as_str().map_or(0, str::len)
}

/// Whether the journal goes on in the next.
pub(super) fn is_full(object: &Value) -> bool {
    object["data"][FULL] == "true"
}

/// What of the journal is in a ConfigMap; nothing where it has not come so far.
///
/// # Errors
/// There is something else in it.
pub(super) fn bytes(object: &Value) -> anyhow::Result<Vec<u8>> {
    let Some(text) = object["binaryData"][KEY].as_str() else {
        return Ok(Vec::new());
    };
    let name = object["metadata"]["name"].as_str().unwrap_or_default();
    let Ok(packed) = STANDARD.decode(text) else {
        bail!("the ConfigMap {name} holds no journal");
    };
    let mut bytes = Vec::new();
    GzDecoder::new(packed.as_slice())
        .take(UNPACKED + 1)
        .read_to_end(&mut bytes)
        .with_context(|| format!("the ConfigMap {name} holds no journal"))?;
    if bytes.len() as u64 > UNPACKED {
        bail!("the ConfigMap {name} holds no journal: it unpacks to more than 64 MiB");
    }
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_journal_survives_the_way_there_and_back() {
        let line = br#"{"at":"2026-11-22T10:00:00Z","event":"built","guid":"g","bundle":"1","seconds":2.0}"#;
        let line = [line.as_slice(), b"\n"].concat();
        for lines in [0, 1, 6_000, 12_000, 80_000] {
            let journal = line.repeat(lines);
            let parts = split(&journal).unwrap();
            assert!(parts.len() <= PARTS);
            assert!(
                parts.len() >= (journal.len() / PART).min(PARTS),
                "{}",
                parts.len()
            );
            let mut back = Vec::new();
            let objects: Vec<Value> = parts.into_iter().map(Value::Object).collect();
            for (index, object) in objects.iter().enumerate() {
                back.extend(bytes(object).unwrap());
                assert_eq!(is_full(object), index + 1 < objects.len());
            }
            assert!(back == journal);
        }
        assert_eq!(bytes(&json!({})).unwrap(), b"");
    }

    #[test]
    fn what_is_no_journal_is_refused() {
        let cut = |object: &Map<String, Value>| {
            let packed = object["binaryData"][KEY].as_str().unwrap();
            packed[..packed.len() / 8 * 4].to_owned()
        };
        let honest = fields(&[b'x'; 4096], false).unwrap();
        let bomb = fields(&vec![b' '; (UNPACKED + 1) as usize], false).unwrap();
        assert!(size(&bomb) < LIMIT, "{}", size(&bomb));
        for object in [
            json!({"binaryData": {KEY: "AAAA"}}),
            json!({"binaryData": {KEY: ""}}),
            json!({"binaryData": {KEY: "*"}}),
            json!({"binaryData": {KEY: cut(&honest)}}),
            Value::Object(bomb),
        ] {
            let error = bytes(&object).unwrap_err().to_string();
            assert!(error.contains("holds no journal"), "{error}");
        }
    }
}
