//! A kubelet that does two things: forward ports and run commands, over the older of the two WebSocket
//! protocols.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::process::Stdio;
use std::sync::{Arc, Mutex};

use futures::{SinkExt as _, StreamExt as _};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::handshake::server::{Request, Response};

/// Which server the pods of a namespace are.
pub type Servers = Arc<Mutex<HashMap<String, SocketAddr>>>;

/// Starts it. API servers do not check a kubelet's certificate unless they are told to.
pub async fn start(servers: Servers) -> SocketAddr {
    let certified = rcgen::generate_simple_self_signed(["kubelet".to_owned()]).unwrap();
    let key = rustls::pki_types::PrivateKeyDer::try_from(certified.signing_key.serialize_der());
    let config = rustls::ServerConfig::builder()
        .with_no_client_auth()
        .with_single_cert(vec![certified.cert.der().clone()], key.unwrap())
        .unwrap();
    let acceptor = tokio_rustls::TlsAcceptor::from(Arc::new(config));
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let (acceptor, servers) = (acceptor.clone(), servers.clone());
            tokio::spawn(async move {
                if let Ok(stream) = acceptor.accept(stream).await {
                    let _ = serve(stream, &servers).await;
                }
            });
        }
    });
    address
}

type Failure = Box<dyn std::error::Error + Send + Sync>;

/// Who the processes of pods are, where the tests run as root.
pub const ACCOUNT: u32 = 65_534;

async fn serve<S>(stream: S, servers: &Servers) -> Result<(), Failure>
where
    S: tokio::io::AsyncRead + tokio::io::AsyncWrite + Unpin + Send + 'static,
{
    let mut uri = http::Uri::default();
    #[allow(clippy::result_large_err, reason = "tungstenite wants it so")]
    let handshake = |request: &Request, mut response: Response| {
        uri = request.uri().clone();
        let protocol = "v4.channel.k8s.io".parse().unwrap();
        response
            .headers_mut()
            .insert("sec-websocket-protocol", protocol);
        Ok(response)
    };
    let socket = tokio_tungstenite::accept_hdr_async(stream, handshake).await?;
    if uri.path().starts_with("/exec/") {
        return exec(socket, uri.query().unwrap_or_default()).await;
    }
    // /portForward/NAMESPACE/POD
    let namespace = uri.path().split('/').nth(2).unwrap_or_default();
    let server = servers.lock().unwrap().get(namespace).copied();
    let server = server.ok_or("no server for this namespace")?;
    let (mut to_client, mut from_client) = socket.split();
    // Each channel, data and errors, begins with the port.
    for channel in [0_u8, 1] {
        let [low, high] = 3939_u16.to_le_bytes();
        to_client
            .send(Message::binary(vec![channel, low, high]))
            .await?;
    }
    let (mut reader, mut writer) = TcpStream::connect(server).await?.into_split();
    let up = async {
        while let Some(Ok(message)) = from_client.next().await {
            if let Message::Binary(data) = message
                && data.first() == Some(&0)
            {
                writer.write_all(&data[1..]).await?;
            }
        }
        Ok::<_, Failure>(())
    };
    let down = async {
        let mut buffer = vec![0; 16 * 1024];
        loop {
            let count = reader.read(&mut buffer).await?;
            if count == 0 {
                to_client.close().await?;
                return Ok::<_, Failure>(());
            }
            let mut data = vec![0_u8];
            data.extend_from_slice(&buffer[..count]);
            to_client.send(Message::binary(data)).await?;
        }
    };
    tokio::select! { result = up => result, result = down => result }
}

/// Runs the command here, without a container around it.
async fn exec<S>(mut socket: WebSocketStream<S>, query: &str) -> Result<(), Failure>
where
    S: tokio::io::AsyncRead + tokio::io::AsyncWrite + Unpin,
{
    let url = reqwest::Url::parse(&format!("http://kubelet/?{query}"))?;
    let words = url.query_pairs().filter(|(key, _)| key == "command");
    let mut words = words.map(|(_, word)| word.into_owned());
    let mut command = tokio::process::Command::new(words.next().ok_or("no command")?);
    command.args(words).stdin(Stdio::null());
    if rustix::process::getuid().is_root() {
        command.uid(ACCOUNT).gid(ACCOUNT);
    }
    let done = command.output().await?;
    let status = match done.status.success() {
        true => serde_json::json!({"metadata": {}, "status": "Success"}),
        false => {
            serde_json::json!({"metadata": {}, "status": "Failure", "reason": "NonZeroExitCode",
            "message": "command terminated with non-zero exit code"})
        }
    };
    let status = status.to_string().into_bytes();
    for (channel, data) in [(1, done.stdout), (2, done.stderr), (3, status)] {
        let mut message = vec![channel];
        message.extend(data);
        socket.send(Message::binary(message)).await?;
    }
    socket.close(None).await?;
    Ok(())
}
