//! `values`: the conversion as an administrator runs it.

use std::fs;
use std::path::{Path, PathBuf};

use predicates::prelude::*;
use serde_json::Value as Json;

use crate::support::connect_migrate;
use crate::support::form::{json, printed};

const SAMPLE: &str = "testdata/rstudio-connect.gcfg";

/// A folder for one test.
fn folder() -> tempfile::TempDir {
    tempfile::tempdir().unwrap()
}

fn values(from: &Path) -> assert_cmd::Command {
    let mut command = connect_migrate();
    command.arg("values").arg("--from").arg(from);
    command
}

fn write(folder: &tempfile::TempDir, name: &str, text: &str) -> PathBuf {
    let path = folder.path().join(name);
    fs::write(&path, text).unwrap();
    path
}

/// A configuration that nothing keeps from migrating.
const GOOD: &str = "[Server]\nAddress = https://c.example.com\n[Database]\nProvider = postgres\n";

/// Every sample, with everything a person would see.
#[test]
fn every_sample_converts_as_reviewed() {
    insta::glob!(
        "../../testdata/gcfg",
        "{*.gcfg,*/rstudio-connect.gcfg}",
        |path| {
            let folder = folder();
            let out = folder.path().join("values.yaml");
            let secret = folder.path().join("secret.yaml");
            let name = path.file_name().unwrap();
            let output = connect_migrate()
                .current_dir(path.parent().unwrap())
                .arg("values")
                .arg("--from")
                .arg(name)
                .args([
                    "--pvc",
                    "connect-data",
                    "--license-secret",
                    "connect-license",
                ])
                .args(["--connect-version", "2026.08.0"])
                .arg("--out")
                .arg(&out)
                .arg("--secret-out")
                .arg(&secret)
                .output()
                .unwrap();
            let talk = String::from_utf8(output.stderr)
                .unwrap()
                .replace(&*folder.path().to_string_lossy(), "OUT");
            assert_eq!(output.stdout, b"", "--out leaves standard output empty");
            let written = |path: &Path| fs::read_to_string(path).unwrap_or_default();
            let values = written(&out);
            let shown = format!(
                "exit {}\n--- values\n{values}--- secret keys\n{}--- account\n{talk}",
                output.status.code().unwrap(),
                secret_keys(&written(&secret)),
            );
            insta::with_settings!({ omit_expression => true, prepend_module_to_snapshot => false }, {
                insta::assert_snapshot!(shown);
            });
        }
    );
}

/// The manifest without its credentials.
fn secret_keys(manifest: &str) -> String {
    manifest
        .lines()
        .filter_map(|line| line.strip_prefix("  CONNECT_"))
        .map(|line| format!("CONNECT_{}\n", line.split_once(':').unwrap().0))
        .collect()
}

/// The samples' credentials all begin with these bytes.
const CREDENTIAL: &str = "S3cr3t";

#[test]
fn no_credential_appears_anywhere_but_in_the_secret() {
    let mut seen = 0;
    for entry in fs::read_dir("testdata/gcfg").unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_none_or(|extension| extension != "gcfg") {
            continue;
        }
        seen += 1;
        let folder = folder();
        let (secret, report) = (folder.path().join("s"), folder.path().join("r"));
        for format in ["table", "json"] {
            let output = values(&path)
                .args(["--debug", "--force", "--output", format])
                .arg("--secret-out")
                .arg(&secret)
                .arg("--report")
                .arg(&report)
                .output()
                .unwrap();
            for (what, bytes) in [
                ("the values", output.stdout),
                ("the account", output.stderr),
                ("the report", fs::read(&report).unwrap_or_default()),
            ] {
                let text = String::from_utf8(bytes).unwrap();
                assert!(!text.contains(CREDENTIAL), "{}: {what}", path.display());
            }
        }
    }
    assert!(seen >= 30, "{seen} samples");
}

