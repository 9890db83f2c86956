//! Completion through Helm itself.

use crate::support::home::Home;
use crate::support::package::{binary, copy_of_the_plugin};
use crate::support::tools::helms;

#[test]
fn helm_completes_commands_flags_values_and_files() {
    for helm in helms() {
        let home = Home::new();
        let folder = home.path().join("connect-migrate");
        copy_of_the_plugin(&folder);
        home.install(&helm, &folder)
            .env("CONNECT_MIGRATE_BIN", binary())
            .assert()
            .success();
        let offered = |words: &[&str]| {
            let mut command = home.helm(&helm);
            let run = command
                .args(["__complete", "connect-migrate"])
                .args(words)
                .assert();
            String::from_utf8(run.success().get_output().stdout.clone()).unwrap()
        };
        // A command with what it is for, and no others; hidden ones never.
        let commands = offered(&["va"]);
        assert!(commands.starts_with("values\tTurn "), "{commands}");
        assert!(commands.contains("\nvalidate\t"), "{commands}");
        assert!(commands.ends_with("\n:4\n"), "{commands}");
        assert!(!offered(&[""]).contains("\ncomplete"));
        assert!(offered(&["overlay", ""]).contains("show\t"));
        assert!(offered(&["values", "--secr"]).starts_with("--secret-out\t"));
        let forms = offered(&["status", "--output", "y"]);
        assert_eq!(forms, "yaml\tYAML\n:4\n");
        // What is a file is the shell's to complete.
        assert_eq!(offered(&["values", "--from", "some"]), ":0\n");
    }
}
