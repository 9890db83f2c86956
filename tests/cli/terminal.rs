//! No text of others drives a terminal: every command, with names, titles and answers made for it.

use std::fs;
use std::io::{Read as _, Write as _};
use std::net::TcpListener;
use std::path::Path;
use std::process::Output;

use assert_cmd::Command;

use crate::connect_stand_in::{Config, ItemSpec, Outcome, StandIn};
use crate::support::connect_migrate;

/// Into the clipboard, the screen cleared, the line overwritten, the same in C1, the direction
/// turned, and what cannot be seen.
const HOSTILE: &str = "a\u{1b}]52;c;aGk=\u{7}\u{1b}[2J\u{1b}[31mb\rc\u{9b}2Jd\u{202e}e\u{2066}f\u{200b}g\u{8}h\u{2028}i\u{feff}";

/// [`HOSTILE`] in a double-quoted scalar.
fn in_yaml() -> String {
    serde_json::to_string(HOSTILE).unwrap()
}

/// Characters that do something or cannot be seen. Written down here once more, so that the test
/// knows them from elsewhere than the product.
fn acts(c: char) -> bool {
    c != '\n' && c.is_control()
        || matches!(
            c,
            '\u{ad}' | '\u{61c}' | '\u{200b}' | '\u{200e}' | '\u{200f}' | '\u{feff}'
        )
        || ('\u{2028}'..='\u{202e}').contains(&c)
        || ('\u{2060}'..='\u{206f}').contains(&c)
}

/// The text without colour codes.
fn without_colour(text: &str) -> String {
    let mut parts = text.split("\u{1b}[");
    let mut out = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let code = part.trim_start_matches(|c: char| c.is_ascii_digit() || c == ';');
        match code.strip_prefix('m') {
            Some(rest) => out.push_str(rest),
            None => out.push_str(&format!("\u{1b}[{part}")),
        }
    }
    out
}

#[track_caller]
fn assert_printable(text: &[u8], what: &str) {
    let text = std::str::from_utf8(text).unwrap();
    let found: Vec<_> = text.chars().filter(|&c| acts(c)).collect();
    assert!(found.is_empty(), "{what}: {found:?} in {text:?}");
}

/// Runs a command without and with colour. Both ways out are clean, and the hostile text is there.
#[track_caller]
fn clean(mut command: impl FnMut(&[&str]) -> Command, args: &[&str]) -> Output {
    let name = args.join(" ");
    let coloured: Vec<&str> = args.iter().copied().chain(["--color", "always"]).collect();
    let output = command(&coloured).output().unwrap();
    for text in [&output.stdout, &output.stderr] {
        let text = without_colour(std::str::from_utf8(text).unwrap());
        assert!(!text.contains("\u{1b}"), "{name}: {text:?}");
        assert_printable(text.as_bytes(), &name);
    }
    let output = command(args).output().unwrap();
    assert_printable(&output.stdout, &name);
    assert_printable(&output.stderr, &name);
    output
}

/// The output shows the hostile text, made printable, on either way out.
#[track_caller]
fn shows(output: &Output) {
    let text = [&output.stdout[..], &output.stderr[..]].concat();
    let text = String::from_utf8_lossy(&text);
    let seen = ["u{1b}]52", "u001b]52", "x1B]52", "\\e]52", "␛]52"];
    assert!(seen.iter().any(|seen| text.contains(seen)), "{text}");
}

struct Rig {
    server: StandIn,
    folder: tempfile::TempDir,
}

impl Rig {
    fn new() -> Self {
        let item = |name: &str, outcome| ItemSpec {
            name: Some(name.to_owned()),
            title: Some(HOSTILE.to_owned()),
            app_mode: Some("shiny".to_owned()),
            visits: Some(3),
            outcome,
            ..ItemSpec::default()
        };
        let config = Config {
            content: vec![item("one", Outcome::Fail), item("two", Outcome::Succeed)],
            ..Config::default()
        };
        Self {
            server: StandIn::start(config).unwrap(),
            folder: tempfile::tempdir().unwrap(),
        }
    }

    fn command(&self, args: &[&str]) -> Command {
        at(self.folder.path(), &self.server.url(), args)
    }
}

fn at(folder: &Path, server: &str, args: &[&str]) -> Command {
    let mut command = connect_migrate();
    for name in ["HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY"] {
        command
            .env_remove(name)
            .env_remove(name.to_ascii_lowercase());
    }
    command
        .current_dir(folder)
        .env("XDG_STATE_HOME", folder.join("state"))
        .env("CONNECT_SERVER", server)
        .env("CONNECT_API_KEY", "standInAdministratorKey000000001")
        .args(args);
    command
}

