//! The one place that starts what waits for servers, clusters and child processes.

use std::future::Future;

use anyhow::Context as _;

/// Runs something that waits.
///
/// # Errors
/// Those of the work.
pub(super) fn block_on<T>(work: impl Future<Output = anyhow::Result<T>>) -> anyhow::Result<T> {
    // Two threads: a port is forwarded while Helm is waited for.
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .context("cannot start")?;
    let result = runtime.block_on(work);
    // A thread that waits for an answer on the terminal is not waited for.
    runtime.shutdown_background();
    result
}
