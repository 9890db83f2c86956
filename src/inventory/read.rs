//! Reading an inventory back, also after a person edited it: a YAML mapping whose `content` is a list
//! of items, of which only the `guid` is needed. The order of the list is the priority.

use std::collections::hash_map::Entry as Slot;
use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use jiff::Timestamp;
use jiff::civil::Date;

use super::entry::{Entry, Inventory, ServerFacts};
use super::write::SCHEMA;
use crate::connect::{ContentGuid, Language, Languages};
use crate::diagnostic::{Code, Diagnostic, InvalidInput};
use crate::source::{SourceFile, Span};
use crate::yaml::{self, Kind, Node, Style};

/// What one is, and where it comes from.
const MADE_BY: &str = "an inventory is a mapping with a list of items under `content`, each with a `guid`; \
                       'helm connect-migrate inventory --out FILE' writes it";

/// Reads an inventory.
///
/// # Errors
/// It is not YAML, has no list of content, or says something that nothing can be made of.
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
    let mut found = documents
        .iter()
        .filter_map(|document| Some((document, document.get("content")?)));
    let first = found.next();
    if let Some((_, second)) = found.next() {
        let message = "a second document with `content`".to_owned();
        return Err(wrong(message, second.span).into());
    }
    let Some((root, content)) = first else {
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
    if !matches!(content.kind, Kind::Sequence(_)) {
        // A list whose items are all taken out is as likely a mistake as it is meant.
        let message = match content.as_str() {
            Some("") => "nothing stands below `content`; `content: []` says that nothing is meant",
            _ => "`content` is not a list",
        };
        return Err(wrong(message.to_owned(), content.span).into());
    }
    let mut reader = Reader {
        source,
        faults: Vec::new(),
    };
    reader.keys_stand_once(root);
    let server = reader.server(root);
    let mut entries: Vec<Entry> = Vec::new();
    let mut places: HashMap<ContentGuid, usize> = HashMap::new();
    for item in content.items() {
        let Some(entry) = reader.entry(item) else {
            continue;
        };
        let line = source.position(item.span.start).line;
        match places.entry(entry.guid.clone()) {
            Slot::Occupied(first) => {
                let message = format!("{} stands in line {} already", entry.guid, first.get());
                let at = item.get("guid").unwrap_or(item);
                reader.fault(at, message, "keep it once, where its priority is");
            }
            Slot::Vacant(free) => {
                free.insert(line);
                entries.push(entry);
            }
        }
    }
    if !reader.faults.is_empty() {
        let place = |fault: &Diagnostic| fault.place.as_ref().map(|place| place.span.start);
        reader.faults.sort_by_key(place);
        return Err(InvalidInput(reader.faults));
    }
    Ok(Inventory {
        server,
        content: entries,
    })
}

/// Numbers are below this: nobody counts so many uses, or builds for so many seconds, and all of them can
/// be added up.
const MOST: u64 = 1_000_000_000_000;

/// Reads fields. What a person wrote and nothing can be made of is a fault: to pass over it would change
/// an order or a number without a word.
struct Reader<'a> {
    source: &'a Arc<SourceFile>,
    faults: Vec<Diagnostic>,
}