/// What no environment variable carries goes into a file in the Secret, and every reader of the
/// configuration knows where it is.
#[test]
fn a_bind_password_moves_into_a_file_in_the_secret() {
    let folder = folder();
    let from = write(
        &folder,
        "c.gcfg",
        &format!(
            "{GOOD}[LDAP \"the \\\"corp\\\"\"]\nBindDN = cn=c\nBindPassword = \"hunter; 2\"\n[GitCredential]\nPassword = hunter3\n"
        ),
    );
    let base = write(
        &folder,
        "base.yaml",
        "pod:\n  volumes: [{name: own, emptyDir: {}}]\n  volumeMounts: [{name: own, mountPath: /own}]\n",
    );
    let file = |name: &str| folder.path().join(name);
    values(&from)
        .assert()
        .code(4)
        .stderr(predicate::str::contains(
            "Choose: convert with --secret-file",
        ));
    let assert = values(&from)
        .args(["--secret-file", "--pvc", "data", "--base"])
        .arg(&base)
        .arg("--out")
        .arg(file("values.yaml"))
        .arg("--secret-out")
        .arg(file("secret.yaml"))
        .arg("--report")
        .arg(file("report.json"))
        .assert()
        .code(0)
        .stderr(predicate::str::contains("hunter").not())
        .stderr(predicate::str::contains("keep them in step"));
    drop(assert);
    let text = |name: &str| fs::read_to_string(file(name)).unwrap();
    assert!(!text("values.yaml").contains("hunter"));
    assert!(!text("report.json").contains("hunter"));
    let manifest: serde_yaml::Value = serde_yaml::from_str(&text("secret.yaml")).unwrap();
    assert_eq!(
        manifest["stringData"]["rstudio-connect-migration.gcfg"],
        "[LDAP \"the \\\"corp\\\"\"]\nBindPassword = \"hunter; 2\"\n[GitCredential]\nPassword = hunter3\n"
    );
    let written: serde_yaml::Value = serde_yaml::from_str(&text("values.yaml")).unwrap();
    let pod = &written["pod"];
    assert_eq!(pod["volumes"][0]["name"], "own");
    assert_eq!(pod["volumeMounts"][0]["mountPath"], "/own");
    assert_eq!(
        pod["volumeMounts"][1]["mountPath"],
        "/etc/rstudio-connect/rstudio-connect-migration.gcfg"
    );
    // Either list is replaced as a whole.
    for (own, told) in [
        ("pod: {volumes: [{name: own, emptyDir: {}}]}", true),
        ("pod: {volumeMounts: [{name: own, mountPath: /own}]}", true),
        ("replicas: 1", false),
    ] {
        let base = write(&folder, "one.yaml", own);
        let output = values(&from)
            .args(["--secret-file", "--pvc", "data", "--base"])
            .arg(&base)
            .output()
            .unwrap();
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(0), "{said}");
        assert_eq!(said.contains("keep them in step"), told, "{own}: {said}");
    }
    let diff = |more: &[&str]| {
        let output = connect_migrate()
            .current_dir(folder.path())
            .args(["diff", "--from", "c.gcfg", "-f", "values.yaml", "--all"])
            .args(["--output", "json"])
            .args(more)
            .output()
            .unwrap();
        let report: Json = printed("diff", &output);
        let row = |row: &&Json| row["property"] == "BindPassword";
        let row = report["settings"].as_array().unwrap().iter().find(row);
        row.unwrap()["status"].as_str().unwrap().to_owned()
    };
    assert_eq!(diff(&[]), "not-compared");
    assert_eq!(diff(&["--secrets", "secret.yaml"]), "same");
    connect_migrate()
        .arg("gcfg")
        .arg("-f")
        .arg(file("values.yaml"))
        .assert()
        .success()
        .stderr(predicate::str::contains(
            "put rstudio-connect-migration.gcfg of rstudio-connect-secrets beside the file",
        ));
}

#[test]
fn the_secrets_manifest_holds_the_credentials_and_is_private() {
    let folder = folder();
    let from = write(
        &folder,
        "c.gcfg",
        &format!("{GOOD}[Postgres]\nPassword = \"a; 'b' \\\"c\\\" \\\\ d\"\n"),
    );
    let secret = folder.path().join("secret.yaml");
    values(&from)
        .arg("--secret-out")
        .arg(&secret)
        .assert()
        .code(0);
    let manifest: serde_yaml::Value =
        serde_yaml::from_str(&fs::read_to_string(&secret).unwrap()).unwrap();
    assert_eq!(manifest["kind"], "Secret");
    assert_eq!(manifest["metadata"]["name"], "rstudio-connect-secrets");
    assert_eq!(
        manifest["stringData"]["CONNECT_POSTGRES_PASSWORD"],
        "a; 'b' \"c\" \\ d"
    );
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        let mode = fs::metadata(&secret).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
    }
}

