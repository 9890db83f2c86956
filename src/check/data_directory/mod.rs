//! Checks of the data directory, after it was walked on the old server.

mod in_pod;
#[cfg(unix)]
mod look;

use std::path::{Path, PathBuf};

use super::{Check, Group, Judgement, code, count, plural};
use crate::datadir::mounts::{self, Mount};
use crate::datadir::summary::OwnerCount;
use crate::datadir::{IMAGE_OWNER, Owner, Summary};
use crate::output::shell_word;

pub(crate) use in_pod::in_pod;

/// Everything that is known about a data directory.
#[derive(Debug, Clone)]
pub(super) struct Facts {
    /// Its path without links.
    pub path: PathBuf,
    /// What a walk adds up to.
    pub summary: Summary,
    /// The mount table; none where the system has none to read.
    pub mounts: Vec<Mount>,
    /// Free bytes, and free inodes where the filesystem counts them.
    pub free: Option<(u64, Option<u64>)>,
}

/// Walks the data directory, where one is given, and judges it.
///
/// # Errors
/// It cannot be walked.
#[cfg(unix)]
pub(super) fn examine(path: Option<&Path>) -> anyhow::Result<Vec<Check>> {
    Ok(match path {
        Some(path) => code::data_directory(&look::look(path)?),
        None => Group::DataDirectory.unasked(),
    })
}

/// Owners and mounts are not to be had here.
///
/// # Errors
/// A directory is given.
#[cfg(not(unix))]
pub(super) fn examine(path: Option<&Path>) -> anyhow::Result<Vec<Check>> {
    if path.is_some() {
        anyhow::bail!("--data-dir is for the old server, which runs Linux");
    }
    Ok(Group::DataDirectory.unasked())
}

pub(super) fn filesystem(facts: &Facts) -> Judgement {
    let path = facts.path.display();
    let Some(mount) = mounts::of(&facts.mounts, &facts.path) else {
        return Judgement::not_asked(format!("the mount table does not say what {path} lies on"));
    };
    let lies = format!(
        "{path} lies on {} ({}, mounted at {})",
        mount.source,
        mount.kind,
        mount.point.display()
    );
    let others: Vec<String> = mounts::below(&facts.mounts, &facts.path)
        .into_iter()
        .map(|mount| {
            format!(
                "{} is {} ({})",
                mount.point.display(),
                mount.source,
                mount.kind
            )
        })
        .collect();
    if !others.is_empty() {
        return Judgement::warn(format!("{lies}, and parts of it on other filesystems"),
            "a claim is one filesystem: bring the parts together, or mount each with pod.volumes and pod.volumeMounts. They are not in the numbers below",
        )
        .details(others);
    }
    if mount.is_network() {
        Judgement::pass(format!(
            "{lies}: a network filesystem. If the cluster can mount the same export, a PersistentVolume for it saves the copy"
        ))
    } else {
        Judgement::warn(format!("{lies}: a disk of this machine, which pods cannot reach"),
            "copy it to storage that is ReadWriteMany: once while the server runs, and what changed since once it is stopped",
        )
        .command(format!(
            "rsync --archive --hard-links --acls --xattrs --numeric-ids --delete {}/ NEW:/",
            quoted(&facts.path)
        ))
    }
}

/// A number of bytes as people say it.
#[must_use]
fn bytes(number: u64) -> String {
    const UNITS: [&str; 6] = ["B", "KiB", "MiB", "GiB", "TiB", "PiB"];
    let mut shown = number;
    let mut rest = 0;
    let mut unit = 0;
    while shown >= 1024 && unit + 1 < UNITS.len() {
        rest = shown % 1024;
        shown /= 1024;
        unit += 1;
    }
    if unit > 0 && shown < 10 {
        format!("{shown}.{} {}", rest * 10 / 1024, UNITS[unit])
    } else {
        format!("{shown} {}", UNITS[unit])
    }
}

pub(super) fn size(facts: &Facts) -> Judgement {
    let summary = &facts.summary;
    let mut evidence = format!(
        "{} in {} files and {} folders ({} on the disk)",
        bytes(summary.bytes),
        summary.files,
        summary.folders,
        bytes(summary.allocated)
    );
    if let Some((free, inodes)) = facts.free {
        evidence.push_str(&format!("; {} free here", bytes(free)));
        if let Some(inodes) = inodes {
            evidence.push_str(&format!(", {inodes} inodes"));
        }
    }
    evidence.push_str(&format!(
        ". The claim needs that and room to grow: --storage-size {}",
        claim(summary.allocated.max(summary.bytes))
    ));
    Judgement::pass(evidence)
}

