//! Made-up credentials in files that commands read: none appears on the screen or in any file but
//! the Secret's manifest.

use std::fs;
use std::path::Path;

use crate::support::connect_migrate;

use planted::{Planted, planted};

#[path = "../../src/fuzz/planted.rs"]
mod planted;

/// Runs a command with and without `--debug`, in every form of output, and looks for canaries in
/// what it says; `data` says whether standard output is looked at, too.
fn run(planted: &Planted, folder: &Path, args: &[&str], data: bool) {
    for output in ["table", "json", "yaml"] {
        let result = connect_migrate()
            .current_dir(folder)
            .env("KUBECONFIG", "config")
            .args(args)
            .args(["--debug", "--output", output])
            .output()
            .unwrap();
        let what = format!("{args:?} as {output}");
        assert_ne!(result.status.code(), Some(101), "{what}: a panic");
        let talk = String::from_utf8_lossy(&result.stderr);
        assert!(
            !talk.contains("internal error"),
            "{what}: {talk}\n{}",
            planted.text
        );
        planted.hidden_in(&what, &talk).unwrap();
        if data {
            let data = String::from_utf8_lossy(&result.stdout);
            planted.hidden_in(&what, &data).unwrap();
        }
    }
}

/// Choices for a configuration, the same in every run.
fn seed(number: u64) -> Vec<u8> {
    let mut state = number.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
    std::iter::repeat_with(|| {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1);
        state.to_be_bytes()[0]
    })
    .take(30)
    .collect()
}

#[test]
fn no_command_that_reads_a_configuration_shows_a_credential() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    for number in 0..6 {
        let planted = planted(&seed(number));
        fs::write(at("c.gcfg"), &planted.text).unwrap();
        for more in [&[][..], &["--secret-file"]] {
            let mut args = vec!["values", "--from", "c.gcfg", "--force", "--out", "v.yaml"];
            args.extend(["--secret-out", "s.yaml", "--report", "r.json"]);
            args.extend(more);
            run(&planted, folder.path(), &args, true);
            for name in ["v.yaml", "r.json"] {
                let text = fs::read_to_string(at(name)).unwrap_or_default();
                planted.hidden_in(name, &text).unwrap();
            }
            #[cfg(unix)]
            if let Ok(secret) = fs::metadata(at("s.yaml")) {
                use std::os::unix::fs::PermissionsExt as _;
                assert_eq!(secret.permissions().mode() & 0o777, 0o600);
            }
        }
        run(
            &planted,
            folder.path(),
            &["values", "--from", "c.gcfg", "--dry-run"],
            true,
        );
        run(
            &planted,
            folder.path(),
            &["check", "--from", "c.gcfg"],
            true,
        );
        fs::write(at("empty.yaml"), "sharedStorage: {mount: true}\n").unwrap();
        run(
            &planted,
            folder.path(),
            &["diff", "--from", "c.gcfg", "-f", "empty.yaml", "--all"],
            true,
        );
        run(
            &planted,
            folder.path(),
            &["overlay", "show", "-f", "c.gcfg"],
            true,
        );
        // Inline, as an administrator may want it, and back.
        let inline = [
            "values",
            "--from",
            "c.gcfg",
            "--force",
            "--inline-secrets",
            "--out",
            "i.yaml",
        ];
        run(&planted, folder.path(), &inline, true);
        if at("i.yaml").exists() {
            run(
                &planted,
                folder.path(),
                &[
                    "gcfg",
                    "-f",
                    "i.yaml",
                    "--force",
                    "--out",
                    "back.gcfg",
                    "--report",
                    "g.json",
                ],
                true,
            );
            let report = fs::read_to_string(at("g.json")).unwrap_or_default();
            planted.hidden_in("g.json", &report).unwrap();
            let diff = ["diff", "--from", "c.gcfg", "-f", "i.yaml", "--all"];
            run(&planted, folder.path(), &diff, true);
            let values = fs::read_to_string(at("i.yaml")).unwrap();
            // Cut in the middle of a quoted text.
            fs::write(
                at("broken.yaml"),
                &values[..values.rfind('\'').unwrap_or(0)],
            )
            .unwrap();
            run(
                &planted,
                folder.path(),
                &["gcfg", "-f", "broken.yaml"],
                true,
            );
            let base = ["values", "--from", "c.gcfg", "--base", "broken.yaml"];
            run(&planted, folder.path(), &base, true);
            for name in ["i.yaml", "back.gcfg", "v.yaml"] {
                let _ = fs::remove_file(at(name));
            }
        }
    }
}

