//! What the reader says about broken texts. What it accepts, and where it stops, is held against
//! Go's reader in tests/cli/gcfg_oracle.rs.

use insta::assert_snapshot;
use proptest::prelude::*;

use super::*;
use crate::diagnostic::{Code, Diagnostic};
use crate::output::{Style, render};

fn errors(bytes: &[u8]) -> Vec<Diagnostic> {
    match parse_bytes("f.gcfg", bytes) {
        Ok(_) => Vec::new(),
        Err(InvalidInput(diagnostics)) => diagnostics,
    }
}

/// The errors as `code line:column`.
fn brief(bytes: &[u8]) -> Vec<String> {
    errors(bytes)
        .iter()
        .map(|e| format!("{} {}", e.code, e.place.as_ref().unwrap().position()))
        .collect()
}

fn rendered(text: &str) -> String {
    let all = errors(text.as_bytes());
    let all: Vec<String> = all.iter().map(|e| render(e, Style::Plain)).collect();
    all.join("\n")
}

#[test]
fn every_error_is_found_in_one_run() {
    assert_eq!(
        brief(b"a = 1\nb = 2\n[x\nk v\n[y] j = 1\nj = \"\nk = \\q\n= 1\n[z \"\"]\nk = \"a\\\nb\"\n!\n\xff\0\nk=\0"),
        [
            "gcfg-expected-section-header 1:1",
            "gcfg-expected-right-bracket 3:3",
            "gcfg-expected-equals 4:3",
            "gcfg-expected-line-end 5:5",
            "gcfg-string-not-terminated 6:5",
            "gcfg-bare-backslash 7:5",
            "gcfg-expected-setting 8:1",
            "gcfg-empty-subsection 9:4",
            "gcfg-unknown-escape 10:8",
            "gcfg-string-not-terminated 11:2",
            "gcfg-illegal-character 12:1",
            "gcfg-not-utf8 13:1",
            "gcfg-nul 14:3",
        ]
    );
}

#[test]
fn an_error_does_not_hide_the_next_line() {
    assert_eq!(
        brief(b"[a\n[b\n"),
        [
            "gcfg-expected-right-bracket 1:3",
            "gcfg-expected-right-bracket 2:3"
        ]
    );
    assert_eq!(
        brief(b"[a]\nk = \"\nk = \"\n"),
        [
            "gcfg-string-not-terminated 2:5",
            "gcfg-string-not-terminated 3:5"
        ]
    );
    // What follows a broken header is not called homeless.
    assert_eq!(brief(b"[a.b]\nk = 1\n"), ["gcfg-illegal-character 1:3"]);
}

#[test]
fn unreadable_bytes_are_named_once_a_line_and_cause_nothing_else() {
    assert_eq!(
        brief(b"[a]\nGr\xf6\xdfe = \xe4\nk = \"\\\0\"\n; \xff\xff\n"),
        ["gcfg-not-utf8 2:3", "gcfg-nul 3:7", "gcfg-not-utf8 4:3"]
    );
}

#[test]
fn a_text_in_utf16_gets_one_message() {
    let text: Vec<u8> = "[Server]\r\nListen = :3939\r\n"
        .encode_utf16()
        .flat_map(u16::to_le_bytes)
        .collect();
    assert_eq!(brief(&text), ["gcfg-nul 1:2"]);
    let marked = [b"\xff\xfe".as_slice(), &text].concat();
    assert_eq!(brief(&marked), ["gcfg-not-utf8 1:1"]);
    // The mark alone tells it, too: letters of other scripts have no zero in them.
    let other: Vec<u8> = "\u{feff}\u{4e2d}\u{6587}\n\u{4e2d}\u{6587}\n"
        .encode_utf16()
        .flat_map(u16::to_le_bytes)
        .collect();
    assert_eq!(brief(&other), ["gcfg-not-utf8 1:1"]);
}

