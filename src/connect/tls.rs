//! Whom to trust, and what to say where there is no trust.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use reqwest::ClientBuilder;
use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::CryptoProvider;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::server::ParsedCertificate;
use rustls::{
    AlertDescription, CertificateError, ClientConfig, DigitallySignedStruct, RootCertStore,
    SignatureScheme,
};

use super::address::Server;

/// Which certificates to accept, besides those that the platform trusts.
#[derive(Debug, Clone, Default)]
pub(crate) struct Trust {
    given: Vec<CertificateDer<'static>>,
    insecure: bool,
}

/// Why a certificate file cannot be used.
#[derive(Debug, thiserror::Error)]
pub(crate) enum TrustError {
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
    /// Also trusts the certificates of a PEM file: as authorities, and each as the server's own.
    ///
    /// # Errors
    /// The file cannot be read or holds no certificate.
    pub(crate) fn with_file(mut self, path: &Path) -> Result<Self, TrustError> {
        let pem = fs::read(path).map_err(|source| TrustError::File {
            path: path.to_path_buf(),
            source,
        })?;
        match CertificateDer::pem_slice_iter(&pem).collect::<Result<Vec<_>, _>>() {
            Ok(found) if !found.is_empty() => self.given.extend(found),
            _ => return Err(TrustError::None(path.to_path_buf())),
        }
        Ok(self)
    }

    #[must_use]
    pub(crate) const fn insecure(mut self) -> Self {
        self.insecure = true;
        self
    }

    /// Whether whoever is in between can read and change everything.
    #[must_use]
    pub(super) const fn is_insecure(&self) -> bool {
        self.insecure
    }

    /// # Errors
    /// A given certificate cannot be used.
    pub(super) fn apply(&self, builder: ClientBuilder) -> Result<ClientBuilder, rustls::Error> {
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        // One provider per process; whoever installed it first was as good as we are.
        let _ = CryptoProvider::install_default(provider.as_ref().clone());
        if self.insecure {
            return Ok(builder.tls_danger_accept_invalid_certs(true));
        }
        if self.given.is_empty() {
            return Ok(builder);
        }
        let verifier = Verifier::new(&self.given, &provider)?;
        let mut config = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()?
            .dangerous()
            .with_custom_certificate_verifier(Arc::new(verifier))
            .with_no_client_auth();
        config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
        Ok(builder.tls_backend_preconfigured(config))
    }
}

/// The platform's verification with more authorities, which also knows a certificate that was given
/// as the server's own. Most self-signed ones call themselves an authority, as `openssl req -x509`
/// makes them, and are refused in the server's place by verification after RFC 5280.
#[derive(Debug)]
struct Verifier {
    platform: rustls_platform_verifier::Verifier,
    given: Vec<CertificateDer<'static>>,
    own: Arc<WebPkiServerVerifier>,
}

impl Verifier {
    fn new(
        given: &[CertificateDer<'static>],
        provider: &Arc<CryptoProvider>,
    ) -> Result<Self, rustls::Error> {
        let mut roots = RootCertStore::empty();
        for certificate in given {
            roots.add(certificate.clone())?;
        }
        let own = WebPkiServerVerifier::builder_with_provider(Arc::new(roots), provider.clone())
            .build()
            .map_err(|error| rustls::Error::General(error.to_string()))?;
        Ok(Self {
            platform: rustls_platform_verifier::Verifier::new_with_extra_roots(
                given.to_vec(),
                provider.clone(),
            )?,
            given: given.to_vec(),
            own,
        })
    }
}

impl ServerCertVerifier for Verifier {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        name: &ServerName<'_>,
        ocsp: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        if !self.given.contains(end_entity) {
            return self
                .platform
                .verify_server_cert(end_entity, intermediates, name, ocsp, now);
        }
        match self
            .own
            .verify_server_cert(end_entity, &[], name, ocsp, now)
        {
            // Its dates were looked at before this, its name was not.
            Err(rustls::Error::InvalidCertificate(why)) if signed_itself(&why) => {
                rustls::client::verify_server_name(
                    &ParsedCertificate::try_from(end_entity)?,
                    name,
                )?;
                Ok(ServerCertVerified::assertion())
            }
            answer => answer,
        }
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        self.own
            .verify_tls12_signature(message, certificate, signature)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        self.own
            .verify_tls13_signature(message, certificate, signature)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.own.supported_verify_schemes()
    }
}

/// Whether a certificate is refused since it calls itself an authority, as those do that signed
/// themselves.
fn signed_itself(why: &CertificateError) -> bool {
    matches!(why, CertificateError::Other(other) if format!("{other:?}").contains("CaUsedAsEndEntity"))
}

/// What is wrong with a handshake, and what to do about it.
pub(super) fn explain(error: &rustls::Error, server: &Server) -> (String, String) {
    use CertificateError::{
        Expired, ExpiredContext, NotValidForName, NotValidForNameContext, NotValidYet,
        NotValidYetContext, UnknownIssuer,
    };
    let host = server.host();
    let (cause, remedy) = match error {
        rustls::Error::InvalidCertificate(why) => match why {
            why if *why == UnknownIssuer || signed_itself(why) => (
                "its certificate comes from an authority that is not known here".to_owned(),
                "give the authority's certificate, or the server's own where it signed itself, \
                 with --cacert FILE"
                    .to_owned(),
            ),
            NotValidForName | NotValidForNameContext { .. } => (
                match why {
                    NotValidForNameContext { presented, .. } if !presented.is_empty() => format!(
                        "its certificate is not for {host} but for {}",
                        presented.join(", ")
                    ),
                    _ => format!("its certificate is not for {host}"),
                },
                "give the server's address by a name that the certificate has".to_owned(),
            ),
            Expired | ExpiredContext { .. } => (
                "its certificate has expired".to_owned(),
                "renew it on the server, or set this machine's clock if that is wrong".to_owned(),
            ),
            NotValidYet | NotValidYetContext { .. } => (
                "its certificate is not valid yet".to_owned(),
                "set this machine's clock, or the certificate's dates".to_owned(),
            ),
            other => (
                format!("its certificate is refused: {other}"),
                "replace it on the server, or give the right authority with --cacert FILE"
                    .to_owned(),
            ),
        },
        rustls::Error::PeerIncompatible(_)
        | rustls::Error::AlertReceived(
            AlertDescription::ProtocolVersion | AlertDescription::HandshakeFailure,
        ) => (
            "it speaks no TLS that is safe today (1.2 or 1.3)".to_owned(),
            "allow TLS 1.2 in the server's HTTPS.MinimumTLS or at the proxy before it".to_owned(),
        ),
        rustls::Error::InvalidMessage(_) => (
            "what answers there does not speak TLS".to_owned(),
            "write http:// if the server has no certificate, or give its HTTPS port".to_owned(),
        ),
        other => (
            other.to_string(),
            "look at the server's certificate and at what stands between".to_owned(),
        ),
    };
    (cause, remedy)
}
