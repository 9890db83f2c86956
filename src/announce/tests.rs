use std::fs;

use proptest::prelude::*;

use super::*;

fn place(folder: &Path, text: &str) -> Place {
    let file = folder.join("rstudio-connect.gcfg");
    fs::write(&file, text).unwrap();
    Place {
        file: fs::canonicalize(file).unwrap(),
        folder: folder.join("state"),
        dry_run: false,
    }
}

fn lay(place: &Place, message: &str) -> anyhow::Result<Announced> {
    place.lay(message, &Banner::ALL, None)
}

const TEXT: &str = "; ours\r\n[Server]\r\nAddress = https://x\r\npublicwarning = \"old; one\" # why\r\n[SMTP]\r\nPassword = hunter2";

#[test]
fn it_comes_and_goes() {
    let folder = tempfile::tempdir().unwrap();
    let place = place(folder.path(), TEXT);
    let outcome = lay(&place, "We move; \"soon\"").unwrap();
    assert!(outcome.announced && outcome.changed);
    assert_eq!(
        fs::read_to_string(&place.file).unwrap(),
        TEXT.replace(
            "\"old; one\" # why\r\n",
            "\"We move; \\\"soon\\\"\" # why\r\nLoggedInWarning = \"We move; \\\"soon\\\"\"\r\n"
        )
    );
    // Another message in its place, and back over both.
    lay(&place, "We have moved").unwrap();
    assert!(!lay(&place, "We have moved").unwrap().changed);
    assert!(place.take_off(false).unwrap().changed);
    assert_eq!(fs::read_to_string(&place.file).unwrap(), TEXT);
    assert!(!place.take_off(false).unwrap().changed);
}

#[test]
fn the_record_holds_nothing_else_of_the_file() {
    let folder = tempfile::tempdir().unwrap();
    let place = place(folder.path(), TEXT);
    lay(&place, "We move").unwrap();
    let record = AnnouncementRecord::read(&place.folder, &place.file)
        .unwrap()
        .unwrap();
    assert!(!serde_json::to_string(&record).unwrap().contains("hunter2"));
}

/// Wherever a run is cut off, each command that comes next works.
#[test]
fn it_may_be_interrupted_anywhere() {
    let folder = tempfile::tempdir().unwrap();
    let place = place(folder.path(), TEXT);
    lay(&place, "one").unwrap();
    let one = fs::read_to_string(&place.file).unwrap();
    let record = AnnouncementRecord::read(&place.folder, &place.file)
        .unwrap()
        .unwrap();
    let with_one = record.laid[0].clone();
    lay(&place, "two").unwrap();
    let two = fs::read_to_string(&place.file).unwrap();
    let mut both = AnnouncementRecord::read(&place.folder, &place.file)
        .unwrap()
        .unwrap();
    both.laid.insert(0, with_one);
    // The record knows both texts, and the file has any of the three.
    for cut_off in [TEXT, &one, &two] {
        for then_lay in [false, true] {
            fs::write(&place.file, cut_off).unwrap();
            both.write(&place.folder).unwrap();
            if then_lay {
                lay(&place, "three").unwrap();
                assert!(fs::read_to_string(&place.file).unwrap().contains("three"));
            }
            place.take_off(false).unwrap();
            assert_eq!(fs::read_to_string(&place.file).unwrap(), TEXT);
        }
    }
    // The message was taken off, and the record does not know yet.
    fs::write(&place.file, TEXT).unwrap();
    both.write(&place.folder).unwrap();
    assert!(!place.take_off(false).unwrap().changed);
}

#[test]
fn a_file_that_was_changed_since_is_left_alone() {
    let folder = tempfile::tempdir().unwrap();
    let place = place(folder.path(), TEXT);
    lay(&place, "We move").unwrap();
    let theirs = fs::read_to_string(&place.file).unwrap() + "\r\nPort = 25\r\n";
    fs::write(&place.file, &theirs).unwrap();
    for error in [
        place.take_off(false).unwrap_err(),
        lay(&place, "x").unwrap_err(),
    ] {
        let text = format!("{error:#}");
        assert!(text.contains("gcfg:4:1: "), "{text}");
        assert!(
            text.contains("Server.PublicWarning still has the message"),
            "{text}"
        );
    }
    assert_eq!(fs::read_to_string(&place.file).unwrap(), theirs);
    place.take_off(true).unwrap();
    assert_eq!(
        fs::read_to_string(&place.file).unwrap(),
        format!("{TEXT}\r\nPort = 25\r\n")
    );
}

