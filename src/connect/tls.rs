//! Whom to trust.

use std::fs;
use std::path::{Path, PathBuf};

use reqwest::{Certificate, ClientBuilder};

/// Which certificates to accept, besides those that the platform trusts.
#[derive(Debug, Clone, Default)]
pub struct Trust {
    authorities: Vec<Certificate>,
    insecure: bool,
}

/// Why a certificate file cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum TrustError {
    /// It cannot be read.
    #[error("cannot read the certificates in {}", path.display())]
    File {
        path: PathBuf,
        #[source]
        source: std::io::Error,
    },
    #[error("{} holds no certificate in PEM form", .0.display())]
    None(PathBuf),
}

impl Trust {
    /// Also trusts the certificates of a PEM file.
    ///
    /// # Errors
    /// The file cannot be read or holds no certificate.
    pub fn with_file(mut self, path: &Path) -> Result<Self, TrustError> {
        let pem = fs::read(path).map_err(|source| TrustError::File {
            path: path.to_path_buf(),
            source,
        })?;
        match Certificate::from_pem_bundle(&pem) {
            Ok(found) if !found.is_empty() => self.authorities.extend(found),
            _ => return Err(TrustError::None(path.to_path_buf())),
        }
        Ok(self)
    }

    #[must_use]
    pub const fn insecure(mut self) -> Self {
        self.insecure = true;
        self
    }

    pub(super) fn apply(&self, builder: ClientBuilder) -> ClientBuilder {
        // One provider per process; whoever installed it first was as good as we are.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let builder = if self.authorities.is_empty() {
            builder
        } else {
            builder.tls_certs_merge(self.authorities.clone())
        };
        if self.insecure {
            builder.tls_danger_accept_invalid_certs(true)
        } else {
            builder
        }
    }
}
