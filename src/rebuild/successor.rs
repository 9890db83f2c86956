//! What somebody deployed while an older bundle was built. The end of a build puts its bundle into
//! use, and so may have taken the newer one out of it again.

use jiff::Timestamp;

use super::engine::{Engine, Work};
use super::event::Event;
use super::follow::Trace;
use super::item::End;
use super::record::Intent;
use crate::connect::{Bundle, BundleId, Feature, Job};

/// What became of an item while a bundle of it was built.
#[derive(Debug, PartialEq, Eq)]
enum Supersession {
    Nothing,
    /// Another bundle is in use, or was when the build ended.
    Deployed(BundleId),
    /// Another bundle was built, for use or as a draft.
    PerhapsDeployed(BundleId),
}

/// The bundle to build after the one that was built, so that it is in use.
pub(super) async fn successor(
    engine: &Engine,
    work: &Work,
    trace: &Trace,
) -> Result<Option<BundleId>, End> {
    let guid = &work.item.guid;
    let bundles = match engine.connect.bundles(guid).await {
        // The item is gone, or its bundles are not for this key: what was built is built.
        Err(error) if !error.is_fatal() => return Ok(trace.newer.clone()),
        bundles => bundles?,
    };
    let mut jobs = Vec::new();
    if uploaded_since(&bundles, &trace.intent).next().is_some() {
        jobs = match engine.connect.jobs(guid).await {
            Err(error) if !error.is_fatal() => Vec::new(),
            jobs => jobs?,
        };
    }
    let drafts = engine.connect.has(Feature::Activate) != Some(false);
    match meanwhile(&bundles, &jobs, &trace.intent, trace.newer.as_ref(), drafts) {
        Supersession::Nothing => Ok(None),
        Supersession::Deployed(bundle) => Ok(Some(bundle)),
        Supersession::PerhapsDeployed(bundle) => {
            engine.tell(Event::Note {
                message: format!(
                    "While bundle {built} of {title} was built, somebody else had bundle {bundle} \
                     built. Whether it was to be in use the server does not tell: bundle {built} is. \
                     If it was, activate it: {url}",
                    built = trace.intent.bundle,
                    title = work.item.title,
                    url = engine.connect.server().dashboard(guid),
                ),
            });
            Ok(None)
        }
    }
}

/// Bundles that were uploaded after a build was begun. The server's clock reaches us in whole
/// seconds, so what was uploaded just before may be among them.
fn uploaded_since<'a>(
    bundles: &'a [Bundle],
    intent: &'a Intent,
) -> impl Iterator<Item = (&'a BundleId, Timestamp)> {
    bundles
        .iter()
        .filter_map(|bundle| Some((bundle.id.as_ref()?, bundle.created_time?)))
        .filter(|(id, created)| **id != intent.bundle && *created >= intent.server_time)
}

fn meanwhile(
    bundles: &[Bundle],
    jobs: &[Job],
    intent: &Intent,
    seen_in_use: Option<&BundleId>,
    drafts: bool,
) -> Supersession {
    let in_use = bundles.iter().find(|bundle| bundle.active == Some(true));
    if let Some(other) = in_use
        .and_then(|bundle| bundle.id.as_ref())
        .filter(|bundle| intent.is_foreign(bundle))
    {
        return Supersession::Deployed(other.clone());
    }
    if let Some(seen) = seen_in_use {
        return Supersession::Deployed(seen.clone());
    }
    // An upload alone is nobody's deployment; a job for it is, or a draft's where there are drafts.
    let worked_on = |id: &BundleId| jobs.iter().any(|job| job.bundle_id.as_ref() == Some(id));
    let newest = uploaded_since(bundles, intent)
        .filter(|(id, _)| worked_on(id))
        .max_by_key(|(_, created)| *created);
    match newest {
        None => Supersession::Nothing,
        Some((id, _)) if drafts => Supersession::PerhapsDeployed(id.clone()),
        Some((id, _)) => Supersession::Deployed(id.clone()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::connect::ContentGuid;

    fn judged(bundles: &str, jobs: &str, seen: Option<&str>, drafts: bool) -> Supersession {
        let intent = Intent {
            guid: ContentGuid::from("g"),
            bundle: BundleId::from("101"),
            replaces: None,
            server_time: "2026-11-22T10:00:00Z".parse().unwrap(),
            restores: 1,
            known_jobs: Vec::new(),
        };
        let bundles: Vec<Bundle> = serde_json::from_str(bundles).unwrap();
        let jobs: Vec<Job> = serde_json::from_str(jobs).unwrap();
        let seen = seen.map(BundleId::from);
        meanwhile(&bundles, &jobs, &intent, seen.as_ref(), drafts)
    }

    #[test]
    fn what_a_build_is_to_replace_is_nobodys_deployment() {
        let intent = Intent {
            guid: ContentGuid::from("g"),
            bundle: BundleId::from("102"),
            replaces: Some(BundleId::from("101")),
            server_time: "2026-11-22T10:00:00Z".parse().unwrap(),
            restores: 1,
            known_jobs: Vec::new(),
        };
        assert!(!intent.is_foreign(&BundleId::from("101")));
        assert!(intent.is_foreign(&BundleId::from("103")));
    }

    const OURS: &str = r#"{"id": "101", "active": true, "created_time": "2026-11-01T10:00:00Z"}"#;

    #[test]
    fn what_is_in_use_counts_and_what_was_seen_in_use() {
        let other = r#"[{"id": 102, "active": true}, {"id": "101", "active": false}]"#;
        let deployed = Supersession::Deployed(BundleId::from("102"));
        assert_eq!(judged(other, "[]", None, true), deployed);
        assert_eq!(
            judged(&format!("[{OURS}]"), "[]", None, true),
            Supersession::Nothing
        );
        assert_eq!(
            judged(&format!("[{OURS}]"), "[]", Some("102"), true),
            deployed
        );
    }

    #[test]
    fn an_upload_counts_once_it_was_worked_on() {
        let new = r#"{"id": "102", "active": false, "created_time": "2026-11-22T10:00:05Z"}"#;
        let old = new.replace("10:00:05", "09:59:00");
        let job = r#"[{"key": "k", "bundle_id": "102", "tag": "python_restore", "status": 2}]"#;
        let bundles = |one: &str| format!("[{one}, {OURS}]");
        let id = || BundleId::from("102");
        assert_eq!(
            judged(&bundles(new), "[]", None, false),
            Supersession::Nothing
        );
        assert_eq!(
            judged(&bundles(&old), job, None, false),
            Supersession::Nothing
        );
        assert_eq!(
            judged(&bundles(new), job, None, false),
            Supersession::Deployed(id())
        );
        assert_eq!(
            judged(&bundles(new), job, None, true),
            Supersession::PerhapsDeployed(id())
        );
    }
}
