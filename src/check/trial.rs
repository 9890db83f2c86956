//! Whether some values are those of a trial that can do no harm.

use super::cluster::Beside;
use super::{Group, Judgement, count};
use crate::chart::{self, Chart, Purpose, Release, ValuesFile};
use crate::diagnostic::InvalidInput;
use crate::effective::{self, Deployed};
use crate::trial::{self, Harm, Production};
use crate::yaml::Map;

/// A trial by its values, and what is known of production.
#[derive(Debug)]
pub(crate) struct TrialServer {
    /// What the chart makes of the values; why it makes nothing of them otherwise.
    deployed: Result<Deployed, String>,
    values: Map,
    production: Production,
}

/// What is known of a trial.
pub(super) struct TrialFacts<'a> {
    pub server: &'a TrialServer,
    /// Where the cluster was asked.
    pub cluster: Option<Beside<'a>>,
}

/// How a check comes out that needs the cluster.
pub(super) fn beside(
    facts: &TrialFacts<'_>,
    judge: fn(&Beside<'_>, &TrialServer) -> Judgement,
) -> Judgement {
    match &facts.cluster {
        Some(beside) => judge(beside, facts.server),
        None => Group::Trial.unasked_one(),
    }
}

impl TrialServer {
    /// Renders the values.
    ///
    /// # Errors
    /// Helm cannot be run.
    pub(crate) fn of(
        chart: &Chart,
        release: &Release,
        files: &[ValuesFile],
        production: Production,
    ) -> anyhow::Result<Self> {
        let layers: Vec<&ValuesFile> = files.iter().collect();
        let deployed = if files.is_empty() {
            Err("no values given; -f FILE does".to_owned())
        } else {
            match effective::render(chart, release, &layers, None, Purpose::Configuration) {
                Ok(deployed) => Ok(deployed),
                Err(error) => Err(format!(
                    "the values do not render: {}",
                    error.downcast::<InvalidInput>()?
                )),
            }
        };
        Ok(Self {
            deployed,
            values: chart::coalesce(chart.defaults(), ValuesFile::merged(files)),
            production,
        })
    }

    pub(crate) fn in_values(&self) -> Judgement {
        let deployed = match &self.deployed {
            Ok(deployed) => deployed,
            Err(why) => return Judgement::not_asked(why.clone()),
        };
        let harms = trial::harms(deployed, &self.values, &self.production, false);
        let (certain, unseen): (Vec<Harm>, Vec<Harm>) =
            harms.into_iter().partition(|harm| harm.certain);
        let told = |harms: Vec<Harm>| harms.into_iter().map(|harm| harm.what);
        if !certain.is_empty() {
            return Judgement::fail(
                format!(
                    "{} in which the trial is not harmless",
                    count(certain.len(), "point")
                ),
                "make its values with 'helm connect-migrate values --trial'",
            )
            .details(told(certain).chain(told(unseen)));
        }
        if !unseen.is_empty() {
            return Judgement::warn(
                "whether the trial shares something with production is not to be seen in all",
                "look yourself; what stands in Secrets is not read here",
            )
            .details(told(unseen));
        }
        if !self.production.is_known() {
            return Judgement::warn(
                "by its values the trial does nothing by itself; with production they were not compared",
                "say what production is: --from its rstudio-connect.gcfg, --production its values",
            );
        }
        Judgement::pass(
            "by its values the trial does nothing by itself and shares nothing with production, as far as names tell",
        )
    }

    /// The databases of the trial that are somebody's.
    pub(crate) fn databases_of(&self, theirs: &Production) -> Vec<String> {
        let Ok(deployed) = &self.deployed else {
            return Vec::new();
        };
        trial::shared_databases(deployed, theirs)
    }

    /// The host that the trial answers under.
    pub(crate) fn host(&self) -> Option<String> {
        trial::host(self.deployed.as_ref().ok()?)
    }
}