#[test]
fn titles_of_content() {
    let rig = Rig::new();
    let command = |args: &[&str]| rig.command(args);
    shows(&clean(command, &["inventory", "--since", "9000d"]));
    shows(&clean(
        command,
        &[
            "inventory",
            "--since",
            "9000d",
            "--out",
            "i.yaml",
            "--force",
        ],
    ));
    shows(&clean(command, &["rebuild", "--all", "--dry-run"]));
    for form in ["json", "yaml"] {
        shows(&clean(
            command,
            &["rebuild", "--all", "--dry-run", "-o", form],
        ));
    }
    let run = ["rebuild", "--all", "--yes", "--poll", "1s"];
    shows(&clean(command, &run));
    let mut run = run.to_vec();
    run.extend(["--restart", "-o", "json"]);
    shows(&clean(command, &run));
    run.pop();
    run.push("yaml");
    shows(&clean(command, &run));
    shows(&clean(command, &["rebuild", "status", "--all"]));
    shows(&clean(
        command,
        &["rebuild", "status", "--all", "-o", "yaml"],
    ));
    clean(command, &["rebuild", "history"]);
    for form in ["table", "json", "yaml"] {
        shows(&clean(
            command,
            &["validate", "--from", "i.yaml", "-o", form],
        ));
    }
    // The file that people open is clean too, and it is read back as it was.
    let inventory = fs::read(rig.folder.path().join("i.yaml")).unwrap();
    assert_printable(&inventory, "i.yaml");
    let read: serde_json::Value = serde_yaml::from_slice(&inventory).unwrap();
    assert_eq!(read["content"][0]["title"], HOSTILE);
}

/// A server that answers everything with one status and an error made for terminals.
fn hostile_server(status: u16) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let body = serde_json::json!({"code": 4, "error": HOSTILE, "payload": HOSTILE}).to_string();
    let plain = HOSTILE.to_owned();
    std::thread::spawn(move || {
        for (index, stream) in listener.incoming().flatten().enumerate() {
            let mut stream = stream;
            let mut head = [0; 4096];
            let _ = stream.read(&mut head);
            let (kind, body) = match index % 2 {
                0 => ("application/json", &body),
                _ => ("text/plain", &plain),
            };
            let _ = write!(
                stream,
                "HTTP/1.1 {status} Odd\r\ncontent-type: {kind}\r\nx-correlation-id: x\r\n\
                 connection: close\r\ncontent-length: {}\r\n\r\n{body}",
                body.len()
            );
        }
    });
    url
}

#[test]
fn answers_of_a_server() {
    let folder = tempfile::tempdir().unwrap();
    for status in [400, 403, 404, 418] {
        let url = hostile_server(status);
        let command = |args: &[&str]| at(folder.path(), &url, args);
        clean(command, &["inventory"]);
        clean(command, &["rebuild", "--all", "--yes"]);
        clean(command, &["validate"]);
        clean(command, &["check", "--server", &url]);
    }
}

