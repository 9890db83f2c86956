//! Walking a data directory: several folders at a time, since network filesystems answer slowly and
//! many questions at once.
//!
//! Memory is bounded: folders that wait are kept up to a limit, behind which a worker goes into
//! them at once, depth first. Links are looked at and never followed; other filesystems are named
//! and not gone into, since a copy or a claim has to deal with each by itself.

use std::collections::VecDeque;
use std::fs::{self, Metadata};
use std::io;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Duration;

use super::summary::{EntryKind, FileEntry, Owner, Summary};

/// Folders that may wait.
const WAITING: usize = 10_000;

/// How far a walk has come.
#[derive(Debug, Default)]
pub(crate) struct Progress {
    entries: AtomicU64,
    bytes: AtomicU64,
}

impl Progress {
    #[must_use]
    pub(crate) fn entries(&self) -> u64 {
        self.entries.load(Ordering::Relaxed)
    }

    /// Bytes in files seen.
    #[must_use]
    pub(crate) fn bytes(&self) -> u64 {
        self.bytes.load(Ordering::Relaxed)
    }
}

struct Queue {
    waiting: VecDeque<PathBuf>,
    /// Workers that may still find folders.
    working: usize,
}

impl Queue {
    fn is_over(&self) -> bool {
        self.working == 0 && self.waiting.is_empty()
    }
}

struct Walk<'a> {
    queue: Mutex<Queue>,
    /// A folder waits, or none will.
    changed: Condvar,
    /// The walk is over.
    over: Condvar,
    device: u64,
    progress: &'a Progress,
}

/// Walks a folder with so many workers; `tell` is called every second meanwhile, and at the end.
///
/// # Errors
/// The folder itself cannot be looked at. What lies below and cannot is counted instead.
pub(crate) fn walk(
    root: &Path,
    workers: usize,
    mut tell: impl FnMut(&Progress),
) -> io::Result<Summary> {
    // The folder itself may be named through a link.
    let root = fs::canonicalize(root)?;
    let metadata = fs::metadata(&root)?;
    if !metadata.is_dir() {
        return Err(io::Error::new(io::ErrorKind::NotADirectory, "not a folder"));
    }
    let progress = Progress::default();
    let workers = workers.max(1);
    let walk = Walk {
        queue: Mutex::new(Queue {
            waiting: VecDeque::from([root.clone()]),
            working: workers,
        }),
        changed: Condvar::new(),
        over: Condvar::new(),
        device: metadata.dev(),
        progress: &progress,
    };
    let mut summary = Summary::default();
    let parent = root.parent().unwrap_or(&root);
    summary.count(
        entry(&metadata),
        parent,
        root.file_name().unwrap_or_default(),
    );
    thread::scope(|scope| {
        let threads: Vec<_> = (0..workers).map(|_| scope.spawn(|| walk.work())).collect();
        loop {
            let (queue, _) = walk
                .over
                .wait_timeout_while(walk.lock(), Duration::from_secs(1), |queue| {
                    !queue.is_over()
                })
                .unwrap_or_else(PoisonError::into_inner);
            let over = queue.is_over();
            drop(queue);
            if over || threads.iter().all(thread::ScopedJoinHandle::is_finished) {
                break;
            }
            tell(&progress);
        }
        for thread in threads {
            match thread.join() {
                Ok(part) => summary.add(part),
                Err(panic) => std::panic::resume_unwind(panic),
            }
        }
    });
    tell(&progress);
    summary.settle();
    Ok(summary)
}

impl Walk<'_> {
    fn lock(&self) -> MutexGuard<'_, Queue> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn work(&self) -> Summary {
        let mut summary = Summary::default();
        while let Some(folder) = self.next() {
            self.visit(&folder, &mut summary);
        }
        summary
    }

    /// The next folder; `None` when no worker can find one any more.
    fn next(&self) -> Option<PathBuf> {
        let mut queue = self.lock();
        queue.working -= 1;
        loop {
            // The youngest first: depth first keeps the queue short.
            if let Some(folder) = queue.waiting.pop_back() {
                queue.working += 1;
                return Some(folder);
            }
            if queue.working == 0 {
                self.changed.notify_all();
                self.over.notify_all();
                return None;
            }
            queue = self
                .changed
                .wait(queue)
                .unwrap_or_else(PoisonError::into_inner);
        }
    }

    fn visit(&self, folder: &Path, summary: &mut Summary) {
        let entries = match fs::read_dir(folder) {
            Ok(entries) => entries,
            Err(error) => return summary.unreadable(folder, &error),
        };
        for item in entries {
            let item = match item {
                Ok(item) => item,
                Err(error) => {
                    // A listing that breaks would give the same error for ever.
                    return summary.unreadable(folder, &error);
                }
            };
            // Asks relative to the open folder, and does not follow links.
            let metadata = match item.metadata() {
                Ok(metadata) => metadata,
                // Deleted between the listing and the question, as caches are on a live server.
                Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
                Err(error) => {
                    summary.unreadable(&item.path(), &error);
                    continue;
                }
            };
            let entry = entry(&metadata);
            summary.count(entry, folder, &item.file_name());
            self.progress.entries.fetch_add(1, Ordering::Relaxed);
            match entry.kind {
                EntryKind::Folder if metadata.dev() != self.device => {
                    summary.other_filesystems.push(item.path());
                }
                EntryKind::Folder => self.later(item.path(), summary),
                EntryKind::File => {
                    self.progress
                        .bytes
                        .fetch_add(entry.bytes, Ordering::Relaxed);
                }
                EntryKind::Link | EntryKind::Other => {}
            }
        }
    }

    /// Puts a folder into the queue, or goes into it where the queue is long.
    fn later(&self, folder: PathBuf, summary: &mut Summary) {
        {
            let mut queue = self.lock();
            if queue.waiting.len() < WAITING {
                queue.waiting.push_back(folder);
                drop(queue);
                self.changed.notify_one();
                return;
            }
        }
        self.visit(&folder, summary);
    }
}

