//! CHART in every form that Helm takes: a folder, an archive, repo/name, a URL, and oci://. Helm is
//! real; the repository and the registry are the test's own, with a chart of ours.

use std::fs;
use std::io::{BufRead as _, BufReader, Write as _};
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;

use serde_json::json;
use sha2::{Digest as _, Sha256};

use crate::support::connect_migrate;
use crate::support::form::json;
use crate::support::package::{KEY_OWNER, Key};
use crate::support::server::{Certificate, ClientCertificate, Server};
use crate::support::tools::{Helm, helms};

const CHART: &str = "testdata/chart/generations/0.8.12";

/// What stands behind a path.
type Content = Option<(&'static str, Vec<u8>)>;

/// Serves until the test process ends.
fn serve(content: impl Fn(&str) -> Content + Send + Sync + 'static) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap().to_string();
    let content = Arc::new(content);
    std::thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let content = Arc::clone(&content);
            std::thread::spawn(move || answer(stream, &*content));
        }
    });
    address
}

/// Answers one request, and closes.
fn answer(mut stream: TcpStream, content: &dyn Fn(&str) -> Content) {
    let mut lines = BufReader::new(stream.try_clone().unwrap()).lines();
    let Some(Ok(first)) = lines.next() else {
        return;
    };
    for line in lines.map_while(Result::ok) {
        if line.is_empty() {
            break;
        }
    }
    let mut words = first.split(' ');
    let (method, path) = (words.next().unwrap(), words.next().unwrap());
    let (status, kind, body) = match content(path) {
        Some((kind, body)) => ("200 OK", kind, body),
        None => ("404 Not Found", "text/plain", Vec::new()),
    };
    let digest = digest(&body);
    let head = format!(
        "HTTP/1.1 {status}\r\nContent-Type: {kind}\r\nContent-Length: {}\r\nDocker-Content-Digest: {digest}\r\nConnection: close\r\n\r\n",
        body.len()
    );
    let body = if method == "HEAD" { &[][..] } else { &body };
    // A client that has seen enough goes away.
    let _ = stream.write_all(&[head.as_bytes(), body].concat());
}

fn digest(bytes: &[u8]) -> String {
    let hex: String = Sha256::digest(bytes)
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect();
    format!("sha256:{hex}")
}

fn helm(helm: &Helm, home: &Path, args: &[&str]) {
    let output = Command::new(&helm.path)
        .args(args)
        .envs(homes(home))
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.success(), "helm {args:?}: {said}");
}

