//! Validation before and after: the first one against the last.

use std::collections::HashMap;

use jiff::Timestamp;
use serde::Serialize;

use super::sources::{Validated, Validation};
use super::{Count, Dated, STATUSES, counts};

/// What differs between two validations.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub(crate) struct Comparison {
    /// The server that was looked at, and when.
    pub before: String,
    pub before_at: Option<Timestamp>,
    pub after: String,
    pub after_at: Option<Timestamp>,
    /// How many items are worse than before, better, as they were, or in one of the two alone.
    pub counts: Vec<Count>,
    /// Items that are not as they were, those that became worse first.
    pub changed: Vec<Difference>,
}

/// An item that is not as it was.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub(crate) struct Difference {
    pub guid: String,
    pub title: String,
    pub before: String,
    pub after: String,
    /// What is found of it now.
    pub findings: Vec<String>,
}

/// What became of an item, the worst first.
const KINDS: [&str; 5] = ["worse", "only-before", "only-after", "better", "as-before"];

/// How it reads where an item was not looked at.
const ABSENT: &str = "absent";

impl Comparison {
    /// Compares the first with the last of several.
    pub(super) fn of(validations: &[Dated<Validation>]) -> Option<Self> {
        let [before, .., after] = validations else {
            return None;
        };
        let was: HashMap<&str, &Validated> = by_guid(before);
        let is: HashMap<&str, &Validated> = by_guid(after);
        let gone = before
            .content
            .items
            .iter()
            .filter(|item| !is.contains_key(item.guid.as_str()));
        let mut kinds = Vec::new();
        let mut changed = Vec::new();
        for item in after.content.items.iter().chain(gone) {
            let (was, is) = (was.get(item.guid.as_str()), is.get(item.guid.as_str()));
            let kind = kind(was.map(|item| rank(item)), is.map(|item| rank(item)));
            kinds.push(KINDS[kind]);
            let status = |item: Option<&&Validated>| {
                item.map_or_else(|| ABSENT.to_owned(), |item| item.status.clone())
            };
            if KINDS[kind] != "as-before" {
                let findings = is.map_or(&[][..], |item| &item.findings);
                changed.push((
                    kind,
                    Difference {
                        guid: item.guid.clone(),
                        title: item.title.clone(),
                        before: status(was),
                        after: status(is),
                        findings: findings
                            .iter()
                            .map(|finding| finding.text.clone())
                            .collect(),
                    },
                ));
            }
        }
        changed.sort_by_key(|(kind, _)| *kind);
        Some(Self {
            before: before.content.server.clone(),
            before_at: before.at,
            after: after.content.server.clone(),
            after_at: after.at,
            counts: counts(&KINDS, kinds),
            changed: changed.into_iter().map(|(_, item)| item).collect(),
        })
    }
}

fn by_guid(validation: &Dated<Validation>) -> HashMap<&str, &Validated> {
    let items = validation.content.items.iter();
    items.map(|item| (item.guid.as_str(), item)).collect()
}

fn rank(item: &Validated) -> usize {
    let at = STATUSES.iter().position(|status| *status == item.status);
    at.unwrap_or(STATUSES.len())
}

/// Its place in [`KINDS`].
fn kind(was: Option<usize>, is: Option<usize>) -> usize {
    match (was, is) {
        (Some(was), Some(is)) if is < was => 0,
        (Some(was), Some(is)) if is > was => 3,
        (Some(_), None) => 1,
        (None, Some(_)) => 2,
        _ => 4,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn validation(items: &[(&str, &str)]) -> Dated<Validation> {
        let item = |(guid, status): &(&str, &str)| Validated {
            guid: (*guid).to_owned(),
            title: (*guid).to_owned(),
            status: (*status).to_owned(),
            findings: Vec::new(),
        };
        Dated {
            file: String::new(),
            at: None,
            content: Validation {
                server: "s".to_owned(),
                items: items.iter().map(item).collect(),
            },
        }
    }

    #[test]
    fn what_became_worse_comes_first() {
        let before = validation(&[("a", "pass"), ("b", "fail"), ("c", "warn"), ("d", "pass")]);
        let between = validation(&[("a", "fail")]);
        let after = validation(&[("b", "pass"), ("a", "fail"), ("c", "warn"), ("e", "pass")]);
        let told = Comparison::of(&[before, between, after]).unwrap();
        let changed: Vec<_> = told
            .changed
            .iter()
            .map(|item| {
                (
                    item.guid.as_str(),
                    item.before.as_str(),
                    item.after.as_str(),
                )
            })
            .collect();
        assert_eq!(
            changed,
            [
                ("a", "pass", "fail"),
                ("d", "pass", "absent"),
                ("e", "absent", "pass"),
                ("b", "fail", "pass"),
            ]
        );
        let counts: Vec<_> = told
            .counts
            .iter()
            .map(|count| (count.what.as_str(), count.number))
            .collect();
        assert_eq!(
            counts,
            [
                ("worse", 1),
                ("only-before", 1),
                ("only-after", 1),
                ("better", 1),
                ("as-before", 1)
            ]
        );
        assert!(Comparison::of(&[validation(&[])]).is_none());
    }
}