#[cfg(unix)]
#[test]
fn files_and_flags() {
    let folder = tempfile::tempdir().unwrap();
    let command = |args: &[&str]| at(folder.path(), "http://127.0.0.1:9", args);
    let write = |name: &str, text: &str| fs::write(folder.path().join(name), text).unwrap();
    let gcfg = format!(
        "; {HOSTILE}\n[Server]\nAddress = \"x{}y\" ; {HOSTILE}\nNoSuch = {}\n[Database]\nProvider = postgres\n\
         [Postgres]\nURL = postgres://db/x\n[LDAP \"{}\"]\nServerAddress = {HOSTILE}\n",
        HOSTILE.replace('\u{2028}', ""),
        HOSTILE.replace('\r', ""),
        HOSTILE.replace('\r', ""),
    );
    write("a.gcfg", &gcfg);
    write(
        "b.gcfg",
        &gcfg.replace("ServerAddress = a", "ServerAddress = z"),
    );
    let quoted = in_yaml();
    // What gets through a chart, and hides all the same.
    let tame = "a\u{202e}b\u{2066}c\u{200b}d";
    write(
        "c.gcfg",
        &format!(
            "; {HOSTILE}\n[Server]\nAddress = https://{tame}/\nNoSuch = {tame} ; {HOSTILE}\n[Database]\nProvider = postgres\n\
             [Postgres]\nURL = postgres://db/x\n[LDAP \"{tame}\"]\nServerAddress = {tame}\n"
        ),
    );
    let base = serde_json::to_string(tame).unwrap();
    let section = serde_json::to_string(&format!("LDAP \"{tame}\"")).unwrap();
    write(
        "base.yaml",
        &format!(
            "sharedStorage: {{create: true}}\nconfig:\n  Server:\n    Address: {base}\n  {section}:\n    ServerAddress: {base}\n{base}: 1\n"
        ),
    );
    write(
        "values.yaml",
        &format!(
            "config:\n  Server:\n    Address: {quoted}\n  {quoted}:\n    {quoted}: {quoted}\n{quoted}: 1\n"
        ),
    );
    write(
        "manifest.yaml",
        &format!(
            "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: {quoted}\n  namespace: {quoted}\ndata:\n  \
             rstudio-connect.gcfg: {}\n",
            serde_json::to_string(&format!(
                "[Server]\nAddress = {HOSTILE}\n[Scheduler]\nMinProcesses = {HOSTILE}\n"
            ))
            .unwrap()
        ),
    );
    write("broken.yaml", &format!("{quoted}: [\n"));
    write("guids.txt", &format!("{HOSTILE}\n"));
    write("images.yaml", &format!("- image: {quoted}\n"));
    let odd = format!("{}.gcfg", HOSTILE.replace('/', ""));
    write(&odd, "[Server\n");
    for args in [
        &["values", "--from", "a.gcfg"][..],
        &["values", "--from", "a.gcfg", "-o", "json"],
        &["values", "--from", "a.gcfg", "-o", "yaml"],
        &["values", "--from", "c.gcfg"],
        &["values", "--from", "c.gcfg", "-o", "yaml"],
        &["values", "--from", "c.gcfg", "--base", "base.yaml"],
        &["values", "--from", "c.gcfg", "--base", "broken.yaml"],
        &["check", "--from", "c.gcfg", "-f", "base.yaml"],
        &["check", "--from", "c.gcfg", "-f", "base.yaml", "-o", "json"],
        &["diff", "--from", "c.gcfg", "-f", "base.yaml", "--all"],
        &["diff", "--from", "c.gcfg", "-f", "base.yaml", "-o", "yaml"],
        &["values", "--from", &odd],
        &["values", "--from", HOSTILE],
        &["check", "--from", "a.gcfg", "-f", "values.yaml"],
        &[
            "check",
            "--from",
            "a.gcfg",
            "-f",
            "values.yaml",
            "-o",
            "yaml",
        ],
        &["check", "--inventory", "broken.yaml"],
        &[
            "check",
            "--inventory",
            "guids.txt",
            "--suggest",
            "--images",
            "images.yaml",
        ],
        &["check", "--connect-version", HOSTILE],
        &["diff", "--from", "a.gcfg", "-f", "values.yaml", "--all"],
        &[
            "diff",
            "--from",
            "a.gcfg",
            "--manifest",
            "manifest.yaml",
            "--all",
        ],
        &["gcfg", "-f", "values.yaml"],
        &["overlay", "show", "manifest.yaml"],
        &["overlay", "show", "manifest.yaml", "-o", "yaml"],
        &["overlay", "show", "a.gcfg"],
        &["overlay", "values", "-f", "values.yaml"],
        &["overlay", "remove", "-f", "values.yaml"],
        &["overlay", "log"],
        &["rebuild", "--guids-file", "guids.txt", "--yes"],
        &["rebuild", "--guid", HOSTILE, "--yes"],
        &["rebuild", "--from", "broken.yaml", "--yes"],
        &["rebuild", "status", "--journal", HOSTILE],
        &["rebuild", "logs", HOSTILE],
        &["validate", "--from", HOSTILE],
        &["validate", "--server", HOSTILE],
        &[
            "inventory",
            "--server",
            "http://user:a\u{1b}[2Jb@x/",
            "--since",
            HOSTILE,
        ],
        &["status", "--kubeconfig", HOSTILE],
        &["revert", HOSTILE, "--kubeconfig", HOSTILE],
        &["upgrade", HOSTILE, HOSTILE],
        &["no-such-command", HOSTILE],
        &[HOSTILE],
        &["check", "--output", HOSTILE],
    ] {
        let output = clean(command, args);
        if args.contains(&"c.gcfg") && !args.contains(&"broken.yaml") {
            let code = output.status.code();
            assert!(matches!(code, Some(0 | 4)), "{args:?}: {output:?}");
        }
    }
}

/// On a terminal, a build's log is shown; into a file it goes as it is.
#[test]
fn logs_of_builds() {
    let folder = tempfile::tempdir().unwrap();
    let guid = "11111111-1111-4111-8111-111111111111";
    let command = |args: &[&str]| at(folder.path(), "http://127.0.0.1:9", args);
    let journal = folder.path().join("journal");
    let log = journal.join("logs").join(format!("{guid}.log"));
    fs::create_dir_all(log.parent().unwrap()).unwrap();
    fs::write(&log, format!("{HOSTILE}\n")).unwrap();
    fs::write(journal.join("rebuild.jsonl"), "").unwrap();
    let args = ["rebuild", "logs", guid, "--journal", "journal"];
    let piped = command(&args).output().unwrap();
    assert_eq!(
        String::from_utf8_lossy(&piped.stdout),
        format!("{HOSTILE}\n"),
        "{piped:?}"
    );

    let binary = assert_cmd::cargo::cargo_bin!("helm-connect-migrate");
    let line = format!("'{}' {}", binary.display(), args.join(" "));
    let mut script = std::process::Command::new("script");
    script
        .args(["-qec", &line, "/dev/null"])
        .current_dir(folder.path())
        .env("CONNECT_SERVER", "http://127.0.0.1:9");
    let Ok(output) = script.output() else {
        eprintln!("skipped: no script(1) to make a terminal with");
        return;
    };
    let text = String::from_utf8_lossy(&output.stdout).replace("\r\n", "\n");
    assert_printable(text.as_bytes(), "a terminal");
    assert!(text.contains("u{1b}]52"), "{text}");
}
