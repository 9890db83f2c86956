//! The list of content that `inventory` writes and a person edits: a YAML mapping whose `content`
//! is a list of items. Of an item only its `guid` is needed; its `title` or `name` is shown where
//! the server has none. The order of the list is the priority. Everything else is ignored.

use std::sync::Arc;

use super::selection::Wanted;
use crate::diagnostic::{Code, Diagnostic, InvalidInput};
use crate::source::{SourceFile, Span};
use crate::yaml::{self, Kind, Node};

/// Reads an inventory.
///
/// # Errors
/// It is not YAML, has no list of content, or an item of it has no GUID.
pub(crate) fn read(source: &Arc<SourceFile>) -> Result<Vec<Wanted>, InvalidInput> {
    let documents = yaml::load(source.text()).map_err(|error| {
        let at = Span {
            start: error.offset,
            end: error.offset,
        };
        Diagnostic::error(Code::InventoryInvalid, error.message).at(source, at)
    })?;
    let Some(content) = documents
        .iter()
        .find_map(|document| document.get("content"))
    else {
        return Err(Diagnostic::error(
            Code::InventoryInvalid,
            format!("{} has no `content`", source.name()),
        )
        .help("an inventory is a mapping with a list of items under `content`, each with a `guid`")
        .into());
    };
    if !matches!(content.kind, Kind::Sequence(_)) && content.as_str() != Some("") {
        return Err(
            Diagnostic::error(Code::InventoryInvalid, "`content` is not a list")
                .at(source, content.span)
                .into(),
        );
    }
    let mut wanted = Vec::new();
    let mut wrong = Vec::new();
    for item in content.items() {
        match one(item) {
            Ok(item) => wanted.push(item),
            Err((message, span)) => {
                wrong.push(Diagnostic::error(Code::InventoryInvalid, message).at(source, span));
            }
        }
    }
    if wrong.is_empty() {
        Ok(wanted)
    } else {
        Err(InvalidInput(wrong))
    }
}

fn one(item: &Node) -> Result<Wanted, (String, Span)> {
    let guid = item
        .get("guid")
        .ok_or_else(|| ("an item without a `guid`".to_owned(), item.span))?;
    let text = guid.as_str().unwrap_or_default();
    let parsed = text
        .parse()
        .map_err(|_| (format!("{text:?} is not a content GUID"), guid.span))?;
    let named = |key| {
        item.get(key)
            .and_then(Node::as_str)
            .filter(|text| !text.is_empty() && *text != "null" && *text != "~")
    };
    Ok(Wanted {
        guid: parsed,
        title: named("title").or_else(|| named("name")).map(str::to_owned),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn inventory(text: &str) -> Result<Vec<Wanted>, InvalidInput> {
        read(&Arc::new(SourceFile::new("inventory.yaml", text)))
    }

    #[test]
    fn takes_the_guids_in_their_order_and_ignores_the_rest() {
        let wanted = inventory(
            "# edited by hand
schema: 1
server: {version: 2024.09.0}
content:
  - guid: 9ce6eaca-60af-4c2f-93a0-f5f3cddf5ee5
    title: Sales
    name: sales
    priority: 2
    use: {visits: 10}
  - {guid: 8CE6EACA-60af-4c2f-93a0-f5f3cddf5ee5, title: null, name: churn}
  - guid: 7ce6eaca-60af-4c2f-93a0-f5f3cddf5ee5
",
        )
        .unwrap();
        let read: Vec<_> = wanted
            .iter()
            .map(|item| (&item.guid.as_str()[..2], item.title.as_deref()))
            .collect();
        assert_eq!(
            read,
            [("9c", Some("Sales")), ("8c", Some("churn")), ("7c", None)]
        );
        assert_eq!(inventory("content: []\n").unwrap(), []);
        assert_eq!(inventory("content:\n").unwrap(), []);
    }

    #[test]
    fn says_what_is_wrong_and_where() {
        for (text, error) in [
            (
                "a: 1\n",
                "inventory.yaml has no `content` [inventory-invalid]",
            ),
            (
                "content: none\n",
                "inventory.yaml:1:10: `content` is not a list [inventory-invalid]",
            ),
            (
                "content:\n  - title: x\n",
                "inventory.yaml:2:5: an item without a `guid` [inventory-invalid]",
            ),
            (
                "content:\n  - guid: x\n",
                "inventory.yaml:2:11: \"x\" is not a content GUID [inventory-invalid]",
            ),
        ] {
            assert_eq!(inventory(text).unwrap_err().to_string(), error);
        }
        assert!(inventory("content: [").is_err());
    }
}
