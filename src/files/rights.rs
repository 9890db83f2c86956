//! Who may read a file, where its mode does not say all: access lists and labels.

#[cfg(target_os = "linux")]
mod linux {
    use std::fs::{File, Permissions};
    use std::io;
    use std::os::unix::fs::PermissionsExt as _;
    use std::path::Path;

    use anyhow::Context as _;
    use rustix::fs::{XattrFlags, fgetxattr, flistxattr, fremovexattr, fsetxattr, getxattr};
    use rustix::io::Errno;

    const LARGEST: usize = 65_536; // Linux has none larger
    const ACCESS_LIST: &str = "system.posix_acl_access";

    /// Gives a file the extended attributes of another. Access lists and labels are such.
    pub(in super::super) fn keep_extended(old: &File, new: &File) -> anyhow::Result<()> {
        let mut names = vec![0; LARGEST];
        let length = match flistxattr(old, &mut names[..]) {
            Ok(length) => length,
            Err(Errno::NOTSUP) => return Ok(()),
            Err(error) => return Err(error.into()),
        };
        let mut value = vec![0; LARGEST];
        let mut given = vec![0; LARGEST];
        let mut has_list = false;
        for name in names[..length].split(|byte| *byte == 0) {
            if name.is_empty() {
                continue;
            }
            has_list |= name == ACCESS_LIST.as_bytes();
            let wanted = fgetxattr(old, name, &mut value[..])?;
            let has = fgetxattr(new, name, &mut given[..]);
            // A label that the folder gave already need not be set, which takes more rights.
            if has.is_ok_and(|has| given[..has] == value[..wanted]) {
                continue;
            }
            fsetxattr(new, name, &value[..wanted], XattrFlags::empty())
                .with_context(|| String::from_utf8_lossy(name).into_owned())?;
        }
        if !has_list {
            without_access_list(new).context(ACCESS_LIST)?;
        }
        Ok(())
    }

    /// Gives a file that takes another's place the access list of that one, or none, and leaves its
    /// mode.
    pub(in super::super) fn keep_access_list(there: &Path, new: &File) -> io::Result<()> {
        let mode = new.metadata()?.permissions().mode();
        let mut list = vec![0; LARGEST];
        match getxattr(there, ACCESS_LIST, &mut list[..]) {
            Ok(length) => fsetxattr(new, ACCESS_LIST, &list[..length], XattrFlags::empty())?,
            Err(Errno::NODATA | Errno::NOTSUP) => without_access_list(new)?,
            Err(error) => return Err(error.into()),
        }
        new.set_permissions(Permissions::from_mode(mode & 0o7777))
    }

    /// A new file gets the default list of its folder, which may let in more than its mode says.
    fn without_access_list(new: &File) -> rustix::io::Result<()> {
        match fremovexattr(new, ACCESS_LIST) {
            Err(Errno::NODATA | Errno::NOTSUP) => Ok(()),
            removed => removed,
        }
    }
}

#[cfg(target_os = "linux")]
pub(super) use linux::{keep_access_list, keep_extended};

#[cfg(not(target_os = "linux"))]
#[cfg(unix)]
pub(super) fn keep_extended(_old: &std::fs::File, _new: &std::fs::File) -> anyhow::Result<()> {
    Ok(())
}

#[cfg(not(target_os = "linux"))]
pub(super) fn keep_access_list(
    _there: &std::path::Path,
    _new: &std::fs::File,
) -> std::io::Result<()> {
    Ok(())
}
