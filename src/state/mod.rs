//! Where the tool remembers what it did: one folder per server and release, private to its owner.

mod lock;

use std::ffi::OsString;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use anyhow::Context as _;

use crate::files::read_regular;

pub(crate) use lock::{Busy, Holder, Lock};

/// The folder's name below the platform's place for state.
const NAME: &str = "connect-migrate";

/// Where all state lies on this machine: `$XDG_STATE_HOME/connect-migrate`, or what the platform
/// has instead. `None` without a home.
#[must_use]
pub(crate) fn root() -> Option<PathBuf> {
    root_in(|name| std::env::var_os(name).filter(|value| !value.is_empty()))
}

fn root_in(variable: impl Fn(&str) -> Option<OsString>) -> Option<PathBuf> {
    // The specification wants relative paths ignored.
    let explicit = variable("XDG_STATE_HOME")
        .map(PathBuf::from)
        .filter(|path| path.is_absolute());
    let base = if let Some(path) = explicit {
        path
    } else if cfg!(windows) {
        PathBuf::from(variable("LOCALAPPDATA")?)
    } else if cfg!(target_os = "macos") {
        PathBuf::from(variable("HOME")?).join("Library/Application Support")
    } else {
        PathBuf::from(variable("HOME")?).join(".local/state")
    };
    Some(base.join(NAME))
}

/// The folder for one server and release.
///
/// # Errors
/// There is neither `XDG_STATE_HOME` nor a home.
pub(crate) fn folder(server: &str, release: Option<&str>) -> anyhow::Result<PathBuf> {
    let root = root().context(
        "no place for the journal: neither XDG_STATE_HOME nor a home directory is set; \
         give a folder with --journal DIR",
    )?;
    Ok(root.join(server).join(release.unwrap_or("_")))
}

/// Makes a folder, with all above it, that only its owner can look into.
///
/// # Errors
/// The system refuses.
pub(crate) fn create_private(path: &Path) -> io::Result<()> {
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::DirBuilderExt as _;
        builder.mode(0o700);
    }
    builder.create(path)
}

/// Reads a file that a command left; `None` where there is none.
///
/// # Errors
/// It cannot be read, or is no regular file.
pub(crate) fn read(path: &Path) -> anyhow::Result<Option<Vec<u8>>> {
    match read_regular(path) {
        Ok(bytes) => Ok(Some(bytes)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error).with_context(|| format!("cannot read {}", path.display())),
    }
}

/// Opens a file for appending that only its owner can read, making it where it is missing. Others may
/// be able to write to a folder that somebody gave: what they planted there is not written to.
///
/// # Errors
/// The system refuses, or it is a link, no file, or somebody else's.
pub(crate) fn append_private(path: &Path) -> io::Result<fs::File> {
    let mut options = fs::OpenOptions::new();
    options.create(true).append(true);
    private(&mut options);
    let file = options.open(path).map_err(|error| {
        if path.is_symlink() {
            return foreign(path, "is a link");
        }
        error
    })?;
    hold(path, &file)?;
    Ok(file)
}

/// Writes a small file that only its owner can read, in the place of what has its name.
///
/// # Errors
/// The system refuses.
pub(crate) fn write_private(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut file = crate::files::beside(path, None)?;
    io::Write::write_all(&mut file, bytes)?;
    file.persist(path)?;
    Ok(())
}

fn foreign(path: &Path, why: &str) -> io::Error {
    let message = format!(
        "{} {why}: nothing is written to it; remove it",
        path.display()
    );
    io::Error::new(io::ErrorKind::PermissionDenied, message)
}

#[cfg(unix)]
fn private(options: &mut fs::OpenOptions) {
    use rustix::fs::OFlags;
    use std::os::unix::fs::OpenOptionsExt as _;
    let flags = OFlags::NOFOLLOW | OFlags::NONBLOCK;
    options.mode(0o600).custom_flags(flags.bits().cast_signed());
}

/// Refuses what is not ours, and closes to others what they could read.
#[cfg(unix)]
fn hold(path: &Path, file: &fs::File) -> io::Result<()> {
    use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
    let found = file.metadata()?;
    if !found.is_file() {
        return Err(foreign(path, "is no regular file"));
    }
    if found.nlink() > 1 {
        return Err(foreign(path, "has a second name (a hard link)"));
    }
    if found.uid() != rustix::process::geteuid().as_raw() {
        return Err(foreign(path, "belongs to somebody else"));
    }
    if found.mode() & 0o077 != 0 {
        file.set_permissions(fs::Permissions::from_mode(found.mode() & 0o700))?;
    }
    Ok(())
}

#[cfg(not(unix))]
fn private(_options: &mut fs::OpenOptions) {}

#[cfg(not(unix))]
fn hold(_path: &Path, _file: &fs::File) -> io::Result<()> {
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    #[cfg(target_os = "linux")]
    fn the_root_follows_xdg() {
        let with = |pairs: &'static [(&str, &str)]| {
            root_in(move |name| {
                let found = pairs.iter().find(|(key, _)| *key == name);
                found.map(|(_, value)| OsString::from(value))
            })
        };
        assert_eq!(
            with(&[("XDG_STATE_HOME", "/s"), ("HOME", "/h")]),
            Some("/s/connect-migrate".into())
        );
        assert_eq!(
            with(&[("XDG_STATE_HOME", "relative"), ("HOME", "/h")]),
            Some("/h/.local/state/connect-migrate".into())
        );
        assert_eq!(with(&[]), None);
    }

    #[test]
    #[cfg(unix)]
    fn what_is_made_is_private() {
        use std::os::unix::fs::PermissionsExt as _;
        let place = tempfile::tempdir().unwrap();
        let folder = place.path().join("a/b");
        create_private(&folder).unwrap();
        drop(append_private(&folder.join("f")).unwrap());
        let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
        assert_eq!(mode(&folder), 0o700);
        assert_eq!(mode(&folder.join("f")), 0o600);
    }

    #[test]
    #[cfg(unix)]
    fn what_is_there_is_closed_to_others_and_what_was_planted_is_left_alone() {
        use std::os::unix::fs::{PermissionsExt as _, symlink};
        let place = tempfile::tempdir().unwrap();
        let at = |name: &str| place.path().join(name);
        let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
        fs::write(at("open"), "mine").unwrap();
        fs::set_permissions(at("open"), fs::Permissions::from_mode(0o644)).unwrap();
        drop(append_private(&at("open")).unwrap());
        assert_eq!(mode(&at("open")), 0o600);

        fs::write(at("target"), "theirs").unwrap();
        fs::set_permissions(at("target"), fs::Permissions::from_mode(0o644)).unwrap();
        symlink(at("target"), at("link")).unwrap();
        symlink(at("nowhere"), at("dangling")).unwrap();
        fs::hard_link(at("target"), at("second")).unwrap();
        for (name, why) in [
            ("link", "is a link"),
            ("dangling", "is a link"),
            ("second", "a second name"),
        ] {
            let error = append_private(&at(name)).unwrap_err().to_string();
            assert!(error.contains(why), "{name}: {error}");
        }
        assert!(!at("nowhere").exists());
        assert_eq!(mode(&at("target")), 0o644);
        // A small file takes the place of a link.
        write_private(&at("link"), b"new").unwrap();
        assert_eq!(fs::read(at("target")).unwrap(), b"theirs");
        assert_eq!(fs::read(at("link")).unwrap(), b"new");
        assert_eq!(mode(&at("link")), 0o600);
    }
}
