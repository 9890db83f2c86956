//! Reading files that must be files: in a folder that others can write to, a name of ours may lead to a
//! device that never ends or a pipe that nobody writes to.

use std::fs::{File, OpenOptions};
use std::io::{self, Read as _};
use std::path::Path;

/// Opens a regular file for reading. Links are followed.
///
/// # Errors
/// The system refuses, or what is there is something else.
pub(crate) fn open_regular(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.read(true);
    #[cfg(unix)]
    {
        use rustix::fs::OFlags;
        use std::os::unix::fs::OpenOptionsExt as _;
        // A pipe would wait for its other end.
        options.custom_flags(OFlags::NONBLOCK.bits().cast_signed());
    }
    let file = options.open(path)?;
    if !file.metadata()?.is_file() {
        return Err(io::Error::new(
            io::ErrorKind::InvalidInput,
            "it is no regular file; put it aside",
        ));
    }
    Ok(file)
}

/// Reads a regular file.
///
/// # Errors
/// As [`open_regular`].
pub(crate) fn read_regular(path: &Path) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    open_regular(path)?.read_to_end(&mut bytes)?;
    Ok(bytes)
}

#[cfg(test)]
#[cfg(unix)]
mod tests {
    use super::*;
    use std::os::unix::fs::symlink;

    #[test]
    fn devices_pipes_and_folders_are_refused_and_links_followed() {
        let place = tempfile::tempdir().unwrap();
        let at = |name: &str| place.path().join(name);
        symlink("/dev/zero", at("device")).unwrap();
        let fifo = std::process::Command::new("mkfifo")
            .arg(at("pipe"))
            .status();
        assert!(fifo.unwrap().success());
        std::fs::create_dir(at("folder")).unwrap();
        for name in ["device", "pipe", "folder"] {
            let error = read_regular(&at(name)).unwrap_err().to_string();
            assert!(error.contains("no regular file"), "{name}: {error}");
        }
        std::fs::write(at("file"), "ours").unwrap();
        symlink("file", at("link")).unwrap();
        assert_eq!(read_regular(&at("link")).unwrap(), b"ours");
        let error = read_regular(&at("nowhere")).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::NotFound);
    }
}
