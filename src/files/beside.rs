//! Files beside their targets, until they get the targets' names.

use std::fs::{self, File};
use std::io;
use std::path::Path;

use sha2::{Digest as _, Sha256};
use tempfile::{Builder, NamedTempFile};

/// Makes a file beside a target. Whoever is killed before it has its name leaves it there, with all
/// that it holds: its name says whose it is, and its lock whether somebody still writes it, so that
/// the next one takes it away. Its owner alone can read it unless the permissions say otherwise.
pub(crate) fn beside(
    target: &Path,
    permissions: Option<fs::Permissions>,
) -> io::Result<NamedTempFile> {
    let folder = match target.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    };
    let prefix = prefix(target);
    // What cannot be looked for or taken away is in nobody's way.
    let _ = sweep(folder, &prefix);
    let mut builder = Builder::new();
    builder.prefix(&prefix);
    if let Some(permissions) = permissions {
        builder.permissions(permissions);
    }
    let file = builder
        .tempfile_in(folder)
        .map_err(without_temporary_name)?;
    // Without a lock, as on some network file systems, the name alone has to do.
    let _ = file.as_file().try_lock();
    Ok(file)
}

/// The names of all files beside a target begin so, however long the target's is.
fn prefix(target: &Path) -> String {
    let name = target.file_name().unwrap_or_default().as_encoded_bytes();
    let digest = Sha256::digest(name);
    let digits: String = digest[..6].iter().map(|b| format!("{b:02x}")).collect();
    format!(".connect-migrate-{digits}-")
}

fn sweep(folder: &Path, prefix: &str) -> io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let name = entry.file_name();
        if !name.as_encoded_bytes().starts_with(prefix.as_bytes()) || !entry.file_type()?.is_file()
        {
            continue;
        }
        let path = entry.path();
        let abandoned = open(&path).is_ok_and(|file| file.try_lock().is_ok());
        if abandoned {
            let _ = fs::remove_file(path);
        }
    }
    Ok(())
}

fn open(path: &Path) -> io::Result<File> {
    let mut options = fs::OpenOptions::new();
    // A lock needs a file that can be written to where it goes over a network.
    options.read(true).write(true);
    #[cfg(unix)]
    {
        use rustix::fs::OFlags;
        use std::os::unix::fs::OpenOptionsExt as _;
        let flags = OFlags::NOFOLLOW | OFlags::NONBLOCK;
        options.custom_flags(flags.bits().cast_signed());
    }
    options.open(path)
}

/// What the system said, about the file that the user named and not the one beside it.
pub(super) fn without_temporary_name(error: io::Error) -> io::Error {
    let said = error.to_string();
    match said.split_once(" at path ") {
        Some((said, _)) => io::Error::new(error.kind(), said.to_owned()),
        None => error,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_killed_run_left_goes_and_what_is_being_written_stays() {
        let place = tempfile::tempdir().unwrap();
        let target = place.path().join("secret.yaml");
        let theirs = place.path().join(".tmpABCDEF");
        fs::write(&theirs, "theirs").unwrap();
        // As kill -9 leaves it.
        let left = beside(&target, None).unwrap();
        let (file, left) = left.keep().unwrap();
        drop(file);
        let of_another = place.path().join("values.yaml");
        let of_another = beside(&of_another, None).unwrap();
        let being_written = beside(&target, None).unwrap();
        assert!(!left.exists());
        let ours = beside(&target, None).unwrap();
        for there in [
            of_another.path(),
            being_written.path(),
            ours.path(),
            &theirs,
        ] {
            assert!(there.exists(), "{}", there.display());
        }
    }

    /// A name has at most 255 bytes on most systems.
    #[test]
    fn a_long_name_has_room_beside_it() {
        let place = tempfile::tempdir().unwrap();
        let target = place.path().join("n".repeat(255));
        beside(&target, None).unwrap();
    }
}
