//! The documents say what the program does.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

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

/// A command of docs/steps.md with what it prints, as a block of text.
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
fn the_steps_show_what_values_prints() {
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
        "docs/steps.md",
        "<!-- run: values ",
        "<!-- end of run -->",
        &shown(wrapped, &text),
    );
}

#[test]
fn the_steps_show_what_the_overlay_changes() {
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
        "docs/steps.md",
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
fn the_steps_show_a_rebuild_and_what_validate_says() {
    use crate::connect_stand_in::{Config, Mix, StandIn};
    let connect = StandIn::start(Config {
        mix: Mix::Realistic,
        in_use: true,
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
        "docs/steps.md",
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
        "docs/steps.md",
        "<!-- run: rebuild ",
        "<!-- end of run -->",
        &shown(
            "helm connect-migrate rebuild --from inventory.yaml",
            &rebuild,
        ),
    );
    let (table, summary) = run(&["validate", "--from", "inventory.yaml"]);
    let sample = format!(
        "{}/testdata/rstudio-connect.gcfg",
        env!("CARGO_MANIFEST_DIR")
    );
    let values = [
        "values",
        "--from",
        &sample,
        "--inline-secrets",
        "--out",
        "values.yaml",
    ];
    let values = run(&values).1;
    picture(&[
        (
            "helm connect-migrate inventory --out inventory.yaml",
            lines(&inventory, 7, 0),
        ),
        (
            "helm connect-migrate values --from rstudio-connect.gcfg --out values.yaml",
            lines(&values, 0, 2),
        ),
        (
            "helm connect-migrate rebuild --from inventory.yaml",
            lines(&rebuild, 6, 5),
        ),
        (
            "helm connect-migrate validate --from inventory.yaml",
            lines(&table, 4, 1),
        ),
    ]);
    generated(
        "docs/steps.md",
        "<!-- run: validate ",
        "<!-- end of run -->",
        &shown(
            "helm connect-migrate validate --from inventory.yaml",
            &(table + &summary),
        ),
    );
}

/// The first and the last lines of an output, and a mark for what is left out between them.
fn lines(text: &str, first: usize, last: usize) -> Vec<String> {
    let all: Vec<&str> = text.lines().collect();
    let mut some: Vec<String> = all.iter().take(first).map(ToString::to_string).collect();
    if all.len() > first + last {
        some.push("…".to_owned());
    }
    let rest = all.len().saturating_sub(last).max(first);
    some.extend(all[rest.min(all.len())..].iter().map(ToString::to_string));
    some
}

/// Holds the README's picture of a terminal against what commands print; with `BLESS` set, draws it.
fn picture(commands: &[(&str, Vec<String>)]) {
    const COLUMNS: usize = 104;
    const LINE: usize = 18;
    let mut rows = Vec::new();
    for (command, output) in commands {
        rows.push(("command", format!("$ {command}")));
        for line in output {
            let fits = line.chars().count() <= COLUMNS;
            let cut: String = line.chars().take(COLUMNS - 1).collect();
            rows.push((
                "",
                if fits {
                    line.clone()
                } else {
                    format!("{cut}…")
                },
            ));
        }
        rows.push(("", String::new()));
    }
    let (width, height) = (COLUMNS * 8 + 40, rows.len() * LINE + 40);
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {width} {height}\" role=\"img\" aria-label=\"A migration on a terminal\">\n\
         <style>text {{ font: 13px ui-monospace, Menlo, Consolas, monospace; fill: #d6deeb; white-space: pre }} .command {{ fill: #7fdbca; font-weight: bold }}</style>\n\
         <rect width=\"100%\" height=\"100%\" rx=\"8\" fill=\"#011627\"/>\n"
    );
    for (index, (class, text)) in rows.iter().enumerate() {
        let text = text
            .replace('&', "&amp;")
            .replace('<', "&lt;")
            .replace('>', "&gt;");
        let y = 34 + index * LINE;
        if !text.is_empty() {
            svg.push_str(&format!(
                "<text x=\"20\" y=\"{y}\" class=\"{class}\" xml:space=\"preserve\">{text}</text>\n"
            ));
        }
    }
    svg.push_str("</svg>\n");
    let path = "docs/demo.svg";
    if std::env::var_os("BLESS").is_some() {
        fs::write(path, svg).unwrap();
    } else {
        let found = fs::read_to_string(path).unwrap();
        assert_eq!(found, svg, "{path}: run it with BLESS=1");
    }
}

/// The commands that the documents name, each in words, without what follows `&&`, `|` or a comment.
fn commands(text: &str) -> Vec<Vec<String>> {
    let joined = text.replace("\\\n", " ");
    let mut found = Vec::new();
    for line in joined.lines() {
        for part in line.split("helm connect-migrate ").skip(1) {
            let part = part.split(['`', '|', '#', '(', '"', '\'']).next().unwrap();
            let words = part.split_whitespace().map(ToOwned::to_owned);
            found.push(words.collect::<Vec<_>>());
        }
    }
    found
}

#[test]
fn every_command_in_the_documents_exists_with_its_flags() {
    let help = |words: &[&str]| {
        let mut command = crate::support::connect_migrate();
        let output = command.args(words).arg("--help").output().unwrap();
        (
            output.status.success(),
            String::from_utf8(output.stdout).unwrap(),
        )
    };
    let (_, all) = help(&[]);
    let known = |word: &str| all.contains(&format!("\n  {word} "));
    let mut seen = BTreeMap::new();
    for path in [
        "README.md",
        "docs/steps.md",
        "docs/gitops.md",
        "docs/overlay.md",
    ] {
        for words in commands(&fs::read_to_string(path).unwrap()) {
            let Some(name) = words.first().filter(|word| {
                word.starts_with(|c: char| c.is_ascii_lowercase()) && !word.contains('.')
            }) else {
                continue;
            };
            assert!(known(name), "{path}: {words:?}");
            let mut names = vec![name.as_str()];
            if matches!(name.as_str(), "overlay" | "rebuild")
                && let Some(second) = words
                    .get(1)
                    .filter(|word| word.chars().all(|c| c.is_ascii_lowercase()))
            {
                names.push(second);
            }
            let (there, text) = seen.entry(names.join(" ")).or_insert_with(|| help(&names));
            assert!(*there, "{path}: {words:?}");
            // What upgrade does not know it hands to Helm.
            let flags = words.iter().filter(|word| word.starts_with("--"));
            for flag in flags.filter(|_| name != "upgrade") {
                let flag = flag.split_once('=').map_or(flag.as_str(), |(flag, _)| flag);
                let flag = flag.trim_end_matches([',', '.', ';', ':', ')']);
                assert!(text.contains(flag), "{path}: {flag} in {words:?}");
            }
        }
    }
    assert!(seen.len() > 8, "{:?}", seen.keys());
}

#[test]
fn links_between_the_documents_lead_somewhere() {
    let mut paths = vec!["README.md".into(), "CONTRIBUTING.md".into()];
    paths.extend(
        fs::read_dir("docs")
            .unwrap()
            .map(|entry| entry.unwrap().path()),
    );
    let mut count = 0;
    for path in paths {
        if path.extension().is_none_or(|extension| extension != "md") {
            continue;
        }
        let Ok(text) = fs::read_to_string(&path) else {
            continue;
        };
        for part in text.split("](").skip(1) {
            let target = part.split([')', '#']).next().unwrap();
            if target.is_empty() || target.contains("://") {
                continue;
            }
            let place = path.parent().unwrap().join(target);
            assert!(place.exists(), "{}: {target}", path.display());
            count += 1;
        }
    }
    assert!(count > 20);
}

#[test]
fn what_contributing_names_is_there() {
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR"));
    let text = fs::read_to_string(root.join("CONTRIBUTING.md")).unwrap();
    let folders = ["src/", "tests/", "testdata/", "scripts/", "docs/"];
    let mut named = text
        .split('`')
        .skip(1)
        .step_by(2)
        .filter(|name| folders.iter().any(|folder| name.starts_with(folder)))
        .map(|name| name.split([' ', '*']).next().unwrap())
        .peekable();
    assert!(named.peek().is_some());
    for name in named {
        assert!(root.join(name).exists(), "{name}");
    }
}

/// The function of a test that the documents name: `cli room::name` or `room::tests::name`.
fn has_test(name: &str) -> bool {
    let (folder, path) = match name.strip_prefix("cli ") {
        Some(path) => ("tests/cli", path),
        None => ("src", name),
    };
    let parts: Vec<&str> = path.split("::").collect();
    let (function, modules) = parts.split_last().unwrap();
    // The innermost module may stand in the file of the one around it.
    (0..=modules.len()).rev().any(|depth| {
        let file = Path::new(env!("CARGO_MANIFEST_DIR"))
            .join(folder)
            .join(modules[..depth].join("/"));
        [file.with_extension("rs"), file.join("mod.rs")]
            .iter()
            .any(|file| {
                let text = std::fs::read_to_string(file).unwrap_or_default();
                text.contains(&format!("fn {function}("))
            })
    })
}

#[test]
fn every_statement_about_security_names_the_test_that_holds_it() {
    let text =
        std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/security.md"))
            .unwrap();
    let named = |text: &str| -> Vec<String> {
        let quoted = text.split('`').skip(1).step_by(2);
        quoted
            .filter(|name| name.contains("::"))
            .map(str::to_owned)
            .collect()
    };
    for name in named(&text) {
        assert!(has_test(&name), "there is no test {name}");
    }
    assert!(!has_test("cli values::no_such_test") && !has_test("state::tests::none"));
    // Rows of tables, and items of lists with their further lines.
    let mut statements: Vec<String> = Vec::new();
    for line in text.lines() {
        if line.starts_with("| ") && !line.ends_with("| held by |") || line.starts_with("- ") {
            statements.push(line.to_owned());
        } else if line.starts_with("  ") && !statements.is_empty() {
            statements.last_mut().unwrap().push_str(line);
        }
    }
    assert!(statements.len() > 25, "{statements:#?}");
    for statement in &statements {
        assert!(
            !named(statement).is_empty() || statement.contains("No test can"),
            "nothing holds this: {statement}"
        );
    }
}
