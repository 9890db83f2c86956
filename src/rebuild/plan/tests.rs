use proptest::prelude::*;

use super::*;
use crate::rebuild::record::{JournalEntry, Record};

fn content(guid: &str, rest: &str) -> Content {
    serde_json::from_str(&format!(
        r#"{{"guid": "{guid}", "bundle_id": "1", "app_mode": "shiny", {rest}}}"#
    ))
    .unwrap()
}

fn listed(guids: &[&str]) -> Selection {
    Selection {
        listed: Some(
            guids
                .iter()
                .map(|guid| Wanted::new(ContentGuid::from(*guid)))
                .collect(),
        ),
        ..Selection::default()
    }
}

fn all(top: Option<usize>) -> Selection {
    Selection {
        all: true,
        top,
        ..Selection::default()
    }
}

fn order(plan: &Plan) -> Vec<&str> {
    plan.items.iter().map(|item| item.guid.as_str()).collect()
}

#[test]
fn use_counts_then_the_last_deployment() {
    let contents = [
        content("old", r#""last_deployed_time": "2020-01-01T00:00:00Z""#),
        content("new", r#""last_deployed_time": "2026-01-01T00:00:00Z""#),
        content("never", r#""last_deployed_time": null"#),
        content("used", r#""last_deployed_time": "2019-01-01T00:00:00Z""#),
        content("locked", r#""locked": true"#),
    ];
    let usage = [("used", 3), ("locked", 9)]
        .map(|(guid, uses)| (ContentGuid::from(guid), uses))
        .into();
    let plan_all = plan(
        &all(None),
        &contents,
        Some(&usage),
        &Languages::default(),
        &Ledger::default(),
    );
    assert_eq!(order(&plan_all), ["locked", "used", "new", "old", "never"]);
    assert_eq!(plan_all.items[0].action, Action::Skip(SkipReason::Locked));
    assert_eq!(plan_all.items[1].uses, Some(3));
    let top = plan(
        &all(Some(2)),
        &contents,
        Some(&usage),
        &Languages::default(),
        &Ledger::default(),
    );
    assert_eq!(order(&top), ["used", "new"], "of those that can be built");
}

#[test]
fn a_list_keeps_its_order_and_names_what_is_unknown() {
    let contents = [
        content("a", r#""title": "A""#),
        content("b", r#""title": "B""#),
    ];
    let plan = plan(
        &listed(&["b", "x", "a", "b"]),
        &contents,
        None,
        &Languages::default(),
        &Ledger::default(),
    );
    assert_eq!(order(&plan), ["b", "x", "a"]);
    assert_eq!(plan.items[1].action, Action::Skip(SkipReason::Unknown));
    assert_eq!(plan.items[0].title, "B");
    assert_eq!(plan.items[0].uses, None);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    /// Whatever is chosen and whatever was done before: each item has one place in the plan, what
    /// is chosen comes before what is carried over, and the same question has the same answer.
    #[test]
    fn each_item_has_one_place(
        on_server in prop::collection::hash_set("[a-h]", 0..8),
        wanted in prop::option::of(prop::collection::vec("[a-h]", 0..8)),
        before in prop::collection::vec("[a-h]", 0..8),
        uses in prop::collection::hash_map("[a-h]", 0_u64..4, 0..8),
        top in prop::option::of(1_usize..5),
    ) {
        let contents: Vec<_> = on_server.iter().map(|guid| content(guid, r#""name": "n""#)).collect();
        let usage: Usage = uses.into_iter().map(|(guid, uses)| (ContentGuid::from(guid), uses)).collect();
        let entries: Vec<_> = before.iter().map(|guid| JournalEntry::now(Record::Item {
            guid: ContentGuid::from(guid.clone()),
            title: guid.clone(),
        })).collect();
        let ledger = Ledger::replay(&entries);
        let names: Option<Vec<&str>> = wanted.as_ref().map(|list| list.iter().map(String::as_str).collect());
        let selection = Selection { top, ..names.as_deref().map_or_else(|| all(None), listed) };
        let made = plan(&selection, &contents, Some(&usage), &Languages::default(), &ledger);

        let places = order(&made);
        let distinct: HashSet<_> = places.iter().collect();
        prop_assert_eq!(distinct.len(), places.len());
        for guid in &before {
            prop_assert!(places.contains(&guid.as_str()));
        }
        let chosen = places.len() - made.carried_over;
        prop_assert!(top.is_none_or(|top| chosen <= top));
        for guid in &places[chosen..] {
            prop_assert!(before.iter().any(|old| old == guid));
        }
        if let (Some(wanted), None) = (&wanted, top) {
            prop_assert!(wanted.iter().all(|guid| places[..chosen].contains(&guid.as_str())));
        }
        let tally = made.tally();
        prop_assert_eq!(tally.work() + tally.finished + tally.skipped + tally.missing, places.len());
        for item in &made.items {
            let known = on_server.contains(item.guid.as_str());
            prop_assert_eq!(item.action == Action::Skip(SkipReason::Unknown), !known);
        }
        prop_assert_eq!(plan(&selection, &contents, Some(&usage), &Languages::default(), &ledger), made);
    }
}
