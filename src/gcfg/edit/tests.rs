//! Edits of written and generated texts.

use proptest::prelude::*;

use super::*;
use crate::gcfg::parse_text;

fn name(section: &str, property: &str) -> SettingName {
    SettingName::new(Section::plain(section), property)
}

fn values(list: &[(&str, &str, &str)]) -> Vec<(SettingName, String)> {
    list.iter()
        .map(|(section, key, value)| (name(section, key), (*value).to_owned()))
        .collect()
}

/// Sets values, takes that back, and gives the text in between.
fn after(text: &str, list: &[(&str, &str, &str)]) -> String {
    let document = parse_text("f", text).unwrap();
    let edits = set(&document, &values(list)).unwrap();
    let edited = apply(text, &edits).unwrap();
    assert_eq!(apply(&edited, &invert(&edits)).unwrap(), text);
    edited
}

#[test]
fn a_value_is_replaced_where_it_counts() {
    for (before, expected) in [
        ("[a]\nk = 1\n", "[a]\nk = 0\n"),
        ("[a]\nk=1 ;c\n", "[a]\nk=0 ;c\n"),
        (
            "[a]\nk = 1\nK = 2\n[A]\n K  =  \"3\"# c\nj = 4",
            "[a]\nk = 1\nK = 2\n[A]\n K  =  0# c\nj = 4",
        ),
        ("[A]\nk = one \\\n  two\nj = 1\n", "[A]\nk = 0\nj = 1\n"),
        ("[a]\nk = 1 \\\n", "[a]\nk = 0"),
        ("[a]\nk = 1 \\\n; c\nj = 1\n", "[a]\nk = 0; c\nj = 1\n"),
        ("[a]\nk\n", "[a]\nk = 0\n"),
        ("[a]\nk ; c\n", "[a]\nk = 0 ; c\n"),
        ("[a]\r\nk\r\n", "[a]\r\nk = 0\r\n"),
        ("[a]\nk =", "[a]\nk = 0"),
        ("[a]\r\nk =\r\n", "[a]\r\nk = 0\r\n"),
        ("[a]\r\nk = \r\n", "[a]\r\nk = 0\r\n"),
        ("[a]\nk =;c\n", "[a]\nk = 0 ;c\n"),
        ("[a]\nk = ; c\n", "[a]\nk = 0 ; c\n"),
        ("[a]\nk = \"0\" ; as it is\n", "[a]\nk = \"0\" ; as it is\n"),
    ] {
        assert_eq!(after(before, &[("a", "k", "0")]), expected, "{before:?}");
    }
}

#[test]
fn an_absent_setting_is_added_to_its_last_section() {
    for (before, expected) in [
        ("[a]\n", "[a]\nk = 0\n"),
        ("[a]", "[a]\nk = 0"),
        ("[a]\r\n[b]\r\n", "[a]\r\nk = 0\r\n[b]\r\n"),
        (
            "[a]\n\tj = 1 ; c\n; about b\n\n[b]\nk = 2\n",
            "[a]\n\tj = 1 ; c\n\tk = 0\n; about b\n\n[b]\nk = 2\n",
        ),
        (
            "[a]\nj = 1\n[A]\n; c\n\n",
            "[a]\nj = 1\n[A]\nk = 0\n; c\n\n",
        ),
        (
            "[a] ; c\n[a \"s\"]\nj = 1\n",
            "[a] ; c\nk = 0\n[a \"s\"]\nj = 1\n",
        ),
        ("[a]\r\nj = 1", "[a]\r\nj = 1\r\nk = 0"),
        ("[a]\nj = 1 \\\n", "[a]\nj = 1 \\\n\nk = 0"),
        ("[a]\nj = 1 \\\n 2\n", "[a]\nj = 1 \\\n 2\nk = 0\n"),
        ("[a]\nj = 1 \\\n ; c\n", "[a]\nj = 1 \\\n ; c\nk = 0\n"),
    ] {
        assert_eq!(after(before, &[("a", "k", "0")]), expected, "{before:?}");
    }
}

