//! Ended at each step, and run again; and a cluster that goes away in the middle.

use std::io::Write as _;
use std::os::unix::process::CommandExt as _;
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use predicates::str::contains;

use super::half_way::{each_helm, follow, truth};
use super::{Place, places};
use crate::connect_stand_in::wait_until;
use crate::support::package::write_program;
use crate::support::tools::{Helm, helms};

/// A Helm that kills the process that runs it: `$PPID` is revert.
fn killer(place: &Place, name: &str, script: &str) -> PathBuf {
    let path = place.home.path().join(name);
    let real = place.helm.path.display();
    let script = format!(
        "#!/bin/bash\ncase \"$1 $*\" in\nupgrade*--dry-run*) ;;\nupgrade*) {} ;;\nesac\nexec '{real}' \"$@\"\n",
        script.replace("HELM", &format!("'{real}'"))
    );
    write_program(&path, &script);
    path
}

#[test]
fn killed_at_each_step_it_can_be_run_again() {
    // Most of it is waiting.
    std::thread::scope(|scope| {
        for helm in helms() {
            scope.spawn(move || killed_at_each_step(&helm));
        }
    });
}

fn killed_at_each_step(helm: &Helm) {
    let Some(place) = Place::new(helm, "killed") else {
        return;
    };
    place.deploy("rsc", true, &[]);
    let run = |program: &PathBuf| {
        let mut command = place.ours(&["revert", "rsc", "--yes"]);
        command.env("HELM_BIN", program).assert().interrupted();
    };
    // Before Helm.
    run(&killer(&place, "before", "kill -9 $PPID; exit 1"));
    assert_eq!(places(&place.status(&[])), ["on"; 4], "{}", helm.version);
    // In the middle of Helm: it waits for pods that nobody makes, and is killed too.
    place.namespace.controller.store(false, Ordering::Relaxed);
    let numbers = place.home.path().join("pid");
    let middle = "HELM \"$@\" --wait --timeout 30m & echo $! >'PIDS'; wait; exit 1";
    let middle = middle.replace("PIDS", &numbers.display().to_string());
    let mut revert = place
        .process(&["revert", "rsc", "--yes"])
        .env("HELM_BIN", killer(&place, "middle", &middle))
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    place.namespace.pending("rsc");
    revert.kill().unwrap();
    let mut number = String::new();
    wait_until("the number of Helm's process is written", || {
        number = std::fs::read_to_string(&numbers).unwrap_or_default();
        number.ends_with('\n')
    });
    let killed = Command::new("kill").args(["-9", number.trim()]).status();
    assert!(killed.unwrap().success(), "Helm did not wait");
    revert.wait().unwrap();
    place.namespace.controller.store(true, Ordering::Relaxed);
    let status = place.status(&[]);
    assert_eq!(status["status"], "pending-upgrade", "{}", helm.version);
    assert_eq!(places(&status)[0], "on", "{}", helm.version);
    // Behind Helm; this also settles what the one before has left.
    run(&killer(
        &place,
        "behind",
        "HELM \"$@\"; kill -9 $PPID; exit 1",
    ));
    assert_eq!(
        places(&place.status(&[]))[..2],
        ["off", "off"],
        "{}",
        helm.version
    );
    // What a killed run has left is cleared: values may be secrets.
    let folder = place.home.path().join("state/connect-migrate/releases");
    let folder = folder.join(format!("{}__rsc", place.namespace.name));
    let charts = || {
        let entries = std::fs::read_dir(&folder).unwrap().flatten();
        entries
            .filter(|entry| entry.file_name().to_string_lossy().starts_with("chart-"))
            .count()
    };
    assert_eq!(charts(), 1);
    // Whether a pod has to be restarted yet depends on how far the controller is.
    place.ours(&["revert", "rsc", "--yes"]).assert().success();
    assert_eq!(charts(), 0);
    let status = place.status(&[]);
    assert_eq!(places(&status), ["off"; 4], "{}", helm.version);
    assert_eq!(status["status"], "deployed", "{}", helm.version);
}

#[test]
fn an_upgrade_of_somebody_else_that_is_not_finished_is_left_alone() {
    let helm = helms().remove(1);
    let Some(place) = Place::new(&helm, "pending") else {
        return;
    };
    place.deploy("rsc", true, &[]);
    place.namespace.controller.store(false, Ordering::Relaxed);
    let chart = crate::support::chart::chart_dir();
    let mut child = Command::new(&helm.path)
        .args(["upgrade", "rsc"])
        .arg(&chart)
        .args([
            "--set",
            "sharedStorage.create=true,pod.annotations.theirs=new",
            "--wait",
            "--timeout",
            "30m",
        ])
        .env("KUBECONFIG", &place.kubeconfig)
        .env("HELM_NAMESPACE", &place.namespace.name)
        .spawn()
        .unwrap();
    place.namespace.pending("rsc");
    child.kill().unwrap();
    child.wait().unwrap();
    place
        .ours(&["revert", "rsc", "--yes"])
        .assert()
        .code(4)
        .stderr(contains("Helm was interrupted at revision 2"));
    assert_eq!(place.status(&[])["status"], "pending-upgrade");

    // Whoever knows that it is dead may say so.
    place.namespace.controller.store(true, Ordering::Relaxed);
    place
        .ours(&["revert", "rsc", "--yes", "--discard-pending"])
        .assert()
        .success()
        .stderr(contains(
            "marked revision 2 as failed: asked for by --discard-pending",
        ));
    assert_eq!(place.status(&[])["status"], "deployed");
}

