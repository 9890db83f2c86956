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

use super::database::Connection;
use crate::database::{SslMode, Target};
use crate::secret::Secret;

/// How long all of it may take.
const TIMEOUT: Duration = Duration::from_secs(15);

/// The variable that Connect itself reads the password from.
const PASSWORD: &str = "CONNECT_POSTGRES_PASSWORD";

/// Connects with the password that Connect would use (the environment's comes before the file's),
/// asks for the version, and goes. Nothing is changed in the database.
pub(super) async fn connect(target: &Target) -> Connection {
    let environment = std::env::var(PASSWORD)
        .ok()
        .filter(|text| !text.is_empty())
        .map(Secret::new);
    let password = environment.as_ref().or(target.password.as_ref());
    within_time(target, password).await
}

async fn within_time(target: &Target, password: Option<&Secret>) -> Connection {
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
        .ssl_mode(mode(target, password.is_some()));
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
    let (client, connection) = config.connect(tls).await.map_err(|error| {
        let why = chain(&error);
        if matches!(target.ssl, SslMode::Prefer | SslMode::Allow) && why.contains("TLS") {
            format!("{why}; a password is not sent in clear over a network unless Postgres.URL says sslmode=disable")
        } else {
            why
        }
    })?;
    ask(&client, connection).await
}

/// Whether the connection must be encrypted. Where the address leaves it to the server, a password
/// that would go over a network makes it a must.
fn mode(target: &Target, password: bool) -> tokio_postgres::config::SslMode {
    use tokio_postgres::config::SslMode as Mode;
    match target.ssl {
        SslMode::Disable => Mode::Disable,
        SslMode::Prefer | SslMode::Allow if !password || target.is_local() => Mode::Prefer,
        _ => Mode::Require,
    }
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
        SslMode::Disable | SslMode::Allow | SslMode::Prefer | SslMode::Require => builder
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

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

    use super::*;

    /// What a server without TLS gets to read, that asks for the password in clear.
    async fn heard(url: &str) -> (Connection, String) {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let server = tokio::spawn(async move {
            let (mut stream, _) = listener.accept().await.unwrap();
            let mut heard = Vec::new();
            let mut buffer = [0; 1024];
            // A request for TLS has eight bytes; anything longer is the start of a session.
            while let Ok(read @ 1..) = stream.read(&mut buffer).await {
                heard.extend_from_slice(&buffer[..read]);
                let answer: &[u8] = if read == 8 {
                    b"N"
                } else {
                    &[b'R', 0, 0, 0, 8, 0, 0, 0, 3]
                };
                if stream.write_all(answer).await.is_err() || buffer[0] == b'p' {
                    break;
                }
            }
            String::from_utf8_lossy(&heard).into_owned()
        });
        let url = url.replace("PORT", &port.to_string());
        let document = crate::gcfg::parse_text("f", &format!("[Postgres]\nURL = \"{url}\"\n"));
        let target = Target::of(&[document.unwrap()]).unwrap();
        let connection = within_time(&target, Some(&Secret::new("hunter2"))).await;
        (connection, server.await.unwrap())
    }

    #[tokio::test]
    async fn a_password_goes_in_clear_only_where_it_may() {
        // The address is that of a network to whoever does not look closely.
        let network = "[::ffff:127.0.0.1]:PORT";
        for mode in [
            "",
            "?sslmode=prefer",
            "?sslmode=allow",
            "?sslmode=require",
            "?sslmode=verify-full",
        ] {
            let (connection, heard) = heard(&format!("postgres://u@{network}/d{mode}")).await;
            assert!(matches!(connection, Connection::Failed(_)), "{mode}");
            assert!(!heard.contains("hunter2"), "{mode}");
        }
        for url in [
            format!("postgres://u@{network}/d?sslmode=disable"),
            "postgres://u@127.0.0.1:PORT/d".to_owned(),
        ] {
            let (_, heard) = heard(&url).await;
            assert!(
                heard.contains("hunter2"),
                "{url}: the server hears nothing at all"
            );
        }
    }
}