#[test]
fn a_section_that_is_not_there_is_added_at_the_end() {
    for (before, expected) in [
        ("", "[x]\nk = 0\n"),
        ("; c", "; c\n\n[x]\nk = 0"),
        ("[a]\nj = 1\n", "[a]\nj = 1\n\n[x]\nk = 0\n"),
        (
            "[a]\r\nj = 1\r\n\r\n",
            "[a]\r\nj = 1\r\n\r\n[x]\r\nk = 0\r\n",
        ),
        ("[a]\nj = 1 \\\n", "[a]\nj = 1 \\\n\n\n[x]\nk = 0"),
        ("\u{feff}[a]\n", "\u{feff}[a]\n\n[x]\nk = 0\n"),
    ] {
        assert_eq!(after(before, &[("x", "k", "0")]), expected, "{before:?}");
    }
}

#[test]
fn several_settings_share_what_is_added() {
    assert_eq!(
        after(
            "[a]\nj = 1",
            &[
                ("x", "k", "1"),
                ("a", "k", "2"),
                ("y", "k", "3"),
                ("X", "j", "4"),
                ("A", "J", "5"),
                ("x", "K", "6"),
            ]
        ),
        "[a]\nj = 5\nk = 2\n\n[y]\nk = 3\n\n[X]\nj = 4\nK = 6"
    );
}

#[test]
fn what_cannot_be_written_is_refused() {
    let document = parse_text("f", "[a]\n").unwrap();
    let refused = |section: Section, key: &str, value: &str| {
        set(
            &document,
            &[(SettingName::new(section, key), value.to_owned())],
        )
        .unwrap_err()
    };
    assert_eq!(
        refused(Section::plain("a"), "k", "\r"),
        Unwritable::CarriageReturn
    );
    assert_eq!(refused(Section::plain("a"), "k k", "1"), Unwritable::Name);
    assert_eq!(refused(Section::plain("b.c"), "k", "1"), Unwritable::Name);
    assert_eq!(
        refused(Section::named("b", "\n"), "k", "1"),
        Unwritable::Subsection
    );
}

#[test]
fn a_removed_setting_takes_its_lines_along() {
    let text = "[a]\n k = 1 ; c\nj = 2\nK = \\\r\n 3 # c\r\n[b]\nk = 4\n[a]\nk";
    let document = parse_text("f", text).unwrap();
    let edits = remove(&document, &[name("A", "k").key()]);
    let edited = apply(text, &edits).unwrap();
    assert_eq!(edited, "[a]\nj = 2\n[b]\nk = 4\n[a]\n");
    assert_eq!(apply(&edited, &invert(&edits)).unwrap(), text);
}

#[test]
fn edits_fit_only_their_text() {
    let edit = |offset, deleted: &str| Edit {
        offset,
        deleted: deleted.to_owned(),
        inserted: "x".to_owned(),
    };
    assert_eq!(apply("abc", &[edit(1, "b")]).unwrap(), "axc");
    assert_eq!(apply("abc", &[edit(1, "c")]), Err(Mismatch { offset: 1 }));
    assert_eq!(apply("abc", &[edit(4, "")]), Err(Mismatch { offset: 4 }));
    assert_eq!(apply("é", &[edit(1, "")]), Err(Mismatch { offset: 1 }));
    assert_eq!(
        apply("abc", &[edit(1, "bc"), edit(2, "")]),
        Err(Mismatch { offset: 2 })
    );
}

#[test]
fn an_edit_is_recorded_by_what_changes() {
    let document = parse_text("f", "[a]\nk = 10\n").unwrap();
    let edits = set(&document, &values(&[("a", "k", "0"), ("a", "j", "1")])).unwrap();
    let json = serde_json::to_string(&edits).unwrap();
    assert_eq!(
        json,
        r#"[{"at":8,"old":"10","new":"0"},{"at":11,"new":"j = 1\n"}]"#
    );
    assert_eq!(serde_json::from_str::<Vec<Edit>>(&json).unwrap(), edits);
}

