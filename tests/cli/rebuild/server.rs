//! Finding the server, and what stands in the way.

use std::fs;
use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use crate::connect_stand_in::{Action, Config, Fault, Licence};

use super::{Rig, config, direct, stdout, talk};
use crate::support::connect_migrate;

/// A server of the simplest kind: the same answer to every request. Gives its address and how often
/// it was asked with a key.
fn answering(answer: impl Fn(&str) -> String + Send + 'static) -> (SocketAddr, Arc<AtomicUsize>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let keys = Arc::new(AtomicUsize::new(0));
    let seen = Arc::clone(&keys);
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            let mut buffer = [0; 8192];
            let length = stream.read(&mut buffer).unwrap_or(0);
            let request = String::from_utf8_lossy(&buffer[..length]).into_owned();
            if request.to_ascii_lowercase().contains("authorization:") {
                seen.fetch_add(1, Ordering::Relaxed);
            }
            let _ = stream.write_all(answer(&request).as_bytes());
        }
    });
    (address, keys)
}

fn http(status: &str, headers: &str, body: &str) -> String {
    format!(
        "HTTP/1.1 {status}\r\n{headers}Content-Length: {}\r\nConnection: close\r\n\r\n{body}",
        body.len()
    )
}

/// `rebuild --all --dry-run` on a server; gives exit code and words.
fn dry_run(server: &str, args: &[&str]) -> (Option<i32>, String) {
    let output = direct()
        .env("CONNECT_SERVER", server)
        .env("CONNECT_API_KEY", "k3y")
        .args([
            "rebuild",
            "--all",
            "--dry-run",
            "--journal",
            "/nonexistent",
            "--request-timeout",
            "2s",
        ])
        .args(args)
        .output()
        .unwrap();
    (output.status.code(), talk(&output))
}

#[test]
fn a_wrong_address_is_told_from_a_server_that_is_down() {
    let (address, _) = answering(|_| {
        http(
            "200 OK",
            "Content-Type: text/html\r\n",
            "<html>Sign in</html>",
        )
    });
    let (code, said) = dry_run(&format!("http://{address}"), &[]);
    assert_eq!(code, Some(1));
    assert!(
        said.contains("answered with an HTML page where Connect answers with JSON"),
        "{said}"
    );
    assert!(said.contains("path prefix"), "{said}");

    let (address, _) = answering(|_| http("404 Not Found", "", "404 page not found"));
    let (_, said) = dry_run(&format!("http://{address}"), &[]);
    assert!(said.contains("where Connect answers with JSON"), "{said}");

    let nobody = TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap();
    let (code, said) = dry_run(&format!("http://{nobody}"), &[]);
    assert_eq!(code, Some(1));
    assert!(said.contains("cannot be reached: "), "{said}");
    assert!(said.contains("refused"), "{said}");

    let (_, said) = dry_run("http://connect.invalid", &[]);
    assert!(
        said.contains("connect.invalid cannot be resolved"),
        "{said}"
    );

    let (code, said) = dry_run("connect.example.com", &[]);
    assert_eq!(code, Some(2));
    assert!(said.contains("https://connect.example.com"), "{said}");
}

#[test]
fn a_server_that_starts_is_waited_for_and_one_that_is_silent_is_not() {
    let asked = AtomicUsize::new(0);
    let (address, _) = answering(move |_| match asked.fetch_add(1, Ordering::Relaxed) {
        0..4 => http("503 Service Unavailable", "", "starting"),
        _ => http("404 Not Found", "", "404 page not found"),
    });
    let (_, said) = dry_run(&format!("http://{address}"), &[]);
    assert!(said.contains("where Connect answers with JSON"), "{said}");

    let (address, asked) = answering(|_| String::new());
    let (code, said) = dry_run(&format!("http://{address}"), &[]);
    assert_eq!(code, Some(1), "{said}");
    assert_eq!(asked.load(Ordering::Relaxed), 3, "{said}");
}

