//! The nine steps of the migration, and how far each is.

use serde::Serialize;

use super::{Answer, Overlay, Survey, journal::Rebuild};
use crate::output::shell_word;

/// How far a step is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub(crate) enum State {
    /// Done, as far as can be seen.
    Done,
    /// Still to be done.
    ToDo,
    /// Nothing that can be asked tells.
    Unknown,
}

impl State {
    /// As it is shown.
    #[must_use]
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Done => "done",
            Self::ToDo => "to do",
            Self::Unknown => "unknown",
        }
    }
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub(crate) struct Step {
    pub number: u8,
    /// What is done in it.
    pub title: &'static str,
    /// How far it is.
    pub state: State,
    /// What that rests on.
    pub evidence: String,
    /// The command that takes it further.
    pub next: String,
}

/// What the server says, beyond the overlay.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub(crate) struct ServerFacts {
    /// Where it was asked; `None` through the cluster.
    #[serde(skip)]
    pub address: Option<String>,
    /// Its version, where it tells.
    pub version: Option<String>,
    /// The role of the API key's owner.
    pub role: Option<String>,
    /// The content items that the key shows.
    #[serde(skip)]
    pub guids: std::collections::BTreeSet<String>,
    /// How many content items it has.
    pub items: Option<usize>,
    /// Its database, by the live configuration.
    pub database: Option<String>,
}

/// Works out the steps. `server` is what the server says, or why it could not be asked; `lay` is the
/// command that lays the settings.
#[must_use]
pub(crate) fn steps(
    survey: &Survey,
    server: &Answer<ServerFacts>,
    rebuilds: &[Rebuild],
    lay: &str,
) -> Vec<Step> {
    let release = &survey.release;
    let place = &survey.place;
    let stored = |overlay| {
        survey
            .configurations
            .iter()
            .any(|c| c.stored.known().is_some_and(|said| said.overlay == overlay))
    };
    let is_on = stored(Overlay::On) || stored(Overlay::Partly);
    let all_off = !survey.configurations.is_empty()
        && survey
            .configurations
            .iter()
            .all(super::Configuration::is_off);
    let rebuilt =
        rebuilds.iter().any(|r| r.built > 0) && !rebuilds.iter().any(Rebuild::is_unfinished);
    let was_on = is_on || !survey.revisions_with_overlay.is_empty();
    let up = server.known();
    let database = up.and_then(|facts| facts.database.as_deref());
    let not_asked = |answer: &Answer<ServerFacts>| match answer {
        Answer::Unknown(why) | Answer::Silent(why) => {
            format!("the server could not be asked: {why}")
        }
        Answer::Known(_) => "the server does not say".to_owned(),
    };
    let step = |number, title, (state, evidence): (State, String), next: String| Step {
        number,
        title,
        state,
        evidence,
        next: if state == State::Done {
            String::new()
        } else {
            next
        },
    };
    let at_server = |command: String| {
        let address = up.and_then(|facts| facts.address.as_deref());
        let flag = address.map(|address| format!(" --server {}", shell_word(address)));
        place.helm(&(command + &flag.unwrap_or_default()))
    };
    let listed = |state_of: &str| match rebuilds.is_empty() {
        false => (State::Done, "the rebuild has begun".to_owned()),
        true => (State::Unknown, state_of.to_owned()),
    };
    vec![
        step(
            1,
            "find out what the content needs",
            listed("the inventory is a file, which leaves no trace in the cluster"),
            "helm connect-migrate inventory --since 90d --out inventory.yaml".to_owned(),
        ),
        step(
            2,
            "choose what is rebuilt first",
            listed("the priorities are in the inventory"),
            "edit the list of priorities in inventory.yaml".to_owned(),
        ),
        step(
            3,
            "license",
            match license(survey) {
                Some(how) => (State::Done, format!("the pods have {how}")),
                None => (
                    State::Unknown,
                    "the pods have no license in their environment".to_owned(),
                ),
            },
            place.kubectl("create secret generic connect-license --from-file=license.lic"),
        ),
        step(
            4,
            "settings",
            match database {
                Some("sqlite") => (
                    State::ToDo,
                    "Database.Provider is sqlite, which does not work with several pods".to_owned(),
                ),
                _ => (
                    State::Done,
                    format!("the release {release} has a Connect configuration"),
                ),
            },
            "helm connect-migrate values --from rstudio-connect.gcfg --out values.yaml".to_owned(),
        ),
        step(
            5,
            "lay the temporary settings",
            if is_on {
                (
                    State::Done,
                    "they are in the release's stored manifest".to_owned(),
                )
            } else if let (Some(revision), false) = (survey.vanished_at, rebuilt) {
                (
                    State::ToDo,
                    format!(
                        "revision {revision}, an upgrade without the post-renderer, took them off, \
                         and no finished rebuild is known here"
                    ),
                )
            } else if was_on {
                (
                    State::Done,
                    "they were on, and have been taken off".to_owned(),
                )
            } else {
                (
                    State::ToDo,
                    "no revision of the release has them".to_owned(),
                )
            },
            lay.to_owned(),
        ),
        step(
            6,
            "deploy",
            match up {
                Some(facts) => {
                    let version = facts.version.as_deref().unwrap_or("(version hidden)");
                    let items = facts.items.map_or_else(String::new, |count| {
                        format!(" and has {count} content items")
                    });
                    (State::Done, format!("Connect {version} answers{items}"))
                }
                None => (State::Unknown, not_asked(server)),
            },
            place.kubectl(&format!("rollout status {}", workload(survey))),
        ),
        step(
            7,
            "rebuild the content",
            if rebuilt {
                let built: usize = rebuilds.iter().map(|r| r.built).sum();
                let failed: usize = rebuilds.iter().map(|r| r.failed).sum();
                let doubt: String = rebuilds.iter().map(Rebuild::doubt).collect();
                (
                    State::Done,
                    format!("{built} items built, {failed} failed{doubt}"),
                )
            } else if let Some(r) = rebuilds.iter().find(|r| r.is_unfinished()) {
                (
                    State::ToDo,
                    format!(
                        "{} built, {} still to build{}",
                        r.built,
                        r.running + r.waiting,
                        r.doubt()
                    ),
                )
            } else {
                (
                    State::Unknown,
                    "there is no journal of a rebuild on this machine".to_owned(),
                )
            },
            at_server(format!(
                "connect-migrate rebuild --release {} --from inventory.yaml",
                shell_word(release)
            )),
        ),
        step(
            8,
            "take the temporary settings off",
            if !was_on || (survey.vanished_at.is_some() && !rebuilt) {
                (State::ToDo, "they are not laid".to_owned())
            } else if all_off {
                (
                    State::Done,
                    "they are off in every place that could be asked".to_owned(),
                )
            } else if survey
                .configurations
                .iter()
                .any(|c| c.live.overlay() == Some(Overlay::Off))
            {
                (
                    State::ToDo,
                    "it is not seen in every place that they are off".to_owned(),
                )
            } else {
                (State::ToDo, "they are still on".to_owned())
            },
            survey.revert_command(),
        ),
        step(
            9,
            "validate",
            (State::Unknown, "leaves no trace in the cluster".to_owned()),
            at_server("connect-migrate validate --from inventory.yaml".to_owned()),
        ),
    ]
}