/// Half as much again, in whole GiB.
fn claim(bytes: u64) -> String {
    const GIB: u64 = 1 << 30;
    let wanted = bytes.saturating_add(bytes / 2);
    format!("{}Gi", wanted.div_ceil(GIB).max(10))
}

pub(super) fn owners(facts: &Facts) -> Judgement {
    let summary = &facts.summary;
    let foreign = summary.foreign();
    if foreign == 0 {
        return Judgement::pass(format!(
            "all {} entries are {}:{}'s, the account of the images",
            summary.entries(),
            IMAGE_OWNER.uid,
            IMAGE_OWNER.gid
        ));
    }
    let owners: Vec<_> = summary
        .owners
        .iter()
        .filter(|(owner, _)| **owner != IMAGE_OWNER)
        .collect();
    let evidence = format!(
        "{foreign} of {} entries are not {}:{}'s, the account of the images: the pod could not write to them",
        summary.entries(),
        IMAGE_OWNER.uid,
        IMAGE_OWNER.gid
    );
    let one = (summary.more_owners == 0 && summary.owners.len() == 1)
        .then(|| owners.first().map(|(owner, _)| **owner))
        .flatten();
    let mut remedy = "hand them over on the copy, after the last copy and before the first start; on the old server itself only once it is stopped for good".to_owned();
    if let Some(owner) = one {
        remedy.push_str(&format!(
            ". Or leave them, and run the pod as their owner: pod.securityContext: {{runAsUser: {0}, runAsGroup: {1}, fsGroup: {1}}}",
            owner.uid, owner.gid
        ));
    }
    Judgement::fail(evidence, remedy)
        .details(owner_lines(owners))
        .command(format!(
            "chown -R --no-dereference {}:{} {}",
            IMAGE_OWNER.uid,
            IMAGE_OWNER.gid,
            quoted(&facts.path)
        ))
}

/// Whose how much is, the most first, with some of it.
fn owner_lines(mut owners: Vec<(&Owner, &OwnerCount)>) -> Vec<String> {
    owners.sort_by_key(|(owner, count)| (std::cmp::Reverse(count.entries), **owner));
    let line = |(owner, count): &(&Owner, &OwnerCount)| {
        let samples = count.samples.iter().take(3);
        let samples: Vec<_> = samples.map(|path| path.display().to_string()).collect();
        let more = count.entries > samples.len() as u64;
        format!(
            "{}:{} has {}: {}{}",
            owner.uid,
            owner.gid,
            plural(
                usize::try_from(count.entries).unwrap_or(usize::MAX),
                "entry",
                "entries"
            ),
            samples.join(", "),
            if more { ", …" } else { "" }
        )
    };
    owners.iter().map(line).collect()
}

pub(super) fn keys_of(facts: &Facts) -> Judgement {
    keys(&facts.path, &facts.summary)
}

fn keys(folder: &Path, summary: &Summary) -> Judgement {
    let keys = &summary.keys;
    let open: Vec<_> = keys.iter().filter(|key| key.mode & 0o004 != 0).collect();
    let server = folder.join("db/secret.key");
    if open.is_empty() {
        let evidence = if keys.iter().any(|key| key.path == server) {
            "db/secret.key is there, and no key can be read by everyone".to_owned()
        } else {
            format!(
                "no key can be read by everyone; db/secret.key is not there ({} found)",
                count(keys.len(), "other key")
            )
        };
        return Judgement::pass(evidence);
    }
    let command = open
        .iter()
        .map(|key| format!("chmod o-rwx {}", quoted(&key.path)))
        .collect::<Vec<_>>()
        .join("\n");
    Judgement::warn(format!("{} can be read by everyone", count(open.len(), "key file")),
        "take the right away, on the old server before the copy: whoever reads db/secret.key can decrypt what the database holds",
    )
    .details(open.iter().map(|key| format!("{} ({:04o})", key.path.display(), key.mode)))
    .command(command)
}