/// The account, as JSON, has one entry for each setting of the input.
#[test]
fn every_line_of_the_sample_is_accounted_for() {
    let folder = folder();
    let report = folder.path().join("account.json");
    values(Path::new(SAMPLE))
        .arg("--report")
        .arg(&report)
        .output()
        .unwrap();
    let account: Json = json("values", fs::read(&report).unwrap());
    assert_eq!(account["schema"], 1);
    let text = fs::read_to_string(SAMPLE).unwrap();
    let lines: Vec<u64> = text
        .lines()
        .zip(1..)
        .filter(|(line, _)| {
            let line = line.trim_start();
            !line.is_empty() && !line.starts_with([';', '#', '['])
        })
        .map(|(_, number)| number)
        .collect();
    let accounted: Vec<u64> = account["settings"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|entry| entry["file"] == SAMPLE)
        .map(|entry| entry["line"].as_u64().unwrap())
        .collect();
    assert_eq!(accounted, lines);
    for entry in account["settings"].as_array().unwrap() {
        for key in ["setting", "section", "property", "code", "reason"] {
            assert!(!entry[key].as_str().unwrap().is_empty(), "{key} of {entry}");
        }
        let action = entry["action"].as_str().unwrap();
        assert!(["keep", "secret", "chart", "drop", "review", "block"].contains(&action));
    }
}

#[test]
fn sqlite_blocks_and_the_file_is_written_all_the_same() {
    for text in [
        "[Database]\nProvider = sqlite\n",
        "[Server]\nSenderEmail = a@example.com\n",
    ] {
        let folder = folder();
        let from = write(&folder, "c.gcfg", text);
        let out = folder.path().join("values.yaml");
        let report = folder.path().join("r.json");
        values(&from)
            .args([
                "--out".as_ref(),
                out.as_os_str(),
                "--report".as_ref(),
                report.as_os_str(),
            ])
            .assert()
            .code(4)
            .stderr(predicate::str::contains("database-not-postgres"));
        assert!(fs::read_to_string(&out).unwrap().contains("BLOCKED"));
        let account: Json = json("values", fs::read(&report).unwrap());
        assert_eq!(account["blockers"][0]["setting"], "Database.Provider");
        assert_eq!(account["summary"]["blocked"], true);
    }
}

#[test]
fn a_folded_name_takes_the_place_of_the_charts_default() {
    let folder = folder();
    let from = write(
        &folder,
        "c.gcfg",
        &format!("{GOOD}[http]\nlisten = :4000\n"),
    );
    values(&from)
        .assert()
        .code(0)
        .stdout(predicate::str::contains("  HTTP:\n    Listen: ':4000'"))
        .stdout(predicate::str::contains("listen:").not());
}

#[test]
fn bad_input_is_shown_with_its_place_and_leaves_every_file_alone() {
    let folder = folder();
    let from = write(
        &folder,
        "c.gcfg",
        "[Server]\nAddress https://x\nFoo = \"open\n",
    );
    let out = write(&folder, "values.yaml", "mine\n");
    let name = from.display();
    values(&from)
        .args(["--force", "--out"])
        .arg(&out)
        .assert()
        .code(3)
        .stdout("")
        .stderr(predicate::str::contains(format!("{name}:2:9")))
        .stderr(predicate::str::contains("gcfg-expected-equals"))
        .stderr(predicate::str::contains("gcfg-string-not-terminated"))
        .stderr(predicate::str::contains("help:"));
    assert_eq!(fs::read_to_string(&out).unwrap(), "mine\n");
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 2);
}

#[test]
fn files_that_exist_stay_unless_forced() {
    let folder = folder();
    let from = write(&folder, "c.gcfg", GOOD);
    let out = folder.path().join("values.yaml");
    let report = write(&folder, "account.json", "mine\n");
    let run = |force: bool| {
        let mut command = values(&from);
        command.arg("--out").arg(&out).arg("--report").arg(&report);
        if force {
            command.arg("--force");
        }
        command.assert()
    };
    run(false)
        .code(1)
        .stderr(predicate::str::contains("--force"));
    assert_eq!(fs::read_to_string(&report).unwrap(), "mine\n");
    assert!(!out.exists(), "nothing is written when one file cannot be");
    run(true).code(0);
    assert!(fs::read_to_string(&report).unwrap().starts_with('{'));
}

