//! How far a release's migration is, in one report.

use std::path::Path;

use serde::Serialize;

use super::journal::{Rebuild, journals};
use super::steps::{ServerFacts, Step, next, steps};
use super::{
    Answer, Configuration, NoRelease, ServerAccess, Session, Survey, ask_server, choose, facts,
    places, survey, survey_live,
};
use crate::announce::{self, Announcement};
use crate::helm::Helm;
use crate::output::shell_word;
use crate::output::{Page, Table};
use crate::release::Cluster;

/// Where Posit keeps its charts.
const REPOSITORY: &str = "https://helm.rstudio.com";

/// What is asked, and of whom.
pub(crate) struct StatusQuery<'a> {
    pub cluster: &'a Cluster,
    pub helm: &'a Helm,
    pub server: &'a ServerAccess,
    /// `None`: the only one in the namespace.
    pub release: Option<&'a str>,
    /// The rebuild's journal, where it is not among those on this machine.
    pub journal: Option<&'a Path>,
}

#[derive(Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub(crate) struct StatusReport {
    schema: u32,
    #[serde(flatten)]
    survey: Survey,
    disagree: bool,
    server: Answer<ServerFacts>,
    rebuilds: Vec<Rebuild>,
    announcements: Vec<Announcement>,
    steps: Vec<Step>,
    next: Option<String>,
}

impl StatusQuery<'_> {
    /// # Errors
    /// There is no such release, or the cluster does not answer.
    pub(crate) async fn report(&self) -> anyhow::Result<StatusReport> {
        let mut survey = match choose(self.cluster, self.release).await {
            Ok(history) => survey(self.cluster, &history).await,
            // Something else than Helm may have applied the manifests.
            Err(error) if error.is::<NoRelease>() => match survey_live(self.cluster).await {
                Ok(survey) if !survey.configurations.is_empty() => survey,
                _ => return Err(error),
            },
            Err(error) => return Err(error),
        };
        let server = self.ask(&mut survey).await;
        let slug = self.server.server.as_ref().map(|server| server.slug());
        let mut rebuilds = journals(self.journal, slug.as_deref(), &survey)?;
        if self.journal.is_none() {
            let facts = server.known();
            rebuilds.iter_mut().for_each(|rebuild| rebuild.meet(facts));
        }
        let ours: Vec<Rebuild> = rebuilds
            .iter()
            .filter(|rebuild| rebuild.is_known_to_be_ours)
            .cloned()
            .collect();
        let steps = steps(&survey, &server, &ours, &self.laying_command(&survey));
        let next = if survey.release.is_empty() {
            Some("helm connect-migrate overlay values -f values.yaml --out overlay.yaml".to_owned())
        } else if survey.is_half_way() {
            Some(survey.revert_command())
        } else {
            next(&steps).map(|step| step.next.clone())
        };
        Ok(StatusReport {
            schema: 1,
            disagree: survey.configurations.iter().any(Configuration::disagree),
            next,
            survey,
            server,
            rebuilds,
            announcements: announce::all()?,
            steps,
        })
    }

    /// Asks each configuration's server; gives what the first says of itself.
    async fn ask(&self, survey: &mut Survey) -> Answer<ServerFacts> {
        let several = survey.configurations.len() > 1;
        let mut server = Answer::Unknown("there is no configuration of Connect's".to_owned());
        for (index, configuration) in survey.configurations.iter_mut().enumerate() {
            let workload = configuration.running.as_ref();
            let session = Session::open(self.server, self.cluster, workload).await;
            configuration.server = match &session {
                _ if several && self.server.server.is_some() => Answer::Unknown(
                    "the release has several servers; without --server each is asked".to_owned(),
                ),
                Ok(session) => ask_server(&session.connect, &configuration.baseline).await,
                Err(error) => Answer::Unknown(format!("{error:#}")),
            };
            if index == 0 {
                server = facts(&session).await;
                if let Answer::Known(facts) = &mut server {
                    facts.database = configuration.live_gcfg().and_then(database);
                }
            }
        }
        server
    }

    /// The command that lays the temporary settings over a release as it is.
    fn laying_command(&self, survey: &Survey) -> String {
        let name = &survey.chart_name;
        let chart = match repository_with(self.helm, name, &survey.chart_version) {
            Some(chart) => shell_word(&chart),
            None if name == "rstudio-connect" => format!("{name} --repo {REPOSITORY}"),
            // Nobody knows where the user keeps it.
            None => shell_word(name),
        };
        survey.place.helm(&format!(
            "connect-migrate upgrade {} {chart} --version {} --reuse-values",
            shell_word(&survey.release),
            shell_word(&survey.chart_version)
        ))
    }
}

/// The chart as this user's repositories have it.
fn repository_with(helm: &Helm, chart: &str, version: &str) -> Option<String> {
    let known = helm.chart_versions_of(chart).ok()?;
    let mut names = known.into_iter().filter(|known| known.version == version);
    names.next().map(|known| known.name)
}

/// The database that a configuration names.
fn database(text: &str) -> Option<String> {
    let document = crate::gcfg::parse_text("", text).ok()?;
    let provider = crate::gcfg::Configuration::of(&[&document]).value("Database", "Provider")?;
    Some(provider.to_lowercase())
}

impl StatusReport {
    /// For people.
    pub(crate) fn drawn(&self) -> Page {
        let survey = &self.survey;
        let mut page = Page::new();
        if survey.release.is_empty() {
            page.line(format!(
                "no release of Helm's in the namespace {}; what is alive there:",
                survey.namespace
            ));
        } else {
            page.line(format!(
                "release {} in the namespace {}: revision {}, {}, chart {}",
                survey.release, survey.namespace, survey.revision, survey.status, survey.chart
            ));
        }
        let mut table = Table::new(["STEP", "STATE", "WHAT", "EVIDENCE"]);
        for step in &self.steps {
            table.row([
                step.number.to_string(),
                step.state.as_str().to_owned(),
                step.title.to_owned(),
                step.evidence.clone(),
            ]);
        }
        page.end().table(0, &table);
        if let Some(next) = &self.next {
            page.end().line(format!("next: {next}"));
        }
        for configuration in &survey.configurations {
            page.end().line(format!(
                "temporary settings of the ConfigMap {}",
                configuration.config_map
            ));
            page.page(&places(configuration));
        }
        let laid = survey
            .configurations
            .iter()
            .map(|configuration| (&*configuration.config_map, &configuration.settings));
        page.page(&announce::drawn(&self.announcements, laid));
        if !survey.revisions_with_overlay.is_empty() {
            let list: Vec<_> = survey
                .revisions_with_overlay
                .iter()
                .map(u32::to_string)
                .collect();
            page.end().line(format!(
                "'helm rollback' to revision {} would bring the temporary settings back.",
                list.join(" or ")
            ));
        }
        page
    }
}