pub(super) fn readable(facts: &Facts) -> Judgement {
    let summary = &facts.summary;
    if summary.unreadable == 0 {
        return Judgement::pass(format!("all {} entries were looked at", summary.entries()));
    }
    Judgement::fail(
        format!(
            "{} could not be looked at: the copy would lack them too",
            plural(
                usize::try_from(summary.unreadable).unwrap_or(usize::MAX),
                "place",
                "places"
            )
        ),
        "run this as root, as the copy will be",
    )
    .details(
        summary
            .unreadable_samples
            .iter()
            .map(|(path, why)| format!("{}: {why}", path.display())),
    )
}

/// A path as a shell takes it.
fn quoted(path: &Path) -> String {
    shell_word(&path.display().to_string())
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::check::Status;
    use crate::datadir::Owner;
    use crate::datadir::summary::{KeyFile, OwnerCount};

    fn facts() -> Facts {
        let mut owners = BTreeMap::new();
        owners.insert(
            IMAGE_OWNER,
            OwnerCount {
                entries: 12,
                samples: Vec::new(),
            },
        );
        Facts {
            path: "/data".into(),
            summary: Summary {
                files: 10,
                folders: 2,
                bytes: 5 << 30,
                allocated: 20 << 30,
                owners,
                ..Summary::default()
            },
            mounts: mounts::parse(
                "1 0 8:1 / / rw - ext4 /dev/sda1 rw\n2 1 0:4 / /data rw - nfs4 s:/x rw\n",
            ),
            free: Some((1 << 40, Some(7))),
        }
    }

    #[test]
    fn a_good_directory_passes() {
        let facts = facts();
        for check in code::data_directory(&facts) {
            assert_eq!(check.judgement.status, Status::Pass, "{check:?}");
        }
        assert_eq!(
            size(&facts).evidence,
            "5.0 GiB in 10 files and 2 folders (20 GiB on the disk); 1.0 TiB free here, 7 inodes. \
             The claim needs that and room to grow: --storage-size 30Gi"
        );
    }

    #[test]
    fn a_local_disk_must_be_copied() {
        let mut facts = facts();
        facts.mounts.truncate(1);
        let check = filesystem(&facts);
        assert_eq!(check.status, Status::Warn);
        assert!(check.command.unwrap().contains("/data/ NEW:/"));
        facts
            .mounts
            .extend(mounts::parse("3 1 8:2 / /data/apps rw - xfs /dev/sdb rw"));
        let check = filesystem(&facts);
        assert_eq!(check.details, ["/data/apps is /dev/sdb (xfs)"]);
    }

    #[test]
    fn other_owners_fail_with_the_way_out() {
        let mut facts = facts();
        let count = OwnerCount {
            entries: 12,
            samples: vec!["/data/a b".into()],
        };
        let other = Owner { uid: 998, gid: 997 };
        facts.summary.owners.insert(other, count.clone());
        let check = owners(&facts);
        assert_eq!(check.status, Status::Fail);
        assert_eq!(check.details, ["998:997 has 12 entries: /data/a b, …"]);
        assert_eq!(
            check.command.as_deref(),
            Some("chown -R --no-dereference 999:999 /data")
        );
        assert!(!check.remedy.unwrap().contains("runAsUser"));
        // With one owner only, the pod can be theirs instead.
        facts.summary.owners = BTreeMap::from([(other, count)]);
        let check = owners(&facts);
        assert!(check.remedy.unwrap().contains("runAsUser: 998"));
    }

    #[test]
    fn keys_that_everyone_reads_are_named() {
        let mut facts = facts();
        let key = |path: &str, mode| KeyFile {
            path: path.into(),
            mode,
        };
        facts.summary.keys = vec![
            key("/data/db/secret.key", 0o600),
            key("/data/a'b.key", 0o644),
        ];
        let check = keys_of(&facts);
        assert_eq!(check.status, Status::Warn);
        assert_eq!(check.details, ["/data/a'b.key (0644)"]);
        assert_eq!(
            check.command.as_deref(),
            Some(r#"chmod o-rwx "/data/a'b.key""#)
        );
    }

    #[test]
    fn what_cannot_be_read_fails() {
        let mut facts = facts();
        facts.summary.unreadable = 1;
        facts.summary.unreadable_samples = vec![("/data/x".into(), "denied".into())];
        let check = readable(&facts);
        assert_eq!(check.status, Status::Fail);
        assert_eq!(check.details, ["/data/x: denied"]);
    }
}
