//! From trees to values: a text as Helm reads it.

use base64::Engine as _;

use super::load::{YamlError, load};
use super::node::{Entry, Kind, Node, Style};
use super::scalar::{self, Scalar};
use super::value::{Map, Value, go_float_key};
use crate::source::Span;

/// What Helm cannot read, and where.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct ResolveError {
    /// What is the matter.
    pub message: String,
    pub span: Span,
}

/// Reads a text as Helm reads a values file. An empty text is an empty mapping.
///
/// # Errors
/// The text is not YAML, holds a value that JSON cannot say, is not a mapping, or has more than one
/// document: Helm 3 reads the first alone, Helm 4 merges them.
pub fn read_values(text: &str) -> Result<Map, ResolveError> {
    let documents = load(text).map_err(|YamlError { message, offset }| ResolveError {
        message,
        span: Span::new(offset, offset),
    })?;
    read_documents(&documents)
}

/// Reads the documents of a text as Helm reads those of a values file.
///
/// # Errors
/// As [`read_values`].
pub fn read_documents(documents: &[Node]) -> Result<Map, ResolveError> {
    let Some((document, more)) = documents.split_first() else {
        return Ok(Map::new());
    };
    for second in more {
        // An empty document, as behind a last `---`, changes nothing.
        if resolve(second)? != Value::Null {
            return Err(error(
                second,
                "a second document: Helm 3 would not read it, Helm 4 would merge it",
            ));
        }
    }
    match resolve(document)? {
        Value::Map(map) => Ok(map),
        Value::Null => Ok(Map::new()),
        _ => Err(error(document, "values must be a mapping")),
    }
}

/// The value of a tree as Helm holds it: types by YAML 1.1, `<<` merged in, of repeated keys the
/// last, every number a double.
///
/// # Errors
/// A tag that its text does not fit, a key that is no scalar or null, infinity and not-a-number.
pub fn resolve(node: &Node) -> Result<Value, ResolveError> {
    match &node.kind {
        Kind::Scalar(text, style) => scalar_value(node, text, *style),
        Kind::Sequence(items) => items
            .iter()
            .map(resolve)
            .collect::<Result<_, _>>()
            .map(Value::List),
        Kind::Mapping(entries) => {
            let mut map = Map::with_capacity(entries.len());
            fill(&mut map, entries)?;
            Ok(Value::Map(map))
        }
    }
}

/// A tree with what `<<` names put in its place, as Helm reads it. What is put in keeps the bytes where
/// it is written.
#[must_use]
pub fn merged(node: &Node) -> Node {
    let kind = match &node.kind {
        Kind::Scalar(..) => node.kind.clone(),
        Kind::Sequence(items) => Kind::Sequence(items.iter().map(merged).collect()),
        Kind::Mapping(entries) => {
            let mut all = Vec::with_capacity(entries.len());
            put_in(&mut all, entries);
            Kind::Mapping(all)
        }
    };
    Node {
        kind,
        ..node.clone()
    }
}

fn put_in(all: &mut Vec<Entry>, entries: &[Entry]) {
    for entry in entries {
        if !is_merge(&entry.key) {
            all.push(Entry {
                key: entry.key.clone(),
                value: merged(&entry.value),
            });
            continue;
        }
        put_in(all, entry.value.entries());
        for item in entry.value.items().iter().rev() {
            put_in(all, item.entries());
        }
    }
}

fn fill(map: &mut Map, entries: &[Entry]) -> Result<(), ResolveError> {
    for Entry { key, value } in entries {
        if is_merge(key) {
            merge(map, value)?;
        } else {
            map.insert(key_text(key)?, resolve(value)?);
        }
    }
    Ok(())
}

fn is_merge(key: &Node) -> bool {
    match &key.kind {
        Kind::Scalar(text, style) if text == "<<" => match key.tag.as_deref() {
            None => *style == Style::Plain,
            Some(tag) => tag == "tag:yaml.org,2002:merge",
        },
        _ => false,
    }
}

/// go-yaml 2 puts in what `<<` names at that place, over keys that stand above it.
fn merge(map: &mut Map, value: &Node) -> Result<(), ResolveError> {
    match &value.kind {
        Kind::Mapping(entries) => fill(map, entries),
        Kind::Sequence(items) => items.iter().rev().try_for_each(|item| match &item.kind {
            Kind::Mapping(entries) => fill(map, entries),
            _ => Err(not_mergeable(item)),
        }),
        Kind::Scalar(..) => Err(not_mergeable(value)),
    }
}

fn not_mergeable(node: &Node) -> ResolveError {
    error(node, "<< takes a mapping or a list of mappings")
}

fn key_text(key: &Node) -> Result<String, ResolveError> {
    let Kind::Scalar(text, style) = &key.kind else {
        return Err(error(key, "a key must be a scalar"));
    };
    Ok(match resolve_scalar(key, text, *style)? {
        Scalar::Text => decoded(key, text)?,
        Scalar::Bool(value) => value.to_string(),
        Scalar::Int(number) => number.to_string(),
        Scalar::Float(number) => go_float_key(number),
        Scalar::Null | Scalar::Unsigned(_) => {
            return Err(error(
                key,
                "a key must not be null or above 9223372036854775807",
            ));
        }
    })
}