fn workload(survey: &Survey) -> String {
    survey
        .configurations
        .iter()
        .find_map(|c| c.workload.as_ref())
        .map_or_else(
            || format!("deployment/{}", shell_word(&survey.release)),
            |(kind, name)| format!("{}/{}", kind.to_lowercase(), shell_word(name)),
        )
}

/// Which variable gives the pods their license.
fn license(survey: &Survey) -> Option<&str> {
    let running = survey
        .configurations
        .iter()
        .find_map(|c| c.running.as_ref())?;
    let containers = running.object["spec"]["template"]["spec"]["containers"].as_array()?;
    containers
        .iter()
        .filter_map(|container| container["env"].as_array())
        .flatten()
        .filter_map(|variable| variable["name"].as_str())
        .find(|name| name.starts_with("RSC_LICENSE") || name.starts_with("PCT_LICENSE"))
}

/// What comes next: a step that was passed over, else the one behind the last that is done. Steps
/// that leave no trace count as passed, once a later one is done.
#[must_use]
pub(crate) fn next(steps: &[Step]) -> Option<&Step> {
    let last_done = steps.iter().rposition(|step| step.state == State::Done);
    let (passed, ahead) = steps.split_at(last_done.map_or(0, |at| at + 1));
    passed
        .iter()
        .find(|step| step.state == State::ToDo)
        .or_else(|| ahead.first())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::release::CommandPlace;
    use crate::survey::{Configuration, Reading};

    fn survey_of(overlay: Overlay, revisions: &[u32]) -> Survey {
        let said = |overlay| {
            Answer::Known(Reading {
                overlay,
                evidence: String::new(),
            })
        };
        Survey {
            release: "rsc".into(),
            namespace: "ns".into(),
            revision: 2,
            status: "deployed".into(),
            chart: "rstudio-connect-0.21.0".into(),
            app_version: None,
            revisions_with_overlay: revisions.to_vec(),
            configurations: vec![Configuration {
                config_map: "c".into(),
                workload: None,
                settings: serde_json::Map::new(),
                originals: serde_json::Map::new(),
                stored: said(overlay),
                live: said(overlay),
                pods: said(overlay),
                server: Answer::Unknown("x".into()),
                edited: None,
                running: None,
                object: None,
                stale: false,
                is_gone: false,
                stored_replicas: None,
                baseline: serde_json::Map::new(),
            }],
            place: CommandPlace {
                namespace: Some("ns".into()),
                ..CommandPlace::default()
            },
            chart_name: "c".into(),
            chart_version: "1".into(),
            revisions: 1,
            foreign_pending: false,
            failed: None,
            server_side: false,
            vanished_at: None,
        }
    }

    fn rebuild(built: usize, waiting: usize) -> Rebuild {
        Rebuild {
            journal: "j".into(),
            server: None,
            is_known_to_be_ours: true,
            guids: std::collections::BTreeSet::new(),
            under_way: false,
            built,
            failed: 0,
            running: 0,
            waiting,
            unreadable_lines: 0,
        }
    }

    #[test]
    fn lines_of_the_journal_that_do_not_count_are_said() {
        let server = Answer::Unknown("down".into());
        for (waiting, said) in [
            (
                0,
                "7 items built, 0 failed; 2 lines of the journal cannot be read and do not count",
            ),
            (
                3,
                "7 built, 3 still to build; 2 lines of the journal cannot be read and do not count",
            ),
        ] {
            let rebuilds = [Rebuild {
                unreadable_lines: 2,
                ..rebuild(7, waiting)
            }];
            let survey = survey_of(Overlay::On, &[2]);
            let steps = steps(&survey, &server, &rebuilds, "lay");
            let seventh = steps.iter().find(|step| step.number == 7).unwrap();
            assert_eq!(seventh.evidence, said);
        }
    }

    #[test]
    fn the_next_step_is_the_first_that_is_not_done() {
        let next_of = |survey: &Survey, facts: Option<ServerFacts>, rebuilds: &[Rebuild]| {
            let server = facts.map_or_else(|| Answer::Unknown("down".into()), Answer::Known);
            let steps = steps(survey, &server, rebuilds, "lay");
            next(&steps).map(|step| step.number)
        };
        let up = || {
            Some(ServerFacts {
                items: Some(3),
                database: Some("postgres".into()),
                ..ServerFacts::default()
            })
        };
        let off = survey_of(Overlay::Off, &[]);
        assert_eq!(next_of(&off, up(), &[]), Some(5));
        let on = survey_of(Overlay::On, &[]);
        assert_eq!(next_of(&on, up(), &[rebuild(1, 2)]), Some(7));
        assert_eq!(next_of(&on, up(), &[rebuild(3, 0)]), Some(8));
        // Nobody knows whether it is up and rebuilt: first things first.
        assert_eq!(next_of(&on, up(), &[]), Some(7));
        assert_eq!(next_of(&on, None, &[]), Some(6));
        let reverted = survey_of(Overlay::Off, &[1]);
        assert_eq!(next_of(&reverted, up(), &[rebuild(3, 0)]), Some(9));
    }

    #[test]
    fn the_commands_lead_to_this_release_and_server() {
        let mut survey = survey_of(Overlay::On, &[]);
        survey.place = CommandPlace {
            namespace: Some("ns".into()),
            ..CommandPlace::default()
        };
        let command = |number: u8, address: Option<&str>| {
            let facts = ServerFacts {
                address: address.map(str::to_owned),
                ..ServerFacts::default()
            };
            let steps = steps(&survey, &Answer::Known(facts), &[], "lay");
            steps
                .into_iter()
                .find(|step| step.number == number)
                .unwrap()
                .next
        };
        assert_eq!(
            command(7, Some("https://c.example.com/a b")),
            "helm connect-migrate rebuild --release rsc --from inventory.yaml --server 'https://c.example.com/a b' -n ns"
        );
        assert_eq!(
            command(9, None),
            "helm connect-migrate validate --from inventory.yaml -n ns"
        );
    }
}
