//! Writing files so that a failure leaves what was there.

mod beside;
mod regular;
mod rewrite;
mod rights;

use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};

pub(crate) use beside::beside;
pub(crate) use regular::{open_regular, read_regular};
pub(crate) use rewrite::{rewritable, rewrite};

use anyhow::{Context as _, bail};

use beside::without_temporary_name;

/// Who may read a file that we write.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Access {
    /// As the user's umask has it.
    Usual,
    /// Its owner alone (0600).
    Private,
}

/// Who may read a file that is there already, for what takes its place.
#[must_use]
pub(crate) fn access_of(path: &Path) -> Access {
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        let mode = fs::metadata(path).map(|file| file.permissions().mode());
        if mode.is_ok_and(|mode| mode & 0o077 == 0) {
            return Access::Private;
        }
    }
    let _ = path;
    Access::Usual
}

/// What to do about a file that is there already.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Existing {
    /// Leave it and fail.
    Refuse,
    Replace,
}

impl Existing {
    /// As `--force` says.
    pub(crate) const fn with_force(force: bool) -> Self {
        if force { Self::Replace } else { Self::Refuse }
    }
}

/// Several files that appear together: each is written beside its target first, and only when all
/// are on the disk are they given their names.
#[derive(Debug, Default)]
pub(crate) struct Batch {
    written: Vec<(tempfile::NamedTempFile, PathBuf, Existing)>,
}

impl Batch {
    /// Writes a file's content beside its target.
    ///
    /// # Errors
    /// The target exists and may not be replaced, or its folder cannot be written to.
    pub(crate) fn add(
        &mut self,
        path: &Path,
        content: &[u8],
        access: Access,
        existing: Existing,
    ) -> anyhow::Result<()> {
        if existing == Existing::Refuse && path.symlink_metadata().is_ok() {
            bail!("{} exists already; --force replaces it", path.display());
        }
        if path == Path::new("-") {
            bail!(
                "- is no file to write to; leave the flag out for standard output, or name a file"
            );
        }
        // A link is followed, so that its target is replaced and the link stays.
        let target = fs::canonicalize(path).unwrap_or_else(|_| path.to_path_buf());
        if target.metadata().is_ok_and(|found| !found.is_file()) {
            bail!(
                "{} is no regular file, and would be replaced by one; name another, or leave it out \
                 for standard output",
                path.display()
            );
        }
        let folder = match target.parent() {
            Some(parent) if !parent.as_os_str().is_empty() => parent,
            _ => Path::new("."),
        };
        let mut file = beside(&target, permissions(access, &target))
            .with_context(|| format!("cannot write to the folder {}", folder.display()))?;
        if target.exists() {
            rights::keep_access_list(&target, file.as_file())
                .with_context(|| format!("cannot keep the rights of {}", path.display()))?;
        }
        file.write_all(content)
            .and_then(|()| file.as_file().sync_all())
            .map_err(without_temporary_name)
            .with_context(|| format!("cannot write {}", path.display()))?;
        self.written.push((file, target, existing));
        Ok(())
    }

    /// Gives every file its name.
    ///
    /// # Errors
    /// A target appeared meanwhile, or the system refuses the renaming. Files named before that
    /// stay.
    pub(crate) fn commit(self) -> anyhow::Result<()> {
        for (file, path, existing) in self.written {
            let renamed = match existing {
                Existing::Refuse => file.persist_noclobber(&path),
                Existing::Replace => file.persist(&path),
            };
            renamed
                .map_err(|error| error.error)
                .with_context(|| format!("cannot write {}", path.display()))?;
        }
        Ok(())
    }
}

/// Writes one file atomically.
///
/// # Errors
/// As [`Batch::add`] and [`Batch::commit`].
pub(crate) fn write(
    path: &Path,
    content: &[u8],
    access: Access,
    existing: Existing,
) -> anyhow::Result<()> {
    let mut batch = Batch::default();
    batch.add(path, content, access, existing)?;
    batch.commit()
}

#[cfg(unix)]
fn permissions(access: Access, target: &Path) -> Option<fs::Permissions> {
    use std::os::unix::fs::PermissionsExt as _;
    let mode = match access {
        // The umask takes away from this, as from any file that a program makes.
        Access::Usual => 0o666,
        Access::Private => 0o600,
    };
    // What somebody closed to others stays closed when it is replaced; we must be able to write it.
    let there = fs::metadata(target).map_or(0o777, |there| there.permissions().mode());
    Some(fs::Permissions::from_mode(mode & there | 0o600))
}

#[cfg(not(unix))]
fn permissions(_access: Access, _target: &Path) -> Option<fs::Permissions> {
    None
}
