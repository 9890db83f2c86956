//! Which configuration the pods run with.
//!
//! The file is mounted by `subPath` and read once, when a container starts. What a pod's annotation
//! says is what it was meant to read; what it has read is known only where its container started
//! after the live ConfigMap got its present text.

use jiff::Timestamp;

use super::{Answer, Configuration, Overlay, Reading};
use crate::overlay::{CHECKSUM, GCFG_KEY, checksum};
use crate::release::{PodState, Pods, Workload, unchanged_since};

/// The live configuration, as far as it matters to pods.
#[derive(Debug)]
pub(super) struct Live<'a> {
    config_map: &'a str,
    overlay: Option<Overlay>,
    /// Of its text.
    checksum: Option<String>,
    /// When it got its text, to the second; not earlier.
    since: Option<Timestamp>,
}

/// What a pod has read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Read {
    /// The live configuration.
    Live,
    /// Another one, with the overlay.
    Overlay,
    /// That cannot be known.
    Unsure,
    /// Nothing: it does not run.
    Nothing,
}

impl<'a> Live<'a> {
    pub(super) fn of(configuration: &'a Configuration) -> Self {
        let object = configuration.object.as_ref();
        Self {
            config_map: &configuration.config_map,
            overlay: configuration.live.overlay(),
            checksum: configuration.live_gcfg().map(checksum),
            since: object.and_then(|object| unchanged_since(object, &["data", GCFG_KEY])),
        }
    }

    fn read_by(&self, pod: &PodState) -> Read {
        let Some(started) = pod.started.get(self.config_map) else {
            return Read::Unsure;
        };
        let Some(started) = started else {
            return Read::Nothing;
        };
        // Both clocks tell whole seconds: the same second is not after it.
        let after = self
            .since
            .is_some_and(|since| started.as_second() > since.as_second());
        let meant = pod.annotations.get(CHECKSUM);
        let is_meant = meant.is_none() || meant == self.checksum.as_ref();
        match (after, is_meant) {
            (true, true) => Read::Live,
            (false, false) => Read::Overlay,
            _ => Read::Unsure,
        }
    }

    /// What the pods run with, and whether any may run with something else than the live
    /// configuration.
    pub(super) fn pods(&self, workload: &Workload, pods: &Pods) -> (Answer<Reading>, bool) {
        let (mut answer, stale) = self.read(workload, pods);
        // What no pod could say, since there is none.
        if let Some(why) = &workload.refused {
            let said = match &mut answer {
                Answer::Known(reading) => &mut reading.evidence,
                Answer::Unknown(said) | Answer::Silent(said) => said,
            };
            said.push_str(&format!("; new pods are refused: {why}"));
        }
        (answer, stale)
    }

