//! Where the tool remembers what it did: one folder per server and release, private to its owner.

mod lock;

use std::ffi::OsString;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use anyhow::Context as _;

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

/// Opens a file for appending that only its owner can read, making it where it is missing.
///
/// # Errors
/// The system refuses.
pub(crate) fn append_private(path: &Path) -> io::Result<fs::File> {
    let mut options = fs::OpenOptions::new();
    options.create(true).append(true);
    private(&mut options);
    options.open(path)
}

#[cfg(unix)]
fn private(options: &mut fs::OpenOptions) {
    use std::os::unix::fs::OpenOptionsExt as _;
    options.mode(0o600);
}

#[cfg(not(unix))]
fn private(_options: &mut fs::OpenOptions) {}

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
}
