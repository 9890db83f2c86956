//! Comparing what was seen with what was there before.

use std::collections::BTreeMap;

use super::look::Seen;
use super::report::{Finding, FindingCode};
use crate::check::Status;
use crate::connect::{Content, Job, JobState, Language, Page};
use crate::inventory::Entry;

/// Judges an item: `entry` is what the inventory tells, `old` what the old server shows now, where
/// it was asked, and `off_host` whether the new server runs content in other pods.
#[must_use]
pub(crate) fn judge(
    entry: &Entry,
    seen: &Seen,
    old: Option<&Seen>,
    off_host: bool,
) -> Vec<Finding> {
    let mut findings = Vec::new();
    let mut find = |status, code, text: String| findings.push(Finding { status, code, text });
    let details = match &seen.details {
        Ok(Some(details)) => details,
        Ok(None) => {
            find(
                Status::Fail,
                FindingCode::Missing,
                "the new server does not have it".to_owned(),
            );
            return findings;
        }
        Err(why) => {
            find(Status::NotAsked, FindingCode::NotVisible, why.clone());
            return findings;
        }
    };
    let before = Before::of(entry, old);
    compare(&before, details, &mut find);
    if details.bundle_id.is_some() {
        if off_host && needs_build(details) && details.cluster_name.as_deref() == Some("Local") {
            find(
                Status::Warn,
                FindingCode::NotRebuilt,
                "not built on the new server yet: its first visitor waits for the packages"
                    .to_owned(),
            );
        }
        jobs(seen, &mut find);
    }
    if details.app_role.as_deref() == Some("none") {
        find(
            Status::NotAsked,
            FindingCode::Page,
            "the key's owner is not among its viewers, so its page cannot be looked at".to_owned(),
        );
    }
    let old_page = |page: fn(&Seen) -> &Option<Page>| old.and_then(|old| page(old).as_ref());
    for (code, page, old) in [
        (
            FindingCode::Page,
            &seen.by_guid,
            old_page(|seen| &seen.by_guid),
        ),
        (
            FindingCode::VanityPage,
            &seen.by_vanity,
            old_page(|seen| &seen.by_vanity),
        ),
    ] {
        if let Some((status, text)) = page.as_ref().and_then(|page| answer(page, old, details)) {
            find(status, code, text);
        }
    }
    findings
}

/// What the item was: on the old server now, else in the inventory. What nobody knows is `None`.
struct Before<'a> {
    place: &'static str,
    app_mode: Option<&'a str>,
    /// The inner is `None` for content that was never deployed.
    bundle: Option<Option<&'a str>>,
    languages: &'a BTreeMap<Language, String>,
    locked: bool,
}

impl<'a> Before<'a> {
    fn of(entry: &'a Entry, old: Option<&'a Seen>) -> Self {
        if let Some(Ok(Some(old))) = old.map(|old| &old.details) {
            return Self {
                place: "on the old server",
                app_mode: Some(old.app_mode.as_str()),
                bundle: Some(old.bundle_id.as_ref().map(|bundle| bundle.as_str())),
                languages: &old.languages,
                locked: old.locked == Some(true),
            };
        }
        Self {
            place: "in the inventory",
            app_mode: entry.app_mode.as_deref(),
            // An entry that a person wrote may tell no more than the GUID.
            bundle: entry.app_mode.is_some().then_some(entry.bundle.as_deref()),
            languages: &entry.languages,
            locked: entry.locked,
        }
    }
}

/// Files alone have no environment; neither has what was never deployed.
fn needs_build(details: &Content) -> bool {
    !details.app_mode.is_static()
        && [Language::R, Language::Python]
            .iter()
            .any(|language| details.languages.contains_key(language))
}

