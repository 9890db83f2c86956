//! Servers that are not what they should be, or not where: what they get, and what they can do.

use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};

use assert_cmd::Command;

use crate::support::connect_migrate;

const KEY: &str = "s3cretKeyOfTheAdministrator";
const GUID: &str = "11111111-1111-4111-8111-111111111111";

/// A server that is asked by path; gives its address and the requests that came.
fn serve(
    answer: impl Fn(&str) -> String + Send + Sync + 'static,
) -> (SocketAddr, Arc<Mutex<Vec<String>>>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let requests = Arc::new(Mutex::new(Vec::new()));
    let seen = Arc::clone(&requests);
    let answer = Arc::new(answer);
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let (answer, seen) = (Arc::clone(&answer), Arc::clone(&seen));
            std::thread::spawn(move || one(stream.unwrap(), &*answer, &seen));
        }
    });
    (address, requests)
}

fn one(mut stream: TcpStream, answer: &dyn Fn(&str) -> String, seen: &Mutex<Vec<String>>) {
    let mut request = Vec::new();
    let mut buffer = [0; 8192];
    while !request.windows(4).any(|four| four == b"\r\n\r\n") {
        match stream.read(&mut buffer) {
            Ok(0) | Err(_) => return,
            Ok(length) => request.extend_from_slice(&buffer[..length]),
        }
    }
    let request = String::from_utf8_lossy(&request).into_owned();
    let path = request.split(' ').nth(1).unwrap_or_default().to_owned();
    seen.lock().unwrap().push(request);
    let _ = stream.write_all(answer(&path).as_bytes());
}

fn http(status: &str, headers: &str, body: &str) -> String {
    format!(
        "HTTP/1.1 {status}\r\n{headers}Content-Length: {}\r\nConnection: close\r\n\r\n{body}",
        body.len()
    )
}

fn json(body: &str) -> String {
    http("200 OK", "Content-Type: application/json\r\n", body)
}

