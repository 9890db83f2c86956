//! The mount table: which filesystem a path lies on.

use std::path::{Path, PathBuf};

/// One line of `/proc/self/mountinfo`, as far as it matters here.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Mount {
    /// Where it is mounted.
    pub point: PathBuf,
    /// The kind of filesystem, such as `ext4`, `nfs4` or `fuse.sshfs`.
    pub kind: String,
    /// What is mounted: a device, `server:/export` or the like.
    pub source: String,
    /// Whether it can only be read.
    pub read_only: bool,
}

impl Mount {
    /// Whether the files lie on another machine.
    #[must_use]
    pub(crate) fn is_network(&self) -> bool {
        const KINDS: [&str; 17] = [
            "nfs",
            "nfs4",
            "cifs",
            "smb3",
            "smbfs",
            "lustre",
            "gpfs",
            "beegfs",
            "ceph",
            "glusterfs",
            "afs",
            "9p",
            "virtiofs",
            "orangefs",
            "wekafs",
            "panfs",
            "ocfs2",
        ];
        // FUSE names the program behind a point. Most that serve data directories reach over the
        // network; those that do not are named here.
        const LOCAL_FUSE: [&str; 4] = [
            "fuse.fuse-overlayfs",
            "fuse.mergerfs",
            "fuse.ntfs-3g",
            "fuse.lxcfs",
        ];
        KINDS.contains(&self.kind.as_str())
            || self.kind.starts_with("fuse.") && !LOCAL_FUSE.contains(&self.kind.as_str())
    }
}

/// Reads the text of `/proc/self/mountinfo` (proc(5)): `36 35 98:0 /root /point options optional… -
/// kind source super-options`. Lines of another form are passed over.
#[must_use]
pub(crate) fn parse(text: &str) -> Vec<Mount> {
    text.lines().filter_map(line).collect()
}

fn line(line: &str) -> Option<Mount> {
    let (before, behind) = line.split_once(" - ")?;
    let mut before = before.split(' ').skip(4);
    let point = unescape(before.next()?);
    let options = before.next()?;
    let mut behind = behind.split(' ');
    Some(Mount {
        point: point.into(),
        kind: unescape(behind.next()?),
        source: unescape(behind.next().unwrap_or_default()),
        read_only: options.split(',').any(|option| option == "ro"),
    })
}

/// Blanks and backslashes are written in octal: `\040`.
fn unescape(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((&first, tail)) = rest.split_first() {
        let octal = (first == b'\\')
            .then(|| tail.get(..3))
            .flatten()
            .and_then(|digits| std::str::from_utf8(digits).ok())
            .and_then(|digits| u8::from_str_radix(digits, 8).ok());
        if let Some(byte) = octal {
            bytes.push(byte);
            rest = tail.get(3..).unwrap_or_default();
        } else {
            bytes.push(first);
            rest = tail;
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

/// The mount that an absolute path without links lies on: the longest point above it, and of
/// several on one point the last, which hides the others.
#[must_use]
pub(crate) fn of<'a>(mounts: &'a [Mount], path: &Path) -> Option<&'a Mount> {
    mounts
        .iter()
        .filter(|mount| path.starts_with(&mount.point))
        .max_by_key(|mount| mount.point.components().count())
}

/// The mounts below a path.
#[must_use]
pub(crate) fn below<'a>(mounts: &'a [Mount], path: &Path) -> Vec<&'a Mount> {
    mounts
        .iter()
        .filter(|mount| mount.point != path && mount.point.starts_with(path))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const TABLE: &str = r"22 1 8:1 / / rw,relatime shared:1 - ext4 /dev/sda1 rw
30 22 0:26 / /var/lib rw,nosuid shared:5 master:1 - xfs /dev/sdb1 rw
41 30 0:40 / /var/lib/rstudio-connect rw,relatime - nfs4 files.example.com:/connect rw,vers=4.2
42 41 0:41 / /var/lib/rstudio-connect/with\040blank\134 ro - fuse.sshfs me@host:/x rw
43 22 0:42 / /mnt rw - tmpfs tmpfs rw
44 43 0:43 / /mnt rw - cifs //server/share rw
a line of another form
";

    #[test]
    fn the_longest_and_last_point_holds_a_path() {
        let mounts = parse(TABLE);
        assert_eq!(mounts.len(), 6);
        let kind = |path: &str| of(&mounts, Path::new(path)).unwrap().kind.clone();
        assert_eq!(kind("/etc"), "ext4");
        assert_eq!(kind("/var/lib/postgresql"), "xfs");
        assert_eq!(kind("/var/lib/rstudio-connect/apps"), "nfs4");
        assert_eq!(kind("/var/lib/rstudio-connect2"), "xfs");
        assert_eq!(kind("/mnt/x"), "cifs");
    }

    #[test]
    fn points_are_unescaped_and_known_below_a_path() {
        let mounts = parse(TABLE);
        let below = below(&mounts, Path::new("/var/lib/rstudio-connect"));
        assert_eq!(below.len(), 1);
        assert_eq!(
            below[0].point,
            Path::new(r"/var/lib/rstudio-connect/with blank\")
        );
        assert!(below[0].read_only);
    }

    #[test]
    fn network_filesystems_are_told_from_local_ones() {
        let network: Vec<_> = parse(TABLE).iter().map(Mount::is_network).collect();
        assert_eq!(network, [false, false, true, true, false, true]);
        let of_kind = |kind: &str| Mount {
            point: "/".into(),
            kind: kind.to_owned(),
            source: String::new(),
            read_only: false,
        };
        assert!(of_kind("lustre").is_network());
        assert!(of_kind("fuse.s3fs").is_network());
        assert!(!of_kind("fuse.mergerfs").is_network());
        assert!(!of_kind("fuseblk").is_network());
    }
}
