//! Whether what the release names is there.

use super::Known;
use super::references::{Reference, Referent};
use super::{Asked, Facts, Seen, Wanted};
use crate::check::{Judgement, count, plural};
use crate::release::{Record, RevisionStatus};

/// How the references came out.
#[derive(Default)]
struct Sorted {
    missing: Vec<String>,
    unseen: Vec<String>,
    /// Somebody makes it later.
    to_come: Vec<String>,
    there: usize,
}

impl Sorted {
    fn of(facts: &Facts, wanted: &Wanted, is_ours: impl Fn(Referent) -> bool) -> Self {
        let mut sorted = Self::default();
        for reference in wanted.references.iter().filter(|one| is_ours(one.to)) {
            sorted.sort(facts, wanted, reference);
        }
        sorted
    }

    fn sort(&mut self, facts: &Facts, wanted: &Wanted, reference: &Reference) {
        let Reference {
            to,
            name,
            key,
            path,
            maker,
        } = reference;
        let named = (*to, name.clone());
        let what = match to {
            Referent::Secret => name.clone(),
            other => format!("{} {name}", other.as_str()),
        };
        let without = |keys: &[String]| {
            let key = key.as_ref().filter(|key| !keys.contains(key))?;
            let has = if keys.is_empty() {
                "none".to_owned()
            } else {
                keys.join(", ")
            };
            Some(format!("{what} ({path}) has no key {key}; it has {has}"))
        };
        if let Some(made) = wanted.made.get(&named) {
            match made.as_ref().and_then(|keys| without(keys)) {
                Some(line) => self.missing.push(line),
                None => self.there += 1,
            }
            return;
        }
        let unasked = Err("not asked".to_owned());
        let found: &Asked<Option<Seen>> = facts.seen.get(&named).unwrap_or(&unasked);
        match (found, maker) {
            (Err(why), _) => self.unseen.push(format!("{what} ({path}): {why}")),
            (Ok(None), Some(maker)) => self.to_come.push(format!(
                "{what} ({path}) is not there yet; {maker} is to make it"
            )),
            (Ok(None), None) => self.missing.push(format!("{what} ({path}) does not exist")),
            (Ok(Some(seen)), _) if seen.is_going => self
                .missing
                .push(format!("{what} ({path}) is being deleted")),
            (Ok(Some(seen)), _) => match without(&seen.keys) {
                Some(line) => self.missing.push(line),
                None => self.there += 1,
            },
        }
    }
}

pub(crate) fn secrets((facts, wanted): Known<'_>) -> Judgement {
    let sorted = Sorted::of(facts, wanted, |to| to == Referent::Secret);
    if !sorted.missing.is_empty() {
        let number = sorted.missing.len();
        return Judgement::fail(format!(
                "{} not met",
                plural(number, "use of a Secret is", "uses of Secrets are"),
            ),
            "make them in the release's namespace before the deployment: the pod does not start without",
        )
        .details(sorted.missing)
        .details(sorted.to_come);
    }
    if !sorted.unseen.is_empty() {
        return Judgement::not_asked(format!(
            "{} not to be seen",
            plural(sorted.unseen.len(), "Secret is", "Secrets are")
        ))
        .details(sorted.unseen);
    }
    if sorted.there + sorted.to_come.len() == 0 {
        return if wanted.is_known {
            Judgement::pass("no Secret is named that must be there")
        } else {
            Judgement::not_asked("the values name no Secret; -f FILE tells")
        };
    }
    Judgement::pass(format!(
        "{} that the values name, with their keys",
        plural(sorted.there, "use of a Secret", "uses of Secrets")
    ))
    .details(sorted.to_come)
}

/// What else pods, ingresses and claims name.
pub(crate) fn others((facts, wanted): Known<'_>) -> Judgement {
    if let super::Expected::Assumed { why, .. } = &wanted.expected {
        return Judgement::not_asked(why.clone());
    }
    let sorted = Sorted::of(facts, wanted, |to| to != Referent::Secret);
    if !sorted.missing.is_empty() {
        return Judgement::fail(
            format!(
                "{} named and not there",
                plural(sorted.missing.len(), "object is", "objects are")
            ),
            "make what lacks, or name another in the values: the release waits for it",
        )
        .details(sorted.missing)
        .details(sorted.unseen);
    }
    if !sorted.unseen.is_empty() {
        let unseen = plural(sorted.unseen.len(), "object is", "objects are");
        return Judgement::not_asked(format!("{unseen} not to be seen")).details(sorted.unseen);
    }
    Judgement::pass(match sorted.there {
        0 => "the release names nothing that it does not bring along".to_owned(),
        there => format!("{} that the release names", count(there, "object")),
    })
}

