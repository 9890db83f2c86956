//! Asking before anything is changed.

use std::io::{self, BufRead as _, IsTerminal as _};

use super::message;

/// Whether to go on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Answer {
    Yes,
    No,
    /// There is nobody to ask.
    Nobody,
}

/// Asks on the terminal. Reading blocks, so it has a thread of its own: a signal is heard meanwhile.
pub(crate) async fn ask(question: &str) -> Answer {
    if !io::stdin().is_terminal() {
        return Answer::Nobody;
    }
    message(format!("{question} [y/N]"));
    let read = tokio::task::spawn_blocking(|| {
        let mut line = String::new();
        io::stdin().lock().read_line(&mut line).map(|_| line)
    });
    match read.await {
        Ok(Ok(line)) if matches!(line.trim().to_ascii_lowercase().as_str(), "y" | "yes") => {
            Answer::Yes
        }
        _ => Answer::No,
    }
}