#[test]
fn one_file_cannot_be_input_and_output() {
    let folder = folder();
    let from = write(&folder, "c.gcfg", GOOD);
    values(&from)
        .args(["--force", "--out"])
        .arg(&from)
        .assert()
        .code(2)
        .stderr(predicate::str::contains("named twice"));
    assert_eq!(fs::read_to_string(&from).unwrap(), GOOD);
}

#[test]
fn a_dry_run_writes_nothing() {
    let folder = folder();
    let from = write(&folder, "c.gcfg", GOOD);
    values(&from)
        .args(["--dry-run", "--out"])
        .arg(folder.path().join("values.yaml"))
        .arg("--report")
        .arg(folder.path().join("r"))
        .assert()
        .code(0)
        .stdout(predicate::str::contains("config:"))
        .stderr(predicate::str::contains("would write"));
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
}

#[test]
fn standard_input_is_a_source() {
    connect_migrate()
        .args(["values", "--from", "-"])
        .write_stdin(GOOD)
        .assert()
        .code(0)
        .stdout(predicate::str::contains("<stdin>"));
}

#[test]
fn the_migration_file_beside_the_main_one_is_read_too() {
    let folder = folder();
    let from = write(&folder, "rstudio-connect.gcfg", GOOD);
    write(
        &folder,
        "rstudio-connect-migration.gcfg",
        "[Server]\nHideVersion = true\n",
    );
    values(&from)
        .assert()
        .code(0)
        .stdout(predicate::str::contains(
            "HideVersion: 'true'  # rstudio-connect-migration.gcfg:2",
        ))
        .stderr(predicate::str::contains(
            "rstudio-connect-migration.gcfg too",
        ));
}

#[test]
fn own_values_are_compared_and_their_environment_is_kept() {
    let folder = folder();
    let from = write(
        &folder,
        "c.gcfg",
        &format!("{GOOD}[Postgres]\nPassword = {CREDENTIAL}-pg\n[SMTP]\nPort = 25\n"),
    );
    let base = write(
        &folder,
        "base.yaml",
        "replicas: 3\npod:\n  env:\n    - {name: TZ, value: Europe/Berlin}\nconfig:\n  SMTP:\n    Port: 587\nlicense:\n  file: {secret: mine}\n",
    );
    let output = values(&from).arg("--base").arg(&base).output().unwrap();
    let (stdout, stderr) = (
        String::from_utf8(output.stdout).unwrap(),
        String::from_utf8(output.stderr).unwrap(),
    );
    assert!(stdout.contains("name: 'TZ'\n"), "{stdout}");
    assert!(
        stdout.contains("name: 'CONNECT_POSTGRES_PASSWORD'"),
        "{stdout}"
    );
    for path in ["replicas", "config.SMTP.Port"] {
        assert!(stderr.contains(path), "{path} in {stderr}");
    }
    assert!(!stderr.contains("--license-secret"), "{stderr}");
}

#[test]
fn own_values_that_spell_a_setting_otherwise_are_refused_with_its_place() {
    let folder = folder();
    let from = write(&folder, "c.gcfg", &format!("{GOOD}[SMTP]\nPort = 25\n"));
    let base = write(&folder, "base.yaml", "config:\n  smtp:\n    port: 587\n");
    values(&from)
        .arg("--base")
        .arg(&base)
        .assert()
        .code(3)
        .stdout("")
        .stderr(predicate::str::contains(format!("{}:3:5", base.display())))
        .stderr(predicate::str::contains("config.SMTP.Port"));
}

#[test]
fn a_character_that_no_values_file_carries_is_refused_with_its_place() {
    let folder = folder();
    for (text, line) in [
        ("[SMTP]\nHost = a\u{85}b\n", "6:1"),
        (
            "[LDAP \"a\u{85}b\"]\nServerAddress = ldap.example.com:389\n",
            "5:1",
        ),
        // Nothing stands in it that has a place.
        ("[LDAP \"a\u{85}b\"]\n", "5:1"),
    ] {
        let from = write(&folder, "c.gcfg", &format!("{GOOD}{text}"));
        let out = folder.path().join("values.yaml");
        values(&from)
            .arg("--out")
            .arg(&out)
            .assert()
            .code(3)
            .stderr(predicate::str::contains("error[value-not-carried]"))
            .stderr(predicate::str::contains("does not get through the chart"))
            .stderr(predicate::str::contains(format!(
                "{}:{line}",
                from.display()
            )));
        assert!(!out.exists());
    }
}

