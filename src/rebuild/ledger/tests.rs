use proptest::prelude::*;

use super::*;
use crate::connect::{JobKey, Languages};
use crate::rebuild::journal::Story;
use crate::rebuild::plan::{Action, plan};
use crate::rebuild::record::CacheOutcome;
use crate::rebuild::selection::{Selection, Wanted};

const GUIDS: [&str; 3] = ["a", "b", "c"];

fn guid(index: usize) -> ContentGuid {
    ContentGuid::from(GUIDS[index])
}

fn intent(index: usize, bundle: u32) -> Intent {
    Intent {
        guid: guid(index),
        bundle: BundleId::from(bundle.to_string()),
        server_time: Timestamp::UNIX_EPOCH,
        replaces: None,
        restores: 1,
        known_jobs: vec![JobKey::from("old")],
    }
}

fn record() -> impl Strategy<Value = Record> {
    let item = 0..GUIDS.len();
    let bundle = 1_u32..3;
    prop_oneof![
        (1_u32..4).prop_map(|run| Record::Run {
            run,
            parallelism: 4,
            server_version: None
        }),
        item.clone().prop_map(|index| Record::Item {
            guid: guid(index),
            title: format!("title {index}\n\"quoted\"")
        }),
        item.clone().prop_map(|index| Record::Skipped {
            guid: guid(index),
            reason: SkipReason::Locked
        }),
        (item.clone(), bundle.clone())
            .prop_map(|(index, bundle)| Record::Intent(intent(index, bundle))),
        (item.clone(), "[a-z]{4}").prop_map(|(index, task)| Record::Submitted {
            guid: guid(index),
            task: TaskId::from(task),
            cookies: Some("node=1".to_owned())
        }),
        (item.clone(), bundle).prop_map(|(index, bundle)| Record::Built {
            guid: guid(index),
            bundle: BundleId::from(bundle.to_string()),
            seconds: 1.5
        }),
        (item, any::<bool>()).prop_map(|(index, timeout)| Record::Failed {
            guid: guid(index),
            reason: if timeout {
                FailReason::Timeout
            } else {
                FailReason::Build
            },
            error: "error\nof two lines".to_owned()
        }),
        Just(Record::Cache {
            cache: Cache {
                language: "R".into(),
                version: "4.3.1".into(),
                image_name: "Local".into()
            },
            outcome: CacheOutcome::Deleted
        }),
        Just(Record::CachesDone),
        Just(Record::End {
            outcome: Outcome::Done
        }),
    ]
}

fn entries() -> impl Strategy<Value = Vec<JournalEntry>> {
    prop::collection::vec(record(), 0..24).prop_map(|records| {
        let mut at = Timestamp::UNIX_EPOCH;
        let entry = |record| {
            at += jiff::SignedDuration::from_secs(1);
            JournalEntry { at, record }
        };
        records.into_iter().map(entry).collect()
    })
}

fn bytes(entries: &[JournalEntry]) -> Vec<u8> {
    let mut bytes = Vec::new();
    for entry in entries {
        bytes.extend(serde_json::to_vec(entry).unwrap());
        bytes.push(b'\n');
    }
    bytes
}

