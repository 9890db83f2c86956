//! What manifests, stored or alive, say about the overlay.

use serde_json::{Map, Value};

use super::second_file::SecondObject;
use super::{Answer, Overlay, Reading};
use crate::overlay::{ConfigurationState, GCFG_KEY, detect};
use crate::release::{Record, Workload};

/// The temporary settings, and what they were before.
type Settings = (Map<String, Value>, Map<String, Value>);

/// The configurations in a manifest; none where it cannot be read.
pub(super) fn found(manifest: &str) -> Vec<ConfigurationState> {
    detect(manifest.as_bytes()).map_or(Vec::new(), |shown| shown.config_maps)
}

/// What the live objects say; with the overlay on, its settings and what they were.
pub(super) fn live_reading(
    config_map: &Value,
    workload: Option<&Workload>,
    second: &SecondObject,
) -> (Answer<Reading>, Option<Settings>) {
    let mut stream = config_map.to_string();
    if let Some(workload) = workload {
        stream.push_str("\n---\n");
        stream.push_str(&workload.object.to_string());
        stream.push_str("\n---\n");
        stream.push_str(&second.manifest);
    }
    let found = match detect(stream.as_bytes()) {
        Ok(shown) => shown.config_maps.into_iter().next(),
        Err(refusal) => return (Answer::Unknown(refusal.to_string()), None),
    };
    let Some(found) = found else {
        let gone = format!("the ConfigMap has no {GCFG_KEY} any more");
        return (Answer::Unknown(gone), None);
    };
    let reading = Answer::Known(reading(&found, second));
    let settings = found.on.then_some((found.settings, found.originals));
    (reading, settings)
}

/// What a configuration of a stored manifest comes to with the second file's object, which another
/// may have made. Where the manifest has it too, the manifest counts.
pub(super) fn beside(
    record: &Record,
    name: &str,
    second: &SecondObject,
) -> Option<ConfigurationState> {
    if second.manifest.is_empty() {
        return None;
    }
    let both = format!("{}\n---\n{}", second.manifest, record.manifest);
    found(&both)
        .into_iter()
        .find(|found| found.name.as_deref() == Some(name))
}

pub(super) fn reading(found: &ConfigurationState, second: &SecondObject) -> Reading {
    let more = [&found.second_file_sets, &second.unread];
    let more = more.into_iter().flatten().map(|more| format!("; {more}"));
    Reading {
        overlay: overlay(found),
        evidence: wording(found).to_owned() + &more.collect::<String>(),
    }
}

fn overlay(found: &ConfigurationState) -> Overlay {
    match (found.on, found.in_effect) {
        (true, true) => Overlay::On,
        (true, false) => Overlay::Partly,
        (false, true) => Overlay::Unmarked,
        (false, false) => Overlay::Off,
    }
}

const fn wording(found: &ConfigurationState) -> &'static str {
    match (found.on, found.in_effect, found.intact) {
        (true, _, Some(false)) => "marked as on, but changed since",
        (true, true, _) => "marked, and the temporary settings are in effect",
        (true, false, _) => "marked as on, but not all temporary settings are in effect",
        (false, true, _) => "not marked, but the temporary settings are in effect",
        (false, false, _) => "not marked, and the temporary settings are not in effect",
    }
}
