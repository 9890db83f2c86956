//! What is fuzzed: one function for each kind of input that comes from outside.
//!
//! `scripts/fuzz` runs them with inputs of libFuzzer's making, from the seeds in `fuzz/seeds`; the test
//! below runs the seeds in every run of the tests, with any compiler. A function panics where what it
//! holds does not hold.

#![allow(
    missing_docs,
    reason = "the names say it, and nobody but fuzzing links this"
)]
#![allow(
    clippy::unwrap_used,
    clippy::missing_panics_doc,
    reason = "to panic is what these are for"
)]

mod canary;
#[cfg(test)]
mod mutation;
mod planted;
mod streams;

use std::path::Path;

use crate::connect::{Content, Job, Server};
use crate::database::{SslMode, Target};
use crate::gcfg;
use crate::inventory;
use crate::overlay;
use crate::release::Record;
use crate::revert::StaticChart;
use crate::source::SourceFile;
use crate::yaml;

/// A target: its name, as in `fuzz/seeds`, and what it does with bytes.
pub type Fuzzed = (&'static str, fn(&[u8]));

/// All of them but the gcfg reader, which `fuzz/fuzz_targets/gcfg.rs` holds to more.
pub const TARGETS: [Fuzzed; 7] = [
    ("canary", canary),
    ("yaml", yaml),
    ("overlay", overlay),
    ("record", record),
    ("api", api),
    ("addresses", addresses),
    ("inventory", inventory),
];

/// A made-up credential in any place of a configuration gets nowhere but into the Secret.
pub fn canary(bytes: &[u8]) {
    if let Err(why) = canary::check(&planted::planted(bytes)) {
        panic!("{why}");
    }
}

/// Reading YAML neither panics nor takes memory beyond what libFuzzer allows.
pub fn yaml(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else {
        return;
    };
    for document in yaml::load(text).iter().flatten() {
        assert!(document.span.start <= document.span.end && document.span.end <= text.len());
        let _ = yaml::resolve(document);
    }
}

/// What is laid comes off again, to the byte.
pub fn overlay(bytes: &[u8]) {
    let options = overlay::Options {
        settings: overlay::temporary(),
        selections: Vec::new(),
        allow_missing: true,
    };
    let Ok(off) = overlay::take_off(bytes) else {
        return;
    };
    let before = off.to_vec();
    if let Ok(laid) = overlay::lay(&before, &options) {
        let on = laid.output.to_vec();
        let back = overlay::take_off(&on).expect("what was laid can be taken off");
        assert_eq!(back.to_vec(), before);
    }
}

/// A chart made of a release's record lies in the folder that it was given, and nowhere else.
pub fn record(bytes: &[u8]) {
    let _ = Record::decode(bytes);
    let Ok(record) = serde_json::from_slice::<Record>(bytes) else {
        return;
    };
    let Ok(chart) = StaticChart::new(&record, &record.manifest) else {
        return;
    };
    let outer = tempfile::tempdir().unwrap();
    let folder = outer.path().join("a/b/c/chart");
    std::fs::create_dir_all(&folder).unwrap();
    let _ = chart.write(&folder);
    only(&outer.path().join("a"), "b");
    only(&outer.path().join("a/b"), "c");
    only(&outer.path().join("a/b/c"), "chart");
    only(outer.path(), "a");
}

/// A folder holds one entry.
fn only(folder: &Path, name: &str) {
    let names: Vec<_> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().file_name())
        .collect();
    assert_eq!(names, [name], "written outside of the chart's folder");
}

/// Answers of the server, whatever they hold, are read or refused.
pub fn api(bytes: &[u8]) {
    let _ = serde_json::from_slice::<Content>(bytes);
    let _ = serde_json::from_slice::<Vec<Content>>(bytes);
    let _ = serde_json::from_slice::<Job>(bytes);
}

/// Addresses of servers and databases. The connection strings are read as the setting that holds them.
pub fn addresses(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else {
        return;
    };
    if let Ok(server) = text.parse::<Server>() {
        // What is shown can be given again.
        let shown = server.to_string();
        let again: Server = shown.parse().expect("a server's address as we show it");
        assert_eq!(again.to_string(), shown);
    }
    let _ = text.parse::<SslMode>();
    let Ok(value) = gcfg::write::value(text) else {
        return;
    };
    let written = format!("[Database]\nProvider = postgres\n[Postgres]\nURL = {value}\n");
    let document = gcfg::parse_text("fuzz", &written).expect("what is written can be read");
    if let Err(error) = Target::of(&[document]) {
        let _ = error.to_string();
    }
}

/// A list of content that was read is the same when it is written and read back.
pub fn inventory(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else {
        return;
    };
    let Ok(read) = inventory::read(&SourceFile::new("fuzz", text).into()) else {
        return;
    };
    let written = inventory::write(&read, None);
    let again = inventory::read(&SourceFile::new("again", written.as_str()).into());
    let again = again.unwrap_or_else(|_| panic!("what is written can be read:\n{written}"));
    assert_eq!(again.content.len(), read.content.len(), "{written}");
    assert_eq!(inventory::write(&again, None), written);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_seeds_hold() {
        for (name, target) in TARGETS {
            for (path, seed) in mutation::seeds(name) {
                let held = std::panic::catch_unwind(|| target(&seed));
                assert!(held.is_ok(), "{}", path.display());
            }
        }
    }
}