    fn read(&self, workload: &Workload, pods: &Pods) -> (Answer<Reading>, bool) {
        let known = |overlay, evidence| Answer::Known(Reading { overlay, evidence });
        let of = format!("{} {}", workload.kind, workload.name);
        let Some(live) = self.overlay else {
            let why = "the live ConfigMap could not be read".to_owned();
            return (Answer::Unknown(why), false);
        };
        let total = pods.pods.len();
        if total == 0 {
            return if workload.wanted == 0 && live == Overlay::Off {
                (known(live, format!("{of} is scaled to 0")), false)
            } else {
                (Answer::Unknown(format!("{of} has no pods")), false)
            };
        }
        let count = |wanted: Read| {
            let reads = pods.pods.iter().map(|pod| self.read_by(pod));
            reads.filter(|read| *read == wanted).count()
        };
        let (with_live, with_overlay) = (count(Read::Live), count(Read::Overlay));
        if with_overlay > 0 {
            let overlay = if with_overlay == total {
                Overlay::On
            } else {
                Overlay::Partly
            };
            let evidence = format!(
                "{with_overlay} of {total} started with the temporary settings and {} not restarted",
                if with_overlay == 1 { "has" } else { "have" }
            );
            return (known(overlay, evidence), true);
        }
        if count(Read::Unsure) > 0 {
            let unsure = pods
                .pods
                .iter()
                .find(|pod| self.read_by(pod) == Read::Unsure);
            let name = unsure.map_or("", |pod| pod.name.as_str());
            let why = format!(
                "pod {name} did not start after the ConfigMap got its present text{}, so that it may \
                 run with another",
                self.since
                    .map(|since| format!(" ({since})"))
                    .unwrap_or_default()
            );
            return (Answer::Unknown(why), true);
        }
        if with_live == 0 {
            let trouble = pods.pods.iter().find_map(|pod| pod.trouble.as_deref());
            let trouble = trouble.map(|why| format!(": {why}")).unwrap_or_default();
            return (
                Answer::Unknown(format!("no pod of {of} runs{trouble}")),
                false,
            );
        }
        let evidence = format!("{with_live} of {total} started with the present configuration");
        (known(live, evidence), false)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SINCE: i64 = 1_000;

    /// A pod that started so many seconds after the ConfigMap got its text.
    fn pod(meant: Option<&str>, started: Option<i64>) -> PodState {
        let started = started.map(|at| Timestamp::from_second(SINCE + at).unwrap());
        PodState {
            name: "p".into(),
            ready: true,
            annotations: meant
                .map(|sum| (CHECKSUM.to_owned(), sum.to_owned()))
                .into_iter()
                .collect(),
            started: [("c".to_owned(), started)].into_iter().collect(),
            trouble: None,
            ports: Vec::new(),
        }
    }

    fn said(live: Overlay, pods: Vec<PodState>) -> String {
        let live = Live {
            config_map: "c",
            overlay: Some(live),
            checksum: Some("live".to_owned()),
            since: Some(Timestamp::from_second(SINCE).unwrap()),
        };
        let workload = Workload {
            wanted: 1,
            ..Workload::default()
        };
        let (answer, stale) = live.pods(&workload, &Pods { pods });
        let overlay = answer.overlay().map_or("unknown", Overlay::as_str);
        format!("{overlay}{}", if stale { ", stale" } else { "" })
    }

    #[test]
    fn a_pod_has_read_what_was_there_before_it_started() {
        // The overlay is on, and the pods started with it.
        assert_eq!(said(Overlay::On, vec![pod(Some("live"), Some(1))]), "on");
        // They were meant to, and started in the same second or before.
        assert_eq!(
            said(Overlay::On, vec![pod(Some("live"), Some(0))]),
            "unknown, stale"
        );
        // The Deployment was refused: the pods are older than the overlay.
        assert_eq!(
            said(Overlay::On, vec![pod(None, Some(-9))]),
            "unknown, stale"
        );
        // They restarted by themselves since.
        assert_eq!(said(Overlay::On, vec![pod(None, Some(9))]), "on");
        // It is off, and the pods are older.
        assert_eq!(
            said(Overlay::Off, vec![pod(Some("old"), Some(-9))]),
            "on, stale"
        );
        // They were made between the change of the template and that of the ConfigMap.
        assert_eq!(
            said(Overlay::Off, vec![pod(None, Some(-1))]),
            "unknown, stale"
        );
        // A container with the overlay's annotation restarted in place.
        assert_eq!(
            said(Overlay::Off, vec![pod(Some("old"), Some(9))]),
            "unknown, stale"
        );
        assert_eq!(said(Overlay::Off, vec![pod(None, Some(1))]), "off");
        // Two ReplicaSets.
        let both = vec![pod(None, Some(1)), pod(Some("old"), Some(-9))];
        assert_eq!(said(Overlay::Off, both), "partly on, stale");
        assert_eq!(said(Overlay::Off, vec![pod(None, None)]), "unknown");
        let starting = vec![pod(None, None), pod(None, Some(1))];
        assert_eq!(said(Overlay::Off, starting), "off");
        assert_eq!(said(Overlay::Off, Vec::new()), "unknown");
    }
}
