//! Ctrl-C.

use std::io::Read as _;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use crate::connect_stand_in::{Action, Config, Fault};

use super::{Rig, config};

fn start(rig: &Rig) -> Child {
    let mut command = Command::new(assert_cmd::cargo::cargo_bin!("helm-connect-migrate"));
    rig.environment(|name, value| {
        command.env(name, value);
    });
    command
        .args(rig.arguments(&["--all", "--yes", "--parallelism", "2"]))
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap()
}

fn signal(child: &Child, name: &str) {
    let status = Command::new("kill")
        .args([name, &child.id().to_string()])
        .status()
        .unwrap();
    assert!(status.success());
}

fn end(child: Child) -> (Option<i32>, String) {
    let output = child.wait_with_output().unwrap();
    (
        output.status.code(),
        String::from_utf8_lossy(&output.stderr).into_owned(),
    )
}

#[test]
fn the_first_leaves_what_runs_to_be_adopted() {
    for name in ["-INT", "-TERM"] {
        let rig = Rig::new(Config {
            build_time: Duration::from_secs(600),
            ..config(6)
        });
        let child = start(&rig);
        rig.control()
            .wait_until("two run", |control| control.open() == 2);
        signal(&child, name);
        let (code, said) = end(child);
        assert_eq!(code, Some(6), "{said}");
        assert!(
            said.contains("2 left running on the server, 4 not submitted"),
            "{said}"
        );
        assert!(
            said.contains("Run the same command again to go on"),
            "{said}"
        );
        assert_eq!(rig.control().open(), 2, "it did not wait for them");

        rig.control().build_time(Duration::from_millis(20));
        rig.control().finish_builds();
        rig.run_to(0, &["--all"]);
        rig.assert_each_built_once();
        assert_eq!(rig.control().builds().len(), 6);
    }
}

#[test]
fn the_second_leaves_at_once() {
    let rig = Rig::new(config(3));
    // A submission under way would hold the first back for a while.
    rig.control().fault(
        Fault::new(Action::Slow {
            time: Duration::from_secs(600),
        })
        .on("POST", "/v1/content/{guid}/build"),
    );
    let mut child = start(&rig);
    rig.control().wait_until("two are submitted", |control| {
        control.counters().route("POST /v1/content/{guid}/build") == 2
    });
    signal(&child, "-INT");
    let mut before = String::new();
    while !before.contains("Again to leave at once") {
        let stderr = child.stderr.as_mut().unwrap();
        let mut byte = [0];
        stderr.read_exact(&mut byte).unwrap();
        before.push(char::from(byte[0]));
    }
    signal(&child, "-INT");
    let (code, said) = end(child);
    assert_eq!(code, Some(6), "{said}");
    assert!(said.contains("Left. Run the same command again"), "{said}");
    assert!(!said.contains("not submitted"), "no summary: {said}");

    rig.control().clear_faults();
    rig.run_to(0, &["--all"]);
    rig.assert_each_built_once();
}