#[test]
fn the_key_follows_a_redirect_neither_to_another_host_nor_to_another_port() {
    for host in ["localhost", "127.0.0.1"] {
        let (elsewhere, keys) = answering(|_| http("200 OK", "", "{}"));
        let (address, _) = answering(move |_| {
            let location = format!("Location: http://{host}:{}/__api__/\r\n", elsewhere.port());
            http("302 Found", &location, "")
        });
        let (code, said) = dry_run(&format!("http://{address}"), &[]);
        assert_eq!(code, Some(1));
        assert!(
            said.contains(&format!("redirects to http://{host}:")),
            "{said}"
        );
        assert!(said.contains("the API key is not sent there"), "{said}");
        assert_eq!(keys.load(Ordering::Relaxed), 0);
    }
}

#[test]
fn a_redirect_within_the_server_is_followed_and_kept() {
    let rig = Rig::new(Config {
        prefix: "/rsc".to_owned(),
        ..config(2)
    });
    // A proxy before the server, which moves everything below a prefix.
    let real = rig.stand_in.address();
    let moves = Arc::new(AtomicUsize::new(0));
    let moved = Arc::clone(&moves);
    let (address, _) = answering(move |request| {
        let path = request.split(' ').nth(1).unwrap_or_default();
        if !path.starts_with("/rsc/") {
            moved.fetch_add(1, Ordering::Relaxed);
            let location = format!("Location: /rsc{path}\r\n");
            return http("301 Moved Permanently", &location, "");
        }
        let mut stream = std::net::TcpStream::connect(real).unwrap();
        let request = request.replacen("\r\n", "\r\nConnection: close\r\n", 1);
        stream.write_all(request.as_bytes()).unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        answer.replacen("\r\n", "\r\nConnection: close\r\n", 1)
    });
    let output = rig
        .command(&["--all", "--dry-run"])
        .env("CONNECT_SERVER", format!("http://{address}"))
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(0), "{}", talk(&output));
    assert_eq!(
        moves.load(Ordering::Relaxed),
        1,
        "the first answer is remembered"
    );
}

#[test]
fn a_path_prefix_may_end_with_slashes() {
    let rig = Rig::new(Config {
        prefix: "/connect/rsc".to_owned(),
        ..config(2)
    });
    let mut command = rig.command(&["--all", "--yes"]);
    command.env("CONNECT_SERVER", format!("{}//", rig.stand_in.url()));
    let output = command.output().unwrap();
    assert_eq!(output.status.code(), Some(0), "{}", talk(&output));
    rig.assert_each_built_once();
}

#[test]
fn proxies_are_taken_from_the_environment() {
    let rig = Rig::with(1);
    let (proxy, _) = answering(|request| {
        let whole = request.starts_with("GET http://connect.invalid/__api__/server_settings ");
        let body = if whole {
            r#"{"version": "2021.09.0"}"#
        } else {
            ""
        };
        http("200 OK", "", body)
    });
    let output = rig
        .command(&["--all", "--dry-run"])
        .env("CONNECT_SERVER", "http://connect.invalid")
        .env("HTTP_PROXY", format!("http://{proxy}"))
        .output()
        .unwrap();
    // The version that only the proxy told.
    assert!(
        talk(&output).contains("this server is 2021.09.0"),
        "{}",
        talk(&output)
    );
}

#[test]
fn no_proxy_stands_before_this_machine() {
    let (address, _) = answering(|_| http("200 OK", "", "[]"));
    for host in [address.to_string(), format!("localhost:{}", address.port())] {
        let (proxy, keys) = answering(|_| http("502 Bad Gateway", "", ""));
        let output = direct()
            .env("CONNECT_SERVER", format!("http://{host}"))
            .env("CONNECT_API_KEY", "k3y")
            .env("HTTP_PROXY", format!("http://{proxy}"))
            .env("http_proxy", format!("http://{proxy}"))
            .env("ALL_PROXY", format!("http://{proxy}"))
            .args(["rebuild", "--all", "--dry-run", "--journal", "/nonexistent"])
            .output()
            .unwrap();
        assert!(
            !talk(&output).contains("cannot be reached"),
            "{}",
            talk(&output)
        );
        assert_eq!(keys.load(Ordering::Relaxed), 0, "{host}");
    }
}

