//! `status`: how far the migration is, and where the temporary settings are on.

use std::path::PathBuf;

use clap::Args;
use serde::Serialize;

use super::connect::ConnectArgs;
use super::runtime::block_on;
use super::{Exit, Global};
use crate::announce::{self, Announcement};
use crate::helm::Helm;
use crate::output::{self, Format, Page, Table};
use crate::survey::journal::{Rebuild, journals};
use crate::survey::steps::{ServerFacts, Step, next, steps};
use crate::survey::{
    Answer, Configuration, NoRelease, Session, Survey, ask_server, choose, facts, places, survey,
    survey_live,
};

/// Show how far the migration is, and whether the temporary settings are on
///
/// Asks Helm's record of the release, the live objects, the running pods and the server itself, and
/// shows where they disagree. What cannot be asked is named, and why. Without --server, the server
/// is asked through a port-forward to one of its pods.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  helm connect-migrate status -n connect
  helm connect-migrate status rsc -n connect --output json

Exit codes: 0 shown, 1 there is no such release or the cluster does not answer.")]
pub(super) struct Status {
    /// Release; may be left out where only one in the namespace is Connect's
    #[arg(value_name = "RELEASE")]
    release: Option<String>,

    #[command(flatten)]
    connect: ConnectArgs,

    /// Folder of the rebuild's journal, instead of those below $XDG_STATE_HOME
    #[arg(long, value_name = "DIR")]
    journal: Option<PathBuf>,

    /// Form of the output
    #[arg(short, long, value_enum, default_value_t)]
    output: Format,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct StatusReport {
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

impl Status {
    /// Runs the command.
    pub(super) fn run(&self, global: &Global) -> anyhow::Result<Exit> {
        let report = block_on(self.report(global))?;
        output::result(self.output, &report, |_| drawn(&report))?;
        Ok(Exit::Done)
    }

    async fn report(&self, global: &Global) -> anyhow::Result<StatusReport> {
        let cluster = global.access().open().await?;
        let name = self.release.as_deref();
        let mut survey = match choose(&cluster, name).await {
            Ok(history) => survey(&cluster, &history).await,
            // Something else than Helm may have applied the manifests.
            Err(error) if error.is::<NoRelease>() => match survey_live(&cluster).await {
                Ok(survey) if !survey.configurations.is_empty() => survey,
                _ => return Err(error),
            },
            Err(error) => return Err(error),
        };
        let access = self.connect.server_access()?;
        let several = survey.configurations.len() > 1;
        let mut server = Answer::Unknown("there is no configuration of Connect's".to_owned());
        for (index, configuration) in survey.configurations.iter_mut().enumerate() {
            let workload = configuration.running.as_ref();
            let session = Session::open(&access, &cluster, workload).await;
            configuration.server = match &session {
                _ if several && access.server.is_some() => Answer::Unknown(
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
        let slug = access.server.as_ref().map(|server| server.slug());
        let rebuilds = journals(self.journal.as_deref(), slug.as_deref(), &survey)?;
        let ours: Vec<Rebuild> = rebuilds
            .iter()
            .filter(|rebuild| rebuild.is_known_to_be_ours)
            .cloned()
            .collect();
        let steps = steps(&survey, &server, &ours, &laying_command(global, &survey));
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
}

/// The command that lays the temporary settings over a release as it is.
fn laying_command(global: &Global, survey: &Survey) -> String {
    let chart = repository_with(&global.helm(), &survey.chart_name);
    format!(
        "helm connect-migrate upgrade {} {} --version {} --reuse-values -n {}",
        survey.release,
        chart.as_ref().unwrap_or(&survey.chart_name),
        survey.chart_version,
        survey.namespace
    )
}

/// The chart as this user's repositories have it; `None` unless exactly one has it.
fn repository_with(helm: &Helm, chart: &str) -> Option<String> {
    #[derive(serde::Deserialize)]
    struct Found {
        name: String,
    }
    let call = helm
        .call("search")
        .args(["repo", "--output", "json", "--", chart]);
    let found: Vec<Found> = serde_json::from_str(&call.capture().ok()?.output).ok()?;
    let is_it = |found: &Found| found.name.rsplit('/').next() == Some(chart);
    let mut names = found.into_iter().filter(is_it).map(|found| found.name);
    let name = names.next()?;
    names.next().is_none().then_some(name)
}

/// The database that a configuration names.
fn database(text: &str) -> Option<String> {
    let document = crate::gcfg::parse_text("", text).ok()?;
    let provider = crate::gcfg::Configuration::of(&[&document]).value("Database", "Provider")?;
    Some(provider.to_lowercase())
}

fn drawn(report: &StatusReport) -> Page {
    let survey = &report.survey;
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
    for step in &report.steps {
        table.row([
            step.number.to_string(),
            step.state.as_str().to_owned(),
            step.title.to_owned(),
            step.evidence.clone(),
        ]);
    }
    page.end().table(0, &table);
    if let Some(next) = &report.next {
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
    page.page(&announce::drawn(&report.announcements, laid));
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