/// The last record that says something about an item's build.
fn last_word<'a>(entries: &'a [JournalEntry], guid: &ContentGuid) -> Option<&'a Record> {
    entries
        .iter()
        .rev()
        .map(|entry| &entry.record)
        .find(|record| match record {
            Record::Intent(intent) => intent.guid == *guid,
            Record::Submitted { guid: of, .. }
            | Record::Built { guid: of, .. }
            | Record::Failed { guid: of, .. }
            | Record::Skipped { guid: of, .. } => of == guid,
            _ => false,
        })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    /// However a journal is cut off, what is read is what was written up to the last whole line.
    #[test]
    fn any_torn_tail_reads_as_the_lines_before_it(
        entries in entries(),
        cut in any::<prop::sample::Index>(),
        rubbish in prop::collection::vec(any::<u8>().prop_filter("no line feed", |byte| *byte != b'\n'), 0..20),
    ) {
        let whole = bytes(&entries);
        let cut = cut.index(whole.len() + 1);
        let mut torn = whole[..cut].to_vec();
        let lines = torn.iter().filter(|byte| **byte == b'\n').count();
        torn.extend(rubbish);
        let story = Story::parse(&torn);
        prop_assert_eq!(&story.entries[..], &entries[..lines]);
        prop_assert_eq!(story.unreadable, 0);
        prop_assert_eq!(story.ledger(), Ledger::replay(&entries[..lines]));
        // Going on from there reads as if it had never been torn.
        let mut mended = torn[..usize::try_from(story.good).unwrap()].to_vec();
        mended.extend(bytes(&entries[lines..]));
        prop_assert_eq!(Story::parse(&mended).entries, entries);
    }

    /// Whatever the journal says, an item that may be at work on the server is looked after and not
    /// submitted, and one that is built is not built again.
    #[test]
    fn nothing_is_submitted_that_may_run(entries in entries()) {
        let ledger = Ledger::replay(&entries);
        let contents: Vec<crate::connect::Content> = serde_json::from_str(
            r#"[{"guid": "a", "bundle_id": "1", "app_mode": "shiny"},
                {"guid": "b", "bundle_id": "2", "app_mode": "shiny"},
                {"guid": "c", "bundle_id": "1", "app_mode": "static"}]"#,
        ).unwrap();
        let selection = Selection {
            listed: Some((0..3).map(|index| Wanted::new(guid(index))).collect()),
            ..Selection::default()
        };
        let plan = plan(&selection, &contents, None, &Languages::default(), &ledger);
        prop_assert_eq!(plan.items.len(), 3);
        for (item, content) in plan.items.iter().zip(&contents) {
            let had_intent = entries.iter().any(|entry| matches!(
                &entry.record, Record::Intent(intent) if intent.guid == item.guid
            ));
            match last_word(&entries, &item.guid) {
                Some(Record::Intent(intent)) => {
                    prop_assert_eq!(&item.action, &Action::Look(intent.clone()));
                }
                Some(Record::Submitted { task, .. }) if had_intent => {
                    if let Action::Adopt { running, newer } = &item.action {
                        prop_assert_eq!(&running.task, task);
                        prop_assert_eq!(
                            newer.is_some(),
                            content.bundle_id.is_some() && Some(&running.intent.bundle) != content.bundle_id.as_ref()
                        );
                    }
                }
                Some(Record::Built { bundle, .. }) if item.guid != guid(2) => {
                    let same = Some(bundle) == content.bundle_id.as_ref();
                    prop_assert_eq!(item.action == Action::Finished, same);
                }
                _ => {}
            }
        }
        let counts = ledger.counts();
        prop_assert_eq!(
            counts.built + counts.failed + counts.running + counts.waiting + counts.skipped,
            ledger.items().count()
        );
    }
}

#[test]
fn a_build_beyond_its_time_is_remembered_as_running() {
    let at = Timestamp::UNIX_EPOCH;
    let records = [
        Record::Intent(intent(0, 1)),
        Record::Submitted {
            guid: guid(0),
            task: TaskId::from("t"),
            cookies: None,
        },
        Record::Failed {
            guid: guid(0),
            reason: FailReason::Timeout,
            error: "late".into(),
        },
        // The next run waited for it, in vain too.
        Record::Failed {
            guid: guid(0),
            reason: FailReason::Timeout,
            error: "late again".into(),
        },
    ];
    let entries = records.map(|record| JournalEntry { at, record });
    let ledger = Ledger::replay(&entries);
    let item = ledger.item(&guid(0)).unwrap();
    assert_eq!(item.attempts, 1);
    let ItemState::Failed {
        running: Some(running),
        ..
    } = &item.standing
    else {
        panic!("{:?}", item.standing);
    };
    assert_eq!(running.task, TaskId::from("t"));
}
