//! New text for a file that stays whose it is.

use std::fs::{self, File, Metadata};
use std::io::Write as _;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail};

use super::beside::{beside, without_temporary_name};

/// Gives a file new text, all or nothing, and keeps its owner, group, mode, access list and label.
/// `expected` is the text that the new one was made of.
///
/// # Errors
/// The file says something else by now, has other names, or the system refuses.
pub(crate) fn rewrite(path: &Path, expected: &[u8], text: &[u8]) -> anyhow::Result<()> {
    let (target, old, attributes) = open(path)?;
    let write = || format!("cannot write {}", path.display());
    let folder = target.parent().unwrap_or(Path::new("."));
    let new = beside(&target, None);
    let mut new = new.with_context(|| {
        format!(
            "cannot write to the folder {}; the file's owner or root can",
            folder.display()
        )
    })?;
    new.write_all(text)
        .map_err(without_temporary_name)
        .with_context(write)?;
    keep(&old, &attributes, new.as_file()).with_context(|| {
        format!(
            "cannot keep the owner and rights of {}; run this as root",
            path.display()
        )
    })?;
    new.as_file().sync_all().with_context(write)?;
    if fs::read(&target).with_context(write)? != expected {
        bail!(
            "{} was changed at this moment by somebody else; nothing was written, run this again",
            path.display()
        );
    }
    new.persist(&target)
        .map_err(|error| error.error)
        .with_context(write)?;
    sync(folder).with_context(write)
}

/// What a rewrite by this account would stumble over, without writing.
///
/// # Errors
/// Whoever rewrites the file is refused. What this account alone may not do is the answer.
pub(crate) fn rewritable(path: &Path) -> anyhow::Result<Option<String>> {
    let (target, ..) = open(path)?;
    let folder = target.parent().unwrap_or(Path::new("."));
    let cannot = format!("cannot write to the folder {}", folder.display());
    match may_write(folder) {
        Ok(()) => Ok(None),
        Err(error) if error.kind() == std::io::ErrorKind::PermissionDenied => Ok(Some(cannot)),
        Err(error) => Err(error).context(cannot),
    }
}

fn open(path: &Path) -> anyhow::Result<(PathBuf, File, Metadata)> {
    let target =
        fs::canonicalize(path).with_context(|| format!("cannot find {}", path.display()))?;
    if !target.metadata()?.is_file() {
        bail!("{} is no regular file", path.display());
    }
    let read = || format!("cannot read {}", path.display());
    let old = File::open(&target).with_context(read)?;
    let attributes = old.metadata().with_context(read)?;
    one_name(path, &attributes)?;
    Ok((target, old, attributes))
}

#[cfg(unix)]
fn may_write(folder: &Path) -> std::io::Result<()> {
    use rustix::fs::Access;
    Ok(rustix::fs::access(
        folder,
        Access::WRITE_OK | Access::EXEC_OK,
    )?)
}

#[cfg(not(unix))]
fn may_write(_folder: &Path) -> std::io::Result<()> {
    Ok(())
}

#[cfg(unix)]
fn one_name(path: &Path, attributes: &Metadata) -> anyhow::Result<()> {
    use std::os::unix::fs::MetadataExt as _;
    if attributes.nlink() > 1 {
        bail!(
            "{} has a second name (a hard link), which would keep the old text; remove that name, or \
             make it a symbolic link to this one",
            path.display()
        );
    }
    Ok(())
}

#[cfg(not(unix))]
fn one_name(_path: &Path, _attributes: &Metadata) -> anyhow::Result<()> {
    Ok(())
}

#[cfg(unix)]
fn keep(old: &File, attributes: &Metadata, new: &File) -> anyhow::Result<()> {
    use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _, fchown};
    let fresh = new.metadata()?;
    let changed = |old: u32, new: u32| (old != new).then_some(old);
    let owner = changed(attributes.uid(), fresh.uid());
    let group = changed(attributes.gid(), fresh.gid());
    if owner.is_some() || group.is_some() {
        fchown(new, owner, group)?;
    }
    super::rights::keep_extended(old, new)?;
    // Last, since a change of owner takes bits away.
    new.set_permissions(fs::Permissions::from_mode(attributes.mode() & 0o7777))?;
    Ok(())
}

#[cfg(not(unix))]
fn keep(_old: &File, _attributes: &Metadata, _new: &File) -> anyhow::Result<()> {
    Ok(())
}

#[cfg(unix)]
fn sync(folder: &Path) -> std::io::Result<()> {
    File::open(folder)?.sync_all()
}

#[cfg(not(unix))]
fn sync(_folder: &Path) -> std::io::Result<()> {
    Ok(())
}

