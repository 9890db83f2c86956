//! What speaks against taking the settings off now.

use crate::connect::PendingStarts;
use crate::survey::journal::Rebuild;
use crate::survey::steps::ServerFacts;
use crate::survey::{Answer, Overlay, Survey};

/// How much a finding weighs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Severity {
    Note,
    /// To be thought about.
    Warn,
    Refuse,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Finding {
    /// How much it weighs.
    pub severity: Severity,
    /// What, and what to do about it.
    pub text: String,
}

/// What is looked at.
#[derive(Debug)]
pub(crate) struct Subject<'a> {
    /// What the cluster says.
    pub survey: &'a Survey,
    /// What the server says of itself.
    pub server: &'a Answer<ServerFacts>,
    /// What starts by itself.
    pub starting: Option<&'a PendingStarts>,
    /// How far the rebuild is.
    pub rebuilds: &'a [Rebuild],
}

/// Looks for what speaks against it.
#[must_use]
pub(crate) fn checks(subject: &Subject<'_>) -> Vec<Finding> {
    let mut findings = Vec::new();
    let mut say = |severity, text: String| findings.push(Finding { severity, text });
    match subject.server {
        Answer::Unknown(_) if is_scaled_to_0(subject.survey) => say(
            Severity::Warn,
            "the server is scaled to 0, so that it cannot be asked beforehand".to_owned(),
        ),
        Answer::Unknown(_) if subject.survey.configurations.iter().any(|c| c.is_gone) => say(
            Severity::Warn,
            "somebody has removed objects of the release, so that the server cannot be asked \
             beforehand; they are made again"
                .to_owned(),
        ),
        Answer::Unknown(why) | Answer::Silent(why) => say(
            Severity::Refuse,
            format!("the server cannot be asked, so nobody would see the settings restored: {why}"),
        ),
        Answer::Known(facts) => {
            if facts
                .role
                .as_deref()
                .is_some_and(|role| role != "administrator")
            {
                say(
                    Severity::Warn,
                    "the API key is no administrator's: it does not see all content".to_owned(),
                );
            }
            let expected = subject.survey.app_version.as_deref();
            if let (Some(version), Some(expected)) = (&facts.version, expected) {
                let number = |text: &str| text.parse::<crate::connect::Version>().ok();
                if number(version) != number(expected) {
                    say(
                        Severity::Note,
                        format!(
                            "the server is Connect {version}; the chart's own version is {expected}"
                        ),
                    );
                }
            }
        }
    }
    for rebuild in subject.rebuilds {
        if !rebuild.is_known_to_be_ours {
            if rebuild.is_unfinished() {
                say(
                    Severity::Warn,
                    format!(
                        "a rebuild of a release of this name is not finished, on the server {} ({}); \
                         --server says which server this release is",
                        rebuild.server.as_deref().unwrap_or("(unknown)"),
                        rebuild.journal.display()
                    ),
                );
            }
            continue;
        }
        if rebuild.is_unfinished() {
            say(
                Severity::Refuse,
                format!(
                    "the rebuild is not finished: {} items are built, {} are not ({}{}). 'helm \
                     connect-migrate rebuild' goes on with it",
                    rebuild.built,
                    rebuild.running + rebuild.waiting,
                    rebuild.journal.display(),
                    rebuild.doubt()
                ),
            );
        }
        if rebuild.failed > 0 {
            say(
                Severity::Warn,
                format!(
                    "{} items could not be rebuilt: their first visitor or schedule will run into \
                     that. 'helm connect-migrate rebuild status' lists them",
                    rebuild.failed
                ),
            );
        }
    }
    if let Some(starting) = subject.starting {
        if !starting.kept.is_empty() {
            let processes: i64 = starting.kept.iter().map(|(_, count)| count).sum();
            let names: Vec<&str> = starting
                .kept
                .iter()
                .take(5)
                .map(|(name, _)| &**name)
                .collect();
            let more = starting.kept.len().saturating_sub(names.len());
            let more = if more > 0 {
                format!(" and {more} more")
            } else {
                String::new()
            };
            say(
                Severity::Warn,
                format!(
                    "{processes} processes of {} items start at once, since they have minimum \
                     processes: {}{more}",
                    starting.kept.len(),
                    names.join(", ")
                ),
            );
        }
        match starting.schedules {
            Some(0) => {}
            Some(count) => say(
                Severity::Warn,
                format!("{count} schedules resume, and those that are overdue run at once"),
            ),
            None => say(
                Severity::Note,
                "the server does not tell how many schedules resume".to_owned(),
            ),
        }
    }
    for configuration in &subject.survey.configurations {
        if configuration.edited == Some(true) {
            say(
                Severity::Warn,
                format!(
                    "the live ConfigMap {} is not the one that Helm stored: somebody changed it by \
                     hand, and that is lost",
                    configuration.config_map
                ),
            );
        }
        if configuration.pods.overlay() == Some(Overlay::Partly) {
            say(
                Severity::Warn,
                "not all pods have restarted since the last change".to_owned(),
            );
        }
    }
    findings
}

fn is_scaled_to_0(survey: &Survey) -> bool {
    let mut running = survey.configurations.iter().map(|c| c.running.as_ref());
    !survey.configurations.is_empty()
        && running.all(|workload| workload.is_some_and(|workload| workload.wanted == 0))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn survey() -> Survey {
        Survey {
            release: "r".into(),
            namespace: "n".into(),
            revision: 1,
            status: "deployed".into(),
            chart: "c-1".into(),
            app_version: Some("2026.08.0".into()),
            revisions_with_overlay: Vec::new(),
            configurations: Vec::new(),
            place: crate::release::CommandPlace::default(),
            chart_name: "c".into(),
            chart_version: "1".into(),
            revisions: 1,
            foreign_pending: false,
            failed: None,
            server_side: false,
            vanished_at: None,
        }
    }

    #[test]
    fn an_unfinished_rebuild_and_a_silent_server_are_refused() {
        let rebuilds = [Rebuild {
            journal: "j".into(),
            server: None,
            is_known_to_be_ours: true,
            guids: std::collections::BTreeSet::new(),
            under_way: false,
            built: 1,
            failed: 2,
            running: 0,
            waiting: 3,
            unreadable_lines: 1,
        }];
        let survey = survey();
        let server = Answer::Unknown("down".to_owned());
        let found = checks(&Subject {
            survey: &survey,
            server: &server,
            starting: None,
            rebuilds: &rebuilds,
        });
        let severities: Vec<Severity> = found.iter().map(|finding| finding.severity).collect();
        assert_eq!(
            severities,
            [Severity::Refuse, Severity::Refuse, Severity::Warn]
        );
        let doubt = "(j; 1 line of the journal cannot be read and does not count)";
        assert!(found.iter().any(|finding| finding.text.contains(doubt)));
    }

    #[test]
    fn what_starts_at_once_is_counted() {
        let starting = PendingStarts {
            kept: vec![("a".into(), 2), ("b".into(), 1)],
            schedules: Some(4),
        };
        let survey = survey();
        let server = Answer::Known(ServerFacts {
            version: Some("2026.08.0".into()),
            role: Some("administrator".into()),
            ..ServerFacts::default()
        });
        let found = checks(&Subject {
            survey: &survey,
            server: &server,
            starting: Some(&starting),
            rebuilds: &[],
        });
        assert_eq!(found.len(), 2);
        assert!(found[0].text.starts_with("3 processes of 2 items"));
        assert!(found[1].text.starts_with("4 schedules"));
    }
}