#[test]
fn an_address_that_only_a_lenient_reader_takes_is_refused() {
    for address in [
        "https://c.example.com\n",
        "https:///x",
        "https:\\\\x",
        "https://c..example.com",
        "https://c;x",
        "https://c.example.com:",
        "https://c.example.com/a b",
        "https://c.example.com/\"b",
    ] {
        values(Path::new(SAMPLE))
            .args(["--address", address])
            .assert()
            .code(2)
            .stderr(predicate::str::contains("--address"));
    }
    for address in [
        "https://c.example.com:8443/rsc",
        "http://[2001:db8::1]/",
        "https://bücher.example",
    ] {
        let run = values(Path::new(SAMPLE))
            .args(["--address", address])
            .output();
        assert_ne!(run.unwrap().status.code(), Some(2), "{address}");
    }
}

#[test]
fn wrong_usage_is_told_from_failure() {
    connect_migrate().arg("values").assert().code(2);
    values(Path::new("no/such/file"))
        .assert()
        .code(1)
        .stderr(predicate::str::contains("no/such/file"));
    values(Path::new(SAMPLE))
        .args(["--secret-name", "Not_A_Name"])
        .assert()
        .code(2);
    values(Path::new(SAMPLE))
        .args(["--pvc", "a", "--storage-class", "b"])
        .assert()
        .code(2);
}

#[test]
fn a_closed_pipe_does_not_change_how_a_command_ends() {
    for args in [
        &["values", "--from", SAMPLE][..],
        &["check", "--from", SAMPLE],
    ] {
        let run = |close: bool| {
            let mut child = crate::support::scrubbed()
                .args(args)
                .stdout(std::process::Stdio::piped())
                .stderr(std::process::Stdio::piped())
                .spawn()
                .unwrap();
            if close {
                drop(child.stdout.take());
            }
            child.wait_with_output().unwrap()
        };
        let (closed, read) = (run(true), run(false));
        assert_eq!(closed.status.code(), read.status.code(), "{args:?}");
        assert_eq!(closed.stderr, read.stderr, "{args:?}");
    }
}

/// An inventory in which something cannot be meant is refused with its place and what to do, and nothing
/// is written.
#[test]
fn an_inventory_with_faults_changes_nothing() {
    let folder = folder();
    let from = write(&folder, "c.gcfg", GOOD);
    let item = "  - guid: 11111111-1111-4111-8111-111111111111\n";
    for (what, at, remedy) in [
        (
            format!("{item}    uses: many\n"),
            "i.yaml:3:11",
            "a number of digits",
        ),
        (format!("{item}{item}"), "i.yaml:3:11", "keep it once"),
    ] {
        write(&folder, "i.yaml", &format!("content:\n{what}"));
        let out = folder.path().join("values.yaml");
        values(&from)
            .current_dir(folder.path())
            .args(["--inventory", "i.yaml", "--pvc", "d", "--out"])
            .arg(&out)
            .assert()
            .code(3)
            .stdout("")
            .stderr(predicate::str::contains(at).and(predicate::str::contains(remedy)));
        assert!(!out.exists(), "{what}");
    }
}

/// A key without a value is true to Connect where its type is not known, and that is said.
#[test]
fn an_unknown_key_alone_is_said_to_be_true() {
    let folder = folder();
    for (line, alone) in [("NoSuchSetting", true), ("NoSuchSetting = true", false)] {
        let from = write(&folder, "c.gcfg", &format!("{GOOD}[Server]\n{line}\n"));
        let output = values(&from).output().unwrap();
        let written = String::from_utf8_lossy(&output.stdout);
        assert!(written.contains("NoSuchSetting: 'true'"), "{written}");
        let said = String::from_utf8_lossy(&output.stderr).replace(['\n', ' '], "");
        assert_eq!(said.contains("thekeystandsalone"), alone, "{said}");
    }
}

#[test]
fn a_switch_of_the_launcher_goes_to_the_charts_own_key() {
    let folder = folder();
    for (value, expected) in [("true", true), ("1", true), ("false", false)] {
        let text = format!("{GOOD}[Launcher]\nKubernetesUseTemplates = {value}\n");
        let from = write(&folder, "c.gcfg", &text);
        let output = values(&from)
            .args(["--backend", "launcher"])
            .output()
            .unwrap();
        let written: serde_yaml::Value = serde_yaml::from_slice(&output.stdout).unwrap();
        assert_eq!(written["launcher"]["useTemplates"], expected, "{value}");
    }
}
