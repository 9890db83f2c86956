//! A command in a pod, as `kubectl exec` runs it.

use std::time::Duration;

use anyhow::Context as _;
use k8s_openapi::api::core::v1::Pod;
use kube::Api;
use kube::api::AttachParams;
use tokio::io::{AsyncRead, AsyncReadExt as _};

use super::access::Cluster;

/// How much of what a command says is kept: of its output, and of its errors.
const OUTPUT: u64 = 16 << 20;
const ERRORS: u64 = 64 << 10;

/// Once it has said all, how long it may take to end.
const END: Duration = Duration::from_secs(10);

/// What a command in a pod came to.
#[derive(Debug, Default)]
pub(crate) struct PodOutput {
    pub output: Vec<u8>,
    /// Whether it said more than is kept.
    pub is_cut: bool,
    pub errors: String,
    /// What Kubernetes says of its end, where that was no good one.
    pub failure: Option<String>,
}

impl Cluster {
    /// Runs a command in a container. Whoever says nothing for long is hung up on.
    ///
    /// # Errors
    /// It cannot be run there.
    pub(crate) async fn exec(
        &self,
        pod: &str,
        container: &str,
        command: &[&str],
    ) -> anyhow::Result<PodOutput> {
        let api: Api<Pod> = Api::namespaced(self.client.clone(), &self.namespace);
        let what = format!("run a command in the pod {pod}");
        let params = AttachParams::default().stdin(false).container(container);
        let process = api.exec(pod, command.iter().copied(), &params).await;
        let mut process = process.map_err(|error| self.explain(&what, error))?;
        let output = process.stdout().context("no output")?;
        let errors = process.stderr().context("no errors")?;
        let ended = process.take_status().context("no status")?;
        let ((output, is_cut), (errors, _)) =
            tokio::try_join!(kept(output, OUTPUT), kept(errors, ERRORS))
                .with_context(|| format!("cannot {what}"))?;
        let ended = tokio::time::timeout(END, ended).await.ok().flatten();
        let failure = match ended {
            Some(status) if status.status.as_deref() == Some("Success") => None,
            Some(status) => Some(status.message.unwrap_or_default()),
            None => Some("the connection ended before the command did".to_owned()),
        };
        Ok(PodOutput {
            output,
            is_cut,
            errors: String::from_utf8_lossy(&errors).into_owned(),
            failure,
        })
    }
}

/// Reads to the end, so that the command is not held up, and keeps the beginning. Whether there was more.
async fn kept(mut from: impl AsyncRead + Unpin, most: u64) -> std::io::Result<(Vec<u8>, bool)> {
    let mut kept = Vec::new();
    (&mut from).take(most).read_to_end(&mut kept).await?;
    let more = tokio::io::copy(&mut from, &mut tokio::io::sink()).await?;
    Ok((kept, more > 0))
}
