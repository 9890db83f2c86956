//! Ctrl-C and a polite kill: the first stops, the second leaves at once.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use super::stop::Stopper;
use crate::output;

/// Whether a signal came.
pub(super) type Signalled = Arc<AtomicBool>;

/// Listens for signals from now on. The second one leaves with the exit code `left`.
///
/// # Errors
/// The system refuses.
pub(super) fn listen(stopper: Stopper, left: i32) -> std::io::Result<Signalled> {
    let signalled = Signalled::default();
    let flag = Arc::clone(&signalled);
    let mut signals = Signals::new()?;
    tokio::spawn(async move {
        signals.next().await;
        flag.store(true, Ordering::Relaxed);
        stopper.leave();
        output::message(
            "Interrupted: nothing more is submitted, and what the server is at is left to it. \
             Again to leave at once.",
        );
        signals.next().await;
        output::message("Left. Run the same command again to go on.");
        std::process::exit(left);
    });
    Ok(signalled)
}

#[cfg(unix)]
struct Signals {
    interrupt: tokio::signal::unix::Signal,
    terminate: tokio::signal::unix::Signal,
    // Held, and never looked at: with a handler, writing beyond a limit on the size of files is an
    // error that we report instead of the end of the process.
    _file_size: Option<tokio::signal::unix::Signal>,
}

#[cfg(unix)]
impl Signals {
    fn new() -> std::io::Result<Self> {
        use tokio::signal::unix::{SignalKind, signal};
        Ok(Self {
            interrupt: signal(SignalKind::interrupt())?,
            terminate: signal(SignalKind::terminate())?,
            _file_size: signal(SignalKind::from_raw(SIGXFSZ)).ok(),
        })
    }

    async fn next(&mut self) {
        tokio::select! {
            _ = self.interrupt.recv() => {}
            _ = self.terminate.recv() => {}
        }
    }
}

/// "File size limit exceeded", by its number on Linux (but for MIPS), macOS and the BSDs.
#[cfg(unix)]
const SIGXFSZ: i32 = 25;

#[cfg(not(unix))]
struct Signals;

#[cfg(not(unix))]
impl Signals {
    fn new() -> std::io::Result<Self> {
        Ok(Self)
    }

    async fn next(&mut self) {
        if tokio::signal::ctrl_c().await.is_err() {
            std::future::pending::<()>().await;
        }
    }
}
