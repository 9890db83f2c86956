//! The journal: resuming, restarting, torn lines, full disks.

use std::fs;
use std::io::Write as _;
use std::time::Duration;

use crate::connect_stand_in::{Config, Outcome};
use crate::support::form::printed;

use super::{Rig, config, stdout, talk};

#[test]
fn what_is_finished_stays_finished() {
    let rig = Rig::with(5);
    rig.run_to(0, &["--all"]);
    rig.control().clear_counters();
    let output = rig.run_to(0, &["--all"]);
    assert!(
        talk(&output).contains("0 built, 5 built before"),
        "{}",
        talk(&output)
    );
    // Without a choice, the journal's items are meant.
    rig.run_to(0, &[]);
    let counters = rig.control().counters();
    assert_eq!(counters.route("POST /v1/content/{guid}/build"), 0);
    assert_eq!(
        counters.route("DELETE /v1/system/caches/runtime"),
        0,
        "caches are cleared once"
    );
    rig.assert_each_built_once();
}

#[test]
fn a_bundle_deployed_since_is_built_anew() {
    let rig = Rig::with(3);
    rig.run_to(0, &["--all"]);
    let guid = rig.control().guids().remove(1);
    let bundle = rig.control().deploy(&guid).unwrap();
    rig.run_to(0, &["--all"]);
    let builds = rig.control().builds();
    assert_eq!(builds.len(), 4);
    assert_eq!((&builds[3].guid, &builds[3].bundle_id), (&guid, &bundle));
}

#[test]
fn a_list_that_changes_is_joined_to_what_was_there() {
    let rig = Rig::with(4);
    let guids = rig.control().guids();
    rig.control().outcome(&guids[0], Outcome::Fail);
    rig.run_to(5, &["--guid", &guids[0], "--guid", &guids[1]]);
    rig.control().outcome(&guids[0], Outcome::Succeed);
    let output = rig.run_to(0, &["--guid", &guids[2], "--parallelism", "1"]);
    let said = talk(&output);
    assert!(
        said.contains("2 items of earlier runs are not named by this command"),
        "{said}"
    );
    let built = rig.control().succeeded();
    assert_eq!(built.len(), 3);
    assert!(!built.contains_key(&guids[3]));
    // Those named now come first.
    let order: Vec<_> = rig
        .control()
        .builds()
        .into_iter()
        .map(|build| build.guid)
        .collect();
    assert_eq!(order.len(), 4);
    assert_eq!(order[2], guids[2]);
}

#[test]
fn restart_begins_afresh_and_keeps_the_old_journal() {
    let rig = Rig::with(3);
    rig.run_to(0, &["--all"]);
    let old = rig.journal_text();
    rig.run_to(2, &["--restart"]);
    let output = rig.run_to(0, &["--all", "--restart"]);
    assert!(
        talk(&output).contains("The old journal is now"),
        "{}",
        talk(&output)
    );
    assert_eq!(rig.control().builds().len(), 6);
    let history = rig
        .command(&["history", "--output", "json"])
        .output()
        .unwrap();
    let runs = printed("rebuild-history", &history);
    assert_eq!(runs.as_array().unwrap().len(), 2);
    let aside = runs[0]["journal"].as_str().unwrap();
    assert_eq!(fs::read_to_string(rig.journal().join(aside)).unwrap(), old);
    assert_eq!(
        (&runs[0]["built"], &runs[1]["built"]),
        (&3.into(), &3.into())
    );
    assert_eq!(runs[1]["outcome"], "done");
}

#[test]
fn a_torn_line_counts_as_not_there_and_is_mended() {
    let rig = Rig::with(3);
    rig.run_to(0, &["--all"]);
    let path = rig.journal().join("rebuild.jsonl");
    let whole = fs::read(&path).unwrap();
    // Cut in the middle of the last "built".
    let last = whole
        .windows(15)
        .rposition(|bytes| bytes == b"\"event\":\"built\"")
        .unwrap();
    fs::write(&path, &whole[..last]).unwrap();
    let mut file = fs::OpenOptions::new().append(true).open(&path).unwrap();
    // As power loss leaves them on some file systems.
    file.write_all(&[0; 64]).unwrap();
    rig.run_to(0, &["--all"]);
    rig.assert_each_built_once();
    for line in rig.journal_text().lines() {
        serde_json::from_str::<serde_json::Value>(line).unwrap();
    }
}