fn compare(before: &Before<'_>, now: &Content, find: &mut impl FnMut(Status, FindingCode, String)) {
    let place = before.place;
    let bundle = now.bundle_id.as_ref().map(|bundle| bundle.as_str());
    match (before.bundle, bundle) {
        (Some(Some(was)), None) => find(
            Status::Fail,
            FindingCode::Bundle,
            format!("no bundle is active; bundle {was} was {place}"),
        ),
        (Some(Some(was)), Some(is)) if was != is => find(
            Status::Warn,
            FindingCode::Bundle,
            format!(
                "bundle {is} is active, bundle {was} {place}: deployed since, or another bundle was built"
            ),
        ),
        (Some(None), Some(is)) => find(
            Status::Warn,
            FindingCode::Bundle,
            format!("bundle {is} is active, none {place}"),
        ),
        _ => {}
    }
    let mode = now.app_mode.as_str();
    if let Some(was) = before.app_mode
        && was != mode
    {
        find(
            Status::Fail,
            FindingCode::Type,
            format!("it is {mode}, and was {was} {place}"),
        );
    }
    let changed: Vec<String> = before
        .languages
        .iter()
        .filter_map(|(language, was)| match now.languages.get(language) {
            Some(now) if now == was => None,
            Some(now) => Some(format!("{} {was} → {now}", language.name())),
            None => Some(format!("{} {was} → none", language.name())),
        })
        .collect();
    if !changed.is_empty() {
        find(
            Status::Warn,
            FindingCode::Runtimes,
            format!("{} (was {place})", changed.join(", ")),
        );
    }
    match (before.locked, now.locked == Some(true)) {
        (false, true) => find(
            Status::Fail,
            FindingCode::Locked,
            "it is locked, and was not before".to_owned(),
        ),
        (true, true) => find(
            Status::NotAsked,
            FindingCode::Locked,
            "it is locked, as before, so its page was not looked at".to_owned(),
        ),
        _ => {}
    }
}

fn jobs(seen: &Seen, find: &mut impl FnMut(Status, FindingCode, String)) {
    let jobs = match &seen.jobs {
        Ok(jobs) => jobs,
        Err(why) => {
            find(
                Status::NotAsked,
                FindingCode::Build,
                format!("its jobs are not known: {why}"),
            );
            return;
        }
    };
    // The order of the list is not promised.
    let newest = |restore: bool| {
        jobs.iter()
            .filter(|job| job.is_restore() == restore)
            .max_by_key(|job| job.began())
    };
    if let Some((status, text)) = newest(true).and_then(|job| outcome(job, "build", Status::Fail)) {
        find(status, FindingCode::Build, text);
    }
    if let Some(job) = newest(false)
        && job.state() != JobState::Active
        && let Some((status, text)) =
            outcome(job, job.tag.as_deref().unwrap_or("job"), Status::Warn)
    {
        find(status, FindingCode::Job, text);
    }
}

fn outcome(job: &Job, what: &str, failed: Status) -> Option<(Status, String)> {
    match job.state() {
        JobState::Ended(0) => None,
        JobState::Ended(code) => {
            let why = job.error.as_deref().map(|error| format!(": {error}"));
            Some((
                failed,
                format!(
                    "the last {what} ended with exit code {code}{}",
                    why.unwrap_or_default()
                ),
            ))
        }
        JobState::Active => Some((Status::Warn, format!("the last {what} is not done yet"))),
        JobState::Lost => Some((
            Status::Warn,
            format!("the last {what} was cut off or skipped"),
        )),
    }
}

/// What is the matter with an answer; `None` where nothing is.
fn answer(page: &Page, old: Option<&Page>, details: &Content) -> Option<(Status, String)> {
    let (status, text) = match page {
        Page::Answered(200..=399) => return None,
        // An API need not have anything at its root.
        Page::Answered(404 | 405) if is_api(details) => return None,
        Page::Answered(status @ (401 | 403)) => (
            Status::Fail,
            format!("HTTP {status}, though the key may see the item"),
        ),
        Page::Answered(status) => (Status::Fail, format!("HTTP {status}")),
        Page::Elsewhere(to) => (
            Status::Warn,
            format!("it leads out of the server, which was not followed: {to}"),
        ),
        Page::Login(to) => (
            Status::NotAsked,
            format!("it leads to what wants a login: {to}"),
        ),
        Page::Silent(why) => (Status::Fail, format!("no answer: {why}")),
    };
    if old == Some(page) {
        return Some((Status::Warn, format!("{text}, as on the old server")));
    }
    Some((status, text))
}

