//! `status`: how far the migration is, and where the temporary settings are on.

use std::path::PathBuf;

use clap::Args;
use serde::Serialize;

use super::connect::ConnectArgs;
use super::runtime::block_on;
use super::session::{Session, facts};
use super::{Exit, Global};
use crate::announce::{self, Announcement};
use crate::output::{self, Format, Page, Table};
use crate::survey::journal::{Rebuild, journals};
use crate::survey::steps::{Facts, Step, next, steps};
use crate::survey::{Answer, Configuration, Survey, ask_server, choose, survey};

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
    server: Answer<Facts>,
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
        let history = choose(&cluster, self.release.as_deref()).await?;
        let mut survey = survey(&cluster, &history).await;
        let workload = survey.configurations.iter().find_map(|c| c.running.clone());
        let session = Session::open(&self.connect, &cluster, workload.as_ref()).await;
        let several = survey.configurations.len() > 1;
        for configuration in &mut survey.configurations {
            configuration.server = match &session {
                _ if several => Answer::Unknown("the release has several servers".to_owned()),
                Ok(session) => ask_server(&session.connect, &configuration.originals).await,
                Err(error) => Answer::Unknown(format!("{error:#}")),
            };
        }
        let mut server = facts(&session).await;
        if let (Answer::Known(facts), Some(configuration)) =
            (&mut server, survey.configurations.first())
        {
            let name = &configuration.config_map;
            facts.database = database(cluster.config_map(name).await.ok());
        }
        let slug = self.connect.server.as_ref().map(|server| server.slug());
        let rebuilds = journals(self.journal.as_deref(), slug.as_deref(), &survey.release)?;
        let steps = steps(&survey, &server, &rebuilds);
        Ok(StatusReport {
            schema: 1,
            disagree: survey.configurations.iter().any(Configuration::disagree),
            next: next(&steps).map(|step| step.next.clone()),
            survey,
            server,
            rebuilds,
            announcements: announce::all()?,
            steps,
        })
    }
}

/// The database that a live ConfigMap names.
fn database(config_map: Option<serde_json::Value>) -> Option<String> {
    let object = config_map?;
    let text = object["data"][crate::overlay::GCFG_KEY].as_str()?;
    let document = crate::gcfg::parse_text("", text).ok()?;
    let provider = crate::gcfg::Configuration::of(&[&document]).value("Database", "Provider")?;
    Some(provider.to_lowercase())
}

fn drawn(report: &StatusReport) -> Page {
    let survey = &report.survey;
    let mut page = Page::new();
    page.line(format!(
        "release {} in the namespace {}: revision {}, {}, chart {}",
        survey.release, survey.namespace, survey.revision, survey.status, survey.chart
    ));
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

/// What each place says about one configuration.
pub(super) fn places(configuration: &Configuration) -> Page {
    let mut table = Table::new(["PLACE", "OVERLAY", "EVIDENCE"]);
    for (place, answer) in configuration.places() {
        match answer {
            Answer::Known(said) => table.row([place, said.overlay.as_str(), &said.evidence]),
            Answer::Unknown(why) => table.row([place, "unknown", why]),
        }
    }
    let mut page = Page::new();
    page.table(0, &table);
    if configuration.disagree() {
        page.line("These places disagree: a change is under way, or somebody changed one by hand.");
    }
    if configuration.edited == Some(true) {
        page.line(
            "The live ConfigMap is not the one that Helm stored: the next upgrade overwrites it.",
        );
    }
    page
}
