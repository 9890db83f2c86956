//! Servers whose answers do not end: a clear error, and no more memory than the work needs.

use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};

use crate::support::scrubbed;

/// The most that a run may take, in KiB.
const MEMORY: u64 = 200 << 10;

/// What a server answers to a path, after the status line, until the reader goes away.
fn serve(
    answer: impl Fn(&str, &mut TcpStream) -> std::io::Result<()> + Send + Sync + 'static,
) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let answer = std::sync::Arc::new(answer);
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            let answer = std::sync::Arc::clone(&answer);
            std::thread::spawn(move || {
                let mut buffer = [0; 8192];
                let length = stream.read(&mut buffer).unwrap_or(0);
                let request = String::from_utf8_lossy(&buffer[..length]).into_owned();
                let path = request.split(' ').nth(1).unwrap_or_default();
                let _ = answer(path, &mut stream);
            });
        }
    });
    address
}

fn settings(stream: &mut TcpStream) -> std::io::Result<()> {
    let body = r#"{"version": "2024.09.0"}"#;
    write!(
        stream,
        "HTTP/1.1 200 OK\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{body}",
        body.len()
    )
}

fn empty(stream: &mut TcpStream) -> std::io::Result<()> {
    write!(
        stream,
        "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\n[]"
    )
}

/// Repeats a text until the reader goes away.
fn endless(stream: &mut TcpStream, head: &str, start: &str, again: &str) -> std::io::Result<()> {
    write!(
        stream,
        "HTTP/1.1 {head}\r\nConnection: close\r\n\r\n{start}"
    )?;
    let block = again.repeat(64 * 1024 / again.len() + 1);
    loop {
        stream.write_all(block.as_bytes())?;
    }
}

/// Runs `inventory`; gives exit code, words and the most memory it had, in KiB.
fn inventory(address: SocketAddr) -> (i64, String, u64) {
    let folder = tempfile::tempdir().unwrap();
    // The peak of memory is known to the parent alone, and std does not tell it.
    let script = "import json,resource,subprocess,sys\n\
        run=subprocess.run(sys.argv[1:],capture_output=True,text=True,errors='replace')\n\
        peak=resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss\n\
        print(json.dumps([run.returncode,run.stderr,peak]))";
    let output = std::process::Command::new("python3")
        .args(["-c", script])
        .arg(scrubbed().get_program())
        .args(["inventory", "--out", "inventory.yaml", "--max-outage", "5s"])
        .current_dir(folder.path())
        .env_clear()
        .env("PATH", std::env::var_os("PATH").unwrap())
        .env("HOME", folder.path())
        .env("CONNECT_SERVER", format!("http://{address}"))
        .env("CONNECT_API_KEY", "k3y")
        .output()
        .unwrap();
    let told: (i64, String, u64) = serde_json::from_slice(&output.stdout)
        .unwrap_or_else(|_| panic!("{}", String::from_utf8_lossy(&output.stderr)));
    assert!(!folder.path().join("inventory.yaml").exists());
    told
}

fn refused(address: SocketAddr, words: &str) {
    let (code, said, peak) = inventory(address);
    assert_eq!(code, 1, "{said}");
    assert!(said.contains(words), "{said}");
    assert!(said.len() < 4096, "{} bytes are said", said.len());
    assert!(peak < MEMORY, "{peak} KiB");
}

#[test]
fn a_body_that_does_not_end() {
    let address = serve(|_, stream| endless(stream, "200 OK", r#"{"version": ""#, "9"));
    refused(address, "longer than 4 MiB");
}

#[test]
fn an_error_that_does_not_end() {
    let address = serve(|path, stream| match path {
        path if path.contains("server_settings") => settings(stream),
        _ => endless(stream, "403 Forbidden", "", "no! "),
    });
    refused(address, "the API key may not do this");
}

#[test]
fn a_body_that_unpacks_to_anything() {
    let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    packed.write_all(b"{\"version\": \"").unwrap();
    for _ in 0..96 {
        packed.write_all(&[b'9'; 1 << 20]).unwrap();
    }
    let packed = packed.finish().unwrap();
    assert!(packed.len() < 2 << 20);
    let address = serve(move |_, stream| {
        write!(
            stream,
            "HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: {}\r\nConnection: close\r\n\r\n",
            packed.len()
        )?;
        stream.write_all(&packed)
    });
    refused(address, "longer than 4 MiB");
}

#[test]
fn a_list_with_an_element_that_does_not_end() {
    let address = serve(|path, stream| match path {
        path if path.contains("server_settings") => settings(stream),
        path if path.contains("/v1/content?") => endless(stream, "200 OK", r#"[{"guid": ""#, "a"),
        _ => empty(stream),
    });
    refused(address, "1 MiB in one element");
}

#[test]
fn a_list_that_does_not_end() {
    let item = r#"{"guid": "8ce6eaca-60af-4c2f-93a0-f5f3cddf5ee5"},"#;
    let address = serve(move |path, stream| match path {
        path if path.contains("server_settings") => settings(stream),
        path if path.contains("/v1/content?") => endless(stream, "200 OK", "[", item),
        _ => empty(stream),
    });
    refused(address, "more than 100000 items");
}

#[test]
fn a_body_of_small_values() {
    let address = serve(|path, stream| match path {
        path if path.ends_with("/v1/server_settings/r") => {
            endless(stream, "200 OK", r#"{"installations": ["#, "{},")
        }
        path if path.contains("server_settings") => settings(stream),
        _ => empty(stream),
    });
    refused(address, "longer than 4 MiB");
}

#[test]
fn pages_that_lead_in_a_circle() {
    let address = serve(|path, stream| match path {
        path if path.contains("server_settings") => settings(stream),
        path if path.contains("/instrumentation/content/visits") => {
            let next = if path.contains("next=a") { "b" } else { "a" };
            let guid = "8ce6eaca-60af-4c2f-93a0-f5f3cddf5ee5";
            let body = format!(
                r#"{{"results": [{{"content_guid": "{guid}"}}], "paging": {{"cursors": {{"next": "{next}"}}}}}}"#
            );
            write!(
                stream,
                "HTTP/1.1 200 OK\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{body}",
                body.len()
            )
        }
        _ => empty(stream),
    });
    refused(address, "go in circles");
}
