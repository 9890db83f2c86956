//! A web server on the loopback address that hands out the files of a folder.

use std::io::{BufRead as _, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};

/// A running server; its thread ends with the test process.
pub struct Server {
    /// What the folder is called on the web, without a slash at the end.
    pub url: String,
}

/// What a server answers.
#[derive(Clone)]
enum Content {
    Folder(PathBuf),
    /// The same path elsewhere.
    Redirect(String),
}

impl Server {
    /// Serves a folder. Archives have a gzip content type, or Helm 3 would not take them for such.
    pub fn start(folder: &Path) -> Self {
        Self::run(Content::Folder(folder.to_path_buf()), None)
    }

    /// Serves a folder by https.
    pub fn secure(folder: &Path, certificate: &Certificate) -> Self {
        Self::run(Content::Folder(folder.to_path_buf()), Some(certificate))
    }

    /// Sends everybody elsewhere, by https.
    pub fn redirecting(to: &str, certificate: &Certificate) -> Self {
        Self::run(Content::Redirect(to.to_owned()), Some(certificate))
    }

    fn run(content: Content, certificate: Option<&Certificate>) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
        let address = listener.local_addr().unwrap();
        let tls = certificate.map(|certificate| Arc::clone(&certificate.config));
        let scheme = if tls.is_some() { "https" } else { "http" };
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let (content, tls) = (content.clone(), tls.clone());
                std::thread::spawn(move || connection(stream, tls, &content));
            }
        });
        Self {
            url: format!("{scheme}://{address}"),
        }
    }
}

/// A certificate for the loopback address that nobody knows but by its file.
pub struct Certificate {
    config: Arc<rustls::ServerConfig>,
    pem: String,
}

impl Certificate {
    /// Makes one.
    pub fn new() -> Self {
        Self::made(None)
    }

    /// Makes one for a server that lets in whoever shows the certificate of `client`.
    pub fn asking_for(client: &ClientCertificate) -> Self {
        Self::made(Some(client))
    }

    fn made(client: Option<&ClientCertificate>) -> Self {
        let made = rcgen::generate_simple_self_signed(vec!["127.0.0.1".to_owned()]).unwrap();
        let key = PrivatePkcs8KeyDer::from(made.signing_key.serialize_der());
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let config = rustls::ServerConfig::builder_with_provider(Arc::clone(&provider))
            .with_safe_default_protocol_versions()
            .unwrap();
        let config = match client {
            None => config.with_no_client_auth(),
            Some(client) => {
                let mut roots = rustls::RootCertStore::empty();
                roots.add(client.made.cert.der().clone()).unwrap();
                let roots = Arc::new(roots);
                let asked =
                    rustls::server::WebPkiClientVerifier::builder_with_provider(roots, provider);
                config.with_client_cert_verifier(asked.build().unwrap())
            }
        };
        let config = config
            .with_single_cert(vec![made.cert.der().clone()], PrivateKeyDer::from(key))
            .unwrap();
        Self {
            config: Arc::new(config),
            pem: made.cert.pem(),
        }
    }

    /// Writes it where curl and wget look, by what they are told in the environment.
    pub fn trusted_in(&self, folder: &Path) -> [(&'static str, PathBuf); 2] {
        let pem = folder.join("authority.pem");
        std::fs::write(&pem, &self.pem).unwrap();
        let wgetrc = folder.join("wgetrc");
        std::fs::write(&wgetrc, format!("ca_certificate={}\n", pem.display())).unwrap();
        [("CURL_CA_BUNDLE", pem), ("WGETRC", wgetrc)]
    }
}

/// What a client shows to be let in.
pub struct ClientCertificate {
    made: rcgen::CertifiedKey<rcgen::KeyPair>,
}

impl ClientCertificate {
    /// Makes one.
    pub fn new() -> Self {
        let made = rcgen::generate_simple_self_signed(vec!["client".to_owned()]).unwrap();
        Self { made }
    }

    /// Writes the certificate and its key.
    pub fn written_in(&self, folder: &Path) -> [String; 2] {
        [
            ("client.pem", self.made.cert.pem()),
            ("client.key", self.made.signing_key.serialize_pem()),
        ]
        .map(|(name, pem)| {
            let path = folder.join(name);
            std::fs::write(&path, pem).unwrap();
            path.display().to_string()
        })
    }
}

fn connection(
    stream: TcpStream,
    tls: Option<Arc<rustls::ServerConfig>>,
    content: &Content,
) -> Option<()> {
    stream
        .set_read_timeout(Some(Duration::from_secs(120)))
        .ok()?;
    let Some(tls) = tls else {
        return answer(stream, content);
    };
    let session = rustls::ServerConnection::new(tls).ok()?;
    let mut stream = rustls::StreamOwned::new(session, stream);
    answer(&mut stream, content);
    stream.conn.send_close_notify();
    stream.flush().ok()
}

/// Answers one request.
fn answer(stream: impl Read + Write, content: &Content) -> Option<()> {
    let mut stream = BufReader::new(stream);
    let mut line = || {
        let mut line = String::new();
        stream.read_line(&mut line).ok()?;
        Some(line.trim_end().to_owned())
    };
    let request = line()?;
    while !line()?.is_empty() {}

    let mut words = request.split(' ');
    let method = words.next()?;
    let path = words.next()?.split('?').next()?;
    let (status, more, body) = match content {
        Content::Redirect(to) => ("302 Found", format!("Location: {to}{path}\r\n"), Vec::new()),
        Content::Folder(folder) => match std::fs::read(folder.join(path.trim_start_matches('/'))) {
            Ok(body) if !path.contains("..") => ("200 OK", String::new(), body),
            _ => ("404 Not Found", String::new(), Vec::new()),
        },
    };
    let kind = if path.ends_with("gz") {
        "application/gzip"
    } else {
        "application/octet-stream"
    };
    let stream = stream.get_mut();
    write!(
        stream,
        "HTTP/1.1 {status}\r\n{more}Content-Type: {kind}\r\nContent-Length: {}\r\nConnection: close\r\n\r\n",
        body.len()
    )
    .ok()?;
    if method == "GET" {
        stream.write_all(&body).ok()?;
    }
    stream.flush().ok()
}
