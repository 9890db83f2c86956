//! The inventory as a text: for people first, in an order that does not change by itself.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use super::entry::{Entry, Inventory};
use crate::connect::{Language, version_order};
use crate::yaml::emit;

/// The version of the file's form.
pub(super) const SCHEMA: u32 = 1;

/// Writes an inventory; only the first `top` items of the list, if told so.
///
/// Text of the server's can hold anything, so it is quoted, and shown in no comment.
#[must_use]
pub(crate) fn write(inventory: &Inventory, top: Option<usize>) -> String {
    let mut out = String::new();
    let shown = top.unwrap_or(usize::MAX).min(inventory.content.len());
    head(inventory, shown, &mut out);
    server(inventory, &mut out);
    runtimes(inventory, &mut out);
    if shown == 0 {
        out.push_str("\ncontent: []\n");
        return out;
    }
    out.push_str(
        "\n# The order is the priority. Move items, delete those that are not to come along.\ncontent:\n",
    );
    for entry in inventory.content.iter().take(shown) {
        item(entry, &mut out);
    }
    out
}

fn head(inventory: &Inventory, shown: usize, out: &mut String) {
    let all = inventory.content.len();
    let part = if shown < all {
        format!("the first {shown} of {all} content items")
    } else {
        format!("{all} content items")
    };
    let _ = write!(
        out,
        "# Inventory of a Posit Connect server, {part}.
#
# rebuild --from, validate --from and check --inventory read this file. Of an item they need the
# guid; the rest is what validate compares with and what you decide by. Comments may come and go.
"
    );
}

fn field(out: &mut String, indent: &str, key: &str, value: &str) {
    let _ = writeln!(out, "{indent}{key}: {value}");
}

fn server(inventory: &Inventory, out: &mut String) {
    let server = &inventory.server;
    let _ = writeln!(out, "schema: {SCHEMA}\nserver:");
    field(out, "  ", "url", &emit::string(&server.url));
    for (key, value) in [
        ("version", &server.version),
        ("execution", &server.execution),
        ("taken", &server.taken),
        ("since", &server.since),
    ] {
        if let Some(value) = value {
            field(out, "  ", key, &emit::string(value));
        }
    }
}

fn runtimes(inventory: &Inventory, out: &mut String) {
    let used = inventory.used();
    let nothing = BTreeMap::new();
    let mut begun = false;
    for language in Language::ALL {
        let installed = inventory.server.installed.get(&language);
        let used = used.get(&language).unwrap_or(&nothing);
        let mut versions: BTreeSet<(Vec<u64>, &str)> =
            used.keys().map(|version| version_order(version)).collect();
        versions.extend(
            installed
                .into_iter()
                .flatten()
                .map(|version| version_order(version)),
        );
        if versions.is_empty() {
            continue;
        }
        if !begun {
            out.push_str("\n# Versions installed there, and how many items use each.\nruntimes:\n");
            begun = true;
        }
        let _ = writeln!(out, "  {}:", language.key());
        for (_, version) in versions {
            let count = used.get(version).copied().unwrap_or_default();
            let there = installed.is_some_and(|all| all.iter().any(|one| one == version));
            let _ = writeln!(
                out,
                "    - {{version: {}, content: {count}, installed: {there}}}",
                emit::string(version)
            );
        }
    }
}

