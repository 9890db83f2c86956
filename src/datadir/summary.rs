//! What a walk adds up to. Its size does not grow with the number of files.

use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::io;
use std::path::{Path, PathBuf};

use serde::{Serialize, Serializer};

use super::IMAGE_OWNER;

/// Sample paths kept of each kind.
const SAMPLES: usize = 5;

/// Owners told apart, and keys kept; more are only counted. A server with an account for each
/// publisher has some hundreds.
const KEPT: usize = 10_000;

/// User and group of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub(crate) struct Owner {
    pub uid: u32,
    pub gid: u32,
}

/// How much one owner has.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
pub(crate) struct OwnerCount {
    /// Files, folders and links.
    pub entries: u64,
    /// Some of them.
    pub samples: Vec<PathBuf>,
}

/// A key file and who can read it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct KeyFile {
    pub path: PathBuf,
    pub mode: u32,
}

/// What one entry of a folder tells.
#[derive(Debug, Clone, Copy)]
pub(super) struct FileEntry {
    pub owner: Owner,
    /// File type and permissions.
    pub mode: u32,
    /// Size of a file in bytes.
    pub bytes: u64,
    /// What it takes on the disk, in bytes.
    pub allocated: u64,
    pub kind: EntryKind,
}

/// What an entry is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum EntryKind {
    File,
    Folder,
    /// A symbolic link; it is not followed.
    Link,
    /// A socket, pipe or device.
    Other,
}

/// What a walk adds up to.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Summary {
    pub files: u64,
    /// Folders, the first among them.
    pub folders: u64,
    pub links: u64,
    /// Sockets, pipes and devices.
    pub others: u64,
    pub bytes: u64,
    /// Bytes that the files take on the disk.
    pub allocated: u64,
    #[serde(serialize_with = "by_owner")]
    pub owners: BTreeMap<Owner, OwnerCount>,
    /// Entries of owners beyond those told apart.
    pub more_owners: u64,
    pub keys: Vec<KeyFile>,
    /// What could not be looked at.
    pub unreadable: u64,
    /// Some of it, with the reasons.
    pub unreadable_samples: Vec<(PathBuf, String)>,
    /// Folders on other filesystems, which were not gone into.
    pub other_filesystems: Vec<PathBuf>,
}

fn by_owner<S: Serializer>(
    owners: &BTreeMap<Owner, OwnerCount>,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    serializer.collect_map(
        owners
            .iter()
            .map(|(owner, count)| (format!("{}:{}", owner.uid, owner.gid), count)),
    )
}

impl Summary {
    /// Counts an entry. Its path is only built where it is kept.
    pub(super) fn count(&mut self, entry: FileEntry, folder: &Path, name: &OsStr) {
        match entry.kind {
            EntryKind::File => {
                self.files += 1;
                self.bytes += entry.bytes;
                self.allocated += entry.allocated;
                if is_key(name) && self.keys.len() < KEPT {
                    self.keys.push(KeyFile {
                        path: folder.join(name),
                        mode: entry.mode & 0o7777,
                    });
                }
            }
            EntryKind::Folder => self.folders += 1,
            EntryKind::Link => self.links += 1,
            EntryKind::Other => self.others += 1,
        }
        if self.owners.len() >= KEPT && !self.owners.contains_key(&entry.owner) {
            self.more_owners += 1;
            return;
        }
        let owner = self.owners.entry(entry.owner).or_default();
        owner.entries += 1;
        if owner.samples.len() < SAMPLES {
            owner.samples.push(folder.join(name));
        }
    }

    /// Notes what could not be looked at.
    pub(super) fn unreadable(&mut self, path: &Path, error: &io::Error) {
        self.unreadable += 1;
        if self.unreadable_samples.len() < SAMPLES {
            self.unreadable_samples
                .push((path.to_path_buf(), error.to_string()));
        }
    }

    /// Adds what another worker counted.
    pub(super) fn add(&mut self, other: Self) {
        self.files += other.files;
        self.folders += other.folders;
        self.links += other.links;
        self.others += other.others;
        self.bytes += other.bytes;
        self.allocated += other.allocated;
        self.more_owners += other.more_owners;
        self.unreadable += other.unreadable;
        for (owner, count) in other.owners {
            let mine = self.owners.entry(owner).or_default();
            mine.entries += count.entries;
            mine.samples.extend(count.samples);
        }
        self.keys.extend(other.keys);
        self.unreadable_samples.extend(other.unreadable_samples);
        self.other_filesystems.extend(other.other_filesystems);
    }

    /// Makes what several workers counted look as if one had: in order, with no more samples than
    /// one keeps.
    pub(super) fn settle(&mut self) {
        for count in self.owners.values_mut() {
            count.samples.sort();
            count.samples.truncate(SAMPLES);
        }
        self.keys.sort_by(|one, other| one.path.cmp(&other.path));
        self.unreadable_samples.sort();
        self.unreadable_samples.truncate(SAMPLES);
        self.other_filesystems.sort();
    }

    /// Entries of any kind.
    #[must_use]
    pub(crate) const fn entries(&self) -> u64 {
        self.files + self.folders + self.links + self.others
    }

    /// Entries that are not the images' account's.
    #[must_use]
    pub(crate) fn foreign(&self) -> u64 {
        let foreign: u64 = self
            .owners
            .iter()
            .filter(|(owner, _)| **owner != IMAGE_OWNER)
            .map(|(_, count)| count.entries)
            .sum();
        foreign + self.more_owners
    }
}

/// Whether a file's name says that it holds a key: `secret.key` of the server, and what people keep
/// beside it.
fn is_key(name: &OsStr) -> bool {
    let Some(name) = name.to_str() else {
        return false;
    };
    name.ends_with(".key")
        || matches!(
            name,
            "id_rsa" | "id_ed25519" | "id_ecdsa" | ".netrc" | ".pgpass"
        )
}
