//! The exit codes. README.md has the same table.

use std::process::ExitCode;

/// How a command ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub enum Exit {
    Done = 0,
    /// Something failed; the message says what.
    Failed = 1,
    /// The command line is wrong; for `diff --detailed-exitcode`: there are differences.
    Usage = 2,
    /// The input is invalid.
    InvalidInput = 3,
    /// Done, but the migration must not go on; for `check`: a check failed.
    Blocked = 4,
    /// `rebuild`: some content could not be built.
    SomeFailed = 5,
    /// Interrupted by a signal.
    Interrupted = 6,
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit as u8)
    }
}