#[test]
fn another_text_in_its_place_stays() {
    let folder = tempfile::tempdir().unwrap();
    let place = place(folder.path(), "[Server]\n");
    lay(&place, "We move").unwrap();
    fs::write(&place.file, "[Server]\nPublicWarning = theirs\n").unwrap();
    let error = format!("{:#}", place.take_off(false).unwrap_err());
    assert!(
        error.contains("gcfg:2:1: Server.PublicWarning was changed"),
        "{error}"
    );
    assert!(
        error.contains("Server.LoggedInWarning was taken out"),
        "{error}"
    );
    place.take_off(true).unwrap();
    assert_eq!(
        fs::read_to_string(&place.file).unwrap(),
        "[Server]\nPublicWarning = theirs\n"
    );
    // And from there a new message can be laid.
    lay(&place, "We move").unwrap();
}

#[test]
fn a_setting_that_connect_reads_later_wins() {
    let folder = tempfile::tempdir().unwrap();
    let place = place(folder.path(), TEXT);
    let beside = crate::gcfg::parse_text("m.gcfg", "[Server]\nPublicWarning = x\n").unwrap();
    let error = place
        .lay("We move", &Banner::ALL, Some(&beside))
        .unwrap_err();
    assert!(
        format!("{error:#}").starts_with("m.gcfg:2:1: "),
        "{error:#}"
    );
    assert_eq!(fs::read_to_string(&place.file).unwrap(), TEXT);
    place
        .lay("We move", &[Banner::LoggedIn], Some(&beside))
        .unwrap();
}

#[test]
fn a_dry_run_writes_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let place = Place {
        dry_run: true,
        ..place(folder.path(), TEXT)
    };
    assert!(lay(&place, "We move").unwrap().changed);
    assert_eq!(fs::read_to_string(&place.file).unwrap(), TEXT);
    assert!(!place.folder.exists());
}

/// What is refused is refused beforehand: by a dry run, and before anything is recorded.
#[cfg(unix)]
#[test]
fn a_dry_run_refuses_what_the_run_refuses() {
    let folder = tempfile::tempdir().unwrap();
    for dry_run in [true, false] {
        let place = Place {
            dry_run,
            ..place(folder.path(), TEXT)
        };
        let _ = fs::hard_link(&place.file, folder.path().join("other"));
        let error = lay(&place, "We move").unwrap_err();
        assert!(format!("{error:#}").contains("second name"), "{error:#}");
        let recorded = AnnouncementRecord::read(&place.folder, &place.file).unwrap();
        assert!(recorded.is_none());
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// Over any message and any shape of file the bytes come back.
    #[test]
    fn the_bytes_come_back(
        mark in prop_oneof![Just(""), Just("\u{feff}")],
        lines in proptest::collection::vec(
            prop_oneof![
                Just("[Server]"), Just("[server]"), Just("[Server \"x\"]"), Just("[LDAP \"a\"]"),
                Just("PublicWarning = a"), Just("publicwarning"), Just("LOGGEDINWARNING = \"b\\n\" ; c"),
                Just("Address = a \\\n  b"), Just("; PublicWarning = no"), Just(""),
            ],
            0..8,
        ),
        end in prop_oneof![Just("\n"), Just("\r\n")],
        last in any::<bool>(),
        message in "[^\\r\\x00]{1,40}",
    ) {
        let text = format!("{mark}[Server]{end}{}{}", lines.join(end), if last { end } else { "" });
        let folder = tempfile::tempdir().unwrap();
        let place = place(folder.path(), &text);
        if crate::gcfg::parse_text("", &text).is_ok() && lay(&place, &message).is_ok() {
            place.take_off(false).unwrap();
        }
        prop_assert_eq!(fs::read_to_string(&place.file).unwrap(), text);
    }
}