#[test]
fn a_proxy_that_fails_is_named_with_its_variable_and_without_its_user() {
    let run = |extra: &[(&str, &str)]| {
        let output = direct()
            .env("CONNECT_SERVER", "https://connect.invalid")
            .env("CONNECT_API_KEY", "k3y")
            .env("HTTPS_PROXY", "http://me:hunter2@127.0.0.1:9")
            .envs(extra.iter().copied())
            .args(["rebuild", "--all", "--dry-run", "--journal", "/nonexistent"])
            .output()
            .unwrap();
        assert_eq!(output.status.code(), Some(1), "{}", talk(&output));
        talk(&output)
    };
    let said = run(&[]);
    assert!(
        said.contains("through the proxy http://127.0.0.1:9 (HTTPS_PROXY)"),
        "{said}"
    );
    assert!(!said.contains("hunter2") && !said.contains("me:"), "{said}");
    let said = run(&[("NO_PROXY", "*")]);
    assert!(
        said.contains("connect.invalid cannot be resolved"),
        "{said}"
    );
}

#[test]
fn a_key_that_others_can_read_on_its_way_is_warned_of_once() {
    let (proxy, _) = answering(|_| http("200 OK", "", r#"{"version": "2021.09.0"}"#));
    let output = direct()
        .env("CONNECT_SERVER", "http://connect.invalid")
        .env("CONNECT_API_KEY", "k3y")
        .env("HTTP_PROXY", format!("http://{proxy}"))
        .args(["rebuild", "--all", "--dry-run", "--journal", "/nonexistent"])
        .output()
        .unwrap();
    let said = talk(&output);
    let warning = "http://connect.invalid is not https";
    assert_eq!(said.matches(warning).count(), 1, "{said}");
    let (address, _) = answering(|_| http("404 Not Found", "", ""));
    let (_, said) = dry_run(&format!("http://{address}"), &[]);
    assert!(!said.contains("is not https"), "{said}");
}

#[test]
fn each_refusal_says_what_to_do() {
    let rig = Rig::with(2);
    let with_key = |key: &str| {
        let mut command = rig.command(&["--all", "--yes"]);
        command.env("CONNECT_API_KEY", key);
        talk(&command.output().unwrap())
    };
    let said = with_key("wrong");
    assert!(said.contains("the API key is not accepted"), "{said}");
    assert!(said.contains("correlation id "), "{said}");
    assert!(!said.contains("wrong"), "{said}");
    let said = with_key("two words");
    assert!(said.contains("CONNECT_API_KEY holds no API key"), "{said}");

    let output = rig
        .command(&["--all", "--yes"])
        .env_remove("CONNECT_API_KEY")
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(2));
    assert!(
        talk(&output).contains("--api-key-file"),
        "{}",
        talk(&output)
    );
    let output = rig
        .command(&["--all", "--yes"])
        .env_remove("CONNECT_SERVER")
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(2));
    assert!(
        talk(&output).contains("CONNECT_SERVER"),
        "{}",
        talk(&output)
    );

    rig.control().licence(Licence::ExpiredEverywhere);
    let output = rig.run_to(1, &["--all"]);
    assert!(
        talk(&output).contains("the server's licence has expired"),
        "{}",
        talk(&output)
    );
    assert!(rig.control().builds().is_empty());
}