impl Reader<'_> {
    fn fault(&mut self, node: &Node, message: String, help: &str) {
        let invalid = Diagnostic::error(Code::InventoryInvalid, message);
        self.faults
            .push(invalid.at(self.source, node.span).help(help));
    }

    /// Of two keys with one name a reader takes the last, and a person may mean the first.
    fn keys_stand_once(&mut self, node: &Node) {
        let mut seen = HashSet::new();
        for entry in node.entries() {
            let key = entry.key.as_str().unwrap_or_default();
            if !seen.insert(key) {
                let message = format!("`{key}` stands here twice");
                self.fault(&entry.key, message, "keep the one that is meant");
            }
        }
        let below = node.entries().iter().map(|entry| &entry.value);
        below
            .chain(node.items())
            .for_each(|below| self.keys_stand_once(below));
    }

    /// The text behind a key.
    fn text<'n>(&mut self, node: &'n Node, key: &str) -> Option<(&'n Node, &'n str)> {
        let node = node.get(key)?;
        let Kind::Scalar(text, style) = &node.kind else {
            let message = format!("`{key}` is {}, and must be a text", what(node));
            self.fault(node, message, "write one text, in quotes, or take it out");
            return None;
        };
        // A null of a person's; in our own text strings are quoted.
        let null = *style == Style::Plain && matches!(&**text, "" | "~" | "null" | "Null" | "NULL");
        (!null).then_some((node, text))
    }

    fn string(&mut self, node: &Node, key: &str) -> Option<String> {
        self.text(node, key).map(|(_, text)| text.to_owned())
    }

    /// A text that means something; `help` says which.
    fn parsed<T>(
        &mut self,
        node: &Node,
        key: &str,
        (kind, help): (&str, &str),
        parse: impl FnOnce(&str) -> Option<T>,
    ) -> Option<T> {
        let (node, text) = self.text(node, key)?;
        let parsed = parse(text);
        if parsed.is_none() {
            self.fault(
                node,
                format!("`{key}` is {text:?}, and must be {kind}"),
                help,
            );
        }
        parsed
    }

    fn number(&mut self, node: &Node, key: &str) -> Option<u64> {
        let help = "write a number of digits alone, twelve at most, or take it out";
        self.parsed(node, key, ("a whole number", help), |text| {
            let digits = text.bytes().all(|byte| byte.is_ascii_digit());
            text.parse().ok().filter(|number| digits && *number < MOST)
        })
    }

    fn time(&mut self, node: &Node, key: &str) -> Option<String> {
        let help = "write it as 2026-11-01T00:00:00Z or 2026-11-01, or take it out";
        self.parsed(node, key, ("a time", help), |text| {
            let is_time = text.parse::<Timestamp>().is_ok() || text.parse::<Date>().is_ok();
            is_time.then(|| text.to_owned())
        })
    }

    fn flag(&mut self, node: &Node, key: &str) -> Option<bool> {
        let help = "write true or false, or take it out";
        self.parsed(node, key, ("true or false", help), |text| text.parse().ok())
    }

    fn server(&mut self, root: &Node) -> ServerFacts {
        let nothing = Node::empty();
        let runtimes = self.mapping(root, "runtimes").unwrap_or(&nothing);
        let mut installed = Languages::new();
        for language in Language::ALL {
            let key = language.key();
            let Some(list) = runtimes.get(key) else {
                continue;
            };
            if !matches!(list.kind, Kind::Sequence(_)) && list.as_str() != Some("") {
                let message = format!("`{key}` is {}, and must be a list", what(list));
                let help = "write a list of versions as in - {version: '4.3.1', installed: true}";
                self.fault(list, message, help);
            }
            let mut versions = Vec::new();
            for one in list.items() {
                let version = self.string(one, "version");
                if self.flag(one, "installed") != Some(false) {
                    versions.extend(version);
                }
            }
            if !versions.is_empty() {
                installed.insert(language, versions);
            }
        }
        let server = self.mapping(root, "server").unwrap_or(&nothing);
        ServerFacts {
            url: self.string(server, "url").unwrap_or_default(),
            version: self.string(server, "version"),
            execution: self.string(server, "execution"),
            taken: self.time(server, "taken"),
            since: self.time(server, "since"),
            installed,
        }
    }

    fn mapping<'n>(&mut self, root: &'n Node, key: &str) -> Option<&'n Node> {
        let node = root.get(key)?;
        if !matches!(node.kind, Kind::Mapping(_)) && node.as_str() != Some("") {
            let message = format!("`{key}` is {}, and must be a mapping", what(node));
            self.fault(node, message, "take it out, or make the inventory again");
        }
        Some(node)
    }

    /// `None` where it cannot be told what it is about; of another fault the rest is read, so that all
    /// are named at once.
    fn entry(&mut self, node: &Node) -> Option<Entry> {
        let Some(named) = node.get("guid") else {
            self.fault(node, "an item without a `guid`".to_owned(), MADE_BY);
            return None;
        };
        let text = named.as_str().unwrap_or_default();
        let Ok(guid) = text.parse() else {
            self.fault(named, format!("{text:?} is not a content GUID"), MADE_BY);
            return None;
        };
        let languages = Language::ALL
            .into_iter()
            .filter_map(|language| Some((language, self.string(node, language.key())?)))
            .collect();
        Some(Entry {
            guid,
            title: self.string(node, "title"),
            name: self.string(node, "name"),
            app_mode: self.string(node, "type"),
            bundle: self.string(node, "bundle"),
            uses: self.number(node, "uses"),
            languages,
            owner: self.string(node, "owner"),
            access: self.string(node, "access"),
            vanity: self.string(node, "vanity"),
            min_processes: self.number(node, "min-processes").unwrap_or_default(),
            run_as: self.string(node, "run-as"),
            schedules: self.number(node, "schedules"),
            build_seconds: self.number(node, "build-seconds"),
            render_seconds: self.number(node, "render-seconds"),
            locked: self.flag(node, "locked").unwrap_or_default(),
            deployed: self.time(node, "deployed"),
        })
    }
}