fn entry(metadata: &Metadata) -> FileEntry {
    let kind = metadata.file_type();
    FileEntry {
        owner: Owner {
            uid: metadata.uid(),
            gid: metadata.gid(),
        },
        mode: metadata.mode(),
        bytes: metadata.len(),
        // Blocks are of 512 bytes, whatever the filesystem's are.
        allocated: metadata.blocks().saturating_mul(512),
        kind: if kind.is_file() {
            EntryKind::File
        } else if kind.is_dir() {
            EntryKind::Folder
        } else if kind.is_symlink() {
            EntryKind::Link
        } else {
            EntryKind::Other
        },
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::{PermissionsExt as _, symlink};

    use super::*;

    /// `depth` levels of `width` folders with `files` files each.
    fn tree(root: &Path, depth: u32, width: u32, files: u32) {
        fs::create_dir_all(root).unwrap();
        for file in 0..files {
            fs::write(root.join(format!("f{file}")), "12345").unwrap();
        }
        if depth > 0 {
            for folder in 0..width {
                tree(&root.join(format!("d{folder}")), depth - 1, width, files);
            }
        }
    }

    #[test]
    fn counts_everything_once_however_many_workers() {
        let place = tempfile::tempdir().unwrap();
        let root = place.path().join("data");
        tree(&root, 3, 4, 5);
        let folders = 1 + 4 + 16 + 64;
        for workers in [1, 3, 16] {
            let mut told = 0;
            let summary = walk(&root, workers, |progress| told = progress.entries()).unwrap();
            assert_eq!(summary.folders, folders);
            assert_eq!(summary.files, folders * 5);
            assert_eq!(summary.bytes, folders * 5 * 5);
            assert_eq!(summary.entries(), folders * 6);
            assert_eq!(summary.unreadable, 0);
            assert_eq!(told, folders * 6 - 1, "the root is known before");
        }
    }

    #[test]
    fn links_are_counted_and_never_followed() {
        let place = tempfile::tempdir().unwrap();
        let outside = place.path().join("outside");
        tree(&outside, 1, 3, 3);
        let root = place.path().join("data");
        tree(&root, 0, 0, 1);
        symlink(&outside, root.join("out")).unwrap();
        symlink(&root, root.join("loop")).unwrap();
        symlink("nowhere", root.join("dangling")).unwrap();
        let named = place.path().join("by-link");
        symlink(&root, &named).unwrap();
        for root in [root, named] {
            let summary = walk(&root, 4, |_| {}).unwrap();
            assert_eq!((summary.files, summary.folders, summary.links), (1, 1, 3));
        }
    }

    #[test]
    fn owners_keys_and_samples_are_kept_in_order() {
        let place = tempfile::tempdir().unwrap();
        let root = place.path().join("data");
        tree(&root, 1, 20, 1);
        fs::create_dir(root.join("db")).unwrap();
        let key = root.join("db/secret.key");
        fs::write(&key, "k").unwrap();
        fs::set_permissions(&key, fs::Permissions::from_mode(0o644)).unwrap();
        let summary = walk(&root, 8, |_| {}).unwrap();
        let root = fs::canonicalize(&root).unwrap();
        assert_eq!(summary.keys.len(), 1);
        assert_eq!(summary.keys[0].path, root.join("db/secret.key"));
        assert_eq!(summary.keys[0].mode, 0o644);
        let total: u64 = summary.owners.values().map(|count| count.entries).sum();
        assert_eq!(total, summary.entries());
        for count in summary.owners.values() {
            assert!(count.samples.len() <= 5);
            assert!(count.samples.is_sorted());
        }
    }

    #[test]
    fn a_file_is_no_data_directory() {
        let place = tempfile::tempdir().unwrap();
        let file = place.path().join("f");
        fs::write(&file, "").unwrap();
        assert!(walk(&file, 1, |_| {}).is_err());
        assert!(walk(&place.path().join("none"), 1, |_| {}).is_err());
    }
}
