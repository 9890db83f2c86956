//! The documents say what the program does.

use std::collections::BTreeMap;
use std::fs;

use connect_migrate::convert::reason;
use connect_migrate::settings::Catalogue;

/// Holds the part of a document between two marks against what it is made from; with `BLESS` set,
/// writes it.
fn generated(path: &str, begin: &str, end: &str, wanted: &str) {
    let text = fs::read_to_string(path).unwrap();
    let (before, rest) = text.split_once(begin).unwrap();
    let (mark, rest) = rest.split_once('\n').unwrap();
    let (found, after) = rest.split_once(end).unwrap();
    if std::env::var_os("BLESS").is_some() {
        fs::write(path, format!("{before}{begin}{mark}\n{wanted}{end}{after}")).unwrap();
    } else {
        assert_eq!(found, wanted, "{path}: run it with BLESS=1");
    }
}

#[test]
fn every_code_of_the_account_is_documented() {
    let codes: BTreeMap<&str, &str> = Catalogue::builtin()
        .codes()
        .chain(reason::ALL.iter().copied())
        .collect();
    let mut table = "\n| code | meaning |\n|---|---|\n".to_owned();
    for (code, meaning) in codes {
        table.push_str(&format!("| `{code}` | {} |\n", meaning.replace('|', "\\|")));
    }
    table.push('\n');
    generated(
        "docs/account.md",
        "<!-- codes:",
        "<!-- end of codes -->",
        &table,
    );
}

/// A command of the README with what it prints, as a block of text.
fn shown(command: &str, output: &str) -> String {
    let mut block = format!("\n    $ {command}\n");
    for line in output.lines() {
        let line = format!("    {line}");
        block.push_str(line.trim_end());
        block.push('\n');
    }
    block.push('\n');
    block
}

#[test]
fn the_readme_shows_what_values_prints() {
    let folder = tempfile::tempdir().unwrap();
    let line = "values --from testdata/rstudio-connect.gcfg --pvc connect-data --license-secret connect-license --connect-version 2026.08.0 --out values.yaml --secret-out secret.yaml";
    let root = env!("CARGO_MANIFEST_DIR");
    std::os::unix::fs::symlink(format!("{root}/testdata"), folder.path().join("testdata")).unwrap();
    let output = crate::support::connect_migrate()
        .current_dir(folder.path())
        .args(line.split(' '))
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(4));
    let talk = String::from_utf8(output.stderr).unwrap();
    // The beginning of each group is enough to show.
    let mut text = String::new();
    let mut entries = 0;
    for line in talk.lines() {
        if !line.starts_with(' ') {
            entries = 0;
        } else if !line.starts_with("         ") {
            entries += 1;
        }
        match entries {
            0..=2 => text.push_str(&format!("{line}\n")),
            3 if !line.starts_with("         ") => text.push_str("    …\n"),
            _ => {}
        }
    }
    let wrapped = "helm connect-migrate values --from testdata/rstudio-connect.gcfg --pvc connect-data \\\n        --license-secret connect-license --connect-version 2026.08.0 \\\n        --out values.yaml --secret-out secret.yaml";
    generated(
        "README.md",
        "<!-- run: values ",
        "<!-- end of run -->",
        &shown(wrapped, &text),
    );
}

#[test]
fn the_readme_shows_what_the_overlay_changes() {
    let folder = tempfile::tempdir().unwrap();
    let manifest = "apiVersion: v1
kind: ConfigMap
metadata:
  name: connect-config
data:
  rstudio-connect.gcfg: |
    [Applications]
    ScheduleConcurrency = 3
---
apiVersion: apps/v1
kind: Deployment
metadata:
  name: connect
spec:
  template:
    spec:
      containers:
        - name: connect
          volumeMounts:
            - name: config
              mountPath: /etc/rstudio-connect/rstudio-connect.gcfg
              subPath: rstudio-connect.gcfg
      volumes:
        - name: config
          configMap:
            name: connect-config
";
    let output = crate::support::connect_migrate()
        .env("XDG_STATE_HOME", folder.path())
        .arg("post-render")
        .write_stdin(manifest)
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(0));
    let text = String::from_utf8(output.stdout).unwrap();
    let shown_lines: String = text
        .lines()
        .take_while(|line| *line != "---")
        .filter(|line| {
            !line.contains("connect-migrate/undo") && !line.contains("connect-migrate/settings")
        })
        .map(|line| format!("{line}\n"))
        .collect();
    generated(
        "README.md",
        "<!-- run: post-render ",
        "<!-- end of run -->",
        &shown(
            "helm template … --post-renderer … (the ConfigMap, shortened)",
            &shown_lines,
        ),
    );
}

/// What a command that speaks to a server says, with the server's address as a reader would have it
/// and times as they were when this was written.
fn as_read(text: &str, url: &str) -> String {
    text.replace(url, "https://connect.example.com")
        .lines()
        .map(|line| match line.rsplit_once(" in ") {
            Some((before, time))
                if time.ends_with('s') && time.starts_with(|c: char| c.is_ascii_digit()) =>
            {
                format!("{before} in 0.3s\n")
            }
            _ => format!("{line}\n"),
        })
        .collect()
}

#[test]
fn the_readme_shows_a_rebuild_and_what_validate_says() {
    use crate::connect_stand_in::{Config, Mix, StandIn};
    let connect = StandIn::start(Config {
        mix: Mix::Realistic,
        seed: 7,
        ..Config::with_items(8).build_time(std::time::Duration::from_millis(100))
    })
    .unwrap();
    let folder = tempfile::tempdir().unwrap();
    let run = |args: &[&str]| {
        let output = crate::support::connect_migrate()
            .current_dir(folder.path())
            .env("XDG_STATE_HOME", folder.path().join("state"))
            .env("CONNECT_SERVER", connect.url())
            .env("CONNECT_API_KEY", connect.api_key())
            .args(args)
            .output()
            .unwrap();
        assert_eq!(output.status.code(), Some(0), "{output:?}");
        let (data, talk) = (
            String::from_utf8(output.stdout).unwrap(),
            String::from_utf8(output.stderr).unwrap(),
        );
        (
            as_read(&data, &connect.url()),
            as_read(&talk, &connect.url()),
        )
    };
    let inventory = run(&["inventory", "--out", "inventory.yaml"]).1;
    generated(
        "README.md",
        "<!-- run: inventory ",
        "<!-- end of run -->",
        &shown(
            "helm connect-migrate inventory --since 90d --out inventory.yaml",
            &inventory,
        ),
    );
    let rebuild = run(&[
        "rebuild",
        "--from",
        "inventory.yaml",
        "--yes",
        "--parallelism",
        "1",
    ])
    .1;
    generated(
        "README.md",
        "<!-- run: rebuild ",
        "<!-- end of run -->",
        &shown(
            "helm connect-migrate rebuild --from inventory.yaml",
            &rebuild,
        ),
    );
    let (table, summary) = run(&["validate", "--from", "inventory.yaml"]);
    generated(
        "README.md",
        "<!-- run: validate ",
        "<!-- end of run -->",
        &shown(
            "helm connect-migrate validate --from inventory.yaml",
            &(table + &summary),
        ),
    );
}
