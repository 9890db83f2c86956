//! `announce`, as an administrator runs it on the old server.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::Output;

use serde_json::Value as Json;

use crate::support::connect_migrate;
use crate::support::form::printed;

fn server(folder: &Path) -> (PathBuf, Vec<u8>) {
    let file = folder.join("rstudio-connect.gcfg");
    fs::copy("testdata/rstudio-connect.gcfg", &file).unwrap();
    fs::set_permissions(&file, fs::Permissions::from_mode(0o640)).unwrap();
    let bytes = fs::read(&file).unwrap();
    (file, bytes)
}

fn announce(folder: &Path, args: &[&str]) -> Output {
    connect_migrate()
        .current_dir(folder)
        .env("XDG_STATE_HOME", folder.join("state"))
        .args(["announce", "--from", "rstudio-connect.gcfg"])
        .args(args)
        .output()
        .unwrap()
}

fn code(output: &Output) -> Option<i32> {
    output.status.code()
}

#[test]
fn a_message_comes_and_goes_to_the_byte() {
    let folder = tempfile::tempdir().unwrap();
    let (file, before) = server(folder.path());
    let planned = announce(folder.path(), &["--message", "We move; soon", "--dry-run"]);
    assert_eq!(code(&planned), Some(0), "{planned:?}");
    assert_eq!(fs::read(&file).unwrap(), before);
    assert!(!folder.path().join("state").exists());

    let laid = announce(folder.path(), &["--message", "We move; soon", "-o", "json"]);
    assert_eq!(code(&laid), Some(0), "{laid:?}");
    let told: Json = printed("announce", &laid);
    assert_eq!(told["reload"], "sudo systemctl reload rstudio-connect");
    let line = told["changes"][0]["line"].as_u64().unwrap() as usize;
    let text = fs::read_to_string(&file).unwrap();
    assert_eq!(
        text.lines().nth(line - 1),
        Some("PublicWarning = \"We move; soon\"")
    );
    let mode = fs::metadata(&file).unwrap().permissions().mode() & 0o7777;
    assert_eq!(mode, 0o640);

    let off = announce(folder.path(), &["--off"]);
    assert_eq!(code(&off), Some(0), "{off:?}");
    assert_eq!(fs::read(&file).unwrap(), before);
}

#[test]
fn a_change_since_is_named_with_its_line() {
    let folder = tempfile::tempdir().unwrap();
    let (file, _) = server(folder.path());
    announce(folder.path(), &["--message", "We move"]);
    let text = fs::read_to_string(&file).unwrap();
    let line = 1 + text
        .lines()
        .position(|l| l == "PublicWarning = We move")
        .unwrap();
    let theirs = text.replace("PublicWarning = We move", "PublicWarning = theirs");
    fs::write(&file, &theirs).unwrap();
    let refused = announce(folder.path(), &["--off"]);
    assert_eq!(code(&refused), Some(3), "{refused:?}");
    let told = String::from_utf8(refused.stderr).unwrap();
    assert!(
        told.contains(&format!("rstudio-connect.gcfg:{line}:1")),
        "{told}"
    );
    assert!(told.contains("--off --force"), "{told}");
    assert_eq!(fs::read_to_string(&file).unwrap(), theirs);
}

#[test]
fn what_cannot_be_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let (file, before) = server(folder.path());
    for (args, expected) in [
        (&["--off"][..], Some(1)),
        (&["--message", " "], Some(2)),
        (&[], Some(2)),
        (&["--message", "x", "--off"], Some(2)),
        (&["--message", "a\rb"], Some(1)),
    ] {
        let output = announce(folder.path(), args);
        assert_eq!(code(&output), expected, "{args:?}: {output:?}");
        let told = String::from_utf8(output.stderr).unwrap();
        assert!(!told.contains("internal"), "{told}");
    }
    assert_eq!(fs::read(&file).unwrap(), before);
    fs::write(&file, "[Server\n").unwrap();
    let output = announce(folder.path(), &["--message", "x"]);
    assert_eq!(code(&output), Some(3), "{output:?}");
}

#[test]
fn each_setting_may_have_a_message_of_its_own() {
    let folder = tempfile::tempdir().unwrap();
    let (file, before) = server(folder.path());
    let lay = |message: &str, only: &str| {
        let told = announce(folder.path(), &["--message", message, "--only", only]);
        assert_eq!(code(&told), Some(0), "{told:?}");
        String::from_utf8(told.stdout).unwrap()
    };
    lay("to everybody", "public");
    let told = lay("to you", "logged-in");
    assert!(
        told.contains("+ to you") && !told.contains("PublicWarning"),
        "{told}"
    );
    let told = lay("to all", "public");
    assert!(
        told.contains("- to everybody") && told.contains("+ to all"),
        "{told}"
    );
    let text = fs::read_to_string(&file).unwrap();
    assert!(text.contains("PublicWarning = to all\n"), "{text}");
    assert!(text.contains("LoggedInWarning = to you\n"), "{text}");
    let off = announce(folder.path(), &["--off"]);
    assert_eq!(code(&off), Some(0), "{off:?}");
    assert_eq!(fs::read(&file).unwrap(), before);
}

#[test]
fn what_stood_there_before_is_not_shown() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("rstudio-connect.gcfg");
    fs::write(&file, "[Server]\nPublicWarning = hunter2\n").unwrap();
    for args in [
        &["--message", "We move", "--dry-run"][..],
        &["--message", "We move"],
        &["--message", "We move", "-o", "json"],
        &["--off", "--dry-run", "-o", "yaml"],
        &["--off"],
    ] {
        let told = announce(folder.path(), args);
        assert_eq!(code(&told), Some(0), "{told:?}");
        let told = format!("{told:?}");
        assert!(!told.contains("hunter2"), "{args:?}: {told}");
        if !args.contains(&"json") {
            assert!(told.contains("(the former value, 7 characters)"), "{told}");
        }
    }
    let text = fs::read_to_string(&file).unwrap();
    assert_eq!(text, "[Server]\nPublicWarning = hunter2\n");
}