#[test]
fn lines_that_cannot_be_read_are_spoken_of_and_do_no_harm() {
    let rig = Rig::with(2);
    rig.run_to(0, &["--all"]);
    let path = rig.journal().join("rebuild.jsonl");
    let mut file = fs::OpenOptions::new().append(true).open(&path).unwrap();
    file.write_all(b"not json\n{\"at\":\"2030-01-01T00:00:00Z\",\"event\":\"new\"}\n")
        .unwrap();
    let looks = ["status", "history"].map(|look| rig.command(&[look]).output().unwrap());
    for output in [rig.run_to(0, &["--all"])].iter().chain(&looks) {
        let said = talk(output);
        assert!(said.contains("warning: 1 line of the journal "), "{said}");
    }
    rig.assert_each_built_once();
}

#[test]
fn a_later_format_is_not_touched() {
    let rig = Rig::with(1);
    fs::create_dir_all(rig.journal()).unwrap();
    for header in [
        r#"{"at":"2030-01-01T00:00:00Z","event":"header","schema":2,"server":"x","made_by":"9"}"#,
        // What else a later format says in its first line is not known.
        r#"{"event":"header","schema":3,"servers":["x"]}"#,
    ] {
        let text = format!("{header}\n");
        fs::write(rig.journal().join("rebuild.jsonl"), &text).unwrap();
        for output in [
            rig.run(&["--all"]),
            rig.command(&["status"]).output().unwrap(),
        ] {
            assert!(talk(&output).contains("later version"), "{}", talk(&output));
            assert_eq!(output.status.code(), Some(1));
        }
        assert_eq!(rig.journal_text(), text);
    }
}

#[test]
fn a_journal_of_another_server_is_refused() {
    let rig = Rig::with(1);
    fs::create_dir_all(rig.journal()).unwrap();
    fs::write(
        rig.journal().join("rebuild.jsonl"),
        r#"{"at":"2030-01-01T00:00:00Z","event":"header","schema":1,"server":"https://old.example.com","made_by":"1"}
"#,
    )
    .unwrap();
    let output = rig.run_to(1, &["--all"]);
    assert!(
        talk(&output).contains("this journal is about https://old.example.com"),
        "{}",
        talk(&output)
    );
}

/// A limit on the size of files, as a disk that is full: the journal cannot grow beyond it.
#[test]
#[cfg(unix)]
fn a_full_disk_stops_the_run_and_the_next_one_goes_on() {
    let rig = Rig::new(Config {
        build_time: Duration::from_millis(30),
        log_lines: 2,
        ..config(60)
    });
    // 16 KiB hold the list and some of the records. `ulimit -f` counts in blocks of 512 bytes in
    // POSIX shells, of 1024 in some.
    let mut command = std::process::Command::new("sh");
    rig.environment(|name, value| {
        command.env(name, value);
    });
    let output = command
        .arg("-c")
        .arg("ulimit -f 32; exec \"$0\" \"$@\"")
        .arg(assert_cmd::cargo::cargo_bin!("helm-connect-migrate"))
        .args(rig.arguments(&["--all", "--yes", "--parallelism", "3"]))
        .output()
        .unwrap();
    let said = talk(&output);
    assert_eq!(output.status.code(), Some(1), "{said}");
    assert!(said.contains("cannot write to the state folder"), "{said}");
    assert!(
        said.contains("Run the same command again to go on"),
        "{said}"
    );
    let submitted = rig.control().builds().len();
    assert!(0 < submitted && submitted < 60, "{submitted}");

    rig.run_to(0, &["--all"]);
    rig.assert_each_built_once();
    for line in rig.journal_text().lines() {
        serde_json::from_str::<serde_json::Value>(line).unwrap();
    }
}