/// The answers of a server with one item, but for those that `other` gives.
fn with(path: &str, other: impl Fn(&str) -> Option<String>) -> String {
    if let Some(answer) = other(path) {
        return answer;
    }
    let item = format!(
        r#"{{"guid": "{GUID}", "title": "Sales", "bundle_id": "1", "app_mode": "static", "app_role": "owner"}}"#
    );
    let bare = path.split('?').next().unwrap_or_default();
    match bare.strip_prefix("/__api__").unwrap_or_default() {
        "/server_settings" => json(r#"{"version": "2024.09.0"}"#),
        "/v1/user" => json(r#"{"username": "ann", "user_role": "administrator"}"#),
        "/v1/content" => json(&format!("[{item}]")),
        "/v1/vanities" => json("[]"),
        one if one == format!("/v1/content/{GUID}") => json(&item),
        one if one == format!("/v1/content/{GUID}/jobs") => json("[]"),
        one if one.starts_with("/v1/server_settings/") => json(r#"{"installations": []}"#),
        one if one.starts_with("/v1/instrumentation/") => json(r#"{"results": []}"#),
        _ => http("404 Not Found", "", "404 page not found"),
    }
}

/// A command towards a server.
fn command(server: &str, state: &tempfile::TempDir, args: &[&str]) -> Command {
    let mut command = connect_migrate();
    command
        .current_dir(state.path())
        .env("XDG_STATE_HOME", state.path())
        .env("CONNECT_SERVER", server)
        .env("CONNECT_API_KEY", KEY)
        .args(args)
        .args(["--request-timeout", "20s", "--max-outage", "0s"]);
    command
}

/// Exit code and words of a command.
fn run(mut command: Command) -> (Option<i32>, String) {
    let output = command.output().unwrap();
    let mut said = String::from_utf8_lossy(&output.stderr).into_owned();
    said.push_str(&String::from_utf8_lossy(&output.stdout));
    (output.status.code(), said)
}

fn inventory(server: &str) -> (Option<i32>, String) {
    run(command(
        server,
        &tempfile::tempdir().unwrap(),
        &["inventory"],
    ))
}

#[test]
fn the_key_does_not_follow_a_page() {
    let folder = tempfile::tempdir().unwrap();
    let (thief, stolen) = serve(|_| http("200 OK", "", "hello"));
    for (to, expected) in [
        (format!("http://{thief}/x"), "leads out of the server"),
        ("/publisher/x".to_owned(), "1 pass"),
        ("/__login__".to_owned(), "wants a login"),
    ] {
        let location = to.clone();
        let (server, seen) = serve(move |path| {
            with(path, |path| match path {
                "/publisher/x" | "/__login__" => Some(http("200 OK", "", "hello")),
                _ if path.starts_with("/content/") => {
                    Some(http("302 Found", &format!("Location: {location}\r\n"), ""))
                }
                _ => None,
            })
        });
        let (_, said) = run(command(&format!("http://{server}"), &folder, &["validate"]));
        assert!(said.contains(expected), "{to}: {said}");
        let seen = seen.lock().unwrap();
        let behind = |one: &&String| one.contains("GET /publisher") || one.contains("__login__");
        assert!(seen.iter().filter(behind).all(|one| !one.contains(KEY)));
    }
    assert_eq!(stolen.lock().unwrap().len(), 0);
}

#[test]
fn connect_at_the_end_of_an_address_is_a_prefix_or_the_dashboard() {
    for (prefix, given) in [
        ("/connect", "/connect"),
        ("/a/connect", "/a/connect/"),
        ("", "/connect/#/content/listing"),
        ("/rsc", "/rsc/connect"),
        ("/rsc", &format!("/rsc/content/{GUID}/")),
    ] {
        let (server, seen) = serve(move |path| match path.strip_prefix(prefix) {
            Some(path) => with(path, |_| None),
            None => http("404 Not Found", "", "404 page not found"),
        });
        let (code, said) = inventory(&format!("http://{server}{given}"));
        assert_eq!(code, Some(0), "{given}: {said}");
        assert!(
            said.contains(&format!("url: 'http://{server}{prefix}'")),
            "{given}: {said}"
        );
        // A publisher's code is not asked with the key.
        let seen = seen.lock().unwrap();
        assert!(
            !seen
                .iter()
                .any(|one| one.contains("/content/") && one.contains("__api__/server"))
        );
    }
    let (server, _) = serve(|_| http("404 Not Found", "", "404 page not found"));
    let (code, said) = inventory(&format!("http://{server}/connect"));
    assert_eq!(code, Some(1));
    assert!(said.contains("/connect/__api__/server_settings"), "{said}");
}

#[test]
fn an_id_that_is_none_reaches_no_file() {
    for guid in [
        r"8ce6eaca-60af-4c2f-93a0-f5f3cddf5ee5\n  - guid: 9ce6eaca-60af-4c2f-93a0-f5f3cddf5ee5",
        "../../v1/user",
        r"\u001b]52;c;eA==\u0007",
    ] {
        let list = format!(r#"[{{"guid": "{guid}", "title": "x"}}]"#);
        let (server, _) = serve(move |path| {
            with(path, |path| {
                path.starts_with("/__api__/v1/content?")
                    .then(|| json(&list))
            })
        });
        let (code, said) = inventory(&format!("http://{server}"));
        assert_eq!(code, Some(1), "{said}");
        assert!(said.contains("cannot be an id"), "{said}");
        assert!(
            !said.contains("\n  - guid") && !said.contains('\u{1b}'),
            "{said}"
        );
    }
}

#[test]
fn the_servers_own_checks_are_told() {
    let folder = tempfile::tempdir().unwrap();
    let asked = std::sync::atomic::AtomicUsize::new(0);
    let (server, seen) = serve(move |path| {
        with(path, |path| {
            if path.starts_with(&format!("/content/{GUID}")) {
                return Some(http("200 OK", "", "a page"));
            }
            match path.strip_prefix("/__api__/v1/system/checks")? {
                "" => Some(json(r#"{"id": 7, "status": "requested"}"#)),
                "/7" => {
                    let first = asked.fetch_add(1, std::sync::atomic::Ordering::Relaxed) == 0;
                    let status = if first { "running" } else { "done" };
                    Some(json(&format!(r#"{{"id": "7", "status": "{status}"}}"#)))
                }
                "/7/results" => Some(json(
                    r#"{"results": [
                    {"group": {"name": "database"}, "test": {"name": "connects"}, "passed": true},
                    {"group": {"name": "sandbox"}, "test": {"name": "mounts"}, "passed": false,
                     "output": "", "error": "no\u001b[2J rights"}]}"#,
                )),
                _ => None,
            }
        })
    });
    let (code, said) = run(command(&format!("http://{server}"), &folder, &["validate"]));
    assert_eq!(code, Some(0), "{said}");
    assert!(said.contains("own checks: 1 passed, 1 failed"), "{said}");
    assert!(
        said.contains(r"sandbox/mounts: no\u{1b}[2J rights"),
        "{said}"
    );
    let posts = |one: &&String| one.starts_with("POST ");
    assert_eq!(seen.lock().unwrap().iter().filter(posts).count(), 1);
}

/// An answer that is no list is no empty one: nothing would be looked at, and all be well.
#[test]
fn what_is_no_list_of_content_is_no_empty_list() {
    let folder = tempfile::tempdir().unwrap();
    for body in ["{}", r#"{"code": 4, "error": "maintenance"}"#, "[1, null]"] {
        let (server, _) = serve(move |path| {
            with(path, |path| {
                let lists = path.split('?').next() == Some("/__api__/v1/content");
                lists.then(|| json(body))
            })
        });
        let server = format!("http://{server}");
        for args in [
            &["inventory"][..],
            &["validate"],
            &["rebuild", "--all", "--dry-run"],
        ] {
            let (code, said) = run(command(&server, &folder, args));
            assert_eq!(code, Some(1), "{body} {args:?}: {said}");
            assert!(said.contains("it is no list of objects"), "{body}: {said}");
        }
    }
}

/// However long the server asks to wait, the patience is the user's; and what leads in circles ends.
#[test]
fn a_server_that_puts_off_or_sends_in_circles_is_given_up_in_time() {
    let refused = |status: &'static str, headers: &'static str, args: &[&str]| {
        let (server, _) = serve(move |_| http(status, headers, ""));
        let folder = tempfile::tempdir().unwrap();
        let mut command = connect_migrate();
        command
            .env("XDG_STATE_HOME", folder.path())
            .env("CONNECT_SERVER", format!("http://{server}"))
            .env("CONNECT_API_KEY", KEY)
            .args(args);
        let began = std::time::Instant::now();
        let (code, said) = run(command);
        assert_eq!(code, Some(1), "{said}");
        assert!(
            began.elapsed() < std::time::Duration::from_secs(30),
            "{said}"
        );
        said
    };
    let said = refused(
        "503 Service Unavailable",
        "Retry-After: 3600\r\n",
        &["inventory", "--max-outage", "1s"],
    );
    assert!(said.contains("longer than --max-outage allows"), "{said}");
    let said = refused("302 Found", "Location: /a\r\n", &["inventory"]);
    assert!(said.contains("redirects again and again"), "{said}");
    let said = refused("304 Not Modified", "", &["inventory"]);
    assert!(said.contains("HTTP 304"), "{said}");
}