#[test]
fn an_error_shows_its_line_with_the_place_marked() {
    assert_snapshot!(rendered("[Server]\nDataDir = C:\\data\n\tAddress \u{e4}\n"), @r#"
    error[gcfg-bare-backslash]: a backslash outside quotes
     --> f.gcfg:2:11
      |
    2 | DataDir = C:\data
      |           ^^^
      |
      = help: put the value in double quotes and write each backslash twice, as in "C:\\data"
    error[gcfg-expected-equals]: expected '='
     --> f.gcfg:3:10
      |
    3 |     Address ***
      |             ^^^
      |
      = help: a setting reads Key = value; nothing else may stand behind the key
    "#);
}

#[test]
fn the_mark_stands_under_its_character() {
    assert_snapshot!(rendered("[Server]\n\tDataDir = 日本\\x\n"), @r#"
    error[gcfg-bare-backslash]: a backslash outside quotes
     --> f.gcfg:2:12
      |
    2 |     DataDir = 日本\x
      |               ^^^^^
      |
      = help: put the value in double quotes and write each backslash twice, as in "C:\\data"
    "#);
}

#[test]
fn what_may_be_secret_is_not_shown() {
    assert_snapshot!(
        rendered("[Postgres]\nPassword = \"hunter\nPassword = \"hun\\ter\nURL = db://me:hun\\ter@db\n"),
        @r#"
    error[gcfg-string-not-terminated]: the quoted text is not closed
     --> f.gcfg:2:12
      |
    2 | Password = ***
      |            ^^^
      |
      = help: close it with " on the same line; a line feed inside quotes is written \n
    error[gcfg-string-not-terminated]: the quoted text is not closed
     --> f.gcfg:3:12
      |
    3 | Password = ***
      |            ^^^
      |
      = help: close it with " on the same line; a line feed inside quotes is written \n
    error[gcfg-bare-backslash]: a backslash outside quotes
     --> f.gcfg:4:7
      |
    4 | URL = ***
      |       ^^^
      |
      = help: put the value in double quotes and write each backslash twice, as in "C:\\data"
    "#
    );
}

#[test]
fn messages_do_not_quote_what_may_be_secret() {
    for (text, message) in [
        ("[a]\nPassword = \"\\q\"", "unknown escape sequence"),
        ("[a]\nDataDir = \"\\q\"", "unknown escape sequence"),
        ("[a]\nPassword = \"x\\\ny\"", "unknown escape sequence"),
        ("[a]\nKey = \"x\n!yz\"", "illegal character"),
        ("[a]\na_b = 1", "illegal character _ U+005F"),
        ("[a]\na\u{1b}b = 1", "illegal character \\u{1b} U+001B"),
    ] {
        let errors = errors(text.as_bytes());
        let messages: Vec<&str> = errors.iter().map(|e| e.message.as_str()).collect();
        assert!(messages.contains(&message), "{text:?}: {messages:?}");
    }
}

#[test]
fn the_first_codes_and_helps_belong_together() {
    for error in errors(b"[a]\nk = \"\\q\"\n[a \"\\n\"]\n") {
        assert_eq!(error.code, Code::GcfgUnknownEscape);
        let named = error.place.as_ref().unwrap().position().line == 3;
        assert_eq!(error.help.unwrap().contains("subsection"), named);
    }
}

/// Pieces that make trouble, and anything.
fn trouble() -> impl Strategy<Value = Vec<u8>> {
    let piece = prop_oneof![
        "[\\[\\]\"\\\\=;#\n\r \tab0-]{1,4}".prop_map(String::into_bytes),
        "(Password|[a-z]{1,3}) ?[=: ] ?\"?".prop_map(String::into_bytes),
        "\\PC{1,2}".prop_map(String::into_bytes),
        prop::collection::vec(any::<u8>(), 1..4),
    ];
    prop::collection::vec(piece, 0..12).prop_map(|pieces| pieces.concat())
}

proptest! {
    #[test]
    fn any_bytes_give_a_document_or_places_in_the_text(bytes in trouble()) {
        let length = bytes.strip_prefix("\u{feff}".as_bytes()).unwrap_or(&bytes).len();
        match parse_bytes("f", &bytes) {
            Ok(document) => {
                let text = document.source().text();
                prop_assert_eq!(text.len(), length);
                for setting in document.settings() {
                    prop_assert_eq!(&text[setting.key_span.range()], &setting.name.property);
                    prop_assert!(setting.span().end <= length);
                }
            }
            Err(InvalidInput(diagnostics)) => {
                prop_assert!(!diagnostics.is_empty());
                for diagnostic in diagnostics {
                    let place = diagnostic.place.as_ref().unwrap();
                    prop_assert!(place.span.start <= place.span.end && place.span.end <= length);
                    prop_assert!(place.source.text().is_char_boundary(place.span.start));
                    let header = format!("f:{}", place.position());
                    prop_assert!(render(&diagnostic, Style::Plain).contains(&header));
                }
            }
        }
    }

    #[test]
    fn no_broken_credential_is_shown(
        key in "(?i)(Bind|Db|Smtp)?[-_]?(Password|Secret|ApiKey|Token|Credential|Licen[sc]e|DSN)",
        separator in "[ \t]{0,2}[= :][ \t]{0,2}",
        before in "[a-z;#'\\[\\] =]{0,4}",
        damage in "[\"\\\\!]{0,2}",
        after in prop_oneof!["[ -~]{0,6}", "\\\\?\n[a-z!\"]{0,3}", "\\\\?\r\n[a-z!\"]{0,3}"],
        top in prop_oneof![Just(""), Just("[a]\n"), Just("[a"), Just("[a] "), Just("; ")],
    ) {
        const SECRET: &str = "hunter";
        let text = format!("{top}{key}{separator}{before}{damage}{SECRET}{after}{SECRET}{damage}\n");
        for error in errors(text.as_bytes()) {
            let shown = format!("{error}{}", render(&error, Style::Plain));
            prop_assert!(!shown.contains(SECRET), "{}\n{}", text, shown);
        }
    }
}