#[test]
#[cfg(unix)]
fn the_journal_and_the_logs_are_private_and_hold_no_key() {
    use std::os::unix::fs::PermissionsExt as _;
    let rig = Rig::new(Config {
        nodes: 2,
        ..config(2)
    });
    rig.run_to(0, &["--all"]);
    assert!(
        rig.journal_text().contains("\"cookies\":\"stand-in-node="),
        "{}",
        rig.journal_text()
    );
    let mut files = 0;
    let mut folders = vec![rig.journal()];
    while let Some(folder) = folders.pop() {
        let mode = fs::metadata(&folder).unwrap().permissions().mode() & 0o777;
        assert_eq!(mode, 0o700, "{}", folder.display());
        for file in fs::read_dir(folder).unwrap() {
            let path = file.unwrap().path();
            if path.is_dir() {
                folders.push(path);
                continue;
            }
            files += 1;
            let mode = fs::metadata(&path).unwrap().permissions().mode() & 0o777;
            assert_eq!(mode, 0o600, "{}", path.display());
            let text = fs::read_to_string(&path).unwrap();
            assert!(
                !text.contains(&rig.stand_in.api_key()),
                "{}",
                path.display()
            );
        }
    }
    assert!(files >= 4);
}

#[test]
fn each_server_and_release_has_a_journal_of_its_own() {
    let rig = Rig::with(1);
    let run = |args: &[&str]| {
        let mut command = crate::support::connect_migrate();
        rig.environment(|name, value| {
            command.env(name, value);
        });
        command.env("XDG_STATE_HOME", rig.state.path());
        let output = command.arg("rebuild").args(args).output().unwrap();
        (output.status.code(), stdout(&output) + &talk(&output))
    };
    assert_eq!(run(&["--all", "--yes"]).0, Some(0));
    assert_eq!(run(&["--all", "--yes", "--release", "blue"]).0, Some(0));
    assert_eq!(rig.control().builds().len(), 2);
    let port = rig.stand_in.address().port();
    let folder = rig
        .state
        .path()
        .join(format!("connect-migrate/127.0.0.1_{port}"));
    assert!(folder.join("_/rebuild.jsonl").exists());
    assert!(folder.join("blue/rebuild.jsonl").exists());
    assert!(run(&["status", "--release", "blue"]).1.contains("1 built"));
    let (code, said) = run(&["status", "--release", "green"]);
    assert_eq!(code, Some(1));
    assert!(said.contains("no rebuild has been run yet"), "{said}");
    assert_eq!(run(&["--all", "--yes", "--release", "../x"]).0, Some(2));
}

#[test]
fn status_and_logs_tell_what_happened() {
    let mut config = config(3);
    config.content[1].outcome = Outcome::Fail;
    let rig = Rig::new(config);
    rig.run_to(5, &["--all"]);
    let status = rig
        .command(&["status", "--all", "--output", "json"])
        .output()
        .unwrap();
    let status: serde_json::Value = printed("rebuild-status", &status);
    assert_eq!(status["counts"]["built"], 2);
    assert_eq!(status["counts"]["failed"], 1);
    assert_eq!(status["cachesDone"], true);
    let failed = status["items"]
        .as_array()
        .unwrap()
        .iter()
        .find(|item| item["state"] == "failed")
        .unwrap();
    assert_eq!(failed["title"], "item 1");
    assert_eq!(failed["attempts"], 1);
    let guid = failed["guid"].as_str().unwrap();
    assert_eq!(
        failed["url"],
        format!("{}/connect/#/apps/{guid}", rig.stand_in.url())
    );

    let logs = rig.command(&["logs", guid]).output().unwrap();
    let log = stdout(&logs);
    assert!(log.contains("Build error: An error occurred"), "{log}");
    let path = rig.command(&["logs", "--path", guid]).output().unwrap();
    assert_eq!(Some(stdout(&path).trim()), failed["log"].as_str());
    let other = "00000000-0000-4000-8000-000000000000";
    let unknown = rig.command(&["logs", other]).output().unwrap();
    assert_eq!(unknown.status.code(), Some(1));
    assert!(
        talk(&unknown).contains("is not in the journal"),
        "{}",
        talk(&unknown)
    );
}
