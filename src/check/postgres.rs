//! A real connection to PostgreSQL.

use std::error::Error as _;
use std::sync::Arc;
use std::time::Duration;

use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{CryptoProvider, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{ClientConfig, DigitallySignedStruct, SignatureScheme};
use rustls_platform_verifier::BuilderVerifierExt as _;
use tokio_postgres::NoTls;
use tokio_postgres_rustls::MakeRustlsConnect;

use super::database::{Connection, SslMode, Target};
use crate::secret::Secret;

/// How long all of it may take.
const TIMEOUT: Duration = Duration::from_secs(15);

/// Connects, asks for the version, and goes. Nothing is changed in the database.
pub(crate) async fn connect(target: &Target, password: Option<&Secret>) -> Connection {
    match tokio::time::timeout(TIMEOUT, attempt(target, password)).await {
        Ok(Ok(connection)) => connection,
        Ok(Err(why)) => Connection::Failed(why),
        Err(_) => Connection::Failed(format!("no answer within {}s", TIMEOUT.as_secs())),
    }
}

async fn attempt(target: &Target, password: Option<&Secret>) -> Result<Connection, String> {
    let mut config = tokio_postgres::Config::new();
    config
        .host(target.host.trim_matches(['[', ']']))
        .port(target.port)
        .dbname(&target.database)
        .application_name("helm-connect-migrate check")
        .connect_timeout(TIMEOUT)
        .ssl_mode(match target.ssl {
            SslMode::Disable => tokio_postgres::config::SslMode::Disable,
            SslMode::Prefer => tokio_postgres::config::SslMode::Prefer,
            SslMode::Require | SslMode::VerifyCa | SslMode::VerifyFull => {
                tokio_postgres::config::SslMode::Require
            }
        });
    if let Some(user) = &target.user {
        config.user(user);
    }
    if let Some(password) = password {
        config.password(password.expose());
    }
    // A socket has nothing to encrypt.
    if target.ssl == SslMode::Disable || target.host.starts_with('/') {
        let (client, connection) = config.connect(NoTls).await.map_err(|error| chain(&error))?;
        return ask(&client, connection).await;
    }
    let tls = MakeRustlsConnect::new(tls(target.ssl)?);
    let (client, connection) = config.connect(tls).await.map_err(|error| chain(&error))?;
    ask(&client, connection).await
}

async fn ask(
    client: &tokio_postgres::Client,
    connection: impl Future<Output = Result<(), tokio_postgres::Error>> + Send + 'static,
) -> Result<Connection, String> {
    // What breaks the connection is told by the question, too.
    let driver = tokio::spawn(async move { connection.await.ok() });
    let row = client
        .query_one(
            "select current_setting('server_version'), \
             coalesce((select ssl from pg_stat_ssl where pid = pg_backend_pid()), false)",
            &[],
        )
        .await
        .map_err(|error| chain(&error))?;
    driver.abort();
    Ok(Connection::Answered {
        version: row.try_get(0).map_err(|error| chain(&error))?,
        encrypted: row.try_get(1).map_err(|error| chain(&error))?,
    })
}

/// An error with its causes. None of them holds the password, which the client never repeats.
fn chain(error: &tokio_postgres::Error) -> String {
    if let Some(database) = error.as_db_error() {
        return format!("{} ({})", database.message(), database.code().code());
    }
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        let said = error.to_string();
        if !text.contains(&said) {
            text = format!("{text}: {said}");
        }
        cause = error.source();
    }
    text
}

fn tls(mode: SslMode) -> Result<ClientConfig, String> {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let builder = ClientConfig::builder_with_provider(Arc::clone(&provider))
        .with_safe_default_protocol_versions()
        .map_err(|error| error.to_string())?;
    Ok(match mode {
        SslMode::VerifyCa | SslMode::VerifyFull => builder
            .with_platform_verifier()
            .map_err(|error| error.to_string())?
            .with_no_client_auth(),
        SslMode::Disable | SslMode::Prefer | SslMode::Require => builder
            .dangerous()
            .with_custom_certificate_verifier(Arc::new(AnyCertificate(provider)))
            .with_no_client_auth(),
    })
}

/// Takes any certificate, as `sslmode=require` says: it protects from listeners, not from others
/// who answer in the server's place.
#[derive(Debug)]
struct AnyCertificate(Arc<CryptoProvider>);

impl ServerCertVerifier for AnyCertificate {
    fn verify_server_cert(
        &self,
        _end_entity: &CertificateDer<'_>,
        _intermediates: &[CertificateDer<'_>],
        _server_name: &ServerName<'_>,
        _ocsp_response: &[u8],
        _now: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        verify_tls12_signature(
            message,
            cert,
            dss,
            &self.0.signature_verification_algorithms,
        )
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        verify_tls13_signature(
            message,
            cert,
            dss,
            &self.0.signature_verification_algorithms,
        )
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.0.signature_verification_algorithms.supported_schemes()
    }
}
