//! A chart around this one: Connect's values are a part of its own.

use std::sync::Arc;

use super::refuse;
use crate::diagnostic::InvalidInput;
use crate::source::SourceFile;
use crate::yaml::{Entry, Kind, Node};

/// Keys of the chart that tell its values from other mappings.
const CHART_KEYS: [&str; 8] = [
    "config",
    "sharedStorage",
    "launcher",
    "backends",
    "license",
    "versionOverride",
    "executionEnvironments",
    "prometheus",
];

/// Keys that no other chart is likely to have.
const UNMISTAKABLE: [&str; 5] = [
    "sharedStorage",
    "launcher",
    "backends",
    "versionOverride",
    "executionEnvironments",
];

/// The part of other values that is this chart's.
///
/// # Errors
/// There are several, or nobody can tell.
pub(super) fn part_of<'a>(
    source: &Arc<SourceFile>,
    document: &'a Node,
) -> Result<Option<&'a Entry>, InvalidInput> {
    let has = |node: &Node, keys: &[&str]| keys.iter().any(|key| node.get(key).is_some());
    let named = |entry: &Entry| entry.key.as_str() == Some("rstudio-connect");
    let own = has(document, &CHART_KEYS);
    let parts: Vec<_> = document
        .entries()
        .iter()
        .filter(|entry| {
            let config = entry.value.get("config");
            named(entry)
                || !own
                    && (config.is_some_and(|config| matches!(config.kind, Kind::Mapping(_)))
                        || has(&entry.value, &UNMISTAKABLE))
        })
        .collect();
    match parts.as_slice() {
        [] => Ok(None),
        [one] if !own => Ok(Some(one)),
        [one] => refuse(
            source,
            &one.key,
            "values of the chart, and values of a chart around it".to_owned(),
            "give the values of the chart alone, in a file of their own",
        ),
        [first, ..] => refuse(
            source,
            &first.key,
            "several parts that look like values of the chart".to_owned(),
            "give the values of one server, without the key of the chart around it",
        ),
    }
}