/// The release that is named.
pub(crate) fn release((facts, _): Known<'_>) -> Judgement {
    match &facts.release {
        None => Judgement::not_asked("no release named; --release NAME does"),
        Some((_, Err(why))) => Judgement::not_asked(why.clone()),
        Some((_, Ok(Some(said)))) => Judgement::pass(said.clone()),
        Some((name, Ok(None))) => Judgement::warn(format!(
                "there is no release {name} in the namespace {}",
                facts.namespace
            ),
            "it is installed anew, then; if it should be there, its name or the namespace is another",
        )
        .command(facts.place.helm_anywhere("list -A")),
    }
}

/// What a release is, by its newest revision.
pub(super) fn said(newest: &Record) -> String {
    let status = match newest.info.status {
        RevisionStatus::Deployed => "deployed",
        RevisionStatus::Failed => "failed",
        status if status.is_pending() => "not finished",
        _ => "of an unusual status",
    };
    format!(
        "release {} is there: revision {}, {status}, chart {}",
        newest.name,
        newest.revision,
        newest.chart.label()
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::Status;

    fn wanted(maker: Option<&'static str>) -> Wanted {
        let reference = Reference {
            to: Referent::Secret,
            name: "db".to_owned(),
            key: Some("password".to_owned()),
            path: "pod.env".to_owned(),
            maker,
        };
        Wanted {
            references: vec![reference],
            is_known: true,
            ..Wanted::default()
        }
    }

    fn seen(found: Asked<Option<Seen>>) -> Facts {
        let named = (Referent::Secret, "db".to_owned());
        Facts {
            seen: [(named, found)].into(),
            ..Facts::default()
        }
    }

    fn with(key: &str) -> Seen {
        Seen {
            keys: vec![key.to_owned()],
            is_going: false,
        }
    }

    #[test]
    fn a_release_is_told_by_its_newest_revision() {
        for (status, told) in [
            ("deployed", "deployed"),
            ("failed", "failed"),
            ("pending-upgrade", "not finished"),
            ("superseded", "of an unusual status"),
        ] {
            let record = serde_json::from_value(serde_json::json!({"name": "rsc", "version": 7,
                "info": {"status": status},
                "chart": {"metadata": {"name": "rstudio-connect", "version": "0.9.0"}}}));
            assert_eq!(
                said(&record.unwrap()),
                format!("release rsc is there: revision 7, {told}, chart rstudio-connect-0.9.0")
            );
        }
    }

    #[test]
    fn secrets_need_their_keys() {
        let of = |found| secrets((&seen(found), &wanted(None))).status;
        assert_eq!(of(Ok(Some(with("password")))), Status::Pass);
        assert_eq!(of(Ok(Some(with("passwort")))), Status::Fail);
        assert_eq!(of(Ok(None)), Status::Fail);
        assert_eq!(of(Err("forbidden".to_owned())), Status::NotAsked);
        let going = Seen {
            is_going: true,
            ..with("password")
        };
        assert_eq!(of(Ok(Some(going))), Status::Fail);
    }

    #[test]
    fn what_somebody_makes_later_is_a_note() {
        let check = secrets((&seen(Ok(None)), &wanted(Some("cert-manager"))));
        assert_eq!(check.status, Status::Pass);
        assert!(check.details[0].contains("cert-manager is to make it"));
    }

    #[test]
    fn what_the_release_brings_along_needs_its_keys_too() {
        let of = |key: &str| {
            let mut wanted = wanted(None);
            let named = (Referent::Secret, "db".to_owned());
            wanted.made.insert(named, Some(vec![key.to_owned()]));
            secrets((&Facts::default(), &wanted)).status
        };
        assert_eq!(of("password"), Status::Pass);
        assert_eq!(of("other"), Status::Fail);
    }
}