#[test]
fn a_key_that_is_revoked_in_the_middle_ends_the_run_and_the_next_one_goes_on() {
    let rig = Rig::with(30);
    let control = rig.control();
    let key = rig.stand_in.api_key();
    let revoker = std::thread::spawn({
        let (control, key) = (control.clone(), key.clone());
        move || {
            control.wait_until("some are built", |control| control.succeeded().len() > 5);
            control.revoke(&key, true);
        }
    });
    let output = rig.run_to(1, &["--all"]);
    revoker.join().unwrap();
    assert!(
        talk(&output).contains("the API key is not accepted"),
        "{}",
        talk(&output)
    );
    control.revoke(&key, false);
    rig.run_to(0, &["--all"]);
    rig.assert_each_built_once();
}

#[test]
fn a_login_page_in_the_middle_ends_the_run() {
    let rig = Rig::with(10);
    rig.control().fault(
        Fault::new(Action::Html)
            .on("GET", "/v1/tasks/{id}")
            .after(6),
    );
    let output = rig.run_to(1, &["--all"]);
    assert!(
        talk(&output).contains("where Connect answers with JSON"),
        "{}",
        talk(&output)
    );
    rig.control().clear_faults();
    rig.run_to(0, &["--all"]);
    rig.assert_each_built_once();
}

#[test]
#[cfg(unix)]
fn the_key_may_be_in_a_file_and_others_should_not_read_it() {
    use std::os::unix::fs::PermissionsExt as _;
    let rig = Rig::with(1);
    let file = rig.state.path().join("key");
    fs::write(&file, format!("{}\n", rig.stand_in.api_key())).unwrap();
    for (mode, warned) in [(0o600, false), (0o644, true)] {
        fs::set_permissions(&file, fs::Permissions::from_mode(mode)).unwrap();
        let output = rig
            .command(&[
                "--all",
                "--dry-run",
                "--api-key-file",
                file.to_str().unwrap(),
            ])
            .env("CONNECT_API_KEY", "another")
            .output()
            .unwrap();
        assert_eq!(output.status.code(), Some(0), "{}", talk(&output));
        assert_eq!(
            talk(&output).contains("others can read the API key"),
            warned
        );
    }
}

#[test]
fn old_and_new_versions() {
    for (year, month, patch) in [
        (2021, 12, 0),
        (2022, 10, 0),
        (2023, 5, 0),
        (2024, 8, 0),
        (2026, 6, 0),
    ] {
        let rig = Rig::new(config(4).version(year, month, patch));
        let output = rig.run_to(0, &["--all"]);
        rig.assert_each_built_once();
        let without = talk(&output).contains("does not manage runtime caches");
        assert_eq!(
            without,
            (year, month) < (2023, 5),
            "{year}.{month}: {}",
            talk(&output)
        );
        let hidden = Rig::new(Config {
            hide_version: true,
            ..config(4).version(year, month, patch)
        });
        hidden.run_to(0, &["--all"]);
        hidden.assert_each_built_once();
    }
    let rig = Rig::new(config(1).version(2021, 9, 0));
    let output = rig.run_to(1, &["--all"]);
    assert!(
        talk(&output).contains("needs Connect 2021.11.1 or later; this server is 2021.09.0"),
        "{}",
        talk(&output)
    );
}

#[test]
fn a_server_that_is_away_for_too_long_is_given_up_and_spoken_of_once() {
    let rig = Rig::with(40);
    let control = rig.control();
    let stopper = std::thread::spawn(move || {
        control.wait_until("some are built", |control| control.succeeded().len() > 5);
        control.restart(&crate::connect_stand_in::Restart {
            down: std::time::Duration::from_secs(600),
            ..crate::connect_stand_in::Restart::default()
        });
    });
    let output = rig.run_to(1, &["--all", "--max-outage", "4s", "--parallelism", "8"]);
    stopper.join().unwrap();
    let said = talk(&output);
    assert_eq!(said.matches("The server is away").count(), 1, "{said}");
    assert!(said.contains("longer than --max-outage allows"), "{said}");
    rig.control().come_up();
    rig.run_to(0, &["--all", "--parallelism", "8"]);
    rig.assert_each_built_once();
}

