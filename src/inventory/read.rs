//! Reading an inventory back, also after a person edited it: a YAML mapping whose `content` is a list
//! of items, of which only the `guid` is needed. The order of the list is the priority.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::entry::{Entry, Inventory, ServerFacts};
use super::write::SCHEMA;
use crate::connect::{Language, Languages};
use crate::diagnostic::{Code, Diagnostic, InvalidInput};
use crate::source::{SourceFile, Span};
use crate::yaml::{self, Kind, Node};

/// What one is, and where it comes from.
const MADE_BY: &str = "an inventory is a mapping with a list of items under `content`, each with a `guid`; \
                       'helm connect-migrate inventory --out FILE' writes it";

/// Reads an inventory.
///
/// # Errors
/// It is not YAML, has no list of content, or an item of it has no GUID.
pub(crate) fn read(source: &Arc<SourceFile>) -> Result<Inventory, InvalidInput> {
    let wrong = |message: String, at| {
        let invalid = Diagnostic::error(Code::InventoryInvalid, message).at(source, at);
        invalid.help(MADE_BY)
    };
    let documents = yaml::load(source.text()).map_err(|error| {
        let at = Span {
            start: error.offset,
            end: error.offset,
        };
        wrong(error.message, at)
    })?;
    let found = documents
        .iter()
        .find_map(|document| Some((document, document.get("content")?)));
    let Some((root, content)) = found else {
        return Err(Diagnostic::error(
            Code::InventoryInvalid,
            format!("{} has no `content`", source.name()),
        )
        .help(MADE_BY)
        .into());
    };
    // A list that a person wrote says none.
    if let Some(schema) = root.get("schema")
        && schema.as_str().and_then(|text| text.parse().ok()) != Some(SCHEMA)
    {
        let message = format!("`schema` is not {SCHEMA}, the form that this version knows");
        return Err(wrong(message, schema.span).into());
    }
    if !matches!(content.kind, Kind::Sequence(_)) && content.as_str() != Some("") {
        return Err(wrong("`content` is not a list".to_owned(), content.span).into());
    }
    let mut inventory = Inventory {
        server: server(root),
        content: Vec::new(),
    };
    let mut faults = Vec::new();
    for item in content.items() {
        match entry(item) {
            Ok(entry) => inventory.content.push(entry),
            Err((message, span)) => faults.push(wrong(message, span)),
        }
    }
    if faults.is_empty() {
        Ok(inventory)
    } else {
        Err(InvalidInput(faults))
    }
}

fn text(node: &Node, key: &str) -> Option<String> {
    let node = node.get(key)?;
    let text = node.as_str()?;
    // A null of a person's; in our own text strings are quoted.
    let null = matches!(node.kind, yaml::Kind::Scalar(_, yaml::Style::Plain))
        && matches!(text, "" | "~" | "null");
    (!null).then(|| text.to_owned())
}

fn number(node: &Node, key: &str) -> Option<u64> {
    text(node, key)?.parse().ok()
}

fn server(root: &Node) -> ServerFacts {
    let of = |key: &str| root.get("server").and_then(|server| text(server, key));
    let mut installed = Languages::new();
    for language in Language::ALL {
        let Some(list) = root.at(&["runtimes", language.key()]) else {
            continue;
        };
        let versions: Vec<String> = list
            .items()
            .iter()
            .filter(|one| text(one, "installed").as_deref() != Some("false"))
            .filter_map(|one| text(one, "version"))
            .collect();
        if !versions.is_empty() {
            installed.insert(language, versions);
        }
    }
    ServerFacts {
        url: of("url").unwrap_or_default(),
        version: of("version"),
        execution: of("execution"),
        taken: of("taken"),
        since: of("since"),
        installed,
    }
}

fn entry(node: &Node) -> Result<Entry, (String, Span)> {
    let guid = node
        .get("guid")
        .ok_or_else(|| ("an item without a `guid`".to_owned(), node.span))?;
    let named = guid.as_str().unwrap_or_default();
    let guid = named
        .parse()
        .map_err(|_| (format!("{named:?} is not a content GUID"), guid.span))?;
    let languages: BTreeMap<Language, String> = Language::ALL
        .into_iter()
        .filter_map(|language| Some((language, text(node, language.key())?)))
        .collect();
    Ok(Entry {
        guid,
        title: text(node, "title"),
        name: text(node, "name"),
        app_mode: text(node, "type"),
        bundle: text(node, "bundle"),
        uses: number(node, "uses"),
        languages,
        owner: text(node, "owner"),
        access: text(node, "access"),
        vanity: text(node, "vanity"),
        min_processes: number(node, "min-processes").unwrap_or_default(),
        run_as: text(node, "run-as"),
        schedules: number(node, "schedules"),
        build_seconds: number(node, "build-seconds"),
        render_seconds: number(node, "render-seconds"),
        locked: text(node, "locked").as_deref() == Some("true"),
        deployed: text(node, "deployed"),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn inventory(text: &str) -> Result<Vec<Entry>, InvalidInput> {
        read(&Arc::new(SourceFile::new("inventory.yaml", text))).map(|read| read.content)
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
            .map(|item| (&item.guid.as_str()[..2], item.label()))
            .collect();
        assert_eq!(
            read,
            [
                ("9c", "Sales"),
                ("8c", "churn"),
                ("7c", "7ce6eaca-60af-4c2f-93a0-f5f3cddf5ee5")
            ]
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
