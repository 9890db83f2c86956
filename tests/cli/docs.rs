//! The documents say what the program does.

use std::collections::BTreeMap;
use std::fs;

use connect_migrate::convert::reason;
use connect_migrate::settings::Catalogue;

/// Holds the part of a document between two marks against what it is made from; with `BLESS` set,
/// writes it.
fn generated(path: &str, begin: &str, end: &str, wanted: &str) {
    let text = fs::read_to_string(path).unwrap();
    let (before, rest) = text.split_once(begin).unwrap();
    let (mark, rest) = rest.split_once('\n').unwrap();
    let (found, after) = rest.split_once(end).unwrap();
    if std::env::var_os("BLESS").is_some() {
        fs::write(path, format!("{before}{begin}{mark}\n{wanted}{end}{after}")).unwrap();
    } else {
        assert_eq!(found, wanted, "{path}: run it with BLESS=1");
    }
}

#[test]
fn every_code_of_the_account_is_documented() {
    let codes: BTreeMap<&str, &str> = Catalogue::builtin()
        .codes()
        .chain(reason::ALL.iter().copied())
        .collect();
    let mut table = "\n| code | meaning |\n|---|---|\n".to_owned();
    for (code, meaning) in codes {
        table.push_str(&format!("| `{code}` | {} |\n", meaning.replace('|', "\\|")));
    }
    table.push('\n');
    generated(
        "docs/account.md",
        "<!-- codes:",
        "<!-- end of codes -->",
        &table,
    );
}
