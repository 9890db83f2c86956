//! Waiting for the server behind an upgrade.

use std::time::Duration;

use anyhow::{Context as _, bail};

use crate::output;
use crate::overlay::RunReport;
use crate::release::{Access, Cluster, Forward, Workload, wait_for_rollout};

/// Waits until the pods of every workload in the report have restarted and their server answers.
pub(super) async fn wait(
    access: &Access,
    report: &RunReport,
    timeout: Duration,
) -> anyhow::Result<()> {
    for config in &report.config_maps {
        let mut access = access.clone();
        if config.namespace.is_some() {
            access.namespace.clone_from(&config.namespace);
        }
        let cluster = access.open().await?;
        for workload in &config.workloads {
            let (kind, name) = workload.split_once('/').context("no workload")?;
            let tell = |line: &str| output::message(line);
            let workload = wait_for_rollout(&cluster, kind, name, timeout, tell).await?;
            answers(&cluster, &workload, timeout).await?;
            next(&cluster, &workload);
        }
    }
    Ok(())
}

/// Waits until the server answers its liveness check.
async fn answers(cluster: &Cluster, workload: &Workload, timeout: Duration) -> anyhow::Result<()> {
    let forward = Forward::open(cluster, workload).await?;
    let ping = format!("{}/__ping__", forward.url());
    // The way leads over the loopback address, where no proxy has any business.
    let client = reqwest::Client::builder()
        .no_proxy()
        .timeout(Duration::from_secs(10))
        .build()?;
    let deadline = tokio::time::Instant::now() + timeout;
    loop {
        let answer = client.get(&ping).send().await;
        let why = match answer.map(|answer| answer.status().as_u16()) {
            Ok(200) => return Ok(()),
            Ok(402) => bail!("the server answers that its licence has expired"),
            Ok(status) => format!("HTTP {status}"),
            Err(error) => error.to_string(),
        };
        if tokio::time::Instant::now() >= deadline {
            bail!("the pods are up, but the server does not answer its liveness check: {why}");
        }
        tokio::time::sleep(Duration::from_secs(1)).await;
    }
}

fn next(cluster: &Cluster, workload: &Workload) {
    let kind = workload.kind.to_lowercase();
    let name = &workload.name;
    let place = &cluster.place;
    output::message(format!(
        "the server of {} {name} answers. To look at it before users do:\n  {}   and open \
         http://localhost:3939\nthen: helm connect-migrate rebuild --server URL --all\nhow it \
         stands: {}",
        workload.kind,
        place.kubectl(&format!("port-forward {kind}/{name} 3939:3939")),
        place.helm("connect-migrate status")
    ));
}