fn is_api(details: &Content) -> bool {
    matches!(
        details.app_mode.as_str(),
        "api"
            | "python-api"
            | "python-fastapi"
            | "tensorflow-saved-model"
            | "nodejs"
            | "nodejs-api"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    const ITEM: &str = r#"{"guid": "11111111-1111-4111-8111-111111111111", "title": "Sales",
        "bundle_id": "101", "app_mode": "shiny", "r_version": "4.3.1", "cluster_name": "Kubernetes",
        "app_role": "owner", "locked": false}"#;

    fn details(json: &str) -> Content {
        serde_json::from_str(json).unwrap()
    }

    fn entry() -> Entry {
        Entry::of(&details(ITEM), None, Some("/sales/".to_owned()))
    }

    fn seen(json: &str) -> Seen {
        Seen {
            details: Ok(Some(details(json))),
            by_guid: Some(Page::Answered(200)),
            by_vanity: Some(Page::Answered(200)),
            ..Seen::nothing()
        }
    }

    fn codes(findings: &[Finding]) -> Vec<(&'static str, Status)> {
        findings
            .iter()
            .map(|finding| (finding.code.into(), finding.status))
            .collect()
    }

    fn judged(json: &str) -> Vec<(&'static str, Status)> {
        codes(&judge(&entry(), &seen(json), None, true))
    }

    #[test]
    fn what_is_as_it_was_is_silent() {
        assert_eq!(judged(ITEM), []);
        // Of what a person wrote, nothing is known to compare with.
        let bare = Entry {
            app_mode: None,
            bundle: None,
            languages: BTreeMap::new(),
            ..entry()
        };
        assert_eq!(judge(&bare, &seen(ITEM), None, true), []);
    }

    #[test]
    fn each_difference_is_found() {
        for (from, to, expected) in [
            ("\"101\"", "\"102\"", ("bundle", Status::Warn)),
            ("shiny", "api", ("type", Status::Fail)),
            ("4.3.1", "4.4.0", ("runtimes", Status::Warn)),
            (
                "\"locked\": false",
                "\"locked\": true",
                ("locked", Status::Fail),
            ),
            ("Kubernetes", "Local", ("not-rebuilt", Status::Warn)),
            ("\"owner\"", "\"none\"", ("page", Status::NotAsked)),
        ] {
            assert_eq!(judged(&ITEM.replace(from, to)), [expected], "{to}");
        }
        assert_eq!(
            judged(&ITEM.replace("\"101\"", "null")),
            [("bundle", Status::Fail)]
        );
        assert_eq!(
            codes(&judge(&entry(), &Seen::nothing(), None, true)),
            [("missing", Status::Fail)]
        );
    }

    #[test]
    fn pages_must_answer() {
        let of = |by_guid: Page, by_vanity: Page, json: &str| {
            let seen = Seen {
                by_guid: Some(by_guid),
                by_vanity: Some(by_vanity),
                ..seen(json)
            };
            let entry = Entry::of(&details(json), None, None);
            codes(&judge(&entry, &seen, None, true))
        };
        let ok = Page::Answered(200);
        assert_eq!(
            of(Page::Answered(502), ok.clone(), ITEM),
            [("page", Status::Fail)]
        );
        assert_eq!(
            of(ok.clone(), Page::Answered(404), ITEM),
            [("vanity-page", Status::Fail)]
        );
        assert_eq!(
            of(Page::Elsewhere("https://old/".to_owned()), ok.clone(), ITEM),
            [("page", Status::Warn)]
        );
        let api = ITEM.replace("shiny", "python-fastapi");
        assert_eq!(of(Page::Answered(404), ok, &api), []);
    }

    #[test]
    fn what_failed_before_is_no_new_failure() {
        let broken = |status| Seen {
            by_guid: Some(Page::Answered(status)),
            ..seen(ITEM)
        };
        let both = judge(&entry(), &broken(500), Some(&broken(500)), true);
        assert_eq!(codes(&both), [("page", Status::Warn)]);
        let new = judge(&entry(), &broken(500), Some(&seen(ITEM)), true);
        assert_eq!(codes(&new), [("page", Status::Fail)]);
    }

    #[test]
    fn the_old_server_knows_better_than_the_inventory() {
        let since = ITEM.replace("\"101\"", "\"102\"");
        let findings = judge(&entry(), &seen(&since), Some(&seen(&since)), true);
        assert_eq!(findings, []);
    }

    #[test]
    fn the_last_jobs_count() {
        let of = |jobs: &str| {
            let seen = Seen {
                jobs: Ok(serde_json::from_str(jobs).unwrap()),
                ..seen(ITEM)
            };
            codes(&judge(&entry(), &seen, None, true))
        };
        let job = |tag: &str, start: &str, end: &str| {
            format!(
                r#"{{"key": "{start}", "tag": "{tag}", "start_time": "2026-11-22T10:0{start}:00Z", {end}}}"#
            )
        };
        let good = r#""status": 2, "exit_code": 0"#;
        let bad = r#""status": 2, "exit_code": 1, "error": "no package""#;
        let (old, new) = (
            job("packrat_restore", "1", bad),
            job("packrat_restore", "2", good),
        );
        assert_eq!(of(&format!("[{old}, {new}]")), []);
        assert_eq!(of(&format!("[{new}, {old}]")), []);
        let new = job("packrat_restore", "3", bad);
        assert_eq!(of(&format!("[{old}, {new}]")), [("build", Status::Fail)]);
        let run = job("run_app", "4", bad);
        assert_eq!(of(&format!("[{run}]")), [("job", Status::Warn)]);
        let active = job("run_app", "5", r#""status": 0"#);
        assert_eq!(of(&format!("[{active}]")), []);
    }
}
