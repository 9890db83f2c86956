//! One run at a time.

use std::fs::{self, File, TryLockError};
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{append_private, write_private};
use crate::files::{open_regular, read_regular};

/// The lock on a state folder. The system holds it for the process and lets go of it when the
/// process ends, however it ends, so that no lock is ever left over: what is left over is only the
/// note of who held it.
#[derive(Debug)]
pub(crate) struct Lock {
    // Unlocks when dropped.
    _file: File,
    stale: Option<Holder>,
    note: PathBuf,
}

/// Who holds a lock.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct Holder {
    pub pid: u32,
    /// The machine that the process runs on.
    pub host: String,
    pub since: Timestamp,
}

/// Why the lock was not to be had.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Busy {
    /// Another process has it.
    #[error("another command of this program is at work in {}{}; wait for it, or end it with Ctrl-C, then run this one again", folder.display(), by(holder.as_ref()))]
    Held {
        folder: PathBuf,
        holder: Option<Holder>,
    },
    #[error("cannot lock the state folder")]
    System(#[from] io::Error),
}

fn by(holder: Option<&Holder>) -> String {
    holder.map_or_else(String::new, |holder| {
        format!(
            " (process {} on {}, since {})",
            holder.pid,
            holder.host,
            holder.since.strftime("%F %T UTC")
        )
    })
}

impl Lock {
    /// Takes the lock of a folder.
    ///
    /// # Errors
    /// Another process holds it, or the file system has no locks.
    pub(crate) fn take(folder: &Path) -> Result<Self, Busy> {
        let file = append_private(&folder.join("lock"))?;
        // The note stands beside the lock: on some systems a locked file cannot be read.
        let note = folder.join("holder.json");
        let mut attempts = 0;
        loop {
            match file.try_lock() {
                Ok(()) => break,
                Err(TryLockError::WouldBlock) => {
                    attempts += 1;
                    let holder = read(&note);
                    // Without a note it may be a passing look at the lock, as `holder` takes.
                    if holder.is_some() || attempts > 5 {
                        return Err(Busy::Held {
                            folder: folder.to_path_buf(),
                            holder,
                        });
                    }
                    std::thread::sleep(Duration::from_millis(20));
                }
                Err(TryLockError::Error(error)) => return Err(error.into()),
            }
        }
        let stale = read(&note);
        let holder = Holder {
            pid: std::process::id(),
            host: host_name(),
            since: Timestamp::now(),
        };
        // Without the note the lock still holds; a disk may be too full for it.
        if let Ok(json) = serde_json::to_vec(&holder) {
            let _ = write_private(&note, &json);
        }
        Ok(Self {
            _file: file,
            stale,
            note,
        })
    }

    /// The process that held the lock before and ended without letting go of it.
    #[must_use]
    pub(crate) const fn left_by(&self) -> Option<&Holder> {
        self.stale.as_ref()
    }

    /// Who holds a folder's lock at this moment.
    ///
    /// # Errors
    /// The lock cannot be asked.
    pub(crate) fn holder(folder: &Path) -> io::Result<Option<Holder>> {
        let path = folder.join("lock");
        if !path.exists() {
            return Ok(None);
        }
        match open_regular(&path)?.try_lock_shared() {
            Ok(()) => Ok(None),
            Err(TryLockError::WouldBlock) => {
                Ok(Some(read(&folder.join("holder.json")).unwrap_or(Holder {
                    pid: 0,
                    host: "unknown".to_owned(),
                    since: Timestamp::now(),
                })))
            }
            Err(TryLockError::Error(error)) => Err(error),
        }
    }
}

impl Drop for Lock {
    fn drop(&mut self) {
        let _ = fs::remove_file(&self.note);
    }
}

fn read(note: &Path) -> Option<Holder> {
    serde_json::from_slice(&read_regular(note).ok()?).ok()
}

fn host_name() -> String {
    let from_file = || {
        let text = fs::read_to_string("/proc/sys/kernel/hostname").ok()?;
        Some(text.trim().to_owned())
    };
    let from_environment = || {
        ["HOSTNAME", "COMPUTERNAME", "HOST"]
            .iter()
            .find_map(|name| std::env::var(name).ok())
    };
    from_file()
        .or_else(from_environment)
        .filter(|name| !name.is_empty())
        .unwrap_or_else(|| "this machine".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_second_holder_learns_of_the_first() {
        let folder = tempfile::tempdir().unwrap();
        let lock = Lock::take(folder.path()).unwrap();
        assert!(lock.left_by().is_none());
        let Err(Busy::Held {
            holder: Some(holder),
            ..
        }) = Lock::take(folder.path())
        else {
            panic!("the lock was had twice");
        };
        assert_eq!(holder.pid, std::process::id());
        assert_eq!(Lock::holder(folder.path()).unwrap(), Some(holder));
        drop(lock);
        assert_eq!(Lock::holder(folder.path()).unwrap(), None);
        assert!(Lock::take(folder.path()).unwrap().left_by().is_none());
    }

    #[test]
    fn a_note_without_a_lock_is_left_over() {
        let folder = tempfile::tempdir().unwrap();
        let holder = Holder {
            pid: 4_000_000,
            host: "gone".into(),
            since: Timestamp::UNIX_EPOCH,
        };
        fs::write(
            folder.path().join("holder.json"),
            serde_json::to_vec(&holder).unwrap(),
        )
        .unwrap();
        let lock = Lock::take(folder.path()).unwrap();
        assert_eq!(lock.left_by(), Some(&holder));
    }
}
