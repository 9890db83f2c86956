use proptest::prelude::*;

use super::*;
use crate::yaml::{Map, Value, read_values};

#[test]
fn a_tree_is_written_in_block_style_with_its_comments() {
    let mut root = Block::new();
    root.add("replicas", 1).above("One server on one database.");
    let config = root.block("config");
    config
        .block("HTTP")
        .add("Listen", ":3939")
        .above("The listener\nof old")
        .beside("rstudio-connect.gcfg:12");
    config.block("HTTP").comment_at_end("the end");
    config.add(
        "Python",
        Tree::Map({
            let mut python = Block::new();
            python.add("Enabled", true);
            python.add("Executable", vec!["/a", "/b"]);
            python
        }),
    );
    config
        .add("RPackageRepository \"CRAN\"", Tree::Null)
        .beside("taken away");
    let mut variable = Block::new();
    variable.add("name", "A");
    variable
        .block("valueFrom")
        .block("secretKeyRef")
        .add("name", "s");
    let mut plain = Block::new();
    plain.add("name", "B").above("with a comment");
    root.add(
        "env",
        Tree::List(vec![variable.into(), Item::from(plain).beside("x")]),
    )
    .gap();
    root.add("empty", Block::new());
    root.add("none", Vec::<&str>::new());
    let text = root.to_yaml();
    insta::assert_snapshot!(text, @r#"
    # One server on one database.
    replicas: 1
    config:
      HTTP:
        # The listener
        # of old
        Listen: ':3939'  # rstudio-connect.gcfg:12
        # the end
      Python:
        Enabled: true
        Executable:
          - '/a'
          - '/b'
      'RPackageRepository "CRAN"': null  # taken away

    env:
      - name: 'A'
        valueFrom:
          secretKeyRef:
            name: 's'
      -  # x
        # with a comment
        name: 'B'
    empty: {}
    none: []
    "#);
    assert!(read_values(&text).is_ok());
}

fn value(tree: &Tree) -> Value {
    #[allow(clippy::cast_precision_loss)]
    match tree {
        Tree::Null => Value::Null,
        Tree::Bool(value) => Value::Bool(*value),
        Tree::Int(number) => Value::Number(*number as f64),
        Tree::Text(text) => Value::String(text.clone()),
        Tree::Written(_) => unreachable!("values are not written so"),
        Tree::List(items) => Value::List(items.iter().map(|item| value(&item.tree)).collect()),
        Tree::Map(block) => Value::Map(map(block)),
    }
}

fn map(block: &Block) -> Map {
    block
        .entries
        .iter()
        .map(|(key, entry)| (key.clone(), value(&entry.tree)))
        .collect()
}

fn text() -> impl Strategy<Value = String> {
    prop_oneof![
        any::<String>(),
        "[ -~]{0,12}",
        "[\\x00-\\xA0\u{2028}\u{2029}\u{FEFF}\u{FFFE}'\"\\\\:#&*!|>%@`{}\\[\\],? -]{0,12}",
        prop::sample::select(vec![
            "y", "no", "null", "~", "1_000", "0755", "1e3", "<<", "=", "---", "...", "- a", "a: b",
            "a #b", ".inf", "0x1", " a", "a ", "", "? a", "!!str a", "&a", "*a",
        ])
        .prop_map(str::to_owned),
        (900..1100_usize).prop_map(|n| "k".repeat(n)),
    ]
}

fn entry(
    block: &mut Block,
    key: String,
    tree: Tree,
    comments: (Option<String>, Option<String>, bool),
) {
    let entry = block.add(key, tree);
    if let Some(text) = &comments.0 {
        entry.above(text);
    }
    if let Some(text) = &comments.1 {
        entry.beside(text);
    }
    if comments.2 {
        entry.gap();
    }
}

fn tree() -> impl Strategy<Value = Tree> {
    let comment = || prop::option::weighted(0.3, any::<String>());
    let leaf = prop_oneof![
        4 => text().prop_map(Tree::Text),
        1 => Just(Tree::Null),
        1 => any::<bool>().prop_map(Tree::Bool),
        1 => any::<i32>().prop_map(|n| Tree::Int(n.into())),
    ];
    leaf.prop_recursive(3, 24, 4, move |inner| {
        let item = (inner.clone(), comment(), comment()).prop_map(|(tree, above, beside)| {
            let mut item = Item::from(tree);
            if let Some(text) = above {
                item = item.above(&text);
            }
            if let Some(text) = beside {
                item = item.beside(&text);
            }
            item
        });
        let entries =
            prop::collection::vec((text(), inner, (comment(), comment(), any::<bool>())), 0..4);
        prop_oneof![
            prop::collection::vec(item, 0..4).prop_map(Tree::List),
            (entries, comment()).prop_map(|(entries, tail)| {
                let mut block = Block::new();
                for (key, tree, comments) in entries {
                    entry(&mut block, key, tree, comments);
                }
                if let Some(text) = tail {
                    block.comment_at_end(&text);
                }
                Tree::Map(block)
            }),
        ]
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    #[test]
    fn what_is_written_reads_back(key in text(), tree in tree()) {
        let mut root = Block::new();
        root.add(key, tree);
        let text = root.to_yaml();
        let read = read_values(&text).unwrap_or_else(|error| panic!("{error}:\n{text}"));
        prop_assert_eq!(read, map(&root), "{}", text);
    }
}
