//! The cluster as kubectl and Helm see it: kubeconfigs, tokens, histories, other tools' objects.

use std::fs;
use std::io::{BufRead as _, BufReader, Write as _};
use std::net::{TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use predicates::prelude::PredicateBooleanExt as _;
use predicates::str::contains;
use serde_json::Value;

use super::{Place, places};
use crate::support::chart::chart_dir;
use crate::support::tools::{helms, newest, tool};

#[test]
fn several_kubeconfigs_are_one() {
    let helm = newest().remove(0);
    let Some(mut place) = Place::new(&helm, "several") else {
        return;
    };
    place.deploy("rsc", true, &[]);
    let text = fs::read_to_string(&place.kubeconfig).unwrap();
    let mut whole: Value = serde_yaml::from_str(&text).unwrap();
    // A token with the line feed that every editor leaves, and what belongs together in three files.
    let folder = place.home.path().to_path_buf();
    let token = whole["users"][0]["user"]["token"]
        .as_str()
        .unwrap()
        .to_owned();
    fs::write(folder.join("token"), token + "\n").unwrap();
    whole["users"][0]["user"] = serde_json::json!({"tokenFile": folder.join("token")});
    let parts = ["users", "clusters", "contexts"].map(|part| {
        let path = folder.join(format!("{part}.yaml"));
        let mut one = serde_json::json!({"apiVersion": "v1", "kind": "Config"});
        one[part] = whole[part].clone();
        if part == "contexts" {
            one["current-context"] = whole["current-context"].clone();
        }
        fs::write(&path, one.to_string()).unwrap();
        path
    });
    let mut list = vec![folder.join("not-there")];
    list.extend(parts);
    place.kubeconfig = std::env::join_paths(list).unwrap().into();
    let status = place.status(&["rsc"]);
    assert_eq!(places(&status), ["on"; 4]);
    // The command leads to the same place from another shell.
    let next = place.ours(&["revert", "gone", "--yes"]).assert().code(1);
    next.stderr(contains("there is no release gone").and(contains("KUBECONFIG=")));
    place.ours(&["revert", "rsc", "--yes"]).assert().success();
    assert_eq!(places(&place.status(&["rsc"])), ["off"; 4]);
}

/// A proxy that leads every name to the API server; counts who asks.
fn proxy(place: &Place) -> (std::net::SocketAddr, Arc<AtomicUsize>) {
    let text = fs::read_to_string(&place.kubeconfig).unwrap();
    let config: Value = serde_yaml::from_str(&text).unwrap();
    let server = config["clusters"][0]["cluster"]["server"].as_str().unwrap();
    let target = server.trim_start_matches("https://").to_owned();
    let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
    let address = listener.local_addr().unwrap();
    let asked = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&asked);
    std::thread::spawn(move || {
        for client in listener.incoming().flatten() {
            let mut lines = BufReader::new(client.try_clone().unwrap()).lines();
            let head = lines
                .by_ref()
                .take_while(|line| line.as_ref().is_ok_and(|line| !line.is_empty()));
            let is_tunnel = head
                .flatten()
                .any(|line| line.starts_with("CONNECT api.invalid:443 "));
            assert!(is_tunnel);
            count.fetch_add(1, Ordering::Relaxed);
            let server = TcpStream::connect(&target).unwrap();
            (&client).write_all(b"HTTP/1.1 200 OK\r\n\r\n").unwrap();
            for (mut from, mut to) in [
                (client.try_clone().unwrap(), server.try_clone().unwrap()),
                (server, client),
            ] {
                std::thread::spawn(move || {
                    let _ = std::io::copy(&mut from, &mut to);
                    let _ = to.shutdown(std::net::Shutdown::Both);
                });
            }
        }
    });
    (address, asked)
}

#[test]
fn a_proxy_leads_to_the_api_server_unless_it_is_excepted() {
    let helm = newest().remove(1);
    let Some(mut place) = Place::new(&helm, "proxy") else {
        return;
    };
    place.deploy("rsc", true, &[]);
    let (address, asked) = proxy(&place);
    let text = fs::read_to_string(&place.kubeconfig).unwrap();
    let mut config: Value = serde_yaml::from_str(&text).unwrap();
    // No resolver knows this name.
    config["clusters"][0]["cluster"] = serde_json::json!({
        "server": "https://api.invalid", "insecure-skip-tls-verify": true});
    place.kubeconfig = place.home.path().join("behind");
    fs::write(&place.kubeconfig, config.to_string()).unwrap();
    let status = |no_proxy: &str| {
        let mut status = place.ours(&["status", "rsc"]);
        status
            .env("HTTPS_PROXY", format!("http://{address}"))
            .env("NO_PROXY", no_proxy)
            .assert()
    };
    status("other.invalid").success();
    let through = asked.load(Ordering::Relaxed);
    assert!(through > 0);
    for excepted in ["api.invalid", ".invalid", "*"] {
        let run = status(excepted).code(1);
        run.stderr(contains("cannot reach the cluster at https://api.invalid"));
        assert_eq!(asked.load(Ordering::Relaxed), through, "{excepted}");
    }
}

