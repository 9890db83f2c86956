//! The gcfg reader on any bytes: `cargo +nightly fuzz run gcfg` in the repository's folder.

#![no_main]

use connect_migrate::diagnostic::InvalidInput;
use connect_migrate::gcfg::{
    Configuration, Section, SettingName, edit, parse_bytes, parse_text, write,
};
use connect_migrate::{Style, render};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let length = bytes
        .strip_prefix("\u{feff}".as_bytes())
        .unwrap_or(bytes)
        .len();
    match parse_bytes("fuzz", bytes) {
        Ok(document) => {
            let text = document.source().text();
            assert_eq!(text.len(), length);
            for setting in document.settings() {
                assert_eq!(&text[setting.key_span.range()], setting.name.property);
                assert!(setting.span().end <= length);
                if let Some(value) = setting.text() {
                    let written = write::value(value).expect("what was read can be written");
                    let again = parse_text("again", &format!("[a]\nk = {written}"));
                    let again = again.expect("what is written can be read");
                    assert_eq!(again.settings().next().and_then(|s| s.text()), Some(value));
                }
            }
            edit_and_back(text);
        }
        Err(InvalidInput(diagnostics)) => {
            assert!(!diagnostics.is_empty());
            for diagnostic in &diagnostics {
                let place = diagnostic.place.as_ref().expect("an error has a place");
                assert!(place.span.start <= place.span.end && place.span.end <= length);
                let _ = render(diagnostic, Style::Plain);
            }
        }
    }
});

/// Sets a value that is there and one that is not, and takes both back.
fn edit_and_back(text: &str) {
    // Reading the text again, a byte order mark behind the first would be taken for one.
    let Ok(document) = parse_text("fuzz", text) else {
        return;
    };
    if text.starts_with('\u{feff}') {
        return;
    }
    let absent = SettingName::new(Section::named("zz", "fuzz"), "k");
    let mut wanted = vec![(absent, "a b".to_owned())];
    if let Some(first) = document.settings().next() {
        wanted.push((first.name.clone(), " ;\\".to_owned()));
    }
    let edits = edit::set(&document, &wanted).expect("these values can be written");
    let edited = edit::apply(text, &edits).expect("the edits are of this text");
    let read = parse_text("edited", &edited).expect("an edited text can be read");
    let configuration = Configuration::of(&[&read]);
    for (name, value) in &wanted {
        let last = configuration.get(&name.key()).expect("it was set").last();
        assert_eq!(last.item.text(), Some(value.as_str()));
    }
    let back = edit::apply(&edited, &edit::invert(&edits)).expect("the inverse fits");
    assert_eq!(back, text);
}
