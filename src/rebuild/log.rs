//! What the builds said: one file per item, for its owner's eyes only.

use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use crate::connect::ContentGuid;
use crate::state;

/// The folder of the logs.
#[derive(Debug, Clone)]
pub(crate) struct Logs(PathBuf);

impl Logs {
    /// The logs below a state folder.
    #[must_use]
    pub(crate) fn new(folder: &Path) -> Self {
        Self(folder.join("logs"))
    }

    /// Where an item's log is, or would be.
    #[must_use]
    pub(crate) fn path(&self, guid: &ContentGuid) -> PathBuf {
        // What a server calls a GUID is not trusted to be a file's name.
        let name: String = guid
            .as_str()
            .chars()
            .map(|c| {
                if c.is_ascii_alphanumeric() || c == '-' {
                    c
                } else {
                    '_'
                }
            })
            .collect();
        self.0.join(format!("{name}.log"))
    }

    /// Appends lines to an item's log.
    ///
    /// # Errors
    /// The system refuses.
    pub(crate) fn append(&self, guid: &ContentGuid, lines: &[String]) -> io::Result<()> {
        if lines.is_empty() {
            return Ok(());
        }
        if self.0.is_symlink() {
            let message = format!("{} is a link: nothing is written there", self.0.display());
            return Err(io::Error::new(io::ErrorKind::PermissionDenied, message));
        }
        let path = self.path(guid);
        let file = match state::append_private(&path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                state::create_private(&self.0)?;
                state::append_private(&path)
            }
            other => other,
        };
        let mut text = lines.join("\n");
        text.push('\n');
        file?.write_all(text.as_bytes())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_guid_cannot_name_another_file() {
        let logs = Logs::new(Path::new("/state"));
        assert_eq!(
            logs.path(&ContentGuid::from("../../etc/passwd")),
            Path::new("/state/logs/______etc_passwd.log")
        );
    }
}
