//! Seeing that the settings are off.

use std::time::Duration;

use super::Revert;
use crate::cli::session::Session;
use crate::cli::{Exit, status};
use crate::output;
use crate::release::{Cluster, Record, wait_for_rollout};
use crate::revert::{originals, restored};
use crate::survey::{Answer, Configuration, Overlay, Said, survey};

/// How long a server may show the old settings after its pods have restarted: a request may still
/// have gone to a pod that was on its way out.
const LAG: Duration = Duration::from_secs(15);

impl Revert {
    /// Waits for the pods, then asks all places.
    pub(super) async fn afterwards(
        &self,
        cluster: &Cluster,
        history: &[Record],
    ) -> anyhow::Result<Exit> {
        let mut after = survey(cluster, history).await;
        let several = after.configurations.len() > 1;
        let were = originals(history).unwrap_or_default();
        let mut seen = true;
        for configuration in &mut after.configurations {
            if let Some((kind, name)) = configuration.workload.clone() {
                let tell = |line: &str| output::talk(line);
                let rolled = wait_for_rollout(cluster, &kind, &name, self.timeout, tell).await;
                if let Err(error) = rolled {
                    anyhow::bail!(
                        "the settings are taken off, but {error}. 'kubectl describe' and 'kubectl \
                         logs' say why; 'helm connect-migrate revert {}' looks again",
                        self.release
                    );
                }
            }
            configuration.server = if several {
                Answer::Unknown("the release has several servers".to_owned())
            } else {
                self.ask(cluster, configuration, &were).await
            };
        }
        let servers: Vec<_> = after
            .configurations
            .iter()
            .map(|c| c.server.clone())
            .collect();
        let mut after = survey(cluster, history).await;
        for (configuration, server) in after.configurations.iter_mut().zip(servers) {
            configuration.server = server;
            output::talk(format!(
                "temporary settings of the ConfigMap {}\n{}",
                configuration.config_map,
                status::places(configuration).plain().trim_end()
            ));
            let off = |answer: &Answer<Said>| {
                answer
                    .known()
                    .is_some_and(|said| said.overlay == Overlay::Off)
            };
            seen &= configuration.places().iter().all(|(_, answer)| off(answer));
        }
        if !after.revisions_with_overlay.is_empty() {
            let list: Vec<_> = after
                .revisions_with_overlay
                .iter()
                .map(u32::to_string)
                .collect();
            output::talk(format!(
                "note: 'helm rollback' to revision {} would bring the temporary settings back",
                list.join(" or ")
            ));
        }
        if !seen {
            output::talk(format!(
                "Error: it was not seen in every place that the temporary settings are off. 'helm \
                 connect-migrate revert {}' looks again",
                self.release
            ));
            return Ok(Exit::Failed);
        }
        output::talk("the temporary settings are off");
        Ok(Exit::Done)
    }

    async fn ask(
        &self,
        cluster: &Cluster,
        configuration: &Configuration,
        were: &serde_json::Map<String, serde_json::Value>,
    ) -> Answer<Said> {
        let deadline = tokio::time::Instant::now() + LAG;
        loop {
            let workload = configuration.running.as_ref();
            let session = match Session::open(&self.connect, cluster, workload).await {
                Ok(session) => session,
                Err(error) => return Answer::Unknown(format!("{error:#}")),
            };
            let limit = match session.connect.scheduler().await {
                Ok(scheduler) => scheduler.min_processes_limit,
                Err(error) => return Answer::Unknown(error.to_string()),
            };
            let shown = limit.map_or("not shown".to_owned(), |limit| limit.to_string());
            let said = |overlay| {
                let version = session.connect.version();
                let version = version.map_or_else(String::new, |v| format!(", Connect {v}"));
                let evidence = format!("Scheduler.MinProcessesLimit is {shown}{version}");
                Answer::Known(Said { overlay, evidence })
            };
            match restored(limit, were) {
                Some(true) => return said(Overlay::Off),
                None => {
                    return Answer::Unknown(
                        "this server does not show Scheduler.MinProcessesLimit".to_owned(),
                    );
                }
                Some(false) if tokio::time::Instant::now() >= deadline => return said(Overlay::On),
                Some(false) => tokio::time::sleep(Duration::from_secs(1)).await,
            }
        }
    }
}
