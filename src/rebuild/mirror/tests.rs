use std::cell::RefCell;
use std::collections::BTreeMap;
use std::fs;
use std::rc::Rc;

use serde_json::json;

use super::*;

/// An API server of ConfigMaps alone.
#[derive(Clone, Default)]
struct Maps(Rc<RefCell<BTreeMap<String, (u64, Value)>>>);

impl Maps {
    fn of(names: impl IntoIterator<Item = String>) -> Self {
        let empty = |name: String| {
            let object = json!({"metadata": {"name": name, "resourceVersion": 1}});
            (name, (1, object))
        };
        Self(Rc::new(RefCell::new(
            names.into_iter().map(empty).collect(),
        )))
    }

    fn largest(&self) -> usize {
        let maps = self.0.borrow();
        let sizes = maps.values().map(|(_, object)| object.to_string().len());
        sizes.max().unwrap()
    }
}

impl Store for Maps {
    async fn get(&self, name: &str) -> Result<Value, AccessError> {
        let maps = self.0.borrow();
        let found = maps.get(name).ok_or_else(|| AccessError::Missing {
            what: format!("get {name}"),
            why: "not found".to_owned(),
        })?;
        Ok(found.1.clone())
    }

    async fn replace(&self, object: &Value) -> Result<Option<Value>, AccessError> {
        let mut maps = self.0.borrow_mut();
        let name = object["metadata"]["name"].as_str().unwrap();
        let (version, stored) = maps.get_mut(name).unwrap();
        if object["metadata"]["resourceVersion"] != *version {
            return Ok(None);
        }
        *version += 1;
        *stored = object.clone();
        stored["metadata"]["resourceVersion"] = (*version).into();
        Ok(Some(stored.clone()))
    }
}

async fn read(maps: &Maps) -> Vec<u8> {
    Reader::new("j").read(maps).await.unwrap()
}

/// Lines that hardly compress.
fn line(number: u64) -> Vec<u8> {
    let mut random = fastrand::Rng::with_seed(number);
    let text: String = (0..60_000).map(|_| random.alphanumeric()).collect();
    format!("{text}\n").into_bytes()
}

#[tokio::test]
async fn a_long_journal_goes_into_several_and_each_pod_goes_on_where_the_last_was() {
    let maps = Maps::of(names("j"));
    let mut reader = Reader::new("j");
    let mut journal = Vec::new();
    for number in 0..25 {
        // Another pod, after every seven lines.
        let (mut mirror, bytes) = Mirror::open(maps.clone(), "j", false).await.unwrap();
        assert!(bytes == journal, "{number}");
        for more in 0..7 {
            journal.extend(line(number * 7 + more).iter().take(9_999));
            journal.push(b'\n');
            mirror.put(&journal).await.unwrap();
        }
        assert!(reader.read(&maps).await.unwrap() == journal, "{number}");
    }
    assert!(journal.len() > 3 * part::PART);
    // No write was ever larger than what one part holds.
    assert!(maps.largest() < part::PART * 3 / 2, "{}", maps.largest());
    assert!(read(&maps).await == journal);
}

#[tokio::test]
async fn one_that_writes_beside_another_ends_even_where_a_part_has_just_been_left() {
    let maps = Maps::of(names("j"));
    let (mut first, _) = Mirror::open(maps.clone(), "j", false).await.unwrap();
    let mut journal = vec![b'x'; part::PART];
    journal.push(b'\n');
    first.put(&journal).await.unwrap();
    let (mut second, _) = Mirror::open(maps.clone(), "j", false).await.unwrap();
    // The second leaves the first part alone but for its mark.
    journal.extend(b"of the second\n");
    second.put(&journal).await.unwrap();
    first.put(&journal).await.unwrap_err();
    assert!(read(&maps).await == journal);
}

#[tokio::test]
async fn a_copy_that_breaks_off_between_two_maps_is_not_gone_on_with() {
    let maps = Maps::of(names("j"));
    let (mut mirror, _) = Mirror::open(maps.clone(), "j", false).await.unwrap();
    // As `split` cuts it, within a line.
    let mut journal = vec![b'x'; part::PART];
    mirror.put(&journal).await.unwrap();
    journal.extend(b"x\n");
    mirror.put(&journal).await.unwrap();
    maps.0.borrow_mut().get_mut("j-2").unwrap().1["binaryData"] = Value::Null;
    let error = Mirror::open(maps.clone(), "j", false).await.err().unwrap();
    assert!(error.to_string().contains("j-2"), "{error}");
}

#[tokio::test]
async fn where_there_is_one_map_it_holds_all_and_one_that_is_full_ends_it() {
    let maps = Maps::of(["j".to_owned()]);
    let (mut mirror, _) = Mirror::open(maps.clone(), "j", false).await.unwrap();
    let mut journal = vec![b'x'; part::PART];
    for _ in 0..3 {
        journal.extend(b"more\n");
        mirror.put(&journal).await.unwrap();
    }
    assert!(read(&maps).await == journal);
    let before = journal.clone();
    for number in 0..20 {
        journal.extend(line(number));
    }
    let refused = mirror.put(&journal).await.unwrap_err();
    assert!(refused.to_string().contains("--claim"), "{refused}");
    assert!(read(&maps).await == before);

    // On a claim it goes on without.
    let (mut mirror, _) = Mirror::open(maps.clone(), "j", true).await.unwrap();
    mirror.put(&journal).await.unwrap();
    mirror.put(&journal).await.unwrap();
    assert!(read(&maps).await == before);
}

#[test]
fn a_longer_journal_is_kept() {
    let folder = tempfile::tempdir().unwrap();
    restore(b"one\n", folder.path()).unwrap();
    restore(b"one\ntwo\n", folder.path()).unwrap();
    restore(b"one\n", folder.path()).unwrap();
    let path = folder.path().join(crate::rebuild::journal::FILE);
    assert_eq!(fs::read(path).unwrap(), b"one\ntwo\n");
}

#[test]
fn a_journal_of_other_runs_is_neither_lost_nor_taken_for_this_one() {
    for theirs in [
        &b"other\n"[..],
        b"other\nand much more than the copy holds\n",
    ] {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(crate::rebuild::journal::FILE);
        fs::write(&path, theirs).unwrap();
        restore(b"one\ntwo\n", folder.path()).unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"one\ntwo\n");
        let aside = Journal::aside(folder.path()).unwrap();
        assert_eq!(aside.len(), 1);
        assert_eq!(fs::read(&aside[0]).unwrap(), theirs);
        // The same again, as another pod does it, or whoever attaches once more.
        restore(b"one\ntwo\n", folder.path()).unwrap();
        assert_eq!(Journal::aside(folder.path()).unwrap(), aside);
    }
}

#[test]
fn a_torn_line_is_none_of_other_runs() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join(crate::rebuild::journal::FILE);
    fs::write(&path, b"one\nt\0\0").unwrap();
    restore(b"one\ntwo\n", folder.path()).unwrap();
    assert_eq!(fs::read(&path).unwrap(), b"one\ntwo\n");
    assert!(Journal::aside(folder.path()).unwrap().is_empty());
}
