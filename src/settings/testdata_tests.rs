//! The example files in testdata hold what they promise.

use std::collections::{BTreeSet, HashSet};
use std::fs;
use std::path::{Path, PathBuf};

use super::{Catalogue, Fate, secrecy};
use crate::gcfg::{self, Item};

/// What every made-up credential begins with; nothing else may contain it.
const MARK: &str = "S3cr3t";

fn examples() -> Vec<PathBuf> {
    fn collect(folder: &Path, found: &mut Vec<PathBuf>) {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                collect(&path, found);
            } else if path
                .extension()
                .is_some_and(|extension| extension == "gcfg")
            {
                found.push(path);
            }
        }
    }
    let testdata = Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata");
    let mut found = vec![
        testdata.join("rstudio-connect.gcfg"),
        testdata.join("rstudio-connect-migration.gcfg"),
    ];
    collect(&testdata.join("gcfg"), &mut found);
    found.sort();
    found
}

/// Whether an example is there for what is wrong or odd in it: those from 43 on are.
fn is_odd(path: &Path) -> bool {
    let name = path.file_name().unwrap().to_string_lossy();
    let number = name.split('-').next().unwrap().parse::<u32>();
    number.is_ok_and(|number| number >= 43)
}

fn read(path: &Path) -> gcfg::Document {
    let name = path.file_name().unwrap().to_string_lossy();
    gcfg::parse_bytes(&name, &fs::read(path).unwrap()).unwrap()
}

#[test]
fn every_example_parses_and_says_what_it_is() {
    let examples = examples();
    assert!(examples.len() >= 40);
    for path in examples {
        let document = read(&path);
        let first = &document.items()[0];
        assert!(matches!(first, Item::Comment(_)), "{}", path.display());
    }
}

#[test]
fn every_credential_is_recognised_and_unique() {
    let catalogue = Catalogue::builtin();
    let mut seen = HashSet::new();
    for path in examples() {
        let encrypted = path.ends_with("40-encrypted-values.gcfg");
        for setting in read(&path).settings() {
            let text = setting.text().unwrap_or_default();
            let exposed = catalogue.exposure(&setting.name, text).is_some();
            let place = format!("{}:{} {}", path.display(), setting.line, setting.name);
            let marked = text.contains(MARK) || (encrypted && secrecy::may_be_encrypted(text));
            assert_eq!(exposed, marked, "{place}");
            assert!(!exposed || seen.insert(text.to_owned()), "{place}");
        }
    }
    assert!(seen.len() >= 40);
}

#[test]
fn the_examples_use_most_of_the_catalogue() {
    let catalogue = Catalogue::builtin();
    let mut used = BTreeSet::new();
    let mut codes = BTreeSet::new();
    for path in examples() {
        for setting in read(&path).settings() {
            if let Some(entry) = catalogue.lookup(&setting.name) {
                used.insert((&entry.section, &entry.property));
                codes.insert(entry.decide(setting.text()).code);
            }
        }
    }
    let unused: BTreeSet<&str> = catalogue
        .entries()
        .iter()
        .map(|entry| entry.code.as_str())
        .filter(|code| !codes.contains(code))
        .collect();
    assert!(
        used.len() * 10 >= catalogue.entries().len() * 8,
        "{}",
        used.len()
    );
    assert_eq!(unused, BTreeSet::new(), "codes without an example");
}

#[test]
fn values_of_the_wrong_type_stand_only_where_they_are_meant_to() {
    let catalogue = Catalogue::builtin();
    let mut wrong = Vec::new();
    for path in examples().into_iter().filter(|path| !is_odd(path)) {
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        for setting in read(&path).settings() {
            let Some(entry) = catalogue.lookup(&setting.name) else {
                continue;
            };
            let bad = |text: &str| entry.value_type.check(text).is_err();
            if setting.text().is_some_and(bad) {
                wrong.push(format!("{name} {}", setting.name));
            }
        }
    }
    let expected = ["IdleTimeout", "MinProcesses", "MemoryLimit"]
        .map(|property| format!("34-unknown-and-typos.gcfg Scheduler.{property}"));
    assert_eq!(wrong, expected);
}

#[test]
fn unknown_settings_stand_only_where_they_are_meant_to() {
    let catalogue = Catalogue::builtin();
    for path in examples().into_iter().filter(|path| !is_odd(path)) {
        for setting in read(&path).settings() {
            if catalogue.lookup(&setting.name).is_none() {
                let name = path.file_name().unwrap().to_string_lossy();
                let meant = ["05-", "28-", "34-", "39-"];
                assert!(
                    meant.iter().any(|number| name.starts_with(number)),
                    "{name}:{} {}",
                    setting.line,
                    setting.name
                );
            }
        }
    }
}

#[test]
fn the_sample_shows_every_fate_but_block() {
    let sample = Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata/rstudio-connect.gcfg");
    let catalogue = Catalogue::builtin();
    let mut fates = HashSet::new();
    for setting in read(&sample).settings() {
        let entry = catalogue.lookup(&setting.name).unwrap();
        fates.insert(entry.decide(setting.text()).fate);
    }
    let expected = [Fate::Keep, Fate::Review, Fate::Drop, Fate::Chart];
    assert_eq!(fates, HashSet::from(expected));
}
