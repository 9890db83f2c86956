//! Edits of documents in every style.

use proptest::prelude::*;

use super::document::read;
use super::*;

const GCFG: &str = "data.g";

fn path() -> Path {
    Path::root().keys(&["data", "g"])
}

fn set(body: &str, new: &str) -> String {
    set_text(body, &path(), new).unwrap()
}

fn text(body: &str) -> String {
    let root = read(body).unwrap();
    let node = path().find(&root).unwrap();
    node.as_str().unwrap().to_owned()
}

const OLD: &str = "[A]\nk = 1\n\n[B]\nx = \"y\" ; é\n";
const NEW: &str = "[A]\nk = 0\nnew = it's\n\n[B]\nx = \"y\" ; é\n\n[C]\nz = 1\n";

#[test]
fn a_literal_block_keeps_every_other_byte() {
    let body = "\n# head\ndata:\n  g: |   # why\n    [A]\n    k = 1\n    \n    [B]\n    x = \"y\" ; é\n    \n  # tail\n  h: 1\n";
    insta::assert_snapshot!(set(body, NEW), @r#"
    # head
    data:
      g: |   # why
        [A]
        k = 0
        new = it's
        
        [B]
        x = "y" ; é

        [C]
        z = 1
        
      # tail
      h: 1
    "#);
    assert_eq!(set(&set(body, NEW), OLD), body);
}

#[test]
fn indentation_indicators_and_chomping_stay() {
    for header in [
        "|", "|-", "|+", "|2", "|2-", "|+2", "| # c", "&a |", "!!str |",
    ] {
        let body = format!("data:\n  g: {header}\n    [A]\n    k = 1\n  h: 1\n");
        let new = text(&body).replace("k = 1", "k = 0\nl = 2");
        let edited = set(&body, &new);
        let shown = edited.replace("    k = 0\n    l = 2\n", "    k = 1\n");
        assert_eq!(shown, body, "{header}");
    }
}

#[test]
fn crlf_and_a_missing_last_line_break_stay() {
    let body = "data:\r\n  g: |\r\n    [A]\r\n    k = 1\r\n  h: 1\r\n";
    assert_eq!(
        set(body, "[A]\nk = 0\nl = 2\n"),
        "data:\r\n  g: |\r\n    [A]\r\n    k = 0\r\n    l = 2\r\n  h: 1\r\n"
    );
    let body = "data:\n  g: |-\n    [A]\n    k = 1";
    let edited = "data:\n  g: |-\n    [A]\n    k = 1\n    l = 2";
    assert_eq!(set(body, "[A]\nk = 1\nl = 2"), edited);
    assert_eq!(
        set(edited, "[A]\nk = 2"),
        "data:\n  g: |-\n    [A]\n    k = 2"
    );
}

#[test]
fn other_styles_are_edited_where_they_stand() {
    for (body, edited) in [
        (
            "data: {g: \"[A]\\nk = 1\\n\", h: 1}\n",
            "data: {g: \"[A]\\nk = 0\\nl = \\\"\\n\", h: 1}\n",
        ),
        (
            "{\"data\":{\"g\":\"[A]\\nk = 1\\n\"}}",
            "{\"data\":{\"g\":\"[A]\\nk = 0\\nl = \\\"\\n\"}}",
        ),
        (
            "data:\n  g: \"[A]\\n\\\n    k = 1\\n\"\n",
            "data:\n  g: \"[A]\\n\\\n    k = 0\\nl = \\\"\\n\"\n",
        ),
        (
            "data:\n  g: '[A]\n\n    k = 1\n\n    '\n",
            "data:\n  g: '[A]\n\n    k = 0\n\n    l = \"\n\n    '\n",
        ),
        (
            "data:\n  g: >\n   [A]\n\n   k = 1\n  h: 1\n",
            "data:\n  g: >\n   [A]\n\n   k = 0\n\n   l = \"\n  h: 1\n",
        ),
    ] {
        assert_eq!(set(body, "[A]\nk = 0\nl = \"\n"), edited, "{body}");
    }
}

#[test]
fn what_a_style_cannot_say_is_quoted() {
    for body in [
        "data:\n  g:\n  h: 1\n",
        "data:\n  g: ~\n  h: 1\n",
        "data:\n  g: one\n  h: 1\n",
        "data:\n  g: |-\n    one\n  h: 1\n",
        "data:\n  g: |\n  h: 1\n",
        "data:\n  g: &a one\n  h: 1\n",
    ] {
        let edited = set(body, "  [A] # x\nk: 1\n");
        assert_eq!(text(&edited), "  [A] # x\nk: 1\n");
        assert!(
            edited.ends_with("\"  [A] # x\\nk: 1\\n\"\n  h: 1\n"),
            "{edited}"
        );
    }
}

#[test]
fn what_an_anchor_shares_is_not_changed() {
    let body = "data:\n  g: &a one\n  h: *a\n";
    assert_eq!(
        set_text(body, &path(), "two").unwrap_err().to_string(),
        format!("{GCFG} cannot be edited in place (an anchor or alias may stand in the way)")
    );
    assert_eq!(
        set("x: &a one\ndata:\n  g: *a\n", "two"),
        "x: &a one\ndata:\n  g: \"two\"\n"
    );
}

#[test]
fn entries_come_in_the_style_around_them_and_go_again() {
    let metadata = Path::root().key("metadata");
    let labels = metadata.key("labels");
    for (body, edited, emptied) in [
        (
            "metadata:\n  name: x # c\n  # d\ndata: {}\n",
            "metadata:\n  name: x # c\n  labels:\n    a-b: one-two\n    c/d: '{\"e\":1}'\n  # d\ndata: {}\n",
            Emptied::Absent,
        ),
        (
            "metadata:\n    labels:\n          z: |\n            1\n    name: x",
            "metadata:\n    labels:\n          a-b: one-two\n          c/d: '{\"e\":1}'\n          z: |\n            1\n    name: x",
            Emptied::Absent,
        ),
        (
            "metadata:\r\n  labels: {}\r\n  name: x\r\n",
            "metadata:\r\n  labels: {\"a-b\": \"one-two\", \"c/d\": \"{\\\"e\\\":1}\"}\r\n  name: x\r\n",
            Emptied::Braces,
        ),
        (
            "metadata:\n  labels:\n  name: x\n",
            "metadata:\n  labels: {\"a-b\": \"one-two\", \"c/d\": \"{\\\"e\\\":1}\"}\n  name: x\n",
            Emptied::Null,
        ),
        (
            "{\n \"metadata\": {\n  \"labels\": {\n   \"z\": \"1\"\n  }\n }\n}",
            "{\n \"metadata\": {\n  \"labels\": {\n   \"a-b\": \"one-two\",\n   \"c/d\": \"{\\\"e\\\":1}\",\n   \"z\": \"1\"\n  }\n }\n}",
            Emptied::Absent,
        ),
        (
            "{\"metadata\": {\"name\": \"x\"}}",
            "{\"metadata\": {\"labels\": {\"a-b\": \"one-two\", \"c/d\": \"{\\\"e\\\":1}\"}, \"name\": \"x\"}}",
            Emptied::Absent,
        ),
    ] {
        let put = put(body, &labels, &[("a-b", "one-two"), ("c/d", "{\"e\":1}")]).unwrap();
        assert_eq!(put, edited);
        assert_eq!(
            remove(&put, &labels, &["a-b", "c/d"], emptied).unwrap(),
            body
        );
    }
}

#[test]
fn a_mapping_in_a_list_item_is_extended() {
    let path = Path::root()
        .key("items")
        .index(0)
        .keys(&["metadata", "labels"]);
    let body = "items:\n- metadata:\n    name: x\n  kind: y\n";
    let edited = put(body, &path, &[("a-b", "c-d")]).unwrap();
    assert_eq!(
        edited,
        "items:\n- metadata:\n    name: x\n    labels:\n      a-b: c-d\n  kind: y\n"
    );
    assert_eq!(
        remove(&edited, &path, &["a-b"], Emptied::Absent).unwrap(),
        body
    );
}

/// Lines as gcfg files have them, and some that make YAML's life hard.
fn lines() -> impl Strategy<Value = String> {
    let line = prop_oneof![
        3 => Just(String::new()),
        6 => "[a-zA-Z=\\[\\]:#\"' ]{0,12}",
        1 => "[\\PC\t]{0,6}",
    ];
    (proptest::collection::vec(line, 0..7), any::<bool>()).prop_map(|(lines, ended)| {
        let mut text = lines.join("\n");
        if ended {
            text.push('\n');
        }
        text
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    /// Whatever the style and the texts, the edit says exactly the new text, or fails.
    #[test]
    fn a_text_that_is_set_is_read_back(old in lines(), new in lines(), style in 0..3, break_ in "\r?\n") {
        let quoted = quote::double(&old);
        let body = match style {
            0 => format!("data:\n  g: {quoted}\n  h: 1\n"),
            1 => format!("{{\"data\": {{\"g\": {quoted}, \"h\": 1}}}}"),
            _ => {
                let block: String = split_lines(&old).iter().map(|l| format!("    {l}\n")).collect();
                format!("data:\n  g: |2\n{block}  h: 1\n")
            }
        };
        let body = body.replace('\n', &break_);
        prop_assume!(read(&body).is_ok());
        let edited = set_text(&body, &path(), &new).unwrap();
        prop_assert_eq!(text(&edited), new);
        prop_assert!(edited.contains("h\": 1") || edited.contains("\n  h: 1"));
    }
}