/// A home for Helm of the test's own.
fn homes(home: &Path) -> [(&'static str, String); 3] {
    ["CACHE", "CONFIG", "DATA"].map(|kind| {
        let name = match kind {
            "CACHE" => "HELM_CACHE_HOME",
            "CONFIG" => "HELM_CONFIG_HOME",
            _ => "HELM_DATA_HOME",
        };
        (name, home.join(kind).display().to_string())
    })
}

/// Packs the chart as several versions into a repository's folder, which is given with Helm's home, and
/// writes a configuration beside it.
fn offered(one: &Helm, home: &Path, versions: &[&str]) -> (PathBuf, PathBuf) {
    fs::write(home.join("c.gcfg"), CONFIGURATION).unwrap();
    let served = home.join("served");
    fs::create_dir(&served).unwrap();
    let to = served.display().to_string();
    let helm_home = home.join("helm");
    for version in versions {
        let package = ["package", CHART, "--version", version, "--destination", &to];
        helm(one, &helm_home, &package);
    }
    helm(one, &helm_home, &["repo", "index", &to]);
    (served, helm_home)
}

const CONFIGURATION: &str =
    "[Server]\nAddress = https://c.example.com\n[Database]\nProvider = postgres\n";

/// Converts with a chart, and gives what the account says about who proved it.
fn proved_with(helm: &Helm, home: &Path, chart: &[&str]) -> String {
    let (code, said) = converted_with(helm, home, chart);
    assert_eq!(code, Some(0), "{chart:?}: {said}");
    let start = said.find('{').unwrap();
    let account = json("values", &said[start..]);
    account["proof"]["words"].as_str().unwrap().to_owned()
}

/// What is said where Helm does not hand out the chart.
fn not_proved_with(helm: &Helm, home: &Path, chart: &[&str]) -> String {
    let (code, said) = converted_with(helm, home, chart);
    assert_eq!(code, Some(1), "{chart:?}: {said}");
    said
}

fn converted_with(helm: &Helm, home: &Path, chart: &[&str]) -> (Option<i32>, String) {
    let output = connect_migrate()
        .env("HELM_BIN", &helm.path)
        .envs(homes(&home.join("helm")))
        .current_dir(home)
        .args([
            "values", "--from", "c.gcfg", "--pvc", "d", "--output", "json",
        ])
        .args(chart)
        .output()
        .unwrap();
    let said = String::from_utf8(output.stderr).unwrap();
    (output.status.code(), said)
}

#[test]
fn a_chart_is_taken_in_every_form_that_helm_takes() {
    for one in helms() {
        let folder = tempfile::tempdir().unwrap();
        let home = folder.path();
        let (served, helm_home) = offered(&one, home, &["0.8.12"]);

        let files = served.clone();
        let repository = serve(move |path| {
            let name = path.trim_start_matches('/');
            let known = ["index.yaml", "rstudio-connect-0.8.12.tgz"].contains(&name);
            let bytes = known.then(|| fs::read(files.join(name)).unwrap())?;
            Some(("application/octet-stream", bytes))
        });
        let url = format!("http://{repository}");
        helm(&one, &helm_home, &["repo", "add", "mine", &url]);
        let archive = served.join("rstudio-connect-0.8.12.tgz");
        let registry = registry(fs::read(&archive).unwrap());

        let folder = fs::canonicalize(CHART).unwrap().display().to_string();
        let archive = archive.display().to_string();
        let in_oci = format!("oci://{registry}/charts/rstudio-connect");
        let by_url = format!("{url}/rstudio-connect-0.8.12.tgz");
        let wanted = format!(
            "chart rstudio-connect 0.8.12, rendered by Helm v{}",
            one.version
        );
        for chart in [
            &[folder.as_str()][..],
            &[archive.as_str()],
            &["mine/rstudio-connect"],
            &["mine/rstudio-connect", "--chart-version", "0.8.12"],
            &["rstudio-connect", "--repo", &url],
            &[by_url.as_str()],
            &[in_oci.as_str(), "--chart-version", "0.8.12", "--plain-http"],
        ] {
            let words = proved_with(&one, home, chart);
            assert!(words.starts_with(&wanted), "{chart:?}: {words}");
        }
        let absent = connect_migrate()
            .env("HELM_BIN", &one.path)
            .envs(homes(&helm_home))
            .current_dir(home)
            .args(["values", "mine/rstudio-connect", "--chart-version", "9.9.9"])
            .args(["--from", "c.gcfg"])
            .output()
            .unwrap();
        let said = String::from_utf8(absent.stderr).unwrap();
        assert_eq!(absent.status.code(), Some(1), "{said}");
        assert!(absent.stdout.is_empty() && said.contains("9.9.9"), "{said}");
    }
}

/// A repository that only its own certificate vouches for: Helm's flags for reaching it are Helm's, and
/// what it complains about is passed on with the file or the flag in it.
#[test]
fn helms_flags_for_reaching_a_chart_are_passed_on() {
    for one in helms() {
        let folder = tempfile::tempdir().unwrap();
        let home = folder.path();
        fs::write(
            home.join("v.yaml"),
            "config: {Scheduler: {MinProcessesLimit: 4}}\n",
        )
        .unwrap();
        let (served, helm_home) = offered(&one, home, &["0.8.12", "0.9.0-rc.1"]);
        let certificate = Certificate::new();
        let repository = Server::secure(&served, &certificate);
        let [(_, authority), _] = certificate.trusted_in(home);
        let authority = authority.display().to_string();

        let from = ["rstudio-connect", "--repo", &repository.url];
        let run = |command: &[&str], flags: &[&str]| {
            let output = connect_migrate()
                .env("HELM_BIN", &one.path)
                .envs(homes(&helm_home))
                .current_dir(home)
                .args(command)
                .args(from)
                .args(flags)
                .output()
                .unwrap();
            let said = String::from_utf8(output.stderr).unwrap();
            (output.status.code().unwrap(), said)
        };
        let trusted = ["--ca-file", &authority];
        for flags in [&trusted[..], &["--insecure-skip-tls-verify"]] {
            let words = proved_with(&one, home, &[&from[..], flags].concat());
            assert!(
                words.starts_with("chart rstudio-connect 0.8.12, "),
                "{words}"
            );
        }
        let words = proved_with(&one, home, &[&from[..], &trusted, &["--devel"]].concat());
        assert!(
            words.starts_with("chart rstudio-connect 0.9.0-rc.1, "),
            "{words}"
        );
        for command in [
            &["check", "--from", "c.gcfg"][..],
            &["diff", "--from", "c.gcfg", "-f", "v.yaml"],
            &["gcfg", "-f", "v.yaml"],
            &["overlay", "values", "-f", "v.yaml"],
        ] {
            let (code, said) = run(command, &trusted);
            assert!(matches!(code, 0 | 4), "{command:?}: {said}");
            let (code, said) = run(command, &[]);
            assert!(
                code == 1 && said.contains("certificate"),
                "{command:?}: {said}"
            );
        }
        let values = ["values", "--from", "c.gcfg"];
        for (flags, named) in [
            (&["--ca-file", "absent.pem"][..], "absent.pem"),
            (
                &[
                    "--ca-file",
                    &authority,
                    "--cert-file",
                    "c.gcfg",
                    "--key-file",
                    "c.gcfg",
                ],
                "PEM",
            ),
            (&["--ca-file", &authority, "--verify"], "prov"),
            (
                &["--ca-file", &authority, "--chart-version", "7.7.7"],
                "7.7.7",
            ),
        ] {
            let (code, said) = run(&values, flags);
            assert!(code == 1 && said.contains(named), "{flags:?}: {said}");
            assert!(!said.contains("***"), "{flags:?}: {said}");
        }
        // Helm takes these on its command line, which every process of the machine can read.
        for flag in ["--password", "--username"] {
            let (code, said) = run(&values, &[flag, "hunter2"]);
            assert!(code == 2 && !said.contains("hunter2"), "{said}");
        }
    }
}

#[test]
fn a_client_certificate_opens_a_repository() {
    for one in helms() {
        let folder = tempfile::tempdir().unwrap();
        let home = folder.path();
        let (served, _) = offered(&one, home, &["0.8.12"]);
        let client = ClientCertificate::new();
        let [shown, key] = client.written_in(home);
        let certificate = Certificate::asking_for(&client);
        let repository = Server::secure(&served, &certificate);
        let [(_, authority), _] = certificate.trusted_in(home);
        let authority = authority.display().to_string();

        let from = ["rstudio-connect", "--repo", &repository.url];
        let trusted = [&from[..], &["--ca-file", &authority]].concat();
        let let_in = [&trusted[..], &["--cert-file", &shown, "--key-file", &key]].concat();
        let words = proved_with(&one, home, &let_in);
        assert!(
            words.starts_with("chart rstudio-connect 0.8.12, "),
            "{words}"
        );
        let said = not_proved_with(&one, home, &trusted);
        assert!(said.contains("certificate"), "{said}");
    }
}

#[test]
fn a_signed_chart_is_held_against_the_keyring() {
    let (Some(signer), Some(stranger)) = (Key::new(), Key::new()) else {
        return;
    };
    let [signs, known, unknown] = [signer.secret(), signer.public(), stranger.public()]
        .map(|path| path.display().to_string());
    for one in helms() {
        let folder = tempfile::tempdir().unwrap();
        let home = folder.path();
        fs::write(home.join("c.gcfg"), CONFIGURATION).unwrap();
        let to = home.display().to_string();
        let sign = ["--sign", "--key", KEY_OWNER, "--keyring", &signs];
        let package = [&["package", CHART, "--destination", &to][..], &sign].concat();
        helm(&one, &home.join("helm"), &package);
        let archive = home.join("rstudio-connect-0.8.12.tgz");
        let name = archive.display().to_string();
        let verify = [name.as_str(), "--verify", "--keyring"];
        let words = proved_with(&one, home, &[&verify[..], &[&known]].concat());
        assert!(
            words.starts_with("chart rstudio-connect 0.8.12, "),
            "{words}"
        );
        let said = not_proved_with(&one, home, &[&verify[..], &[&unknown]].concat());
        assert!(
            said.contains("signature") || said.contains("unknown"),
            "{said}"
        );
        // Gzip takes what follows its end for another member, or for nothing.
        let mut bytes = fs::read(&archive).unwrap();
        bytes.push(0);
        fs::write(&archive, bytes).unwrap();
        let said = not_proved_with(&one, home, &[&verify[..], &[&known]].concat());
        assert!(said.contains("sha256"), "{said}");
    }
}

/// An OCI registry that has one chart: a manifest, its configuration and the archive.
fn registry(archive: Vec<u8>) -> String {
    let config = br#"{"name":"rstudio-connect","version":"0.8.12","apiVersion":"v2"}"#.to_vec();
    let part = |kind: &str, bytes: &[u8]| json!({"mediaType": kind, "digest": digest(bytes), "size": bytes.len()});
    let manifest = json!({
        "schemaVersion": 2,
        "mediaType": "application/vnd.oci.image.manifest.v1+json",
        "config": part("application/vnd.cncf.helm.config.v1+json", &config),
        "layers": [part("application/vnd.cncf.helm.chart.content.v1.tar+gzip", &archive)],
    });
    let manifest = manifest.to_string().into_bytes();
    serve(move |path| {
        const MANIFEST: &str = "application/vnd.oci.image.manifest.v1+json";
        let rest = path.strip_prefix("/v2/")?;
        let Some(rest) = rest.strip_prefix("charts/rstudio-connect/") else {
            return rest
                .is_empty()
                .then(|| ("application/json", b"{}".to_vec()));
        };
        let (kind, reference) = rest.split_once('/')?;
        match kind {
            "manifests" if reference == "0.8.12" || reference == digest(&manifest) => {
                Some((MANIFEST, manifest.clone()))
            }
            "blobs" => [&config, &archive]
                .into_iter()
                .find(|bytes| digest(bytes) == reference)
                .map(|bytes| ("application/octet-stream", bytes.clone())),
            "tags" => Some((
                "application/json",
                br#"{"name":"charts/rstudio-connect","tags":["0.8.12"]}"#.to_vec(),
            )),
            _ => None,
        }
    })
}