const fn what(node: &Node) -> &'static str {
    match node.kind {
        Kind::Scalar(..) => "a text",
        Kind::Mapping(_) => "a mapping",
        Kind::Sequence(_) => "a list",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn inventory(text: &str) -> Result<Vec<Entry>, InvalidInput> {
        read(&Arc::new(SourceFile::new("inventory.yaml", text))).map(|read| read.content)
    }

    #[test]
    fn numbers_can_be_added_up() {
        let item = |number: &str| {
            format!("content: [{{guid: 9ce6eaca-60af-4c2f-93a0-f5f3cddf5ee5, uses: {number}}}]\n")
        };
        for (number, fits) in [
            ("0", true),
            ("999999999999", true),
            ("1000000000000", false),
            ("18446744073709551615", false),
            ("18446744073709551616", false),
        ] {
            assert_eq!(inventory(&item(number)).is_ok(), fits, "{number}");
        }
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
                "content:\n# - guid: x\n",
                "inventory.yaml:1:8: nothing stands below `content`; `content: []` says that nothing is meant [inventory-invalid]",
            ),
            (
                "content:\n  - guid: 9ce6eaca-60af-4c2f-93a0-f5f3cddf5ee5\ncontent: []\n",
                "inventory.yaml:3:1: `content` stands here twice [inventory-invalid]",
            ),
            (
                "content: [{guid: 9ce6eaca-60af-4c2f-93a0-f5f3cddf5ee5, uses: 1, uses: 2}]\n",
                "inventory.yaml:1:65: `uses` stands here twice [inventory-invalid]",
            ),
            (
                "content: []\n---\ncontent: []\n",
                "inventory.yaml:3:10: a second document with `content` [inventory-invalid]",
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

    /// What cannot be understood is refused, never passed over: all of it, each with its place.
    #[test]
    fn no_fault_is_passed_over() {
        let faults = inventory(
            "server: [here]
runtimes: {r: 4.3.1, python: [{version: 3.11, installed: perhaps}]}
content:
  - guid: 9ce6eaca-60af-4c2f-93a0-f5f3cddf5ee5
    uses: many
    schedules: -1
    build-seconds: 1e3
    locked: 'yes'
    deployed: last summer
    title: [Sales]
    r: {major: 4}
  - guid: https://c.example.com/content/9CE6EACA-60af-4c2f-93a0-f5f3cddf5ee5/
  - guid: 7ce6eaca-60af-4c2f-93a0-f5f3cddf5ee5
    uses: '3'
    deployed: 2026-11-01
    render-seconds: ~
    locked:
",
        )
        .unwrap_err();
        let told: Vec<String> = faults.0.iter().map(ToString::to_string).collect();
        insta::assert_snapshot!(told.join("\n"), @r#"
        inventory.yaml:1:9: `server` is a list, and must be a mapping [inventory-invalid]
        inventory.yaml:2:15: `r` is a text, and must be a list [inventory-invalid]
        inventory.yaml:2:58: `installed` is "perhaps", and must be true or false [inventory-invalid]
        inventory.yaml:5:11: `uses` is "many", and must be a whole number [inventory-invalid]
        inventory.yaml:6:16: `schedules` is "-1", and must be a whole number [inventory-invalid]
        inventory.yaml:7:20: `build-seconds` is "1e3", and must be a whole number [inventory-invalid]
        inventory.yaml:8:13: `locked` is "yes", and must be true or false [inventory-invalid]
        inventory.yaml:9:15: `deployed` is "last summer", and must be a time [inventory-invalid]
        inventory.yaml:10:12: `title` is a list, and must be a text [inventory-invalid]
        inventory.yaml:11:8: `r` is a mapping, and must be a text [inventory-invalid]
        inventory.yaml:12:11: 9ce6eaca-60af-4c2f-93a0-f5f3cddf5ee5 stands in line 4 already [inventory-invalid]
        "#);
        assert!(faults.0.iter().all(|fault| fault.help.is_some()));
    }
}