#[cfg(all(test, unix))]
mod tests {
    use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};

    use super::*;

    #[test]
    fn the_mode_stays_and_a_link_stays_a_link() {
        let place = tempfile::tempdir().unwrap();
        let file = place.path().join("file");
        let link = place.path().join("link");
        fs::write(&file, "old").unwrap();
        fs::set_permissions(&file, fs::Permissions::from_mode(0o640)).unwrap();
        std::os::unix::fs::symlink(&file, &link).unwrap();
        rewrite(&link, b"old", b"new").unwrap();
        assert_eq!(fs::read(&file).unwrap(), b"new");
        assert_eq!(fs::metadata(&file).unwrap().mode() & 0o7777, 0o640);
        assert!(link.symlink_metadata().unwrap().is_symlink());
        assert_eq!(fs::read_dir(place.path()).unwrap().count(), 2);
    }

    /// Access lists and labels are kept as these are.
    #[cfg(target_os = "linux")]
    #[test]
    fn extended_attributes_stay() {
        use rustix::fs::{XattrFlags, fgetxattr, fsetxattr};
        let place = tempfile::tempdir().unwrap();
        let path = place.path().join("file");
        fs::write(&path, "old").unwrap();
        let file = File::open(&path).unwrap();
        match fsetxattr(&file, "user.label", b"theirs", XattrFlags::empty()) {
            // A file system that has none has none to lose.
            Err(rustix::io::Errno::NOTSUP) => return,
            set => set.unwrap(),
        }
        rewrite(&path, b"old", b"new").unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"new");
        let mut value = [0; 16];
        let length = fgetxattr(File::open(&path).unwrap(), "user.label", &mut value[..]).unwrap();
        assert_eq!(&value[..length], b"theirs");
    }

    /// A folder's default list would let in whom the file's own rights keep out.
    #[cfg(target_os = "linux")]
    #[test]
    fn a_folder_lets_nobody_in() {
        use rustix::fs::{XattrFlags, setxattr};
        let place = tempfile::tempdir().unwrap();
        let path = place.path().join("file");
        fs::write(&path, "old").unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o640)).unwrap();
        // Owner, the user 65534, group, mask and others, as setfacl -d -m u:65534:r writes it.
        let entries: [(u16, u16, u32); 5] = [
            (1, 6, u32::MAX),
            (2, 4, 65534),
            (4, 4, u32::MAX),
            (16, 4, u32::MAX),
            (32, 0, u32::MAX),
        ];
        let mut list = 2_u32.to_le_bytes().to_vec();
        for (tag, rights, id) in entries {
            list.extend(tag.to_le_bytes());
            list.extend(rights.to_le_bytes());
            list.extend(id.to_le_bytes());
        }
        let default = "system.posix_acl_default";
        match setxattr(place.path(), default, &list, XattrFlags::empty()) {
            // A file system that has none has none to give.
            Err(rustix::io::Errno::NOTSUP) => return,
            set => set.unwrap(),
        }
        let list_of = |path: &Path| {
            let mut found = [0; 64];
            rustix::fs::getxattr(path, "system.posix_acl_access", &mut found[..])
                .map(|length| found[..length].to_vec())
        };
        assert!(list_of(&path).is_err());
        rewrite(&path, b"old", b"new").unwrap();
        assert!(list_of(&path).is_err(), "{:?}", list_of(&path));
        assert_eq!(fs::metadata(&path).unwrap().mode() & 0o7777, 0o640);
        crate::files::write(
            &path,
            b"newer",
            crate::files::Access::Usual,
            crate::files::Existing::Replace,
        )
        .unwrap();
        assert!(list_of(&path).is_err(), "{:?}", list_of(&path));

        // A list of its own stays, and with it the group that it keeps out.
        list[4 + 2 * 8 + 2] = 0;
        setxattr(&path, "system.posix_acl_access", &list, XattrFlags::empty()).unwrap();
        crate::files::write(
            &path,
            b"newest",
            crate::files::Access::Usual,
            crate::files::Existing::Replace,
        )
        .unwrap();
        assert_eq!(list_of(&path).unwrap(), list);
    }

    #[test]
    fn what_somebody_else_wrote_meanwhile_stays() {
        let place = tempfile::tempdir().unwrap();
        let file = place.path().join("file");
        fs::write(&file, "theirs").unwrap();
        let error = rewrite(&file, b"old", b"new").unwrap_err();
        assert!(error.to_string().contains("somebody else"), "{error}");
        assert_eq!(fs::read(&file).unwrap(), b"theirs");
    }

    #[test]
    fn a_second_name_is_not_left_with_the_old_text() {
        let place = tempfile::tempdir().unwrap();
        let file = place.path().join("file");
        fs::write(&file, "old").unwrap();
        fs::hard_link(&file, place.path().join("other")).unwrap();
        let error = rewrite(&file, b"old", b"new").unwrap_err();
        assert!(format!("{error:#}").contains("hard link"), "{error:#}");
        assert_eq!(fs::read(&file).unwrap(), b"old");
    }
}
