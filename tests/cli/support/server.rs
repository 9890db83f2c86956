//! A web server on the loopback address that hands out the files of a folder.

use std::io::{BufRead as _, BufReader, Write as _};
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::time::Duration;

/// A running server; its thread ends with the test process.
pub struct Server {
    /// What the folder is called on the web, without a slash at the end.
    pub url: String,
}

impl Server {
    /// Serves a folder. Archives have a gzip content type, or Helm 3 would not take them for such.
    pub fn start(folder: &Path) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let folder = folder.to_path_buf();
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let folder = folder.clone();
                std::thread::spawn(move || answer(stream, &folder));
            }
        });
        Self { url }
    }
}

/// Answers one request and closes the connection.
fn answer(mut stream: TcpStream, folder: &Path) -> Option<()> {
    stream
        .set_read_timeout(Some(Duration::from_secs(10)))
        .ok()?;
    let mut lines = BufReader::new(stream.try_clone().ok()?).lines();
    let request = lines.next()?.ok()?;
    lines.find(|line| line.as_ref().is_ok_and(String::is_empty));

    let mut words = request.split(' ');
    let method = words.next()?;
    let path = words.next()?.split('?').next()?;
    let file: PathBuf = folder.join(path.trim_start_matches('/'));
    let (status, body) = match std::fs::read(&file) {
        Ok(body) if !path.contains("..") => ("200 OK", body),
        _ => ("404 Not Found", Vec::new()),
    };
    let kind = if path.ends_with("gz") {
        "application/gzip"
    } else {
        "application/octet-stream"
    };
    write!(
        stream,
        "HTTP/1.1 {status}\r\nContent-Type: {kind}\r\nContent-Length: {}\r\nConnection: close\r\n\r\n",
        body.len()
    )
    .ok()?;
    if method == "GET" {
        stream.write_all(&body).ok()?;
    }
    Some(())
}