#[test]
fn no_file_or_address_that_cannot_be_read_is_quoted() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    let planted = planted(&[0]);
    let word = &planted.canaries[0].word;
    let setting = planted.canaries[0].setting.as_deref();
    assert_eq!(setting, Some("Postgres.Password"));
    for text in [
        format!("users:\n- name: a\n  user: {{token: [{word}]}}\n"),
        format!("users: [\n  {word}: {word}: {word}\n"),
        format!(
            "apiVersion: v1\nclusters: [{{name: a, cluster: {{server: 'https://u:{word}@127.0.0.1:1'}}}}]\ncontexts: [{{name: a, context: {{cluster: a, user: a}}}}]\nusers: [{{name: a, user: {{exec: {{apiVersion: client.authentication.k8s.io/v1, command: 'false', args: [{word}], env: [{{name: A, value: {word}}}]}}}}}}]\ncurrent-context: a\n"
        ),
        format!(
            "apiVersion: v1\nclusters: [{{name: a, cluster: {{server: 'https://127.0.0.1:1'}}}}]\ncontexts: [{{name: a, context: {{cluster: a, user: a}}}}]\nusers: [{{name: a, user: {{exec: {{apiVersion: client.authentication.k8s.io/v1, command: echo, args: [{word}]}}}}}}]\ncurrent-context: a\n"
        ),
    ] {
        fs::write(at("config"), text).unwrap();
        run(&planted, folder.path(), &["status", "connect"], true);
    }
    let server = format!("http://u:{word}@127.0.0.1:1");
    for arguments in [&["inventory"][..], &["validate"]] {
        let output = connect_migrate()
            .current_dir(folder.path())
            .env("CONNECT_SERVER", &server)
            .env("CONNECT_API_KEY", format!("{word}{word}"))
            .args(arguments)
            .arg("--debug")
            .output()
            .unwrap();
        planted
            .hidden_in("an address", &String::from_utf8_lossy(&output.stderr))
            .unwrap();
    }
}