fn item(entry: &Entry, out: &mut String) {
    let _ = writeln!(out, "  - guid: {}", entry.guid);
    let indent = "    ";
    let mut text = |key: &str, value: Option<&String>| {
        if let Some(value) = value {
            field(out, indent, key, &emit::string(value));
        }
    };
    text("title", entry.title.as_ref());
    text("name", entry.name.as_ref());
    text("type", entry.app_mode.as_ref());
    if let Some(uses) = entry.uses {
        field(out, indent, "uses", &uses.to_string());
    }
    let mut text = |key: &str, value: Option<&String>| {
        if let Some(value) = value {
            field(out, indent, key, &emit::string(value));
        }
    };
    for (language, version) in &entry.languages {
        text(language.key(), Some(version));
    }
    text("bundle", entry.bundle.as_ref());
    text("owner", entry.owner.as_ref());
    text("access", entry.access.as_ref());
    text("path", Some(&format!("/content/{}/", entry.guid)));
    text("vanity", entry.vanity.as_ref());
    if entry.min_processes > 0 {
        field(
            out,
            indent,
            "min-processes",
            &entry.min_processes.to_string(),
        );
    }
    if let Some(account) = &entry.run_as {
        field(out, indent, "run-as", &emit::string(account));
    }
    if let Some(schedules) = entry.schedules.filter(|&number| number > 0) {
        field(out, indent, "schedules", &schedules.to_string());
    }
    for (key, seconds) in [
        ("build-seconds", entry.build_seconds),
        ("render-seconds", entry.render_seconds),
    ] {
        if let Some(seconds) = seconds {
            field(out, indent, key, &seconds.to_string());
        }
    }
    if entry.locked {
        field(out, indent, "locked", "true");
    }
    if let Some(deployed) = &entry.deployed {
        field(out, indent, "deployed", &emit::string(deployed));
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use proptest::prelude::*;

    use super::*;
    use crate::connect::ContentGuid;
    use crate::inventory::{entry::ServerFacts, read};
    use crate::source::SourceFile;

    fn entry(guid: &str) -> Entry {
        Entry {
            guid: ContentGuid::from(guid),
            title: Some("Sales: \"Q1\"\n# no comment".to_owned()),
            name: Some("sales".to_owned()),
            app_mode: Some("shiny".to_owned()),
            bundle: Some("101".to_owned()),
            uses: Some(12),
            languages: BTreeMap::from([
                (Language::R, "4.10.0".to_owned()),
                (Language::Python, "3.11".to_owned()),
            ]),
            owner: Some("ann".to_owned()),
            access: Some("acl".to_owned()),
            vanity: Some("/sales/".to_owned()),
            min_processes: 2,
            run_as: Some("current-user".to_owned()),
            schedules: Some(1),
            build_seconds: Some(372),
            render_seconds: Some(20),
            locked: true,
            deployed: Some("2026-11-01T00:00:00Z".to_owned()),
        }
    }

    fn inventory() -> Inventory {
        let bare = Entry {
            title: None,
            name: None,
            bundle: None,
            uses: None,
            languages: BTreeMap::from([(Language::R, "4.2.0".to_owned())]),
            owner: None,
            access: None,
            vanity: None,
            min_processes: 0,
            run_as: None,
            schedules: None,
            build_seconds: None,
            render_seconds: None,
            locked: false,
            deployed: None,
            ..entry("22222222-2222-4222-8222-222222222222")
        };
        Inventory {
            server: ServerFacts {
                url: "https://c.example.com".to_owned(),
                version: Some("2025.09.0".to_owned()),
                execution: Some("native".to_owned()),
                taken: Some("2026-11-22T10:00:00Z".to_owned()),
                since: Some("2026-08-24T10:00:00Z".to_owned()),
                installed: BTreeMap::from([(
                    Language::R,
                    vec!["4.2.0".to_owned(), "4.10.0".to_owned()],
                )]),
            },
            content: vec![entry("11111111-1111-4111-8111-111111111111"), bare],
        }
    }

    #[test]
    fn an_inventory_reads_well() {
        insta::assert_snapshot!(write(&inventory(), None), @r#"
        # Inventory of a Posit Connect server, 2 content items.
        #
        # rebuild --from, validate --from and check --inventory read this file. Of an item they need the
        # guid; the rest is what validate compares with and what you decide by. Comments may come and go.
        schema: 1
        server:
          url: 'https://c.example.com'
          version: '2025.09.0'
          execution: 'native'
          taken: '2026-11-22T10:00:00Z'
          since: '2026-08-24T10:00:00Z'

        # Versions installed there, and how many items use each.
        runtimes:
          r:
            - {version: '4.2.0', content: 1, installed: true}
            - {version: '4.10.0', content: 1, installed: true}
          python:
            - {version: '3.11', content: 1, installed: false}

        # The order is the priority. Move items, delete those that are not to come along.
        content:
          - guid: 11111111-1111-4111-8111-111111111111
            title: "Sales: \"Q1\"\n# no comment"
            name: 'sales'
            type: 'shiny'
            uses: 12
            r: '4.10.0'
            python: '3.11'
            bundle: '101'
            owner: 'ann'
            access: 'acl'
            path: '/content/11111111-1111-4111-8111-111111111111/'
            vanity: '/sales/'
            min-processes: 2
            run-as: 'current-user'
            schedules: 1
            build-seconds: 372
            render-seconds: 20
            locked: true
            deployed: '2026-11-01T00:00:00Z'
          - guid: 22222222-2222-4222-8222-222222222222
            type: 'shiny'
            r: '4.2.0'
            path: '/content/22222222-2222-4222-8222-222222222222/'
        "#);
    }

    #[test]
    fn what_is_written_is_read_again() {
        let text = write(&inventory(), None);
        let source = Arc::new(SourceFile::new("inventory.yaml", text));
        assert_eq!(read(&source).unwrap(), inventory());
    }

    #[test]
    fn the_top_is_all_that_is_listed() {
        let text = write(&inventory(), Some(1));
        assert_eq!(text.matches("- guid:").count(), 1);
        assert!(text.contains("the first 1 of 2 content items"));
        assert!(
            text.contains("{version: '4.2.0', content: 1"),
            "counts are of all"
        );
        assert!(write(&Inventory::default(), None).ends_with("content: []\n"));
    }

    #[test]
    fn use_comes_first_and_the_rest_is_stable() {
        let mut inventory = inventory();
        inventory.content.clear();
        for (guid, uses, min) in [
            ("b", Some(1), 0),
            ("a", Some(1), 0),
            ("c", None, 1),
            ("d", Some(9), 0),
            ("e", Some(1), 1),
        ] {
            inventory.content.push(Entry {
                uses,
                min_processes: min,
                ..entry(guid)
            });
        }
        inventory.rank();
        let order: Vec<_> = inventory.content.iter().map(|e| e.guid.as_str()).collect();
        assert_eq!(order, ["d", "e", "a", "b", "c"]);
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]
        #[test]
        fn any_title_survives(title in "\\PC{1,20}|[\\x00-\\x7f]{1,12}", owner in ".{1,8}") {
            let mut inventory = inventory();
            inventory.content[0].title = Some(title);
            inventory.content[0].owner = Some(owner);
            let source = Arc::new(SourceFile::new("i", write(&inventory, None)));
            prop_assert_eq!(read(&source).unwrap(), inventory);
        }
    }
}