#[test]
fn a_history_is_kept_as_long_as_it_is() {
    for helm in newest() {
        let Some(place) = Place::new(&helm, "history") else {
            return;
        };
        place.deploy("rsc", false, &[]);
        for _ in 0..10 {
            place.plain(&["--history-max", "0"]).success();
        }
        place.deploy("rsc", true, &["--history-max", "0"]);
        let count = || {
            let run = place
                .helm(&["history", "rsc", "--max", "99", "-o", "json"])
                .success();
            let list: Value = serde_json::from_slice(&run.get_output().stdout).unwrap();
            list.as_array().unwrap().len()
        };
        let before = count();
        assert_eq!(before, 12);
        place.ours(&["revert", "rsc", "--yes"]).assert().success();
        assert_eq!(count(), before + 1, "{}", helm.version);
        // Where the user says how many, that is what is kept.
        place.deploy("rsc", true, &["--history-max", "0"]);
        let mut revert = place.ours(&["revert", "rsc", "--yes"]);
        revert.env("HELM_MAX_HISTORY", "3").assert().success();
        assert_eq!(count(), 3, "{}", helm.version);
    }
}

#[test]
fn an_uninstalled_release_is_not_alive() {
    for helm in helms() {
        let Some(place) = Place::new(&helm, "kept") else {
            return;
        };
        place.deploy("rsc", true, &[]);
        place
            .helm(&["uninstall", "rsc", "--keep-history"])
            .success();
        for command in [&["status", "rsc"][..], &["revert", "rsc", "--yes"]] {
            let run = place.ours(command).assert().code(1);
            run.stderr(contains("there is no release rsc"));
        }
        let run = place.ours(&["status"]).assert().code(1);
        run.stderr(contains("no release in the namespace"));
    }
}

#[test]
fn two_servers_of_one_release_are_each_taken_back() {
    let helm = newest().remove(1);
    let Some(place) = Place::new(&helm, "two") else {
        return;
    };
    let chart = place.home.path().join("umbrella");
    fs::create_dir_all(chart.join("charts")).unwrap();
    let inner = chart.join("charts/rstudio-connect");
    let copied = std::process::Command::new("cp")
        .arg("-r")
        .args([&chart_dir(), &inner])
        .status();
    assert!(copied.unwrap().success());
    let manifest = fs::read_to_string(inner.join("Chart.yaml")).unwrap();
    let version = manifest
        .lines()
        .find_map(|line| line.strip_prefix("version: "))
        .unwrap();
    let aliases: String = ["one", "two"]
        .map(|alias| {
            format!(
                "- {{name: rstudio-connect, version: {version}, repository: '', alias: {alias}}}\n"
            )
        })
        .concat();
    let text = format!("apiVersion: v2\nname: umbrella\nversion: 0.1.0\ndependencies:\n{aliases}");
    fs::write(chart.join("Chart.yaml"), text).unwrap();
    let values = "one: &connect\n  sharedStorage: {create: true}\ntwo: *connect\n";
    fs::write(chart.join("values.yaml"), values).unwrap();
    let namespace = &place.namespace.name;
    let of = |alias: &str| format!("{namespace}/rsc-{alias}-config");
    let (one, two) = (of("one"), of("two"));
    let mut lay = vec!["upgrade", "--install", "rsc", chart.to_str().unwrap()];
    let picked = ["--overlay-configmap", &one, "--overlay-configmap", &two];
    lay.extend(picked);
    place.ours(&lay).assert().success();
    place.namespace.settled();
    let read = |status: &Value| {
        let configurations = status["configurations"].as_array().unwrap().clone();
        let of = |c: &Value, place: &str| {
            c[place]["known"]["overlay"]
                .as_str()
                .unwrap_or("?")
                .to_owned()
        };
        let all = configurations.iter().map(|c| {
            ["stored", "live", "pods"]
                .map(|place| of(c, place))
                .join(" ")
        });
        all.collect::<Vec<_>>()
    };
    assert_eq!(read(&place.status(&["rsc"])), ["on on on"; 2]);
    place.ours(&["revert", "rsc", "--yes"]).assert().success();
    assert_eq!(read(&place.status(&["rsc"])), ["off off off"; 2]);
}

#[test]
fn what_argo_cd_applies_is_told_apart() {
    let helm = newest().remove(1);
    let Some(place) = Place::new(&helm, "argo") else {
        return;
    };
    let chart = chart_dir().to_string_lossy().into_owned();
    let args = [
        "template",
        "rsc",
        &chart,
        "--set",
        "sharedStorage.create=true",
    ];
    let rendered = place.helm(&args).success();
    let file = place.home.path().join("manifest.yaml");
    fs::write(&file, &rendered.get_output().stdout).unwrap();
    let applied = std::process::Command::new(tool("kubectl").unwrap())
        .args(["apply", "--kubeconfig"])
        .arg(&place.kubeconfig)
        .args(["-n", &place.namespace.name, "-f"])
        .arg(&file)
        .output()
        .unwrap();
    assert!(applied.status.success(), "{applied:?}");
    place.namespace.settled();
    place.annotate(&[("argocd.argoproj.io/tracking-id", "connect:/ConfigMap:x")]);
    let run = place.ours(&["status"]).assert().success();
    let text = String::from_utf8_lossy(&run.get_output().stdout).into_owned();
    assert!(
        text.contains("no release of Helm's in the namespace"),
        "{text}"
    );
    assert!(text.contains("Argo CD applies the manifests"), "{text}");
    let run = place.ours(&["revert", "rsc", "--yes"]).assert().code(1);
    run.stderr(contains(
        "something else applies the manifests, such as Argo CD",
    ));
}