/// Addresses with a user in them, wherever one can be given.
#[test]
fn no_address_that_was_given_is_quoted_with_its_user() {
    let folder = tempfile::tempdir().unwrap();
    let gcfg = "[Server]\nAddress = https://c.example.com\n[Database]\nProvider = postgres\n";
    fs::write(folder.path().join("c.gcfg"), gcfg).unwrap();
    fs::write(
        folder.path().join("v.yaml"),
        "sharedStorage: {mount: true}\n",
    )
    .unwrap();
    let word = "qx0vkz";
    let planted = Planted {
        text: String::new(),
        canaries: vec![planted::Canary {
            word: word.to_owned(),
            setting: None,
        }],
    };
    for url in [
        format!("http://u:{word}@127.0.0.1:1/x"),
        format!("https://{word}@127.0.0.1:1"),
        format!("http://u:1#{word}@127.0.0.1:1/"),
        format!("ftp://u:{word}@127.0.0.1:1"),
        format!("u:{word}@127.0.0.1"),
        format!("http://127.0.0.1:1/x.tgz?token={word}"),
    ] {
        let url = url.as_str();
        for args in [
            &[
                "values",
                "--from",
                "c.gcfg",
                "--dry-run",
                "x",
                "--repo",
                url,
            ][..],
            &["values", "--from", "c.gcfg", "--dry-run", "--address", url],
            &["values", "--from", "c.gcfg", "--dry-run", url],
            &["diff", "--from", "c.gcfg", "-f", "v.yaml", url],
            &["gcfg", "-f", "v.yaml", url],
            &["check", "--from", "c.gcfg", "--server", url],
            &["check", "--from", "c.gcfg", "--new-server", url],
            &["check", "--from", "c.gcfg", "-f", "v.yaml", url],
            &["inventory", "--server", url, "--max-outage", "1s"],
            &["validate", "--server", url, "--max-outage", "1s"],
            &[
                "validate",
                "--server",
                "http://127.0.0.1:1",
                "--old-server",
                url,
                "--max-outage",
                "1s",
            ],
            &["rebuild", "--all", "--server", url, "--max-outage", "1s"],
            &["rebuild", "status", "--server", url],
            &["status", "rsc", "--server", url],
            &["values", "--from", url, "--dry-run"],
            &["values", "--from", "c.gcfg", "--dry-run", "--base", url],
            &[
                "values",
                "--from",
                "c.gcfg",
                "--dry-run",
                "--inventory",
                url,
            ],
            &["diff", "--from", "c.gcfg", "-f", url],
            &["gcfg", "-f", url],
            &["check", "--from", url],
            &["check", "--from", "c.gcfg", "--inventory", url],
            &["announce", "--from", url, "--message", "x", "--dry-run"],
            &["overlay", "values", "-f", url],
            &["overlay", "show", url],
            &["report", "--server", url],
            &["plan", "--from", "c.gcfg", "--server", url],
        ] {
            let output = connect_migrate()
                .current_dir(folder.path())
                .env("HELM_BIN", "/nowhere/helm")
                .env("KUBECONFIG", "none")
                .env("XDG_STATE_HOME", folder.path().join("state"))
                .env("CONNECT_API_KEY", "k3y")
                .args(args)
                .arg("--debug")
                .output()
                .unwrap();
            let said = String::from_utf8_lossy(&output.stderr).into_owned();
            let said = said + &String::from_utf8_lossy(&output.stdout);
            planted.hidden_in(&format!("{args:?}"), &said).unwrap();
        }
    }
}

/// What a post-renderer is handed, whole and cut off.
#[test]
fn no_manifest_is_quoted() {
    let folder = tempfile::tempdir().unwrap();
    for number in 0..4 {
        let planted = planted(&seed(number));
        let text = planted.text.replace('\n', "\n    ");
        let map = |name: &str, key: &str| {
            format!(
                "---\napiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: {name}\ndata:\n  {key}: |\n    {text}\n"
            )
        };
        let word = &planted.canaries[0].word;
        let secret = format!(
            "---\nkind: Secret\nmetadata: {{name: s}}\nstringData: {{a: '{word}', rstudio-connect.gcfg: '{word}'}}\n"
        );
        let whole = map("c", "rstudio-connect.gcfg") + &secret + &map("d", "other");
        let cut = whole.find(word.as_str()).unwrap() + word.len();
        let odd = whole.replacen(word.as_str(), &format!("\t{word}: ["), 1);
        for input in [
            &whole,
            &whole[..cut],
            &odd,
            &secret,
            &(whole.clone() + &whole),
        ] {
            for args in [
                &["post-render"][..],
                &["post-render", "--allow-missing"],
                &["overlay", "show", "-"],
                &["overlay", "show", "-", "--output", "json"],
                &["overlay", "log", "--output", "json"],
            ] {
                let output = connect_migrate()
                    .env("XDG_STATE_HOME", folder.path())
                    .args(args)
                    .arg("--debug")
                    .write_stdin(input.as_bytes())
                    .output()
                    .unwrap();
                let said = String::from_utf8_lossy(&output.stderr).into_owned();
                planted.hidden_in(&format!("{args:?}"), &said).unwrap();
                if args[0] == "overlay" {
                    let data = String::from_utf8_lossy(&output.stdout).into_owned();
                    planted.hidden_in(&format!("{args:?}"), &data).unwrap();
                }
            }
        }
    }
    // Nor is it kept in the records of runs.
    let mut folders = vec![folder.path().to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else {
                let text = fs::read(&path).unwrap();
                let text = String::from_utf8_lossy(&text);
                assert!(!text.contains("qx0vkz"), "{}", path.display());
            }
        }
    }
}