/// Kills a command with the Helm that it runs, once that waits for pods that nobody makes.
fn killed(place: &Place, mut command: Command) {
    place.namespace.controller.store(false, Ordering::Relaxed);
    let mut child = command
        .process_group(0)
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    place.namespace.pending("rsc");
    let group = format!("-{}", child.id());
    let sent = Command::new("kill").args(["-KILL", "--", &group]).status();
    assert!(sent.unwrap().success());
    child.wait().unwrap();
    place.namespace.controller.store(true, Ordering::Relaxed);
    place.namespace.settled();
}

#[test]
fn an_upgrade_that_is_killed_leads_back_to_off() {
    each_helm("mid", &[], |place| {
        let chart = crate::support::chart::chart_dir().display().to_string();
        let mut args = vec!["upgrade", "rsc", &chart, "--wait", "--timeout", "30m"];
        args.extend(super::VALUES);
        killed(place, place.process(&args));
        let status = truth(place, "laying was killed");
        assert_eq!(
            status["status"], "pending-upgrade",
            "{}",
            place.helm.version
        );
        follow(place, "laying was killed");
        // The same by Helm itself, without the settings.
        place.lay(&[]).success();
        place.namespace.settled();
        let mut helm = Command::new(&place.helm.path);
        helm.args(&args)
            .env("KUBECONFIG", &place.kubeconfig)
            .env("HELM_NAMESPACE", &place.namespace.name);
        killed(place, helm);
        follow(place, "a plain upgrade was killed");
    });
}

/// A way to the API server that can be cut.
struct Bridge {
    up: Arc<AtomicBool>,
    kubeconfig: PathBuf,
}

impl Bridge {
    fn new(place: &Place) -> Self {
        let text = std::fs::read_to_string(&place.kubeconfig).unwrap();
        let mut config: serde_json::Value = serde_yaml::from_str(&text).unwrap();
        let server = config["clusters"][0]["cluster"]["server"].as_str().unwrap();
        let target = server.trim_start_matches("https://").to_owned();
        let up = Arc::new(AtomicBool::new(true));
        let listener = std::net::TcpListener::bind(("127.0.0.1", 0)).unwrap();
        let address = listener.local_addr().unwrap();
        let gate = Arc::clone(&up);
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                if !gate.load(Ordering::Relaxed) {
                    continue;
                }
                let Ok(server) = std::net::TcpStream::connect(&target) else {
                    continue;
                };
                for (mut from, mut to) in [
                    (stream.try_clone().unwrap(), server.try_clone().unwrap()),
                    (server, stream),
                ] {
                    let gate = Arc::clone(&gate);
                    std::thread::spawn(move || {
                        let mut buffer = [0; 16 * 1024];
                        while let Ok(count @ 1..) = std::io::Read::read(&mut from, &mut buffer) {
                            if !gate.load(Ordering::Relaxed)
                                || to.write_all(&buffer[..count]).is_err()
                            {
                                break;
                            }
                        }
                        let _ = to.shutdown(std::net::Shutdown::Both);
                        let _ = from.shutdown(std::net::Shutdown::Both);
                    });
                }
            }
        });
        config["clusters"][0]["cluster"]["server"] = format!("https://{address}").into();
        let kubeconfig = place.home.path().join("bridge");
        std::fs::write(&kubeconfig, config.to_string()).unwrap();
        Self { up, kubeconfig }
    }
}

#[test]
fn an_api_server_that_goes_away_during_the_rollout_is_waited_for() {
    let helm = helms().remove(3);
    let Some(place) = Place::new(&helm, "away") else {
        return;
    };
    place.deploy("rsc", true, &[]);
    let bridge = Bridge::new(&place);
    place.namespace.controller.store(false, Ordering::Relaxed);
    let mut child = place
        .process(&["revert", "rsc", "--yes"])
        .env("KUBECONFIG", &bridge.kubeconfig)
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut lines = std::io::BufRead::lines(std::io::BufReader::new(child.stderr.take().unwrap()));
    let mut until = |wanted: &str| {
        lines
            .find(|line| line.as_ref().unwrap().contains(wanted))
            .is_some()
    };
    assert!(until("has not taken note of the change"));
    bridge.up.store(false, Ordering::Relaxed);
    assert!(until("cannot reach the cluster"));
    bridge.up.store(true, Ordering::Relaxed);
    place.namespace.controller.store(true, Ordering::Relaxed);
    assert!(until("the temporary settings are off"));
    assert!(child.wait().unwrap().success());
}

#[test]
fn a_cluster_that_is_not_there_is_named() {
    let helm = helms().remove(0);
    let Some(place) = Place::new(&helm, "nowhere") else {
        return;
    };
    let bridge = Bridge::new(&place);
    bridge.up.store(false, Ordering::Relaxed);
    for command in [&["status", "rsc"][..], &["revert", "rsc", "--yes"]] {
        let run = place
            .ours(command)
            .env("KUBECONFIG", &bridge.kubeconfig)
            .assert();
        run.code(1)
            .stderr(contains("cannot reach the cluster at https://127.0.0.1:"));
    }
}