/// Texts with few names, so that edits meet repeated ones.
fn texts() -> impl Strategy<Value = String> {
    let end = "[ \t]{0,2}([;#][ -~]{0,5})?(\n|\r\n)";
    let line = format!(
        "(\\[ ?[abA]( ?\"[xy]\")?\\]|[ \t]{{0,2}}[jkK]([ \t]{{0,2}}= ?([a-c0 ]|\"[a;\t ]*\"|\\\\\r?\n|\\\\\"){{0,4}})?)?{end}"
    );
    (
        prop::option::of(Just("\u{feff}")),
        prop::collection::vec(proptest::string::string_regex(&line).unwrap(), 0..12),
        any::<bool>(),
        // The text may end within a continued value.
        prop_oneof![4 => Just(""), 1 => Just("j = a \\\n")],
    )
        .prop_map(|(mark, lines, cut, last)| {
            let lines = lines.concat();
            let lines = if cut {
                lines.trim_end_matches(['\r', '\n'])
            } else {
                &lines
            };
            let lines = if last.is_empty() {
                lines.to_owned()
            } else {
                format!("{lines}\n{last}")
            };
            format!("{}[a]\n{lines}", mark.unwrap_or_default())
        })
}

/// Every setting with its values, but for some.
fn meaning(document: &Document, but: &[SettingKey]) -> Vec<(SettingKey, Vec<Option<String>>)> {
    let configuration = Configuration::of(&[document]);
    let mut meaning: Vec<_> = configuration
        .settings()
        .filter(|setting| !but.contains(setting.key()))
        .map(|setting| {
            let values = setting.occurrences().iter();
            let values = values.map(|o| o.item.text().map(str::to_owned));
            (setting.key().clone(), values.collect())
        })
        .collect();
    meaning.sort();
    meaning
}

proptest! {
    #[test]
    fn edits_do_what_they_say_and_can_be_taken_back(
        text in texts(),
        wanted in prop::collection::vec(
            ("[abcA]", prop::option::of("[xyz]"), "[jkKl]", "[a-c;\"\\\\ \n]{0,4}"),
            1..4,
        ),
    ) {
        let Ok(document) = parse_text("f", &text) else {
            // A cut-off continuation.
            return Ok(());
        };
        let wanted: Vec<(SettingName, String)> = wanted
            .into_iter()
            .map(|(name, subsection, key, value)| {
                (SettingName::new(Section { name, subsection }, key), value)
            })
            .collect();
        let keys: Vec<SettingKey> = wanted.iter().map(|(name, _)| name.key()).collect();

        let edits = set(&document, &wanted).unwrap();
        let edited = apply(&text, &edits).unwrap();
        let read = parse_text("edited", &edited).unwrap();
        for (index, key) in keys.iter().enumerate() {
            if !keys[index + 1..].contains(key) {
                let configuration = Configuration::of(&[&read]);
                let last = configuration.get(key).unwrap().last().item;
                prop_assert_eq!(last.text(), Some(wanted[index].1.as_str()), "{:?}", edited);
            }
        }
        prop_assert_eq!(meaning(&read, &keys), meaning(&document, &keys), "{:?}", edited);
        prop_assert_eq!(&apply(&edited, &invert(&edits)).unwrap(), &text);
        prop_assert_eq!(&set(&read, &wanted).unwrap(), &[], "twice is once: {:?}", edited);

        let edits = remove(&document, &keys);
        let edited = apply(&text, &edits).unwrap();
        let read = parse_text("edited", &edited).unwrap();
        prop_assert_eq!(meaning(&read, &[]), meaning(&document, &keys));
        prop_assert_eq!(&apply(&edited, &invert(&edits)).unwrap(), &text);
    }
}
