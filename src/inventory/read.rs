//! Reading an inventory back, also after a person edited it: only the GUIDs are needed.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::entry::{Entry, Inventory, Language, Languages, ServerFacts};
use crate::diagnostic::InvalidInput;
use crate::rebuild;
use crate::source::SourceFile;
use crate::yaml::{self, Node};

/// Reads an inventory.
///
/// # Errors
/// As for the list that `rebuild` takes: no YAML, no list of content, an item without a GUID.
pub(crate) fn read(source: &Arc<SourceFile>) -> Result<Inventory, InvalidInput> {
    let wanted = rebuild::inventory::read(source)?;
    let documents = yaml::load(source.text()).unwrap_or_default();
    let root = documents
        .iter()
        .find(|document| document.get("content").is_some());
    let nodes = root
        .and_then(|root| root.get("content"))
        .map_or(&[][..], Node::items);
    Ok(Inventory {
        server: root.map(server).unwrap_or_default(),
        content: wanted
            .into_iter()
            .zip(nodes)
            .map(|(wanted, node)| entry(wanted.guid, node))
            .collect(),
    })
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

fn entry(guid: crate::connect::ContentGuid, node: &Node) -> Entry {
    let languages: BTreeMap<Language, String> = Language::ALL
        .into_iter()
        .filter_map(|language| Some((language, text(node, language.key())?)))
        .collect();
    Entry {
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
        locked: text(node, "locked").as_deref() == Some("true"),
        deployed: text(node, "deployed"),
    }
}