fn scalar_value(node: &Node, text: &str, style: Style) -> Result<Value, ResolveError> {
    #[allow(clippy::cast_precision_loss)] // As JSON does on Helm's side.
    Ok(match resolve_scalar(node, text, style)? {
        Scalar::Null => Value::Null,
        Scalar::Bool(value) => Value::Bool(value),
        Scalar::Int(number) => Value::Number(number as f64),
        Scalar::Unsigned(number) => Value::Number(number as f64),
        Scalar::Float(number) if number.is_finite() => Value::Number(number),
        Scalar::Float(_) => return Err(error(node, "Helm cannot carry infinity or not-a-number")),
        Scalar::Text => Value::String(decoded(node, text)?),
    })
}

fn resolve_scalar(node: &Node, text: &str, style: Style) -> Result<Scalar, ResolveError> {
    if node.tag.is_none() && style != Style::Plain {
        return Ok(Scalar::Text);
    }
    scalar::resolve(text, node.tag.as_deref()).map_err(|message| error(node, message))
}

/// The text of a scalar that is text; `!!binary` is base64 of it.
fn decoded(node: &Node, text: &str) -> Result<String, ResolveError> {
    if node.tag.as_deref() != Some("tag:yaml.org,2002:binary") {
        return Ok(text.to_owned());
    }
    let packed: String = text.split(['\n', '\r']).collect();
    base64::engine::general_purpose::STANDARD
        .decode(packed)
        .ok()
        .and_then(|bytes| String::from_utf8(bytes).ok())
        .ok_or_else(|| error(node, "!!binary must be base64 of UTF-8 text"))
}

fn error(node: &Node, message: impl Into<String>) -> ResolveError {
    ResolveError {
        message: message.into(),
        span: node.span,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn value(text: &str) -> Value {
        let map = read_values(&format!("K: {text}\n")).unwrap();
        map["K"].clone()
    }

    /// Each row was seen in what Helm 3.17, 3.19, 4.1 and 4.3 render; tests/cli/chart_rules.rs
    /// runs the same rows through the Helms at hand.
    #[test]
    fn scalars_print_as_helm_prints_them() {
        for (yaml, printed) in include!("../../tests/cli/scalars.in") {
            assert_eq!(value(yaml).printed(), *printed, "{yaml}");
        }
    }

    #[test]
    fn keys_become_text() {
        let text = "{1: a, 1.10: b, yes: c, 0755: d, 2024-01-01: e, 1e6: f, 1000000: g, \
                    16777217.5: h, 'n': i, n: j}";
        let map = read_values(text).unwrap();
        let keys: Vec<&str> = map.keys().map(String::as_str).collect();
        assert_eq!(
            keys,
            [
                "1",
                "1.1",
                "true",
                "493",
                "2024-01-01",
                "1e+06",
                "1000000",
                "1.6777218e+07",
                "n",
                "false"
            ]
        );
    }

    #[test]
    fn of_repeated_keys_the_last_counts() {
        let map = read_values("a: 1\nb: 2\na: 3\n").unwrap();
        assert_eq!(map["a"], Value::Number(3.0));
    }

    #[test]
    fn merge_keys_are_merged_where_they_stand() {
        let map = read_values(
            "one: {a: 1, <<: {a: 2, b: 3}}\n\
             two: {<<: [{a: 1}, {a: 2, c: 4}], x: 1}\n\
             three: {'<<': 1}\n",
        )
        .unwrap();
        assert_eq!(map["one"].formatted(), "map[a:2 b:3]");
        assert_eq!(map["two"].formatted(), "map[a:1 c:4 x:1]");
        assert_eq!(map["three"].formatted(), "map[<<:1]");
    }

    #[test]
    fn a_tree_with_merges_put_in_reads_as_the_text_does() {
        let text = "d: &d {a: 1, b: {<<: {c: 2}}}\n\
                    one: {a: 0, <<: *d}\n\
                    two: {<<: [*d, {a: 5, e: [{<<: *d}]}], b: 3}\n\
                    three: {'<<': 1}\n";
        let tree = merged(&load(text).unwrap().remove(0));
        assert_eq!(
            resolve(&tree).unwrap(),
            Value::Map(read_values(text).unwrap())
        );
        let a = tree.at(&["one", "a"]).unwrap();
        assert_eq!(a.span.start, text.find('1').unwrap());
        assert!(tree.at(&["one", "<<"]).is_none());
        assert!(tree.at(&["three", "<<"]).is_some());
    }

    #[test]
    fn what_helm_refuses_is_refused_with_its_place() {
        for (text, place) in [
            ("a: .inf", ".inf"),
            ("a: .nan", ".nan"),
            ("a: !!int x", "x"),
            ("a: !!bool 5", "5"),
            ("~: 1", "~"),
            ("[a]: 1", "[a]"),
            ("18446744073709551615: 1", "18446744073709551615"),
            ("a: {<<: 1}", "1"),
            ("- a", "- a"),
            ("a: !!binary '*'", "'*'"),
        ] {
            let error = read_values(text).unwrap_err();
            let found = &text[error.span.range()];
            assert!(found.contains(place), "{text}: {found:?}: {error}");
        }
        assert!(read_values("a: 1\n---\nb: 2\n").is_err());
    }

    #[test]
    fn an_empty_file_is_an_empty_mapping() {
        for text in ["", "# nothing\n", "---\n", "~\n", "{}\n---\n", "\u{FEFF}\n"] {
            assert_eq!(read_values(text), Ok(Map::new()), "{text:?}");
        }
    }
}