#[test]
fn help_shows_no_key_and_has_examples() {
    let output = connect_migrate()
        .env("CONNECT_API_KEY", "s3cr3t")
        .args(["rebuild", "--help"])
        .output()
        .unwrap();
    let help = stdout(&output);
    assert!(
        help.contains("Examples:") && help.contains("CONNECT_API_KEY"),
        "{help}"
    );
    assert!(!help.contains("s3cr3t"));
}

mod tls {
    use std::sync::Arc;

    use rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};

    use super::*;

    /// A certificate that an authority made, and the authority's.
    fn signed(names: &[&str]) -> (rcgen::Certificate, rcgen::KeyPair, String) {
        let mut authority = rcgen::CertificateParams::new(Vec::new()).unwrap();
        authority.is_ca = rcgen::IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
        let authority_key = rcgen::KeyPair::generate().unwrap();
        let authority_pem = authority.self_signed(&authority_key).unwrap().pem();
        let issuer = rcgen::Issuer::new(authority, authority_key);
        let key = rcgen::KeyPair::generate().unwrap();
        let certificate = params(names).signed_by(&key, &issuer).unwrap();
        (certificate, key, authority_pem)
    }

    fn params(names: &[&str]) -> rcgen::CertificateParams {
        let names: Vec<_> = names.iter().map(|name| (*name).to_owned()).collect();
        rcgen::CertificateParams::new(names).unwrap()
    }

    /// A certificate that signed itself and calls itself an authority, as `openssl req -x509` makes
    /// them.
    fn self_signed(
        names: &[&str],
        change: impl FnOnce(&mut rcgen::CertificateParams),
    ) -> (rcgen::Certificate, rcgen::KeyPair, String) {
        let mut params = params(names);
        params.is_ca = rcgen::IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
        change(&mut params);
        let key = rcgen::KeyPair::generate().unwrap();
        let certificate = params.self_signed(&key).unwrap();
        let pem = certificate.pem();
        (certificate, key, pem)
    }

    /// A server with a certificate; gives its port.
    fn server(certificate: &rcgen::Certificate, key: &rcgen::KeyPair, rounds: usize) -> u16 {
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let config = rustls::ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(
                vec![CertificateDer::from(certificate.der().to_vec())],
                PrivateKeyDer::from(PrivatePkcs8KeyDer::from(key.serialize_der())),
            )
            .unwrap();
        let config = Arc::new(config);
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        std::thread::spawn(move || {
            for stream in listener.incoming().take(rounds) {
                let mut stream = stream.unwrap();
                let Ok(mut connection) = rustls::ServerConnection::new(Arc::clone(&config)) else {
                    return;
                };
                let mut stream = rustls::Stream::new(&mut connection, &mut stream);
                let mut buffer = [0; 8192];
                let Ok(length) = stream.read(&mut buffer) else {
                    continue;
                };
                let request = String::from_utf8_lossy(&buffer[..length]);
                let body = match request.split(' ').nth(1).unwrap_or_default() {
                    path if path.starts_with("/__api__/server_settings") => {
                        r#"{"version": "2024.09.0"}"#
                    }
                    path if path.starts_with("/__api__/v1/user") => {
                        r#"{"user_role": "administrator"}"#
                    }
                    path if path.starts_with("/__api__/v1/content") => "[]",
                    _ => r#"{"caches": [], "results": []}"#,
                };
                let _ = stream.write_all(http("200 OK", "", body).as_bytes());
                stream.conn.send_close_notify();
                let _ = stream.flush();
            }
        });
        port
    }

    /// What is said of a server with this certificate, where this one is given with `--cacert`.
    fn given(
        made: &(rcgen::Certificate, rcgen::KeyPair, String),
        pem: &str,
    ) -> (Option<i32>, String) {
        let port = server(&made.0, &made.1, 100);
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("given.pem");
        fs::write(&file, pem).unwrap();
        dry_run(
            &format!("https://localhost:{port}"),
            &["--cacert", file.to_str().unwrap()],
        )
    }

    #[test]
    fn a_servers_own_certificate_may_be_given() {
        let own = self_signed(&["localhost"], |_| {});
        let (code, said) = given(&own, &own.2);
        assert_eq!(code, Some(0), "{said}");
        let plain = self_signed(&["localhost"], |params| params.is_ca = rcgen::IsCa::NoCa);
        let (code, said) = given(&plain, &plain.2);
        assert_eq!(code, Some(0), "{said}");
        // Another server's does not do.
        let (code, said) = given(&own, &plain.2);
        assert_eq!(code, Some(1), "{said}");
    }

    #[test]
    fn each_fault_of_a_certificate_has_its_own_words() {
        let stranger = self_signed(&["localhost"], |_| {}).2;
        let name = self_signed(&["connect.example.com"], |_| {});
        let old = self_signed(&["localhost"], |params| {
            params.not_before = rcgen::date_time_ymd(2019, 1, 1);
            params.not_after = rcgen::date_time_ymd(2020, 1, 1);
        });
        let early = self_signed(&["localhost"], |params| {
            params.not_before = rcgen::date_time_ymd(2090, 1, 1);
            params.not_after = rcgen::date_time_ymd(2091, 1, 1);
        });
        for (made, pem, cause, remedy) in [
            (
                &name,
                stranger.as_str(),
                "authority that is not known here",
                "--cacert FILE",
            ),
            (
                &name,
                name.2.as_str(),
                "is not for localhost but for",
                "by a name that",
            ),
            (&old, old.2.as_str(), "has expired", "renew it"),
            (&early, early.2.as_str(), "is not valid yet", "clock"),
        ] {
            let (code, said) = given(made, pem);
            assert_eq!(code, Some(1), "{said}");
            assert!(said.contains(cause) && said.contains(remedy), "{said}");
        }
        let (plain, _) = answering(|_| http("400 Bad Request", "", "no TLS here"));
        let (code, said) = dry_run(&format!("https://{plain}"), &[]);
        assert_eq!(code, Some(1), "{said}");
        assert!(said.contains("does not speak TLS"), "{said}");
        assert!(said.contains("http://"), "{said}");
    }

    #[test]
    fn a_private_authority_must_be_named() {
        let (certificate, key, authority) = signed(&["localhost"]);
        let port = server(&certificate, &key, 100);
        let url = format!("https://localhost:{port}");
        let (code, said) = dry_run(&url, &[]);
        assert_eq!(code, Some(1));
        assert!(said.contains("no secure connection to"), "{said}");
        assert!(said.contains("--cacert FILE"), "{said}");

        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("ca.pem");
        fs::write(&file, authority).unwrap();
        let file = file.to_str().unwrap();
        let (code, said) = dry_run(&url, &["--cacert", file]);
        assert_eq!(code, Some(0), "{said}");
        let (code, said) = dry_run(&url, &["--insecure"]);
        assert_eq!(code, Some(0), "{said}");

        // The variables that rsconnect knows.
        for (name, value) in [("CONNECT_CA_CERTIFICATE", file), ("CONNECT_INSECURE", "1")] {
            let output = direct()
                .env("CONNECT_SERVER", &url)
                .env("CONNECT_API_KEY", "k3y")
                .env(name, value)
                .args(["rebuild", "--all", "--dry-run", "--journal", "/nonexistent"])
                .output()
                .unwrap();
            assert_eq!(output.status.code(), Some(0), "{name}: {}", talk(&output));
        }

        // The name counts too.
        let (code, said) = dry_run(&format!("https://127.0.0.1:{port}"), &["--cacert", file]);
        assert_eq!(code, Some(1));
        assert!(said.contains("no secure connection to"), "{said}");

        fs::write(folder.path().join("empty.pem"), "nothing\n").unwrap();
        let empty = folder.path().join("empty.pem");
        let (code, said) = dry_run(&url, &["--cacert", empty.to_str().unwrap()]);
        assert_eq!(code, Some(1));
        assert!(said.contains("holds no certificate"), "{said}");
    }
}
