//! The API key.

use std::fs;
use std::path::{Path, PathBuf};

use reqwest::header::HeaderValue;

use crate::secret::Secret;

/// A key to a server. Never shown.
#[derive(Debug, Clone)]
pub struct ApiKey(Secret);

/// Why there is no key.
#[derive(Debug, thiserror::Error)]
pub enum KeyError {
    #[error("no API key; set CONNECT_API_KEY or use --api-key-file FILE")]
    Missing,
    /// The file cannot be read.
    #[error("cannot read the API key from {}", path.display())]
    File {
        path: PathBuf,
        #[source]
        source: std::io::Error,
    },
    /// Nothing in it, or characters that no key has.
    #[error("{0} holds no API key: one line of printable characters is expected")]
    Malformed(String),
}

impl ApiKey {
    /// Takes a key from a text; `place` names the place for the error.
    ///
    /// # Errors
    /// The text cannot be a key.
    pub fn new(text: &str, place: &str) -> Result<Self, KeyError> {
        let text = text.trim();
        if text.is_empty() || !text.bytes().all(|byte| byte.is_ascii_graphic()) {
            return Err(KeyError::Malformed(place.to_owned()));
        }
        Ok(Self(Secret::new(text)))
    }

    /// Reads a key from a file.
    ///
    /// # Errors
    /// The file cannot be read, or holds no key.
    pub fn from_file(path: &Path) -> Result<Self, KeyError> {
        let text = fs::read_to_string(path).map_err(|source| KeyError::File {
            path: path.to_path_buf(),
            source,
        })?;
        Self::new(&text, &path.display().to_string())
    }

    /// The key itself, for a Secret in the cluster.
    pub(crate) fn expose(&self) -> &str {
        self.0.expose()
    }

    /// The value of the `Authorization` header, marked so that nothing logs it.
    #[must_use]
    pub(super) fn header(&self) -> Option<HeaderValue> {
        let mut value = HeaderValue::from_str(&format!("Key {}", self.0.expose())).ok()?;
        value.set_sensitive(true);
        Some(value)
    }
}

/// Whether others than its owner can read a file.
#[cfg(unix)]
#[must_use]
pub(crate) fn readable_by_others(path: &Path) -> bool {
    use std::os::unix::fs::PermissionsExt as _;
    fs::metadata(path).is_ok_and(|meta| meta.permissions().mode() & 0o044 != 0)
}

/// Whether others than its owner can read a file; unknown here.
#[cfg(not(unix))]
#[must_use]
pub fn readable_by_others(_path: &Path) -> bool {
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_never_shown() {
        let key = ApiKey::new(" s3cr3t\n", "CONNECT_API_KEY").unwrap();
        let header = key.header().unwrap();
        assert_eq!(header.to_str().unwrap(), "Key s3cr3t");
        assert!(header.is_sensitive());
        assert!(!format!("{key:?}{header:?}").contains("s3cr3t"));
    }

    #[test]
    fn what_is_no_key_is_refused_without_being_shown() {
        for text in ["", " \n", "two words", "line\nline", "schlüssel"] {
            let error = ApiKey::new(text, "the file").unwrap_err().to_string();
            assert!(error.starts_with("the file holds no API key"), "{error}");
        }
    }
}
